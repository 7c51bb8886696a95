"""What people and chats like: which symbol, map, venue and look when a message does not say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Protocol

from bot.personal_data import Forgotten
from bot.requests import Change, RequestError, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a message came from: the platform, the chat it was written in, who wrote it, and the community, if any.

    Numbers are the platform's own. chat: a group, a channel, a private chat; topic: a thread inside it; may_configure:
    the platform says that who wrote may change what counts for the whole community; is_passing: it is read while it is
    typed, so that nothing may be kept because of it.
    """

    platform: str
    chat: int
    user: int
    community: int | None = None
    topic: int | None = None
    may_configure: bool = False
    is_passing: bool = False

    def whose(self, scope: Scope) -> Scope:
        """Return whose settings are meant: alone with the bot, the chat's are the person's own."""
        return "me" if self.community is None else scope

    def refuse_unless_allowed(self, scope: Scope) -> None:
        """Refuse a change that who wrote may not make.

        Raises:
            RequestError: it is for a whole community, and they may not configure it.

        """
        if self.whose(scope) == "chat" and not self.may_configure:
            raise RequestError(
                "Only who may manage this chat changes its settings.", ("/settings for me", "/settings theme light")
            )


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What one person or one chat has set; None: nothing."""

    symbol: str | None = None
    window: str | None = None
    model: str | None = None
    venue: str | None = None
    theme: str | None = None
    time_zone: str | None = None
    language: str | None = None


NO_WISHES = Wishes()


@dataclass(frozen=True, slots=True, kw_only=True)
class WishesHere:
    """What counts at one place: of who writes, and of the chat."""

    person: Wishes = NO_WISHES
    chat: Wishes = NO_WISHES

    @property
    def preferences(self) -> Preferences:
        """The person's own wishes, then the chat's, then the product's way."""
        wished = {
            field.name: value
            for field in fields(Wishes)
            for value in (getattr(self.person, field.name) or getattr(self.chat, field.name),)
            if value is not None
        }
        return Preferences(**wished)


class PreferenceStore(Protocol):
    """Where preferences are kept."""

    async def preferences(self, place: Place) -> Preferences:
        """Return what counts here: the writer's own wishes, then the chat's, then the defaults."""
        ...

    async def wishes(self, place: Place) -> WishesHere:
        """Return the same, with whose wish it is."""
        ...

    async def change(self, place: Place, scope: Scope, changes: Sequence[Change]) -> WishesHere:
        """Keep changes, all or none, and return what counts then.

        Raises:
            RequestError: a value is not one that would do, or who writes may not change this.

        """
        ...

    async def reset(self, place: Place, scope: Scope) -> WishesHere:
        """Take back everything that was set, and return what counts then.

        Raises:
            RequestError: who writes may not change this.

        """
        ...

    async def forget(self, platform: str, user: int) -> tuple[Forgotten, ...]:
        """Delete everything that is stored about a person, and return what was deleted."""
        ...


class NoPreferences:
    """Everybody gets the product's own way: for a console, and for tests."""

    async def preferences(self, place: Place) -> Preferences:
        """Return the defaults."""
        del place
        return Preferences()

    async def wishes(self, place: Place) -> WishesHere:
        """Return that there are none."""
        del place
        return WishesHere()

    async def change(self, place: Place, scope: Scope, changes: Sequence[Change]) -> WishesHere:
        """Refuse: what is said to be kept must be kept."""
        del place, scope, changes
        raise RequestError("Settings are not kept here.", ("/liq BTC", "/help"))

    async def reset(self, place: Place, scope: Scope) -> WishesHere:
        """Return that there are none."""
        del place, scope
        return WishesHere()

    async def forget(self, platform: str, user: int) -> tuple[Forgotten, ...]:
        """Return that nothing was kept."""
        del platform, user
        return ()
