import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.grid import LOG_STEP, LogGrid
from engine.inventory import Bars, ColumnPlan, Entries, Ladder, positions, replay, seed_shares, walk_inventory
from engine.market import Candles
from tests.engine.reference_walk import reference_walk

DAY_S = 86_400
NOTHING = ColumnPlan.none()


def candles_of(rng, count, *, price=100.0, spread=0.004, durations=None):
    steps = rng.normal(0, spread, count)
    close = price * np.exp(np.cumsum(steps))
    open_ = np.concatenate([[price], close[:-1]])
    wick = np.abs(rng.normal(0, spread / 2, (2, count)))
    duration = np.full(count, 300) if durations is None else np.asarray(durations)
    return Candles(
        where="test",
        time_s=np.concatenate([[0], np.cumsum(duration)[:-1]]) + 1_700_000_000 // 300 * 300,
        duration_s=duration,
        open=open_,
        high=np.maximum(open_, close) * np.exp(wick[0]),
        low=np.minimum(open_, close) * np.exp(-wick[1]),
        close=close,
        volume=rng.lognormal(2, 1, count),
        taker_buy_share=np.full(count, np.nan),
    )


def ladder_of(*, half_life_days=(2.0, 0.5, 0.1), distance=(40.0, 12.0, 5.5), standing=(0.5, 0.3, 0.2)):
    half_life_s = np.array(half_life_days) * DAY_S
    return Ladder(
        leverages=np.array([20.0, 50.0, 100.0]),
        half_life_s=half_life_s,
        seed_share=seed_shares(np.array(standing), half_life_s),
        distance=np.stack([-np.array(distance), np.array(distance)]),
        anchor=np.zeros(3, dtype=np.int64),
        tier=np.arange(3),
    )


def grid_of(candles):
    return LogGrid.covering(candles.low.min() * 0.93, candles.high.max() * 1.07)


def market_of(seed, count=120, *, durations=None, spread=0.004):
    rng = np.random.default_rng(seed)
    candles = candles_of(rng, count, durations=durations, spread=spread)
    grid = grid_of(candles)
    typical = positions((candles.high + candles.low + candles.close) / 3, grid)
    interest = 80 + 40 * np.abs(np.cumsum(rng.normal(0, 0.08, count)))
    return candles, Bars.of(candles, grid), np.stack([typical, typical], axis=1)[:, :, None], interest


def walked(candles, bars, position, interest, ladder=None, columns=NOTHING, snapshots=NOTHING):
    return walk_inventory(
        bars,
        ladder or ladder_of(),
        entry_position=position,
        volume=candles.volume,
        open_interest=interest,
        columns=columns,
        snapshots=snapshots,
    )


@pytest.mark.parametrize("seed", range(4))
def test_the_compiled_walk_equals_the_slow_obvious_one(seed):
    candles, bars, position, interest = market_of(seed)
    interest[40:43] = np.nan
    fast = walked(candles, bars, position, interest)
    slow = reference_walk(bars, ladder_of(), position=position, volume=candles.volume, open_interest=interest)
    np.testing.assert_allclose(fast.mass, slow.mass, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(fast.swept_usd, slow.swept_usd, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(fast.opened, slow.opened, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(fast.kept, slow.kept, rtol=1e-9)
    total, moment = slow.mass.sum(axis=1), slow.moment.sum(axis=1)
    held = total > 1e-12
    np.testing.assert_allclose(fast.entry_s[held], (moment[held] / total[held]), rtol=1e-9)
    assert np.isnan(fast.entry_s[total == 0]).all()


def test_bars_of_unequal_length_decay_by_the_time_that_passed():
    durations = [3600] * 30 + [300] * 60
    candles, bars, position, interest = market_of(7, 90, durations=durations)
    fast = walked(candles, bars, position, interest)
    slow = reference_walk(bars, ladder_of(), position=position, volume=candles.volume, open_interest=interest)
    np.testing.assert_allclose(fast.mass, slow.mass, rtol=1e-9, atol=1e-12)
    assert set(bars.elapsed_s[1:]) == {3600.0, 300.0}


def test_decay_far_below_the_smallest_double_is_folded_in_time():
    # half-lives of minutes over days: the factors pass 1e-120 many times over
    candles, bars, position, interest = market_of(3, 200, durations=[3600] * 200)
    ladder = ladder_of(half_life_days=(0.05, 0.01, 0.002))
    fast = walked(candles, bars, position, interest, ladder)
    slow = reference_walk(bars, ladder, position=position, volume=candles.volume, open_interest=interest)
    assert np.isfinite(fast.mass).all()
    np.testing.assert_allclose(fast.mass, slow.mass, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("cuts_bins", [False, True])
def test_entries_with_several_anchors_and_shared_tiers_equal_the_slow_walk(cuts_bins):
    candles, bars, _, _ = market_of(5)
    rng = np.random.default_rng(5)
    anchors = positions(np.stack([candles.close, candles.high, candles.low], axis=1), bars.grid)
    position = np.repeat(anchors[:, None], 2, axis=1)
    amount = rng.lognormal(1, 1, (len(candles), 2, 3)) * (rng.random((len(candles), 2, 3)) < 0.4)
    kept = np.where(rng.random((2, len(candles))) < 0.2, rng.uniform(0.5, 1, (2, len(candles))), 1.0)
    ladder = Ladder(
        leverages=np.array([20.0, np.nan]),
        half_life_s=np.array([DAY_S, DAY_S / 4.0]),
        seed_share=np.array([0.4, 0.3, 0.2, 0.1]),
        distance=np.array([[-30.0, -8.0, -5.0, -1.0], [30.0, 8.0, 5.0, 1.0]]),
        anchor=np.array([0, 1, 2, 1]),
        tier=np.array([0, 1, 0, 1]),
        cuts_bins=cuts_bins,
    )
    fast = replay(
        bars, ladder, Entries(position=position, amount=amount, kept=kept), columns=NOTHING, snapshots=NOTHING
    )
    slow = reference_walk(bars, ladder, position=position, amount=amount, kept=kept)
    np.testing.assert_allclose(fast.mass, slow.mass, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(fast.swept_usd, slow.swept_usd, rtol=1e-9, atol=1e-9)


def test_a_range_that_cuts_a_bin_takes_the_part_inside_by_hand():
    grid = LogGrid(11_000, 40)
    bars = Bars(
        grid=grid,
        end_s=np.array([300, 600, 900]),
        elapsed_s=np.full(3, 300.0),
        low=np.array([20.0, 10.25, 10.25]),
        high=np.array([21.0, 20.0, 20.0]),
        close=np.array([20.5, 20.0, 20.0]),
    )
    ladder = Ladder(
        leverages=np.array([50.0]),
        half_life_s=np.array([np.inf]),
        seed_share=np.ones(1),
        distance=np.array([[-10.0], [10.0]]),
        anchor=np.zeros(1, dtype=np.int64),
        tier=np.zeros(1, dtype=np.int64),
        cuts_bins=True,
    )
    amount = np.zeros((3, 2, 1))
    amount[0, 0] = 1.0  # one long, around bin 10.5
    entries = Entries(position=np.full((3, 2, 1), 20.5), amount=amount, kept=np.ones((2, 3)))
    walk = replay(bars, ladder, entries, columns=NOTHING, snapshots=NOTHING)
    weights = np.exp(-0.5 * np.arange(-4, 5) ** 2)
    weights /= weights.sum()
    np.testing.assert_allclose(walk.mass[0, 0, 6:11], [*weights[:4], weights[4] * 0.25**2], rtol=1e-6)
    assert walk.mass[0, 0, 11:].sum() == 0
    inside = weights[5:] @ grid.centers[11:15] + 0.75 * weights[4] * grid.centers[10]
    assert walk.swept_usd[0] == pytest.approx([0, inside, 0.75 * 0.25 * weights[4] * grid.centers[10]])


def test_columns_and_snapshots_are_the_states_after_their_bars():
    candles, bars, position, interest = market_of(2)
    columns = ColumnPlan(bars=np.array([0, 50, 119]), first=10, size=60)
    snapshots = ColumnPlan(bars=np.array([30, 60]), first=0, size=bars.grid.size)
    fast = walked(candles, bars, position, interest, columns=columns, snapshots=snapshots)
    slow = reference_walk(bars, ladder_of(), position=position, volume=candles.volume, open_interest=interest)
    for row, bar in enumerate((0, 50, 119)):
        np.testing.assert_allclose(fast.columns[row], slow.states[bar][:, 10:70], rtol=1e-5, atol=1e-6)
    for row, bar in enumerate((30, 60)):
        np.testing.assert_allclose(fast.snapshots[row], slow.states[bar], rtol=1e-5, atol=1e-6)
    assert fast.columns.dtype == np.float32


def test_a_plan_that_forgets_starts_again_from_nothing():
    candles, bars, position, _ = market_of(2)
    amount, kept = np.ones((len(candles), 2, 1)), np.ones((2, len(candles)))
    entries = Entries(position=position, amount=amount, kept=kept)
    plan = ColumnPlan(bars=np.array([39, 79]), first=0, size=bars.grid.size, forget=True)
    both = replay(bars, ladder_of(), entries, columns=NOTHING, snapshots=plan)
    alone = replay(
        bars.from_bar(40),
        ladder_of(),
        entries.from_bar(40),
        columns=NOTHING,
        snapshots=ColumnPlan(bars=np.array([39]), first=0, size=bars.grid.size),
    )
    np.testing.assert_allclose(both.snapshots[1], alone.snapshots[0], rtol=1e-6)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), spread=st.sampled_from([0.0005, 0.004, 0.02]))
def test_each_side_sums_to_open_interest_where_volume_allows_and_never_exceeds_it(seed, spread):
    candles, bars, position, interest = market_of(seed, 80, spread=spread)
    enough = candles.volume + 1e6
    capped = walked(candles, bars, position, interest)
    free = walk_inventory(
        bars,
        ladder_of(),
        entry_position=position,
        volume=enough,
        open_interest=interest,
        columns=NOTHING,
        snapshots=NOTHING,
    )
    np.testing.assert_allclose(free.mass.sum(axis=(1, 2)), interest[-1], rtol=1e-9)
    assert (capped.mass.sum(axis=(1, 2)) <= interest[-1] * (1 + 1e-9)).all()
    assert (capped.mass >= 0).all()
    at = bars.close[-1]
    assert capped.mass[0][:, int(at) :].sum() == 0  # no long would be liquidated at or above the close
    assert capped.mass[1][:, : int(at) + 1].sum() == 0


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10_000), bar=st.integers(5, 79))
def test_a_bars_volume_interest_and_close_do_not_touch_its_own_swept_mass(seed, bar):
    candles, bars, position, interest = market_of(seed, 80)
    before = walked(candles, bars, position, interest).swept_usd
    rng = np.random.default_rng(seed)
    volume, close = candles.volume.copy(), bars.close.copy()
    volume[bar] *= 7
    close[bar] = rng.uniform(bars.low[bar], bars.high[bar])
    other = interest.copy()
    other[bar] *= 0.4
    moved = position.copy()
    moved[bar] += 0.3
    changed = Bars(
        grid=bars.grid, end_s=bars.end_s, elapsed_s=bars.elapsed_s, low=bars.low, high=bars.high, close=close
    )
    after = walk_inventory(
        changed,
        ladder_of(),
        entry_position=moved,
        volume=volume,
        open_interest=other,
        columns=NOTHING,
        snapshots=NOTHING,
    ).swept_usd
    np.testing.assert_array_equal(before[:, : bar + 1], after[:, : bar + 1])


def test_what_comes_later_changes_nothing_before():
    candles, bars, position, interest = market_of(11)
    plan = ColumnPlan(bars=np.array([59]), first=0, size=bars.grid.size)
    whole = walked(candles, bars, position, interest, columns=plan)
    first_half = Bars(
        grid=bars.grid,
        end_s=bars.end_s[:60],
        elapsed_s=bars.elapsed_s[:60],
        low=bars.low[:60],
        high=bars.high[:60],
        close=bars.close[:60],
    )
    alone = walk_inventory(
        first_half,
        ladder_of(),
        entry_position=position[:60],
        volume=candles.volume[:60],
        open_interest=interest[:60],
        columns=plan,
        snapshots=NOTHING,
    )
    np.testing.assert_array_equal(whole.columns[0], alone.columns[0])
    np.testing.assert_array_equal(whole.swept_usd[:, :60], alone.swept_usd)


def test_nothing_dies_in_the_bar_that_opened_it():
    # one bar whose range holds the 100x liquidation price: seeded after the sweep, it stands until the next visit
    candles = Candles(
        where="test",
        time_s=[0, 300],
        duration_s=[300, 300],
        open=[100.0, 100.0],
        high=[102.0, 100.2],
        low=[98.0, 97.0],
        close=[100.0, 98.0],
        volume=[10.0, 0.0],
        taker_buy_share=[np.nan, np.nan],
    )
    grid = LogGrid.covering(90, 110)
    bars = Bars.of(candles, grid)
    entry = positions(np.array([100.0, 100.0]), grid)
    position = np.stack([entry, entry], axis=1)[:, :, None]
    ladder = ladder_of(distance=(5.0, 5.0, 5.0))
    interest = np.array([6.0, 6.0])
    first = walked(candles, bars, position, interest, ladder)
    assert first.swept_usd[0, 0] == 0
    decayed = 6.0 * (ladder.seed_share * 2.0 ** (-300 / ladder.half_life_s)).sum()
    assert first.swept_usd[0, 1] == pytest.approx(decayed * 99.5, rel=0.01)  # five bins of 0.1 % under 100


def test_a_seed_whose_liquidation_lies_across_the_close_waits_next_to_it():
    candles = candles_of(np.random.default_rng(0), 1)
    grid = grid_of(candles)
    bars = Bars.of(candles, grid)
    high_up = np.full((1, 2, 1), bars.close[0] + 20.0)  # a long from far above the close with a short distance
    standing = walked(candles, bars, high_up, np.array([1.0]), ladder_of(distance=(1.0, 1.0, 1.0)))
    assert standing.mass[0].sum() == pytest.approx(1.0)
    assert standing.mass[0][:, int(bars.close[0]) - 1].sum() == pytest.approx(1.0)


def test_a_bar_after_a_gap_also_sweeps_the_way_from_the_last_close():
    candles = Candles(
        where="test",
        time_s=[0, 3000],
        duration_s=[300, 300],
        open=[100.0, 90.0],
        high=[100.5, 90.5],
        low=[99.5, 89.5],
        close=[100.0, 90.0],
        volume=[5.0, 5.0],
        taker_buy_share=[np.nan, np.nan],
    )
    grid = LogGrid.covering(80, 120)
    bars = Bars.of(candles, grid)
    assert bars.high[1] == positions(np.array([100.0]), grid)[0]
    assert bars.low[1] == positions(np.array([89.5]), grid)[0]
    assert bars.elapsed_s[1] == 3000


def test_seed_shares_stand_in_the_long_run_at_the_standing_shares():
    standing, half_life = np.array([0.35, 0.30, 0.20, 0.15]), np.array([10.0, 3.0, 1.0, 0.5])
    seeds = seed_shares(standing, half_life)
    stock = np.zeros(4)
    for _ in range(4000):  # a steady stream of openings, a step of .02 days
        stock = stock * 2 ** (-0.02 / half_life) + seeds
    np.testing.assert_allclose(stock / stock.sum(), standing, atol=0.004)
    naive = np.zeros(4)
    for _ in range(4000):
        naive = naive * 2 ** (-0.02 / half_life) + standing
    np.testing.assert_allclose(naive / naive.sum(), [0.75, 0.19, 0.04, 0.02], atol=0.01)


def test_one_bin_is_a_tenth_of_a_percent():
    assert np.exp(LOG_STEP) == pytest.approx(1.001)
