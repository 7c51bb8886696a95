"""The line and its scores, worked by hand and against slow references."""

import numpy as np
import pytest

from engine.skill.line import fit_line, months_of, predict, r_squared, r_squared_drawn, rank_correlation
from engine.skill.resampling import BlockResamples
from engine.windows import HOUR_S


def test_a_line_through_three_points() -> None:
    # x 0 1 2, y 1 2 6: slope (sum dx dy) / (sum dx^2) = 5 / 2, through the means (1, 3)
    line = fit_line(np.array([[0.0], [1.0], [2.0]]), np.array([1.0, 2.0, 6.0]))
    assert line == pytest.approx([0.5, 2.5])
    # squared errors .25 + 1 + .25 around a variance of 4 + 1 + 9
    assert r_squared(predict(line, np.array([[0.0], [1.0], [2.0]])), np.array([1.0, 2.0, 6.0])) == pytest.approx(
        1 - 1.5 / 14
    )


def test_a_line_that_knows_nothing_is_worse_than_the_mean() -> None:
    assert r_squared(np.full(4, 9.0), np.array([1.0, 2.0, 3.0, 4.0])) < 0
    assert np.isnan(r_squared(np.ones(3), np.ones(3)))


def test_ranks_with_ties_by_hand() -> None:
    # ranks 1 2.5 2.5 4 and 1 2 3 4: covariance 4.5, variances 4.5 and 5
    assert rank_correlation(np.array([1.0, 5.0, 5.0, 9.0]), np.array([1.0, 2.0, 3.0, 4.0])) == pytest.approx(
        4.5 / np.sqrt(4.5 * 5)
    )
    assert np.isnan(rank_correlation(np.ones(3), np.arange(3.0)))


def test_drawn_r_squared_is_that_of_the_rows_drawn() -> None:
    random = np.random.default_rng(2)
    target, time_s = random.normal(14, 2, 240), np.arange(240) * HOUR_S
    predicted = target + random.normal(size=240)
    draws = BlockResamples.of(time_s, draws=30, seed=5)
    slow = [r_squared(predicted[rows], target[rows]) for rows in map(draws.rows, range(30))]
    np.testing.assert_allclose(r_squared_drawn(predicted, target, draws), slow, rtol=1e-9)


def test_months_are_those_of_utc() -> None:
    assert months_of(np.array([1_769_903_999, 1_769_904_000])).tolist() == ["2026-01", "2026-02"]
