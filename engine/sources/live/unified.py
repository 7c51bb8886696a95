"""Any other exchange of the library, through its unified methods: one table for all, and what is known of each.

The library brings rows to one shape and leaves their units as the exchange has them: coins here, contracts there. What
was read in its source stands in `MANNERS`. Of an exchange that is not listed there only markets whose contract is one
coin are read, where both are the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from engine.margin import ASSUMED_RULE, has_rule
from engine.sources.live.exchange_library import offers, origin_of
from engine.sources.live.faults import VenueError
from engine.sources.live.parts import Listing
from engine.sources.live.venue import (
    BookFeed,
    BracketFeed,
    CatalogueFeed,
    Feed,
    Page,
    Parameters,
    SnapshotFeed,
    TimeFeed,
    Venue,
)
from engine.sources.live.wire import number_at, text_at, value_at
from engine.text import venue_text
from engine.windows import DAY_S, HOUR_S

QUOTES = ("USDT", "USDC")
"""What counts as USD, the more usual one first: where a coin has both, its USDT perpetual is read."""
STEPS = {300: "5m", 3600: "1h"}
BAR_ROWS = 200
OPEN_INTEREST_ROWS = 100
FUNDING_ROWS = 100
"""As many as every exchange of the library that was looked at gives at once."""
AT_ONCE = 4
SETTLEMENT_S = 4 * HOUR_S
"""Funding is asked for over this many seconds a row: where it settles more often, the newest rows are not among them,
and it is left out as too old rather than shown wrong (own assumption; hourly venues have an entry below)."""
REACH_S = 30 * DAY_S - HOUR_S
"""How far back open interest is asked for: the shortest that an exchange with a history keeps it."""

_THOUSANDS = re.compile(r"k([A-Z0-9]+)")
"""Hyperliquid's kPEPE is what others call 1000PEPE."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """What the library passes on as an exchange has it.

    volume_in_contracts, open_interest_in_contracts: else in coins; one_side: what open interest is multiplied by, so
    that a contract counts once; has_history: open interest of the past in steps of 5 minutes and an hour;
    open_interest_until: its end can be named; book_rows: None for the exchange's own choice; funding_span_s: what one
    request covers; rate_window_s: over which requests are counted, None for the library's even pace; rule: whose margin
    rule it has.
    """

    volume_in_contracts: bool = False
    open_interest_in_contracts: bool = False
    one_side: float = 1.0
    has_history: bool = False
    open_interest_until: bool = False
    book_rows: int | None = None
    bar_rows: int = BAR_ROWS
    funding_rows: int = FUNDING_ROWS
    funding_span_s: int = FUNDING_ROWS * SETTLEMENT_S
    rate_window_s: float | None = None
    rule: str | None = None


MANNERS: Mapping[str, Manners] = {
    "binance": Manners(
        has_history=True, open_interest_until=True, book_rows=500, rate_window_s=60.0, rule="binanceusdm"
    ),
    "bybit": Manners(
        one_side=0.5, has_history=True, open_interest_until=True, book_rows=500, rate_window_s=5.0, rule="bybit"
    ),  # counts both sides of a contract
    "okx": Manners(
        open_interest_in_contracts=True,
        has_history=True,
        open_interest_until=True,
        book_rows=400,
        bar_rows=100,
        rule="okx",
    ),
    "gate": Manners(
        volume_in_contracts=True, open_interest_in_contracts=True, has_history=True, book_rows=100, rule="gate"
    ),
    "kucoin": Manners(
        volume_in_contracts=True,
        open_interest_in_contracts=True,
        has_history=True,
        open_interest_until=True,
        book_rows=100,
    ),
    "bitget": Manners(book_rows=100),
    "htx": Manners(open_interest_in_contracts=True),  # its candles tell coins; its history knows no step below an hour
    "hyperliquid": Manners(
        bar_rows=500, funding_rows=500, funding_span_s=480 * HOUR_S, rate_window_s=60.0, rule="hyperliquid"
    ),  # 500 settlements a request, one an hour; 1,200 weight a minute
}
"""By the exchange that a name stands for; read in the library's parse_ohlcv and parse_open_interest (4.5.90)."""


def unified_venue(name: str) -> Venue:
    """Return the table of any exchange of the library.

    Raises:
        VenueError: the library reads no candles or no open interest of it.

    """
    has = offers(name)
    for needed, what in ((("fetchOHLCV",), "candles"), (("fetchOpenInterest", "fetchOpenInterestHistory"), _INTEREST)):
        if not has & set(needed):
            raise VenueError(name, f"cannot be read live: the exchange library gets no {what} of it")
    manners = MANNERS.get(origin_of(name), Manners())
    past = manners.has_history and "fetchOpenInterestHistory" in has
    return Venue(
        name=name,
        host=None,
        rate_window_s=manners.rate_window_s or 1.0,
        unified=True,
        catalogue=CatalogueFeed(
            method="load_markets", parameters={}, path=(), listing=lambda row, where: _listing(row, name, where)
        ),
        bars=Feed(
            method="fetch_ohlcv",
            parameters=lambda page: _span(page, until=True),
            path=(),
            time=0,
            columns={"open": 1, "high": 2, "low": 3, "close": 4, "volume": 5},
            page_rows=manners.bar_rows,
            at_once=AT_ONCE,
        ),
        open_interest=_open_interest(manners) if past else _OPEN_INTEREST_NOW,
        funding=_funding(manners),
        book=BookFeed(
            method="fetch_order_book",
            parameters=lambda market_id: _book(market_id, manners.book_rows),
            path=(),
            time="timestamp",
            bids="bids",
            asks="asks",
        ),
        time=TimeFeed(method="fetch_time", path=("time_ms",)) if "fetchTime" in has else None,
        brackets=_TIERS if "fetchMarketLeverageTiers" in has else None,
    )


_INTEREST = "open interest"


def _span(page: Page, *, until: bool) -> Parameters:
    """Return what asks for exactly the rows of a page.

    With a limit alone some exchanges count from the end and drop the first row, so the end is named: a moment before
    the row after the last, for those who leave out what opens at it.
    """
    span: Parameters = {"since": page.first_ms, "limit": page.rows}
    end: Parameters = {"until": page.last_ms + 1000 * page.step_s - 1} if until else {}
    return {"symbol": page.market_id, "timeframe": STEPS[page.step_s], **span, **end}


def _open_interest(manners: Manners) -> Feed:
    return Feed(
        method="fetch_open_interest_history",
        parameters=lambda page: _span(page, until=manners.open_interest_until),
        path=(),
        time="timestamp",
        columns={"value": "openInterestAmount"},
        page_rows=OPEN_INTEREST_ROWS,
        reach_s=REACH_S,
        at_once=AT_ONCE,
    )


_OPEN_INTEREST_NOW = SnapshotFeed(
    method="fetch_open_interest", parameters=lambda market_id: {"symbol": market_id}, value="openInterestAmount"
)
_TIERS = BracketFeed(
    method="fetch_market_leverage_tiers",
    parameters=lambda listing: {"symbol": listing.market_id},
    path=(),
    cap="maxNotional",
    maintenance_rate="maintenanceMarginRate",
    max_leverage="maxLeverage",
)


def _funding(manners: Manners) -> Feed:
    def parameters(page: Page) -> Parameters:
        since_ms = max(page.first_ms, page.last_ms - 1000 * manners.funding_span_s)
        return {"symbol": page.market_id, "since": since_ms, "limit": manners.funding_rows}

    return Feed(
        method="fetch_funding_rate_history",
        parameters=parameters,
        path=(),
        time="timestamp",
        columns={"value": "fundingRate"},
        page_rows=manners.funding_rows,
    )


def _book(market_id: str, rows: int | None) -> Parameters:
    return {"symbol": market_id} if rows is None else {"symbol": market_id, "limit": rows}


# --- what a market of the library means -------------------------------------------------------------------------------


def _listing(row: object, name: str, where: str) -> Listing | None:
    """Return a linear perpetual in USDT or USDC that is traded, None for another market or one of unknown units."""
    if not _is_wanted(row, where):
        return None
    contract_size = number_at(row, "contractSize", where)
    if contract_size != 1 and origin_of(name) not in MANNERS:
        return None
    rule = None if has_rule(name) else MANNERS.get(origin_of(name), Manners()).rule or ASSUMED_RULE
    return Listing(
        base=_base(row, where),
        market_id=text_at(row, "symbol", where),
        contract_size=contract_size,
        max_leverage=_max_leverage(row, where),
        margin_rule=rule,
        notes=(*_dollar_note(row, name, where), *rule_notes(name), *_units_note(name)),
    )


def _is_wanted(row: object, where: str) -> bool:
    if any(value_at(row, key, where) is not True for key in ("swap", "linear")):
        return False
    return value_at(row, "active", where) is not False and value_at(row, "settle", where) in QUOTES


def _base(row: object, where: str) -> str:
    """Return a coin as others call it: the library writes every name in capitals, and the small k is lost."""
    own = row.get("baseName") if isinstance(row, Mapping) else None
    match = _THOUSANDS.fullmatch(str(own)) if own is not None else None
    return text_at(row, "base", where) if match is None else f"1000{match[1]}"


def _max_leverage(row: object, where: str) -> float | None:
    value = value_at(value_at(value_at(row, "limits", where), "leverage", where), "max", where)
    return None if value is None else number_at({"max": value}, "max", where)


def _dollar_note(row: object, name: str, where: str) -> tuple[str, ...]:
    settle = text_at(row, "settle", where)
    if settle == QUOTES[0]:
        return ()
    return (f"{venue_text(name)}'s perpetual is settled in {settle}, which counts as USD like {QUOTES[0]}.",)


def borrowed_rule(name: str) -> str | None:
    """Return whose margin rule is taken for an exchange of `MANNERS` that has none of its own here; else None."""
    if has_rule(name) or name not in MANNERS:
        return None
    return MANNERS[name].rule or ASSUMED_RULE


def rule_notes(name: str) -> tuple[str, ...]:
    """Return what to say about the margin rule of an exchange: nothing where it is known."""
    if has_rule(name) or MANNERS.get(origin_of(name), Manners()).rule is not None:
        return ()
    return (f"{venue_text(name)}'s margin rule is not known here: that of {venue_text(ASSUMED_RULE)} is assumed.",)


def _units_note(name: str) -> tuple[str, ...]:
    if origin_of(name) in MANNERS:
        return ()
    return (f"{venue_text(name)}'s open interest is taken as one side, in coins; nobody has checked that.",)
