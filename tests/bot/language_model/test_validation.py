"""Why a rewording is refused: whatever a model writes, no number, side or claim gets in, and none is lost or moved."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.language_model.masking import PLACEHOLDER, masked
from bot.language_model.validation import problem_of
from bot.language_model.vocabulary import CLAIM_WORDS, NUMBER_WORDS, PLAIN_WORDS

NEAREST = masked("The nearest zone is below, 0.6 % away.")
SIZES = masked("$674M of modelled forced selling within reach, $123M of forced buying.")
OPEN_INTEREST = masked("OI fell 1.7 % in 24 h while price rose 1.7 %: shorts covering, fewer left above.")
BAIT = masked(
    "if 67,980 is swept and an hour closes back under 67,876, the squeeze of longs down to 64,117 is the other half"
)
TEMPLATES = (NEAREST, SIZES, OPEN_INTEREST, BAIT)


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_sentence_itself_is_fit(template):
    assert problem_of(template.text, template) is None


@pytest.mark.parametrize(
    ("template", "text"),
    [
        (NEAREST, "The nearest zone lies below; that is {percent1} away."),
        (SIZES, "There is {usd1} of modelled forced selling within reach, and there is {usd2} of forced buying."),
        (OPEN_INTEREST, OPEN_INTEREST.text.replace(" while", ", and").replace(": shorts", ": these are shorts")),
        (BAIT, BAIT.text.replace("if", "If").replace("and an", "and then an").replace("the squeeze", "that squeeze")),
    ],
)
def test_plain_words_may_come_and_go(template, text):
    assert problem_of(text, template) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("The nearest zone is below, 0.6 % away.", "percent1"),
        ("The nearest zone is below, {percent1} away, at 5.", "digit"),
        ("The nearest zone is below, {percent1} away, at ٣.", "digit"),
        ("The nearest zone is below, {percent1} away, at ½.", "digit"),
        ("The nearest zone is below, {percent1} away, at 七.", "digit"),
        ("The two nearest zone is below, {percent1} away.", "'two' is a number"),
        ("The nearest dozen zone is below, {percent1} away.", "'dozen' is a number"),
        ("The nearest zone is below, {percent1} percent away.", "'percent' is a number"),
        ("The nearest zone is below, {percent2} away.", "{percent2} is not a placeholder"),
        ("The nearest zone is below, {percent1} {percent1} away.", "too often"),
        ("The nearest zone is below, {zone1.low} {percent1} away.", "{zone1.low} is not a placeholder"),
        ("The nearest zone is below, -{percent1} away.", "space before"),
        ("The nearest zone is below, {percent1}x away.", "space before"),
        ("The nearest zone is below - {percent1} away.", "hyphen"),
        ("The nearest zone will be below, {percent1} away.", "'will' claims"),
        ("The nearest zone is below, {percent1} away: buy.", "'buy' claims"),
        ("The nearest zone is guaranteed below, {percent1} away.", "'guaranteed' claims"),
        ("The nearest zone is below, {percent1} away: long now.", "'long', 'now' is not allowed"),
        ("The nearest zone is above, {percent1} away.", "'above' is not allowed"),
        ("The nearest zone is not below, {percent1} away.", "'not' is not allowed"),
        ("The nearest is below, {percent1} away.", "'zone' is missing"),
        ("{percent1} away, the nearest zone is below.", "order"),
        ("The nearest zone is below, {percent1} away. See evil.com.", "space behind"),
        ("The nearest zone is below, {percent1} away. http://evil", "'/'"),
        ("The nearest zone is below, {percent1} away. @everyone", "'@'"),
        ("The nearest zone is **below**, {percent1} away.", "'*'"),
        ("The nearest zone\nis below, {percent1} away.", "'\\n'"),
        ("The nearest zone is bel\u200bow, {percent1} away.", "'\\u200b'"),
        ("The nearest zоne is below, {percent1} away.", "'о'"),
        ("The nearest ZONE is below, {percent1} away.", "capitals"),
        ("The nearest zone is below, {percent1} away" + ", and so it is" * 9 + ".", "too long"),
        ("", "missing"),
    ],
)
def test_a_rewording_is_refused_with_its_reason(text, reason):
    assert reason in problem_of(text, NEAREST)


def test_numbers_do_not_move_to_another_noun():
    assert problem_of("{usd2} of modelled forced selling within reach, {usd1} of forced buying.", SIZES) is not None
    swapped = "Price fell {percent1} in {time1} while OI rose {percent2}: shorts covering, fewer left above."
    assert "order" in problem_of(swapped, OPEN_INTEREST)


def test_two_facts_do_not_run_into_one():
    template = masked("from 41 it is 67,980")
    assert "side by side" in problem_of("it from {price1} {price2}", template)


def test_no_word_that_may_be_added_counts_claims_or_takes_a_side():
    assert not PLAIN_WORDS & (NUMBER_WORDS | CLAIM_WORDS)
    sides = "above below up down over under long longs short shorts more less most least not no never all almost if"
    assert not PLAIN_WORDS & set(sides.split())
    assert all(re.fullmatch("[a-z]+", word) for word in PLAIN_WORDS)


def mixed(template):
    """Texts near to what passes: its own words and placeholders among plain ones, numbers, claims and noise."""
    own = st.sampled_from(re.findall(r"\{\w+\}|\w+|[^\w ]", template.text))
    other = st.sampled_from([*sorted(PLAIN_WORDS), "{price1}", "7", "two", "buy", "-", "{", "}", "%", ",", "."])
    edited = st.lists(own | other | st.text(max_size=3), max_size=25).map(" ".join)
    inserted = st.tuples(st.integers(0, len(template.text)), st.text(max_size=12) | other).map(
        lambda at: template.text[: at[0]] + at[1] + template.text[at[0] :]
    )
    return st.tuples(st.just(template), edited | inserted | st.text(max_size=80))


@settings(max_examples=400)
@given(st.sampled_from(TEMPLATES).flatmap(mixed))
def test_what_passes_holds_the_facts_in_their_order_and_no_other_number(case):
    template, text = case
    if problem_of(text, template) is not None:
        return
    facts = [name for name, _ in template.facts]
    assert PLACEHOLDER.findall(text) == facts
    assert not any(character.isnumeric() for character in PLACEHOLDER.sub("", text))
    words, own = (re.findall("[a-z]+", PLACEHOLDER.sub("", each).lower()) for each in (text, template.text))
    assert [word for word in words if word not in PLAIN_WORDS] == [word for word in own if word not in PLAIN_WORDS]
