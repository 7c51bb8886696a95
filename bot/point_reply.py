"""The answers to questions in words: each point first, in one or two lines from the numbers of the moment.

`point_lines` is a pure function of an analysis and a point; a question about several is answered point by point, in the
order asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.liq_reply import (
    SIDES,
    crowd_lines,
    reading_lines,
    realised_lines,
    reason_lines,
    side_lines,
    zones_lines,
)
from bot.pictures import liq_picture, maps_picture
from bot.replies import Block, Line, Reply, block
from bot.requests import Point
from bot.wording import (
    FORCED,
    TOUCH_CAVEAT,
    age_text,
    agreement_text,
    chance_text,
    coverage_blocks,
    disclaimer_blocks,
    headline,
    input_text,
    map_text,
    market_text,
    missing_blocks,
    notes_blocks,
    sentence,
    setup_text,
    side_word,
    size_text,
    zone_text,
)
from engine.results import Analysis, Side, Zone
from engine.setup import pull, reachable
from engine.text import percent_text, price_text, venue_text
from engine.windows import TOUCH_HORIZONS_H

NOTHING_TOLD = "No venue told of liquidations in the last day, or nobody listened: unknown, which is not none."
NO_CROWD = "No venue told lately how many accounts are long and short."


def points_reply(analysis: Analysis, points: Sequence[Point]) -> Reply:
    """Return the answer about parts of the whole: the points in the order asked, then what limits them."""
    numbered = len(points) > 1
    answers = [
        part
        for number, point in enumerate(points, 1)
        for part in _answer(point_lines(analysis, point), number if numbered else None)
    ]
    with_maps = set(points) == {"agreement"} and len(analysis.maps) > 1
    return Reply(
        symbol=analysis.symbol,
        result=analysis,
        picture=maps_picture(analysis) if with_maps else liq_picture(analysis),
        blocks=(
            *headline(analysis),
            *answers,
            *coverage_blocks(analysis),
            *missing_blocks(analysis.missing),
            *notes_blocks(analysis.notes),
            *disclaimer_blocks(analysis.disclaimer),
        ),
    )


def point_lines(analysis: Analysis, point: Point) -> list[Line]:
    """Return the answer to one point, the plain answer in its first line."""
    if point in ("above", "below"):
        return _side(analysis, point)
    if point in _INPUTS:
        return _input(analysis, point)
    return _ANSWERS[point](analysis)


def _answer(lines: Sequence[Line], number: int | None) -> tuple[Block, ...]:
    """Return an answer as a block; its first line carries the number where there are several."""
    first, *rest = lines
    text = first.text if number is None else f"{number}. {first.text}"
    return block("point", Line(text=text, label=first.label, tone=first.tone), *rest)


def _strong(text: str) -> Line:
    return Line(text=text, tone="strong")


def _zones(analysis: Analysis) -> list[Line]:
    bests = [zones[0] for side in SIDES if (zones := analysis.zones_on(side))]
    sides = " · ".join(f"{zone.band.side}: {_best_text(zone)}" for zone in bests)
    return [_strong(f"Best zones: {sides}."), *zones_lines(analysis)]


def _best_text(zone: Zone) -> str:
    return zone_text(zone) if zone.clear else f"no clear zone, strongest spot {zone_text(zone)}"


def _side(analysis: Analysis, side: Side) -> list[Line]:
    zones = analysis.zones_on(side)
    if not zones:
        return [_strong(f"The maps list nothing {side} the price.")]
    best, nearest = zones[0], min(zones, key=lambda zone: abs(zone.distance))
    who = "Shorts" if side == "above" else "Longs"
    where = f"would be forced out {side} {price_text(analysis.price)}"
    first = f"{who} {where}, most clearly at {zone_text(best)}: {size_text(best)}."
    if not best.clear:
        first = f"No clear zone {side}; the strongest spot is {zone_text(best)}: {size_text(best)}."
    near = [] if nearest is best else [Line(text=f"nearest: {zone_text(nearest)}, {agreement_text(nearest)}")]
    touch = Line(text=f"chance of touch of the best: {chance_text(best.touch)} ({TOUCH_CAVEAT})", tone="muted")
    return [_strong(first), *near, *side_lines(analysis, side), touch]


def _answered_by(number: int) -> Callable[[Analysis], list[Line]]:
    """Return an answer that the engine gives to one of its own questions, in their order."""

    def answer(analysis: Analysis) -> list[Line]:
        if number >= len(analysis.questions):
            return [_strong("That cannot be told from this market.")]
        return [_strong(analysis.questions[number].answer)]

    return answer


def _exposed(analysis: Analysis) -> list[Line]:
    up, down = pull(analysis.zones, "above"), pull(analysis.zones, "below")
    larger: Side = "above" if up >= down else "below"
    lines = [_strong(setup_text(analysis.setup))]
    if up == down == 0:
        lines.append(Line(text="No zone is within reach on either side, so neither side is more exposed."))
    else:
        who = "shorts" if larger == "above" else "longs"
        lines.append(
            Line(
                text=f"More exposed by size times score within reach: {who}, {FORCED[larger]} {larger} "
                f"({max(up, down):,.0f} against {min(up, down):,.0f} index points)."
            )
        )
    return [*lines, *reason_lines(analysis)]


def _why(analysis: Analysis) -> list[Line]:
    first = setup_text(analysis.setup).removesuffix(".")
    return [_strong(f"{first}, because:"), *reason_lines(analysis)]


def _invalidation(analysis: Analysis) -> list[Line]:
    if not analysis.invalidation:
        return [_strong("No condition can be named from this data, so do not lean on this reading.")]
    first, *others = analysis.invalidation
    lines = [_strong(f"Wrong if {first.text}.")]
    return [*lines, *(Line(text=f"or {condition.text}") for condition in others)]


def _bait(analysis: Analysis) -> list[Line]:
    bait = analysis.bait
    trap = analysis.setup.verdict == "trap_both_sides"
    opening = "Both sides could be the trap" if trap else f"The trap is {bait.first_side} first, then {bait.then_side}"
    return [
        _strong(f"{opening}: {bait.text}."),
        Line(text=f"trigger: {price_text(bait.trigger)}; a scenario, not a forecast", tone="muted"),
    ]


def _agreement(analysis: Analysis) -> list[Line]:
    bests = [zones[0] for side in SIDES if (zones := analysis.zones_on(side))]
    most = max(bests, key=lambda zone: zone.agreement)
    hits = sum(seen.hit for seen in most.maps)
    if not most.clear:
        first = "No map shows a clear zone on either side, so there is nothing to agree on."
    else:  # words that answer both "do they agree" and "which agree most"
        how_far = "All maps agree" if hits == len(most.maps) else "The maps agree in part" if hits else "No maps agree"
        first = f"{how_far}: strongest confluence {most.band.side}, {zone_text(most)}, {agreement_text(most)}."
    each = [
        Line(
            text=f"{_best_text(zone)}, {agreement_text(zone)}, agreement {zone.agreement:.0f} of 100 where unrelated "
            f"maps would give {zone.chance_agreement:.0f}",
            label=side_word(zone.band.side),
            tone=zone.band.side,
        )
        for zone in bests
    ]
    return [_strong(first), *each, *reading_lines(analysis)]


def _touch(analysis: Analysis) -> list[Line]:
    bests = [zones[0] for side in SIDES if (zones := analysis.zones_on(side))]
    chances = [
        Line(
            text=f"{chance_text(zone.touch)} to {price_text(zone.band.near)} ({percent_text(zone.distance)})"
            f"{'' if reachable(zone) else ', rarely reached'}",
            label=side_word(zone.band.side),
            tone=zone.band.side,
        )
        for zone in bests
    ]
    longest_h = max(TOUCH_HORIZONS_H)
    first = f"How often price came that far within the next {longest_h} h (0-{longest_h // 24} days), from past moments"
    return [_strong(f"{first} like this ({TOUCH_CAVEAT}):"), *chances]


def _realised(analysis: Analysis) -> list[Line]:
    return [Line(text=sentence(line.text), tone="strong") for line in realised_lines(analysis)] or [
        _strong(NOTHING_TOLD)
    ]


def _crowd(analysis: Analysis) -> list[Line]:
    lines = crowd_lines(analysis)
    told = [_strong(sentence(line.text)) for line in lines] or [_strong(NO_CROWD)]
    return [*told, *_input(analysis, "funding")]


def _data(analysis: Analysis) -> list[Line]:
    shares = ", ".join(
        f"{venue_text(venue.name)} {percent_text(venue.oi_share, signed=False, decimals=0)}"
        for venue in analysis.venues
    )
    maps = ", ".join(map_text(map_.key) for map_ in analysis.maps)
    return [
        _strong(sentence(f"{market_text(analysis)}, {age_text(analysis)}")),
        Line(text=f"share of open interest: {shares}"),
        Line(text=f"maps: {maps}"),
    ]


_INPUTS: frozenset[Point] = frozenset({"funding", "open_interest", "order_book", "price_action", "market_structure"})


def _input(analysis: Analysis, name: str) -> list[Line]:
    """Return what one input says about the best zone of each side."""
    lines = []
    for side in SIDES:
        for zone in analysis.zones_on(side)[:1]:
            found = next((piece for piece in zone.evidence if piece.name == name), None)
            gap = next((item for item in zone.missing_evidence if item.input == name), None)
            where = f"for {price_text(zone.band.price)} {side}"
            if found is not None:
                lines.append(Line(text=f"{where}: {found.reason} ({found.value:+.2f} of ±1)", tone=side))
            elif gap is not None:
                lines.append(Line(text=f"{where}: {gap.effect}", tone="muted"))
    spoken = input_text(name)
    opening = f"What {spoken} says of the best zone on either side:" if lines else f"No {spoken} is in this market."
    return [_strong(opening), *lines]


_ANSWERS: dict[Point, Callable[[Analysis], list[Line]]] = {
    "zones": _zones,
    "nearest": _answered_by(0),
    "exposed": _exposed,
    "why": _why,
    "invalidation": _invalidation,
    "bait": _bait,
    "agreement": _agreement,
    "touch": _touch,
    "realised": _realised,
    "crowd": _crowd,
    "data": _data,
}
