"""What comes in: candles, open interest, funding, order book of each venue. Validated once, then trusted.

Prices in quote currency (USDT, counted as USD), sizes in base units, times in Unix seconds UTC. Arrays are read-only.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from engine.arrays import check_lengths, freeze_fields
from engine.errors import DataMalformedError
from engine.grid import FloatArray, IntArray
from engine.margin import MarginTerms
from engine.observed import Crowd, ObservedPositions
from engine.realised import Liquidations
from engine.windows import iso

_ADVICE = "Mend or re-record that part; nothing was computed from it."


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Candles:
    """Finished bars of one perpetual, oldest first; every array has shape (n,).

    time_s: when a bar opens; duration_s: how long it lasts (bars may differ in length, gaps may lie between them);
    open, high, low, close [price]; volume [base]; taker_buy_share: share of the volume that takers bought, 0-1,
    NaN where unknown.

    Raises:
        DataMalformedError: times unsorted, doubled or overlapping; a price NaN, not positive or outside its bar's
            range; volume NaN or negative; a taker share outside 0-1.

    """

    where: str
    time_s: IntArray
    duration_s: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    taker_buy_share: FloatArray

    def __post_init__(self) -> None:
        freeze_fields(self, ("time_s", "duration_s"), np.int64)
        freeze_fields(self, ("open", "high", "low", "close", "volume", "taker_buy_share"), np.float64)
        check_lengths(self, ("time_s", "duration_s", "open", "high", "low", "close", "volume", "taker_buy_share"))
        self._check_times()
        self._check_prices()
        self._check_volume()

    def _check_times(self) -> None:
        if np.any(self.duration_s <= 0):
            raise DataMalformedError(self.where, "a bar has no length", _ADVICE)
        steps = np.diff(self.time_s)
        if np.any(steps <= 0):
            at = int(np.argmax(steps <= 0)) + 1
            problem = f"bars are not in order of time (row {at}, {iso(self.time_s[at])})"
            raise DataMalformedError(self.where, problem, "Sort the rows by time and drop doubled ones.")
        if np.any(steps < self.duration_s[:-1]):
            at = int(np.argmax(steps < self.duration_s[:-1])) + 1
            raise DataMalformedError(self.where, f"bars overlap at {iso(self.time_s[at])}", _ADVICE)

    def _check_prices(self) -> None:
        for name in ("open", "high", "low", "close"):
            values = getattr(self, name)
            bad = ~(np.isfinite(values) & (values > 0))
            if np.any(bad):
                problem = f"{name} is {values[bad][0]} at {iso(self.time_s[bad][0])}"
                raise DataMalformedError(self.where, problem, _ADVICE)
        top = np.maximum(self.open, self.close)
        bottom = np.minimum(self.open, self.close)
        bad = (self.high < top) | (self.low > bottom)
        if np.any(bad):
            problem = f"open or close lies outside low-high at {iso(self.time_s[bad][0])}"
            raise DataMalformedError(self.where, problem, _ADVICE)

    def _check_volume(self) -> None:
        share = self.taker_buy_share
        for name, values, bad in (
            ("volume", self.volume, ~(np.isfinite(self.volume) & (self.volume >= 0))),
            ("taker_buy_share", share, (share < 0) | (share > 1)),
        ):
            if np.any(bad):
                problem = f"{name} is {values[bad][0]} at {iso(self.time_s[bad][0])}"
                raise DataMalformedError(self.where, problem, _ADVICE)

    def __len__(self) -> int:
        return len(self.time_s)

    @property
    def end_s(self) -> IntArray:
        """When each bar is finished and known, shape (n,)."""
        return self.time_s + self.duration_s

    def since(self, start_s: int) -> slice:
        """Return the bars that open at or after `start_s`."""
        return slice(int(np.searchsorted(self.time_s, start_s)), len(self))

    def until(self, moment_s: int) -> Candles:
        """Return the bars that were finished at `moment_s`."""
        size = int(np.searchsorted(self.end_s, moment_s, side="right"))
        arrays = ("time_s", "duration_s", "open", "high", "low", "close", "volume", "taker_buy_share")
        return replace(self, **{name: getattr(self, name)[:size] for name in arrays})


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Funding:
    """Settled funding, oldest first: time_s (n,), rate (n,) [fraction paid by longs to shorts per interval_s].

    Raises:
        DataMalformedError: times unsorted or doubled; a rate that is not a number.

    """

    time_s: IntArray
    rate: FloatArray
    interval_s: int

    def __post_init__(self) -> None:
        freeze_fields(self, ("time_s",), np.int64)
        freeze_fields(self, ("rate",), np.float64)
        check_lengths(self, ("time_s", "rate"))
        if np.any(np.diff(self.time_s) <= 0):
            raise DataMalformedError("funding", "settlements are not in order of time", _ADVICE)
        if not np.all(np.isfinite(self.rate)):
            at = self.time_s[~np.isfinite(self.rate)][0]
            raise DataMalformedError("funding", f"the rate is not a number at {iso(at)}", _ADVICE)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class OrderBook:
    """Resting orders at time_s, best first: bid_price, bid_size, ask_price, ask_size, each (n,) [price] or [base].

    Bids may stand above asks where the books of several venues are merged.

    Raises:
        DataMalformedError: a side not ordered from its best price; a price or size that is not positive.

    """

    time_s: int
    bid_price: FloatArray
    bid_size: FloatArray
    ask_price: FloatArray
    ask_size: FloatArray

    def __post_init__(self) -> None:
        freeze_fields(self, ("bid_price", "bid_size", "ask_price", "ask_size"), np.float64)
        check_lengths(self, ("bid_price", "bid_size"))
        check_lengths(self, ("ask_price", "ask_size"))
        for name in ("bid_price", "bid_size", "ask_price", "ask_size"):
            values = getattr(self, name)
            if not np.all(np.isfinite(values) & (values > 0)):
                raise DataMalformedError("order book", f"{name} is not positive everywhere", _ADVICE)
        if np.any(np.diff(self.bid_price) > 0) or np.any(np.diff(self.ask_price) < 0):
            raise DataMalformedError("order book", "a side does not begin with its best price", _ADVICE)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class VenueMarket:
    """One venue's perpetual up to the moment asked about.

    open_interest: (n,) [base], the snapshot at each bar's OPEN, NaN where unknown; None when the venue gives none;
    liquidations: those heard of, None where nobody listened; crowd: None where unknown.

    Raises:
        DataMalformedError: an open interest that is negative or infinite.

    """

    venue: str
    candles: Candles
    open_interest: FloatArray | None
    margin: MarginTerms
    funding: Funding | None = None
    order_book: OrderBook | None = None
    liquidations: Liquidations | None = None
    crowd: Crowd | None = None

    def __post_init__(self) -> None:
        if self.open_interest is not None:
            freeze_fields(self, ("open_interest",), np.float64)
            if len(self.open_interest) != len(self.candles):
                msg = "open_interest needs one value per bar"
                raise ValueError(msg)
            bad = (self.open_interest < 0) | np.isinf(self.open_interest)
            if np.any(bad):
                problem = f"open interest is {self.open_interest[bad][0]} at {iso(self.candles.time_s[bad][0])}"
                raise DataMalformedError(self.candles.where, problem, _ADVICE)

    @property
    def open_interest_now(self) -> float:
        """The last known open interest [base]; 0 when none is known."""
        if self.open_interest is None:
            return 0.0
        known = self.open_interest[np.isfinite(self.open_interest)]
        return float(known[-1]) if len(known) else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingInput:
    """An input that is not there: which, at which venue (None: at every one), and what that does to the answer."""

    input: str
    venue: str | None
    effect: str


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Market:
    """Everything known about one symbol at `as_of_s`, venues ordered by open interest, largest first.

    observed: sweeps of real positions, oldest first; none where nobody swept.
    """

    symbol: str
    as_of_s: int
    source: str
    venues: tuple[VenueMarket, ...]
    missing: tuple[MissingInput, ...] = ()
    notes: tuple[str, ...] = field(default=())
    observed: tuple[ObservedPositions, ...] = ()

    def __post_init__(self) -> None:
        if not self.venues:
            msg = f"a market needs a venue, {self.symbol} has none"
            raise ValueError(msg)
        for venue in self.venues:
            if len(venue.candles) and int(venue.candles.end_s[-1]) > self.as_of_s:
                msg = f"{venue.venue} has a bar that was not finished at {iso(self.as_of_s)}"
                raise ValueError(msg)
            if venue.liquidations is not None and venue.liquidations.known_s > self.as_of_s:
                msg = f"{venue.venue} has liquidations that nobody could know at {iso(self.as_of_s)}"
                raise ValueError(msg)
            if venue.crowd is not None and venue.crowd.time_s > self.as_of_s:
                msg = f"{venue.venue} has a long/short ratio that was not known at {iso(self.as_of_s)}"
                raise ValueError(msg)
        if any(sweep.time_s > self.as_of_s for sweep in self.observed):
            msg = f"a sweep of positions was not finished at {iso(self.as_of_s)}"
            raise ValueError(msg)

    @property
    def lead(self) -> VenueMarket:
        """The venue with the largest open interest: its candles are drawn and read."""
        return self.venues[0]

    @property
    def price(self) -> float:
        """The close of the lead venue's last finished bar [price]."""
        return float(self.lead.candles.close[-1])


def market_at(market: Market, moment_s: int) -> Market:
    """Return the candles, open interest and funding of a market as they were known at an earlier moment.

    Books, liquidations, crowds and sweeps of positions are left out: they are known as of the market's own moment.

    Raises:
        ValueError: no venue had a finished bar then, or the moment is later than the market.

    """
    if moment_s > market.as_of_s:
        msg = f"{market.symbol} is known until {iso(market.as_of_s)}, not until {iso(moment_s)}"
        raise ValueError(msg)
    venues = tuple(_venue_at(venue, moment_s) for venue in market.venues if venue.candles.end_s[0] <= moment_s)
    return Market(symbol=market.symbol, as_of_s=moment_s, source=market.source, venues=venues)


def _venue_at(venue: VenueMarket, moment_s: int) -> VenueMarket:
    candles, funding = venue.candles.until(moment_s), venue.funding
    if funding is not None:
        known = slice(0, int(np.searchsorted(funding.time_s, moment_s, side="right")))
        funding = replace(funding, time_s=funding.time_s[known], rate=funding.rate[known])
    return VenueMarket(
        venue=venue.venue,
        candles=candles,
        open_interest=None if venue.open_interest is None else venue.open_interest[: len(candles)],
        margin=venue.margin,
        funding=funding if funding is not None and len(funding.time_s) else None,
    )
