"""Whether the chance of touch is right: hand-worked, with forecasts that know or were shuffled, and recorded."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from engine.errors import DataUnavailableError
from engine.market import Market
from engine.seasonality import PRIOR_WEEKS, hour_of_week, pace_after, weekly_profile
from engine.skill.touch_calibration import TouchForecasts, _calibrated, _touched, calibrate, forecast_touches
from engine.sources.recorded import RecordedSource
from engine.volatility import hourly_bars, read_volatility
from engine.windows import DAY_S, HOUR_S, parse_instant
from tests.engine.skill.made_hours import START_S, candles_of

LATE_S = START_S + 20 * DAY_S


def judged(chance: np.ndarray, touched: np.ndarray, driftless: float = 0.5):
    size = len(chance)
    every = TouchForecasts(
        time_s=np.arange(size) * HOUR_S,
        chance=np.tile(chance, (3, 1)),
        driftless=np.full((3, size), driftless),
        touched=np.tile(touched, (3, 1)),
    )
    return _calibrated(every, 0, 12, seed=0, draws=200)


def test_gaps_and_errors_by_hand() -> None:
    chance = np.repeat([0.1, 0.9], 50)
    touched = np.concatenate([np.repeat([1.0, 0.0], [10, 40]), np.repeat([1.0, 0.0], [45, 5])])
    found = judged(chance, touched)
    assert [(round(each.chance, 6), round(each.touched, 6)) for each in found.deciles] == [(0.1, 0.2), (0.9, 0.9)]
    assert found.error == pytest.approx(0.05)
    # of 50: 10 miss by .9 and 40 by .1; 45 miss by .1 and 5 by .9
    assert found.brier == pytest.approx((15 * 0.81 + 85 * 0.01) / 100)
    assert found.gain.estimate == pytest.approx(0.25 - found.brier)


def test_a_forecast_that_knows_gains_and_one_that_was_shuffled_does_not() -> None:
    random = np.random.default_rng(0)
    chance = random.random(5_000)
    touched = (random.random(5_000) < chance).astype(float)
    honest = judged(chance, touched)
    assert honest.error < 0.03
    assert honest.gain.low > 0.05
    shuffled = judged(random.permutation(chance), touched)
    assert shuffled.gain.high < 0


def test_a_level_is_touched_only_after_the_moment_and_within_the_horizon() -> None:
    candles = candles_of(hours=200)
    moment_s = START_S + 40 * HOUR_S
    after = (candles.time_s >= moment_s) & (candles.end_s <= moment_s + 12 * HOUR_S)
    top = candles.high[after].max()
    levels, above = np.array([top, top * 1.0001]), np.array([True, True])
    assert _touched(candles, moment_s, levels, above)[0].tolist() == [1.0, 0.0]
    assert np.isnan(_touched(candles, START_S + 190 * HOUR_S, levels, above)).all()


def test_what_comes_later_changes_no_forecast() -> None:
    candles = candles_of(hours=30 * 24)
    moment_s = LATE_S + 2 * DAY_S
    after = candles.time_s >= moment_s
    moved = {name: getattr(candles, name).copy() for name in ("open", "high", "low", "close")}
    for values in moved.values():
        values[after] *= 1.3
    other = dataclasses.replace(candles, **moved)
    first, second = (forecast_touches(each, LATE_S) for each in (candles, other))
    before = first.time_s <= moment_s
    np.testing.assert_array_equal(first.chance[:, before], second.chance[:, before])
    assert not np.array_equal(first.touched[:, before], second.touched[:, before])


def test_nothing_to_judge_is_refused() -> None:
    market = RecordedLike.market()
    with pytest.raises(DataUnavailableError, match="--from"):
        calibrate([market], from_s=int(market.lead.candles.end_s[-1]) - HOUR_S)


class RecordedLike:
    @staticmethod
    def market() -> Market:
        from tests.engine.markets import random_market

        return random_market(3)


# --- the week --------------------------------------------------------------------------------------------------------


def test_hours_of_the_week_begin_on_monday() -> None:
    moments = [parse_instant(text) for text in ("2026-03-09T00:00:00Z", "2026-03-14T23:59:59Z", "2026-03-15T23:00:00Z")]
    assert hour_of_week(np.array(moments)).tolist() == [0, 143, 167]


def test_a_livelier_hour_is_found_and_little_history_says_little() -> None:
    found = []
    for days in (4, 60):
        candles = candles_of(hours=days * 24)
        loud = (candles.time_s // HOUR_S) % 24 == 14
        returns = np.diff(np.log(candles.close), prepend=np.log(candles.open[0])) * np.where(loud, 3, 1)
        close = candles.open[0] * np.exp(np.cumsum(returns))
        opened = np.concatenate([candles.open[:1], close[:-1]])
        high, low = np.maximum(opened, close), np.minimum(opened, close)
        louder = dataclasses.replace(candles, open=opened, close=close, high=high, low=low)
        as_of_s = int(candles.end_s[-1])
        hourly = hourly_bars(louder, as_of_s)
        found.append(weekly_profile(hourly, read_volatility(louder, hourly, as_of_s).hourly_sigma))
    short, long = found
    for profile in found:
        assert profile.mean() == pytest.approx(1)
        assert profile[:24].argmax() == 14
    assert 1 < short[14] < long[14]
    assert PRIOR_WEEKS > 0


def test_the_pace_is_that_of_the_hours_that_follow() -> None:
    profile = np.ones(168)
    profile[10] = 5.0
    starts = START_S + HOUR_S * np.array([10, 11, 9])  # a Monday
    assert pace_after(profile, starts, 1) == pytest.approx([np.sqrt(5), 1, 1])
    assert pace_after(profile, starts, 2) == pytest.approx([np.sqrt(3), 1, np.sqrt(3)])
    assert pace_after(profile, np.array([START_S]), 168) == pytest.approx(np.sqrt(172 / 168))


# --- recorded --------------------------------------------------------------------------------------------------------


def test_the_recorded_chance_is_calibrated(shared_data: Path) -> None:
    source = RecordedSource(shared_data)
    markets = [source.market(symbol) for symbol in ("BTC", "ETH", "SOL")]
    found = calibrate(markets, from_s=parse_instant("2025-12-20"), draws=300)
    assert [horizon.hours for horizon in found.horizons] == [12, 24, 72]
    assert all(horizon.block_s >= horizon.hours * HOUR_S for horizon in found.horizons)
    for horizon in found.horizons[:2]:
        assert horizon.error <= 0.03
        assert horizon.gain.low > 0
        for decile in horizon.deciles:
            assert abs(decile.gap.estimate) <= 0.03 or decile.gap.holds(0)
