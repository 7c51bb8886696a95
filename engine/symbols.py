"""How people write a symbol, and which ones they may mean before they have finished writing. Pure, and from memory."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence

QUOTES = ("USDT", "USDC", "USD", "PERP", "SWAP")
"""What is written behind a coin and names no other market here."""
MOST_SUGGESTIONS = 25
"""As many as a chat shows at once (Discord's limit for an autocompletion)."""
CLOSE = 0.6
"""From which likeness on a spelling is close: difflib's own choice."""
_PAIR_SEPARATORS = "/-_:."
_NAMES = {
    "BITCOIN": "BTC",
    "XBT": "BTC",
    "ETHEREUM": "ETH",
    "ETHER": "ETH",
    "SOLANA": "SOL",
    "RIPPLE": "XRP",
    "DOGECOIN": "DOGE",
    "CARDANO": "ADA",
    "CHAINLINK": "LINK",
    "AVALANCHE": "AVAX",
    "POLKADOT": "DOT",
    "LITECOIN": "LTC",
}
_MULTIPLIED = re.compile(r"(10{3,})([A-Z].*)")
"""1000PEPE, 1000000MOG: a power of ten from a thousand on, then the coin."""


def coin_of(base: str) -> str:
    """Return the coin of a name with or without multiplier: PEPE for 1000PEPE."""
    match = _MULTIPLIED.fullmatch(base)
    return base if match is None else match[2]


def plain_symbol(text: str) -> str:
    """Return what a written symbol comes down to: BTC for btc, $btc, btcusdt, BTC/USDT, BTC-PERP and bitcoin.

    Nothing says that there is such a symbol; what is written otherwise comes back in capitals.
    """
    plain = _before_pair(text)
    for quote in QUOTES:
        plain = plain.removesuffix(quote) or plain
    return _NAMES.get(plain, plain)


def _before_pair(text: str) -> str:
    plain = text.strip().lstrip("$#").upper()
    for separator in _PAIR_SEPARATORS:
        plain = plain.split(separator)[0]
    return plain


class SymbolIndex:
    """Suggests symbols for what was typed so far; `symbols` come ranked, the largest open interest first."""

    def __init__(self, symbols: Iterable[str]) -> None:
        self._rank = {symbol: rank for rank, symbol in enumerate(dict.fromkeys(symbols))}
        self._coin = {symbol: coin_of(symbol) for symbol in self._rank}
        self._of_coin: dict[str, list[str]] = {}
        for symbol, coin in self._coin.items():
            self._of_coin.setdefault(coin, []).append(symbol)
        named = {name: symbol for name, symbol in _NAMES.items() if symbol in self._rank}
        coins = {coin: found[0] for coin, found in self._of_coin.items()}
        self._spelled = dict(sorted({**named, **coins}.items(), key=lambda spelled: self._rank[spelled[1]]))

    def __len__(self) -> int:
        return len(self._rank)

    def suggest(self, text: str, limit: int = MOST_SUGGESTIONS) -> tuple[str, ...]:
        """Return at most `limit` symbols that may be meant, each group in order of rank.

        What was typed itself, those that begin with it, those whose coin does (1000PEPE for pepe), those that contain
        it; where there are none, those of a close spelling.
        """
        found = dict.fromkeys(self._matches(text)) or dict.fromkeys(self._close(plain_symbol(text)))
        return tuple(found)[:limit]

    def _matches(self, text: str) -> Iterator[str]:
        """Yield what fits, the better fit first; the whole list is gone through once."""
        typed, plain = _before_pair(text), plain_symbol(text)
        yield from sorted({typed, plain} & self._rank.keys(), key=self._rank.__getitem__)
        inside = [symbol for symbol in self._rank if plain in symbol]  # so does what holds all that was typed
        yield from (symbol for symbol in inside if symbol.startswith((typed, plain)))
        yield from self._begun_pairs(typed)
        yield from (symbol for symbol in inside if self._coin[symbol].startswith(plain))
        yield from self._of_coin.get(coin_of(plain), ())
        yield from inside

    def _begun_pairs(self, typed: str) -> list[str]:
        """Return the symbols of which this is one with the beginning of its quote: btcu, btcus, btcusd."""
        begun = [typed[:length] for length in range(1, len(typed)) if _begins_a_quote(typed[length:])]
        return sorted((symbol for symbol in begun if symbol in self._rank), key=self._rank.__getitem__)

    def _close(self, plain: str) -> Sequence[str]:
        """Return the symbols whose coin or name is spelled like it, at most a letter longer or shorter."""
        near = [name for name in self._spelled if abs(len(name) - len(plain)) <= 1]
        close = set(difflib.get_close_matches(plain, near, MOST_SUGGESTIONS, CLOSE))
        return [symbol for name, symbol in self._spelled.items() if name in close]


def _begins_a_quote(text: str) -> bool:
    return any(quote.startswith(text) for quote in QUOTES)
