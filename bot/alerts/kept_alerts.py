"""What somebody is alerted of, as it is kept, and the ports of where it is kept.

All moments are Unix s; every method raises StorageError where the database fails, and then stored nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.alerts.quiet_hours import QuietHours
from bot.deliveries.delivery import Destination
from bot.requests import RequestError
from engine.alert_values import Alert, AlertState, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAlert:
    """An alert that has no number yet.

    goes_to: where it is told, and who set it; venue: watch this one alone, None: all; state: what is remembered of the
    last look; quiet: hours in which it waits.
    """

    goes_to: Destination
    symbol: str
    watched: Alert
    state: AlertState
    created_s: int
    venue: str | None = None
    quiet: QuietHours | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAlert(NewAlert):
    """An alert by its number; paused_why: a sentence, None where it is watched."""

    id: int
    paused_why: str | None = None


class TooManyAlertsError(RequestError):
    """A person or a chat has as many alerts as there may be."""

    def __init__(self, most: int, *, of_chat: bool) -> None:
        self.most = most
        whose = "This chat has" if of_chat else "You have"
        super().__init__(f"{whose} {most} alerts, and more are not kept. Remove one first.", ("/alert list",))


class AlertStore(Protocol):
    """Alerts as people set and change them."""

    async def add(self, alert: NewAlert) -> KeptAlert:
        """Keep an alert under a new number.

        Raises:
            TooManyAlertsError: there are as many as there may be.

        """
        ...

    async def of_person(self, platform: str, person: int) -> tuple[KeptAlert, ...]:
        """Return what a person has set, wherever it goes, in the order of numbers."""
        ...

    async def of_chat(self, platform: str, chat: int) -> tuple[KeptAlert, ...]:
        """Return what goes to a chat, whoever set it, in the order of numbers."""
        ...

    async def numbered(self, number: int) -> KeptAlert | None:
        """Return the alert of a number, None where there is none."""
        ...

    async def pause(self, number: int, why: str) -> None:
        """Watch it no more until it is resumed."""
        ...

    async def resume(self, number: int, state: AlertState) -> None:
        """Watch it again from a new state on."""
        ...

    async def remove(self, number: int) -> None:
        """Delete it."""
        ...


class AlertWatchStore(Protocol):
    """Alerts as they are watched."""

    async def watched(self) -> tuple[KeptAlert, ...]:
        """Return every alert that is not paused, in the order of numbers."""
        ...

    async def note(self, looked: Sequence[tuple[KeptAlert, Outcome]], *, now_s: int) -> int:
        """Keep what a look made of alerts, with the deliveries of what fired, all or nothing; return how many fired.

        An alert that was removed, paused or set anew since it was read is left alone, and tells nothing.
        """
        ...
