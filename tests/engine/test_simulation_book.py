"""The simulated order book: sorted, on ticks, with walls that stay, thinner in a storm."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.market import OrderBook
from engine.simulation.book import draw_book
from engine.simulation.profiles import PROFILES, SymbolProfile

SEED = (7, 1)
MORNING_S = 1_769_320_800
"""25 January 2026, 06:00 UTC: the walls that stand then stay until noon."""


def book_of(
    profile: SymbolProfile, *, price: float | None = None, thinness: float = 1.0, at_s: int = MORNING_S
) -> OrderBook:
    return draw_book(profile, seed=SEED, time_s=at_s, price=price or profile.start_price, thinness=thinness)


@settings(deadline=None, max_examples=40)
@given(symbol=st.sampled_from(sorted(PROFILES)), drift=st.floats(0.4, 2.5), thinness=st.floats(0.2, 2.0))
def test_bids_lie_below_and_asks_above_best_first_on_ticks_within_reach(
    symbol: str, drift: float, thinness: float
) -> None:
    profile = PROFILES[symbol]
    price = profile.start_price * drift
    book = book_of(profile, price=price, thinness=thinness)
    assert np.all(np.diff(book.bid_price) < 0)
    assert np.all(np.diff(book.ask_price) > 0)
    assert book.bid_price[0] < price < book.ask_price[0]
    reach = 0.03 * price + 2 * profile.tick
    assert book.bid_price[-1] > price - reach
    assert book.ask_price[-1] < price + reach
    for prices, sizes in ((book.bid_price, book.bid_size), (book.ask_price, book.ask_size)):
        np.testing.assert_allclose(prices / profile.tick, np.round(prices / profile.tick), atol=1e-6)
        assert np.all(sizes >= 0.999 * profile.lot)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.symbol)
def test_the_spread_is_narrow_and_sizes_are_heavy_tailed(profile: SymbolProfile) -> None:
    book = book_of(profile)
    assert (book.ask_price[0] - book.bid_price[0]) / profile.start_price < 0.002
    sizes = np.concatenate((book.bid_size, book.ask_size))
    assert sizes.max() > 8 * np.median(sizes)


def test_the_same_moment_has_the_same_book_and_another_one_has_not() -> None:
    first, again = book_of(PROFILES["BTC"]), book_of(PROFILES["BTC"])
    later = book_of(PROFILES["BTC"], at_s=MORNING_S + 300)
    np.testing.assert_array_equal(first.bid_size, again.bid_size)
    assert first.bid_size.sum() != later.bid_size.sum()


def test_walls_stay_for_hours_and_then_change() -> None:
    def wall(at_s: int) -> tuple[float, float]:
        book = book_of(PROFILES["BTC"], at_s=at_s)
        row = int(np.argmax(book.ask_size))
        return float(book.ask_price[row]), round(float(book.ask_size[row]), -1)

    assert wall(MORNING_S)[0] == wall(MORNING_S + 3_600)[0] == wall(MORNING_S + 4 * 3_600)[0]
    days = {wall(MORNING_S + day * 86_400)[0] for day in range(6)}
    assert len(days) > 1


def test_a_storm_thins_the_book() -> None:
    calm, storm = (book_of(PROFILES["ETH"], thinness=thinness) for thinness in (1.0, 2.0))
    small = np.median(calm.bid_size) / np.median(storm.bid_size)
    assert small == pytest.approx(2.0, rel=0.05)
