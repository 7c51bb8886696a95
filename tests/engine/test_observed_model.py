"""M6: real positions as a map. Exact ones in their own bin, cross ones spread, nothing invented where nobody looked."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.atlas import build_map
from engine.errors import ModelUnavailableError, NoSweptHistoryError
from engine.grid import BIN_RATIO, LogGrid
from engine.market import Market
from engine.models.observed import CROSS_SIGMA_BINS, MAX_AGE_S, MIN_COVERAGE, Way, spread, stand
from engine.results import MapKey
from engine.swept import swept
from engine.windows import window_named
from tests.engine.made_positions import OPEN_INTEREST, Position, flat_market, half_covered, sweep_of, with_sweeps
from tests.engine.markets import BAR_S, START_S

M6_24H = MapKey("M6", window_named("24h"))
ONE_CLASS = np.array([np.inf])


def observed(market: Market, *, columns: bool = False):
    return build_map(market, M6_24H, columns=columns)


def base(map_, side):
    return map_.side_usd(side) / map_.grid.centers


# one sweep, by hand


@pytest.fixture(scope="module")
def three():
    """An isolated long, a cross short, and a long that no price alone would liquidate."""
    market = flat_market()
    sweep = sweep_of(
        Position(+1, 10.0, 90.5, leverage=10.0),
        Position(-1, 4.0, 108.0, leverage=4.0, isolated=False),
        Position(+1, 6.0, None, leverage=2.0, isolated=False),
        time_s=market.as_of_s - 600,
    )
    return observed(with_sweeps(market, sweep))


def test_an_isolated_position_stands_in_its_own_bin_at_the_bins_price(three):
    at = three.grid.index(90.5)
    assert np.flatnonzero(three.long_usd).tolist() == [at]
    assert three.long_usd[at] == pytest.approx(10.0 * three.grid.centers[at])
    assert three.observed.exact_long_usd[at] == three.long_usd[at]
    assert three.observed.exact_between("below", three.grid, 90.0, 91.0) == three.long_usd[at]


def test_a_cross_position_is_spread_around_its_price_and_loses_nothing(three):
    mass, at = base(three, "above"), three.grid.index(108.0)
    assert mass.sum() == pytest.approx(4.0)
    assert int(np.argmax(mass)) == at
    away = np.arange(three.grid.size) - at
    assert math.sqrt(float(np.average(away**2, weights=mass))) == pytest.approx(CROSS_SIGMA_BINS, rel=0.01)
    assert not three.observed.exact_short_usd.any()


def test_a_position_without_a_price_counts_for_coverage_and_holds_no_mass(three):
    coverage = three.observed.coverage
    assert (coverage.long_share, coverage.short_share) == (16 / OPEN_INTEREST, 4 / OPEN_INTEREST)
    np.testing.assert_array_equal(three.covered_share, [0.8, 0.2])
    assert (coverage.long_usd, coverage.short_usd) == (1_600.0, 400.0)
    assert (coverage.positions, coverage.without_price, coverage.passed, coverage.outside) == (3, 1, 0, 0)
    assert (coverage.venue, coverage.wallets, coverage.age_s) == ("hyperliquid", 1_234, 600)
    assert coverage.swept_s - coverage.started_s == 240
    exact, soft = three.long_usd.sum(), three.short_usd.sum()
    assert coverage.exact_share == pytest.approx(exact / (exact + soft))


def test_leverage_is_told_in_classes_and_the_time_of_entry_is_unknown(three):
    held = dict(zip(three.leverages.tolist(), three.long_by_tier_usd.sum(axis=1), strict=True))
    assert held[10.0] == pytest.approx(three.long_usd.sum())
    shorts = dict(zip(three.leverages.tolist(), three.short_by_tier_usd.sum(axis=1), strict=True))
    assert shorts[5.0] == pytest.approx(three.short_usd.sum())  # 4x is in the class up to 5x
    assert three.shown_mix.sum() == pytest.approx(1)
    assert np.isnan(three.long_entry_s).all()
    assert np.isnan(three.short_entry_s).all()


def test_a_leverage_above_every_class_makes_one_of_its_own():
    market = half_covered(
        flat_market(), Position(+1, 1.0, 99.0, leverage=75.0), Position(-1, 1.0, 103.0, leverage=50.0)
    )
    map_ = observed(market)
    assert map_.leverages[-2:].tolist() == [50.0, 75.0]
    assert map_.long_by_tier_usd[-1].sum() > 0
    assert map_.short_by_tier_usd[-2].sum() > 0


def test_what_lies_beyond_the_map_is_counted_and_not_drawn():
    map_ = observed(half_covered(flat_market(), Position(+1, 1.0, 0.5), Position(-1, 1.0, 900.0)))
    assert map_.observed.coverage.outside == 2
    assert map_.long_usd.sum() == map_.short_usd.sum() == 0
    assert math.isnan(map_.observed.coverage.exact_share)


def test_scaling_all_prices_scales_the_levels():
    bins, factor = 700, BIN_RATIO**700
    positions = (Position(+1, 3.0, 95.0), Position(-1, 2.0, 103.0, isolated=False))
    scaled = [Position(each.side, each.size, each.price * factor, isolated=each.isolated) for each in positions]
    here = observed(half_covered(flat_market(), *positions))
    there = observed(half_covered(flat_market(np.full(60, 100.0 * factor)), *scaled))
    assert there.grid.first - here.grid.first == bins
    for side in ("above", "below"):
        np.testing.assert_allclose(there.side_usd(side), here.side_usd(side) * factor, rtol=1e-9)


# mass


@st.composite
def positions(draw):
    side = draw(st.sampled_from((1, -1)))
    price = draw(st.one_of(st.none(), st.floats(20.0, 400.0)))
    size = draw(st.floats(0.01, 1e6))
    return Position(side, size, price, leverage=draw(st.floats(1.0, 100.0)), isolated=draw(st.booleans()))


@given(st.lists(positions(), max_size=12), st.floats(95.0, 100.0), st.floats(100.0, 105.0))
def test_no_mass_is_made_or_lost_and_none_crosses_the_price(made, low, high):
    grid, way = LogGrid.covering(70.0, 140.0), Way(low, high, 100.0)
    standing = stand(sweep_of(*made, time_s=0), way, grid, np.array([10.0, 100.0]))
    waiting = [
        each
        for each in made
        if each.price is not None
        and (each.price < low if each.side > 0 else each.price > high)
        and grid.low <= each.price < grid.high
    ]
    for row, side in enumerate((1, -1)):
        for layer, isolated in ((standing.exact, True), (standing.soft, False)):
            expected = sum(each.size for each in waiting if (each.side, each.isolated) == (side, isolated))
            assert layer[row].sum() == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert standing.exact.min() >= 0
    assert standing.soft.min() >= 0
    at = grid.index(100.0)
    assert (standing.exact + standing.soft)[0, :, at + 1 :].sum() == 0
    assert (standing.exact + standing.soft)[1, :, :at].sum() == 0
    left = standing.without_price + standing.passed + standing.outside
    assert len(waiting) == len(made) - left


def reflected(mass, sigma):
    """Each bin's mass walked out step by step, turning round at the ends."""
    reach, result = math.ceil(4 * sigma), np.zeros(len(mass))
    weights = [math.exp(-0.5 * (step / sigma) ** 2) for step in range(-reach, reach + 1)]
    for bin_, held in enumerate(mass):
        for step, weight in zip(range(-reach, reach + 1), weights, strict=True):
            at = (bin_ + step) % (2 * len(mass))
            result[min(at, 2 * len(mass) - 1 - at)] += held * weight / sum(weights)
    return result


@pytest.mark.parametrize("size", [1, 3, 17, 80])
def test_the_spread_is_a_gaussian_that_turns_round_at_the_ends(size):
    mass = np.random.default_rng(size).exponential(1.0, size)
    np.testing.assert_allclose(spread(mass, 5.0), reflected(mass, 5.0), rtol=1e-12)


# what price has met since


def test_a_position_whose_price_was_met_since_the_sweep_is_gone_though_price_came_back():
    closes = np.full(60, 100.0)
    closes[-3] = 95.0
    market = flat_market(closes)
    waiting, met = Position(+1, 2.0, 94.0), Position(+1, 3.0, 96.0)
    before = with_sweeps(market, sweep_of(waiting, met, Position(-1, 5.0, 110.0), time_s=market.as_of_s - 4 * BAR_S))
    map_ = observed(before)
    assert base(map_, "below").sum() == pytest.approx(2.0)
    assert map_.observed.coverage.passed == 1
    after = with_sweeps(market, sweep_of(waiting, met, Position(-1, 5.0, 110.0), time_s=market.as_of_s - BAR_S))
    assert base(observed(after), "below").sum() == pytest.approx(5.0)  # seen alive after the dip


@pytest.mark.parametrize(("took_s", "left"), [(300, 5.0), (600, 2.0)])
def test_a_dip_while_wallets_were_asked_takes_what_it_met_for_nobody_knows_who_answered_before_it(took_s, left):
    closes = np.full(60, 100.0)
    closes[-3] = 95.0  # the way back is in the bar that opens 600 s before the end
    market = flat_market(closes)
    positions = (Position(+1, 2.0, 94.0), Position(+1, 3.0, 96.0), Position(-1, 5.0, 110.0))
    map_ = observed(with_sweeps(market, sweep_of(*positions, time_s=market.as_of_s, took_s=took_s)))
    assert base(map_, "below").sum() == pytest.approx(left)


def test_a_position_on_the_wrong_side_of_the_price_is_left_out_and_counted():
    closes = np.full(60, 100.0)
    closes[-1] = 103.0  # the bar in which the sweep ends
    market = flat_market(closes)
    sweep = sweep_of(
        Position(-1, 3.0, 102.0), Position(-1, 3.0, 104.0), Position(+1, 5.0, 90.0), time_s=market.as_of_s - 60
    )
    map_ = observed(with_sweeps(market, sweep))
    assert base(map_, "above").sum() == pytest.approx(3.0)
    assert map_.observed.coverage.passed == 1
    assert map_.observed.coverage.short_share == 6.0 / OPEN_INTEREST


# when it is left out


def covering(longs, shorts):
    market = flat_market()
    return with_sweeps(market, sweep_of(Position(+1, longs, 90.0), Position(-1, shorts, 110.0), time_s=market.as_of_s))


@pytest.mark.parametrize(
    ("enough", "too_few", "words"),
    [
        ((2.0, 12.0), (1.99, 12.0), "9 % of longs and 60 % of shorts"),
        ((12.0, 2.0), (12.0, 1.99), "60 % of longs and 9 % of shorts"),
    ],
)
def test_a_tenth_of_the_lesser_side_is_enough_and_a_hair_less_is_not(enough, too_few, words):
    assert MIN_COVERAGE * OPEN_INTEREST == 2.0
    assert observed(covering(*enough)).observed.coverage.positions == 2
    with pytest.raises(ModelUnavailableError, match=f"at Hyperliquid covers {words}, 10 % of each needed"):
        observed(covering(*too_few))


def test_a_sweep_serves_for_half_an_hour_and_no_longer():
    market = flat_market()
    assert observed(half_covered(market, Position(+1, 1.0, 90.0), age_s=MAX_AGE_S)).long_usd.sum() > 0
    with pytest.raises(ModelUnavailableError, match="ended 40 min before, 30 min is the most"):
        observed(half_covered(market, Position(+1, 1.0, 90.0), age_s=40 * 60))
    with pytest.raises(ModelUnavailableError):
        observed(half_covered(market, Position(+1, 1.0, 90.0), age_s=MAX_AGE_S + 1))


def test_without_open_interest_nobody_can_tell_what_was_covered():
    market = flat_market()
    sweep = sweep_of(Position(+1, 1.0, 90.0), time_s=market.as_of_s, open_interest=0.0)
    with pytest.raises(ModelUnavailableError, match="open interest of Hyperliquid is unknown"):
        observed(with_sweeps(market, sweep))


def test_without_sweeps_the_model_says_what_to_do():
    with pytest.raises(ModelUnavailableError) as caught:
        observed(flat_market())
    assert str(caught.value) == (
        "M6 needs real positions of known wallets, and nobody swept any for TEST. "
        "Record positions at Hyperliquid, which shows them, or ask for another model."
    )
    assert (caught.value.model, caught.value.symbol) == ("M6", "TEST")


def test_it_has_no_history_that_price_could_have_swept():
    with pytest.raises(NoSweptHistoryError, match=r"M6 shows positions of one moment.* Ask for M1, M2, M3, M4 or M5"):
        swept(half_covered(flat_market(), Position(+1, 1.0, 90.0)), "m6")


# over time


@pytest.fixture(scope="module")
def history():
    """Eight hours: swept after 2 h, ten minutes later, and after 6 h; a dip to 95 just after the first sweep."""
    closes = np.full(96, 100.0)
    closes[25] = 95.0
    market = flat_market(closes)
    shorts = Position(-1, 6.0, 108.0, isolated=False)

    def at(hours, *longs):
        return sweep_of(*longs, shorts, time_s=START_S + round(hours * 3600))

    return with_sweeps(
        market,
        at(2, Position(+1, 4.0, 96.0), Position(+1, 3.0, 90.0)),
        at(2 + 1 / 6, Position(+1, 3.0, 90.0)),
        at(6, Position(+1, 5.0, 92.0)),
        sweep_of(Position(+1, 5.0, 93.0), shorts, time_s=market.as_of_s - 60),
    )


def test_a_moment_shows_the_newest_sweep_then_known_and_nothing_where_there_was_none(history):
    columns = observed(history, columns=True).columns
    hours = (columns.time_s - START_S) / 3600
    known = np.isfinite(columns.long_usd).all(axis=1)
    np.testing.assert_array_equal(known, np.isfinite(columns.short_usd).all(axis=1))
    np.testing.assert_array_equal(known, ~np.isnan(columns.long_usd).any(axis=1))
    swept_then = ((hours >= 2) & (hours <= 2 + 1 / 6 + 0.5)) | ((hours >= 6) & (hours <= 6.5)) | (hours == 8)
    np.testing.assert_array_equal(known, swept_then)
    size = {hour: (columns.long_usd[row] / columns.grid.centers).sum() for row, hour in enumerate(hours.round(3))}
    assert size[2.0] == pytest.approx(7.0, rel=1e-5)
    assert size[2.167] == pytest.approx(3.0, rel=1e-5)  # the dip took the long at 96
    assert size[6.25] == pytest.approx(5.0, rel=1e-5)
    assert np.isnan(size[7.0])


def test_columns_are_never_repainted_and_the_last_is_the_map(history):
    full = observed(history, columns=True)
    columns = full.columns
    inside = slice(columns.first_bin - full.grid.first, columns.first_bin - full.grid.first + columns.grid.size)
    np.testing.assert_allclose(columns.long_usd[-1], full.long_usd[inside], rtol=1e-6)
    np.testing.assert_allclose(columns.short_usd[-1], full.short_usd[inside], rtol=1e-6)
    for bars in (24, 25, 26, 75):  # at the sweep, before and after the dip, hours later
        earlier = flat_market(history.lead.candles.close[:bars])
        then = observed(with_sweeps(earlier, *[s for s in history.observed if s.time_s <= earlier.as_of_s]))
        column = int(np.flatnonzero(columns.time_s == earlier.as_of_s)[0])
        for side, stored in (("below", columns.long_usd), ("above", columns.short_usd)):
            here = dict(zip(columns.grid.centers.round(6), stored[column], strict=True))
            for price, usd in zip(then.grid.centers.round(6), then.side_usd(side), strict=True):
                assert here.get(price, usd) == pytest.approx(usd, rel=1e-5)


def test_a_sweep_that_ends_after_the_moment_is_refused():
    market = flat_market()
    with pytest.raises(ValueError, match="not finished"):
        with_sweeps(market, sweep_of(time_s=market.as_of_s + 1))
