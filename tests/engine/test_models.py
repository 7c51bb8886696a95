import math
from itertools import pairwise

import numpy as np
import pytest

from engine.atlas import Atlas, build_map, grid_for
from engine.context import read_context
from engine.errors import ModelUnavailableError, UnknownModelError
from engine.margin import MarginTerms, liquidation_price
from engine.market import Market, VenueMarket
from engine.models import MODELS, WALKED, model_named
from engine.models.base import VenueBars
from engine.models.flow import FLOW, taker_buy_share
from engine.models.high_leverage import HIGH_LEVERAGE
from engine.models.swings import SWINGS
from engine.results import MapKey
from engine.swept import swept
from engine.windows import WINDOWS, Window, window_named
from tests.engine.markets import BAR_S, START_S, TERMS, candles_from, market_from, random_market, venue_from

DAY_S = 86_400


def key(model, window):
    return MapKey(model, window_named(window))


@pytest.fixture(scope="module")
def market():
    return random_market(3)


def test_every_model_says_what_it_assumes_and_is_found_by_its_names():
    assert tuple(MODELS) == ("M1", "M2", "M3", "M4", "M5", "M6")
    assert model_named(" m2 ") is MODELS["M2"] is model_named("Model 2") is model_named("2")
    assert all(spec.assumes and spec.inputs and spec.memory for spec in MODELS.values())
    with pytest.raises(UnknownModelError, match=r"no model “M9”\. (Did you mean|Known)"):
        model_named("M9")


@pytest.mark.parametrize("model", list(WALKED))
@pytest.mark.parametrize("window", ["12h", "3d"])
def test_a_map_covers_a_quarter_around_the_price_and_its_last_column_is_its_profile(market, model, window):
    map_ = build_map(market, key(model, window), columns=True)
    assert map_.grid.low <= 0.75 * map_.price
    assert map_.grid.high >= 1.25 * map_.price
    columns = map_.columns
    inside = slice(columns.first_bin - map_.grid.first, columns.first_bin - map_.grid.first + columns.grid.size)
    np.testing.assert_allclose(columns.long_usd[-1], map_.long_usd[inside], rtol=1e-5, atol=1e-3)
    np.testing.assert_allclose(columns.short_usd[-1], map_.short_usd[inside], rtol=1e-5, atol=1e-3)
    assert columns.time_s[-1] == market.as_of_s
    assert columns.time_s[0] > market.as_of_s - map_.key.window.length_s
    assert (np.diff(columns.time_s) == BAR_S).all()


@pytest.mark.parametrize("model", list(WALKED))
def test_longs_lie_below_the_price_and_shorts_above(market, model):
    map_ = build_map(market, key(model, "24h"))
    at = map_.grid.index(map_.price)
    assert map_.long_usd[:at].sum() > 0
    assert map_.short_usd[at + 1 :].sum() > 0
    own = 1 if model == "M3" else 0  # its sweeps cut bins: beyond the last price the bin's other part still stands
    assert map_.long_usd[at + own :].sum() == 0
    assert map_.short_usd[: at + 1 - own].sum() == 0


@pytest.mark.parametrize("model", list(WALKED))
def test_columns_are_never_repainted(market, model):
    """The column of an earlier moment is what the model said then (M1: of positions opened since the window began)."""
    full = build_map(market, key(model, "3d"), columns=True)
    cut = 288
    venue = market.lead
    earlier = market_from(
        VenueMarket(
            venue=venue.venue,
            candles=type(venue.candles)(
                where="cut",
                **{name: getattr(venue.candles, name)[:-cut] for name in venue.candles.__slots__ if name != "where"},
            ),
            open_interest=venue.open_interest[:-cut],
            margin=venue.margin,
        )
    )
    window = Window("2d", 2 * DAY_S) if model == "M1" else window_named("3d")
    then = build_map(earlier, MapKey(model, window))
    column = int(np.flatnonzero(full.columns.time_s == earlier.as_of_s)[0])
    centers = full.columns.grid.centers
    common = (centers > then.grid.low) & (centers < then.grid.high)
    offset = full.columns.first_bin - then.grid.first
    bins = np.flatnonzero(common) + offset
    np.testing.assert_allclose(full.columns.long_usd[column][common], then.long_usd[bins], rtol=2e-5, atol=1.0)
    np.testing.assert_allclose(full.columns.short_usd[column][common], then.short_usd[bins], rtol=2e-5, atol=1.0)


def test_m2_holds_the_open_interest_of_both_sides_and_says_how_much(market):
    map_ = build_map(market, key("M2", "3d"))
    interest = market.lead.open_interest_now
    held = (map_.long_usd / map_.grid.centers).sum(), (map_.short_usd / map_.grid.centers).sum()
    np.testing.assert_allclose(map_.covered_share, np.array(held) / interest, rtol=1e-12)
    assert max(held) <= interest * (1 + 1e-9)
    assert map_.shown_mix.sum() == pytest.approx(1)
    np.testing.assert_allclose(map_.long_by_tier_usd.sum(axis=0), map_.long_usd, rtol=1e-12)


def test_m1_shows_only_what_was_opened_inside_its_window(market):
    maps = [build_map(market, key("M1", name)) for name in ("12h", "24h", "3d", "1w")]
    for shorter, longer in pairwise(maps):
        assert (shorter.long_usd <= longer.long_usd + 1e-6).all()
        assert (shorter.short_usd <= longer.short_usd + 1e-6).all()
        assert shorter.long_usd.sum() < longer.long_usd.sum()
    start_s = market.as_of_s - 12 * 3600
    held = maps[0].long_usd > 0
    assert (maps[0].long_entry_s[held] > start_s).all()
    assert (maps[0].long_entry_s[held] <= market.as_of_s).all()


def test_m1_over_a_window_longer_than_history_is_the_walk_over_all_history(market):
    month = build_map(market, key("M1", "1m"))
    interest = market.lead.open_interest_now
    total = (month.long_usd / month.grid.centers).sum()
    assert total <= interest * (1 + 1e-9)
    assert total >= 0.8 * interest


def test_m1_leverage_mix_inside_a_window_is_what_half_lives_leave():
    """Steady openings, no sweeps: a tier stands at share x (1 - 2^(-W / half-life)), renormalised."""
    ladder = HIGH_LEVERAGE.ladder(TERMS, Window("12h", DAY_S // 2))
    mix = np.zeros(4)
    for _ in range(144):
        mix = mix * 2.0 ** (-BAR_S / ladder.half_life_s) + ladder.seed_share
    expected = np.array([0.2, 0.3, 0.3, 0.2]) * (1 - 2.0 ** (-0.5 / np.array([10, 3, 1, 0.5])))
    np.testing.assert_allclose(mix / mix.sum(), expected / expected.sum(), atol=0.002)
    np.testing.assert_allclose(mix / mix.sum(), [0.03, 0.14, 0.39, 0.44], atol=0.01)


def test_tiers_above_the_symbols_maximum_do_not_exist():
    capped = MarginTerms(venue="binanceusdm", brackets=(TERMS.brackets[1],))  # 50x at most
    for model in WALKED.values():
        ladder = model.ladder(capped, window_named("24h"))
        leverages = ladder.leverages[np.isfinite(ladder.leverages)]
        assert (leverages <= 50).all()
        if model.spec.id != "M3":  # its rungs open a fitted share of the flow, not all of it
            assert ladder.seed_share.sum() == pytest.approx(1)
    nearest = -HIGH_LEVERAGE.ladder(capped, window_named("24h")).distance[0].max()
    expected = -math.log(liquidation_price(capped, side=1, entry=1, leverage=50)) / math.log(1.001)
    assert nearest == pytest.approx(expected)


def test_liquidation_distance_is_the_venues_and_not_one_over_leverage():
    ladder = HIGH_LEVERAGE.ladder(TERMS, window_named("24h"))
    hundredfold = 1 - 1.001 ** ladder.distance[0, list(ladder.leverages).index(100)]
    assert hundredfold == pytest.approx(0.00602, abs=1e-5)  # 1/L would say 1 %


def test_venues_add_up_each_with_its_own_rule():
    closes = random_market(5).lead.candles.close
    first = venue_from(closes, seed=1)
    second = venue_from(closes * 1.0004, seed=2, venue="bybit", interest=700.0)
    for name in ("M1", "M2", "M4", "M5"):
        both = build_map(market_from(first, second), key(name, "24h"), columns=True)
        alone = [build_map(market_from(venue), key(name, "24h")) for venue in (first, second)]
        for side in ("above", "below"):
            total = sum(float(map_.side_usd(side).sum()) for map_ in alone)
            assert both.side_usd(side).sum() == pytest.approx(total, rel=1e-9)
        assert both.columns.long_usd[-1].sum() == pytest.approx(
            float(both.long_usd[both.columns.first_bin - both.grid.first :][: both.columns.grid.size].sum()), rel=1e-4
        )


def test_open_interest_models_name_what_they_lack_and_flow_goes_on_without():
    market = random_market(4)
    venue = market.lead
    silent = VenueMarket(venue=venue.venue, candles=venue.candles, open_interest=None, margin=venue.margin)
    without = market_from(silent)
    with pytest.raises(ModelUnavailableError, match="M2 needs candles, volume, open interest"):
        build_map(without, key("M2", "3d"))
    assert build_map(without, key("M4", "24h")).long_usd.sum() > 0
    atlas = Atlas(without, read_context(without))
    atlas.prepare((key("M1", "12h"), key("M4", "24h")), ())
    assert tuple(atlas.maps()) == (key("M4", "24h"),)
    assert [missing.input for missing in atlas.missing()] == ["model M1"]
    assert atlas.ages() == ()


def test_taker_side_is_the_recorded_one_and_else_where_the_bar_closed():
    candles = candles_from([100, 101, 101, 100.5], wick=0.0, taker=[0.9, np.nan, np.nan, 0.25])
    np.testing.assert_allclose(taker_buy_share(candles), [0.9, 1.0, 0.5, 0.25])


def test_flow_puts_longs_under_taker_buying_and_shorts_over_taker_selling():
    flat = np.full(288, 100.0)
    buying = market_from(
        VenueMarket(
            venue="binanceusdm",
            candles=candles_from(flat, taker=np.full(288, 0.8)),
            open_interest=None,
            margin=TERMS,
        )
    )
    map_ = build_map(buying, key("M4", "24h"))
    assert map_.long_usd.sum() / map_.short_usd.sum() == pytest.approx(0.8 / 0.2, rel=0.08)
    assert not map_.is_positions
    assert np.isnan(map_.covered_share).all()


def test_flow_remembers_longer_in_longer_windows_up_to_four_times():
    base = FLOW.ladder(TERMS, window_named("24h")).half_life_s
    np.testing.assert_allclose(base, np.array([2, 1, 0.5, 0.25]) * DAY_S)
    np.testing.assert_allclose(FLOW.ladder(TERMS, window_named("12h")).half_life_s, base * math.sqrt(0.5))
    np.testing.assert_allclose(FLOW.ladder(TERMS, window_named("1w")).half_life_s, base * math.sqrt(7))
    np.testing.assert_allclose(FLOW.ladder(TERMS, window_named("1m")).half_life_s, base * 4)


def peak_market(after):
    """Up to 103 in 30 bars, then the closes of `after`; no wicks, so the swing high is 103."""
    closes = np.concatenate([np.linspace(100, 103, 31), after])
    return market_from(
        VenueMarket(venue="binanceusdm", candles=candles_from(closes, wick=0.0), open_interest=None, margin=TERMS)
    )


def test_swings_are_used_only_once_confirmed_and_then_leave_longs_below_and_stops_above():
    falling = np.linspace(102.9, 102.5, 3)
    early = SWINGS.sweep_history(VenueBars.of(peak_market(falling[:2]).lead, grid_for(peak_market(falling[:2]))))
    assert early.mass.sum() == 0
    market = peak_market(falling)
    grid = grid_for(market)
    late = SWINGS.sweep_history(VenueBars.of(market.lead, grid))
    stops = late.mass[1].sum(axis=0)
    assert grid.centers[np.argmax(stops)] == pytest.approx(103 * 1.001, rel=0.001)
    latecomers = late.mass[0].sum(axis=0)
    twenty_five = liquidation_price(TERMS, side=1, entry=103, leverage=25)
    near = (grid.centers > twenty_five * 0.998) & (grid.centers < twenty_five * 1.002)
    assert latecomers[near].sum() > 0


def test_a_liquidation_price_that_was_passed_before_the_swing_was_confirmed_is_left_out():
    crash = np.array([102.9, 98.0, 102.0])  # passes the longs of 25x to 150x under 103 before confirmation
    market = peak_market(crash)
    grid = grid_for(market)
    standing = SWINGS.sweep_history(VenueBars.of(market.lead, grid))
    assert standing.mass[0].sum() == 0
    assert standing.mass[1].sum() > 0  # the stops above were not passed


def test_swept_is_the_sum_over_venues_per_bar_and_names_unknown_models(market):
    found = swept(market, "m1")
    assert found.time_s[0] == START_S
    assert len(found.time_s) == len(market.lead.candles)
    assert found.long_usd.min() >= 0
    assert found.long_usd.sum() > 0
    with pytest.raises(UnknownModelError):
        swept(market, "M77")


def test_every_window_has_at_most_a_thousand_columns():
    long = random_market(1, 288 * 33)
    for window in WINDOWS:
        columns = build_map(long, MapKey("M1", window), columns=True).columns
        assert len(columns.time_s) <= 1000
        assert columns.time_s[-1] == long.as_of_s


def test_a_young_market_has_no_typical_profile_and_an_older_one_has(market):
    def typical(of: Market):
        atlas = Atlas(of, read_context(of))
        return atlas.typical(key("M2", "3d"))

    assert typical(random_market(2, 288 * 3)) is None
    assert typical(market) is not None
