"""Fitting M3: which leverages, half-lives and entries explain realised liquidations. Sees only the hours it is given.

A map in which positions end only with time or by being swept is a sum over rungs, so each rung is walked once, and the
weights are found by descent on the R² of the line of `engine.skill.line`, with an exact gradient (L-BFGS-B of scipy).
The penalty is the sum of the roots of each rung's share of swept mass: of two maps that explain as much, it takes the
one with fewer rungs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.grid import FloatArray
from engine.skill.line import SWEPT_FLOOR_USD, fit_line, predict, r_squared

STARTS = 4
KEPT_SHARE = 0.01
"""A rung that holds less of the swept mass than this is left out, and the others are fitted again."""
_MOST_STEPS = 400
_WEIGHT_BOUNDS = (-25.0, 8.0)
_FLOOR_BOUNDS = (-14.0, 2.0)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Fit:
    """What was found: weights (rungs,) of the flow that open at each rung; r2 on the hours fitted to, of both sides.

    The weights are scaled so that the line's floor is the one of every map.
    """

    weights: FloatArray
    r2: float


def fit_weights(swept: FloatArray, target: FloatArray, *, penalty: float, seed: int = 0, starts: int = STARTS) -> Fit:
    """Return the weights whose map explains `target` best, from several starts.

    swept: (2, rungs, hours) [USD] per unit of weight; target: (2, hours) ln of realised liquidations. Uses all of both.
    """
    from scipy.optimize import minimize

    scale = float(swept.mean()) * swept.shape[1]
    problem = _Problem(swept / scale, target, penalty)
    random = np.random.default_rng(seed)
    best, lowest = np.empty(0), np.inf
    for number in range(starts):
        start = problem.start(np.asarray(random.normal(0, 1 if number else 0, swept.shape[1])))
        found = minimize(
            problem.loss,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=[_WEIGHT_BOUNDS] * swept.shape[1] + [_FLOOR_BOUNDS],
            options={"maxiter": _MOST_STEPS},
        )
        if found.fun < lowest:
            best, lowest = found.x, float(found.fun)
    weights = np.exp(best[:-1]) * SWEPT_FLOOR_USD / np.exp(best[-1]) / scale
    return Fit(weights=weights, r2=map_r2(swept, target, weights, slice(None), slice(None)))


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    """The loss over (log weights, log floor): unexplained share of variance, mean of both sides, and the penalty."""

    swept: FloatArray
    target: FloatArray
    penalty: float

    def start(self, noise: FloatArray) -> FloatArray:
        rungs = self.swept.shape[1]
        return np.append(noise - np.log(rungs), np.log(1e-3))

    def loss(self, logs: FloatArray) -> tuple[float, FloatArray]:
        weights, floor = np.exp(logs[:-1]), float(np.exp(logs[-1]))
        total, slope = 0.0, np.zeros(len(logs))
        for swept, target in zip(self.swept, self.target, strict=True):
            mass = weights @ swept + floor
            part, by_log_mass = _unexplained(np.log(mass), target)
            total += part / 2
            by_mass = by_log_mass / mass / 2
            slope[:-1] += weights * (swept @ by_mass)
            slope[-1] += floor * float(by_mass.sum())
        if self.penalty:
            held = weights * self.swept.mean(axis=(0, 2))
            root = np.sqrt(held / held.sum())
            total += self.penalty * float(root.sum())
            slope[:-1] += self.penalty * (root - root**2 * root.sum()) / 2
        return total, slope


def _unexplained(inputs: FloatArray, target: FloatArray) -> tuple[float, FloatArray]:
    """Return 1 - R² of the best line and its gradient by the inputs, both (hours,).

    At the best line the derivative by slope and intercept is 0, so that only the residual times the slope is left.
    """
    centred, aim = inputs - inputs.mean(), target - target.mean()
    spread = float(centred @ centred)
    slope = float(centred @ aim) / spread if spread > 0 else 0.0
    residual, around = aim - slope * centred, float(aim @ aim)
    return float(residual @ residual) / around, -2 * slope * residual / around


def map_r2(
    swept: FloatArray,
    target: FloatArray,
    weights: FloatArray,
    train: np.ndarray | slice,
    test: np.ndarray | slice,
) -> float:
    """Return R² on the hours `test` of lines fitted on the hours `train`, mean of both sides."""
    found = []
    for side_swept, side_target in zip(swept, target, strict=True):
        inputs = np.log(weights @ side_swept + SWEPT_FLOOR_USD)[:, np.newaxis]
        line = fit_line(inputs[train], side_target[train])
        found.append(r_squared(predict(line, inputs[test]), side_target[test]))
    return float(np.mean(found))


def sparse_fit(swept: FloatArray, target: FloatArray, *, penalty: float, seed: int = 0) -> tuple[np.ndarray, Fit]:
    """Return which rungs are kept (indices) and their weights, fitted again without the penalty."""
    full = fit_weights(swept, target, penalty=penalty, seed=seed)
    held = full.weights * swept.mean(axis=(0, 2))
    kept = np.flatnonzero(held >= KEPT_SHARE * held.sum())
    return kept, fit_weights(swept[:, kept], target, penalty=0.0, seed=seed, starts=1)


def blocks_of(hours: int, folds: int, gap: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return (train, test) masks (hours,) of `folds` blocks of time; hours within `gap` of a block train nothing."""
    found = []
    for part in np.array_split(np.arange(hours), folds):
        train, test = np.ones(hours, dtype=bool), np.zeros(hours, dtype=bool)
        test[part] = True
        train[max(part[0] - gap, 0) : part[-1] + gap + 1] = False
        found.append((train, test))
    return found


def cross_validated(
    swept: FloatArray, target: FloatArray, *, penalty: float, folds: int, gap: int, seed: int = 0
) -> tuple[float, ...]:
    """Return R² of every block, each judged by weights and lines fitted to the others."""
    scores = []
    for train, test in blocks_of(target.shape[1], folds, gap):
        kept, fit = sparse_fit(swept[:, :, train], target[:, train], penalty=penalty, seed=seed)
        scores.append(map_r2(swept[:, kept], target, fit.weights, train, test))
    return tuple(scores)


def best_penalty(scores: Sequence[tuple[float, tuple[float, ...]]]) -> float:
    """Return the largest penalty whose mean R² is within one standard error of the best (Breiman et al. 1984)."""
    means = [float(np.mean(each)) for _, each in scores]
    best = int(np.argmax(means))
    # blocks differ far more from each other than penalties do: what counts is the difference within a block
    gaps = [np.asarray(scores[best][1]) - np.asarray(each) for _, each in scores]
    errors = [float(np.std(gap, ddof=1)) / np.sqrt(len(gap)) for gap in gaps]
    return max(
        penalty for (penalty, _), gap, error in zip(scores, gaps, errors, strict=True) if float(gap.mean()) <= error
    )
