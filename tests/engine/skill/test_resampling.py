"""Intervals from whole blocks: hand-worked, against the slow way, and with their promise of coverage."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.skill.resampling import BlockResamples, Interval
from engine.windows import DAY_S, HOUR_S


def test_a_draw_holds_whole_days_only() -> None:
    time_s = np.arange(72) * HOUR_S
    resamples = BlockResamples.of(time_s, draws=20, seed=1)
    for draw in range(20):
        rows = resamples.rows(draw)
        assert len(rows) == 72
        per_day = np.bincount(rows // 24, minlength=3)
        assert np.all(per_day % 24 == 0)


def test_blocks_begin_with_the_utc_day() -> None:
    resamples = BlockResamples.of(np.array([DAY_S - 1, DAY_S, 2 * DAY_S - 1]), draws=1)
    assert resamples.block.tolist() == [0, 1, 1]


@given(st.integers(1, 60), st.integers(0, 5))
def test_sums_are_those_of_the_rows_drawn(hours: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(hours, 2))
    resamples = BlockResamples.of(np.arange(hours) * HOUR_S, draws=5, seed=seed)
    slow = [values[resamples.rows(draw)].sum(axis=0) for draw in range(5)]
    np.testing.assert_allclose(resamples.sums(values), slow, atol=1e-9)
    np.testing.assert_allclose(resamples.sums(values[:, 0]), np.array(slow)[:, 0], atol=1e-9)


def test_the_same_seed_draws_the_same() -> None:
    time_s = np.arange(240) * HOUR_S
    first, again, other = (BlockResamples.of(time_s, draws=50, seed=seed).counts for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    covered = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        days = np.repeat(random.normal(size=60), 24)  # hours of a day are all alike: single hours would cover a third
        resamples = BlockResamples.of(np.arange(len(days)) * HOUR_S, draws=300, seed=seed)
        interval = Interval.of(float(days.mean()), resamples.sums(days) / len(days))
        covered += interval.holds(0.0)
    assert 0.88 <= covered / 200 <= 0.99


def test_an_interval_of_nothing_holds_everything() -> None:
    interval = Interval.of(0.4, np.array([np.nan]))
    assert np.isnan(interval.low)
    assert interval.holds(5.0)


@pytest.mark.parametrize(("value", "inside"), [(0.9, False), (1.0, True), (3.0, True), (3.1, False)])
def test_an_interval_holds_its_ends(value: float, inside: bool) -> None:
    assert Interval(2.0, 1.0, 3.0).holds(value) is inside
