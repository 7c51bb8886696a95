"""Binance USD-M futures. Sizes in base units; leverage brackets need a key, so the shipped table serves.

Source: developers.binance.com, USD-M futures, market data and market streams.
"""

from __future__ import annotations

from engine.sources.live.parts import Listing
from engine.sources.live.venue import (
    BookFeed,
    CatalogueFeed,
    CrowdFeed,
    Feed,
    LiquidationFeed,
    Page,
    Parameters,
    TimeFeed,
    Venue,
)
from engine.sources.live.wire import text_at
from engine.windows import DAY_S, HOUR_S

_STEPS = {300: "5m", 3600: "1h"}
_BOOK_ROWS = 500
_FUNDING_ROWS = 1000


def _listing(row: object, where: str) -> Listing | None:
    wanted = {"contractType": "PERPETUAL", "quoteAsset": "USDT", "status": "TRADING"}
    if any(text_at(row, key, where) != value for key, value in wanted.items()):
        return None
    return Listing(base=text_at(row, "baseAsset", where), market_id=text_at(row, "symbol", where))


def _bars(page: Page) -> Parameters:
    return {"symbol": page.market_id, "interval": _STEPS[page.step_s], **_span(page)}


def _open_interest(page: Page) -> Parameters:
    return {"symbol": page.market_id, "period": _STEPS[page.step_s], **_span(page)}


def _funding(page: Page) -> Parameters:
    return {"symbol": page.market_id, **_span(page), "limit": _FUNDING_ROWS}


def _span(page: Page) -> Parameters:
    return {"startTime": page.first_ms, "endTime": page.last_ms, "limit": page.rows}


def _book(market_id: str) -> Parameters:
    return {"symbol": market_id, "limit": _BOOK_ROWS}


def _crowd(market_id: str) -> Parameters:
    return {"symbol": market_id, "period": _STEPS[300], "limit": 1}


BINANCE = Venue(
    name="binanceusdm",
    host="fapi.binance.com",
    stream_host="fstream.binance.com",
    rate_window_s=60.0,  # 2,400 weight a minute
    catalogue=CatalogueFeed(method="fapiPublicGetExchangeInfo", parameters={}, path=("symbols",), listing=_listing),
    bars=Feed(
        method="fapiPublicGetKlines",
        parameters=_bars,
        path=(),
        time=0,
        columns={"open": 1, "high": 2, "low": 3, "close": 4, "volume": 5, "taker_buy_volume": 9},
        page_rows=1000,  # 1,500 are allowed, at twice the weight
    ),
    open_interest=Feed(
        method="fapiDataGetOpenInterestHist",
        parameters=_open_interest,
        path=(),
        time="timestamp",
        columns={"value": "sumOpenInterest"},
        page_rows=500,
        reach_s=30 * DAY_S - HOUR_S,  # "the latest 30 days"; a start before is refused, so stay an hour inside
    ),
    funding=Feed(
        method="fapiPublicGetFundingRate",
        parameters=_funding,
        path=(),
        time="fundingTime",
        columns={"value": "fundingRate"},
        page_rows=_FUNDING_ROWS,
    ),
    book=BookFeed(method="fapiPublicGetDepth", parameters=_book, path=(), time="T", bids="bids", asks="asks"),
    crowd=CrowdFeed(
        method="fapiDataGetGlobalLongShortAccountRatio",
        parameters=_crowd,
        path=(),
        time="timestamp",
        longs="longShortRatio",
    ),
    liquidations=LiquidationFeed(
        method="watch_liquidations_for_symbols",
        whole_market=True,  # !forceOrder@arr: one subscription, whatever is listed or delisted
        path=("o",),
        market_id="s",
        time="T",
        prices=("ap", "p"),  # what it traded at; before it has, what was ordered
        sizes=("z", "q"),  # what traded: a rest that found nobody is ordered again, and q would count it twice
        side="S",  # of the order that closes the position
        long_word="SELL",
        short_word="BUY",
    ),
    time=TimeFeed(method="fapiPublicGetTime", path=("serverTime",)),
)
