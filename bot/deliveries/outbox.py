"""The port of the outbox: what is to be sent, who has it in hand, and how it went. The database decides.

    planned ─► claimed ─► sending ─► sent            the platform gave its message a number
       ▲          │          ├─────► failed          it never will be sent; its owner is told
       └──────────┴──────────┼─────► uncertain       nobody knows; its owner is told
                             └─────► planned         certainly not sent, or safe to send again under the same nonce

All moments are Unix s; every method raises StorageError where the database fails, and then stored nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from bot.deliveries.delivery import Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """How many couriers there are, this one counted; database_s: the clock of the database's server, if it has one."""

    couriers: int
    database_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What other processes left behind: how many deliveries are planned again, and which became uncertain."""

    planned: int
    uncertain: tuple[Delivery, ...]


class Outbox(Protocol):
    """Deliveries, shared by any number of processes; `holder` names one of them, anew at each start."""

    async def present(self, holder: str, held: Collection[int], *, now_s: int, until_s: int) -> Presence:
        """Say that this courier lives, and keep the deliveries that it holds until `until_s`."""
        ...

    async def leave(self, holder: str, *, now_s: int) -> None:
        """End in order: what is claimed is planned again."""
        ...

    async def claim(self, holder: str, platform: str, *, most: int, now_s: int, until_s: int) -> tuple[Delivery, ...]:
        """Take what is due on a platform, the oldest first; nobody else gets it before `until_s`."""
        ...

    async def note_sending(self, delivery: Delivery, holder: str, *, now_s: int, until_s: int) -> bool:
        """Note, before it is sent, that the platform may have it; False: another process has taken it over."""
        ...

    async def sent(self, delivery: Delivery, *, message: int, shown: str | None, now_s: int) -> None:
        """Note that it was sent, whatever was thought of it meanwhile; `shown` goes to its subscription."""
        ...

    async def put_back(self, delivery: Delivery, holder: str, *, next_try_s: int, why: str | None = None) -> None:
        """Plan it again with its `attempts` and `began_s`, unless another process has taken it over."""
        ...

    async def end(
        self,
        delivery: Delivery,
        holder: str,
        status: Literal["failed", "uncertain", "skipped"],
        why: str,
        *,
        now_s: int,
    ) -> None:
        """Note that it ends without being sent for certain; its owner gets a notice unless it was skipped."""
        ...

    async def pause_destination(self, delivery: Delivery, holder: str, why: str, *, now_s: int) -> None:
        """End it as failed and pause all that goes there; owners of what was paused get one notice in private."""
        ...

    async def move_destination(self, delivery: Delivery, holder: str, chat: int, *, now_s: int) -> None:
        """Let all that goes to this chat go to its new number, and plan this delivery again."""
        ...

    async def recover(self, *, now_s: int, nonce_life_s: Mapping[str, int]) -> Recovered:
        """Take up what processes that ended held.

        What they prepared is planned again; what they sent is planned again while its nonce lives, else uncertain.
        """
        ...

    async def clean(self, *, before_s: int) -> int:
        """Delete what ended before a moment; return how many."""
        ...
