import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.text import duration_text, moment_text, percent_text, price_text, usd_text
from engine.windows import DAY_S, HOUR_S, MINUTE_S, parse_instant

NOT_NUMBERS = (math.nan, math.inf, -math.inf)
UNIT_S = {"s": 1, "min": MINUTE_S, "h": HOUR_S, "d": DAY_S}
UNIT_USD = {"T": 1e12, "B": 1e9, "M": 1e6, "k": 1e3}


def shown_number(text: str) -> tuple[float, float]:
    """The number a reader takes from a text, and one unit of its last shown digit."""
    digits = text.replace(",", "")
    return float(digits), 10.0 ** -len(digits.partition(".")[2])


def digits_of(text: str) -> int:
    return len([letter for letter in text if letter.isdigit()])


@pytest.mark.parametrize(
    ("price", "text"),
    [
        (70412.4, "70,412"),
        (2095.3, "2,095.3"),
        (87.99, "87.99"),
        (12.3456, "12.35"),
        (2.6054, "2.6054"),
        (0.012345, "0.012345"),
        (0.0000123, "0.000012300"),
        (1_250_000.0, "1,250,000"),
        (9.99996, "10.000"),  # one digit more before the point, one less behind it
        (999.996, "1,000.0"),
        (99_999.6, "100,000"),
        (1000.0, "1,000.0"),
        (0.001, "0.0010000"),
    ],
)
def test_a_price_shows_five_digits_but_no_less_than_a_cent_from_ten_on(price: float, text: str) -> None:
    assert price_text(price) == text


@pytest.mark.parametrize("price", [0.0, -1.0, *NOT_NUMBERS])
def test_what_is_no_price_is_called_unknown(price: float) -> None:
    assert price_text(price) == "unknown"


@given(st.floats(min_value=1e-9, max_value=1e9))
def test_a_price_reads_back_within_half_of_its_last_digit(price: float) -> None:
    value, last_digit = shown_number(price_text(price))
    assert value == pytest.approx(price, abs=0.5 * last_digit * (1 + 1e-9))


@given(st.floats(min_value=10.0, max_value=1e9))
def test_neighbouring_bins_read_differently(price: float) -> None:
    assert price_text(price) != price_text(price * 1.001)


@given(st.floats(min_value=1e-9, max_value=9.999))
def test_a_price_below_ten_shows_exactly_five_digits(price: float) -> None:
    assert digits_of(price_text(price).replace(",", "").replace(".", "").lstrip("0")) == 5


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        (182e6, "$182M"),
        (4.31e9, "$4.31B"),
        (950e3, "$950k"),
        (999.6e3, "$1.00M"),
        (999.4e3, "$999k"),
        (9.996e6, "$10.0M"),
        (999.6e6, "$1.00B"),
        (1.234e12, "$1.23T"),
        (999.4, "$999"),
        (999.6, "$1.00k"),
        (12.3, "$12"),
        (0.4, "$0"),
        (-0.4, "$0"),
        (-0.7, "-$1"),
        (-1200.0, "-$1.20k"),
        (0.0, "$0"),
    ],
)
def test_an_amount_shows_three_digits_and_its_unit(usd: float, text: str) -> None:
    assert usd_text(usd) == text


@given(st.floats(min_value=-9e14, max_value=9e14))
def test_an_amount_reads_back_within_half_of_its_last_digit(usd: float) -> None:
    sign, _, amount = usd_text(usd).partition("$")
    unit = UNIT_USD.get(amount[-1], 1.0)
    value, last_digit = shown_number(amount.rstrip("TBMk"))
    assert (-value if sign else value) * unit == pytest.approx(usd, abs=0.5 * last_digit * unit * (1 + 1e-9))
    assert digits_of(amount) == 3 or unit == 1.0


@pytest.mark.parametrize(
    ("fraction", "options", "text"),
    [
        (0.024, {}, "+2.4 %"),
        (-0.0304, {}, "-3.0 %"),
        (0.41, {"signed": False, "decimals": 0}, "41 %"),
        (-0.0001, {}, "+0.0 %"),  # no minus before a zero
        (12.5, {}, "+1,250.0 %"),
        (0.00012, {"decimals": 3}, "+0.012 %"),
    ],
)
def test_a_fraction_is_shown_as_percent(fraction: float, options: dict[str, int], text: str) -> None:
    assert percent_text(fraction, **options) == text


@given(st.floats(min_value=-100, max_value=100), st.integers(0, 4))
def test_a_percentage_reads_back_within_half_of_its_last_digit(fraction: float, decimals: int) -> None:
    value, last_digit = shown_number(percent_text(fraction, decimals=decimals).removesuffix(" %"))
    assert value == pytest.approx(100 * fraction, abs=0.5 * last_digit * (1 + 1e-9))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (12, "12 s"),
        (59.4, "59 s"),
        (59.7, "1 min"),
        (40 * MINUTE_S, "40 min"),
        (HOUR_S - 1, "1 h"),
        (5 * HOUR_S, "5 h"),
        (47 * HOUR_S, "47 h"),
        (2 * DAY_S - 1, "2.0 d"),
        (3.2 * DAY_S, "3.2 d"),
        (9.94 * DAY_S, "9.9 d"),
        (9.96 * DAY_S, "10 d"),
        (45 * DAY_S, "45 d"),
        (-90 * MINUTE_S, "-2 h"),
        (-0.2, "0 s"),
    ],
)
def test_a_duration_is_shown_in_its_natural_unit(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


@given(st.floats(min_value=-1e9, max_value=1e9))
def test_a_duration_reads_back_within_half_of_its_last_digit(seconds: float) -> None:
    number, unit = duration_text(seconds).split()
    value, last_digit = shown_number(number)
    assert value * UNIT_S[unit] == pytest.approx(seconds, abs=0.5 * last_digit * UNIT_S[unit] * (1 + 1e-9))


@given(st.floats(min_value=0, max_value=1e9))
def test_no_duration_fills_the_next_unit(seconds: float) -> None:
    number, unit = duration_text(seconds).split()
    assert float(number) < {"s": 60, "min": 60, "h": 48, "d": math.inf}[unit]


@pytest.mark.parametrize("write", [usd_text, percent_text, duration_text, moment_text])
@pytest.mark.parametrize("value", NOT_NUMBERS)
def test_what_is_no_number_is_called_unknown(write, value: float) -> None:
    assert write(value) == "unknown"


def test_a_moment_is_read_in_utc_without_a_leading_zero() -> None:
    assert moment_text(parse_instant("2026-03-14T23:55:00Z")) == "14 Mar 2026 23:55 UTC"
    assert moment_text(parse_instant("2026-02-05T14:00:00+02:00")) == "5 Feb 2026 12:00 UTC"
