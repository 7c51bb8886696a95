"""How one venue's interface maps to ours: which method, which fields, which units, how many rows a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.sources.live.parts import Listing
from engine.sources.live.wire import Key, Path

Parameters = dict[str, str | int]
"""The query of one request, as the venue names its parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Rows of one request: those of first_s, first_s + step_s, ... last_s, both ends included [Unix s]."""

    market_id: str
    step_s: int
    first_s: int
    last_s: int

    @property
    def rows(self) -> int:
        """How many rows that are."""
        return (self.last_s - self.first_s) // self.step_s + 1

    @property
    def first_ms(self) -> int:
        """The first row's time [Unix ms]."""
        return self.first_s * 1000

    @property
    def last_ms(self) -> int:
        """The last row's time [Unix ms]."""
        return self.last_s * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A series by time: rows at `path`, `time` in Unix milliseconds, the columns by our names.

    page_rows: most rows of one request; unit: what a series' value is multiplied by to be ours; reach_s: how far back
    the venue answers, None for all that we ask; at_once: how many requests may be under way together (a venue counts
    them when they arrive, and a slow start bunches them).
    """

    method: str
    parameters: Callable[[Page], Parameters]
    path: Path
    time: Key
    columns: Mapping[str, Key]
    page_rows: int
    unit: float = 1.0
    reach_s: int | None = None
    at_once: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotFeed:
    """A value of this moment, of a venue that keeps no history of it: the field `value` of the reply."""

    method: str
    parameters: Callable[[str], Parameters]
    value: Key


@dataclass(frozen=True, slots=True, kw_only=True)
class BookFeed:
    """An order book: the snapshot at `path`, `time` in Unix milliseconds, sides of (price, size, ...) rows.

    Sizes in contracts: 1 for base units at venues whose contract is one coin.
    """

    method: str
    parameters: Callable[[str], Parameters]
    path: Path
    time: Key
    bids: Key
    asks: Key


@dataclass(frozen=True, slots=True, kw_only=True)
class CrowdFeed:
    """How many accounts are long and short: rows at `path`, of which the newest counts, `time` in Unix milliseconds.

    longs: their share, or where `shorts` is None the ratio of both already.
    """

    method: str
    parameters: Callable[[str], Parameters]
    path: Path
    time: Key
    longs: Key
    shorts: Key | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BracketFeed:
    """Public risk limits, one row a step.

    cap: largest position of the step, in USD or, where cap_in_contracts, in contracts; deduction_usd: None where the
    venue's rule knows none.
    """

    method: str
    parameters: Callable[[Listing], Parameters]
    path: Path
    cap: Key
    maintenance_rate: Key
    max_leverage: Key
    deduction_usd: Key | None = None
    cap_in_contracts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueFeed:
    """All instruments: `listing` reads one row, None for one that is no USDT perpetual in trading.

    cursor: where the reply says how to go on, None where one reply holds all.
    """

    method: str
    parameters: Parameters
    path: Path
    listing: Callable[[object, str], Listing | None]
    cursor: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeFeed:
    """Open interest of every market at once, which ranks the symbols; times `unit` it is one side's [USD]."""

    method: str
    parameters: Parameters
    path: Path
    market_id: Key
    usd: Key
    unit: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LiquidationFeed:
    """A public stream of liquidations: rows at `path` of a message (a list of them, or one alone), each of one market.

    method: of the exchange library; whole_market: it tells of every market and ours are picked out, otherwise each
    market is subscribed to; details: where a row holds the liquidations of its market, None where it is one; time in
    Unix milliseconds; prices, sizes: of these fields the first that is positive counts; in_contracts: sizes are
    contracts, not base units; long_word, short_word: what the side says where a long or a short was liquidated.
    """

    method: str
    whole_market: bool
    path: Path
    market_id: Key
    time: Key
    prices: tuple[Key, ...]
    sizes: tuple[Key, ...]
    side: Key
    long_word: str
    short_word: str
    details: Key | None = None
    in_contracts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeFeed:
    """The venue's clock, its smallest answer: the number at `path`, times `unit_s` it is Unix seconds."""

    method: str
    path: Path
    unit_s: float = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """One venue: its name here and in the exchange library, its host (None: the library knows), and its feeds.

    rate_window_s: the venue counts requests per this span, so a burst inside it is allowed; unified: methods are the
    library's unified ones, called with named arguments, not the venue's own; stream_host: where it streams what
    happens, with the port where that is not 443.
    """

    name: str
    host: str | None
    rate_window_s: float
    catalogue: CatalogueFeed
    bars: Feed
    open_interest: Feed | SnapshotFeed
    funding: Feed
    book: BookFeed
    brackets: BracketFeed | None = None
    crowd: CrowdFeed | None = None
    sizes: SizeFeed | None = None
    unified: bool = False
    liquidations: LiquidationFeed | None = None
    time: TimeFeed | None = None
    stream_host: str | None = None
