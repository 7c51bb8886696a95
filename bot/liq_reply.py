"""The answers about a whole map: `/liq` on one screen, `/zones` with every score taken apart, `/questions`."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bot.pictures import liq_picture, maps_picture
from bot.replies import Line, Reply, Tone, block
from bot.wording import (
    TOUCH_CAVEAT,
    agreement_text,
    chance_text,
    coverage_blocks,
    crowd_text,
    disclaimer_blocks,
    headline,
    input_text,
    map_text,
    missing_blocks,
    notes_blocks,
    sentence,
    setup_text,
    share_text,
    side_word,
    size_text,
    told_text,
    zone_text,
)
from engine.evidence.statement import NEUTRAL_BELOW
from engine.realised import DAY_SUM_S
from engine.results import Analysis, Evidence, Side, Zone
from engine.setup import reachable
from engine.text import band_text, duration_text, percent_text
from engine.windows import HOUR_S, TOUCH_HORIZONS_H

SIDES: tuple[Side, Side] = ("above", "below")
UNCLEAR = "no clear zone, this is the side's strongest spot"
NEXT = "next: "
SHOWN_NEXT = 2
"""Zones listed behind the best one of a side: with more, the answer does not fit on one screen."""


def liq_reply(analysis: Analysis) -> Reply:
    """Return the answer to `/liq SYMBOL`: picture, both sides, setup, what would prove it wrong, reading, bait."""
    return Reply(
        symbol=analysis.symbol,
        result=analysis,
        picture=liq_picture(analysis),
        blocks=(
            *headline(analysis),
            *block("zones", *zones_lines(analysis)),
            *block("setup", *_setup_lines(analysis)),
            *block("wrong_if", *_wrong_if_lines(analysis)),
            *block("reading", *reading_lines(analysis)),
            *block("bait", Line(text=analysis.bait.text, label="BAIT")),
            *block("ask", *_ask_lines(analysis)),
            *block("touch", *_touch_lines(analysis)),
            *block("realised", *realised_lines(analysis)),
            *block("crowd", *crowd_lines(analysis)),
            *coverage_blocks(analysis),
            *missing_blocks(analysis.missing),
            *notes_blocks(analysis.notes),
            *disclaimer_blocks(analysis.disclaimer),
        ),
    )


def maps_reply(analysis: Analysis) -> Reply:
    """Return the answer to `/maps SYMBOL`: the four default maps on one price axis, and what each adds."""
    return Reply(
        symbol=analysis.symbol,
        result=analysis,
        picture=maps_picture(analysis),
        blocks=(
            *headline(analysis),
            *block("zones", *zones_lines(analysis)),
            *block("reading", *reading_lines(analysis)),
            *coverage_blocks(analysis),
            *missing_blocks(analysis.missing),
            *notes_blocks(analysis.notes),
            *disclaimer_blocks(analysis.disclaimer),
        ),
    )


def zones_reply(analysis: Analysis) -> Reply:
    """Return the answer to `/zones SYMBOL`: each zone with its maps, its evidence and its chance of touch."""
    zones = (block("zones", *_breakdown_lines(zone)) for side in SIDES for zone in analysis.zones_on(side))
    return Reply(
        symbol=analysis.symbol,
        result=analysis,
        picture=liq_picture(analysis),
        blocks=(
            *headline(analysis),
            *(block_ for blocks in zones for block_ in blocks),
            *coverage_blocks(analysis),
            *missing_blocks(analysis.missing),
            *notes_blocks(analysis.notes),
            *disclaimer_blocks(analysis.disclaimer),
        ),
    )


def questions_reply(analysis: Analysis) -> Reply:
    """Return the answer to `/questions SYMBOL`: each better question, answered from the numbers of the moment."""
    asked = (
        block("ask", Line(text=question.question, tone="strong"), Line(text=question.answer))
        for question in analysis.questions
    )
    return Reply(
        symbol=analysis.symbol,
        result=analysis,
        blocks=(
            *headline(analysis),
            *(block_ for blocks in asked for block_ in blocks),
            *coverage_blocks(analysis),
            *missing_blocks(analysis.missing),
            *notes_blocks(analysis.notes),
            *disclaimer_blocks(analysis.disclaimer),
        ),
    )


def zones_lines(analysis: Analysis) -> list[Line]:
    """Return each side's best zone, column under column, and the next ones behind it."""
    return _sides_lines([zones for side in SIDES if (zones := analysis.zones_on(side))])


def side_lines(analysis: Analysis, side: Side) -> list[Line]:
    """Return one side's best zone, and the next ones behind it."""
    return _sides_lines([zones] if (zones := analysis.zones_on(side)) else [])


def _sides_lines(sides: Sequence[Sequence[Zone]]) -> list[Line]:
    cells = [_zone_cells(best) for best, *_ in sides]
    widths = [max(len(cell) for cell in column) for column in zip(*cells, strict=True)]
    lines = []
    for (best, *others), row in zip(sides, cells, strict=True):
        aligned = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        lines.append(_zone_line(best, row, aligned))
        nexts = " · ".join(_next_text(zone, best) for zone in others[:SHOWN_NEXT])
        lines += [Line(text=f"{NEXT}{nexts}", tone="muted")] if nexts else []
    return lines


def _next_text(zone: Zone, best: Zone) -> str:
    """Return a further zone in short; one with a better score stands behind when price rarely comes that far."""
    too_far = reachable(best) and not reachable(zone)
    return f"{zone_text(zone)}{' (rarely reached in 72 h)' if too_far else ''}"


def _zone_cells(zone: Zone) -> tuple[str, ...]:
    """Return where a zone is, how far, its score, who shows it and what would be forced there."""
    return (
        band_text(zone.band.low, zone.band.high),
        percent_text(zone.distance),
        f"score {zone.score:.0f}",
        agreement_text(zone),
        size_text(zone),
    )


def _zone_line(zone: Zone, cells: tuple[str, ...], aligned: str) -> Line:
    side = zone.band.side
    caveat = () if zone.clear else (UNCLEAR,)
    text = "  ".join((aligned.rstrip(), *caveat))
    return Line(text=text, label=side_word(side), tone=side, parts=(*cells, *caveat))


def _setup_lines(analysis: Analysis) -> list[Line]:
    return [Line(text=setup_text(analysis.setup), label="SETUP", tone="strong"), *reason_lines(analysis)]


def reason_lines(analysis: Analysis) -> list[Line]:
    """Return what speaks for the setup, then what speaks against it."""
    ordered = sorted(analysis.setup.reasons, key=lambda reason: -reason.sign)
    return [_signed_line(reason.sign, reason.text) for reason in ordered]


def _signed_line(sign: int, text: str) -> Line:
    """Return a reason for (+), against (-) or neither, marked as such."""
    marks: tuple[tuple[str, Tone], ...] = (("·", "muted"), ("+", "good"), ("-", "bad"))
    mark, tone = marks[sign]
    return Line(text=f"{mark} {sentence(text)}", tone=tone)


def _wrong_if_lines(analysis: Analysis) -> list[Line]:
    conditions = tuple(condition.text for condition in analysis.invalidation)
    return [Line(text=" · ".join(conditions), label="WRONG IF", parts=conditions)] if conditions else []


def reading_lines(analysis: Analysis) -> list[Line]:
    """Return what each of the four default maps adds."""
    told = [(f"{map_text(reading.key)} {reading.role}", reading.finding) for reading in analysis.reading]
    return [Line(text=": ".join(parts), label="" if place else "READ", parts=parts) for place, parts in enumerate(told)]


def _ask_lines(analysis: Analysis) -> list[Line]:
    questions = " ".join(question.question for question in analysis.questions)
    hint = f" (/questions {analysis.symbol} answers each)"
    return [Line(text=questions + hint, label="ASK", tone="muted")] if questions else []


def _touch_lines(analysis: Analysis) -> list[Line]:
    hours = TOUCH_HORIZONS_H[-1]
    chances = [
        f"{share_text(zones[0].touch_within(hours))} {side}" for side in SIDES if (zones := analysis.zones_on(side))
    ]
    text = f"{', '.join(chances)} within {hours} h at this volatility ({TOUCH_CAVEAT})"
    return [Line(text=text, label="TOUCH")]


def realised_lines(analysis: Analysis) -> list[Line]:
    """Return what was liquidated in the last day, as far as anybody listened; nothing where nobody did."""
    sums = [each.day for each in analysis.realised if each.day.heard_s]
    hours = DAY_SUM_S // HOUR_S
    return [Line(text=f"last {hours} h: {told_text(sums, 'forced out')}", label="REALISED")] if sums else []


def crowd_lines(analysis: Analysis) -> list[Line]:
    """Return how many accounts are long per short one; nothing where no venue told it lately."""
    return [Line(text=crowd_text(analysis.crowd), label="CROWD", tone="muted")] if analysis.crowd else []


def _breakdown_lines(zone: Zone) -> list[Line]:
    cells = _zone_cells(zone)
    percentiles = ", ".join(
        f"{map_text(seen.key)} {100 * seen.percentile:.0f}{'' if seen.hit else ' (no)'}" for seen in zone.maps
    )
    facts = [
        f"percentile in each map: {percentiles}",
        f"agreement {zone.agreement:.0f} of 100, where unrelated maps would give {zone.chance_agreement:.0f}",
        f"{_age_text(zone)}chance of touch {chance_text(zone.touch)}",
    ]
    return [
        _zone_line(zone, cells, "  ".join(cells)),
        *(Line(text=text) for text in facts),
        *_evidence_lines(zone.evidence),
    ]


def _age_text(zone: Zone) -> str:
    return f"entries {duration_text(zone.band.age_s)} old on average; " if math.isfinite(zone.band.age_s) else ""


def _evidence_lines(evidence: Sequence[Evidence]) -> list[Line]:
    return [
        _signed_line(
            0 if abs(piece.value) < NEUTRAL_BELOW else 1 if piece.value > 0 else -1,
            f"{input_text(piece.name)} {piece.value:+.2f} × {piece.weight:g}: {piece.reason}",
        )
        for piece in evidence
    ]
