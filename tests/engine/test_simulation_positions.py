"""Every contract has an owner: liquidations come from stored positions, sides match, the true map is their sum."""

import copy
import functools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.grid import LogGrid
from engine.margin import LONG, SHORT, liquidation_price
from engine.simulation import simulated_market
from engine.simulation.kernel import run
from engine.simulation.ledger import ENDINGS
from engine.simulation.profiles import ROUND_LEVERAGES, TRADER_KINDS, profile_of
from engine.simulation.rules import MarketRules
from engine.simulation.simulated_market import SimulatedMarket, simulate
from engine.simulation.state import LIQUIDATED, PLANNED, STANDING, STOPPED, World
from engine.simulation.steps import STEPS_PER_BAR
from engine.simulation.weather import Weather, draw_weather
from engine.windows import DAY_S, HOUR_S

BAR_S = 300


@functools.cache
def market_of(symbol: str) -> SimulatedMarket:
    return simulate(symbol, seed=11)


@pytest.fixture(params=["BTC", "SOL"])
def market(request: pytest.FixtureRequest) -> SimulatedMarket:
    return market_of(request.param)


def sample(ids: np.ndarray, size: int) -> np.ndarray:
    return np.random.default_rng(0).choice(ids, min(size, len(ids)), replace=False)


def expected_price(market: SimulatedMarket, index: int, leverage: float) -> float:
    row = market.positions.rows[index]
    return liquidation_price(
        market.margin,
        side=int(row["side"]),
        entry=float(row["entry_price"]),
        leverage=leverage,
        quantity=int(row["lots"]) * market.profile.lot,
    )


def test_every_liquidation_closes_one_stored_position_of_the_same_side_and_size(market: SimulatedMarket) -> None:
    events, ledger = market.liquidations, market.positions
    assert len(events.position) > 1_000
    assert len(np.unique(events.position)) == len(events.position)
    assert np.all(ledger.ending[events.position] == LIQUIDATED)
    np.testing.assert_array_equal(ledger.side[events.position], events.side)
    np.testing.assert_array_equal(ledger.quantity[events.position], events.quantity)
    np.testing.assert_array_equal(ledger.close_s[events.position], events.time_s)
    assert np.all(ledger.entry_s[events.position] <= events.time_s)


def test_every_liquidated_position_of_the_span_is_among_the_liquidations(market: SimulatedMarket) -> None:
    ledger = market.positions
    forced = np.flatnonzero((ledger.ending == LIQUIDATED) & (ledger.close_s >= market.start_s))
    np.testing.assert_array_equal(np.sort(market.liquidations.position), forced)


def test_a_liquidation_happens_at_or_beyond_its_price_inside_the_bar(market: SimulatedMarket) -> None:
    events = market.liquidations
    limit = market.positions.liquidation_price_at(market.end_s)[events.position]
    assert np.all((limit - events.price) * events.side >= 0)
    bar = (events.time_s - market.start_s) // BAR_S
    assert np.all((events.price >= market.candles.low[bar]) & (events.price <= market.candles.high[bar]))


def test_no_position_outlives_its_liquidation_price(market: SimulatedMarket) -> None:
    """The slow check: between the bars of entry and exit, price never reached the position's liquidation price."""
    ledger, candles = market.positions, market.candles
    entry_s, side, limit = ledger.entry_s, ledger.side, ledger.liquidation_price
    exit_s = np.where(np.isnan(ledger.close_s), market.end_s, ledger.close_s)
    excluded = set(ledger.top_ups.position.tolist())
    checked = 0
    for index in sample(np.flatnonzero((entry_s >= market.start_s) & (ledger.ending != STOPPED)), 4_000):
        first = (entry_s[index] - market.start_s) // BAR_S + 1
        last = int(exit_s[index] - market.start_s) // BAR_S
        if index in excluded or first >= last:
            continue
        if side[index] == LONG:
            assert candles.low[first:last].min() > limit[index]
        else:
            assert candles.high[first:last].max() < limit[index]
        checked += 1
    assert checked > 1_000


def test_liquidation_prices_are_those_of_the_margin_rules(market: SimulatedMarket) -> None:
    ledger = market.positions
    for index in sample(np.arange(len(ledger)), 600):
        expected = expected_price(market, index, float(ledger.leverage[index]))
        assert ledger.liquidation_price[index] == pytest.approx(expected, rel=1e-12)


def test_a_margin_top_up_lowers_the_leverage_and_moves_the_liquidation_away(market: SimulatedMarket) -> None:
    ledger, added = market.positions, market.positions.top_ups
    assert len(added.position) > 500
    assert np.all(np.diff(added.time_s) >= 0)
    assert len(np.unique(added.position)) == len(added.position)
    assert np.all(added.leverage < ledger.leverage[added.position])
    before = ledger.liquidation_price[added.position]
    assert np.all((before - added.liquidation_price) * ledger.side[added.position] > 0)
    for row in sample(np.arange(len(added.position)), 200):
        expected = expected_price(market, added.position[row], float(added.leverage[row]))
        assert added.liquidation_price[row] == pytest.approx(expected, rel=1e-12)


def test_no_position_breaks_its_bracket(market: SimulatedMarket) -> None:
    ledger = market.positions
    notional = ledger.quantity * ledger.entry_price
    for index in sample(np.arange(len(ledger)), 600):
        bracket = market.margin.bracket_holding(notional[index])
        assert ledger.leverage[index] <= bracket.max_leverage


def test_longs_and_shorts_match_after_every_single_trade(market: SimulatedMarket) -> None:
    assert np.all(market.conservation.unmatched == 0)


def test_contracts_opened_less_contracts_closed_is_the_change_of_open_interest(market: SimulatedMarket) -> None:
    book = market.conservation
    np.testing.assert_array_equal(np.diff(book.open_interest), book.opened - book.closed)
    assert np.all(book.opened + book.closed <= book.traded)


def test_open_interest_is_all_longs_and_all_shorts_of_traders_and_makers(market: SimulatedMarket) -> None:
    """Counted from the ledger, independently of the simulation's own counters."""
    ledger, book = market.positions, market.conservation
    lots = np.round(ledger.quantity / ledger.lot).astype(np.int64)
    for bar in (0, 1, 4_321, 9_999, len(market.candles)):
        standing = ledger.standing_at(market.start_s + bar * BAR_S)
        inventory = book.maker_inventory[bar]
        longs = lots[standing][ledger.side[standing] == LONG].sum() + inventory[inventory > 0].sum()
        shorts = lots[standing][ledger.side[standing] == SHORT].sum() - inventory[inventory < 0].sum()
        assert longs == shorts == book.open_interest[bar]


def test_published_open_interest_is_the_snapshot_at_the_open(market: SimulatedMarket) -> None:
    in_lots = np.round(market.open_interest / market.profile.lot)
    np.testing.assert_array_equal(in_lots, market.conservation.open_interest[:-1])


def test_makers_hold_a_realistic_share_of_each_side(market: SimulatedMarket) -> None:
    held = market.conservation.maker_inventory
    for side in (1, -1):
        share = np.maximum(side * held, 0).sum(axis=1) / market.conservation.open_interest
        assert 0.2 < np.median(share) < 0.4


def test_tens_of_thousands_of_positions_end_in_every_possible_way(market: SimulatedMarket) -> None:
    ledger = market.positions
    assert len(ledger.standing_at(market.end_s)) > 10_000
    assert set(ENDINGS) == set(np.unique(ledger.ending).tolist())
    counts = np.bincount(ledger.ending)
    assert counts[PLANNED] > counts[STOPPED] > counts[LIQUIDATED] > 0
    assert np.array_equal(np.isnan(ledger.close_s), ledger.ending == STANDING)


def test_leverage_is_skewed_continuous_and_clumps_at_round_numbers(market: SimulatedMarket) -> None:
    leverage = market.positions.leverage
    presets = np.isin(leverage, ROUND_LEVERAGES)
    assert 0.6 < presets.mean() < 0.85
    assert len(np.unique(leverage[~presets])) > 10_000
    assert leverage.mean() > np.median(leverage)
    assert leverage.max() <= market.margin.max_leverage


def test_sizes_have_a_heavy_tail(market: SimulatedMarket) -> None:
    size = np.sort(market.positions.quantity)[::-1]
    assert size[: len(size) // 100].sum() > 0.08 * size.sum()
    assert size.mean() > 2 * np.median(size)


def test_kinds_of_traders_stay_from_minutes_to_weeks(market: SimulatedMarket) -> None:
    ledger = market.positions
    ended = ledger.ending == PLANNED
    held = {
        kind.name: np.median((ledger.close_s - ledger.entry_s)[ended & (ledger.kind == row)])
        for row, kind in enumerate(TRADER_KINDS)
    }
    assert held["scalper"] < HOUR_S < held["mean reverter"] < DAY_S < 4 * DAY_S < held["patient holder"]
    assert ledger.kind_name(0) in held


def test_trend_followers_chase_and_mean_reverters_lean_against_the_last_hour(market: SimulatedMarket) -> None:
    ledger, close = market.positions, market.candles.close
    bar = (ledger.entry_s - market.start_s) // BAR_S
    late = bar >= 12
    last_hour = np.zeros(len(ledger))
    last_hour[late] = np.log(market.candles.open[bar[late]] / close[bar[late] - 12])
    leans = {
        kind.name: np.corrcoef(ledger.side[late & (ledger.kind == row)], last_hour[late & (ledger.kind == row)])[0, 1]
        for row, kind in enumerate(TRADER_KINDS)
    }
    assert leans["trend follower"] > 0.1
    assert leans["mean reverter"] < -0.1


def test_the_true_map_has_longs_below_and_shorts_above_the_price(market: SimulatedMarket) -> None:
    price = float(market.candles.close[-1])
    grid = LogGrid.covering(0.5 * price, 2.0 * price)
    true_map = market.true_map(grid)
    here = grid.index(price)
    assert true_map.long_usd[:here].sum() > 0.01 * market.open_interest[-1] * price
    assert true_map.short_usd[here + 1 :].sum() > 0.01 * market.open_interest[-1] * price
    assert true_map.long_usd[here + 1 :].sum() == 0
    assert true_map.short_usd[:here].sum() == 0


@settings(deadline=None, max_examples=5)
@given(bar=st.integers(0, 17_280), half_width=st.floats(0.02, 0.6))
def test_the_true_map_is_the_sum_of_standing_positions(bar: int, half_width: float) -> None:
    market = market_of("BTC")
    ledger, as_of_s = market.positions, market.start_s + bar * BAR_S
    price = float(market.candles.open[min(bar, len(market.candles) - 1)])
    grid = LogGrid.covering(price * (1 - half_width), price * (1 + half_width))
    true_map = market.true_map(grid, as_of_s)
    expected = {LONG: np.zeros(grid.size), SHORT: np.zeros(grid.size)}
    prices = ledger.liquidation_price.copy()
    for time_s, index, moved in zip(
        ledger.top_ups.time_s, ledger.top_ups.position, ledger.top_ups.liquidation_price, strict=True
    ):
        if time_s < as_of_s:
            prices[index] = moved
    side, quantity, centers = ledger.side, ledger.quantity, grid.centers
    for index in np.flatnonzero((ledger.entry_s < as_of_s) & ~(ledger.close_s < as_of_s)):
        if grid.low < prices[index] < grid.high:
            at = math.floor(grid.position(prices[index]))
            expected[int(side[index])][at] += quantity[index] * centers[at]
    np.testing.assert_allclose(true_map.long_usd, expected[LONG], rtol=1e-9)
    np.testing.assert_allclose(true_map.short_usd, expected[SHORT], rtol=1e-9)


def small_world(weather: Weather, rules: MarketRules) -> World:
    margin = simulated_market.terms_for("simulated", "BTCUSDT")
    return simulated_market._empty_world(profile_of("BTC"), weather, margin, rules)


def some_weather(bars: int) -> Weather:
    time_s = np.arange(bars) * BAR_S
    return draw_weather(np.random.default_rng(5), time_s=time_s, bar_s=BAR_S, annual_volatility=0.45)


def test_what_comes_later_changes_nothing_earlier() -> None:
    bars, cut = 2_000, 1_300
    weather = some_weather(bars)
    news = weather.news.copy()
    news[cut:] = 0.01
    storm = weather.volatility.copy()
    storm[cut:] *= 2
    full, scrambled = (
        small_world(changed, MarketRules()) for changed in (weather, Weather(volatility=storm, news=news))
    )
    for world in (full, scrambled):
        run(world, np.random.default_rng(6), 0, bars)
    np.testing.assert_array_equal(full.bars[:cut], scrambled.bars[:cut])
    np.testing.assert_array_equal(full.inventories[:cut], scrambled.inventories[:cut])
    assert full.bars["close"][cut] != scrambled.bars["close"][cut]


def hour_after_news(news: float, seed: int, forced_impacts: tuple[float, ...]) -> list[tuple[float, int]]:
    """Return how far price went in the hour after news, and the lots liquidated in it, for each forced impact.

    All share the same ten days without news before.
    """
    event, stop = 10 * 288, 10 * 288 + 12
    only_news = np.zeros(stop)
    only_news[event] = news
    history = small_world(Weather(volatility=some_weather(stop).volatility, news=only_news), MarketRules())
    rng = np.random.default_rng(seed)
    run(history, rng, 0, event)
    outcomes = []
    for forced_impact in forced_impacts:
        world = copy.deepcopy(history)
        world.desk["rules"]["forced_impact"] = forced_impact
        run(world, copy.deepcopy(rng), event, stop)
        after = world.bars[event:]
        extreme = after["low"].min() if news < 0 else after["high"].max()
        rows = world.ledger.positions[: world.desk[0]["count"]]
        forced = (rows["close_step"] >= event * STEPS_PER_BAR) & (rows["ending"] == LIQUIDATED)
        outcomes.append((abs(math.log(extreme / after["open"][0])), int(rows["lots"][forced].sum())))
    return outcomes


@pytest.mark.parametrize("news", [-0.04, 0.04])
def test_forced_orders_push_the_price_further_and_force_more(news: float) -> None:
    """At three times the usual weight, because eight histories cannot tell the usual one from the noise of an hour."""
    forced_impacts = (0.0, 3 * MarketRules().forced_impact)
    outcomes = np.array([hour_after_news(news, seed, forced_impacts) for seed in range(8)])
    moves, liquidated = outcomes.mean(axis=0).T
    assert moves[1] > 1.05 * moves[0]
    assert 0 < liquidated[0] < liquidated[1]


def test_a_market_that_outgrows_its_ledger_says_so() -> None:
    world = small_world(some_weather(288), MarketRules())
    cramped = world._replace(ledger=world.ledger._replace(positions=world.ledger.positions[:100].copy()))
    run(cramped, np.random.default_rng(6), 0, 288)
    assert cramped.desk[0]["full"] == 1
    assert cramped.desk[0]["count"] == 100
