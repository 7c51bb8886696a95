"""Markets read from a directory of recordings: `<dir>/<venue>/<SYMBOL>/perp_5m.parquet`, `funding_8h.parquet`, ...

Nothing that was not known at the moment asked for gets through: rows are cut by the time they became known before
anything else looks at them. A bar is known when it is finished, settled funding and a book snapshot at their own time.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from engine.errors import DataMalformedError, DataUnavailableError, UnknownSymbolError
from engine.grid import FloatArray, IntArray
from engine.margin import has_rule, terms_for
from engine.market import Candles, Funding, Market, MissingInput, OrderBook, VenueMarket
from engine.text import duration_text, moment_text
from engine.windows import HOUR_S, MINUTE_S, iso

BAR_S = 5 * MINUTE_S
FUNDING_INTERVAL_S = 8 * HOUR_S
STALE_AFTER_S = 2 * HOUR_S
"""A price older than this cannot answer a question about the moment (own assumption; most 2 h gaps are outages)."""
BOOK_STALE_AFTER_S = 15 * MINUTE_S
"""A resting order older than this says nothing (own assumption; books turn over in minutes)."""
QUOTE = "USDT"

_PERP = "perp_5m.parquet"
_FUNDING = "funding_8h.parquet"
_TAKER_FLOW = "taker_flow_5m.parquet"
_ORDER_BOOK = "order_book.parquet"
_SPOT = Path("binance_spot")
_SPOT_KLINES = "klines_5m.parquet"
_COPY_AGAIN = "Copy or record the file again."


@dataclass(frozen=True, slots=True)
class _Table:
    """A Parquet file's rows that were known: time_s (n,), and the named columns, each (n,)."""

    path: Path
    time_s: IntArray
    columns: dict[str, FloatArray]

    def __getitem__(self, name: str) -> FloatArray:
        return self.columns[name]


class RecordedSource:
    """The `recorded` source: every venue in the directory that has the symbol, and whose margin rule is known."""

    name = "recorded"

    def __init__(self, directory: Path, *, brackets_file: Path | None = None) -> None:
        if not directory.is_dir():
            msg = f"There is no directory of recordings at {directory}. Give one with --recordings."
            raise DataUnavailableError(msg)
        self.directory = directory
        self.brackets_file = brackets_file

    def symbols(self) -> tuple[str, ...]:
        """Return the recorded symbols, most venues first, then by name."""
        found: dict[str, int] = {}
        for venue in self._venues():
            for market in self._markets(venue):
                found[_symbol_of(market)] = found.get(_symbol_of(market), 0) + 1
        return tuple(sorted(found, key=lambda symbol: (-found[symbol], symbol)))

    def market(self, symbol: str, as_of_s: int | None = None) -> Market:
        """Return what was known about `symbol` at `as_of_s` (None: when the last recorded bar was finished).

        Raises:
            UnknownSymbolError: not recorded; holds the nearest recorded symbols.
            DataUnavailableError: the recording does not reach that moment.
            DataMalformedError: a file is damaged or its rows cannot be trusted.

        """
        folders = [
            folder for venue in self._venues() for folder in self._markets(venue) if _symbol_of(folder) == symbol
        ]
        if not folders:
            known = self.symbols()
            raise UnknownSymbolError(symbol, difflib.get_close_matches(symbol, known, 3), known)
        spans = {folder: _read(folder / _PERP, ("open",), until_s=None, lag_s=BAR_S) for folder in folders}
        moment_s = as_of_s if as_of_s is not None else max(_last_known(span) for span in spans.values())
        reached = [folder for folder in folders if _reaches(spans[folder], moment_s)]
        if not reached:
            raise DataUnavailableError(_outside(symbol, moment_s, spans.values()))
        read = [self._venue_market(folder, moment_s) for folder in reached]
        venues = sorted((venue for venue, _ in read), key=_open_interest_usd, reverse=True)
        return Market(
            symbol=symbol,
            as_of_s=moment_s,
            source=self.name,
            venues=tuple(venues),
            missing=tuple(missing for _, found in read for missing in found),
            notes=tuple(_staleness(venue, moment_s) for venue in venues if _age_s(venue, moment_s) >= BAR_S),
        )

    def _venues(self) -> list[Path]:
        return sorted(path for path in self.directory.iterdir() if path.is_dir() and has_rule(path.name))

    def _markets(self, venue: Path) -> list[Path]:
        return sorted(path for path in venue.iterdir() if path.name.endswith(QUOTE) and (path / _PERP).is_file())

    def _venue_market(self, folder: Path, as_of_s: int) -> tuple[VenueMarket, list[MissingInput]]:
        venue = folder.parent.name
        names = ("open", "high", "low", "close", "volume", "open_interest")
        bars = _read(folder / _PERP, names, until_s=as_of_s, lag_s=BAR_S)
        taker_buy_share, missing = self._taker_buy_share(folder, bars, as_of_s)
        candles = Candles(
            where=f"{venue} {folder.name} candles",
            time_s=bars.time_s,
            duration_s=np.full(len(bars.time_s), BAR_S),
            taker_buy_share=taker_buy_share,
            **{name: bars[name] for name in names[:5]},
        )
        open_interest, unknown = _checked_open_interest(bars["open_interest"], candles)
        market = VenueMarket(
            venue=venue,
            candles=candles,
            open_interest=open_interest,
            margin=terms_for(venue, folder.name, self.brackets_file),
            funding=_funding(folder, as_of_s),
            order_book=_order_book(folder, as_of_s),
        )
        return market, [*missing, *unknown, *_gaps(venue, candles)]

    def _taker_buy_share(self, folder: Path, bars: _Table, as_of_s: int) -> tuple[FloatArray, list[MissingInput]]:
        """Return the share of each bar's volume that takers bought (NaN: not recorded), and what is missing."""
        share = np.full(len(bars.time_s), np.nan)
        for path in (self.directory / _SPOT / folder.name / _SPOT_KLINES, folder / _TAKER_FLOW):
            if path.is_file():
                flow = _read(path, ("taker_buy_volume", "volume"), until_s=as_of_s, lag_s=BAR_S)
                _, ours, theirs = np.intersect1d(bars.time_s, flow.time_s, return_indices=True)
                traded = np.where(flow["volume"] > 0, flow["volume"], np.nan)
                share[ours] = np.clip(flow["taker_buy_volume"] / traded, 0.0, 1.0)[theirs]
        known = float(np.mean(np.isfinite(share))) if len(share) else 0.0
        if known > 0.99:  # a handful of missing bars changes nothing that could be seen
            return share, []
        how = "from spot trades and, elsewhere, " if known > 0 else ""
        effect = f"M4 guesses who bought {how}from where each bar closed in its range"
        return share, [MissingInput(input="taker_flow", venue=folder.parent.name, effect=effect)]


def _symbol_of(folder: Path) -> str:
    return folder.name.removesuffix(QUOTE)


def _read(path: Path, names: Iterable[str], *, until_s: int | None, lag_s: int) -> _Table:
    """Read time and the named columns of the rows known at `until_s`; a row is known `lag_s` after its time."""
    wanted = ["time", *names]
    try:
        present = pq.read_schema(path).names
        absent = [name for name in wanted if name not in present]
        if absent:
            raise DataMalformedError(str(path), f"the column {', '.join(absent)} is missing", _COPY_AGAIN)
        table = pq.read_table(path, columns=wanted)
        time_s = table["time"].cast(pa.timestamp("ms", tz="UTC")).cast(pa.int64()).to_numpy() // 1000
        columns = {name: table[name].cast(pa.float64()).to_numpy() for name in names}
    except (pa.ArrowException, OSError) as error:
        problem = f"not a readable Parquet file ({str(error).splitlines()[0][:120]})"
        raise DataMalformedError(str(path), problem, _COPY_AGAIN) from None
    if table["time"].null_count or time_s.dtype != np.int64:
        raise DataMalformedError(str(path), "a row has no time", _COPY_AGAIN)
    known = slice(None) if until_s is None else time_s + lag_s <= until_s
    return _Table(path, time_s[known], {name: values[known] for name, values in columns.items()})


def _last_known(span: _Table) -> int:
    return int(span.time_s.max()) + BAR_S if len(span.time_s) else 0


def _reaches(span: _Table, as_of_s: int) -> bool:
    ends = span.time_s + BAR_S
    return bool(np.any((ends <= as_of_s) & (ends > as_of_s - STALE_AFTER_S)))


def _outside(symbol: str, as_of_s: int, spans: Iterable[_Table]) -> str:
    reaching = [span for span in spans if len(span.time_s)]
    if not reaching:
        return f"The recording of {symbol} is empty. Record it again, or choose another --recordings."
    first, last = min(int(span.time_s.min()) for span in reaching), max(_last_known(span) for span in reaching)
    return (
        f"Nothing is recorded of {symbol} in the {duration_text(STALE_AFTER_S)} before {iso(as_of_s)}. "
        f"The recording spans {iso(first + BAR_S)} to {iso(last)}: choose --at inside it."
    )


def _checked_open_interest(values: FloatArray, candles: Candles) -> tuple[FloatArray, list[MissingInput]]:
    """Return open interest with NaN where it is unknown (missing or 0, which no live market has), and say so.

    Raises:
        DataMalformedError: a value is negative, or none is known.

    """
    if np.any(values < 0):
        problem = f"open interest is negative at {iso(candles.time_s[values < 0][0])}"
        raise DataMalformedError(candles.where, problem, _COPY_AGAIN)
    known = np.where(np.isfinite(values) & (values > 0), values, np.nan)
    unknown = int(np.sum(np.isnan(known)))
    if unknown == len(known):
        raise DataMalformedError(candles.where, "open interest is 0 or missing in every bar", _COPY_AGAIN)
    if not unknown:
        return known, []
    effect = f"0 or missing in {unknown} of {len(known)} bars: nothing is opened or closed there"
    return known, [MissingInput(input="open_interest", venue=candles.where.split()[0], effect=effect)]


def _funding(folder: Path, as_of_s: int) -> Funding | None:
    if not (folder / _FUNDING).is_file():
        return None
    rows = _read(folder / _FUNDING, ("funding_rate",), until_s=as_of_s, lag_s=0)
    known = np.isfinite(rows["funding_rate"])
    if not np.any(known):
        return None
    order = np.argsort(rows.time_s[known], kind="stable")
    return Funding(
        time_s=rows.time_s[known][order], rate=rows["funding_rate"][known][order], interval_s=FUNDING_INTERVAL_S
    )


def _order_book(folder: Path, as_of_s: int) -> OrderBook | None:
    """Read the last snapshot (rows of one time: price, size > 0 for bids, < 0 for asks) that is still fresh."""
    if not (folder / _ORDER_BOOK).is_file():
        return None
    rows = _read(folder / _ORDER_BOOK, ("price", "size"), until_s=as_of_s, lag_s=0)
    if not len(rows.time_s) or int(rows.time_s.max()) < as_of_s - BOOK_STALE_AFTER_S:
        return None
    last = rows.time_s == rows.time_s.max()
    price, size = rows["price"][last], rows["size"][last]
    bids, asks = size > 0, size < 0
    best_bid, best_ask = np.argsort(-price[bids]), np.argsort(price[asks])
    return OrderBook(
        time_s=int(rows.time_s.max()),
        bid_price=price[bids][best_bid],
        bid_size=size[bids][best_bid],
        ask_price=price[asks][best_ask],
        ask_size=-size[asks][best_ask],
    )


def _gaps(venue: str, candles: Candles) -> list[MissingInput]:
    lengths = candles.time_s[1:] - candles.end_s[:-1]
    if not np.any(lengths > 0):
        return []
    longest = int(np.argmax(lengths))
    count = int(np.sum(lengths > 0))
    effect = (
        f"{count} gap{'s' if count > 1 else ''}, the longest {duration_text(float(lengths[longest]))} from "
        f"{moment_text(candles.end_s[longest])}: what was opened or swept there is unknown"
    )
    return [MissingInput(input="candles", venue=venue, effect=effect)]


def _age_s(venue: VenueMarket, as_of_s: int) -> int:
    return as_of_s - int(venue.candles.end_s[-1])


def _staleness(venue: VenueMarket, as_of_s: int) -> str:
    return f"The last finished bar of {venue.venue} is {duration_text(_age_s(venue, as_of_s))} old."


def _open_interest_usd(venue: VenueMarket) -> float:
    return venue.open_interest_now * float(venue.candles.close[-1])
