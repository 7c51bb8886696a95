"""What a replayed venue knows at a moment: bars with the moving last one, open interest, funding, a book, a crowd."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import NamedTuple

import numpy as np

from engine.errors import EngineError
from engine.grid import FloatArray
from engine.margin import MarginTerms
from engine.market import Candles, Funding, OrderBook, VenueMarket

LADDER_STEPS = 50
LADDER_STEP_SHARE = 0.001
"""The book of a market that has none: a venue always shows one, so every 0.1 % away from the price rests one unit."""

UNKNOWN_TAKER_BUY_SHARE = 0.5
DEFAULT_FUNDING_INTERVAL_S = 28_800
PRICE_IS_AT_MOST_S = 86_400
"""A venue shows its last price for a while; a day covers bars of every length that is replayed."""


class Bar(NamedTuple):
    """One bar as a venue would send it: times [Unix s], prices, volume [base], and what takers bought of it [base]."""

    time_s: int
    end_s: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    taker_buy: float
    finished: bool


@dataclass(frozen=True, eq=False, kw_only=True)
class ReplayMarket:
    """Everything that will ever happen to one perpetual; what is asked for is cut at the moment of asking.

    candles may reach beyond that moment: the bar under way is then served half-way to where it will end.
    order_book: gives the book at a moment [Unix s], None where there is none. tick_size, quantity_step and
    contract_value [base] are what the venue lists, they do not round what is served.
    """

    candles: Candles
    open_interest: FloatArray | None
    margin: MarginTerms
    funding: Funding | None = None
    order_book: Callable[[int], OrderBook | None] = lambda now_s: None
    long_short_ratio: float = 1.25
    contract_value: Decimal = Decimal("0.01")
    tick_size: Decimal = Decimal("0.1")
    quantity_step: Decimal = Decimal("0.001")
    listed: bool = True
    _by_interval: dict[int, list[Bar]] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, venue: VenueMarket, **listing: object) -> "ReplayMarket":
        """The market of a source's venue; its book is served from its own moment on.

        A source asked about a moment after the exchange's `now_s` leaves the bar under way something to move towards.
        Its book is then of no use: give `order_book`, or the ladder is served.
        """
        book = venue.order_book
        parts = {
            "candles": venue.candles,
            "open_interest": venue.open_interest,
            "margin": venue.margin,
            "funding": venue.funding,
            "order_book": lambda now_s: book if book is not None and book.time_s <= now_s else None,
        }
        return cls(**{**parts, **listing})

    def bars(self, interval_s: int, now_s: int) -> list[Bar]:
        """Bars of `interval_s` that opened by `now_s`, oldest first; the last one is still moving."""
        finished = self._bars_when_all_is_over(interval_s)
        finished = finished[: bisect_right(finished, now_s, key=attrgetter("end_s"))]
        since_s = finished[-1].end_s if finished else 0
        under_way = [bar for bar in self._known(since_s, now_s) if bar.end_s - bar.time_s <= interval_s]
        return finished + _grouped(under_way, interval_s, now_s)

    def open_interest_at_opens(self, interval_s: int, now_s: int) -> list[tuple[int, float, float]]:
        """Snapshots taken when a bar of `interval_s` opened, by `now_s`: (time [s], size [base], price)."""
        known = self._snapshots[: bisect_right(self._snapshots, now_s, key=itemgetter(0))]
        return [snapshot for snapshot in known if snapshot[0] % interval_s == 0]

    def open_interest_now(self, now_s: int) -> float:
        """The last snapshot by `now_s` [base]; 0 without one."""
        known = bisect_right(self._snapshots, now_s, key=itemgetter(0))
        return self._snapshots[known - 1][1] if known else 0.0

    def price(self, now_s: int) -> float:
        """The last price by `now_s`.

        Raises:
            EngineError: no bar opened in the day before.

        """
        known = self._known(now_s - PRICE_IS_AT_MOST_S, now_s)
        if not known:
            msg = "the replayed market knows no price at that moment"
            raise EngineError(msg)
        return known[-1].close

    def settlements(self, now_s: int) -> list[tuple[int, float]]:
        """Funding settled by `now_s`, oldest first: (time [s], rate)."""
        if self.funding is None:
            return []
        known = self.funding.time_s <= now_s
        return [(int(t), float(r)) for t, r in zip(self.funding.time_s[known], self.funding.rate[known], strict=True)]

    def funding_now(self, now_s: int) -> tuple[float, int]:
        """The rate of the interval under way, taken to be the last settled one, and when it settles [s]."""
        settled = self.settlements(now_s)
        interval_s = self.funding_interval_s
        if not settled:
            return 0.0, now_s - now_s % interval_s + interval_s
        return settled[-1][1], settled[-1][0] + interval_s * ((now_s - settled[-1][0]) // interval_s + 1)

    @property
    def funding_interval_s(self) -> int:
        return self.funding.interval_s if self.funding is not None else DEFAULT_FUNDING_INTERVAL_S

    def book(self, now_s: int) -> OrderBook:
        """The book at `now_s`; a plain ladder around the price where none is recorded."""
        book = self.order_book(now_s)
        return book if book is not None else _ladder(self.price(now_s), now_s)

    @cached_property
    def _own(self) -> list[Bar]:
        """The market's own bars as they will have ended, oldest first."""
        candles = self.candles
        prices = [values.tolist() for values in (candles.open, candles.high, candles.low, candles.close)]
        share = np.where(np.isfinite(candles.taker_buy_share), candles.taker_buy_share, UNKNOWN_TAKER_BUY_SHARE)
        columns = [candles.time_s.tolist(), candles.end_s.tolist(), *prices, candles.volume.tolist()]
        taker_buy = (candles.volume * share).tolist()
        return [Bar(*row, finished=True) for row in zip(*columns, taker_buy, strict=True)]

    @cached_property
    def _snapshots(self) -> list[tuple[int, float, float]]:
        """Every known open interest, oldest first: (time [s], size [base], price)."""
        if self.open_interest is None:
            return []
        rows = zip(self.candles.time_s.tolist(), self.open_interest.tolist(), self.candles.open.tolist(), strict=True)
        return [row for row in rows if math.isfinite(row[1])]

    def _bars_when_all_is_over(self, interval_s: int) -> list[Bar]:
        """Every bar of `interval_s` there will ever be, grouped once: a server is asked often."""
        if interval_s not in self._by_interval:
            bars = [bar for bar in self._own if bar.end_s - bar.time_s <= interval_s]
            self._by_interval[interval_s] = _grouped(bars, interval_s, int(self.candles.end_s[-1]) + interval_s)
        return self._by_interval[interval_s]

    def _known(self, since_s: int, now_s: int) -> list[Bar]:
        """The market's own bars opened from `since_s` to `now_s`; after its end a bar opens that nobody traded in."""
        opened = attrgetter("time_s")
        known = self._own[bisect_left(self._own, since_s, key=opened) : bisect_right(self._own, now_s, key=opened)]
        last = self._own[-1]
        length_s = last.end_s - last.time_s
        if since_s <= last.end_s <= now_s < last.end_s + length_s:
            known.append(Bar(last.end_s, last.end_s + length_s, *([last.close] * 4), 0.0, 0.0, finished=False))
        return [_so_far(bar, now_s) for bar in known]


def _so_far(bar: Bar, now_s: int) -> Bar:
    """A bar as it stands at `now_s`: one under way has gone its share of every way, in a straight line."""
    if bar.end_s <= now_s:
        return bar
    share = (now_s - bar.time_s) / (bar.end_s - bar.time_s)
    high, low, close = (bar.open + share * (value - bar.open) for value in (bar.high, bar.low, bar.close))
    return Bar(
        bar.time_s, bar.end_s, bar.open, high, low, close, share * bar.volume, share * bar.taker_buy, finished=False
    )


def _grouped(bars: list[Bar], interval_s: int, now_s: int) -> list[Bar]:
    groups = groupby(bars, key=lambda bar: bar.time_s - bar.time_s % interval_s)
    return [_joined(list(parts), time_s, time_s + interval_s, now_s) for time_s, parts in groups]


def _joined(parts: list[Bar], time_s: int, end_s: int, now_s: int) -> Bar:
    if len(parts) == 1 and (parts[0].time_s, parts[0].end_s) == (time_s, end_s):
        return parts[0]
    return Bar(
        time_s,
        end_s,
        parts[0].open,
        max(bar.high for bar in parts),
        min(bar.low for bar in parts),
        parts[-1].close,
        math.fsum(bar.volume for bar in parts),
        math.fsum(bar.taker_buy for bar in parts),
        finished=end_s <= now_s,
    )


def _ladder(price: float, now_s: int) -> OrderBook:
    away = LADDER_STEP_SHARE * np.arange(1, LADDER_STEPS + 1)
    size = np.ones(LADDER_STEPS)
    return OrderBook(
        time_s=now_s, bid_price=price * (1 - away), bid_size=size, ask_price=price * (1 + away), ask_size=size
    )
