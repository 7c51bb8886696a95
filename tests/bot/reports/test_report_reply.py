"""What is said of reports: the words that would add one again are read as the same report."""

from datetime import time

from hypothesis import given
from hypothesis import strategies as st

from bot.deliveries.delivery import Destination
from bot.reports.report_reply import command_of
from bot.reports.report_words import parse_report
from bot.reports.subscriptions import Terms
from bot.reports.timetable import EVERY_DAY, EVERY_HOURS

HOME = Destination(platform="telegram", chat=7, owner=7)
some_days = st.sets(st.sampled_from(EVERY_DAY), min_size=1).map(lambda days: tuple(sorted(days)))
minutes = st.builds(time, st.integers(0, 23), st.integers(0, 59))
rhythms = (
    st.fixed_dictionaries({"rhythm": st.just("daily"), "local_time": minutes, "days": some_days})
    | st.fixed_dictionaries(
        {"rhythm": st.just("weekly"), "local_time": minutes, "days": some_days.map(lambda d: d[:1])}
    )
    | st.fixed_dictionaries(
        {
            "rhythm": st.sampled_from(["hours", "funding"]),
            "every_hours": st.sampled_from(EVERY_HOURS),
            "days": some_days,
        }
    )
)
subscribed = st.builds(
    lambda times, **more: Terms(destination=HOME, **times, **more),
    rhythms,
    symbols=st.lists(st.sampled_from(["BTC", "MON", "HERE", "1000PEPE", "AT"]), min_size=1, unique=True).map(tuple),
    time_zone=st.sampled_from(["UTC", "Europe/London", "America/Argentina/Buenos_Aires"]),
    window=st.sampled_from([None, "12h", "3d", "1m"]),
    model=st.sampled_from([None, "M1", "M4"]),
    venue=st.sampled_from([None, "okx", "binanceusdm"]),
)


@given(subscribed)
def test_the_words_that_would_add_it_again_are_read_as_the_same(terms):
    read = parse_report(command_of(terms), symbols=("BTC", "MON", "HERE", "1000PEPE", "AT"))
    assert (read.symbols, read.rhythm, read.local_time) == (terms.symbols, terms.rhythm, terms.local_time)
    assert (read.days or EVERY_DAY, read.every_hours) == (terms.days, terms.every_hours)
    assert (read.time_zone, read.model, read.venue) == (terms.time_zone, terms.model, terms.venue)
    assert (read.window.name if read.window else None) == terms.window
