"""Markets read from a directory of recordings: `<dir>/<venue>/<SYMBOL>/perp_5m.parquet`, `funding_8h.parquet`, ...

The directory of a history store is one too: its series are folders of files, `perp_5m/2026-02.parquet`.

Nothing that was not known at the moment asked for gets through: rows are cut by the time they became known before
anything else looks at them. A bar is known when it is finished, settled funding and a book snapshot at their own time.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from engine.errors import DataMalformedError, DataUnavailableError, UnknownSymbolError
from engine.grid import FloatArray, IntArray
from engine.history.files import COPY_AGAIN, has_series, read_rows, read_series, with_durations
from engine.history.kinds import DEFAULT_BAR_S, DURATION, FUNDING, LONG_SHORT_RATIO, ORDER_BOOK, PERP, TAKER_FLOW
from engine.history.observed import sweeps_before
from engine.history.realised import liquidations_before
from engine.history.rows import Rows
from engine.margin import has_rule, terms_for
from engine.market import Candles, Funding, Market, MissingInput, OrderBook, VenueMarket
from engine.observed import CROWD_KEPT_S, Crowd
from engine.sources.live.unified import borrowed_rule, rule_notes
from engine.text import duration_text, moment_text
from engine.windows import HOUR_S, MINUTE_S, iso

BAR_S = DEFAULT_BAR_S
FUNDING_INTERVAL_S = 8 * HOUR_S
STALE_AFTER_S = 2 * HOUR_S
"""A price older than this cannot answer a question about the moment (own assumption; most 2 h gaps are outages)."""
BOOK_STALE_AFTER_S = 15 * MINUTE_S
"""A resting order older than this says nothing (own assumption; books turn over in minutes)."""
QUOTE = "USDT"

_PERP_COLUMNS = ("open", "high", "low", "close", "volume", "open_interest")
_FLOW_COLUMNS = ("taker_buy_volume", "volume")
_SPOT = Path("binance_spot")
_SPOT_KLINES = "klines_5m.parquet"


class RecordedSource:
    """The `recorded` source: every venue in the directory that has the symbol, and whose margin rule is known."""

    name = "recorded"

    def __init__(self, directory: Path, *, brackets_file: Path | None = None) -> None:
        if not directory.is_dir():
            how = "--recordings DIR, recordings in the settings, or FATHOM_RECORDINGS"
            msg = f"There is no directory of recordings at {directory}. Name another one: {how}."
            raise DataUnavailableError(msg)
        self.directory = directory
        self.brackets_file = brackets_file
        self._known: tuple[str, ...] = ()

    def symbols(self) -> tuple[str, ...]:
        """Return the recorded symbols, most venues first, then by name."""
        self._known = self._ranked()
        return self._known

    def known_symbols(self) -> tuple[str, ...]:
        """Return the recorded symbols as they were when the directory was last looked through."""
        return self._known

    def _ranked(self) -> tuple[str, ...]:
        found = Counter(
            symbol
            for venue in self._venues()
            for folder in venue.iterdir()
            if (symbol := _symbol_of(folder)) is not None and has_series(folder, PERP.name)
        )
        return tuple(sorted(found, key=lambda symbol: (-found[symbol], symbol)))

    def market(self, symbol: str, as_of_s: int | None = None) -> Market:
        """Return what was known about `symbol` at `as_of_s` (None: when the last recorded bar was finished).

        Raises:
            UnknownSymbolError: not recorded; holds the nearest recorded symbols.
            DataUnavailableError: the recording does not reach that moment.
            DataMalformedError: a file is damaged or its rows cannot be trusted.

        """
        recorded = {folder: read_series(folder, PERP, _PERP_COLUMNS) for folder in self._folders(symbol)}
        moment_s = as_of_s if as_of_s is not None else max(_last_known_s(bars) for bars in recorded.values())
        known = {folder: PERP.known_at(bars, moment_s) for folder, bars in recorded.items()}
        fresh = [folder for folder, bars in known.items() if _is_fresh(bars, moment_s)]
        if not fresh:
            raise DataUnavailableError(_outside(symbol, moment_s, recorded.values()))
        read = [self._venue_market(folder, known[folder], moment_s) for folder in fresh]
        venues = sorted((venue for venue, _ in read), key=_open_interest_usd, reverse=True)
        silent = [
            _silence(folder.parent.name, bars) for folder, bars in known.items() if len(bars) and folder not in fresh
        ]
        return Market(
            symbol=symbol,
            as_of_s=moment_s,
            source=self.name,
            venues=tuple(venues),
            missing=(*silent, *(missing for _, found in read for missing in found)),
            notes=(
                *(note for venue in venues for note in rule_notes(venue.venue)),
                *(_staleness(venue, moment_s) for venue in venues if _age_s(venue, moment_s) >= BAR_S),
            ),
            observed=sweeps_before(self.directory, symbol, moment_s),
        )

    def _folders(self, symbol: str) -> list[Path]:
        """Return where the symbol is recorded, one folder a venue.

        Raises:
            DataUnavailableError: nothing is recorded, or the symbol's folder lacks the file.
            UnknownSymbolError: other symbols are recorded.

        """
        folders = [folder for venue in self._venues() for folder in venue.iterdir() if _symbol_of(folder) == symbol]
        complete = [folder for folder in folders if has_series(folder, PERP.name)]
        if complete:
            return complete
        if folders:
            msg = (
                f"{folders[0]} holds no {PERP.name}.parquet. Copy or record that file, or choose another --recordings."
            )
            raise DataUnavailableError(msg)
        known = self.symbols()
        if not known:
            layout = f"<venue>/<SYMBOL>{QUOTE}/{PERP.name}.parquet"
            msg = f"There are no recordings in {self.directory}: it holds no {layout}. Choose another --recordings."
            raise DataUnavailableError(msg)
        raise UnknownSymbolError(symbol, difflib.get_close_matches(symbol, known, 3), known)

    def _venues(self) -> list[Path]:
        return sorted(path for path in self.directory.iterdir() if path.is_dir() and _is_venue(path.name))

    def _venue_market(self, folder: Path, bars: Rows, as_of_s: int) -> tuple[VenueMarket, list[MissingInput]]:
        """Return one venue at `as_of_s`, from its bars known then, and what is missing of it."""
        venue = folder.parent.name
        taker_buy_share, missing = self._taker_buy_share(folder, bars, as_of_s)
        candles = Candles(
            where=f"{venue} {folder.name} candles",
            time_s=bars.time_s,
            duration_s=bars[DURATION].astype(np.int64),
            taker_buy_share=taker_buy_share,
            **{name: bars[name] for name in ("open", "high", "low", "close", "volume")},
        )
        open_interest, unknown = _checked_open_interest(bars["open_interest"], candles)
        market = VenueMarket(
            venue=venue,
            candles=candles,
            open_interest=open_interest,
            margin=terms_for(venue, folder.name, self.brackets_file, rule=borrowed_rule(venue)),
            funding=_funding(folder, as_of_s),
            order_book=_order_book(folder, as_of_s),
            crowd=_crowd(folder, as_of_s),
            liquidations=liquidations_before(folder, as_of_s),
        )
        return market, [*missing, *unknown, *_gaps(venue, candles)]

    def _taker_buy_share(self, folder: Path, bars: Rows, as_of_s: int) -> tuple[FloatArray, list[MissingInput]]:
        """Return the share of each bar's volume that takers bought (NaN: not recorded), and what is missing."""
        share = np.full(len(bars.time_s), np.nan)
        for flow in filter(len, self._taker_flows(folder, as_of_s)):
            ours, theirs = _same_bars(bars, flow)
            traded = np.where(flow["volume"] > 0, flow["volume"], np.nan)
            share[ours] = np.clip(flow["taker_buy_volume"] / traded, 0.0, 1.0)[theirs]
        known = float(np.mean(np.isfinite(share))) if len(share) else 0.0
        if known > 0.99:  # a handful of missing bars changes nothing that could be seen
            return share, []
        how = "from spot trades and, elsewhere, " if known > 0 else ""
        effect = f"M4 guesses who bought {how}from where each bar closed in its range"
        return share, [MissingInput(input="taker_flow", venue=folder.parent.name, effect=effect)]

    def _taker_flows(self, folder: Path, as_of_s: int) -> list[Rows]:
        """Return who took, as far as it was known at `as_of_s`: of spot first, then of the perpetual, which wins."""
        spot = self.directory / _SPOT / folder.name / _SPOT_KLINES
        flows = [with_durations(TAKER_FLOW, read_rows(spot, _FLOW_COLUMNS))] if spot.is_file() else []
        flows.append(read_series(folder, TAKER_FLOW, _FLOW_COLUMNS, until_s=as_of_s))
        return [flow.take(TAKER_FLOW.known_from_s(flow) <= as_of_s) for flow in flows]


def _is_venue(name: str) -> bool:
    """Say whether a folder is one of a venue whose margin rule is known, or borrowed as in a live answer."""
    return has_rule(name) or borrowed_rule(name) is not None


def _same_bars(bars: Rows, flow: Rows) -> tuple[IntArray, IntArray]:
    """Return where either holds the bars that both hold: of the same time and the same length."""
    pairs = [
        [np.flatnonzero(mine)[ours], np.flatnonzero(other)[theirs]]
        for length in set(bars[DURATION].tolist())  # np.unique imports masked arrays: 40 ms of every start
        for mine, other in [(bars[DURATION] == length, flow[DURATION] == length)]
        for _, ours, theirs in [np.intersect1d(bars.time_s[mine], flow.time_s[other], return_indices=True)]
    ]
    ours, theirs = (np.concatenate([pair[side] for pair in pairs]) for side in (0, 1))
    return ours, theirs


def _symbol_of(folder: Path) -> str | None:
    """Return the symbol a folder is for; None where it is for none."""
    return folder.name.removesuffix(QUOTE) if folder.name.endswith(QUOTE) else None


def _is_fresh(bars: Rows, as_of_s: int) -> bool:
    """Say whether the bars known at `as_of_s` reach near enough to it."""
    return len(bars) > 0 and _last_known_s(bars) > as_of_s - STALE_AFTER_S


def _last_known_s(bars: Rows) -> int:
    """Return when the last bar was finished [Unix s]; 0 without one."""
    return int(PERP.known_from_s(bars).max()) if len(bars) else 0


def _silence(venue: str, known: Rows) -> MissingInput:
    """Return what it means that a venue was recorded before, and no longer is."""
    effect = f"silent since {moment_text(_last_known_s(known))}: what is held there is in no map and no size"
    return MissingInput(input="candles", venue=venue, effect=effect)


def _outside(symbol: str, as_of_s: int, spans: Iterable[Rows]) -> str:
    reaching = [span for span in spans if len(span.time_s)]
    if not reaching:
        return f"The recording of {symbol} is empty. Record it again, or choose another --recordings."
    first = min(int(PERP.known_from_s(span).min()) for span in reaching)
    last = max(_last_known_s(span) for span in reaching)
    return (
        f"Nothing is recorded of {symbol} in the {duration_text(STALE_AFTER_S)} before {iso(as_of_s)}. "
        f"The recording spans {iso(first)} to {iso(last)}: choose --at inside it."
    )


def _checked_open_interest(values: FloatArray, candles: Candles) -> tuple[FloatArray | None, list[MissingInput]]:
    """Return open interest with NaN where it is unknown (missing or 0, which no live market has), and say so.

    None where no bar has any: venues that tell it of the moment only are kept from their first bar on.

    Raises:
        DataMalformedError: a value is negative, or every one is 0.

    """
    if np.any(values < 0):
        problem = f"open interest is negative at {iso(candles.time_s[values < 0][0])}"
        raise DataMalformedError(candles.where, problem, COPY_AGAIN)
    known = np.where(np.isfinite(values) & (values > 0), values, np.nan)
    unknown = int(np.sum(np.isnan(known)))
    if np.all(np.isnan(values)):
        effect = "not recorded: what is held there is in no map of open interest"
        return None, [MissingInput(input="open_interest", venue=candles.where.split()[0], effect=effect)]
    if unknown == len(known):
        raise DataMalformedError(candles.where, "open interest is 0 or missing in every bar", COPY_AGAIN)
    if not unknown:
        return known, []
    effect = f"0 or missing in {unknown} of {len(known)} bars: nothing is opened or closed there"
    return known, [MissingInput(input="open_interest", venue=candles.where.split()[0], effect=effect)]


def _funding(folder: Path, as_of_s: int) -> Funding | None:
    rows = FUNDING.known_at(read_series(folder, FUNDING, FUNDING.columns, until_s=as_of_s), as_of_s)
    known = np.isfinite(rows["funding_rate"])
    if not np.any(known):
        return None
    order = np.argsort(rows.time_s[known], kind="stable")
    return Funding(
        time_s=rows.time_s[known][order], rate=rows["funding_rate"][known][order], interval_s=FUNDING_INTERVAL_S
    )


def _order_book(folder: Path, as_of_s: int) -> OrderBook | None:
    """Read the last snapshot (rows of one time: price, size > 0 for bids, < 0 for asks) that is still fresh."""
    since_s = as_of_s - BOOK_STALE_AFTER_S
    read = read_series(folder, ORDER_BOOK, ORDER_BOOK.columns, since_s=since_s, until_s=as_of_s)
    rows = ORDER_BOOK.known_at(read, as_of_s)
    if not len(rows) or int(rows.time_s.max()) < since_s:
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


def _crowd(folder: Path, as_of_s: int) -> Crowd | None:
    """Return the newest long/short ratio that was known and is young enough to be shown."""
    since_s = as_of_s - CROWD_KEPT_S
    read = read_series(folder, LONG_SHORT_RATIO, LONG_SHORT_RATIO.columns, since_s=since_s, until_s=as_of_s)
    known = (read.time_s >= since_s) & (read.time_s <= as_of_s) & (read[LONG_SHORT_RATIO.name] > 0)
    if not np.any(known):
        return None
    newest = int(np.argmax(np.where(known, read.time_s, -1)))
    return Crowd(time_s=int(read.time_s[newest]), long_short_ratio=float(read[LONG_SHORT_RATIO.name][newest]))


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
