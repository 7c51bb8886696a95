"""What changed between two readings of the same symbol and question: zones, setup, conditions, price.

    before ─┐
            ├─► zones paired on their side ─► each in one class ─┐
    now ────┘                                                    ├─► Changes
    bars between, maps now ─► what price reached, what came true ┘

Nothing looks ahead: of the bars only those count that began after the first reading and ended by the second.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

from engine.findings import Findings
from engine.grid import LOG_STEP
from engine.invalidation import is_met
from engine.market import Candles, Market
from engine.results import Condition, LiquidationMap, Setup, Side, Zone, ZoneBand

SCORE_MOVED = 10
"""Points, as they are shown, by which a score has to move to be told: what is less changes from hour to hour (own
assumption)."""
FADED_TO = 0.75
"""A zone is told to have faded when a quarter of its size has gone, and to have grown by the inverse of that: a quarter
is also what makes a bin brighter than usual."""
STRENGTH_MOVED = 1 / 3
"""A setup of the same name is told again when its strength has moved by a third: one step of the words for it."""

ZoneChangeKind = Literal["swept", "faded", "shrunk", "gone", "new", "grown", "rescored"]
"""swept: price reached its weighted price; faded: a quarter of it went untouched; shrunk: the same, but price was
inside or nobody knows; gone: it is no zone any more, and was not swept; rescored: its score moved while its size
stayed."""
_ORDER: tuple[ZoneChangeKind, ...] = ("swept", "faded", "gone", "shrunk", "new", "grown", "rescored")


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneChange:
    """What became of one zone; one of before and now is None where it was or is no zone.

    swept_s: end of the bar that swept it [Unix s], None where it was not swept or no bar tells when; is_untouched:
    whether price stayed outside it, None: nobody knows; size_change: fraction of its size then, NaN where either size
    is unknown or they are not of one kind.
    """

    kind: ZoneChangeKind
    before: Zone | None
    now: Zone | None
    swept_s: int | None = None
    is_untouched: bool | None = None

    @property
    def zone(self) -> Zone:
        """The zone as it was known last: now where it still is one."""
        zone = self.now or self.before
        if zone is None:
            msg = f"a change of kind {self.kind} without a zone"
            raise ValueError(msg)
        return zone

    @property
    def size_change(self) -> float:
        """How much larger it is than it was, as a fraction; NaN where that cannot be told."""
        return math.nan if self.before is None or self.now is None else _size_ratio(self.before, self.now) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupChange:
    """The setup then and now; another verdict, or the same one stronger or weaker by a third."""

    before: Setup
    now: Setup


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What changed from `before_s` to `now_s` [Unix s]; prices in quote currency.

    zones: the most telling first, best score first among equals, each zone once; setup: None where it stayed; met: the
    conditions that came true and proved the earlier reading wrong; price_atrs: the way of price in daily ATR, NaN where
    that is unknown.
    """

    before_s: int
    now_s: int
    before_price: float
    now_price: float
    price_atrs: float
    zones: tuple[ZoneChange, ...]
    setup: SetupChange | None
    met: tuple[Condition, ...]

    @property
    def price_change(self) -> float:
        """How far price went, as a fraction of the earlier one."""
        return self.now_price / self.before_price - 1

    @property
    def is_nothing(self) -> bool:
        """Say whether zones, setup and conditions are as they were; price may have moved all the same."""
        return not self.zones and self.setup is None and not self.met


def changes_in(
    before: Findings,
    now: Findings,
    *,
    market: Market,
    maps: Sequence[LiquidationMap] = (),
    daily_atr: float = math.nan,
) -> Changes:
    """Return what changed until `now`, which was read from this market; maps: as they stand now, for fading zones.

    Raises:
        ValueError: the readings are of different symbols, or in the wrong order.

    """
    by_key = {map_.key: map_ for map_ in maps}
    met = (
        condition
        for condition in before.invalidation
        if is_met(
            condition,
            published_s=before.as_of_s,
            market=market,
            map_=None if condition.key is None else by_key.get(condition.key),
        )
    )
    return changes_between(before, now, candles=market.lead.candles, daily_atr=daily_atr, met=tuple(met))


def changes_between(
    before: Findings,
    now: Findings,
    *,
    candles: Candles | None = None,
    daily_atr: float = math.nan,
    met: tuple[Condition, ...] = (),
) -> Changes:
    """Return what changed between two readings.

    candles: the bars between, known at `now`; without them a zone counts as swept only where price stands beyond it
    now, and none counts as untouched. daily_atr: [price], NaN where it is unknown; met: conditions known to be met.

    Raises:
        ValueError: the readings are of different symbols, or in the wrong order.

    """
    if before.symbol != now.symbol or before.as_of_s > now.as_of_s:
        msg = f"{now.symbol} at {now.as_of_s} is no later reading of {before.symbol} at {before.as_of_s}"
        raise ValueError(msg)
    way = _Way(before, now, candles)
    found = [change for pair in _paired(before.zones, now.zones) if (change := _change(*pair, way)) is not None]
    found.sort(key=lambda change: (_ORDER.index(change.kind), -change.zone.score))
    return Changes(
        before_s=before.as_of_s,
        now_s=now.as_of_s,
        before_price=before.price,
        now_price=now.price,
        price_atrs=(now.price - before.price) / daily_atr if daily_atr else math.nan,  # 0: a market that never moved
        zones=tuple(found),
        setup=_setup_change(before.setup, now.setup),
        met=met,
    )


def reached_s(candles: Candles, side: Side, price: float, after_s: int) -> int | None:
    """Return the end of the first bar that reached a price and began at or after `after_s` [Unix s], None without one.

    A zone counts as swept when its weighted price is reached, where half of it has gone.
    """
    reached = candles.high >= price if side == "above" else candles.low <= price
    ends = candles.end_s[reached & (candles.time_s >= after_s)]
    return int(ends[0]) if len(ends) else None


class _Way:
    """Where price has been between two readings."""

    def __init__(self, before: Findings, now: Findings, candles: Candles | None) -> None:
        self._after_s, self._end_s, self._price = before.as_of_s, now.as_of_s, now.price
        self._candles = candles

    @property
    def _is_known(self) -> bool:
        """Say whether the bars reach back to the first reading; bars alone can show that price was not somewhere."""
        return self._candles is not None and len(self._candles) > 0 and int(self._candles.time_s[0]) <= self._after_s

    def reached_s(self, side: Side, price: float) -> int | None:
        if self._candles is None:
            return None
        end_s = reached_s(self._candles, side, price, self._after_s)
        return end_s if end_s is not None and end_s <= self._end_s else None

    def has_reached(self, side: Side, price: float) -> bool | None:
        """Say whether price was there, None where nobody knows."""
        is_beyond = self._price >= price if side == "above" else self._price <= price
        if is_beyond or self.reached_s(side, price) is not None:
            return True
        return False if self._is_known or self._after_s == self._end_s else None


_Pair = tuple[Zone | None, Zone | None]


def _paired(before: Sequence[Zone], now: Sequence[Zone]) -> Iterator[_Pair]:
    """Yield zones then and now that are the same one, then those without a partner.

    The same: on one side, with bands that overlap or lie at most one bin apart; the closest pairs first.
    """
    near = [
        (closeness, i, j)
        for (i, then), (j, later) in product(enumerate(before), enumerate(now))
        if (closeness := _closeness(then.band, later.band)) is not None
    ]
    used_before: set[int] = set()
    used_now: set[int] = set()
    for *_, i, j in sorted(near):
        if i not in used_before and j not in used_now:
            used_before.add(i)
            used_now.add(j)
            yield before[i], now[j]
    yield from ((zone, None) for i, zone in enumerate(before) if i not in used_before)
    yield from ((None, zone) for j, zone in enumerate(now) if j not in used_now)


def _closeness(one: ZoneBand, other: ZoneBand) -> tuple[float, ...] | None:
    """Return how far two bands are apart, by their gap (overlap below 0), their prices, and where they lie."""
    gap = math.log(max(one.low, other.low) / min(one.high, other.high))
    if one.side != other.side or gap > LOG_STEP:
        return None
    return (gap, abs(math.log(one.price / other.price)), *sorted((one.low, other.low)), *sorted((one.high, other.high)))


def _change(before: Zone | None, now: Zone | None, way: _Way) -> ZoneChange | None:
    """Return what became of a zone, None where nothing worth telling did; what was no clear zone is not missed."""
    if before is None or not before.clear:
        return ZoneChange(kind="new", before=None, now=now) if now is not None and now.clear else None
    band = before.band
    if way.has_reached(band.side, band.price):
        return ZoneChange(
            kind="swept", before=before, now=now, swept_s=way.reached_s(band.side, band.price), is_untouched=False
        )
    touched = way.has_reached(band.side, band.near)
    is_untouched = None if touched is None else not touched
    kind = _kind(before, now, is_untouched=is_untouched)
    return None if kind is None else ZoneChange(kind=kind, before=before, now=now, is_untouched=is_untouched)


def _kind(before: Zone, now: Zone | None, *, is_untouched: bool | None) -> ZoneChangeKind | None:
    if now is None or not now.clear:
        return "gone"
    ratio = _size_ratio(before, now)
    if ratio <= FADED_TO:
        return "faded" if is_untouched else "shrunk"
    if ratio >= 1 / FADED_TO:
        return "grown"
    return "rescored" if abs(round(now.score) - round(before.score)) >= SCORE_MOVED else None


def _size_ratio(before: Zone, now: Zone) -> float:
    """Return its size now over its size then, NaN where they cannot be compared."""
    is_comparable = before.size_basis == now.size_basis and before.size_usd > 0
    return now.size_usd / before.size_usd if is_comparable else math.nan


def _setup_change(before: Setup, now: Setup) -> SetupChange | None:
    if before.verdict == now.verdict:
        is_one_sided = now.verdict in ("upside_sweep", "downside_sweep")
        if not is_one_sided or abs(now.strength - before.strength) < STRENGTH_MOVED:
            return None
    return SetupChange(before=before, now=now)
