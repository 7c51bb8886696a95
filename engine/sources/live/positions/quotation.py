"""Which coin of Hyperliquid a symbol means: kPEPE there is a thousand PEPE, as 1000PEPE is here."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from engine.symbols import coin_of

_UNITS = (("k", 1_000), ("", 1))
"""How the venue's names begin, and how many coins one of its units is; a coin's own name is in capitals (KAITO)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """The venue's coin, and how many of its units one unit of the symbol is: 1000PEPE is 1 kPEPE, PEPE is .001."""

    coin: str
    units: float

    def price(self, of_coin: float) -> float:
        """Return a price of the venue as one of the symbol."""
        return of_coin * self.units

    def size(self, of_coin: float) -> float:
        """Return a size of the venue as one of the symbol."""
        return of_coin / self.units


def quoted(symbol: str, coins: Collection[str]) -> Quoted | None:
    """Return the coin that stands for a symbol such as BTC or 1000PEPE; None where the venue lists none."""
    coin = coin_of(symbol)
    ours = int(symbol.removesuffix(coin) or 1)
    found = (
        Quoted(coin=f"{begin}{coin}", units=ours / theirs) for begin, theirs in _UNITS if f"{begin}{coin}" in coins
    )
    return next(found, None)
