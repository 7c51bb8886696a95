"""What the words behind /report mean."""

from contextlib import suppress
from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.reports.report_words import parse_report, report_wished
from bot.requests import Report, RequestError
from engine.errors import EngineError
from engine.windows import window_named

SYMBOLS = ("BTC", "ETH", "SOL", "MON", "1000PEPE")
WORDS = ("BTC", "at", "8", "every", "4h", "mon", "tz", "UTC", "london", "in", "before", "funding")
LONDON = {"time_zone": "Europe/London"}


def added(*symbols, **parts):
    return Report(action="add", symbols=symbols, **parts)


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        ("", Report()),
        ("/report", Report()),
        ("/report@fathom_bot list", Report()),
        ("/report guide", Report(action="guide")),
        ("/report pause 3", Report(action="pause", number=3)),
        ("/report resume #3", Report(action="resume", number=3)),
        ("/report remove", Report(action="remove")),
        ("/report test now 3", Report(action="test", number=3)),
        ("/report add", added()),
        ("/report add BTC", added("BTC")),
        ("/report btc", added("BTC")),
        (
            "/report add BTC at 08:00 tz Europe/London days weekdays",
            added("BTC", local_time=time(8), days=(1, 2, 3, 4, 5), **LONDON),
        ),
        ("weekdays Europe/London 08:00 BTC", added("BTC", local_time=time(8), days=(1, 2, 3, 4, 5), **LONDON)),
        ("/report add btc,eth and $sol at 8 tz london", added("BTC", "ETH", "SOL", local_time=time(8), **LONDON)),
        ("/report add BTC at 8 am in new york", added("BTC", local_time=time(8), time_zone="America/New_York")),
        ("/report add BTC at 8.30pm", added("BTC", local_time=time(20, 30))),
        ("/report add BTC 8pm", added("BTC", local_time=time(20))),
        ("/report add BTC at 12am", added("BTC", local_time=time(0))),
        ("/report add BTC at 0815", added("BTC", local_time=time(8, 15))),
        ("/report add BTC at noon", added("BTC", local_time=time(12))),
        ("/report add BTC 12h m1 okx at 8", added("BTC", window=window_named("12h"), model="M1", venue="okx",
                                                  local_time=time(8))),
        ("/report add BTC every 4h", added("BTC", rhythm="hours", every_hours=4)),
        ("/report add BTC every 4 hours silent", added("BTC", rhythm="hours", every_hours=4, is_silent=True)),
        ("/report add BTC hourly weekends", added("BTC", rhythm="hours", every_hours=1, days=(6, 7))),
        ("/report add BTC every 24h", added("BTC", rhythm="daily")),
        ("/report add BTC before funding", added("BTC", rhythm="funding", every_hours=8)),
        ("/report add BTC before funding every 4h", added("BTC", rhythm="funding", every_hours=4)),
        ("/report add BTC every 4h before funding", added("BTC", rhythm="funding", every_hours=4)),
        ("/report add BTC weekly mon 08:00", added("BTC", rhythm="weekly", days=(1,), local_time=time(8))),
        ("/report add BTC every monday at 8", added("BTC", rhythm="weekly", days=(1,), local_time=time(8))),
        ("/report add BTC daily mon-wed,sun", added("BTC", rhythm="daily", days=(1, 2, 3, 7))),
        ("/report add BTC sat-mon", added("BTC", days=(1, 6, 7))),
        ("/report add MON at 8", added("MON", local_time=time(8))),
        ("/report add $MON mon at 8", added("MON", local_time=time(8), days=(1,))),
        ("/report add pepe in this topic", added("1000PEPE", where="topic")),
        ("/report add BTC to this channel quietly", added("BTC", where="channel", is_silent=True)),
    ],
)  # fmt: skip
def test_reports_are_read(text, request_):
    assert parse_report(text, symbols=SYMBOLS) == request_


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("/report pause the big one", "Which report?"),
        ("/report add BTC at 25:00", "cannot read the time"),
        ("/report add BTC at", "At which time?"),
        ("/report add BTC 13pm", "cannot read the time"),
        ("/report add BTC at 8 at 20", "names the time twice"),
        ("/report add BTC 8", "a time stands behind “at”"),
        ("/report add BTC at 8 tz UTC+2", "Etc/GMT-2, which is UTC+2 all year"),
        ("/report add BTC at 8 UTC-05", "Etc/GMT+5, which is UTC-5 all year"),
        ("/report add BTC at 8 tz UTC+5:30", "names no place"),
        ("/report add BTC at 8 tz CST", "tz America/Chicago, /report add BTC at 08:00 tz Asia/Shanghai"),
        ("/report add BTC at 8 tz Europe/Lodnon", "Try: /report add BTC at 08:00 tz Europe/London"),
        ("/report add BTC at 8 tz", "Which time zone?"),
        ("/report add BTC every 5h", "every 1, 2, 3, 4, 6, 8 or 12 hours"),
        ("/report add BTC every", "How often?"),
        ("/report add BTC before lunch", "Before what?"),
        ("/report add BTC every 4h at 8", "no time of day"),
        ("/report add BTC weekly mon fri", "one day"),
        ("/report add BTC wekdays", "Do you mean “weekdays”?"),
        ("/report add BTC 3d 12h", "names the window twice"),
        ("/report add A1 B1 C1 D1 E1 F1 G1 H1 I1", "at most 8 symbols"),
    ],
)
def test_what_has_no_single_meaning_is_refused_with_what_would_do(text, sentence):
    with pytest.raises(RequestError, match="Try:") as refused:
        parse_report(text, symbols=SYMBOLS)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        ("send me btc every morning at 8", added("BTC", rhythm="daily", local_time=time(8))),
        ("please send btc and eth daily at 8am", added("BTC", "ETH", rhythm="daily", local_time=time(8))),
        ("can you post btc here every 4 hours?", added("BTC", rhythm="hours", every_hours=4, where="here")),
        ("send me btc", None),
        ("send me the btc zones every day", None),
        ("btc every day", None),
        ("give me xyz every day", None),
        ("what happens to btc every morning at 8", None),
        ("", None),
    ],
)
def test_a_wish_in_words_is_read_only_where_it_is_sure(text, request_):
    assert report_wished(text, SYMBOLS) == request_


@given(st.text(max_size=200) | st.lists(st.sampled_from(WORDS)).map(" ".join))
def test_any_text_is_read_or_refused(text):
    with suppress(RequestError, EngineError):
        parse_report(f"/report add {text}", symbols=SYMBOLS)
    report_wished(text, SYMBOLS)
