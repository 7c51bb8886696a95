"""Minutes listened to from end to end, against a reference that looks at every minute and every event anew."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.minute_sums import MinuteSum, MinuteSums

MINUTE_MS = 60_000
SETTLE_S = 10
LONG, SHORT = 1, -1


@pytest.fixture
def sums():
    return MinuteSums(settle_s=SETTLE_S)


def quiet(minute):
    return MinuteSum(time_s=60 * minute, long_usd=0.0, short_usd=0.0, events=0)


def test_a_minute_is_closed_after_it_settled_and_told_once(sums):
    sums.connected(0)
    sums.heard(1_000, side=LONG, price=100.0, size=2.0)
    sums.heard(59_999, side=SHORT, price=50.0, size=1.0)
    assert sums.closed(69_999) == ()
    assert sums.closed(70_000) == (MinuteSum(time_s=0, long_usd=200.0, short_usd=50.0, events=2),)
    assert sums.closed(70_000) == ()


def test_quiet_minutes_are_told_as_zero(sums):
    sums.connected(0)
    assert sums.closed(200_000) == (quiet(0), quiet(1), quiet(2))


def test_the_minute_in_which_listening_began_does_not_count(sums):
    sums.connected(1)
    sums.heard(30_000, side=LONG, price=1.0, size=1.0)
    assert sums.closed(130_000) == (quiet(1),)


def test_a_minute_in_which_the_stream_was_lost_does_not_count(sums):
    sums.connected(0)
    sums.lost(61_000)  # the first minute had not settled: its last events may have been on the way
    sums.connected(100_000)
    assert sums.closed(190_000) == (quiet(2),)


def test_a_minute_that_settled_before_the_stream_was_lost_counts(sums):
    sums.connected(0)
    sums.lost(70_000)
    assert sums.closed(500_000) == (quiet(0),)


def test_a_stream_that_was_never_proven_alive_closes_nothing(sums):
    sums.connected(0)
    sums.lost(None)
    assert sums.closed(500_000) == ()


def test_an_event_told_while_the_minute_settles_counts_and_a_later_one_is_late(sums):
    sums.connected(0)
    sums.heard(60_500, side=LONG, price=1.0, size=1.0)
    sums.heard(59_000, side=LONG, price=1.0, size=1.0)
    (first,) = sums.closed(70_000)
    sums.heard(59_500, side=LONG, price=1.0, size=1.0)
    assert (first.events, sums.late) == (1, 1)
    (second,) = sums.closed(130_000)
    assert second.events == 1


def test_events_alike_are_one_as_in_the_store(sums):
    sums.connected(0)
    for _ in range(2):
        sums.heard(5, side=LONG, price=2.0, size=3.0)
    assert sums.closed(70_000) == (MinuteSum(time_s=0, long_usd=6.0, short_usd=0.0, events=1),)


def test_a_second_connection_of_the_same_stream_changes_nothing(sums):
    sums.connected(0)
    sums.connected(30_000)
    assert sums.closed(70_000) == (quiet(0),)


# the reference

STEPS = st.tuples(
    st.integers(0, 50_000),
    st.sampled_from(["connected", "lost", "heard", "heard", "heard", "closed", "closed"]),
    st.integers(-40_000, 2_000),
)
"""How long after the step before [ms], what, and how far from now: when it happened, or when life was seen last."""


def dated(steps):
    """Every step with its number and the moment that it tells [ms]; the machine's clock never runs back."""
    now, last = 0, 0
    for number, (wait_ms, name, off_ms) in enumerate(steps):
        now += wait_ms
        if name == "heard":
            yield number, name, max(0, now + off_ms)
        else:
            last = max(last, now + min(off_ms, 0)) if name == "lost" else now
            yield number, name, last


def reference(script):
    """Every minute anew: which connection spans all of it, when it was closed, what was told until then."""
    spans, since = [], None
    for number, name, at in [*script, (len(script), "end", None)]:
        if name == "connected" and since is None:
            since = (number, at)
        elif name in {"lost", "end"} and since is not None:
            spans.append((*since, number, at))
            since = None
    asked = [(number, at) for number, name, at in script if name in {"closed", "lost"}]
    for minute in range(60):
        start, settled = minute * MINUTE_MS, (minute + 1) * MINUTE_MS + 1_000 * SETTLE_S
        for began, from_ms, ended, alive_ms in spans:
            closings = [
                number
                for number, at in asked
                if began < number and (number <= ended) and at >= settled and (alive_ms is None or alive_ms >= settled)
            ]
            if from_ms <= start and closings:
                told = {
                    (at, number % 2)
                    for number, name, at in script
                    if name == "heard" and began < number < closings[0] and at // MINUTE_MS == minute
                }
                yield 60 * minute, len(told)
                break


@given(st.lists(STEPS, min_size=10, max_size=40))
def test_the_minutes_are_those_of_the_slow_reference(steps):
    script = list(dated([(0, "connected", 0), *steps]))
    sums, done = MinuteSums(settle_s=SETTLE_S), []
    for number, name, at in script:
        if name == "heard":
            sums.heard(at, side=LONG if number % 2 else SHORT, price=1.0, size=1.0)
        elif name == "closed":
            done += sums.closed(at)
        else:
            getattr(sums, name)(at)
    done += sums.closed(0)
    assert [(minute.time_s, minute.events) for minute in done] == list(reference(script))
