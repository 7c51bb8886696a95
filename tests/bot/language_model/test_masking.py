"""Facts out of a sentence and in again: nothing that a model sees is a number, and nothing is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.language_model.masking import masked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "$674M of modelled forced selling within reach, $1.20k of forced buying.",
            "{usd1} of modelled forced selling within reach, {usd2} of forced buying.",
        ),
        ("The nearest zone is below, 0.6 % away.", "The nearest zone is below, {percent1} away."),
        ("Best score 63 below, 26 above.", "Best score {score1} below, {score2} above."),
        (
            "nearest fresh shorts at 69,420 (+4.6 %), 100 % at 25x, opened 7 h ago on average",
            "nearest fresh shorts at {price1} ({percent1}), {percent2} at {leverage1}, opened {time1} ago on average",
        ),
        (
            "The 7-day low 62,966 and the swing high 0.012345 of 30 Jan 2026 15:00 UTC lie at the zone",
            "The {time1} low {price1} and the swing high {price2} of {moment1} lie at the zone",
        ),
        (
            "Price moves: -1.9 sigma in 4 h, 2.1 hourly sigmas, M1 3d and M6",
            "Price moves: {number1} sigma in {time1}, {number2} hourly sigmas, {map1} and {map2}",
        ),
        ("24-72 h, 1000PEPE and -$5.", "{time1}, {word1} and {usd1}."),
        ("silent on 5 (brighter than 68 % of that side)", "silent on {price1} (brighter than {percent1} of that side)"),
        ("fresh shorts above 71.9k, 1.5x2", "fresh shorts above {price1}, {word1}"),
        ("No clear edge.", "No clear edge."),
    ],
)
def test_every_number_goes_with_its_sign_and_unit(text, expected):
    assert masked(text).text == expected
    assert masked(text).filled(expected) == text


def test_a_fact_may_stand_elsewhere_when_it_is_filled_in():
    assert masked("Best score 63 below, 26 above.").filled("{score2} and {score1}") == "26 and 63"


@given(st.text(alphabet=st.sampled_from("0123456789.,+-$%xhdMk ()abc:;/é²٣½") | st.characters(), max_size=60))
def test_no_ascii_digit_is_left_and_nothing_is_lost(text):
    template = masked(text)
    bare = template.text
    for name, _ in template.facts:
        bare = bare.replace(name, "", 1)
    if "{" not in text:  # a sentence with braces of its own is never offered to a model
        assert not any(digit in bare for digit in "0123456789")
        assert template.filled(template.text) == text
