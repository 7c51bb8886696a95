"""Who is there and where they talk: accounts, chats with their topics and members, messages."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tests.bot_api.entities import Formatted
from tests.bot_api.files import Media, media_payload
from tests.bot_api.keyboards import Button, Rows, buttons_of

IN_A_CHAT = ("creator", "administrator", "member")


@dataclass(eq=False, kw_only=True)
class Account:
    """A person or the bot. `started` and `blocked` are what the person did with the bot."""

    id: int
    first_name: str
    username: str | None = None
    language_code: str | None = None
    is_bot: bool = False
    started: bool = False
    blocked: bool = False
    deactivated: bool = False

    def payload(self) -> dict[str, object]:
        own = {"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name}
        more = {"username": self.username, "language_code": self.language_code}
        return own | {name: value for name, value in more.items() if value is not None}


@dataclass(eq=False)
class Topic:
    thread_id: int
    name: str
    closed: bool = False


@dataclass(frozen=True)
class Content:
    """What a message says and shows; two equal ones are "not modified"."""

    formatted: Formatted
    media: Media | None = None
    markup: Mapping[str, object] | None = None

    def payload(self) -> dict[str, object]:
        text, entities = ("text", "entities") if self.media is None else ("caption", "caption_entities")
        own: dict[str, object] = {**media_payload(self.media)}
        if self.formatted.text:
            own[text] = self.formatted.text
        if self.formatted.entities:
            own[entities] = [entity.payload() for entity in self.formatted.entities]
        if self.markup is not None and "inline_keyboard" in self.markup:
            own["reply_markup"] = dict(self.markup)
        return own


@dataclass(eq=False, kw_only=True)
class Message:
    """A message as everybody in the chat sees it now; `past` holds what it was before each edit."""

    id: int
    room: "Room"
    sender: Account
    date: int
    content: Content
    thread_id: int | None = None
    reply_to: "Message | None" = None
    album: str | None = None
    silent: bool = False
    protected: bool = False
    via_bot: Account | None = None
    inline_id: str | None = None
    edit_date: int | None = None
    deleted: bool = False
    service: Mapping[str, object] = field(default_factory=dict)
    past: list[Content] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text, or the caption of what is shown."""
        return self.content.formatted.text

    @property
    def kinds(self) -> set[str]:
        """Which formatting the text has."""
        return {entity.kind for entity in self.content.formatted.entities}

    @property
    def media(self) -> Media | None:
        return self.content.media

    @property
    def rows(self) -> Rows:
        """The buttons below, row by row."""
        return buttons_of(self.content.markup)

    @property
    def buttons(self) -> tuple[Button, ...]:
        return tuple(itertools.chain.from_iterable(self.rows))

    def button(self, label: str) -> Button:
        """The button of this text, or of this callback data."""
        for button in self.buttons:
            if label in (button.text, button.data):
                return button
        raise LookupError(f"no button {label!r} below message {self.id}: {[each.text for each in self.buttons]}")

    def become(self, content: Content, now_s: int) -> None:
        self.past.append(self.content)
        self.content, self.edit_date = content, now_s

    def payload(self, *, with_reply: bool = True) -> dict[str, object]:
        own: dict[str, object] = {
            "message_id": self.id,
            "date": self.date,
            "chat": self.room.payload(),
            "from": self.sender.payload(),
            **self.content.payload(),
            **self.service,
        }
        if self.thread_id is not None:
            own |= {"message_thread_id": self.thread_id, "is_topic_message": True}
        if self.reply_to is not None and with_reply:
            own["reply_to_message"] = self.reply_to.payload(with_reply=False)
        optional = {
            "media_group_id": self.album,
            "edit_date": self.edit_date,
            "has_protected_content": self.protected or None,
            "via_bot": self.via_bot.payload() if self.via_bot else None,
        }
        return own | {name: value for name, value in optional.items() if value is not None}


@dataclass(eq=False, kw_only=True)
class Room:
    """One chat: private, group or supergroup, with who is what in it by account id."""

    id: int
    kind: str
    title: str | None = None
    person: Account | None = None
    forum: bool = False
    status: dict[int, str] = field(default_factory=dict)
    people: dict[int, Account] = field(default_factory=dict)
    topics: dict[int, Topic] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    migrated_to: "Room | None" = None
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def payload(self) -> dict[str, object]:
        own: dict[str, object] = {"id": self.id, "type": self.kind}
        if self.person is not None:
            own |= {"first_name": self.person.first_name}
            own |= {"username": self.person.username} if self.person.username else {}
        else:
            own["title"] = self.title
        return own | ({"is_forum": True} if self.forum else {})

    def enter(self, account: Account, status: str = "member") -> None:
        self.people[account.id] = account
        self.status[account.id] = status

    def holds(self, account: Account) -> bool:
        return self.status.get(account.id) in IN_A_CHAT

    def alive(self, message_id: int) -> Message | None:
        message = self.messages.get(message_id)
        return None if message is None or message.deleted else message

    def last_sender(self) -> Account | None:
        """Who spoke last, service messages aside."""
        spoken = [message.sender for message in self.messages.values() if not message.service]
        return spoken[-1] if spoken else None
