"""The people's side of the emulator: what a user does, and what the user gets to see.

Whoever sends is a `Seat`: one user in one chat, and maybe in one topic of it. What is seen are live `Message`s: they
change as the bot edits them.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.bot_api.answering import result_content
from tests.bot_api.entities import Formatted
from tests.bot_api.keyboards import Button
from tests.bot_api.rooms import Account, Content, Message, Room, Topic
from tests.bot_api.wire import Upload
from tests.bot_api.world import CALLBACK_LIVES_S, INLINE_LIVES_S, Query, World


def said(text: str) -> Formatted:
    return Formatted(text).trimmed().detected()


class User:
    """One person."""

    def __init__(self, world: World, account: Account) -> None:
        self.world = world
        self.account = account

    @property
    def id(self) -> int:
        return self.account.id

    @property
    def private(self) -> "Seat":
        """The person's own chat with the bot; sending there starts it."""
        return Seat(self.world, self.account, self.world.private_room(self.account))

    def block(self) -> None:
        self._set_blocked(blocked=True)

    def unblock(self) -> None:
        self._set_blocked(blocked=False)

    def _set_blocked(self, *, blocked: bool) -> None:
        old, new = ("member", "kicked") if blocked else ("kicked", "member")
        self.account.blocked = blocked
        self.world.bot_became(self.world.private_room(self.account), self.account, old, new)

    def deactivate(self) -> None:
        """Delete the account."""
        self.account.deactivated = True

    def inline(self, text: str, *, offset: str = "", chat_type: str = "sender") -> "InlineQuestion":
        """Type `@bot text` into some chat."""
        query = _ask(self.world, self.account, INLINE_LIVES_S)
        content = {"id": query.id, "from": self.account.payload(), "query": text, "offset": offset}
        self.world.updates.put("inline_query", content | {"chat_type": chat_type})
        return InlineQuestion(self.world, query, text)


class Group:
    """A group or supergroup, seen from above."""

    def __init__(self, world: World, room: Room) -> None:
        self.world = world
        self.room = room

    @property
    def id(self) -> int:
        return self.room.id

    def seat(self, user: User) -> "Seat":
        """This person in the group."""
        return Seat(self.world, user.account, self.room)

    def join(self, user: User, status: str = "member") -> "Seat":
        self.room.enter(user.account, status)
        self.world.serve(self.room, user.account, {"new_chat_members": [user.account.payload()]})
        return self.seat(user)

    def add_bot(self, by: User, status: str = "member") -> None:
        """Let somebody bring the bot in, or make it something else in the group."""
        old = self.room.status.get(self.world.bot.id, "left")
        self.room.enter(self.world.bot, status)
        self.world.bot_became(self.room, by.account, old, status)

    def kick_bot(self, by: User) -> None:
        old = self.room.status.get(self.world.bot.id, "left")
        self.room.status[self.world.bot.id] = "kicked"
        self.world.bot_became(self.room, by.account, old, "kicked")

    def topic(self, name: str) -> Topic:
        """Open a topic of a forum."""
        topic = Topic(next(self.room.ids), name)
        self.room.topics[topic.thread_id] = topic
        return topic

    def upgrade(self, by: User) -> "Group":
        """Turn a group into a supergroup: it gets another id, and the old one refuses with it."""
        number = -(1_002_000_000_000 + next(self.world.ids))
        room = Room(id=number, kind="supergroup", title=self.room.title)
        room.people, room.status = dict(self.room.people), dict(self.room.status)
        self.world.rooms[number] = self.room.migrated_to = room
        self.world.serve(self.room, by.account, {"migrate_to_chat_id": number})
        self.world.serve(room, by.account, {"migrate_from_chat_id": self.room.id})
        return Group(self.world, room)


@dataclass(eq=False)
class Seat:
    """One person in one chat, or in one topic of it; `next_message` goes through what the bot sends from then on."""

    world: World
    account: Account
    room: Room
    thread_id: int | None = None

    def __post_init__(self) -> None:
        self._read = len(self.messages)

    def within(self, topic: Topic) -> "Seat":
        """The same person in this topic."""
        return replace(self, thread_id=topic.thread_id)

    # --- writing -----------------------------------------------------------------------------------------------------

    def send(self, text: str, *, reply_to: Message | None = None) -> Message:
        return self._send(Content(said(text)), reply_to)

    def send_photo(self, picture: bytes, caption: str = "", *, reply_to: Message | None = None) -> Message:
        media = self.world.files.add("photo", Upload("photo.jpg", picture))
        return self._send(Content(said(caption), media), reply_to)

    def send_document(
        self, content: bytes, name: str, caption: str = "", *, reply_to: Message | None = None
    ) -> Message:
        media = self.world.files.add("document", Upload(name, content))
        return self._send(Content(said(caption), media), reply_to)

    def send_album(self, pictures: Sequence[bytes], caption: str = "") -> list[Message]:
        """Several photos at once: as many messages with one media_group_id, the caption below the first."""
        album = str(next(self.world.ids) + 12_000_000_000_000_000)
        captions = itertools.chain([caption], itertools.repeat(""))
        contents = [
            Content(said(text), self.world.files.add("photo", Upload("photo.jpg", picture)))
            for picture, text in zip(pictures, captions, strict=False)
        ]
        return [self._send(content, None, album) for content in contents]

    def edit(self, message: Message, text: str) -> None:
        """Change one's own message."""
        message.become(replace(message.content, formatted=said(text)), self.world.date())
        self.world.tell(message, "edited_message")

    def _send(self, content: Content, reply_to: Message | None, album: str | None = None) -> Message:
        if self.room.kind == "private":
            self.account.started, self.account.blocked = True, False
        more = {"thread_id": self.thread_id, "reply_to": reply_to, "album": album}
        message = self.world.post(self.room, self.account, content, **more)
        self.world.tell(message)
        return message

    def press(self, message: Message, label: str) -> "Press":
        """Press the button of this text (or callback data) below a message."""
        button = message.button(label)
        if button.data is None:
            raise LookupError(f"button {label!r} opens {button.content}: the bot does not hear of it")
        return self.press_data(message, button)

    def press_data(self, message: Message, button: Button) -> "Press":
        """Press a button that need not be there any more, as an app does that has not seen the edit yet."""
        query = _ask(self.world, self.account, CALLBACK_LIVES_S, message)
        content = {"id": query.id, "from": self.account.payload(), "chat_instance": str(self.room.id)}
        if message.inline_id is None:
            content["message"] = message.payload()
        else:
            content["inline_message_id"] = message.inline_id
        self.world.updates.put("callback_query", content | {"data": button.data})
        return Press(self.world, query)

    # --- reading -----------------------------------------------------------------------------------------------------

    @property
    def messages(self) -> list[Message]:
        """What the bot sent here, oldest first; deleted ones too."""
        bot = self.world.bot
        own = [message for message in self.room.messages.values() if message.sender is bot]
        return [message for message in own if self.thread_id is None or message.thread_id == self.thread_id]

    async def next_message(self, timeout_s: float = 5.0) -> Message:
        """Wait for the bot's next message here, each of them once."""
        found = await self.world.until(
            lambda: messages if len(messages := self.messages) > self._read else None,
            f"message for {self.account.first_name}",
            timeout_s,
        )
        self._read += 1
        return found[self._read - 1]

    async def edited(self, message: Message, times: int = 1, timeout_s: float = 5.0) -> Message:
        """Wait until a message was edited so often in all."""
        await self.world.until(
            lambda: len(message.past) >= times, f"edit number {times} of message {message.id}", timeout_s
        )
        return message

    async def deleted(self, message: Message, timeout_s: float = 5.0) -> None:
        await self.world.until(lambda: message.deleted, f"deletion of message {message.id}", timeout_s)


@dataclass(frozen=True)
class Notice:
    """What a pressed button shows on top: nothing, a short notice, or an alert to close."""

    text: str
    alert: bool
    url: str | None


@dataclass(frozen=True)
class Press:
    """One pressed button, which turns until it is answered."""

    world: World
    query: Query

    async def answer(self, timeout_s: float = 5.0) -> Notice:
        answer = await self.world.until(lambda: self.query.answer, "answer to the pressed button", timeout_s)
        return Notice(**answer)


@dataclass(frozen=True)
class InlineQuestion:
    """One `@bot text`, whose results may be put into a chat."""

    world: World
    query: Query
    text: str

    async def results(self, timeout_s: float = 5.0) -> list[dict]:
        """The results as the bot gave them."""
        answer = await self.world.until(lambda: self.query.answer, "answer to the inline query", timeout_s)
        return answer["results"]

    async def choose(self, result_id: str, seat: Seat) -> Message:
        """Put a result into a chat: the message is the person's, and the bot can edit it if it has a keyboard."""
        row = next(row for row in await self.results() if row["id"] == result_id)
        content = result_content(self.world, row)
        inline_id = f"inline-{next(self.world.ids)}" if content.markup else None
        message = self.world.post(
            seat.room, seat.account, content, via_bot=self.world.bot, inline_id=inline_id, thread_id=seat.thread_id
        )
        chosen = {"result_id": result_id, "from": seat.account.payload(), "query": self.text}
        if inline_id is not None:
            self.world.inline_messages[inline_id] = message
            chosen["inline_message_id"] = inline_id
        self.world.tell(message)
        self.world.updates.put("chosen_inline_result", chosen)
        return message


def _ask(world: World, account: Account, lives_s: float, message: Message | None = None) -> Query:
    query = Query(
        id=str(4_000_000_000_000_000 + next(world.ids)),
        account=account,
        asked_at=world.clock(),
        lives_s=lives_s,
        message=message,
    )
    world.queries[query.id] = query
    return query
