"""How fast a platform may be sent to: over all chats, to one chat, and not at all while it asks for a pause.

Moments here are of a steady counter [s]. What is limited is counted when it is reserved, so that many may wait at once.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

from bot.deliveries.delivery import Destination

LONGEST_WAIT_S = 3.0
"""Longer than this nobody waits with a delivery in hand: it goes back, and others come first."""
MOST_OPENED = 4_096
"""People whose conversations are known to be open."""
_MINUTE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """What one platform bears.

    at_once: deliveries in hand; per_s: requests a second over all chats, None: as many as it takes; opening: requests
    besides its own that the first message to somebody takes whose conversation with the bot has no number yet;
    chat_gap_s: between two messages to one chat; per_group_minute: messages a minute to one group; nonce_life_s: how
    long a message that is sent again under the same nonce is known for the same, 0: never.
    """

    at_once: int
    per_s: float | None = None
    opening: int = 0
    chat_gap_s: float = 0.0
    per_group_minute: int | None = None
    nonce_life_s: int = 0


MANNERS = {
    # https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this: 30 a second over all, 1 a second
    # to one chat, 20 a minute to one group. Five a second are left for answers.
    "telegram": Manners(at_once=32, per_s=25.0, chat_gap_s=1.0, per_group_minute=20),
    # https://docs.discord.com/developers/topics/rate-limits: 50 requests a second over all, and who is refused 10,000
    # times within ten minutes is banned. Answers to commands and presses do not count.
    # "unique in the past few minutes": https://docs.discord.com/developers/resources/message#create-message
    "discord": Manners(at_once=16, per_s=46.0, opening=1, nonce_life_s=180),
}


class AskedToWait:
    """Which chats were asked to wait: where two are at the same time, all of them have to (own assumption).

    Platforms do not say whom they mean.
    """

    def __init__(self, counter: Callable[[], float]) -> None:
        self._counter = counter
        self._until_s: dict[int, float] = {}

    def asked(self, chat: int, after_s: float) -> bool:
        """Note that a chat has to wait for so many seconds, and say whether every other one has to as well."""
        now_s = self._counter()
        self._until_s = {each: until_s for each, until_s in self._until_s.items() if until_s > now_s}
        self._until_s[chat] = now_s + after_s
        return len(self._until_s) > 1


class NotNowError(Exception):
    """It is not this chat's turn soon; after_s: in how many seconds it is."""

    def __init__(self, after_s: float) -> None:
        self.after_s = after_s
        super().__init__(f"not before {after_s:.1f} s from now")


class Pace:
    """One platform's, in one process; `counter` is the machine's steady one [s]."""

    def __init__(self, manners: Manners, counter: Callable[[], float]) -> None:
        self._manners = manners
        self._counter = counter
        self._share = 1
        self._free_s = 0.0
        self._halted_s = 0.0
        self._chats: OrderedDict[int, deque[float]] = OrderedDict()
        self._opened: OrderedDict[int, None] = OrderedDict()

    def share_with(self, processes: int) -> None:
        """Leave the others of so many processes (this one counts) their part of the platform's limit."""
        self._share = max(1, processes)

    def halt(self, after_s: float) -> None:
        """Send nothing for so many seconds: the platform asked for it."""
        self._halted_s = max(self._halted_s, self._counter() + after_s)

    @property
    def halted_s(self) -> float:
        """How long nothing is sent from now on [s]."""
        return max(0.0, self._halted_s - self._counter())

    def refuse_unless_soon(self, destination: Destination) -> None:
        """Refuse what would have to wait for long.

        Raises:
            NotNowError: it would.

        """
        wait_s = max(self.halted_s, self._chat_free_s(destination) - self._counter())
        if wait_s > LONGEST_WAIT_S:
            raise NotNowError(wait_s)

    async def turn(self, destination: Destination) -> None:
        """Wait until one message may go to this chat, which is then counted.

        Raises:
            NotNowError: that would take long; nothing was counted.

        """
        self.refuse_unless_soon(destination)
        await self._until(self._reserve_chat(destination))
        if self._manners.per_s is not None:
            mine_s = max(self._free_s, self._counter())
            self._free_s = mine_s + self._requests(destination) * self._share / self._manners.per_s
            await self._until(mine_s)
        if self.halted_s:
            raise NotNowError(self.halted_s)

    def _requests(self, destination: Destination) -> int:
        """Return how many requests a message takes: a person's own number stands for a conversation to be opened."""
        owner = destination.owner
        if not self._manners.opening or not destination.is_private or destination.chat != owner:
            return 1
        is_open = owner in self._opened
        self._opened[owner] = None
        self._opened.move_to_end(owner)
        if len(self._opened) > MOST_OPENED:
            self._opened.popitem(last=False)
        return 1 if is_open else 1 + self._manners.opening

    def _chat_free_s(self, destination: Destination) -> float:
        sent = self._chats.get(destination.chat)
        if not sent:
            return 0.0
        most = self._manners.per_group_minute
        is_full = most is not None and not destination.is_private and len(sent) >= most
        return max(sent[-1] + self._manners.chat_gap_s, sent[0] + _MINUTE_S if is_full else 0.0)

    def _reserve_chat(self, destination: Destination) -> float:
        mine_s = max(self._counter(), self._chat_free_s(destination))
        if self._manners.chat_gap_s:
            sent = self._chats.setdefault(destination.chat, deque(maxlen=self._manners.per_group_minute))
            sent.append(mine_s)
            self._chats.move_to_end(destination.chat)
            self._forget_quiet_chats()
        return mine_s

    def _forget_quiet_chats(self) -> None:
        while next(iter(self._chats.values()))[-1] < self._counter() - _MINUTE_S:
            self._chats.popitem(last=False)

    async def _until(self, moment_s: float) -> None:
        wait_s = moment_s - self._counter()
        if wait_s > 0:
            await asyncio.sleep(wait_s)
