"""OKX swaps, interface v5. Books and tiers in contracts; candles and open interest also give base units, used here.

Its `before` and `after` exclude the moment they name, so every span is one millisecond wider on both ends.
Source: okx.com/docs-v5, public data, market data, trading statistics.
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
from engine.sources.live.wire import number_at, text_at

_STEPS = {300: "5m", 3600: "1H"}
_BOOK_ROWS = 400
_FUNDING_ROWS = 100
_DATA = ("data",)


def _listing(row: object, where: str) -> Listing | None:
    wanted = {"settleCcy": "USDT", "ctType": "linear", "state": "live"}
    if any(text_at(row, key, where) != value for key, value in wanted.items()):
        return None
    contract_size = number_at(row, "ctVal", where) * number_at(row, "ctMult", where)
    return Listing(
        base=text_at(row, "ctValCcy", where), market_id=text_at(row, "instId", where), contract_size=contract_size
    )


def _bars(page: Page) -> Parameters:
    return {"instId": page.market_id, "bar": _STEPS[page.step_s], **_between(page), "limit": page.rows}


def _open_interest(page: Page) -> Parameters:
    span: Parameters = {"begin": page.first_ms - 1, "end": page.last_ms + 1, "limit": page.rows}
    return {"instId": page.market_id, "period": _STEPS[page.step_s], **span}


def _funding(page: Page) -> Parameters:
    return {"instId": page.market_id, **_between(page), "limit": _FUNDING_ROWS}


def _between(page: Page) -> Parameters:
    return {"before": page.first_ms - 1, "after": page.last_ms + 1}


def _book(market_id: str) -> Parameters:
    return {"instId": market_id, "sz": _BOOK_ROWS}


def _crowd(market_id: str) -> Parameters:
    return {"instId": market_id, "period": _STEPS[300], "limit": 1}


def _tiers(listing: Listing) -> Parameters:
    return {"instType": "SWAP", "tdMode": "isolated", "instFamily": listing.market_id.removesuffix("-SWAP")}


OKX = Venue(
    name="okx",
    host="www.okx.com",
    stream_host="ws.okx.com:8443",
    rate_window_s=2.0,  # such as 10 requests in 2 s for open interest
    catalogue=CatalogueFeed(
        method="publicGetPublicInstruments", parameters={"instType": "SWAP"}, path=_DATA, listing=_listing
    ),
    bars=Feed(
        method="publicGetMarketCandles",
        parameters=_bars,
        path=_DATA,
        time=0,
        columns={"open": 1, "high": 2, "low": 3, "close": 4, "volume": 6},  # 5 is contracts, 6 base units
        page_rows=300,
    ),
    open_interest=Feed(
        method="publicGetRubikStatContractsOpenInterestHistory",
        parameters=_open_interest,
        path=_DATA,
        time=0,
        columns={"value": 2},  # 1 is contracts, 2 base units, 3 USD
        page_rows=100,
        at_once=2,  # ten requests in two seconds are allowed, the least of all that is asked here
    ),
    funding=Feed(
        method="publicGetPublicFundingRateHistory",
        parameters=_funding,
        path=_DATA,
        time="fundingTime",
        columns={"value": "realizedRate"},  # fundingRate is the one predicted before
        page_rows=_FUNDING_ROWS,
    ),
    book=BookFeed(
        method="publicGetMarketBooks", parameters=_book, path=("data", 0), time="ts", bids="bids", asks="asks"
    ),
    brackets=BracketFeed(
        method="publicGetPublicPositionTiers",
        parameters=_tiers,
        path=_DATA,
        cap="maxSz",
        maintenance_rate="mmr",
        max_leverage="maxLever",
        cap_in_contracts=True,
    ),
    crowd=CrowdFeed(  # of this contract; the one without -contract counts a currency's every swap and future
        method="publicGetRubikStatContractsLongShortAccountRatioContract",
        parameters=_crowd,
        path=_DATA,
        time=0,
        longs=1,
    ),
    sizes=SizeFeed(
        method="publicGetPublicOpenInterest",
        parameters={"instType": "SWAP"},
        path=_DATA,
        market_id="instId",
        usd="oiUsd",
    ),
    liquidations=LiquidationFeed(
        method="watch_liquidations_for_symbols",
        whole_market=True,
        path=_DATA,
        details="details",
        market_id="instId",
        time="ts",
        prices=("bkPx",),  # what the venue's liquidation account took it over at
        sizes=("sz",),
        side="side",  # of the order that closes the position; posSide is "net" for accounts without hedge mode
        long_word="sell",
        short_word="buy",
        in_contracts=True,
    ),
    time=TimeFeed(method="publicGetPublicTime", path=("data", 0, "ts")),
)
