"""What is sent without having been asked at that moment, as values, and the port through which a platform takes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from bot.handlers import Outgoing

Kind = Literal["report", "alert", "notice"]
"""notice: a word of the program itself to who set something up."""
Status = Literal["planned", "claimed", "sending", "sent", "uncertain", "failed", "skipped"]
"""planned: waits for its time or its next try; claimed: a process prepares it; sending: the platform may have it;
uncertain: nobody knows whether it arrived, and sending it again could double it; skipped: it was too late to be of use.
"""
ENDED: tuple[Status, ...] = ("sent", "uncertain", "failed", "skipped")

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where something is sent, and who set it up and is told of trouble. Numbers are the platform's own.

    topic: a thread or forum topic inside the chat; community: the Discord server or Telegram group, None in private.
    """

    platform: str
    chat: int
    owner: int
    topic: int | None = None
    community: int | None = None
    is_silent: bool = False

    @property
    def is_private(self) -> bool:
        """Say whether it is the conversation of the bot with its owner alone."""
        return self.community is None

    @property
    def of_owner(self) -> Destination:
        """Where its owner is told something in private: the person's own number stands for that conversation."""
        return Destination(platform=self.platform, chat=self.owner, owner=self.owner)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One thing to be sent once.

    subject: number of the subscription or alert, of the person for a notice; due_s: when it was to be sent [Unix s], by
    which it is unique; until_s: later than this it is of no use any more [Unix s]; content: JSON that says what the
    message is made from; attempts: how often sending was tried; began_s: since when the platform may have it [Unix s],
    None where it certainly has not.
    """

    id: int
    kind: Kind
    subject: int
    due_s: int
    until_s: int
    destination: Destination
    content: str
    status: Status = "planned"
    attempts: int = 0
    began_s: int | None = None
    message: int | None = None
    note: str | None = None

    @property
    def nonce(self) -> str:
        """Return the same letters each time, at most 25: by them Discord knows a message that is sent again."""
        return f"{self.kind[0]}{_in_base_36(self.id)}-{_in_base_36(self.due_s)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A delivery as it is handed to its platform.

    shown: for a report, the numbers in `published` of what it shows: noted at its subscription once it is sent.
    """

    outgoing: Outgoing
    shown: str | None = None


class Preparer(Protocol):
    """How a delivery becomes a message: asked shortly before it is sent, again where sending failed."""

    async def prepare(self, delivery: Delivery, *, now_s: int) -> Prepared:
        """Return the message; equal ones are made once. `now_s` [Unix s]: it says so where it is late.

        Raises:
            NothingToSendError: there is nothing to say, now or later.
            Exception: anything else is tried again until the delivery is too late.

        """
        ...


class NothingToSendError(Exception):
    """What was to be sent has no message any more; the sentence says why, such as that the report was removed."""


class Sender(Protocol):
    """How one platform takes what was not asked for at that moment."""

    async def deliver(self, outgoing: Outgoing, destination: Destination, *, nonce: str) -> int:
        """Send one message and return its number.

        Raises:
            UnreachableError: this destination takes no messages any more, whatever is tried.
            TryAgainError: the platform certainly has not sent it, and may later.
            RejectedError: the platform certainly has not sent it, and never will as it is.
            UncertainError: it may have been sent or not.

        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class SendError(Exception):
    """Something was not sent, or may not have been; the sentence says why."""


class UnreachableError(SendError):
    """The bot was blocked or thrown out, lacks the right, or the chat is gone; moved_to: its new number."""

    def __init__(self, reason: str, *, moved_to: int | None = None) -> None:
        self.moved_to = moved_to
        super().__init__(reason)


class TryAgainError(SendError):
    """Not now. after_s: the platform's own word on when; is_platform_wide: every destination has to wait."""

    def __init__(self, reason: str, *, after_s: float | None = None, is_platform_wide: bool = False) -> None:
        self.after_s = after_s
        self.is_platform_wide = is_platform_wide
        super().__init__(reason)


class RejectedError(SendError):
    """The platform finds fault with the message itself."""


class UncertainError(SendError):
    """The connection broke after the message was handed over."""


def _in_base_36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"
