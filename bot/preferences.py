"""What people and chats like: which symbol, map, venue and look when a message does not say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a message came from: the platform, the chat it was written in, who wrote it, and the community, if any.

    Numbers are the platform's own. chat: a group, a channel, a private chat; topic: a thread inside it.
    """

    platform: str
    chat: int
    user: int
    community: int | None = None
    topic: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What is assumed where a message does not say; None: the product's own way.

    window and model: of the map that is shown (12h, M2); theme: how pictures look; time_zone: IANA name.
    """

    symbol: str | None = None
    window: str | None = None
    model: str | None = None
    venue: str | None = None
    theme: str | None = None
    time_zone: str = "UTC"
    language: str = "en"


class PreferenceStore(Protocol):
    """Where preferences are kept."""

    async def preferences(self, place: Place) -> Preferences:
        """Return what counts here: the writer's own wishes, then the chat's, then the defaults."""
        ...


class NoPreferences:
    """Everybody gets the product's own way: for a console, and for tests."""

    async def preferences(self, place: Place) -> Preferences:
        """Return the defaults."""
        del place
        return Preferences()
