"""How the simulated market behaves: depth, fright, habits of traders and makers. Every number is an own assumption.

They were chosen for plausible depth, turnover and cascades. They are values, not constants of the compiled loop, so
that a test can switch a mechanism off and see what it did.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from engine.simulation.steps import BARS_PER_DAY, STEP_S, STEPS_PER_DAY
from engine.windows import HOUR_S, MINUTE_S


def _kept_per_step(half_life_s: float) -> float:
    """Return what is left of something after one step if half of it is gone after `half_life_s`."""
    return float(0.5 ** (STEP_S / half_life_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketRules:
    """The habits of one market. Names ending in `_keeps` are shares left after a step, `_steps` count steps.

    Depth. impact, forced_impact: move in ln price if takers bought the whole usual open interest in usual depth, by
    choice and by force (stops, liquidations); largest_push: of one batch of orders [ln price]; thinnest: largest value
    of 1 over depth; stays, forced_stays: share of an impact that stays; lean_keeps: how the rest fades;
    jitter: bounce of quotes, in standard deviations of a step.
    Mood. fright_gain: how much a forced push of one daily standard deviation thins the book and shakes quotes,
    fright_cap, fright_keeps; news_speed: share of the news still unheard that the price takes in at a step;
    heard_keeps: how traders forget it; loud_steps: news is strong when it is worth so many usual steps.
    What traders compare with: averages over minute_steps, hour_steps, day_steps; signal_cap: limit of any signal.
    Positions. lowest_leverage, lowest_topped [x]: at entry and after a top-up; round_share: who takes a preset one;
    big_is_careful: leverage falls with size to this power; largest_share: of the usual open interest in one position;
    stop_nearest, stop_farthest, top_up_at: place between entry (0) and liquidation (1); topped_keeps: share of the
    leverage left after margin was added.
    Makers and fast traders. target_keeps (per bar), target_spread: how makers' wishes wander, in usual open interest;
    churn_per_day: volume of traders who are flat within a step, in usual open interest; churn_power: how it grows with
    volatility; churn_spread: its noise; churn_chase: how much they take in the direction of the quotes.
    """

    impact: float = 0.10
    forced_impact: float = 0.20
    largest_push: float = 0.005
    thinnest: float = 2.0
    stays: float = 0.5
    forced_stays: float = 0.2
    lean_keeps: float = _kept_per_step(2 * MINUTE_S)
    jitter: float = 0.6
    fright_gain: float = 1.0
    fright_cap: float = 1.0
    fright_keeps: float = _kept_per_step(30 * MINUTE_S)
    news_speed: float = 0.1
    heard_keeps: float = _kept_per_step(25 * MINUTE_S)
    loud_steps: float = 2 * HOUR_S / STEP_S
    minute_steps: float = 5 * MINUTE_S / STEP_S
    hour_steps: float = HOUR_S / STEP_S
    day_steps: float = STEPS_PER_DAY / 2
    signal_cap: float = 3.0
    lowest_leverage: float = 1.5
    lowest_topped: float = 1.2
    round_share: float = 0.7
    big_is_careful: float = 0.2
    largest_share: float = 0.0015
    stop_nearest: float = 0.2
    stop_farthest: float = 0.85
    top_up_at: float = 0.65
    topped_keeps: float = 0.6
    target_keeps: float = 1 - 1 / (2 * BARS_PER_DAY)
    target_spread: float = 0.012
    churn_per_day: float = 0.7
    churn_power: float = 1.5
    churn_spread: float = 0.8
    churn_chase: float = 1.2


RULES_RECORD = np.dtype([(field.name, np.float64) for field in fields(MarketRules)])


def rules_record(rules: MarketRules) -> np.ndarray:
    """Return the rules as one record (1,) for the compiled loop."""
    record = np.zeros(1, RULES_RECORD)
    for field in fields(MarketRules):
        record[field.name] = getattr(rules, field.name)
    return record
