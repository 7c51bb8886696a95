"""Takes deliveries from the outbox to their platforms: claimed, prepared, noted as being sent, sent, noted.

Between a send and its note a process may be killed; that is why `sending` is in the database before anything is sent.
Whatever goes wrong, a delivery ends in one of four ways, and the database says in which.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Literal, Protocol

from bot.deliveries.clock import DeliveryClock
from bot.deliveries.delivery import (
    Delivery,
    NothingToSendError,
    Prepared,
    Preparer,
    RejectedError,
    Sender,
    Status,
    TryAgainError,
    UncertainError,
    UnreachableError,
)
from bot.deliveries.outbox import Outbox
from bot.deliveries.pace import MANNERS, Manners, NotNowError, Pace
from bot.faults import fault_of
from bot.storage.errors import StorageError

LEASE_S = 30
"""How long a delivery stays with a process that says nothing any more."""
PRESENT_EVERY_S = 3.0
"""How often a courier says that it lives; one that joins others begins after that, when they know of it."""
POLL_S = 1.0
"""How long a delivery that another process planned waits at most to be seen."""
SENDING_S = 45.0
"""How long one send may take; then nobody knows whether it arrived."""
STOPPING_S = 3.0
"""How long what is being sent may take at the end: the whole process has five seconds."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 2, 300

_log = logging.getLogger(__name__)


class Tally(Protocol):
    """Who counts how deliveries end."""

    def ended(self, delivery: Delivery, status: Status, late_s: int) -> None:
        """Count one; late_s: after its due time [s]."""
        ...


class NoTally:
    """Counts nothing."""

    def ended(self, delivery: Delivery, status: Status, late_s: int) -> None:
        """Leave it."""


class _Lane:
    """One platform: its sender, its pace, and what is in hand."""

    def __init__(self, name: str, sender: Sender, manners: Manners, counter: Callable[[], float]) -> None:
        self.name = name
        self.sender = sender
        self.manners = manners
        self.pace = Pace(manners, counter)
        self.in_hand = 0

    @property
    def room(self) -> int:
        """How many may be claimed now: few large claims cost the database less than many small ones."""
        free = self.manners.at_once - self.in_hand
        return 0 if free < self.manners.at_once / 2 or self.pace.halted_s > 0 else free


class Courier:
    """One process's courier; lives on one event loop beside any number of others on the same database."""

    def __init__(
        self,
        outbox: Outbox,
        preparer: Preparer,
        senders: Mapping[str, Sender],
        clock: DeliveryClock,
        *,
        tally: Tally | None = None,
        manners: Mapping[str, Manners] = MANNERS,
        counter: Callable[[], float] = time.monotonic,
        lease_s: int = LEASE_S,
    ) -> None:
        self._outbox = outbox
        self._preparer = preparer
        self._clock = clock
        self._tally = tally or NoTally()
        self._counter = counter
        self._lease_s = lease_s
        self._manners = manners
        self._lanes = [_Lane(name, sender, manners[name], counter) for name, sender in senders.items()]
        self._holder = secrets.token_hex(8)
        self._held: dict[int, asyncio.Task[None]] = {}
        self._sending: set[int] = set()
        self._unnoted: dict[int, Callable[[], Awaitable[None]]] = {}
        self._awake = asyncio.Event()
        self._is_away = False
        self._back_s: float | None = None  # since when the database is there again, None: it always was
        self._presented_s: float | None = None
        self._begins_s = 0.0
        self._is_stopping = False

    def wake(self) -> None:
        """Look at once whether there is something to send."""
        self._awake.set()

    async def run(self) -> None:
        """Deliver until this is cancelled; then what is being sent is finished, and the rest is given back."""
        try:
            while True:
                await self.turn()
                self._awake.clear()
                try:
                    async with asyncio.timeout(POLL_S):
                        await self._awake.wait()
                except TimeoutError:
                    pass
        finally:
            await self._stop()

    async def turn(self) -> None:
        """Note what could not be noted, say that this courier lives, recover, claim; never raises for the database."""
        try:
            await self._note_the_unnoted()
            await self._present()
            for lane in self._lanes:
                await self._claim(lane)
        except StorageError as error:
            if not self._is_away:
                _log.error("nothing is delivered: %s", error)
            self._is_away = True
        else:
            self._is_away = False

    async def _present(self) -> None:
        """Keep what is held, every few seconds, and take up what others left behind."""
        every_s = min(PRESENT_EVERY_S, self._lease_s / 3)
        if self._presented_s is not None and self._counter() - self._presented_s < every_s:
            return
        now_s = self._clock.now_s()
        held = {*self._held, *self._unnoted}
        presence = await self._outbox.present(self._holder, held, now_s=now_s, until_s=now_s + self._lease_s)
        if self._presented_s is None and presence.couriers > 1:
            self._begins_s = self._counter() + every_s
        self._presented_s = self._counter()
        if self._is_away:
            self._back_s = self._counter()
            _log.warning("the database is back, deliveries go on")
        self._clock.check(presence.database_s)
        for lane in self._lanes:
            lane.pace.share_with(presence.couriers)
        if self._back_s is not None and self._counter() - self._back_s < self._lease_s:
            return  # others may not have noted yet what they sent meanwhile
        lives_s = {name: manners.nonce_life_s for name, manners in self._manners.items()}
        recovered = await self._outbox.recover(now_s=self._clock.now_s(), nonce_life_s=lives_s)
        for lost in recovered.uncertain:
            self._count(lost, "uncertain")

    async def _claim(self, lane: _Lane) -> None:
        if self._is_stopping or self._counter() < self._begins_s or (room := lane.room) <= 0:
            return
        now_s = self._clock.now_s()
        claimed = await self._outbox.claim(
            self._holder, lane.name, most=room, now_s=now_s, until_s=now_s + self._lease_s
        )
        for delivery in claimed:
            lane.in_hand += 1
            task = asyncio.get_running_loop().create_task(self._deliver(lane, delivery))
            self._held[delivery.id] = task
            task.add_done_callback(partial(self._let_go, lane, delivery))

    def _let_go(self, lane: _Lane, delivery: Delivery, task: asyncio.Task[None]) -> None:
        lane.in_hand -= 1
        self._held.pop(delivery.id, None)
        self._sending.discard(delivery.id)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("delivery %s was dropped, and is taken up again", delivery.id, exc_info=error)
        if lane.room:
            self._awake.set()

    async def _deliver(self, lane: _Lane, delivery: Delivery) -> None:
        if await self._is_given_up(lane, delivery):
            return
        try:
            lane.pace.refuse_unless_soon(delivery.destination)
            prepared = await self._preparer.prepare(delivery, now_s=self._clock.now_s())
            await lane.pace.turn(delivery.destination)
        except NotNowError as error:
            await self._put_back(delivery, error.after_s)
        except NothingToSendError as error:
            await self._end(delivery, "skipped", str(error))
        except Exception as error:  # noqa: BLE001 - whatever fails in preparing one message is tried again
            await self._try_again(delivery, fault_of(error).text)
        else:
            if not await self._is_given_up(lane, delivery):
                await self._send(lane, delivery, prepared)

    async def _is_given_up(self, lane: _Lane, delivery: Delivery) -> bool:
        """End what is too late, or may have been sent so long ago that sending it again could double it."""
        now_s = self._clock.now_s()
        if delivery.began_s is not None and now_s - delivery.began_s > lane.manners.nonce_life_s:
            await self._end(delivery, "uncertain", delivery.note or "the connection broke while it was sent")
        elif now_s > delivery.until_s:
            why = f"it would come too late. {delivery.note or ''}".strip()
            await self._end(delivery, "failed", why)
        else:
            return False
        return True

    async def _send(self, lane: _Lane, delivery: Delivery, prepared: Prepared) -> None:
        now_s = self._clock.now_s()
        until_s = now_s + self._lease_s
        self._sending.add(delivery.id)
        try:
            is_mine = await self._outbox.note_sending(delivery, self._holder, now_s=now_s, until_s=until_s)
        except StorageError:  # nobody knows whether it was noted, but it is certain that nothing was sent
            await self._put_back(delivery, FIRST_PAUSE_S)
            return
        if not is_mine:
            return
        tried = replace(delivery, attempts=delivery.attempts + 1)
        try:
            async with asyncio.timeout(SENDING_S):
                message = await lane.sender.deliver(prepared.outgoing, delivery.destination, nonce=delivery.nonce)
        except (UncertainError, TimeoutError) as error:
            await self._in_doubt(lane, tried, str(error) or "no answer came in time", now_s)
        except (UnreachableError, TryAgainError, RejectedError) as error:
            await self._not_sent(lane, tried, error)
        except Exception as error:  # noqa: BLE001 - a sender that fails in a way of its own may have sent
            await self._in_doubt(lane, tried, fault_of(error).text, now_s)
        else:
            write = partial(self._outbox.sent, tried, message=message, shown=prepared.shown)
            await self._note(delivery.id, partial(write, now_s=self._clock.now_s()))
            self._count(delivery, "sent")

    async def _in_doubt(self, lane: _Lane, delivery: Delivery, why: str, began_s: int) -> None:
        """Send it again under the same nonce where the platform knows it by that; else nobody can know.

        A notice is sent again anyway: one that comes twice does no harm, and one that is lost hides what was lost.
        """
        if delivery.kind == "notice":
            await self._try_again(delivery, why)
        elif lane.manners.nonce_life_s:
            began_s = began_s if delivery.began_s is None else delivery.began_s
            await self._try_again(replace(delivery, began_s=began_s), why)
        else:
            await self._end(delivery, "uncertain", why)

    async def _not_sent(
        self, lane: _Lane, delivery: Delivery, error: UnreachableError | TryAgainError | RejectedError
    ) -> None:
        now_s = self._clock.now_s()
        match error:
            case UnreachableError(moved_to=int(chat)):
                move = partial(self._outbox.move_destination, delivery, self._holder, chat, now_s=now_s)
                await self._note(delivery.id, move)
            case UnreachableError():
                pause = partial(self._outbox.pause_destination, delivery, self._holder, str(error), now_s=now_s)
                await self._note(delivery.id, pause)
                self._count(delivery, "failed")
            case TryAgainError():
                pause_s = error.after_s or _pause_s(delivery.attempts)
                if error.is_platform_wide:
                    lane.pace.halt(pause_s)
                await self._put_back(delivery, pause_s, str(error))
            case RejectedError():
                await self._end(delivery, "failed", str(error))

    async def _try_again(self, delivery: Delivery, why: str) -> None:
        """Plan it later, the later the more often it failed."""
        again = delivery if delivery.id in self._sending else replace(delivery, attempts=delivery.attempts + 1)
        await self._put_back(again, _pause_s(again.attempts), why)

    async def _put_back(self, delivery: Delivery, after_s: float, why: str | None = None) -> None:
        next_try_s = self._clock.now_s() + max(1, round(after_s))
        back = partial(self._outbox.put_back, delivery, self._holder, next_try_s=next_try_s, why=why)
        await self._note(delivery.id, back)

    async def _end(self, delivery: Delivery, status: Literal["failed", "uncertain", "skipped"], why: str) -> None:
        now_s = self._clock.now_s()
        await self._note(delivery.id, partial(self._outbox.end, delivery, self._holder, status, why, now_s=now_s))
        self._count(delivery, status)

    async def _note(self, number: int, write: Callable[[], Awaitable[None]]) -> None:
        """Write how it went; where the database is away, remember that and write it when it is back."""
        try:
            await write()
        except StorageError:
            self._unnoted[number] = write

    async def _note_the_unnoted(self) -> None:
        for number, write in list(self._unnoted.items()):
            await write()
            del self._unnoted[number]

    def _count(self, delivery: Delivery, status: Status) -> None:
        self._tally.ended(delivery, status, self._clock.now_s() - delivery.due_s)

    async def _stop(self) -> None:
        self._is_stopping = True
        for number, task in self._held.items():
            if number not in self._sending:
                task.cancel()
        if tasks := list(self._held.values()):
            _done, late = await asyncio.wait(tasks, timeout=STOPPING_S)
            for task in late:
                task.cancel()
        try:
            await self._note_the_unnoted()
            await self._outbox.leave(self._holder, now_s=self._clock.now_s())
        except StorageError as error:
            _log.error("what this process held is taken up by others in %s s: %s", self._lease_s, error)


def _pause_s(attempts: int) -> int:
    """Return how long to wait after so many attempts [s]: 2, 4, 8 ... 300."""
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S << min(max(0, attempts - 1), 20))
