"""The recorded source: what was known and nothing else, one clear sentence for each bad input, several venues."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.analysis import analyse, venue_shares
from engine.errors import DataMalformedError, DataUnavailableError, EngineError, NotEnoughDataError, UnknownSymbolError
from engine.observed import Crowd
from engine.sources.recorded import RecordedSource
from engine.windows import parse_instant
from tests.engine.made_recordings import BAR_S, END_S, funding_rows, kline_rows, perp_rows, record, write

PERP = "binanceusdm/BTCUSDT/perp_5m.parquet"


@pytest.fixture(scope="module")
def perp():
    return perp_rows()


def changed(perp, name, row, value):
    values = np.array(perp[name], dtype=float if name != "time" else np.int64)
    values[row] = value
    return {**perp, name: values}


def without(perp, rows):
    return {name: np.delete(values, rows) for name, values in perp.items()}


def sentence(directory, symbol="BTC", as_of_s=None):
    """What the user reads when a question about a recording cannot be answered: one line, ending in what to do."""
    with pytest.raises(EngineError) as caught:
        RecordedSource(directory).market(symbol, as_of_s)
    text = str(caught.value)
    assert "\n" not in text
    assert text.endswith(("." , "?"))  # fmt: skip
    return text


# what is known


def test_a_bar_is_known_when_it_is_finished(tmp_path, perp):
    source = RecordedSource(record(tmp_path, "binanceusdm", perp))
    opens_s = int(perp["time"][400])
    assert source.market("BTC", opens_s + BAR_S).lead.candles.time_s[-1] == opens_s
    assert source.market("BTC", opens_s + BAR_S - 1).lead.candles.time_s[-1] == opens_s - BAR_S


def test_the_price_is_the_close_of_the_last_finished_bar(tmp_path, perp):
    source = RecordedSource(record(tmp_path, "binanceusdm", perp))
    assert source.market("BTC", int(perp["time"][400])).price == perp["close"][399]


def test_without_a_moment_the_end_of_the_recording_is_now(tmp_path, perp):
    assert RecordedSource(record(tmp_path, "binanceusdm", perp)).market("BTC").as_of_s == END_S


def test_funding_is_known_from_its_settlement_on(tmp_path, perp):
    funding = funding_rows()
    source = RecordedSource(record(tmp_path, "binanceusdm", perp, funding_8h=funding))
    settled_s = int(funding["time"][-1])
    assert source.market("BTC", settled_s).lead.funding.rate[-1] == funding["funding_rate"][-1]
    assert source.market("BTC", settled_s - 1).lead.funding.rate[-1] == funding["funding_rate"][-2]


def test_taker_side_comes_from_recorded_flow_or_from_spot(tmp_path, perp):
    klines = kline_rows(perp)
    bought = klines["taker_buy_volume"] / klines["volume"]
    flow = record(tmp_path / "flow", "binanceusdm", perp, taker_flow_5m=klines)
    spot = record(tmp_path / "spot", "binanceusdm", perp)
    write(spot / "binance_spot/BTCUSDT/klines_5m.parquet", klines)
    for directory in (flow, spot):
        market = RecordedSource(directory).market("BTC")
        np.testing.assert_allclose(market.lead.candles.taker_buy_share, bought)
        assert not any(item.input == "taker_flow" for item in market.missing)


def test_taker_side_that_is_not_recorded_is_named(tmp_path, perp):
    market = RecordedSource(record(tmp_path, "binanceusdm", perp)).market("BTC")
    assert [(item.input, item.venue) for item in market.missing] == [("taker_flow", "binanceusdm")]
    assert np.isnan(market.lead.candles.taker_buy_share).all()


def book_rows(*snapshots):
    times, prices, sizes = zip(*((at, price, size) for at, levels in snapshots for price, size in levels), strict=True)
    return {"time": np.array(times), "price": np.array(prices), "size": np.array(sizes)}


def test_the_order_book_is_the_last_snapshot_that_is_known_and_fresh(tmp_path, perp):
    old = (END_S - 600, [(49_000.0, 1.0), (51_000.0, -1.0)])
    now = (END_S - 60, [(49_100.0, 1.0), (49_200.0, 2.0), (51_000.0, -3.0), (50_900.0, -4.0)])
    source = RecordedSource(record(tmp_path, "binanceusdm", perp, order_book=book_rows(old, now)))
    book = source.market("BTC", END_S).lead.order_book
    assert book.bid_price.tolist() == [49_200, 49_100]
    assert book.ask_price.tolist() == [50_900, 51_000]
    assert book.ask_size.tolist() == [4, 3]
    assert source.market("BTC", END_S - 61).lead.order_book.time_s == END_S - 600
    assert source.market("BTC", END_S - 601).lead.order_book is None


def test_a_book_older_than_a_quarter_of_an_hour_is_not_used(tmp_path, perp):
    stale = book_rows((END_S - 901, [(49_000.0, 1.0), (51_000.0, -1.0)]))
    assert RecordedSource(record(tmp_path, "binanceusdm", perp, order_book=stale)).market("BTC").lead.order_book is None


# bad input


def test_a_missing_file_is_named(tmp_path, perp):
    record(tmp_path, "binanceusdm", perp)
    (tmp_path / PERP).unlink()
    text = sentence(tmp_path)
    assert "perp_5m.parquet" in text
    assert "--recordings" in text


@pytest.mark.parametrize("name", ["time", "close", "open_interest"])
def test_a_missing_column_is_named(tmp_path, perp, name):
    record(tmp_path, "binanceusdm", perp)
    pq.write_table(pq.read_table(tmp_path / PERP).drop_columns([name]), tmp_path / PERP)
    assert f"the column {name} is missing" in sentence(tmp_path)


@pytest.mark.parametrize("kept", [0, 3, 400, 20_000])
def test_a_truncated_file_is_named(tmp_path, perp, kept):
    record(tmp_path, "binanceusdm", perp)
    whole = (tmp_path / PERP).read_bytes()
    (tmp_path / PERP).write_bytes(whole[: min(kept, len(whole) - 1)])
    text = sentence(tmp_path)
    assert str(tmp_path / PERP) in text
    assert "not a readable Parquet file" in text
    assert "Copy or record the file again" in text


def test_a_row_without_a_time_is_refused(tmp_path, perp):
    record(tmp_path, "binanceusdm", perp)
    table = pq.read_table(tmp_path / PERP)
    times = pa.array([None, *table["time"].to_pylist()[1:]], table.schema.field("time").type)
    pq.write_table(table.set_column(0, "time", times), tmp_path / PERP)
    assert "a row has no time" in sentence(tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("high", np.nan, "high is nan"),
        ("low", -1.0, "low is -1.0"),
        ("close", 0.0, "close is 0.0"),
        ("close", 1e9, "2026-02-03"),
        ("volume", np.nan, "volume"),
        ("volume", -3.0, "volume"),
        ("open_interest", -5.0, "open interest is negative"),
    ],
)
def test_a_bad_value_is_named_with_its_moment(tmp_path, perp, name, value, said):
    text = sentence(record(tmp_path, "binanceusdm", changed(perp, name, 100, value)))
    assert said in text
    assert "binanceusdm BTCUSDT" in text
    assert "2026-02-0" in text


def test_bars_out_of_order_and_doubled_bars_are_refused(tmp_path, perp):
    swapped = {name: values[[*range(300), 301, 300, *range(302, len(values))]] for name, values in perp.items()}
    doubled = {name: np.insert(values, 300, values[300]) for name, values in perp.items()}
    for place, rows in (("swapped", swapped), ("doubled", doubled)):
        text = sentence(record(tmp_path / place, "binanceusdm", rows))
        assert "not in order of time" in text
        assert "Sort the rows by time and drop doubled ones" in text


def test_open_interest_of_nothing_but_zeros_is_refused(tmp_path, perp):
    text = sentence(record(tmp_path, "binanceusdm", changed(perp, "open_interest", slice(None), 0.0)))
    assert "open interest is 0 or missing in every bar" in text


def test_open_interest_missing_in_a_few_bars_is_named_and_the_answer_given(tmp_path, perp):
    holed = changed(changed(perp, "open_interest", slice(100, 104), 0.0), "open_interest", 200, np.nan)
    market = RecordedSource(record(tmp_path, "binanceusdm", holed)).market("BTC")
    named = next(item for item in market.missing if item.input == "open_interest")
    assert named.venue == "binanceusdm"
    assert "5 of 720 bars" in named.effect
    assert named in analyse(market).missing


def test_gaps_are_named_with_number_longest_and_moment(tmp_path, perp):
    gapped = without(perp, [*range(100, 124), 300])
    market = RecordedSource(record(tmp_path, "binanceusdm", gapped)).market("BTC")
    named = next(item for item in market.missing if item.input == "candles")
    assert "2 gaps, the longest 2 h from 3 Feb 2026 08:20 UTC" in named.effect
    assert named in analyse(market).missing


def test_a_history_of_one_bar_is_not_enough_for_an_answer(tmp_path, perp):
    market = RecordedSource(record(tmp_path, "binanceusdm", without(perp, range(719)))).market("BTC")
    with pytest.raises(NotEnoughDataError, match="a day of recent candles, and there is 5 min of history"):
        analyse(market)


@pytest.mark.parametrize("moment_s", [END_S - 721 * BAR_S, END_S + 7_200, 0, 4_000_000_000])
def test_a_moment_outside_the_recording_names_its_span(tmp_path, perp, moment_s):
    text = sentence(record(tmp_path, "binanceusdm", perp), as_of_s=moment_s)
    assert "spans 2026-02-03T00:05:00Z to 2026-02-05T12:00:00Z: choose --at inside it" in text


def test_an_empty_recording_says_so(tmp_path, perp):
    assert "is empty" in sentence(record(tmp_path, "binanceusdm", without(perp, range(720))))


def test_an_unknown_symbol_gets_the_nearest_recorded_ones(tmp_path, perp):
    for symbol in ("BTC", "ETH", "SOL"):
        record(tmp_path, "binanceusdm", perp, symbol=symbol)
    with pytest.raises(UnknownSymbolError) as caught:
        RecordedSource(tmp_path).market("ETC")
    assert "ETH" in caught.value.suggestions
    assert str(caught.value).startswith("There is no symbol “ETC”. Did you mean ETH")


def test_an_unknown_symbol_that_resembles_nothing_gets_all_recorded_ones(tmp_path, perp):
    record(tmp_path, "binanceusdm", perp)
    assert "Known: BTC." in sentence(tmp_path, "XYZXYZ")


@pytest.mark.parametrize("symbol", ["../BTC", "", ".", "BTC/../BTC"])
def test_a_symbol_is_never_a_path(tmp_path, perp, symbol):
    record(tmp_path, "binanceusdm", perp)
    assert "There is no symbol" in sentence(tmp_path, symbol)


def test_a_directory_without_recordings_says_what_is_looked_for(tmp_path):
    (tmp_path / "binanceusdm").mkdir()
    text = sentence(tmp_path)
    assert "There are no recordings in" in text
    assert "<venue>/<SYMBOL>USDT/perp_5m.parquet" in text


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.write_text("x")])
def test_what_is_no_directory_is_refused_at_once(tmp_path, make):
    make(tmp_path / "place")
    with pytest.raises(DataUnavailableError, match=r"no directory of recordings at .*place\. .*FATHOM_RECORDINGS"):
        RecordedSource(tmp_path / "place")


def test_files_and_venues_that_are_not_known_are_passed_over(tmp_path, perp):
    record(tmp_path, "binanceusdm", perp)
    record(tmp_path, "a_venue_without_rule", perp, symbol="DOGE")
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "binanceusdm/notes.txt").write_text("x")
    (tmp_path / "binanceusdm/ETHUSDT").write_text("a file in place of a folder")
    assert RecordedSource(tmp_path).symbols() == ("BTC",)


def test_a_venue_without_any_open_interest_is_read_and_says_so(tmp_path, perp):
    bars = {name: values for name, values in perp.items() if name != "open_interest"}
    told_nothing = {**bars, "open_interest": np.full(len(perp["time"]), np.nan)}
    market = RecordedSource(record(record(tmp_path, "binanceusdm", perp), "hyperliquid", told_nothing)).market("BTC")
    assert [venue.venue for venue in market.venues] == ["binanceusdm", "hyperliquid"]
    assert market.venues[1].open_interest is None
    (missing,) = [item for item in market.missing if item.input == "open_interest"]
    assert (missing.venue, missing.effect.split(":")[0]) == ("hyperliquid", "not recorded")


def test_a_recorded_venue_with_a_borrowed_margin_rule_says_whose(tmp_path, perp):
    market = RecordedSource(record(tmp_path, "bitget", perp)).market("BTC")
    assert (market.lead.margin.venue, market.lead.margin.rule) == ("bitget", "binanceusdm")
    assert "bitget's margin rule is not known here: that of Binance is assumed." in market.notes


def test_a_damaged_side_file_is_named_too(tmp_path, perp):
    directory = record(tmp_path, "binanceusdm", perp, funding_8h=funding_rows())
    (directory / "binanceusdm/BTCUSDT/funding_8h.parquet").write_bytes(b"PAR1")
    assert "funding_8h.parquet" in sentence(directory)


def test_funding_settled_twice_is_refused(tmp_path, perp):
    funding = funding_rows()
    funding["time"] = np.sort(np.append(funding["time"][1:], funding["time"][5]))
    with pytest.raises(DataMalformedError, match="settlements are not in order"):
        RecordedSource(record(tmp_path, "binanceusdm", perp, funding_8h=funding)).market("BTC")


# several venues


@pytest.fixture(scope="module")
def other():
    """A second venue that trades near the first, with a third of its open interest."""
    first, second = perp_rows(), perp_rows(2, interest=2_600.0)
    ratio = 1 + np.random.default_rng(3).normal(0, 1e-4, 720)
    prices = {name: first[name] * ratio for name in ("open", "high", "low", "close")}
    return {
        **second,
        **prices,
        "high": np.maximum.reduce(list(prices.values())),
        "low": np.minimum.reduce(list(prices.values())),
    }


def test_venues_are_ordered_by_open_interest_in_usd_and_shares_sum_to_one(tmp_path, perp, other):
    # bybit holds more contracts, of the same coin: what counts is USD, and the directory's order does not
    smaller = record(tmp_path / "a", "bybit", other)
    market = RecordedSource(record(smaller, "binanceusdm", perp)).market("BTC")
    assert [venue.venue for venue in market.venues] == ["binanceusdm", "bybit"]
    swapped = record(tmp_path / "b", "bybit", perp)
    market_swapped = RecordedSource(record(swapped, "binanceusdm", other)).market("BTC")
    assert [venue.venue for venue in market_swapped.venues] == ["bybit", "binanceusdm"]
    shares = venue_shares(market)
    interest = [rows["open_interest"][-1] * rows["close"][-1] for rows in (perp, other)]
    assert [share.oi_share for share in shares] == pytest.approx(np.array(interest) / sum(interest))
    assert sum(share.oi_share for share in shares) == pytest.approx(1, abs=1e-12)


def test_a_venue_that_has_fallen_silent_is_announced_and_changes_nothing_else(tmp_path, perp, other):
    """With the second venue dead for two hours the answer is that of the first alone, and says so."""
    alone = analyse(RecordedSource(record(tmp_path / "one", "binanceusdm", perp)).market("BTC"))
    both = record(record(tmp_path / "two", "binanceusdm", perp), "bybit", without(other, range(690, 720)))
    with_dead = analyse(RecordedSource(both).market("BTC"))
    silent = [item for item in with_dead.missing if item.venue == "bybit"]
    assert [item.input for item in silent] == ["candles"]
    assert "silent since 5 Feb 2026 09:30 UTC" in silent[0].effect
    assert [item for item in with_dead.missing if item.venue != "bybit"] == list(alone.missing)
    assert with_dead.zones == alone.zones
    assert with_dead.venues == alone.venues


def test_a_venue_recorded_only_later_is_not_known_yet(tmp_path, perp, other):
    later = record(record(tmp_path, "binanceusdm", perp), "bybit", without(other, range(700)))
    market = RecordedSource(later).market("BTC", int(perp["time"][600]))
    assert [venue.venue for venue in market.venues] == ["binanceusdm"]
    assert not any(item.venue == "bybit" for item in market.missing)


def test_a_venue_half_an_hour_behind_is_used_and_its_age_noted(tmp_path, perp, other):
    behind = record(record(tmp_path, "binanceusdm", perp), "bybit", without(other, range(714, 720)))
    market = RecordedSource(behind).market("BTC")
    assert len(market.venues) == 2
    assert market.notes == ("The last finished bar of bybit is 30 min old.",)


def test_every_file_is_read_once_per_question(tmp_path, perp, monkeypatch):
    """Reading is what a question costs first: 30,000 bars take 8 ms, and they are not read for their span before."""
    source = RecordedSource(record(tmp_path, "binanceusdm", perp, funding_8h=funding_rows()))
    opened = []
    read = pq.ParquetFile
    monkeypatch.setattr(pq, "ParquetFile", lambda path: opened.append(path.name) or read(path))
    source.market("BTC")
    assert sorted(opened) == ["funding_8h.parquet", "perp_5m.parquet"]


def test_the_recording_of_btc_ends_with_the_last_finished_bar(shared_data):
    market = RecordedSource(shared_data).market("BTC", parse_instant("2026-02-05T12:00:00Z"))
    assert len(market.lead.candles) == 66 * 288 + 144 - 1  # from 1 December 00:05, without a gap
    assert market.price == 70_279.0
    assert not any(item.input in ("candles", "open_interest", "funding") for item in market.missing)


# the crowd


def test_the_crowd_is_the_newest_ratio_that_was_known_and_is_young(tmp_path, perp):
    ratios = {"time": END_S - np.array([7 * 3600, 1800, 600]), "long_short_ratio": np.array([3.0, 1.5, 1.2])}
    source = RecordedSource(record(tmp_path, "binanceusdm", perp, long_short_ratio=ratios))
    assert source.market("BTC", END_S).lead.crowd == Crowd(time_s=END_S - 600, long_short_ratio=1.2)
    assert source.market("BTC", END_S - 601).lead.crowd == Crowd(time_s=END_S - 1800, long_short_ratio=1.5)
    assert source.market("BTC", END_S - 3 * 3600).lead.crowd.long_short_ratio == 3.0


def test_a_ratio_older_than_six_hours_says_nothing_about_the_moment(tmp_path, perp):
    ratios = {"time": np.array([END_S - 6 * 3600 - 1]), "long_short_ratio": np.array([1.5])}
    source = RecordedSource(record(tmp_path, "binanceusdm", perp, long_short_ratio=ratios))
    assert source.market("BTC", END_S).lead.crowd is None
    assert source.market("BTC", END_S - 1).lead.crowd is not None
