"""Any exchange of the library: replayed ones asked through its unified methods, and what its rows mean."""

from dataclasses import replace

import numpy as np
import pytest

from engine.errors import DataUnavailableError, UnknownVenueError
from engine.history.keeping import KeepingSource
from engine.history.past import StoredPast
from engine.history.store import HistoryStore
from engine.margin import ASSUMED_RULE, LONG, liquidation_price, terms_for
from engine.sources.live.exchange_library import offers, origin_of, same_exchange, unknown_exchange
from engine.sources.live.faults import VenueError
from engine.sources.live.unified import MANNERS, unified_venue
from engine.sources.live.venue import Feed, Page, SnapshotFeed
from engine.sources.live.venues import VENUES, venue_named
from engine.windows import HOUR_S
from tests.engine.made_live import staged, strike
from tests.engine.markets import FINISHED_S, NOW_S, random_closes, venue_from
from tests.replay_exchange import ReplayMarket, faults

DAYS = 5
BARS = DAYS * 288
SOURCE = venue_from(random_closes(3, BARS + 12), seed=3, taker=np.full(BARS + 12, 0.5), start_s=FINISHED_S - 300 * BARS)
MARKET = ReplayMarket.of(SOURCE)
BTC = {"BTC": MARKET}
HYPERLIQUID = {"venues": ("hyperliquid",)}


def missing_of(market):
    return {item.input: item.effect for item in market.missing}


def assert_bars_are_the_recorded_ones(candles):
    fine = candles.duration_s == 300
    rows = np.searchsorted(SOURCE.candles.time_s, candles.time_s[fine])
    assert np.sum(fine) == 3 * 288
    for name in ("time_s", "open", "high", "low", "close", "volume"):
        np.testing.assert_array_equal(getattr(candles, name)[fine], getattr(SOURCE.candles, name)[rows], err_msg=name)
    coarse = np.flatnonzero(candles.duration_s == HOUR_S)
    assert len(coarse) == (DAYS - 3) * 24
    first = int(np.searchsorted(SOURCE.candles.time_s, candles.time_s[coarse[0]]))
    assert candles.high[coarse[0]] == SOURCE.candles.high[first : first + 12].max()


# --- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("venue", VENUES)
def test_through_unified_methods_the_three_venues_tell_the_same_numbers(venue):
    with staged(BTC, now_s=NOW_S, venues=(venue,), unified=True) as stage:
        lead = stage.source.market("BTC").lead
    assert_bars_are_the_recorded_ones(lead.candles)
    rows = np.searchsorted(SOURCE.candles.time_s, lead.candles.time_s)
    np.testing.assert_allclose(lead.open_interest, SOURCE.open_interest[rows], rtol=1e-12)  # OKX tells contracts
    np.testing.assert_array_equal(lead.funding.rate, [rate for _, rate in MARKET.settlements(NOW_S)])
    book = MARKET.book(NOW_S)
    np.testing.assert_allclose(lead.order_book.bid_size, book.bid_size[: len(lead.order_book.bid_size)], rtol=1e-12)
    np.testing.assert_array_equal(lead.order_book.ask_price, book.ask_price[: len(lead.order_book.ask_price)])


def test_hyperliquid_tells_bars_funding_and_book_as_recorded():
    with staged(BTC, now_s=NOW_S, **HYPERLIQUID) as stage:
        market = stage.source.market("BTC")
        requests = stage.exchange.count()
    assert_bars_are_the_recorded_ones(market.lead.candles)
    assert market.as_of_s == NOW_S
    assert int(market.lead.candles.end_s[-1]) == FINISHED_S
    np.testing.assert_array_equal(market.lead.funding.rate, [rate for _, rate in MARKET.settlements(NOW_S)])
    book = MARKET.book(NOW_S)
    np.testing.assert_array_equal(market.lead.order_book.bid_price, book.bid_price[:20])
    assert requests <= 10


def test_hyperliquids_hourly_funding_is_up_to_date():
    hourly = replace(
        SOURCE.funding,
        time_s=np.arange(FINISHED_S - DAYS * 24 * HOUR_S, FINISHED_S + 1, HOUR_S),
        rate=np.linspace(-1e-4, 1e-4, DAYS * 24 + 1),
        interval_s=HOUR_S,
    )
    with staged({"BTC": replace(MARKET, funding=hourly)}, now_s=NOW_S, **HYPERLIQUID) as stage:
        funding = stage.source.market("BTC").lead.funding
    assert funding.interval_s == HOUR_S
    np.testing.assert_array_equal(funding.rate, hourly.rate)


def test_open_interest_of_the_moment_belongs_to_the_bar_under_way_and_is_used_once_that_has_ended():
    at_open = dict(zip(SOURCE.candles.time_s.tolist(), SOURCE.open_interest.tolist(), strict=True))
    with staged(BTC, now_s=NOW_S, **HYPERLIQUID) as stage:
        first = stage.source.market("BTC")
        assert first.lead.open_interest is None
        assert missing_of(first)["open_interest"].startswith("known since 5 Feb 2026 12:00 UTC only, no past is given")
        stage.exchange.now_s += 300
        second = stage.source.market("BTC")
        stage.exchange.now_s += 300
        third = stage.source.market("BTC").lead
    known = np.isfinite(second.lead.open_interest)
    assert second.lead.candles.time_s[known].tolist() == [FINISHED_S]
    assert second.lead.open_interest[known].tolist() == [at_open[FINISHED_S]]
    assert missing_of(second)["open_interest"].startswith("known since 5 Feb 2026 12:00 UTC only")
    assert third.open_interest[-2:].tolist() == [at_open[FINISHED_S], at_open[FINISHED_S + 300]]


def test_of_one_bar_the_first_snapshot_stays_and_bars_nobody_asked_in_are_unknown():
    with staged(BTC, now_s=NOW_S, **HYPERLIQUID) as stage:
        stage.source.market("BTC")
        asked = stage.exchange.count()
        stage.exchange.now_s += 5
        stage.source.market("BTC")
        assert stage.exchange.count() == asked
        stage.exchange.now_s = FINISHED_S + 4 * 300 + 10
        stage.source.market("BTC")
        stage.exchange.now_s += 300
        known = np.isfinite(stage.source.market("BTC").lead.open_interest)
    assert known[-5:].tolist() == [True, False, False, False, True]


def test_what_a_venue_without_a_past_told_adds_up_in_the_history_over_processes(tmp_path):
    at_open = dict(zip(SOURCE.candles.time_s.tolist(), SOURCE.open_interest.tolist(), strict=True))
    with staged(BTC, now_s=NOW_S, **HYPERLIQUID) as stage, HistoryStore(tmp_path) as store:
        keeping = KeepingSource(stage.source, store)
        for _ in range(3):
            keeping.market("BTC")
            stage.exchange.now_s += 300
    past = StoredPast(HistoryStore(tmp_path))
    with staged(BTC, now_s=NOW_S + 1_500, past=past, **HYPERLIQUID) as stage:
        lead = stage.source.market("BTC").lead
    known = np.isfinite(lead.open_interest)
    assert lead.candles.time_s[known].tolist() == [FINISHED_S, FINISHED_S + 300]
    assert lead.open_interest[known].tolist() == [at_open[FINISHED_S], at_open[FINISHED_S + 300]]


# --- terms, units and names -------------------------------------------------------------------------------------------


def test_usdc_and_the_listed_maximum_leverage_are_told():
    with staged(BTC, now_s=NOW_S, **HYPERLIQUID) as stage:
        market = stage.source.market("BTC")
    assert "Hyperliquid's perpetual is settled in USDC, which counts as USD like USDT." in market.notes
    terms = market.lead.margin
    assert terms.max_leverage == MARKET.margin.max_leverage == 150
    assert terms.origin == "hyperliquid lists at most 150x"
    # l = 1/300; 50x long: available .02 - l of the entry, divided by 1 - l
    expected = 100 * (1 - (0.02 - 1 / 300) / (1 - 1 / 300))
    assert liquidation_price(terms, side=LONG, entry=100.0, leverage=50) == pytest.approx(expected, rel=1e-12)


def test_a_coin_by_the_thousand_has_the_name_that_others_use():
    with staged({"kPEPE": MARKET, "KAS": MARKET, "BTC": MARKET}, now_s=NOW_S, **HYPERLIQUID) as stage:
        assert set(stage.source.symbols()) >= {"1000PEPE", "PEPE", "KAS", "BTC"}
        assert stage.source.market("1000PEPE").lead.candles.close[-1] == SOURCE.candles.close[BARS - 1]


def test_an_unknown_margin_rule_is_assumed_and_bounded_by_what_is_listed():
    terms = terms_for("bitget", "BTCUSDT", rule=ASSUMED_RULE).capped(40)
    assert (terms.venue, terms.rule, terms.max_leverage) == ("bitget", "binanceusdm", 40)
    assert terms.origin == "Binance brackets of 2026-09; at most 40x, as bitget lists it"
    assumed = liquidation_price(terms, side=LONG, entry=100.0, leverage=25)
    assert assumed == liquidation_price(terms_for("binanceusdm", "BTCUSDT"), side=LONG, entry=100.0, leverage=25)
    with pytest.raises(UnknownVenueError):
        terms_for("bitget", "BTCUSDT")


def row(**changes):
    limits = {"leverage": {"min": None, "max": 75}}
    plain = {"swap": True, "linear": True, "active": True, "settle": "USDT", "base": "BTC", "symbol": "BTC/USDT:USDT"}
    return {**plain, "contractSize": 1.0, "limits": limits, **changes}


def listing(name, **changes):
    return unified_venue(name).catalogue.listing(row(**changes), "here")


def test_a_market_of_the_library_is_read_only_where_its_units_are_known():
    gate = listing("gate", contractSize=0.0001)
    assert (gate.base, gate.market_id, gate.contract_size) == ("BTC", "BTC/USDT:USDT", 0.0001)
    assert (gate.max_leverage, gate.margin_rule, gate.notes) == (75, None, ())
    assert listing("phemex", contractSize=0.001) is None
    told = " ".join(listing("phemex").notes)
    assert "phemex's margin rule is not known here: that of Binance is assumed." in told
    assert "taken as one side, in coins; nobody has checked that" in told
    assert listing("myokx").margin_rule == "okx"


@pytest.mark.parametrize(
    "changes",
    [{"swap": False}, {"linear": False}, {"active": False}, {"settle": "BTC"}],
    ids=str,
)
def test_what_is_no_linear_perpetual_in_dollars_is_left_out(changes):
    assert listing("gate", **changes) is None


def test_an_exchange_with_a_past_of_open_interest_is_asked_for_it_and_the_end_is_named_where_it_can_be():
    page = Page(market_id="BTC/USDT:USDT", step_s=300, first_s=FINISHED_S - 600, last_s=FINISHED_S)
    bybit, gate = unified_venue("bybit").open_interest, unified_venue("gate").open_interest
    assert isinstance(bybit, Feed)
    asked = {"symbol": "BTC/USDT:USDT", "timeframe": "5m", "since": 1000 * (FINISHED_S - 600), "limit": 3}
    assert bybit.parameters(page) == {**asked, "until": 1000 * (FINISHED_S + 300) - 1}
    assert gate.parameters(page) == asked
    assert isinstance(unified_venue("bitget").open_interest, SnapshotFeed)
    assert isinstance(unified_venue("htx").open_interest, SnapshotFeed)


def test_contracts_become_coins_and_both_sides_one():
    from engine.sources.live.unified_client import UnifiedWire

    def told(name, method, reply, contract_size):
        wire = UnifiedWire(unified_venue(name), base_url=None, clock=lambda: 12.5)
        return wire._in_our_units(method, reply, contract_size)

    bars = [[0, 1.0, 2.0, 0.5, 1.5, 700]]
    assert told("gate", "fetch_ohlcv", bars, 0.01) == [[0, 1.0, 2.0, 0.5, 1.5, 7.0]]
    assert told("okx", "fetch_ohlcv", bars, 0.01) == bars
    interest = {"openInterestAmount": 300.0, "timestamp": 0}
    assert told("gate", "fetch_open_interest_history", [interest], 0.01)[0]["openInterestAmount"] == 3.0
    assert told("bybit", "fetch_open_interest_history", [interest], 1.0)[0]["openInterestAmount"] == 150.0
    assert told("htx", "fetch_open_interest", interest, 0.001)["openInterestAmount"] == pytest.approx(0.3)
    assert told("bitget", "fetch_open_interest", interest, 1.0) == interest
    assert told("gate", "fetch_open_interest", {"openInterestAmount": None}, 1.0) == {"openInterestAmount": None}
    assert told("htx", "fetch_order_book", {"bids": [], "timestamp": None}, 1.0)["timestamp"] == 12_500


def test_only_linear_swaps_are_loaded_where_the_library_can_tell_them_apart():
    from engine.sources.live.unified_client import linear_kinds

    assert linear_kinds(["spot", "swap", "future"]) == ["swap"]
    assert linear_kinds(["spot", "linear", "inverse"]) == ["linear"]
    assert linear_kinds({"spot": True, "linear": True, "inverse": True}) == {
        "spot": False,
        "linear": True,
        "inverse": False,
    }
    assert linear_kinds(["spot", "contract"]) == ["spot", "contract"]


# --- what the library ships, told without loading it ------------------------------------------------------------------


def test_what_the_library_offers_is_what_its_classes_say_themselves():
    import ccxt

    for name in ("hyperliquid", "kucoinfutures", "binanceusdm", "kraken", "mexc", *MANNERS):
        has = getattr(ccxt, name)().has
        for method in ("fetchOHLCV", "fetchOpenInterest", "fetchOpenInterestHistory", "fetchMarketLeverageTiers"):
            assert (method in offers(name)) is (has.get(method) is True), (name, method)


def test_an_exchange_without_open_interest_is_refused_with_the_reason():
    with pytest.raises(
        VenueError, match="kraken cannot be read live: the exchange library gets no open interest of it"
    ):
        venue_named("kraken")


def test_names_are_known_and_branches_belong_to_the_whole():
    assert unknown_exchange("gate") is None
    assert "did you mean hyperliquid" in unknown_exchange("hyperliqid")
    assert (origin_of("binanceusdm"), origin_of("gate")) == ("binance", "gate")
    assert same_exchange(["okx", "bybit", "myokx", "gate"]) == (("okx", "myokx"),)


def test_every_manner_is_one_of_an_exchange_that_the_library_has():
    assert [name for name in MANNERS if unknown_exchange(name) or origin_of(name) != name] == []


# --- faults ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [faults.html, faults.empty, faults.truncated], ids=["html", "empty", "truncated"])
def test_a_reply_that_is_no_data_is_an_error_and_never_an_empty_market(change):
    with staged(BTC, now_s=NOW_S, **HYPERLIQUID) as stage:
        stage.source.symbols()
        strike(stage, change, venue="hyperliquid")
        with pytest.raises(DataUnavailableError, match="Hyperliquid answered with something that is no data"):
            stage.source.market("BTC")


def test_a_fault_that_passes_is_met_by_asking_again():
    with staged(BTC, now_s=NOW_S, **HYPERLIQUID) as stage:
        strike(stage, faults.html, venue="hyperliquid", times=1)
        assert_bars_are_the_recorded_ones(stage.source.market("BTC").lead.candles)


def test_the_library_reads_our_clock():
    with staged(BTC, now_s=NOW_S, **HYPERLIQUID) as stage:
        stage.source.symbols()
        exchange = stage.source._desks["hyperliquid"]._wire._exchange
        assert exchange.milliseconds() == 1000 * NOW_S
