"""What every venue's wire format has in common: an answer, a refusal, a query read strictly, numbers as text."""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.margin import Bracket
from engine.market import OrderBook

INTERVALS_S = {
    **{f"{minutes}m": 60 * minutes for minutes in (1, 3, 5, 15, 30)},
    **{f"{hours}h": 3_600 * hours for hours in (1, 2, 4, 6, 8, 12)},
    "1d": 86_400,
}
"""The intervals that Binance's names stand for [s]; the other venues' names are derived where they differ."""


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, ready to send."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"

    @classmethod
    def of(cls, content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> "Answer":
        return cls(json.dumps(content).encode(), status, headers or {})


class RefusedError(Exception):
    """The venue says no: holds the answer that says so in its own words."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__(answer.body.decode())


@dataclass(frozen=True)
class Pool:
    """What a venue counts together: at most `limit` (requests or weight) in any `period_s`."""

    name: str
    limit: int
    period_s: float


def text(number: float) -> str:
    """The shortest decimal without exponent that reads back as exactly this number."""
    return np.format_float_positional(number, trim="-")


def ms(time_s: float) -> int:
    return round(1_000 * time_s)


class Query(Mapping[str, str]):
    """A request's parameters; what is missing or malformed raises the venue's own refusal of it."""

    def __init__(self, values: Mapping[str, str], malformed: Callable[[str], RefusedError]) -> None:
        self._values = dict(values)
        self._malformed = malformed

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def required(self, name: str) -> str:
        if not self._values.get(name):
            raise self._malformed(name)
        return self._values[name]

    def integer(self, name: str) -> int | None:
        value = self._values.get(name)
        if value is None or value == "":
            return None
        if not value.isdigit():
            raise self._malformed(name)
        return int(value)

    def limit(self, name: str, *, default: int, most: int) -> int:
        """How many rows are wanted; more than the venue serves at once is refused."""
        value = self.integer(name)
        if value is None:
            return default
        if not 1 <= value <= most:
            raise self._malformed(name)
        return value

    def clamped_limit(self, name: str, *, default: int, most: int) -> int:
        """How many rows are wanted, at most as many as the venue serves at once."""
        return min(self.integer(name) or default, most)


LARGEST_CAP_USD = 1e12
"""What stands for no cap: a venue's last bracket always ends somewhere."""


def cap_usd(bracket: Bracket) -> float:
    """Up to where a bracket reaches [USD], as a number that can be written down."""
    return min(bracket.notional_cap_usd, LARGEST_CAP_USD)


def levels(book: OrderBook, limit: int) -> tuple[list[list[str]], list[list[str]]]:
    """The best `limit` bids and asks, each [price, size] as text."""
    bids, asks = (
        [[text(price), text(size)] for price, size in zip(prices[:limit], sizes[:limit], strict=True)]
        for prices, sizes in ((book.bid_price, book.bid_size), (book.ask_price, book.ask_size))
    )
    return bids, asks


def window(rows: Sequence, time_ms: Callable[[object], int], first_ms: int | None, last_ms: int | None) -> Sequence:
    """The rows whose time lies from `first_ms` to `last_ms`, both included; rows are oldest first."""
    start = 0 if first_ms is None else bisect_left(rows, first_ms, key=time_ms)
    stop = len(rows) if last_ms is None else bisect_right(rows, last_ms, key=time_ms)
    return rows[start:stop]


def newest(rows: Sequence, limit: int) -> Sequence:
    """The last `limit` rows of rows that are oldest first, still oldest first."""
    return rows[max(len(rows) - limit, 0) :]


def time_ms(row: tuple) -> int:
    """When a row opened, or was taken; its first value is that in seconds."""
    return 1_000 * row[0]
