"""Price action: whether price heads for the zone, is lively enough to get there, and was turned away there before."""

from __future__ import annotations

import math

from engine.context import MarketContext
from engine.evidence.approach import Approach, approach_to
from engine.evidence.statement import Part, weigh
from engine.market import MissingInput
from engine.price_action import REJECTION_SIGMAS, PriceAction, Wick
from engine.results import Evidence, ZoneBand
from engine.text import moment_text, percent_text, price_text

NAME = "price_action"

MOMENTUM = 0.5
"""The most that direction counts. Past moves of 24 h correlate with which way the next 24 h reach farther by only .08
to .12 on recorded BTC, ETH and SOL: a hint, no more."""

DIRECTION_FROM = 0.05
"""Below this value the sentence calls price without direction."""

TREND_UNIT = 0.5
MOMENTUM_4H_UNIT = 0.9
MOMENTUM_24H_UNIT = 1.0
"""Sizes that three in four moments do not reach on the recordings, in the units of the price action (measured: .49 to
.54, .86 to .90, .98 to 1.06)."""

REGIME = 0.25
"""The most that the volatility regime counts: the chance of touch, shown beside the score, already tells how far price
reaches, so here it only tips."""

REJECTION = 0.5
FULL_REJECTION_SIGMAS = 2 * REJECTION_SIGMAS
"""A wick counts in full at twice the length that makes it one; the longest fiftieth of hourly wicks are that long."""


def assess(band: ZoneBand, context: MarketContext) -> Evidence | MissingInput:
    """Say whether price action speaks for the zone being reached."""
    approach = approach_to(band, context)
    found = (
        _momentum(approach, context.price_action),
        _regime(context.volatility.percentile),
        _rejection(band, approach, context.price_action),
    )
    parts = [part for part in found if part is not None]
    if not parts:
        return MissingInput(
            input=NAME, venue=None, effect="Trend and volatility regime are not weighed: the candles have gaps."
        )
    return weigh(NAME, parts)


def _momentum(approach: Approach, action: PriceAction) -> Part | None:
    """Return what trend and momentum say; None when candles for all three are missing."""
    pulls = (
        action.trend / TREND_UNIT,
        action.momentum_4h / MOMENTUM_4H_UNIT,
        action.momentum_24h / MOMENTUM_24H_UNIT,
    )
    known = [pull for pull in pulls if math.isfinite(pull)]
    if not known:
        return None
    value = MOMENTUM * math.tanh(approach.direction * sum(known) / len(known))
    moves = [
        f"{round(move, 1) + 0.0:+.1f} sigma {span}"
        for move, span in (
            (action.momentum_4h, "in 4 h"),
            (action.momentum_24h, "in 24 h"),
            (action.trend, "by the day's trend"),
        )
        if math.isfinite(move)
    ]
    return Part(value, f"Price {_heading(value)}: {', '.join(moves)}.")


def _heading(value: float) -> str:
    if abs(value) < DIRECTION_FROM:
        return "has no clear direction"
    return "moves towards the zone" if value > 0 else "moves away from the zone"


def _regime(percentile: float) -> Part | None:
    """Return what the volatility regime says; None when there is no past to compare with."""
    if not math.isfinite(percentile):
        return None
    value = REGIME * (2 * percentile - 1)
    if value >= 0:
        share = percent_text(percentile, signed=False, decimals=0)
        return Part(value, f"Volatility is higher than in {share} of its past: price reaches far.")
    share = percent_text(1 - percentile, signed=False, decimals=0)
    return Part(value, f"Volatility is lower than in {share} of its past: price reaches less far.")


def _rejection(band: ZoneBand, approach: Approach, action: PriceAction) -> Part | None:
    """Return what rejection wicks at the zone say, None without one."""
    strengths = [(_strength(wick, approach), wick) for wick in action.wicks if wick.side == band.side]
    strengths = [(strength, wick) for strength, wick in strengths if strength > 0]
    if not strengths:
        return None
    value = -REJECTION * (1 - math.prod(1 - strength for strength, _ in strengths))
    _, wick = max(strengths, key=lambda pair: pair[0])
    who = "sold" if band.side == "above" else "bought"
    text = (
        f"A wick to {price_text(wick.price)} was {who} at the zone on {moment_text(wick.time_s)}, "
        f"{wick.size_sigmas:.1f} hourly sigmas long."
    )
    return Part(value, text)


def _strength(wick: Wick, approach: Approach) -> float:
    """Return 0-1: how long the wick is, times how near to the zone its tip is."""
    return min(wick.size_sigmas / FULL_REJECTION_SIGMAS, 1.0) * approach.closeness(wick.price)
