"""What became of what was published: counts, rates against chance, calibration. The same rules as the backtest."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from engine.grading import HORIZON_S, GradedAnswer, GradedZone, zones_once
from engine.grid import FloatArray
from engine.skill.records import ChanceClass, TouchRecord, TrackRecord
from engine.skill.resampling import RESAMPLES, BlockResamples, Interval
from engine.skill.setup_skill import setup_skill
from engine.windows import TOUCH_HORIZONS_H

CLASS_EDGES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
CALIBRATED_H = 24


def track_record(
    symbol: str | None, answers: Sequence[GradedAnswer], *, waiting: int = 0, seed: int = 0, draws: int = RESAMPLES
) -> TrackRecord:
    """Return the record of graded answers about a symbol, or about all of them (None); answers: in any order."""
    ordered = sorted(answers, key=lambda each: (each.findings.symbol, each.findings.as_of_s))
    zones: list[GradedZone] = []
    for _, some in itertools.groupby(ordered, key=lambda each: each.findings.symbol):
        zones += zones_once((each.findings, each.grade.zones) for each in some)
    moments = [each.findings.as_of_s for each in ordered]
    time_s = np.array([each.findings.as_of_s for each in zones], dtype=np.int64)
    touched = np.array([[np.nan if told is None else told for told in each.grade.touched] for each in zones])
    touched = touched.reshape(len(zones), len(TOUCH_HORIZONS_H)).astype(np.float64)
    chance = np.array([[each.zone.touch_within(hours) for hours in TOUCH_HORIZONS_H] for each in zones])
    chance = chance.reshape(touched.shape)
    return TrackRecord(
        symbol=symbol,
        answers=len(ordered),
        waiting=waiting,
        from_s=min(moments, default=0),
        until_s=max(moments, default=0),
        zones=len(zones),
        blocks=len(np.unique(time_s // HORIZON_S)),
        touch=_touch(time_s, touched, chance, seed, draws),
        classes=_classes(time_s, touched, chance, seed, draws),
        setups=setup_skill(ordered, seed=seed, draws=draws),
    )


def _touch(
    time_s: np.ndarray, touched: FloatArray, chance: FloatArray, seed: int, draws: int
) -> tuple[TouchRecord, ...]:
    found = []
    for number, hours in enumerate(TOUCH_HORIZONS_H):
        known = np.isfinite(touched[:, number])
        if known.any():
            own, by_chance = touched[known, number], chance[known, number]
            found.append(
                TouchRecord(
                    hours=hours,
                    zones=int(known.sum()),
                    touched=_mean(time_s[known], own, seed, draws),
                    chance=float(by_chance.mean()),
                    difference=_mean(time_s[known], own - by_chance, seed, draws),
                )
            )
    return tuple(found)


def _classes(
    time_s: np.ndarray, touched: FloatArray, chance: FloatArray, seed: int, draws: int
) -> tuple[ChanceClass, ...]:
    own, by_chance = (values[:, TOUCH_HORIZONS_H.index(CALIBRATED_H)] for values in (touched, chance))
    found = []
    for low, high in itertools.pairwise(CLASS_EDGES):
        inside = np.isfinite(own) & (by_chance >= low) & ((by_chance < high) | (high == CLASS_EDGES[-1]))
        if inside.any():
            found.append(
                ChanceClass(
                    low=low,
                    high=high,
                    zones=int(inside.sum()),
                    chance=float(by_chance[inside].mean()),
                    touched=_mean(time_s[inside], own[inside], seed, draws),
                )
            )
    return tuple(found)


def _mean(time_s: np.ndarray, values: FloatArray, seed: int, draws: int) -> Interval:
    resamples = BlockResamples.of(time_s, block_s=HORIZON_S, draws=draws, seed=seed)
    sums = resamples.sums(np.column_stack([values, np.ones(len(values))]))
    return Interval.of(float(values.mean()), sums[:, 0] / np.maximum(sums[:, 1], 1))
