"""The line from what a map swept to what was liquidated, fitted on one span and scored on another.

ln(realised + 1e4) = a + b · x, least squares, each side for itself. x is ln(swept + 1e5) for a map; a baseline without
a map may have several x. R² on unseen hours is against their own mean, so a line that knows nothing can be below 0.
"""

from __future__ import annotations

import numpy as np

from engine.grid import FloatArray, IntArray
from engine.skill.resampling import BlockResamples, Interval
from engine.skill.scores import SideScore

REALISED_FLOOR_USD = 1e4
SWEPT_FLOOR_USD = 1e5
"""Added before the logarithm, so that quiet hours do not decide (own protocol, the same for every recipe)."""


def realised_log(usd: FloatArray) -> FloatArray:
    """Return ln of realised liquidations [USD] (any shape), floor added."""
    return np.asarray(np.log(usd + REALISED_FLOOR_USD), dtype=np.float64)


def swept_log(usd: FloatArray) -> FloatArray:
    """Return ln of swept mass [USD] (any shape), floor added."""
    return np.asarray(np.log(usd + SWEPT_FLOOR_USD), dtype=np.float64)


def fit_line(inputs: FloatArray, target: FloatArray) -> FloatArray:
    """Return intercept and slopes (1 + k,) of least squares; inputs (n, k), target (n,)."""
    design = np.column_stack([np.ones(len(inputs)), inputs])
    return np.asarray(np.linalg.lstsq(design, target, rcond=None)[0], dtype=np.float64)


def predict(line: FloatArray, inputs: FloatArray) -> FloatArray:
    """Return the line's value at inputs (n, k)."""
    return np.asarray(line[0] + inputs @ line[1:], dtype=np.float64)


def r_squared(predicted: FloatArray, target: FloatArray) -> float:
    """Return 1 - squared error / variance about the target's own mean; NaN where that is 0."""
    around = float(np.sum((target - target.mean()) ** 2)) if len(target) else 0.0
    return 1 - float(np.sum((target - predicted) ** 2)) / around if around > 0 else np.nan


def r_squared_drawn(predicted: FloatArray, target: FloatArray, draws: BlockResamples) -> FloatArray:
    """Return R² of each draw, (draws,)."""
    centred = target - target.mean()  # the same variance, without cancellation
    columns = np.column_stack([(target - predicted) ** 2, centred, centred**2, np.ones(len(target))])
    error, first, second, count = draws.sums(columns).T
    around = second - first**2 / count
    return np.asarray(1 - error / np.where(around > 0, around, np.nan), dtype=np.float64)


def rank_correlation(first: FloatArray, second: FloatArray) -> float:
    """Return Spearman's rank correlation, ties at their mean rank; NaN where one side does not vary."""
    from scipy.stats import rankdata

    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return np.nan
    return float(np.corrcoef(rankdata(first), rankdata(second))[0, 1])


def months_of(time_s: IntArray) -> np.ndarray:
    """Return the UTC month of each moment, as text such as 2026-02."""
    return np.datetime_as_string(time_s.astype("datetime64[s]"), unit="M")


def score_side(
    predicted: FloatArray, target: FloatArray, time_s: IntArray, draws: BlockResamples
) -> tuple[SideScore, FloatArray, FloatArray]:
    """Return the score of one side, and its R² and rank correlation of every draw, each (draws,)."""
    r2_drawn = r_squared_drawn(predicted, target, draws)
    rank_drawn = np.array(
        [rank_correlation(predicted[rows], target[rows]) for rows in map(draws.rows, range(len(draws.counts)))]
    )
    months = months_of(time_s)
    score = SideScore(
        r2=Interval.of(r_squared(predicted, target), r2_drawn),
        rank=Interval.of(rank_correlation(predicted, target), rank_drawn),
        r2_by_month=tuple(
            (str(month), r_squared(predicted[months == month], target[months == month])) for month in np.unique(months)
        ),
    )
    return score, r2_drawn, rank_drawn
