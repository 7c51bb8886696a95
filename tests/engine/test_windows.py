import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import EngineError, UnknownWindowError
from engine.windows import WINDOWS, iso, parse_instant, window_named


@pytest.mark.parametrize(
    ("name", "hours"),
    [("12h", 12), ("24h", 24), ("48h", 48), ("3d", 72), ("1w", 7 * 24), ("2w", 14 * 24), ("1m", 30 * 24)],
)
def test_each_window_has_its_length(name: str, hours: int) -> None:
    assert window_named(name).length_s == hours * 60 * 60


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("1d", "24h"),
        ("2d", "48h"),
        ("72h", "3d"),
        ("7d", "1w"),
        ("14d", "2w"),
        ("30d", "1m"),
        ("1month", "1m"),
        (" 12H ", "12h"),
        ("1M", "1m"),
    ],
)
def test_a_window_answers_to_its_other_names(typed: str, name: str) -> None:
    assert window_named(typed).name == name


def test_windows_are_listed_from_short_to_long() -> None:
    lengths = [window.length_s for window in WINDOWS]
    assert lengths == sorted(set(lengths))


def test_an_unknown_window_is_answered_with_the_nearest_ones() -> None:
    with pytest.raises(UnknownWindowError, match=r"There is no window “13h”\. Did you mean .*12h.*\?") as caught:
        window_named("13h")
    assert caught.value.known == tuple(window.name for window in WINDOWS)


def test_a_window_that_resembles_nothing_is_answered_with_all_of_them() -> None:
    with pytest.raises(UnknownWindowError, match="Known: 12h, 24h, 48h, 3d, 1w, 2w, 1m"):
        window_named("fortnight")


@pytest.mark.parametrize(
    ("text", "unix_s"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-02-05T12:00:00Z", 1_770_292_800),
        ("2026-02-05T14:00:00+02:00", 1_770_292_800),
        ("2026-02-05T12:00", 1_770_292_800),  # no offset: UTC
        ("2026-02-05 12:00:00.9", 1_770_292_800),  # cut, not rounded: nothing later is known
        ("2026-02-05", 1_770_249_600),
        ("1969-12-31T23:59:58.5Z", -2),
        ("  2026-02-05T12:00:00Z\n", 1_770_292_800),
    ],
)
def test_a_moment_is_parsed_to_whole_seconds(text: str, unix_s: int) -> None:
    assert parse_instant(text) == unix_s


@pytest.mark.parametrize("text", ["", "yesterday", "2026-02-30", "05/02/2026", "2026-02-05T25:00Z", "1770292800"])
def test_what_is_no_moment_is_refused_with_the_way_to_write_one(text: str) -> None:
    with pytest.raises(EngineError, match=r"is not a time\. Write it as 2026-02-05T12:00:00Z"):
        parse_instant(text)


@given(st.integers(min_value=0, max_value=4_102_444_800))
def test_a_moment_survives_being_written_and_read(time_s: int) -> None:
    assert parse_instant(iso(time_s)) == time_s


def test_a_time_in_milliseconds_is_named_by_its_number() -> None:
    assert iso(1_770_292_800_000) == "Unix time 1770292800000"
