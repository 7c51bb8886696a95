"""The simulated market looks like a market: calendar, determinism, stylised facts, flows, funding."""

import functools

import numpy as np
import pytest

from engine.errors import UnknownSymbolError
from engine.simulation.profiles import PROFILES, profile_of
from engine.simulation.simulated_market import SIMULATED_END_S, SimulatedMarket, simulate
from engine.windows import DAY_S, HOUR_S, iso

STUDIED = [("BTC", 7), ("BTC", 1), ("ETH", 2), ("SOL", 3), ("DOGE", 4)]


@functools.cache
def market_of(symbol: str, seed: int) -> SimulatedMarket:
    return simulate(symbol, seed=seed)


@pytest.fixture(params=STUDIED, ids=lambda case: f"{case[0]}-{case[1]}")
def market(request: pytest.FixtureRequest) -> SimulatedMarket:
    return market_of(*request.param)


def returns(market: SimulatedMarket, bars: int = 1) -> np.ndarray:
    return np.diff(np.log(market.candles.close[bars - 1 :: bars]))


def kurtosis(values: np.ndarray) -> float:
    centred = values - values.mean()
    return float(np.mean(centred**4) / np.mean(centred**2) ** 2)


def autocorrelation(values: np.ndarray, lag: int) -> float:
    return float(np.corrcoef(values[:-lag], values[lag:])[0, 1])


def liquidated_usd_per_hour(market: SimulatedMarket) -> np.ndarray:
    span = {"start_s": market.start_s, "end_s": market.end_s}
    return market.liquidations.usd_per_hour(1, **span) + market.liquidations.usd_per_hour(-1, **span)


def test_the_calendar_is_fixed_and_holds_at_least_45_days_of_five_minute_bars_without_a_gap() -> None:
    market = market_of("BTC", 7)
    assert iso(market.end_s) == "2026-01-31T00:00:00Z"
    assert market.end_s == SIMULATED_END_S
    assert market.end_s - market.start_s >= 45 * DAY_S
    assert np.all(np.diff(market.candles.time_s) == 300)
    assert np.all(market.candles.duration_s == 300)


def test_the_same_seed_gives_the_same_market_bit_for_bit() -> None:
    first, again = market_of("ETH", 2), simulate("ETH", seed=2)
    for name in ("open", "high", "low", "close", "volume", "taker_buy_share"):
        np.testing.assert_array_equal(getattr(first.candles, name), getattr(again.candles, name))
    np.testing.assert_array_equal(first.open_interest, again.open_interest)
    np.testing.assert_array_equal(first.funding.rate, again.funding.rate)
    np.testing.assert_array_equal(first.liquidations.position, again.liquidations.position)
    for name in ("entry_price", "leverage", "quantity", "liquidation_price", "close_s"):
        np.testing.assert_array_equal(getattr(first.positions, name), getattr(again.positions, name))


def test_another_seed_or_symbol_gives_another_market() -> None:
    base, seed, symbol = returns(market_of("BTC", 7)), returns(market_of("BTC", 1)), returns(market_of("SOL", 3))
    assert abs(np.corrcoef(base, seed)[0, 1]) < 0.1
    assert abs(np.corrcoef(base, symbol)[0, 1]) < 0.1


def test_each_bar_opens_where_the_last_one_closed() -> None:
    candles = market_of("BTC", 7).candles
    np.testing.assert_array_equal(candles.open[1:], candles.close[:-1])


def test_arrays_are_read_only(market: SimulatedMarket) -> None:
    for array in (market.open_interest, market.candles.close, market.positions.entry_price, market.thinness):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0


def test_returns_have_fat_tails_over_five_minutes_and_over_an_hour(market: SimulatedMarket) -> None:
    assert kurtosis(returns(market)) > 5
    assert kurtosis(returns(market, bars=12)) > 5


def test_volatility_clusters(market: SimulatedMarket) -> None:
    assert autocorrelation(np.abs(returns(market)), 12) > 0.1


def test_the_direction_of_returns_can_hardly_be_told_from_the_last_one(market: SimulatedMarket) -> None:
    assert abs(autocorrelation(returns(market), 1)) < 0.1


def test_volatility_is_near_the_profile(market: SimulatedMarket) -> None:
    annual = returns(market).std() * np.sqrt(365 * 288)
    assert 0.65 < annual / market.profile.annual_volatility < 1.5


def test_liquidations_come_in_clusters(market: SimulatedMarket) -> None:
    hour = (market.liquidations.time_s - market.start_s) // HOUR_S
    counts = np.bincount(hour, minlength=(market.end_s - market.start_s) // HOUR_S)
    assert counts.var() / counts.mean() > 10  # independent events: 1
    assert autocorrelation(np.log(liquidated_usd_per_hour(market) + 1e4), 1) > 0.2


def test_liquidations_follow_large_moves(market: SimulatedMarket) -> None:
    close = np.append(market.candles.open[0], market.candles.close[11::12])
    moves = np.abs(np.diff(np.log(close)))
    wild = moves >= np.quantile(moves, 0.95)
    usd = liquidated_usd_per_hour(market)
    assert usd[wild].sum() > 0.3 * usd.sum()  # 5 % of the hours


def test_longs_are_liquidated_when_price_falls_and_shorts_when_it_rises(market: SimulatedMarket) -> None:
    bar = (market.liquidations.time_s - market.start_s) // 300
    move = np.log(market.candles.close / market.candles.open)[bar]
    assert move[market.liquidations.side == 1].mean() < 0 < move[market.liquidations.side == -1].mean()


def test_open_interest_and_turnover_have_the_scale_of_the_profile(market: SimulatedMarket) -> None:
    open_interest = np.median(market.open_interest)
    assert 0.75 < open_interest / market.profile.open_interest < 1.25
    assert 1.2 < np.median(market.candles.volume.reshape(-1, 288).sum(axis=1)) / open_interest < 4
    liquidated_a_day = liquidated_usd_per_hour(market).sum() / 60
    assert 0.001 < liquidated_a_day / (open_interest * market.candles.close.mean()) < 0.05


def test_volume_comes_with_movement(market: SimulatedMarket) -> None:
    spread = np.log(market.candles.high / market.candles.low)
    assert np.corrcoef(market.candles.volume, spread)[0, 1] > 0.5


def test_takers_buy_when_price_rises(market: SimulatedMarket) -> None:
    share = market.candles.taker_buy_share
    assert share.min() >= 0
    assert share.max() <= 1
    assert np.corrcoef(share[1:], returns(market))[0, 1] > 0.1


def test_funding_is_settled_every_eight_hours_and_mostly_small(market: SimulatedMarket) -> None:
    assert np.all(np.diff(market.funding.time_s) == 8 * HOUR_S)
    assert np.all(market.funding.time_s % (8 * HOUR_S) == 0)
    assert market.funding.time_s[-1] == market.end_s
    assert np.mean((market.funding.rate >= 0) & (market.funding.rate <= 0.0001 + 1e-12)) > 0.5
    assert np.abs(market.funding.rate).max() <= 0.003


def test_funding_rises_when_longs_are_the_crowd(market: SimulatedMarket) -> None:
    crowd = -market.conservation.maker_inventory[:-1].sum(axis=1) / market.conservation.open_interest[:-1]
    lean = crowd.reshape(-1, 96).mean(axis=1)  # the bars before each settlement but the first
    ranks = [np.argsort(np.argsort(values)) for values in (lean, market.funding.rate[1:])]
    assert np.corrcoef(*ranks)[0, 1] > 0.3


def test_the_weekend_is_quieter(market: SimulatedMarket) -> None:
    weekday = (market.candles.time_s // DAY_S + 3) % 7
    moves = np.abs(np.log(market.candles.close / market.candles.open))
    assert np.median(moves[weekday >= 5]) < np.median(moves[weekday < 5])


def test_an_unknown_symbol_is_answered_with_the_nearest_ones() -> None:
    with pytest.raises(UnknownSymbolError) as caught:
        simulate("BTCC", seed=1)
    assert caught.value.suggestions[0] == "BTC"


def test_every_profile_can_be_bought_in_small_lots() -> None:
    for symbol, profile in PROFILES.items():
        assert profile_of(symbol) is profile
        assert profile.lot * profile.start_price < 200
        assert profile.tick < 0.001 * profile.start_price
