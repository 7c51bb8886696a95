"""The answer to `/level`: is anything there, what stands on the way, and what would confirm or reject it."""

from __future__ import annotations

import math

from bot.pictures import level_picture
from bot.replies import Line, Reply, block
from bot.wording import (
    CROWD,
    SEPARATOR,
    TOUCH_CAVEAT,
    agreement_text,
    atr_text,
    chance_text,
    coverage_blocks,
    disclaimer_blocks,
    headline,
    index_text,
    map_text,
    missing_blocks,
    notes_blocks,
    share_text,
    told_text,
    zone_text,
)
from engine.results import LevelReport, SizeBasis, TierAtLevel, Zone
from engine.text import ago_text, band_text, percent_text, price_text, usd_text
from engine.windows import HOUR_S

SMALLEST_TIER_SHARE = 0.01
"""A tier with less than this share of what stands at the level is not worth a trader's eye."""


def level_reply(report: LevelReport, *, wants_touch: bool = False) -> Reply:
    """Return the answer to `/level SYMBOL PRICE`, the verdict first; wants_touch: the chance of touch before it."""
    verdict = block("verdict", Line(text=report.verdict_text, label="VERDICT", tone="strong"))
    touch = block("touch", Line(text=_touch_text(report), label="TOUCH", tone="strong" if wants_touch else "plain"))
    facts = block("facts", *_fact_lines(report))
    analysis = report.analysis
    subject = f"{analysis.symbol} {price_text(report.price)}, price now {price_text(analysis.price)}"
    return Reply(
        symbol=analysis.symbol,
        result=report,
        picture=level_picture(report),
        blocks=(
            *headline(analysis, subject=subject),
            *((*touch, *verdict, *facts) if wants_touch else (*verdict, *facts, *touch)),
            *block("wrong_if", *_condition_lines(report)),
            *coverage_blocks(analysis),
            *missing_blocks(analysis.missing),
            *notes_blocks(analysis.notes),
            *disclaimer_blocks(analysis.disclaimer),
        ),
    )


def _touch_text(report: LevelReport) -> str:
    return f"{chance_text(report.touch)} ({TOUCH_CAVEAT})"


def _fact_lines(report: LevelReport) -> list[Line]:
    facts = [
        ("DISTANCE", _distance_text(report)),
        ("ON THE WAY", _way_text(report)),
        ("AT IT", _at_level_text(report)),
        ("", _tiers_text(report)),
        ("RANK", _rank_text(report)),
        ("MAPS", _maps_text(report)),
        ("ZONES", _neighbour_text(report.nearer, "before")),
        ("", _neighbour_text(report.farther, "behind")),
        ("STRUCTURE", report.structure),
        ("REALISED", _realised_text(report)),
        ("BOOK", report.order_book or "no order book in this data, so walls near the level are unknown"),
    ]
    return [Line(text=text, label=label) for label, text in facts if text]


def _distance_text(report: LevelReport) -> str:
    return f"{percent_text(report.distance)} from the price, {atr_text(report.distance_atr)}"


def _way_text(report: LevelReport) -> str:
    crowd = CROWD[report.band.side]
    if not _holds_positions(report):
        return f"{_shown(report)} holds turnover or swings, not positions: no amount of {crowd} can be told"
    amount = usd_text(report.on_the_way_usd)
    basis = f"{_shown(report)}, {_basis(report)}"
    return f"≈ {amount} of {crowd} would be liquidated between the price and the level ({basis})"


def _at_level_text(report: LevelReport) -> str:
    where = (
        f"{band_text(report.band.low, report.band.high)}, {index_text(report.index)} (the answer's largest zone is 100)"
    )
    if not _holds_positions(report):
        return where
    return f"≈ {usd_text(report.at_level_usd)} of {CROWD[report.band.side]} at {where}{_exact_text(report)}"


def _exact_text(report: LevelReport) -> str:
    """Return how much of what real positions hold at the level stands at exact prices; "" for a modelled map."""
    map_, band = report.analysis.shown_map, report.band
    if map_.observed is None or not report.at_level_usd > 0:
        return ""
    exact = map_.observed.exact_between(band.side, map_.grid, band.low, band.high)
    return f", {usd_text(exact)} of it isolated, at exact prices"


def _tiers_text(report: LevelReport) -> str:
    least = SMALLEST_TIER_SHARE * report.at_level_usd
    tiers = [tier for tier in report.tiers if tier.usd > least and math.isfinite(tier.leverage)]
    if not _holds_positions(report):
        return ""
    ordered = sorted(tiers, key=lambda tier: -tier.usd)
    return SEPARATOR.join(_tier_text(tier, classes=_basis(report) == "observed") for tier in ordered)


def _holds_positions(report: LevelReport) -> bool:
    return report.analysis.shown_map.is_positions


def _basis(report: LevelReport) -> SizeBasis:
    return "modelled" if report.analysis.shown_map.observed is None else "observed"


def _tier_text(tier: TierAtLevel, *, classes: bool) -> str:
    """Return a tier; real leverages are told in classes by their upper end."""
    age = f", entered {ago_text(tier.age_s)}" if math.isfinite(tier.age_s) else ""
    return f"{'up to ' if classes else ''}{tier.leverage:g}x {usd_text(tier.usd)}{age}"


def _rank_text(report: LevelReport) -> str:
    if not math.isfinite(report.percentile):
        return f"none: levels at that distance are not compared ({_shown(report)})"
    return f"brighter than {share_text(report.percentile)} of the levels at about that distance ({_shown(report)})"


def _maps_text(report: LevelReport) -> str:
    hits = sum(seen.hit for seen in report.maps)
    each = ", ".join(f"{map_text(seen.key)} {'yes' if seen.hit else 'no'}" for seen in report.maps)
    return f"{hits} of {len(report.maps)} show it: {each}"


def _neighbour_text(zone: Zone | None, where: str) -> str:
    if zone is None:
        return f"no stronger zone {where} it"
    return f"stronger zone {where} it: {zone_text(zone)}, {agreement_text(zone)}, {index_text(zone.index)}"


def _realised_text(report: LevelReport) -> str:
    """Return what was liquidated at the level before, empty where nothing was told of."""
    if not any(each.events for each in report.realised):
        return ""
    hours = report.realised[0].length_s // HOUR_S
    return told_text(report.realised, f"liquidated here in the last {hours} h")


def _condition_lines(report: LevelReport) -> list[Line]:
    return [
        Line(text=report.confirm, label="CONFIRMS", tone="good"),
        Line(text=report.reject, label="REJECTS", tone="bad"),
    ]


def _shown(report: LevelReport) -> str:
    return map_text(report.analysis.shown)
