"""What keeps us within a venue's limit, in virtual time: never more than allowed, whatever the way there takes."""

import asyncio
import heapq

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sources.live.faults import VenueError
from engine.sources.live.gate import UNSAID_SHARE, Gate, WeightWindow

MINUTE_S = 60.0

requests = st.lists(
    st.tuples(
        st.sampled_from([2, 2, 2, 20, 25]),
        st.floats(0, 3, allow_subnormal=False),  # how long after the one before it is wanted
        st.floats(0.01, 20, allow_subnormal=False),  # how long its answer takes
        st.floats(0, 1),  # when within that time it arrives
    ),
    min_size=1,
    max_size=80,
)


def arrivals(window, wanted):
    """When each request arrives and what it weighs, each leaving as early as the window lets it, in order."""
    now_s, ends, arrived = 0.0, [], []
    for weight, after_s, takes_s, share in wanted:
        now_s += after_s
        while True:
            while ends and ends[0][0] <= now_s:
                ended_s, ended_weight = heapq.heappop(ends)
                window.end(ended_weight, ended_s)
            wait_s = window.wait_s(weight, now_s)
            if wait_s <= 0:
                break
            now_s += wait_s
        window.begin(weight)
        heapq.heappush(ends, (now_s + takes_s, weight))
        arrived.append((now_s + share * takes_s, weight))
    return sorted(arrived)


def heaviest(arrived, window_s):
    """The most weight in any window that begins with an arrival, end excluded, by looking at every one of them."""
    return max(
        sum(weight for at_s, weight in arrived if start_s <= at_s < start_s + window_s) for start_s, _ in arrived
    )


@given(requests, st.integers(25, 120))
def test_no_window_ever_holds_more_than_the_limit_where_requests_arrive(wanted, limit):
    # A hair less than the window: sums of fractions of a second are not exact.
    assert heaviest(arrivals(WeightWindow(limit, MINUTE_S), wanted), MINUTE_S - 1e-6) <= limit


def test_never_more_than_600_wallets_in_a_minute_and_no_fewer_than_it_allows():
    wallets = [(2, 0.0, 0.2, 0.5)] * 3_000
    arrived = arrivals(WeightWindow(1_200, MINUTE_S), wallets)
    assert heaviest(arrived, MINUTE_S) == 1_200
    assert arrived[-1][0] - arrived[0][0] < 4 * (MINUTE_S + 0.2) + 1e-6


def test_a_request_waits_until_enough_of_those_before_it_no_longer_count():
    window = WeightWindow(10, MINUTE_S)
    for at_s, weight in ((0.0, 4), (5.0, 4)):
        window.begin(weight)
        window.end(weight, at_s)
    assert window.wait_s(2, 6.0) == 0
    assert window.wait_s(6, 6.0) == 54
    assert window.wait_s(7, 6.0) == 59
    assert window.wait_s(7, 64.9) == pytest.approx(0.1)
    assert window.wait_s(10, 65.0) == 0


def test_what_is_under_way_counts_as_if_it_were_to_end_now():
    window = WeightWindow(10, MINUTE_S)
    window.begin(10)
    assert window.wait_s(1, 500.0) == MINUTE_S
    window.end(10, 501.0)
    assert window.wait_s(1, 502.0) == MINUTE_S - 1


def test_what_could_never_leave_is_refused():
    with pytest.raises(ValueError, match="weight 20 never fits into 10"):
        WeightWindow(10, MINUTE_S).wait_s(20, 0.0)


def test_a_hold_is_never_shortened():
    window = WeightWindow(10, MINUTE_S)
    window.hold(30.0)
    window.hold(20.0)
    assert window.wait_s(1, 10.0) == 20
    assert window.wait_s(1, 30.0) == 0


# --- on an event loop ------------------------------------------------------------------------------------------------

WINDOW_S = 0.3


def gate(limit):
    return Gate(limit, WINDOW_S, lambda parameters: int(parameters["weight"]))


async def left(gate_, weight, order, error=None):
    """Pass, note when, and answer at once or with an error."""
    async with gate_.passing({"weight": weight}):
        order.append((weight, asyncio.get_running_loop().time()))
        if error is not None:
            raise error


def test_first_come_first_served_even_when_a_later_one_would_fit():
    async def use():
        door, order = gate(4), []
        await left(door, 3, order)
        await asyncio.gather(*(left(door, weight, order) for weight in (4, 1, 2)))
        return order

    order = asyncio.run(use())
    assert [weight for weight, _ in order] == [3, 4, 1, 2]
    assert order[1][1] - order[0][1] >= WINDOW_S
    assert order[2][1] - order[1][1] >= WINDOW_S


def test_whoever_stops_waiting_leaves_no_weight_behind():
    async def use():
        door, order = gate(4), []
        await left(door, 4, order)
        impatient = asyncio.create_task(left(door, 4, order))
        await asyncio.sleep(0.01)
        impatient.cancel()
        await asyncio.gather(impatient, left(door, 2, order), left(door, 2, order), return_exceptions=True)
        return order

    order = asyncio.run(use())
    assert [weight for weight, _ in order] == [4, 2, 2]
    assert order[2][1] - order[0][1] < 2 * WINDOW_S


@pytest.mark.parametrize(("wait_s", "held_s"), [(0.2, 0.2), (None, UNSAID_SHARE * WINDOW_S)])
def test_after_too_much_nothing_leaves_for_as_long_as_the_venue_said(wait_s, held_s):
    async def use():
        door, order = gate(100), []
        with pytest.raises(VenueError):
            await left(door, 1, order, VenueError("okx", "limits our requests", limits=True, wait_s=wait_s))
        await left(door, 1, order)
        return order

    (_, first_s), (_, second_s) = asyncio.run(use())
    assert held_s <= second_s - first_s < held_s + 0.15


def test_other_failures_hold_nobody_up():
    async def use():
        door, order = gate(100), []
        with pytest.raises(VenueError):
            await left(door, 1, order, VenueError("okx", "did not answer in time", faulty=True))
        await left(door, 1, order)
        return order

    (_, first_s), (_, second_s) = asyncio.run(use())
    assert second_s - first_s < 0.05
