"""What is known of one perpetual so far, and which rows are still missing at a moment. Pure: nothing here fetches.

Bars of 5 minutes cover the last three days, bars of an hour the 30 days before; the walk takes unequal bars. Open
interest is a snapshot at the open of each bar.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from engine.errors import DataMalformedError
from engine.history.rows import finest_cover
from engine.margin import Bracket
from engine.market import MissingInput, OrderBook
from engine.observed import Crowd
from engine.sources.live.parts import Bars, Listing, Series
from engine.sources.live.venue import BookFeed, BracketFeed, CrowdFeed, Feed, Page, SnapshotFeed, TimeFeed
from engine.sources.live.wire import column, number_at, rows_at, times, value_at
from engine.windows import DAY_S, HOUR_S, MINUTE_S

FINE_S = 5 * MINUTE_S
COARSE_S = HOUR_S
FINE_SPAN_S = 3 * DAY_S
"""Fine bars reach as far back as the longest of the four default maps."""
SETTLED_AFTER_S = 3
"""A bar is asked for this long after its end: clocks differ by a second or two, and venues still count last trades."""
COARSE_SPAN_S = 30 * DAY_S
"""As long as Binance keeps open interest; M2's slowest tier has faded to a half by then."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class History:
    """One perpetual at one venue, as far as it is known.

    stored_funding: settled rates of earlier answers [fraction per 8 h, whatever the interval was]; crowd_asked_s: when
    its ratio was last asked for, None before; has_all_bars, has_all_open_interest: what the last 33 days left out was
    asked for, so that only the newest rows can be missing; missing: what could not be fetched for this answer;
    unread: what of the past could not be read.
    """

    bars: Bars = field(default_factory=Bars)
    open_interest: Series = field(default_factory=Series)
    funding: Series = field(default_factory=Series)
    stored_funding: Series = field(default_factory=Series)
    brackets: tuple[Bracket, ...] = ()
    order_book: OrderBook | None = None
    crowd: Crowd | None = None
    crowd_asked_s: int | None = None
    has_all_bars: bool = False
    has_all_open_interest: bool = False
    missing: tuple[MissingInput, ...] = ()
    unread: tuple[MissingInput, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Rows at first_s, first_s + step_s, ... last_s [Unix s]; none where last_s < first_s."""

    step_s: int
    first_s: int
    last_s: int


def bar_spans(held_s: int | None, now_s: int) -> tuple[Span, ...]:
    """Return the finished bars that are still needed at `now_s`; held_s: when the last known one opened.

    The last known bar is read once more with the next one, which mends what was not final then. After a pause longer
    than the fine span, all of the last 33 days.
    """
    last_s = _last_finished_s(now_s)
    if held_s is not None and held_s >= now_s - FINE_SPAN_S:
        return _span(FINE_S, held_s, last_s) if held_s < last_s else ()
    fine_s = _fine_from_s(now_s)
    coarse = _span(COARSE_S, fine_s - COARSE_SPAN_S, fine_s - COARSE_S)
    return (*_span(FINE_S, fine_s, last_s), *coarse)


def open_interest_spans(held_s: int | None, now_s: int, reach_s: int | None) -> tuple[Span, ...]:
    """Return the snapshots at the opens of those bars that are still needed; reach_s: how far back the venue goes."""
    reachable_s = 0 if reach_s is None else math.ceil((now_s - reach_s) / COARSE_S) * COARSE_S
    return tuple(
        cut
        for span in bar_spans(held_s, now_s)
        for cut in _span(span.step_s, max(span.first_s, reachable_s), span.last_s)
    )


def funding_page(market_id: str, now_s: int) -> Page:
    """Return the request for all funding settled within the history."""
    first_s = _fine_from_s(now_s) - COARSE_SPAN_S
    return Page(market_id=market_id, step_s=HOUR_S, first_s=first_s, last_s=now_s)


def is_new_start(held_s: int | None, now_s: int) -> bool:
    """Say whether what is held is too old to go on from."""
    return held_s is None or held_s < now_s - FINE_SPAN_S


def pages(spans: Iterable[Span], market_id: str, page_rows: int) -> tuple[Page, ...]:
    """Cut spans into requests of at most `page_rows` rows; each asks for other rows, so they can run at once.

    Spans that lie near each other share a request, rows between them included: it costs one, however many it brings.
    """
    found: list[Page] = []
    for span in sorted(spans, key=lambda span: (span.step_s, span.first_s)):
        reach_s = (page_rows - 1) * span.step_s
        first_s = span.first_s
        if found and found[-1].step_s == span.step_s and first_s <= found[-1].first_s + reach_s:
            last_s = min(found[-1].first_s + reach_s, span.last_s)
            found[-1] = replace(found[-1], last_s=last_s)
            first_s = last_s + span.step_s
        found += [
            Page(market_id=market_id, step_s=span.step_s, first_s=at_s, last_s=min(at_s + reach_s, span.last_s))
            for at_s in range(first_s, span.last_s + 1, reach_s + span.step_s)
        ]
    return tuple(found)


def funding_is_due(funding: Series, now_s: int) -> bool:
    """Say whether a settlement must have come since the last known one."""
    return len(funding) == 0 or now_s >= int(funding.time_s[-1]) + funding_interval_s(funding)


def funding_interval_s(funding: Series) -> int:
    """Return the time between settlements [s]: the usual step, in whole hours; 8 h where there is only one."""
    if len(funding) < 2:
        return 8 * HOUR_S
    return max(round(float(np.median(np.diff(funding.time_s))) / HOUR_S), 1) * HOUR_S


# --- replies -> parts ------------------------------------------------------------------------------------------------


def parse_bars(reply: object, feed: Feed, page: Page, where: str) -> Bars:
    """Return the bars that a page asked for, in order of time.

    A row outside the page is dropped: some venues add the bar under way.

    Raises:
        DataMalformedError: the reply is not what the venue documents.

    """
    rows = rows_at(reply, feed.path, where)
    values = {name: column(rows, key, where) for name, key in feed.columns.items()}
    time_s = times(rows, feed.time, where)
    if "taker_buy_volume" not in values:
        values["taker_buy_volume"] = np.full(len(rows), np.nan)
    wanted = _on_page(time_s, page)
    parsed = Bars(
        time_s=time_s[wanted],
        duration_s=np.full(int(np.sum(wanted)), page.step_s, dtype=np.int64),
        **{name: column_[wanted] for name, column_ in values.items()},
    )
    return Bars().joined(parsed)


def parse_series(reply: object, feed: Feed, page: Page, where: str) -> Series:
    """Return the values that a page asked for, in order of time.

    Raises:
        DataMalformedError: the reply is not what the venue documents.

    """
    rows = rows_at(reply, feed.path, where)
    time_s = times(rows, feed.time, where)
    wanted = (time_s >= page.first_s) & (time_s <= page.last_s)
    values = feed.unit * column(rows, feed.columns["value"], where)
    return Series().joined(Series(time_s=time_s[wanted], value=values[wanted]))


def parse_snapshot(reply: object, feed: SnapshotFeed, open_s: int, where: str) -> Series:
    """Return the value of a moment as that of the bar which opened at `open_s` [Unix s].

    Raises:
        DataMalformedError: the reply is not what the venue documents.

    """
    value = number_at(reply, feed.value, where)
    return Series(time_s=np.array([open_s], dtype=np.int64), value=np.array([value]))


def parse_book(reply: object, feed: BookFeed, contract_size: float, where: str) -> OrderBook:
    """Return the resting orders, sizes in base units.

    Raises:
        DataMalformedError: the reply is not what the venue documents, or the book is empty.

    """
    snapshot = reply
    for key in feed.path:
        snapshot = value_at(snapshot, key, where)
    bids, asks = rows_at(snapshot, (feed.bids,), where), rows_at(snapshot, (feed.asks,), where)
    if not bids or not asks:
        raise DataMalformedError(where, "the book is empty", "Ask again.")
    return OrderBook(
        time_s=int(number_at(snapshot, feed.time, where)) // 1000,
        bid_price=column(bids, 0, where),
        bid_size=contract_size * column(bids, 1, where),
        ask_price=column(asks, 0, where),
        ask_size=contract_size * column(asks, 1, where),
    )


def parse_crowd(reply: object, feed: CrowdFeed, now_s: int, where: str) -> Crowd | None:
    """Return the newest ratio told by `now_s`, None where there is none, as of a market that opened just now.

    Raises:
        DataMalformedError: the reply is not what the venue documents.

    """
    rows = rows_at(reply, feed.path, where)
    time_s = times(rows, feed.time, where)
    known = np.flatnonzero(time_s <= now_s)
    if not len(known):
        return None
    at = int(known[np.argmax(time_s[known])])
    longs = number_at(rows[at], feed.longs, where)
    shorts = 1.0 if feed.shorts is None else number_at(rows[at], feed.shorts, where)
    if not (longs > 0 and shorts > 0):
        return None  # nobody on one side: a market too small for a ratio
    return Crowd(time_s=int(time_s[at]), long_short_ratio=longs / shorts)


def parse_brackets(reply: object, feed: BracketFeed, listing: Listing, price: float, where: str) -> tuple[Bracket, ...]:
    """Return the venue's risk limits by rising notional; caps in contracts are counted at `price`.

    Raises:
        DataMalformedError: the reply is not what the venue documents.

    """
    unit = listing.contract_size * price if feed.cap_in_contracts else 1.0
    steps = [_bracket(row, feed, unit, where) for row in rows_at(reply, feed.path, where)]
    if not steps:
        raise DataMalformedError(where, "there are no risk limits", "Ask again.")
    return tuple(sorted(steps, key=lambda step: step.notional_cap_usd))


def _bracket(row: object, feed: BracketFeed, unit: float, where: str) -> Bracket:
    step = Bracket(
        notional_cap_usd=unit * number_at(row, feed.cap, where),
        maintenance_rate=number_at(row, feed.maintenance_rate, where),
        max_leverage=number_at(row, feed.max_leverage, where),
        maintenance_amount_usd=_deduction(row, feed, where),
    )
    if not (step.notional_cap_usd > 0 and 0 < step.maintenance_rate < 1 <= step.max_leverage):
        raise DataMalformedError(where, f"no such risk limit: {step}", "Ask again.")
    return step


def _deduction(row: object, feed: BracketFeed, where: str) -> float:
    """Return a step's deduction [USD]; Bybit leaves the first one's empty."""
    if feed.deduction_usd is None or value_at(row, feed.deduction_usd, where) in ("", None):
        return 0.0
    return number_at(row, feed.deduction_usd, where)


def parse_time(reply: object, feed: TimeFeed, where: str) -> float:
    """Return what time it was by the venue's clock [Unix s].

    Raises:
        DataMalformedError: the reply is not what the venue documents.

    """
    found = reply
    for key in feed.path[:-1]:
        found = value_at(found, key, where)
    return feed.unit_s * number_at(found, feed.path[-1], where)


def joined_bars(parts: Sequence[Bars], since_s: int = 0) -> Bars:
    """Return the bars that open at or after `since_s` in order of time, each time told once.

    Of two equal ones the later part's counts; of unequal ones those that history.rows.finest_cover keeps.
    """
    whole = Bars()
    for part in parts:
        whole = whole.joined(part)
    chosen = finest_cover(whole.time_s, whole.duration_s) & (whole.time_s >= since_s)
    return whole if np.all(chosen) else whole.take(chosen)


def joined_series(parts: Sequence[Series], since_s: int = 0) -> Series:
    """Return the values at or after `since_s` in order of time."""
    whole = Series()
    for part in parts:
        whole = whole.joined(part)
    return Series(time_s=whole.time_s[whole.time_s >= since_s], value=whole.value[whole.time_s >= since_s])


def _on_page(time_s: np.ndarray, page: Page) -> np.ndarray:
    inside = (time_s >= page.first_s) & (time_s <= page.last_s)
    return np.asarray(inside & ((time_s - page.first_s) % page.step_s == 0))


def _last_finished_s(now_s: int) -> int:
    """Return when the last finished fine bar opened."""
    return (now_s - SETTLED_AFTER_S) // FINE_S * FINE_S - FINE_S


def _fine_from_s(now_s: int) -> int:
    """Return where the fine bars begin: at a full hour, so that no hourly bar overlaps."""
    return (now_s - SETTLED_AFTER_S - FINE_SPAN_S) // COARSE_S * COARSE_S


def _span(step_s: int, first_s: int, last_s: int) -> tuple[Span, ...]:
    return (Span(step_s=step_s, first_s=first_s, last_s=last_s),) if first_s <= last_s else ()
