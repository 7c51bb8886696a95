"""One order book from those of all venues."""

from __future__ import annotations

import numpy as np

from engine.grid import FloatArray
from engine.market import Market, OrderBook


def merged_order_book(market: Market) -> OrderBook | None:
    """Return the venues' books as one, best price first, stamped with the oldest; None when there is none."""
    books = [venue.order_book for venue in market.venues if venue.order_book is not None]
    books = [book for book in books if len(book.bid_price) and len(book.ask_price)]
    if not books:
        return None
    bid_price, bid_size = _merged([book.bid_price for book in books], [book.bid_size for book in books], -1)
    ask_price, ask_size = _merged([book.ask_price for book in books], [book.ask_size for book in books], 1)
    return OrderBook(
        time_s=min(book.time_s for book in books),
        bid_price=bid_price,
        bid_size=bid_size,
        ask_price=ask_price,
        ask_size=ask_size,
    )


def _merged(prices: list[FloatArray], sizes: list[FloatArray], direction: int) -> tuple[FloatArray, FloatArray]:
    price, size = np.concatenate(prices), np.concatenate(sizes)
    order = np.argsort(direction * price, kind="stable")
    return price[order], size[order]
