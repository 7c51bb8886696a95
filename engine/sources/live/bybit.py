"""Bybit linear perpetuals, interface v5. Sizes in base units; rows come newest first.

Open interest is "the sum of both sides", twice what other venues tell of the same contracts.

Source: bybit-exchange.github.io/docs/v5/market and docs/v5/websocket/public.
"""

from __future__ import annotations

from engine.sources.live.parts import Listing
from engine.sources.live.venue import (
    BookFeed,
    BracketFeed,
    CatalogueFeed,
    CrowdFeed,
    Feed,
    LiquidationFeed,
    Page,
    Parameters,
    SizeFeed,
    TimeFeed,
    Venue,
)
from engine.sources.live.wire import text_at

_BAR_STEPS = {300: "5", 3600: "60"}
_OPEN_INTEREST_STEPS = {300: "5min", 3600: "1h"}
_BOOK_ROWS = 500
_FUNDING_ROWS = 200
_ONE_SIDE = 0.5
"""Bybit counts both sides of a contract; the other venues and the engine count one."""
_LIST = ("result", "list")


def _listing(row: object, where: str) -> Listing | None:
    wanted = {"contractType": "LinearPerpetual", "quoteCoin": "USDT", "status": "Trading"}
    if any(text_at(row, key, where) != value for key, value in wanted.items()):
        return None
    return Listing(base=text_at(row, "baseCoin", where), market_id=text_at(row, "symbol", where))


def _bars(page: Page) -> Parameters:
    span: Parameters = {"start": page.first_ms, "end": page.last_ms, "limit": page.rows}
    return {**_market(page.market_id), "interval": _BAR_STEPS[page.step_s], **span}


def _open_interest(page: Page) -> Parameters:
    return {**_market(page.market_id), "intervalTime": _OPEN_INTEREST_STEPS[page.step_s], **_span(page)}


def _funding(page: Page) -> Parameters:
    return {**_market(page.market_id), **_span(page), "limit": _FUNDING_ROWS}


def _span(page: Page) -> Parameters:
    return {"startTime": page.first_ms, "endTime": page.last_ms, "limit": page.rows}


def _book(market_id: str) -> Parameters:
    return {**_market(market_id), "limit": _BOOK_ROWS}


def _crowd(market_id: str) -> Parameters:
    return {**_market(market_id), "period": _OPEN_INTEREST_STEPS[300], "limit": 1}


def _market(market_id: str) -> Parameters:
    return {"category": "linear", "symbol": market_id}


BYBIT = Venue(
    name="bybit",
    host="api.bybit.com",
    stream_host="stream.bybit.com",
    rate_window_s=5.0,  # 600 requests in 5 s
    catalogue=CatalogueFeed(
        method="publicGetV5MarketInstrumentsInfo",
        parameters={"category": "linear", "limit": 1000},
        path=_LIST,
        listing=_listing,
        cursor=("result", "nextPageCursor"),
    ),
    bars=Feed(
        method="publicGetV5MarketKline",
        parameters=_bars,
        path=_LIST,
        time=0,
        columns={"open": 1, "high": 2, "low": 3, "close": 4, "volume": 5},
        page_rows=1000,
    ),
    open_interest=Feed(
        method="publicGetV5MarketOpenInterest",
        parameters=_open_interest,
        path=_LIST,
        time="timestamp",
        columns={"value": "openInterest"},
        unit=_ONE_SIDE,
        page_rows=200,
    ),
    funding=Feed(
        method="publicGetV5MarketFundingHistory",
        parameters=_funding,
        path=_LIST,
        time="fundingRateTimestamp",
        columns={"value": "fundingRate"},
        page_rows=_FUNDING_ROWS,
    ),
    book=BookFeed(
        method="publicGetV5MarketOrderbook", parameters=_book, path=("result",), time="ts", bids="b", asks="a"
    ),
    brackets=BracketFeed(
        method="publicGetV5MarketRiskLimit",
        parameters=lambda listing: _market(listing.market_id),
        path=_LIST,
        cap="riskLimitValue",
        maintenance_rate="maintenanceMargin",
        max_leverage="maxLeverage",
        deduction_usd="mmDeduction",
    ),
    crowd=CrowdFeed(
        method="publicGetV5MarketAccountRatio",
        parameters=_crowd,
        path=_LIST,
        time="timestamp",
        longs="buyRatio",
        shorts="sellRatio",
    ),
    sizes=SizeFeed(
        method="publicGetV5MarketTickers",
        parameters={"category": "linear"},
        path=_LIST,
        market_id="symbol",
        usd="openInterestValue",
        unit=_ONE_SIDE,
    ),
    liquidations=LiquidationFeed(
        method="watch_liquidations",
        whole_market=False,
        path=("data",),
        market_id="s",
        time="T",
        prices=("p",),  # the bankruptcy price
        sizes=("v",),
        side="S",  # of the position, not of the order: Buy is a long that was liquidated
        long_word="Buy",
        short_word="Sell",
    ),
    time=TimeFeed(method="publicGetV5MarketTime", path=("result", "timeNano"), unit_s=1e-9),
)
