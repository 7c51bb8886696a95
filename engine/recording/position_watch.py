"""Whose positions are swept: the book of wallets, fed by who trades, and kept beside the history."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Protocol

from engine.history.errors import HistoryNotWrittenError
from engine.sources.live.positions.sweep import Sweep
from engine.sources.live.positions.wallet_file import WalletFile
from engine.sources.live.positions.wallets import WalletBook
from engine.symbols import coin_of


class Sweeper(Protocol):
    """What sweeps the wallets of a book."""

    async def sweep(self, symbols: Sequence[str]) -> Sweep:
        """Return the positions of the wallets that answer."""
        ...

    async def close(self) -> None:
        """Let go of every connection."""
        ...


class Traders(Protocol):
    """The venue's stream of who trades."""

    def listen(self, coins: Sequence[str]) -> AsyncGenerator[tuple[str, ...], None]:
        """Yield wallets that just traded, until it is closed."""
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...


class PositionWatch:
    """Sweeps, meets traders and remembers wallets; `clock` gives Unix seconds. Lives on one event loop."""

    def __init__(
        self,
        sweeper: Sweeper,
        traders: Traders,
        book: WalletBook,
        file: WalletFile,
        clock: Callable[[], float],
    ) -> None:
        self._sweeper = sweeper
        self._traders = traders
        self._book = book
        self._file = file
        self._clock = clock

    async def sweep(self, symbols: Sequence[str]) -> Sweep:
        """Return the positions of the wallets that answer, and put what the book learned on the disk.

        Raises:
            VenueError, DataMalformedError: the venue does not answer, or not in a way that can be read.

        """
        sweep = await self._sweeper.sweep(symbols)
        try:
            await asyncio.to_thread(self._file.write, tuple(self._book))
        except HistoryNotWrittenError as error:
            return replace(sweep, notes=(*sweep.notes, str(error)))
        return sweep

    async def meet(self, symbols: Sequence[str]) -> None:
        """Put who trades into the book, for ever."""
        coins = [_coin(symbol) for symbol in symbols]
        async with aclosing(self._traders.listen(coins)) as told:
            async for wallets in told:
                self._book.seen(wallets, int(self._clock()))

    async def close(self) -> None:
        """Let go of every connection."""
        await self._traders.close()
        await self._sweeper.close()


def _coin(symbol: str) -> str:
    """Return the venue's name for a symbol: it quotes by the thousand what we do (kPEPE is 1000PEPE)."""
    coin = coin_of(symbol)
    return coin if coin == symbol else f"k{coin}"
