"""What is read first of each answer, and that the rest of it is only put aside."""

import pytest

from bot.brief import brief
from bot.guide_reply import help_reply
from bot.level_reply import level_reply
from bot.liq_reply import liq_reply, maps_reply, questions_reply, zones_reply
from bot.replies import Fault, Line, Reply, block, fault_reply


def kinds(reply):
    return list(dict.fromkeys(part.kind for part in reply.blocks))


def test_the_answer_about_a_market_keeps_what_decides(analysis):
    whole = liq_reply(analysis)
    told = kinds(brief(whole))
    assert told[:4] == ["headline", "zones", "setup", "wrong_if"]
    assert told[-1] == "disclaimer"
    assert not {"reading", "bait", "touch"} & set(told)
    assert {"reading", "bait", "touch"} <= set(kinds(whole))


def test_either_side_keeps_its_best_zone_and_the_next_ones_wait(analysis):
    lines = brief(liq_reply(analysis)).block("zones").lines
    assert [line.label for line in lines] == ["ABOVE", "BELOW"]


def test_of_many_reasons_the_first_for_and_against_are_told():
    reasons = [
        Line(text=f"{sign} {number}", tone=tone)
        for sign, tone in (("+", "good"), ("·", "muted"), ("-", "bad"))
        for number in range(3)
    ]
    setup = block("setup", Line(text="Trap on both sides.", tone="strong"), *reasons)
    told = brief(Reply(blocks=setup)).block("setup").lines
    assert [line.text for line in told] == ["Trap on both sides.", "+ 0", "+ 1", "- 0"]


def test_what_is_missing_is_named_and_what_that_does_waits():
    missing = block(
        "missing",
        Line(text="taker flow (Binance): M4 guesses", label="MISSING", tone="muted"),
        Line(text="order book: walls are not weighed", tone="muted"),
    )
    (line,) = brief(Reply(blocks=missing)).block("missing").lines
    assert (line.label, line.text) == ("MISSING", "taker flow (Binance), order book.")


def test_the_score_of_the_best_zone_of_a_side_is_taken_apart_and_no_other(analysis):
    whole = zones_reply(analysis)
    zones = [part for part in brief(whole).blocks if part.kind == "zones"]
    assert len(zones) == len([part for part in whole.blocks if part.kind == "zones"]) == len(analysis.zones)
    seen = set()
    for part in zones:
        side = part.lines[0].tone
        assert (len(part.lines) > 1) == (side not in seen)
        seen.add(side)


@pytest.mark.parametrize("make", [maps_reply, questions_reply])
def test_other_answers_about_a_market_are_their_own_point(analysis, make):
    assert kinds(brief(make(analysis))) == kinds(make(analysis))


def test_nothing_waits_of_what_is_short_already(analysis, report):
    for reply in (help_reply(("BTC",)), fault_reply(Fault(text="There is no symbol “BTZ”."))):
        assert brief(reply) == reply
    for reply in (liq_reply(analysis), zones_reply(analysis), level_reply(report)):
        assert brief(brief(reply)) == brief(reply)
