"""A reply as Discord's markdown: complete, escaped, within the limits, and laid out without columns."""

import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chats.discord_chat.markdown import code, moment, plain, whole, without_small_print
from bot.chats.discord_chat.page import MOST_CHARACTERS, fitted, page_of
from bot.chats.discord_chat.sections import Section
from bot.guide_reply import help_reply, models_reply
from bot.level_reply import level_reply
from bot.liq_reply import liq_reply, maps_reply, questions_reply, zones_reply
from bot.local_times import with_moments
from bot.replies import BlockKind, Fault, Line, Reply, block, fault_reply
from engine.models import REGISTRY
from engine.results import Evidence, Setup

NO_BREAK = "\u00a0"


def shown(page) -> str:
    return "\n".join((page.title, *page.groups)).replace(NO_BREAK, " ")


@pytest.fixture(params=["liq", "maps", "zones", "questions", "level", "help", "models", "fault"])
def reply(request, analysis, report):
    return {
        "liq": lambda: liq_reply(analysis),
        "maps": lambda: maps_reply(analysis),
        "zones": lambda: zones_reply(analysis),
        "questions": lambda: questions_reply(analysis),
        "level": lambda: level_reply(report),
        "help": lambda: help_reply(("BTC", "ETH")),
        "models": lambda: models_reply(REGISTRY.values()),
        "fault": lambda: fault_reply(Fault(text="There is no symbol “BTZ”.")),
    }[request.param]()


# --- what is said ----------------------------------------------------------------------------------------------------


def test_every_word_of_a_reply_is_there_but_the_list_of_questions_that_has_a_button(reply):
    words = set(re.findall(r"\w+", shown(page_of(reply)).lower()))
    for part in reply.blocks:
        if part.kind == "ask" and all(line.tone == "muted" for line in part.lines):
            continue
        for line in part.lines:
            label = "" if part.kind in ("setup", "verdict", "zones", "reading") else line.label
            told = with_moments(f"{label} {line.text}", moment)
            assert set(re.findall(r"\w+", told.lower())) <= words


def test_nothing_is_lined_up_by_spaces(reply):
    assert "  " not in shown(page_of(reply))


def test_title_and_groups_are_neither_empty_nor_too_many_for_a_message(reply):
    page = page_of(reply)
    assert all(text.strip() == text for text in (page.title, *page.groups))
    assert all(page.groups)
    assert len(page.groups) <= 6


def test_a_headline_is_a_heading_and_its_circumstances_small_print(analysis):
    lines = page_of(liq_reply(analysis)).title.replace(NO_BREAK, " ").splitlines()
    assert lines == [
        "## BTC 70,412",
        "-# Binance + Bybit perps, recorded · <t:1773532500:f>, last bar just closed",
    ]


def test_moments_within_sentences_are_told_by_discord_to_each_reader():
    assert plain("the high of 14 Mar 2026 23:55 UTC") == "the high of <t:1773532500:f>"
    assert plain("the high of 15 Mar 2026 00:55 UTC+1") == "the high of <t:1773532500:f>"
    assert plain("<t:1773532500:f>") == r"\<t:1773532500:f\>"


def test_the_moment_is_shown_as_an_age_that_counts_on(analysis):
    title = page_of(liq_reply(analysis), as_of_s=analysis.as_of_s).title
    assert title.endswith(f" · <t:{analysis.as_of_s}:R>")


def test_simulated_data_is_named_before_anything_else(analysis_with):
    page = page_of(liq_reply(analysis_with(source="simulated")))
    assert page.title.splitlines()[0] == "⚠️ **SIMULATED, no real prices**"


def test_a_zone_is_a_bold_range_with_its_reasons_in_small_print_below(analysis):
    lines = page_of(liq_reply(analysis)).groups[0].replace(NO_BREAK, " ").splitlines()
    assert lines[:2] == [
        "▲ **71,950-72,300** · +2.2 % · score 81",
        "-# 4/4 maps, 2/3 inputs · forced buying index 100 (≈ $182M modelled)",
    ]
    assert lines[2] == ""
    assert lines[3].startswith("▼ **68,100-68,450**")
    assert lines[5].startswith("-# next: 66,900-67,150")


def test_a_setup_is_a_heading_with_what_speaks_for_and_against_it(analysis):
    (group,) = [group for group in page_of(liq_reply(analysis)).groups if "sweep" in group]
    assert group.splitlines()[:3] == [
        "### Upside sweep favoured, weakly (unproven; not a forecast).",
        "-# **＋** Nearest vulnerable leverage is above.",
        "-# **－** Funding is already paid by longs, so longs are the crowd.",
    ]


def test_what_would_prove_it_wrong_is_a_list(analysis):
    text = shown(page_of(liq_reply(analysis)))
    assert "**Wrong if**\n- an hourly close below 68,450\n- open interest falls 3 %" in text


def test_the_verdict_on_a_level_stands_above_the_picture(report):
    assert "### Part of a zone: 68,100-68,450, score 64." in page_of(level_reply(report)).title


def test_a_question_is_bold_and_its_answer_follows(analysis):
    text = shown(page_of(questions_reply(analysis)))
    assert "**Do the maps agree?**\n4 of 4 above, 3 of 4 below." in text


def test_what_can_be_typed_is_shown_as_it_is_typed():
    assert "`/liq BTC` where leveraged positions" in shown(page_of(help_reply(("BTC",))))


def test_the_help_says_which_command_takes_questions_in_words():
    text = shown(page_of(help_reply(("BTC",))))
    assert "**In words** with `/ask`, such as:\n“which side gets squeezed on sol”" in text


def test_an_answer_ends_with_what_its_numbers_are_not(reply):
    if reply.fault is None:
        assert page_of(reply).groups[-1].splitlines()[-1] == "-# Modelled estimate, not real positions, not advice."


# --- limits ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def crowded(analysis_with, zone_with):
    """Return an answer with twelve zones, each with long evidence."""
    from dataclasses import replace

    long = tuple(
        Evidence(
            name="market_structure", value=value, weight=1.0, reason=f"{word} " + "many words that explain it " * 6
        )
        for value, word in ((0.6, "for"), (-0.4, "against"), (0.0, "neutral"))
    )
    zones = tuple(
        replace(zone_with(side, low, low + 100, score=90 - 5 * place, index=50, usd=5e6), evidence=long)
        for side, first in (("above", 71_000), ("below", 69_000))
        for place, low in enumerate(range(first, first + 600, 100))
    )
    return zones_reply(analysis_with(zones=zones))


def test_too_much_is_shortened_farther_zones_first_and_says_so(crowded):
    page = page_of(crowded)
    text = shown(page)
    assert page.length <= MOST_CHARACTERS
    assert text.count("score 90") == 2
    assert "shortened here, for length" in text
    best = text.index("**71,000-71,100**")
    assert "for many words" in text[best : text.index("**71,100-71,200**")]


def test_what_is_missing_and_the_disclaimer_are_never_shortened(crowded):
    tail = page_of(crowded).groups[-1]
    assert "walls near the zones are unknown" in tail
    assert tail.endswith("not advice.")


def test_a_text_that_cannot_be_shortened_is_cut():
    endless = Reply(blocks=block("guide", Line(text="word " * 3_000)))
    page = page_of(endless)
    assert page.length <= MOST_CHARACTERS
    assert page.groups[0].endswith("…")


@st.composite
def sections(draw):
    forms = draw(st.lists(st.text(max_size=60), min_size=1, max_size=4))
    group = draw(st.sampled_from(["title", "zones", "context", "tail"]))
    return Section(group=group, text=forms[0], shorter=tuple(forms[1:]), rank=draw(st.integers(0, 9)))


@given(st.lists(sections(), max_size=12), st.integers(0, 300))
def test_sections_always_fit(given_sections, most):
    note = 80  # the line that says what was shortened, for which room is kept
    assert sum(len(section.text) for section in fitted(given_sections, most)) <= most + note


@given(st.lists(sections(), max_size=12))
def test_what_fits_is_left_as_it_is(given_sections):
    kept = fitted(given_sections, 10_000)
    assert [section.text for section in kept] == [section.text for section in given_sections if section.text]


# --- escaping --------------------------------------------------------------------------------------------------------


def read(markup: str) -> str:
    """Read escaped text as Discord does: a backslash before a sign shows the sign."""
    return re.sub(r"\\([^0-9A-Za-z\s])", r"\1", markup)


@given(st.text())
def test_escaped_text_reads_as_it_was_written(text):
    assert read(plain(text)).replace(NO_BREAK, " ").split() == text.replace(NO_BREAK, " ").split()


@given(st.text(alphabet="*_~`|<>[]()#-+1. @:/\\ab\n"))
def test_no_markup_gets_through(text):
    markup = plain(text)
    assert "\n" not in markup
    assert not re.search(r"(?<!\\)(?:\\\\)*[*_~`|<>\[\]]", markup)
    assert not re.match(r"\s*(#{1,3}\s|-[\s#]|\+\s|\d+[.)]\s)", markup)


@pytest.mark.parametrize("text", ["see https://evil.example/x", "HTTP://a", "“discord://-/invite”", "x 1 https://"])
def test_an_address_that_somebody_wrote_is_no_link(text):
    markup = plain(text)
    assert "\\://" in markup
    assert not re.search(r"\w://", markup)
    assert read(markup) == text


@pytest.mark.parametrize("text", ["# loud", "- item", "+ item", "-# small", "1. first", "> quoted", "1) first"])
def test_a_line_that_begins_like_a_list_or_heading_is_none(text):
    assert "\\" in plain(text)


def test_code_cannot_be_left():
    assert code("a`b").count("`") == 2


def test_a_number_and_its_unit_are_not_torn_apart():
    assert plain("+0.1 % in 24 h of 3 days") == f"+0.1{NO_BREAK}% in 24{NO_BREAK}h of 3 days"
    assert whole("score 97") == f"score{NO_BREAK}97"


def test_small_print_becomes_text_where_there_is_none():
    assert without_small_print("-# a\n**b** -# c\n-# d") == "a\n**b** -# c\nd"


# --- whole messages --------------------------------------------------------------------------------------------------


def test_no_clear_edge_reads_like_the_others(analysis_with):
    setup = Setup(verdict="no_clear_edge", strength=0.0, reasons=())
    assert "### No clear edge." in shown(page_of(liq_reply(analysis_with(setup=setup))))


def test_a_block_of_a_kind_of_its_own_is_laid_out_line_by_line():
    lines = (
        Line(text="Shorts are more exposed.", tone="strong"),
        Line(text="71,950-72,300  +2.2 %", label="ABOVE", tone="above", parts=("71,950-72,300", "+2.2 %")),
        Line(text="+ funding is paid by longs", tone="good"),
        Line(text="touch 58 %", tone="muted"),
    )
    assert shown(page_of(Reply(blocks=block("facts", *lines)))).strip().splitlines() == [
        "### Shorts are more exposed.",
        "▲ **71,950-72,300** · +2.2 %",
        "-# **＋** funding is paid by longs",
        "-# touch 58 %",
    ]


def test_every_kind_of_block_has_its_place():
    for kind in get_args(BlockKind):
        page = page_of(Reply(blocks=block(kind, Line(text="words", label="LABEL", parts=("words",)))))
        assert "words" in shown(page)
