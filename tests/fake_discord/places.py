"""Who is there and where they talk: people, guilds with their channels, messages with their attachments."""

import datetime as dt
import itertools
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

EPOCH_MS = 1_420_070_400_000
"""Ids hold the moment they were given, counted from 2015. Source: discord.com/developers/docs/reference#snowflakes."""
EVERYTHING = (1 << 53) - 1
VIEW_CHANNEL, SEND_MESSAGES, EMBED_LINKS, ATTACH_FILES, MANAGE_GUILD = 1 << 10, 1 << 11, 1 << 14, 1 << 15, 1 << 5
COMPONENTS_V2 = 1 << 15
EPHEMERAL = 1 << 6
LOADING = 1 << 7
GUILD_TEXT, DIRECT, GROUP_DM = 0, 1, 3

_numbers = itertools.count(1)


def new_id() -> int:
    """An id like Discord's: later ones are larger."""
    return ((int(time.time() * 1_000) - EPOCH_MS) << 22) | (next(_numbers) & 0x3FFFFF)


def iso(time_s: float) -> str:
    return dt.datetime.fromtimestamp(time_s, dt.UTC).isoformat()


@dataclass(eq=False, kw_only=True)
class Person:
    """A person or the bot; `takes_dms` is whether strangers may write to them."""

    name: str
    id: int = field(default_factory=new_id)
    bot: bool = False
    locale: str = "en-US"
    takes_dms: bool = True

    def payload(self) -> dict[str, object]:
        return {
            "id": str(self.id),
            "username": self.name.lower(),
            "global_name": self.name,
            "discriminator": "0",
            "avatar": None,
            "bot": self.bot,
            "public_flags": 0,
        }


@dataclass(eq=False, kw_only=True)
class Channel:
    """A text channel of a guild, a conversation with the bot, or one between people (`kind` GROUP_DM)."""

    name: str
    kind: int = GUILD_TEXT
    guild: "Guild | None" = None
    person: Person | None = None
    id: int = field(default_factory=new_id)
    denied: int = 0
    messages: dict[int, "Message"] = field(default_factory=dict)

    def payload(self) -> dict[str, object]:
        own: dict[str, object] = {"id": str(self.id), "type": self.kind, "last_message_id": None}
        if self.guild is None:
            people = [self.person.payload()] if self.person else []
            return own | {"recipients": people} | ({"name": self.name} if self.kind == GROUP_DM else {})
        return own | {
            "guild_id": str(self.guild.id),
            "name": self.name,
            "position": 0,
            "permission_overwrites": self._overwrites(),
            "nsfw": False,
            "parent_id": None,
            "topic": None,
            "rate_limit_per_user": 0,
            "flags": 0,
        }

    def _overwrites(self) -> list[dict[str, object]]:
        if not self.denied or self.guild is None:
            return []
        return [{"id": str(self.guild.bot.id), "type": 1, "allow": "0", "deny": str(self.denied)}]

    def allowed(self) -> int:
        """What the bot may do here."""
        return (self.guild.permissions if self.guild else EVERYTHING) & ~self.denied


@dataclass(eq=False, kw_only=True)
class Guild:
    """A server. `bot_is_in` is False where the app is only installed by a user.

    Everybody has the `permissions`, its owner all, and a person those `granted` by id as well.
    """

    name: str
    bot: Person
    owner: Person
    id: int = field(default_factory=new_id)
    permissions: int = SEND_MESSAGES | ATTACH_FILES | EMBED_LINKS | VIEW_CHANNEL
    bot_is_in: bool = True
    locale: str = "en-US"
    channels: dict[int, Channel] = field(default_factory=dict)
    people: dict[int, Person] = field(default_factory=dict)
    granted: dict[int, int] = field(default_factory=dict)

    def may(self, person: Person) -> int:
        """The permissions of one person."""
        return EVERYTHING if person is self.owner else self.permissions | self.granted.get(person.id, 0)

    def partial(self) -> dict[str, object]:
        """What an interaction tells of its guild."""
        return {"id": str(self.id), "locale": self.locale, "features": []}

    def payload(self, joined_s: float) -> dict[str, object]:
        role = {"id": str(self.id), "name": "@everyone", "permissions": str(self.permissions), "position": 0}
        role |= {"color": 0, "hoist": False, "managed": False, "mentionable": False, "flags": 0}
        empty = ("emojis", "stickers", "features", "threads", "voice_states", "presences", "stage_instances")
        return {
            **{name: [] for name in (*empty, "guild_scheduled_events", "soundboard_sounds")},
            "id": str(self.id),
            "name": self.name,
            "owner_id": str(self.owner.id),
            "icon": None,
            "splash": None,
            "discovery_splash": None,
            "description": None,
            "banner": None,
            "vanity_url_code": None,
            "afk_channel_id": None,
            "afk_timeout": 300,
            "application_id": None,
            "system_channel_id": None,
            "system_channel_flags": 0,
            "rules_channel_id": None,
            "public_updates_channel_id": None,
            "safety_alerts_channel_id": None,
            "verification_level": 0,
            "default_message_notifications": 0,
            "explicit_content_filter": 0,
            "mfa_level": 0,
            "nsfw_level": 0,
            "premium_tier": 0,
            "premium_subscription_count": 0,
            "premium_progress_bar_enabled": False,
            "preferred_locale": self.locale,
            "large": False,
            "unavailable": False,
            "member_count": len(self.people) + 1,
            "joined_at": iso(joined_s),
            "roles": [role],
            "members": [self.member(person, joined_s) for person in (self.bot, *self.people.values())],
            "channels": [channel.payload() for channel in self.channels.values()],
        }

    def member(self, person: Person, joined_s: float) -> dict[str, object]:
        own = {"roles": [], "joined_at": iso(joined_s), "deaf": False, "mute": False, "flags": 0, "nick": None}
        return own | {"user": person.payload(), "avatar": None, "pending": False, "permissions": str(self.may(person))}


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file of a message, which is fetched at its address."""

    name: str
    content: bytes
    url: str
    id: int = field(default_factory=new_id)
    description: str | None = None

    def payload(self) -> dict[str, object]:
        own = {"id": str(self.id), "filename": self.name, "size": len(self.content), "flags": 0}
        kind = "image/png" if self.name.endswith(".png") else "application/octet-stream"
        return own | {"url": self.url, "proxy_url": self.url, "content_type": kind, "description": self.description}


@dataclass(frozen=True, kw_only=True)
class Content:
    """What a message says and shows."""

    text: str = ""
    embeds: tuple[Mapping[str, object], ...] = ()
    components: tuple[Mapping[str, object], ...] = ()
    attachments: tuple[Attachment, ...] = ()
    flags: int = 0


@dataclass(frozen=True)
class Button:
    """One button, as its user sees it; one with an address has no `custom_id`."""

    label: str
    custom_id: str | None
    url: str | None
    disabled: bool


@dataclass(eq=False, kw_only=True)
class Message:
    """A message as everybody who may see it does now; `past` holds what it was before each edit."""

    channel: Channel
    author: Person
    content: Content
    sent_s: float
    id: int = field(default_factory=new_id)
    nonce: str | None = None
    reply_to: "Message | None" = None
    interaction: Mapping[str, object] | None = None
    edited_s: float | None = None
    deleted: bool = False
    past: list[Content] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The content, or with Components V2 its texts, line by line."""
        if self.content.flags & COMPONENTS_V2:
            return "\n".join(str(each["content"]) for each in self.components() if each["type"] == 10)
        return self.content.text

    @property
    def loading(self) -> bool:
        """Whether it still says that the bot thinks."""
        return bool(self.content.flags & LOADING)

    @property
    def ephemeral(self) -> bool:
        return bool(self.content.flags & EPHEMERAL)

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        return self.content.attachments

    @property
    def embeds(self) -> tuple[Mapping[str, object], ...]:
        return self.content.embeds

    def components(self) -> Iterator[Mapping[str, object]]:
        """Every component, the inner ones too."""
        return each_component(self.content.components)

    @property
    def buttons(self) -> tuple[Button, ...]:
        return tuple(
            Button(str(each.get("label", "")), each.get("custom_id"), each.get("url"), bool(each.get("disabled")))
            for each in self.components()
            if each["type"] == 2
        )

    def button(self, label: str) -> Button:
        """The button of this label, or of this custom_id."""
        for button in self.buttons:
            if label in (button.label, button.custom_id):
                return button
        raise LookupError(f"no button {label!r} at message {self.id}: {[each.label for each in self.buttons]}")

    def become(self, content: Content, now_s: float) -> None:
        self.past.append(self.content)
        self.content, self.edited_s = content, now_s

    def payload(self) -> dict[str, object]:
        own: dict[str, object] = {
            "id": str(self.id),
            "type": 0 if self.reply_to is None else 19,
            "channel_id": str(self.channel.id),
            "author": self.author.payload(),
            "content": self.content.text,
            "timestamp": iso(self.sent_s),
            "edited_timestamp": None if self.edited_s is None else iso(self.edited_s),
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "pinned": False,
            "attachments": [each.payload() for each in self.content.attachments],
            "embeds": [{"type": "rich", **each} for each in self.content.embeds],
            "components": list(self.content.components),
            "flags": self.content.flags,
        }
        if self.nonce is not None:
            own["nonce"] = self.nonce
        if self.interaction is not None:
            own["interaction_metadata"] = dict(self.interaction)
        if self.reply_to is not None:
            own["referenced_message"] = self.reply_to.payload()
            own["message_reference"] = {"message_id": str(self.reply_to.id), "channel_id": str(self.channel.id)}
        return own


def each_component(rows: object) -> Iterator[Mapping[str, object]]:
    """Components and what is inside of them: rows, containers, sections with their accessory, labels."""
    for component in rows if isinstance(rows, list | tuple) else ():
        yield component
        yield from each_component(component.get("components"))
        inner = [component[name] for name in ("accessory", "component") if name in component]
        yield from each_component(inner)
