"""Which of several processes on one database does what only one may do: fetch from Telegram, hold a shard of Discord.

Each such seat is a lease. Every process asks for what is free, up to its fair part, and gives back what is more than
that when others join. Who is killed is followed when its leases end; who stops in order, at the next beat of another.
While the database is away everybody stays where they are: nobody can take a seat then.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from bot.storage.errors import StorageError

BEAT_S = 2.0
"""How often a process says that it lives, and looks for free seats."""
HELD_S = 12
"""How long a process that says nothing keeps its seats: with a beat of another, taken over within 15 s."""
_MEMBER = "serving "

_log = logging.getLogger(__name__)


class SeatLeases(Protocol):
    """The leases of this process, which `holder` names."""

    holder: str

    async def take(self, name: str, *, now_s: int, until_s: int) -> bool:
        """Take or keep a lease; say whether it is held."""
        ...

    async def release(self, name: str) -> None:
        """Let others take it."""
        ...

    async def count(self, prefix: str, *, now_s: int) -> int:
        """Return how many leases whose names begin so are held, by anybody."""
        ...


class Seat:
    """One seat, as who sits on it and who shares it out see it. It belongs to one event loop."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_wanted = False
        self.is_held = False
        self.is_left = False  # held, but by nobody who needs it
        self.is_elsewhere = False  # asked for, and another process has it, or shall have it
        self._is_to_leave = False
        self._changed = asyncio.Event()

    @property
    def is_kept(self) -> bool:
        """Say whether it is held for longer, rather than about to be given to others."""
        return self.is_held and not self.is_left and not self._is_to_leave

    async def given(self) -> None:
        """Want the seat, and return when it is there."""
        self.is_wanted = True
        await self._until(lambda: self.is_kept)

    async def taken_away(self) -> None:
        """Return when it is held no more, or is to be left to another process."""
        await self._until(lambda: not self.is_kept)

    def leave(self) -> None:
        """Need it no more: it is released at the next beat."""
        self.is_wanted, self.is_left = False, self.is_held

    def give_up(self) -> None:
        """Ask who sits on it to leave."""
        self._is_to_leave = True
        self._changed.set()

    def told(self, *, is_held: bool) -> None:
        """Take whether it is held now."""
        self.is_held = is_held
        self.is_left, self._is_to_leave = self.is_left and is_held, self._is_to_leave and is_held
        self._changed.set()

    async def _until(self, true: Callable[[], bool]) -> None:
        while not true():
            self._changed.clear()
            await self._changed.wait()


class Seats:
    """Shares seats with other processes. groups: seats of one kind each, which are shared out evenly.

    now_s: the time [Unix s], about equal on every machine.
    """

    def __init__(
        self,
        leases: SeatLeases,
        groups: Sequence[Sequence[Seat]],
        now_s: Callable[[], int],
        *,
        beat_s: float = BEAT_S,
        held_s: int = HELD_S,
    ) -> None:
        self._leases = leases
        self._groups = [list(group) for group in groups]
        self._now_s = now_s
        self._beat_s = beat_s
        self._held_s = held_s
        self._is_away = False

    async def run(self) -> None:
        """Ask, keep and give back until this is cancelled; then everything is released."""
        try:
            while True:
                await self.beat()
                await asyncio.sleep(self._beat_s)
        finally:
            await self._release_all()

    async def beat(self) -> None:
        """Do so once; never raises for the database."""
        try:
            members = await self._members()
            for group in self._groups:
                await self._share(group, -(-len(group) // members))
        except StorageError as error:
            if not self._is_away:
                _log.warning("which process serves what stays as it is: %s", error)
            self._is_away = True
        else:
            self._is_away = False

    async def _members(self) -> int:
        now_s = self._now_s()
        await self._leases.take(_MEMBER + self._leases.holder, now_s=now_s, until_s=now_s + self._held_s)
        return max(1, await self._leases.count(_MEMBER, now_s=now_s))

    async def _share(self, group: Sequence[Seat], part: int) -> None:
        """Keep at most `part` seats of a group, and take free ones up to that.

        What was left at this beat is not taken again at once: another process may do better with it.
        """
        free = [seat for seat in group if not seat.is_held]
        for seat in group:
            if seat.is_left:
                await self._leases.release(seat.name)
                seat.told(is_held=False)
                _log.info("left the seat %s", seat.name)
            elif seat.is_held:
                await self._ask_for(seat)
        for surplus in [seat for seat in group if seat.is_kept][part:]:
            surplus.give_up()
        for seat in free:
            if seat.is_wanted and sum(each.is_held for each in group) < part:
                await self._ask_for(seat)
        for seat in group:
            seat.is_elsewhere = not seat.is_held

    async def _ask_for(self, seat: Seat) -> None:
        now_s, had = self._now_s(), seat.is_held
        is_held = await self._leases.take(seat.name, now_s=now_s, until_s=now_s + self._held_s)
        if is_held != had:
            _log.info("took the seat %s" if is_held else "lost the seat %s", seat.name)
            seat.told(is_held=is_held)

    async def _release_all(self) -> None:
        held = [seat.name for group in self._groups for seat in group if seat.is_held]
        with contextlib.suppress(StorageError):  # then they end by themselves
            for name in (*held, _MEMBER + self._leases.holder):
                await self._leases.release(name)


@asynccontextmanager
async def seated(seats: Seats) -> AsyncIterator[None]:
    """Share the seats while the block runs, and release them at its end."""
    task = asyncio.create_task(seats.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
