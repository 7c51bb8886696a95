"""Answers to questions in words: the point first, from the numbers of the moment, and nothing claimed beyond them."""

from dataclasses import replace
from typing import get_args

import pytest

from bot.level_reply import level_reply
from bot.point_reply import NO_CROWD, NOTHING_TOLD, point_lines, points_reply
from bot.requests import Point
from engine.market import MissingInput
from engine.results import DISCLAIMER, Setup, TouchChance, VenueCrowd

POINTS = get_args(Point)


def first(analysis, point):
    return point_lines(analysis, point)[0].text


def text(lines):
    return "\n".join(f"{line.label} {line.text}".strip() for line in lines)


@pytest.mark.parametrize("point", POINTS)
def test_every_point_is_answered_and_ends_like_every_answer(analysis, point):
    reply = points_reply(analysis, (point,))
    assert [block.kind for block in reply.blocks] == ["headline", "point", "missing", "notes", "disclaimer"]
    assert reply.blocks[1].lines[0].tone == "strong"
    assert reply.blocks[-1].lines[0].text == DISCLAIMER
    assert reply.symbol == "BTC"


@pytest.mark.parametrize(
    ("point", "answer"),
    [
        ("above", "Shorts would be forced out above 70,412, most clearly at 71,950-72,300 +2.2 % score 81"),
        ("below", "Longs would be forced out below 70,412, most clearly at 68,100-68,450 -2.8 % score 64"),
        ("exposed", "Upside sweep favoured, weakly (unproven; not a forecast)."),
        ("why", "Upside sweep favoured, weakly (unproven; not a forecast), because:"),
        ("invalidation", "Wrong if an hourly close below 68,450."),
        ("bait", "The trap is above first, then below: if 72.3k is swept"),
        (
            "agreement",
            "All maps agree: strongest confluence above, 71,950-72,300 +2.2 % score 81, 4/4 maps, 2/3 inputs.",
        ),
        ("nearest", "Above, at 71,950, +2.2 %."),
        (
            "touch",
            "How often price came that far within the next 72 h (0-3 days), from past moments like this (any level",
        ),
        ("data", "Binance + Bybit perps, recorded, last bar just closed."),
        ("realised", NOTHING_TOLD),
        ("crowd", NO_CROWD),
        ("open_interest", "No open interest is in this market."),
    ],
)
def test_the_first_line_is_the_answer(analysis, point, answer):
    assert first(analysis, point).startswith(answer)


def test_exposure_is_weighed_by_size_times_score_within_reach(analysis):
    # above 100 x 81.2 = 8,120; below 71 x 64.4 + 40 x 52 = 6,652
    said = text(point_lines(analysis, "exposed"))
    assert "shorts, forced buying above (8,120 against 6,652 index points)" in said


def test_no_side_is_called_exposed_when_nothing_is_within_reach(analysis):
    never = tuple(TouchChance(hours=hours, chance=0.01) for hours in (12, 24, 72))
    far = replace(analysis, zones=tuple(replace(zone, touch=never) for zone in analysis.zones))
    assert "neither side is more exposed" in text(point_lines(far, "exposed"))


def test_a_side_without_a_clear_zone_says_so(analysis):
    dim = replace(analysis, zones=tuple(replace(zone, clear=False) for zone in analysis.zones))
    assert first(dim, "below").startswith("No clear zone below; the strongest spot is 68,100-68,450")
    assert first(dim, "agreement").startswith("No map shows a clear zone on either side")


def test_whether_maps_agree_is_told_in_words_that_also_answer_which_agree_most(analysis):
    best = analysis.zones[0]

    def told(hits):
        maps = tuple(replace(seen, hit=number < hits) for number, seen in enumerate(best.maps))
        zones = (replace(best, maps=maps, clear=True), *analysis.zones[1:])
        return first(replace(analysis, zones=zones), "agreement").partition(":")[0]

    assert [told(hits) for hits in (0, 1, len(best.maps))] == [
        "No maps agree",
        "The maps agree in part",
        "All maps agree",
    ]


def test_the_nearest_zone_is_told_beside_the_best(analysis):
    nearer = replace(analysis, zones=(analysis.zones[0], analysis.zones[2], analysis.zones[1]))
    assert "nearest: 68,100-68,450 -2.8 % score 64" in text(point_lines(nearer, "below"))


def test_every_reason_and_every_condition_is_there(analysis):
    why, wrong = text(point_lines(analysis, "why")), text(point_lines(analysis, "invalidation"))
    assert "+ Nearest vulnerable leverage is above." in why
    assert "- Funding is already paid by longs" in why
    assert "or open interest falls 3 %" in wrong


def test_a_reading_without_conditions_is_not_to_be_leaned_on(analysis):
    assert "do not lean" in first(replace(analysis, invalidation=()), "invalidation")


def test_a_trap_on_both_sides_is_called_that(analysis):
    trap = Setup(verdict="trap_both_sides", strength=0.5, reasons=())
    assert first(replace(analysis, setup=trap), "bait").startswith("Both sides could be the trap")


def test_an_input_says_what_it_found_for_each_side_or_why_it_found_nothing(analysis):
    assert "longs pay 0.010 % per 8 h, so longs are the crowd (-0.40 of ±1)" in text(point_lines(analysis, "funding"))
    gap = MissingInput(input="order_book", venue=None, effect="walls are unknown")
    without = replace(analysis, zones=tuple(replace(zone, missing_evidence=(gap,)) for zone in analysis.zones))
    assert "for 72,125 above: walls are unknown" in text(point_lines(without, "order_book"))


def test_the_crowd_is_told_with_its_age_where_a_venue_tells_it(analysis):
    crowd = (VenueCrowd(venue="bybit", long_short_ratio=1.8, age_s=240),)
    assert "1.80 long accounts per short one at Bybit" in first(replace(analysis, crowd=crowd), "crowd")


def test_several_points_are_numbered_in_the_order_asked(analysis):
    asked = ("invalidation", "zones", "why")
    reply = points_reply(analysis, asked)
    openings = [block.lines[0].text for block in reply.blocks if block.kind == "point"]
    assert [opening[:3] for opening in openings] == ["1. ", "2. ", "3. "]
    assert openings == [f"{number}. {first(analysis, point)}" for number, point in enumerate(asked, 1)]


def test_whether_a_price_is_reached_comes_first_where_that_is_asked(report):
    kinds = [block.kind for block in level_reply(report, wants_touch=True).blocks]
    assert kinds.index("touch") < kinds.index("verdict")
    plain = [block.kind for block in level_reply(report).blocks]
    assert plain.index("verdict") < plain.index("touch")
