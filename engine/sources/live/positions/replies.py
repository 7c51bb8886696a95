"""Hyperliquid's replies -> accounts, open interest, wallets that traded. Parses only; nothing here fetches.

Source: hyperliquid.gitbook.io, info endpoint, perpetuals; numbers arrive as text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from engine.errors import DataMalformedError
from engine.sources.live.wire import MS, number_at, rows_at, shortened, text_at, value_at

_ADVICE = "The venue changed its format or was disturbed: ask again, and report it if it stays."
_ADDRESS = re.compile(r"0x[0-9a-f]{40}")
_IS_ISOLATED = {"isolated": True, "cross": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """One position: side +1 long, -1 short; size [units of the coin]; liquidation_price NaN where there is none."""

    coin: str
    side: int
    size: float
    entry: float
    leverage: float
    liquidation_price: float
    is_isolated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What one wallet holds; time_s: the venue's own clock [Unix s]; notional_usd: of all coins together."""

    time_s: float
    positions: tuple[Position, ...]
    notional_usd: float


def address_of(text: object) -> str | None:
    """Return a wallet's address in small letters, None for what is none."""
    address = str(text).strip().lower()
    return address if _ADDRESS.fullmatch(address) else None


def parse_account(reply: object, where: str) -> Account:
    """Return what a wallet holds; every position is checked, so that half a wallet is never taken for a whole.

    Raises:
        DataMalformedError: the reply is not what the venue documents, or a number in it cannot be.

    """
    rows = [value_at(row, "position", where) for row in rows_at(reply, ("assetPositions",), where)]
    held = [row for row in rows if number_at(row, "szi", where) != 0]
    return Account(
        time_s=number_at(reply, "time", where) / MS,
        positions=tuple(_position(row, where) for row in held),
        notional_usd=math.fsum(abs(number_at(row, "positionValue", where)) for row in held),
    )


def _position(row: object, where: str) -> Position:
    signed = number_at(row, "szi", where)
    leverage = value_at(row, "leverage", where)
    margin = text_at(leverage, "type", where)
    if margin not in _IS_ISOLATED:
        raise DataMalformedError(where, f"margin is neither isolated nor cross but {shortened(margin)}", _ADVICE)
    return Position(
        coin=text_at(row, "coin", where),
        side=1 if signed > 0 else -1,
        size=abs(signed),
        entry=_positive(row, "entryPx", where),
        leverage=_positive(leverage, "value", where),
        liquidation_price=_liquidation_price(row, where),
        is_isolated=_IS_ISOLATED[margin],
    )


def _positive(row: object, key: str, where: str) -> float:
    number = number_at(row, key, where)
    if number <= 0:
        raise DataMalformedError(where, f"{key!r} is not positive in {shortened(row)}", _ADVICE)
    return number


def _liquidation_price(row: object, where: str) -> float:
    """Return the price, NaN where the venue gives none or one that no market reaches: the account holds enough."""
    if value_at(row, "liquidationPx", where) is None:
        return math.nan
    price = number_at(row, "liquidationPx", where)
    return price if price > 0 else math.nan


def parse_contexts(reply: object, where: str) -> dict[str, object]:
    """Return the context of every coin that is traded, as it came; `open_interest_of` reads it.

    Raises:
        DataMalformedError: the reply is not what the venue documents.

    """
    listings, contexts = rows_at(reply, (0, "universe"), where), rows_at(reply, (1,), where)
    if len(listings) != len(contexts):
        problem = f"{len(listings)} coins are listed, and {len(contexts)} have a context"
        raise DataMalformedError(where, problem, _ADVICE)
    pairs = zip(listings, contexts, strict=True)
    return {text_at(listing, "name", where): context for listing, context in pairs if not _is_delisted(listing)}


def _is_delisted(listing: object) -> bool:
    return isinstance(listing, Mapping) and bool(listing.get("isDelisted"))


def open_interest_of(context: object, where: str) -> float:
    """Return a coin's open interest, one side [units of the coin].

    Raises:
        DataMalformedError: there is none, or it is negative.

    """
    number = number_at(context, "openInterest", where)
    if number < 0:
        raise DataMalformedError(where, f"open interest is {number}", _ADVICE)
    return number


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """Who traded with whom, and when [Unix s]."""

    time_s: int
    wallets: tuple[str, ...]


def parse_trades(reply: object, where: str) -> tuple[Trade, ...]:
    """Return the trades of a reply.

    Raises:
        DataMalformedError: the reply is not what the venue documents.

    """
    return tuple(
        Trade(
            time_s=int(number_at(row, "time", where) // MS),
            wallets=tuple(
                address for user in rows_at(row, ("users",), where) if (address := address_of(user)) is not None
            ),
        )
        for row in rows_at(reply, (), where)
    )
