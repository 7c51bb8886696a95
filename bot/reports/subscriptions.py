"""Subscriptions: reports that people asked for, and the port of where they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from typing import Protocol

from bot.deliveries.delivery import Destination
from bot.reports.timetable import EVERY_DAY, Rhythm, Timetable

PAUSED_BY_HAND = "by hand"
"""The reason that stands where a person paused it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is sent, where to, and when.

    symbols: in the order they were named; window, model and venue: of the map that is read, None: the default ones;
    theme: of its picture; the others as in `bot.reports.timetable.Timetable`.
    """

    destination: Destination
    symbols: tuple[str, ...]
    rhythm: Rhythm
    local_time: time | None = None
    every_hours: int | None = None
    days: tuple[int, ...] = EVERY_DAY
    time_zone: str = "UTC"
    window: str | None = None
    model: str | None = None
    venue: str | None = None
    theme: str | None = None

    @property
    def timetable(self) -> Timetable:
        """When it is due.

        Raises:
            TimetableError: it cannot be followed here, such as where the machine does not know the zone any more.

        """
        return Timetable(
            rhythm=self.rhythm,
            local_time=self.local_time,
            every_hours=self.every_hours,
            days=self.days,
            time_zone=self.time_zone,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A report that is kept, under the number by which people name it.

    next_due_s: None where it is never due again; last_due_s: the last due time that was planned; both Unix s.
    shown: numbers of what its last report showed, as published, none before the first; paused_why: None while sent.
    """

    number: int
    terms: Terms
    created_s: int
    next_due_s: int | None = None
    last_due_s: int | None = None
    shown: tuple[int, ...] = ()
    paused_why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many subscriptions there may be, paused ones counted."""

    per_person: int = 20
    per_chat: int = 100


class TooManyError(Exception):
    """Who asks has as many reports as one may have, or the chat has; `most` says how many that is."""

    def __init__(self, most: int, *, is_chat: bool) -> None:
        self.most = most
        self.is_chat = is_chat
        whose = "This chat has" if is_chat else "You have"
        super().__init__(f"{whose} {most} reports, which is the most there can be: remove one first.")


class SubscriptionStore(Protocol):
    """Where subscriptions are kept; every method raises StorageError where the database fails, and changed nothing."""

    async def add(self, terms: Terms, limits: Limits, *, now_s: int) -> Subscription:
        """Keep a new one, due from now on; the one that is kept already where its terms are the same.

        Raises:
            TimetableError: its times cannot be followed.
            TooManyError: there are as many as there may be.

        """
        ...

    async def find(self, number: int) -> Subscription | None:
        """Return one by its number."""
        ...

    async def of_person(self, platform: str, user: int) -> tuple[Subscription, ...]:
        """Return what a person set up, wherever it is sent, the oldest first."""
        ...

    async def of_chat(self, platform: str, chat: int) -> tuple[Subscription, ...]:
        """Return what is sent to a chat, whoever set it up, the oldest first."""
        ...

    async def pause(self, number: int, why: str, *, now_s: int) -> None:
        """Stop it for a while; what is planned of it is not sent."""
        ...

    async def resume(self, number: int, *, now_s: int) -> None:
        """Let it go on: due next after now, so that nothing of the meantime is caught up.

        Raises:
            TimetableError: its times cannot be followed.

        """
        ...

    async def remove(self, number: int, *, now_s: int) -> None:
        """Delete it; what is planned of it is not sent."""
        ...

    async def send_now(self, number: int, *, now_s: int) -> bool:
        """Plan one delivery now, apart from the due times; False: one is under way already."""
        ...
