"""Liquidation prices against cases worked by hand as exact fractions, in another order than the code's.

Each expectation starts from what liquidation means: the price at which equity (initial margin and the gain so far)
equals what the venue demands. The fraction in the table is that equation, solved on paper.
"""

import csv
import math
from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import DataMalformedError, EngineError, UnknownVenueError
from engine.margin import (
    LONG,
    SHORT,
    Bracket,
    MarginTerms,
    has_rule,
    liquidation_price,
    listed_markets,
    log_distances,
    terms_for,
)

VENUES = ("binanceusdm", "bybit", "okx", "gate", "hyperliquid", "simulated")

BTC_BRACKETS = (
    Bracket(notional_cap_usd=300_000, maintenance_rate=0.004, max_leverage=150),
    Bracket(notional_cap_usd=800_000, maintenance_rate=0.005, max_leverage=100, maintenance_amount_usd=300),
    Bracket(notional_cap_usd=3_000_000, maintenance_rate=0.0065, max_leverage=75, maintenance_amount_usd=1_500),
    Bracket(notional_cap_usd=12_000_000, maintenance_rate=0.01, max_leverage=50, maintenance_amount_usd=12_000),
)
BYBIT_BRACKETS = (
    Bracket(notional_cap_usd=2_000_000, maintenance_rate=0.005, max_leverage=100),
    Bracket(notional_cap_usd=10_000_000, maintenance_rate=0.01, max_leverage=50, maintenance_amount_usd=10_000),
)
ONE_BRACKET = (Bracket(notional_cap_usd=math.inf, maintenance_rate=0.004, max_leverage=100),)
FORTY_TIMES = (Bracket(notional_cap_usd=math.inf, maintenance_rate=0.0125, max_leverage=40),)

BINANCE = MarginTerms(venue="binanceusdm", brackets=BTC_BRACKETS)
BYBIT = MarginTerms(venue="bybit", brackets=BYBIT_BRACKETS)
OKX = MarginTerms(venue="okx", brackets=ONE_BRACKET, taker_fee=0.0005)
GATE = MarginTerms(venue="gate", brackets=ONE_BRACKET, taker_fee=0.0005)
HYPERLIQUID = MarginTerms(venue="hyperliquid", brackets=FORTY_TIMES)


@pytest.mark.parametrize(
    ("terms", "side", "entry", "leverage", "quantity", "expected"),
    [
        # Binance, small: 60,000 / 100 + (P - 60,000) = .004 P  ->  P = 59,400 / .996; short: 60,600 / 1.004
        pytest.param(BINANCE, LONG, 60_000, 100, None, Fraction(59_400_000, 996), id="binance-100x-long"),
        pytest.param(BINANCE, SHORT, 60_000, 100, None, Fraction(60_600_000, 1004), id="binance-100x-short"),
        pytest.param(BINANCE, LONG, 2_000, 10, None, Fraction(1_800_000, 996), id="binance-10x-long"),
        # Binance, 10 BTC at 60,000 = 600,000: second bracket. 30,000 + 10 (P - 60,000) = .005 * 10 P - 300
        # ->  9.95 P = 569,700; short: 30,000 + 10 (60,000 - P) = .05 P - 300  ->  10.05 P = 630,300
        pytest.param(BINANCE, LONG, 60_000, 20, 10.0, Fraction(56_970_000, 995), id="binance-second-bracket-long"),
        pytest.param(BINANCE, SHORT, 60_000, 20, 10.0, Fraction(63_030_000, 1005), id="binance-second-bracket-short"),
        # Binance, 100 BTC at 50,000 = 5,000,000: fourth bracket. 200,000 + 100 (P - 50,000) = P - 12,000
        # ->  99 P = 4,788,000; short: 200,000 + 100 (50,000 - P) = P - 12,000  ->  101 P = 5,212,000
        pytest.param(BINANCE, LONG, 50_000, 25, 100.0, Fraction(4_788_000, 99), id="binance-fourth-bracket-long"),
        pytest.param(BINANCE, SHORT, 50_000, 25, 100.0, Fraction(5_212_000, 101), id="binance-fourth-bracket-short"),
        # Bybit holds maintenance at the entry's value: 600 - 300 = 300 away from 60,000
        pytest.param(BYBIT, LONG, 60_000, 100, None, Fraction(59_700), id="bybit-100x-long"),
        pytest.param(BYBIT, SHORT, 60_000, 100, None, Fraction(60_300), id="bybit-100x-short"),
        # Bybit, 80 at 50,000 = 4,000,000: second tier. Initial 160,000, maintenance 40,000 - 10,000: 130,000 over 80
        pytest.param(BYBIT, LONG, 50_000, 25, 80.0, Fraction(48_375), id="bybit-second-tier-long"),
        pytest.param(BYBIT, SHORT, 50_000, 25, 80.0, Fraction(51_625), id="bybit-second-tier-short"),
        # OKX and Gate reserve the closing fee as well: 600 + (P - 60,000) = .0045 P
        pytest.param(OKX, LONG, 60_000, 100, None, Fraction(594_000_000, 9955), id="okx-100x-long"),
        pytest.param(OKX, SHORT, 60_000, 100, None, Fraction(606_000_000, 10_045), id="okx-100x-short"),
        pytest.param(OKX, SHORT, 60_000, 100, 7.0, Fraction(606_000_000, 10_045), id="okx-size-cancels"),
        pytest.param(GATE, LONG, 3_000, 25, None, Fraction(28_800_000, 9955), id="gate-25x-long"),
        # Hyperliquid, at most 40x: maintenance is half the initial margin at 40x, 1/80 of the position's value.
        # 60,000 / 20 + (P - 60,000) = P / 80  ->  79 P = 57,000 * 80; short: 81 P = 63,000 * 80
        pytest.param(HYPERLIQUID, LONG, 60_000, 20, None, Fraction(4_560_000, 79), id="hyperliquid-20x-long"),
        pytest.param(HYPERLIQUID, SHORT, 60_000, 20, None, Fraction(5_040_000, 81), id="hyperliquid-20x-short"),
        pytest.param(HYPERLIQUID, LONG, 60_000, 20, 3.0, Fraction(4_560_000, 79), id="hyperliquid-size-cancels"),
    ],
)
def test_liquidation_prices_equal_those_worked_by_hand(
    terms: MarginTerms, side: int, entry: float, leverage: float, quantity: float | None, expected: Fraction
) -> None:
    price = liquidation_price(terms, side=side, entry=entry, leverage=leverage, quantity=quantity)
    assert price == pytest.approx(float(expected), rel=1e-12, abs=1e-9)


@pytest.mark.parametrize(
    ("venue", "leverage", "percent"),
    [
        ("binanceusdm", 100, 0.60),
        ("binanceusdm", 50, 1.61),
        ("binanceusdm", 25, 3.61),
        ("bybit", 100, 0.50),
        ("bybit", 50, 1.50),
        ("bybit", 25, 3.50),
        ("okx", 100, 0.55),
        ("okx", 50, 1.56),
        ("okx", 25, 3.57),
    ],
)
def test_a_bitcoin_long_is_this_far_from_liquidation(venue: str, leverage: float, percent: float) -> None:
    price = liquidation_price(terms_for(venue, "BTCUSDT"), side=LONG, entry=100.0, leverage=leverage)
    assert 100 - price == pytest.approx(percent, abs=0.006)


@pytest.mark.parametrize("venue", VENUES)
def test_no_venue_liquidates_at_the_naive_distance(venue: str) -> None:
    price = liquidation_price(terms_for(venue, "BTCUSDT"), side=LONG, entry=100.0, leverage=100)
    assert 100 - price < 0.7  # 1/L says 1.0


@given(
    venue=st.sampled_from(VENUES),
    side=st.sampled_from([LONG, SHORT]),
    entry=st.floats(min_value=1e-6, max_value=1e6),
    leverage=st.floats(min_value=1.1, max_value=100),
)
def test_a_position_dies_on_its_losing_side_before_its_margin_is_gone(
    venue: str, side: int, entry: float, leverage: float
) -> None:
    price = liquidation_price(terms_for(venue, "BTCUSDT"), side=side, entry=entry, leverage=leverage)
    loss = side * (entry - price) / entry
    assert 0 < loss < 1 / leverage


@given(
    venue=st.sampled_from(VENUES),
    side=st.sampled_from([LONG, SHORT]),
    leverages=st.tuples(st.floats(min_value=1.1, max_value=100), st.floats(min_value=1.1, max_value=100)),
)
def test_more_leverage_is_liquidated_sooner(venue: str, side: int, leverages: tuple[float, float]) -> None:
    terms = terms_for(venue, "BTCUSDT")
    careful, bold = (
        abs(liquidation_price(terms, side=side, entry=100.0, leverage=leverage) - 100) for leverage in sorted(leverages)
    )
    assert bold <= careful


@pytest.mark.parametrize("terms", [BINANCE, BYBIT], ids=lambda terms: terms.venue)
@pytest.mark.parametrize("side", [LONG, SHORT])
def test_the_amount_keeps_the_price_steady_where_a_bracket_ends(terms: MarginTerms, side: int) -> None:
    cap = terms.brackets[0].notional_cap_usd
    # Binance and Bybit meet at the cap of the position's value: taken at entry, where Bybit's rule holds it exactly,
    # and Binance's moves by no more than the two rates differ on the way to liquidation.
    below, above = (
        liquidation_price(terms, side=side, entry=50_000.0, leverage=20, quantity=cap / 50_000 * factor)
        for factor in (1 - 1e-9, 1 + 1e-9)
    )
    assert below == pytest.approx(above, rel=1e-4)


@pytest.mark.parametrize(
    ("notional", "rate"),
    [(1, 0.004), (300_000, 0.004), (300_001, 0.005), (2_999_999, 0.0065), (12_000_000, 0.01), (1e12, 0.01)],
)
def test_a_size_falls_into_the_bracket_that_holds_it(notional: float, rate: float) -> None:
    assert BINANCE.bracket_holding(notional).maintenance_rate == rate


def test_an_unknown_size_is_taken_for_a_small_one() -> None:
    assert BINANCE.bracket_admitting(75) is BTC_BRACKETS[0]
    assert BINANCE.bracket_admitting(150) is BTC_BRACKETS[0]


def test_the_first_bracket_that_admits_the_leverage_is_taken() -> None:
    rising = MarginTerms(venue="binanceusdm", brackets=(BTC_BRACKETS[3], BTC_BRACKETS[1]))
    assert rising.bracket_admitting(50) is BTC_BRACKETS[3]
    assert rising.bracket_admitting(51) is BTC_BRACKETS[1]


def test_leverage_above_the_symbol_maximum_is_refused() -> None:
    with pytest.raises(EngineError, match="binanceusdm allows at most 150x here, not 151x"):
        liquidation_price(BINANCE, side=LONG, entry=60_000, leverage=151)


def test_leverage_that_the_size_does_not_admit_is_refused() -> None:
    with pytest.raises(EngineError, match="allows at most 50x for a position of this size, not 75x"):
        liquidation_price(BINANCE, side=LONG, entry=50_000, leverage=75, quantity=100)


def test_leverages_are_clamped_to_the_symbol_maximum() -> None:
    ladder = np.array([[10.0, 25.0], [50.0, 200.0]])
    np.testing.assert_array_equal(HYPERLIQUID.clamp(ladder), [[10.0, 25.0], [40.0, 40.0]])
    assert ladder[1, 1] == 200.0  # the caller's own array stays as it was


@pytest.mark.parametrize("venue", VENUES)
def test_log_distances_serve_every_entry(venue: str) -> None:
    terms = terms_for(venue, "ETHUSDT")
    leverages = np.array([3.0, 10.0, 50.0])
    longs, shorts = log_distances(terms, leverages)
    for at, leverage in enumerate(leverages):
        for side, distances in ((LONG, longs), (SHORT, shorts)):
            price = liquidation_price(terms, side=side, entry=2_345.6, leverage=float(leverage))
            assert 2_345.6 * math.exp(distances[at]) == pytest.approx(price, rel=1e-12)


def test_a_long_that_is_paid_in_full_is_never_liquidated() -> None:
    assert liquidation_price(BINANCE, side=LONG, entry=60_000, leverage=1) == 0
    assert liquidation_price(BINANCE, side=LONG, entry=60_000, leverage=0.5) == 0
    longs, shorts = log_distances(BINANCE, np.array([1.0]))
    assert longs[0] == -math.inf
    assert shorts[0] == pytest.approx(math.log(2 / 1.004), abs=1e-12)


@pytest.mark.parametrize(
    "position",
    [
        {"side": 0, "entry": 1.0, "leverage": 10.0},
        {"side": LONG, "entry": 0.0, "leverage": 10.0},
        {"side": LONG, "entry": math.nan, "leverage": 10.0},
        {"side": SHORT, "entry": 1.0, "leverage": math.nan},
        {"side": SHORT, "entry": 1.0, "leverage": -10.0},
        {"side": SHORT, "entry": 1.0, "leverage": 10.0, "quantity": 0.0},
    ],
)
def test_a_position_that_cannot_be_is_refused(position: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="no such position"):
        liquidation_price(BINANCE, **position)


def test_an_unknown_venue_is_named_with_the_known_ones() -> None:
    for ask in (
        lambda: terms_for("mtgox", "BTCUSDT"),
        lambda: liquidation_price(
            MarginTerms(venue="mtgox", brackets=ONE_BRACKET), side=LONG, entry=1.0, leverage=10.0
        ),
    ):
        with pytest.raises(UnknownVenueError, match=r"There is no venue “mtgox”\. Known: binanceusdm, bybit"):
            ask()
    assert not has_rule("mtgox")
    assert all(has_rule(venue) for venue in VENUES)


def test_the_origin_of_the_terms_is_said() -> None:
    assert terms_for("binanceusdm", "BTCUSDT").origin == "Binance brackets of 2026-09"
    assert terms_for("bybit", "BTCUSDT").origin == "bybit first tier"
    assert terms_for("bybit", "SOLUSDT").origin == "Binance brackets of 2026-09"


def test_a_market_that_nobody_lists_gets_the_commonest_first_bracket_and_says_so() -> None:
    first = Counter(
        (terms.brackets[0].maintenance_rate, terms.max_leverage)
        for terms in (terms_for("binanceusdm", market) for market in listed_markets())
    )
    unlisted = terms_for("binanceusdm", "NOSUCHUSDT")
    assert first.most_common(1)[0][0] == (unlisted.brackets[0].maintenance_rate, unlisted.max_leverage)
    assert unlisted.origin == (
        "NOSUCHUSDT is not in the table (Binance brackets of 2026-09); the commonest first bracket is used: 1.5 %, 50x"
    )


def test_every_shipped_bracket_rises_in_size_and_rate_and_falls_in_leverage() -> None:
    for market in listed_markets():
        brackets = terms_for("binanceusdm", market).brackets
        caps = [bracket.notional_cap_usd for bracket in brackets]
        assert caps == sorted(set(caps)), market
        assert sorted(brackets, key=lambda bracket: bracket.maintenance_rate) == list(brackets), market
        assert sorted(brackets, key=lambda bracket: -bracket.max_leverage) == list(brackets), market
        assert all(bracket.maintenance_rate < 1 / bracket.max_leverage for bracket in brackets), market


def test_the_shipped_brackets_equal_the_recorded_ones(shared_data: Path) -> None:
    recorded: dict[str, list[tuple[float, float, float]]] = {}
    amounts: dict[str, list[float]] = {}
    with (shared_data / "leverage/binanceusdm_brackets_2026-09.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            pair, _, settled = row["symbol"].partition(":")
            if settled == "USDT":  # perpetuals quoted in USDT; the rest are dated or quoted in something else
                market = pair.replace("/", "")
                step = (row["notional_cap_usd"], row["maintenance_margin_rate"], row["max_leverage"])
                recorded.setdefault(market, []).append(tuple(map(float, step)))
                amounts.setdefault(market, []).append(float(row["maintenance_amount_usd"]))
    assert set(listed_markets()) == set(recorded)
    for market, steps in recorded.items():
        shipped = terms_for("binanceusdm", market).brackets
        assert [(each.notional_cap_usd, each.maintenance_rate, each.max_leverage) for each in shipped] == steps
        assert [each.maintenance_amount_usd for each in shipped] == pytest.approx(amounts[market], rel=1e-9, abs=1e-6)


def write_table(path: Path, *rows: str) -> Path:
    header = "symbol,notional_cap_usd,maintenance_margin_rate,max_leverage"
    path.write_text("\n".join(["# a comment", header, *rows]), encoding="utf-8")
    return path


def test_a_refreshed_table_replaces_the_shipped_one(tmp_path: Path) -> None:
    table = write_table(tmp_path / "mine.csv", "XUSDT,20000,0.05,10", "XUSDT,5000,0.02,25", "XUSDT,inf,0.1,5")
    terms = terms_for("binanceusdm", "XUSDT", table)
    assert terms.origin == "Binance brackets of mine.csv"
    assert [bracket.notional_cap_usd for bracket in terms.brackets] == [5_000, 20_000, math.inf]
    # 5,000 x (.05 - .02) = 150; 150 + 20,000 x (.1 - .05) = 1,150
    assert [bracket.maintenance_amount_usd for bracket in terms.brackets] == pytest.approx([0, 150, 1_150])


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("XUSDT,5000", "not a bracket table"),
        ("XUSDT,many,0.02,25", "could not convert string to float: 'many'"),
        ("XUSDT,5000,0.02,nan", "XUSDT cannot have cap 5000, rate 0.02 and leverage nan"),
        ("XUSDT,5000,1.5,25", "XUSDT cannot have cap 5000, rate 1.5 and leverage 25"),
        ("XUSDT,-5,0.02,25", "XUSDT cannot have cap -5, rate 0.02 and leverage 25"),
        ("", "it holds no bracket"),
    ],
)
def test_a_malformed_table_is_refused_with_its_problem(tmp_path: Path, row: str, problem: str) -> None:
    table = write_table(tmp_path / "table.csv", row)
    with pytest.raises(DataMalformedError, match=problem) as caught:
        terms_for("binanceusdm", "XUSDT", table)
    assert caught.value.where == str(table)
    assert "Write one row per bracket" in caught.value.advice


def test_a_table_without_the_columns_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("market,rate\nXUSDT,0.02\n", encoding="utf-8")
    with pytest.raises(DataMalformedError, match="not a bracket table"):
        terms_for("binanceusdm", "XUSDT", table)


def test_a_table_that_is_not_there_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataMalformedError, match=r"cannot be read \(No such file or directory\)"):
        terms_for("binanceusdm", "XUSDT", tmp_path / "nowhere.csv")
