"""Telegram: replies as captions, messages and notices, read back by the emulator's own reader of HTML."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.brief import missing_by_name
from bot.chats.telegram_chat.telegram_text import (
    CAPTION_UNITS,
    NOTICE_UNITS,
    TEXT_UNITS,
    caption_of,
    notice_of,
    shown,
    subject_of,
    texts_of,
    units,
)
from bot.liq_reply import liq_reply, zones_reply
from bot.replies import Block, BlockKind, Fault, Line, Reply, block, fault_reply
from bot.requests import Help, Level, Liq, Maps, Models, Questions, Zones
from tests.bot.conftest import make_analysis, make_zone
from tests.bot.telegram_talk import made_reply
from tests.bot_api.entities import units as wire_units
from tests.bot_api.html_markup import from_html

EVERY = (
    Liq(symbol="BTC"),
    Level(symbol="BTC", price=68_300.0),
    Maps(symbol="BTC"),
    Zones(symbol="BTC"),
    Questions(symbol="BTC"),
    Models(),
    Help(),
)
every_request = pytest.mark.parametrize("request_", EVERY, ids=lambda asked: type(asked).__name__)

LIQ_CAPTION = """
<b>BTC 70,412</b> · Binance + Bybit perps, recorded
14 Mar 2026 23:55 UTC, last bar just closed

▲ <b>71,950-72,300</b> · +2.2 % · score 81
4/4 maps, 2/3 inputs · forced buying index 100 (≈ $182M modelled)
▼ <b>68,100-68,450</b> · -2.8 % · score 64
3/4 maps, 2/3 inputs · forced selling index 71 (≈ $129M modelled)

<b>SETUP</b> <b>Upside sweep favoured, weakly (unproven; not a forecast).</b>
+ Nearest vulnerable leverage is above.
- Funding is already paid by longs, so longs are the crowd.

<b>WRONG IF</b>
• an hourly close below 68,450
• open interest falls 3 %
<blockquote expandable><b>READ</b> M1 12h battlefield: fresh shorts above 71.9k on M1 12h
M1 24h anchor: fresh shorts above 71.9k on M1 24h
M1 3d still there?: fresh shorts above 71.9k on M1 3d
<b>BAIT</b> if 72.3k is swept and 1h closes back under 71.9k, the long squeeze to 68.4k is the other half
<b>TOUCH</b> 58 % above, 58 % below within 72 h at this volatility (any level at that distance; not a forecast)
<b>MISSING</b> order book.
<b>NOTE</b> Bybit: open interest 40 min old.</blockquote>
<i>Modelled estimate, not real positions, not advice.</i>
""".strip()


def kept_text(html: str) -> str:
    return from_html(html).trimmed().text


def lines_of(reply: Reply, *kinds: BlockKind) -> list[str]:
    return [line.text for part in reply.blocks if part.kind in kinds for line in part.lines]


def test_the_caption_of_the_whole_answer_reads_like_this() -> None:
    assert caption_of(made_reply(Liq(symbol="BTC"))).html == LIQ_CAPTION


@every_request
def test_every_caption_fits_and_is_read_as_it_was_meant(request_) -> None:
    caption = caption_of(made_reply(request_))
    assert wire_units(kept_text(caption.html)) == units(caption.html) <= CAPTION_UNITS
    assert kept_text(caption.html) == shown(caption.html)
    assert "Modelled estimate, not real positions, not advice." in caption.html


@every_request
def test_every_message_of_text_fits_and_says_everything(request_) -> None:
    reply = made_reply(request_)
    texts = texts_of(reply)
    assert all(wire_units(kept_text(text)) == units(text) <= TEXT_UNITS for text in texts)
    whole = " ".join(" ".join(texts).replace(" · ", " ").replace("·", " ").replace("•", " ").split())
    for part in reply.blocks:
        for line in part.lines:
            for cell in (each for each in line.text.split("  ") if each.strip("· ")):
                plain = cell.replace(" · ", " ").replace("·", " ").replace("&", "&amp;")
                said = " ".join(plain.split())
                assert said in shown(whole) or said in whole


@every_request
def test_nothing_is_set_in_columns_by_spaces(request_) -> None:
    reply = made_reply(request_)
    assert "  " not in caption_of(reply).html
    assert not any("  " in text for text in texts_of(reply))


def test_simulated_data_cannot_be_overlooked() -> None:
    reply = liq_reply(make_analysis(source="simulated"))
    assert caption_of(reply).html.startswith("⚠️ <b>SIMULATED, no real prices</b>\n<b>BTC 70,412</b> · simulated perp\n")
    assert subject_of(reply) == "BTC 70,412"


def test_what_matters_most_is_kept_where_not_everything_fits() -> None:
    caveat = "open interest of the last hours was told late, so that fresh positions may be missing from the maps. "
    reply = liq_reply(make_analysis(notes=tuple(f"Venue {number}: {caveat}" for number in range(12))))
    caption = caption_of(reply)
    assert not caption.is_whole
    for needed in ("BTC 70,412", "71,950-72,300", "68,100-68,450", "Upside sweep", "an hourly close", "not advice"):
        assert needed in caption.html
    assert "Venue 0" in caption.html  # as many caveats as fit, before the bait and the reading
    assert "Venue 2" in caption.html
    assert "<b>BAIT</b>" not in caption.html
    assert units(caption.html) > CAPTION_UNITS - len(caveat) - 30


def test_the_best_zone_of_either_side_comes_before_the_second_of_one() -> None:
    above = [
        make_zone("above", 71_000.0 + 100 * n, 71_050.0 + 100 * n, score=90 - n, index=9, usd=1e6) for n in range(9)
    ]
    below = make_zone("below", 68_100, 68_450, score=3, index=7, usd=1e6)
    caption = caption_of(zones_reply(make_analysis(zones=(*above, below))))
    assert "68,100-68,450" in caption.html
    assert "71,000-71,050" in caption.html
    assert "71,800-71,850" not in caption.html


def test_no_line_is_cut() -> None:
    reply = made_reply(Level(symbol="BTC", price=68_300.0))
    told = {line.text for known in (reply, missing_by_name(reply)) for part in known.blocks for line in part.lines}
    plain = [" ".join(text.replace(" · ", " ").split()) for text in told]
    for line in kept_text(caption_of(reply).html).splitlines():
        said = " ".join(line.replace(" · ", " ").split())
        assert any(text.startswith(said) or said.endswith(text) or said in text for text in plain), line


def test_a_fold_that_goes_on_with_an_open_fact_repeats_its_label() -> None:
    html = caption_of(made_reply(Level(symbol="BTC", price=68_300.0))).html
    assert "<b>AT IT</b> ≈ $40.0M of longs" in html
    assert "<blockquote expandable><b>AT IT</b> 50x $28.0M" in html


def test_an_answer_in_a_strong_line_stands_open_wherever_it_is() -> None:
    touch = block("touch", Line(text="72 h 58 %", label="TOUCH", tone="strong"))
    zone = block("guide", Line(text="71,950-72,300  +2.2 %  score 81  4/4 maps", label="ABOVE", tone="above"))
    assert caption_of(Reply(blocks=(*touch, *zone))).html == (
        "<b>TOUCH</b> <b>72 h 58 %</b>\n\n▲ <b>71,950-72,300</b> · +2.2 % · score 81\n4/4 maps"
    )


def test_evidence_that_says_nothing_is_left_out_only_where_there_is_too_much_text() -> None:
    zones = tuple(
        make_zone("above", 71_000.0 + 100 * n, 71_050.0 + 100 * n, score=50, index=9, usd=1e6) for n in range(14)
    )
    (short,) = texts_of(made_reply(Zones(symbol="BTC")))
    longer = texts_of(zones_reply(make_analysis(zones=zones)))
    assert "Price action +0.00" in short
    assert "Price action +0.00" not in "".join(longer)
    assert all("Funding -0.40" in "".join(longer) for _ in zones)


def test_a_long_text_is_divided_between_paragraphs() -> None:
    paragraphs = [block("guide", Line(text=f"{number}" * 900))[0] for number in range(9)]
    texts = texts_of(Reply(blocks=tuple(paragraphs)))
    assert [text.count("\n\n") for text in texts] == [3, 3, 0]
    assert "".join(texts).replace("\n\n", "") == "".join(f"{number}" * 900 for number in range(9))


def test_what_people_wrote_is_shown_and_never_obeyed() -> None:
    told = fault_reply(Fault(text="I do not understand “<b>&amp;</b></blockquote>\u202e\x07”."))
    (html,) = texts_of(told)
    assert kept_text(html) == "⚠️ I do not understand “<b>&amp;</b></blockquote>”."
    assert from_html(html).entities == ()


def test_a_notice_is_plain_and_short() -> None:
    assert notice_of(fault_reply(Fault(text="Ask again in 3 s."))) == "Ask again in 3 s."
    long = notice_of(fault_reply(Fault(text="🚀 " * 200)))
    assert wire_units(long) <= NOTICE_UNITS
    assert long.endswith("…")


def test_a_reply_without_a_headline_has_no_subject() -> None:
    assert subject_of(made_reply(Help())) == ""


KINDS: tuple[BlockKind, ...] = (
    *("notice", "headline", "verdict", "zones", "setup", "wrong_if", "reading", "bait", "ask", "touch", "realised"),
    *("crowd", "facts", "coverage", "missing", "notes", "guide", "error", "disclaimer"),
)
lines = st.builds(
    Line,
    text=st.text(min_size=1, max_size=700).filter(lambda text: text.strip("· \n\t")),
    label=st.sampled_from(("", "READ", "/liq BTC", "assumes", "M1")),
    tone=st.sampled_from(("plain", "strong", "above", "below", "good", "bad", "muted", "warning")),
)
blocks = st.builds(Block, kind=st.sampled_from(KINDS), lines=st.lists(lines, min_size=1, max_size=6).map(tuple))


@given(st.lists(blocks, min_size=1, max_size=12).map(lambda made: Reply(blocks=tuple(made))))
def test_any_reply_is_well_formed_and_within_the_limits(reply) -> None:
    caption = caption_of(reply)
    assert wire_units(kept_text(caption.html)) <= CAPTION_UNITS
    for text in texts_of(reply):
        assert wire_units(kept_text(text)) <= TEXT_UNITS
    assert wire_units(notice_of(reply)) <= NOTICE_UNITS


@given(st.text(max_size=300))
def test_units_are_those_that_the_server_counts(text) -> None:
    reply = replace(fault_reply(Fault(text=text)))
    for html in texts_of(reply):
        assert units(html) == wire_units(kept_text(html))


def test_where_room_is_short_what_is_missing_is_named_and_the_bait_is_told() -> None:
    reply = liq_reply(make_analysis())
    effects = [Line(text=f"input {number}: {'what that does to the answer ' * 3}") for number in range(4)]
    crowded = replace(
        reply, blocks=(*(each for each in reply.blocks if each.kind != "missing"), *block("missing", *effects))
    )
    caption = caption_of(crowded)
    assert "input 0, input 1, input 2, input 3." in caption.html
    assert "<b>BAIT</b>" in caption.html
    assert not caption.is_whole
