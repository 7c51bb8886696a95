"""Everything the server knows: the bot, people, chats, files, waiting updates, open queries, and what was called."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.bot_api.entities import Formatted
from tests.bot_api.files import Files
from tests.bot_api.flood import Flood, Limits
from tests.bot_api.rooms import Account, Content, Message, Room
from tests.bot_api.updates import Updates
from tests.bot_api.wire import Parameters, RefusedError, bad_request, forbidden
from tests.emulation.happenings import Happenings

CALLBACK_LIVES_S = 15.0
INLINE_LIVES_S = 10.0
"""How long a query can be answered [s]: own assumption, the documentation names no number."""
GROUP_NAMES = {"group": "group chat", "supergroup": "supergroup chat"}


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request of the bot; `at` on the event loop's clock [s]. `result` is None where it was refused."""

    method: str
    parameters: Parameters
    at: float
    result: object = None
    refused: RefusedError | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.refused or 'ok'}"

    @property
    def chat_id(self) -> str | None:
        return self.parameters.get("chat_id")


@dataclass(eq=False, kw_only=True)
class Query:
    """A pressed button or an inline query that waits for its answer."""

    id: str
    account: Account
    asked_at: float
    lives_s: float
    answer: Mapping[str, object] | None = None
    message: Message | None = None


@dataclass(eq=False)
class World(Happenings):
    """The state behind the methods. `skip` moves its clock on, for what expires."""

    bot: Account
    privacy: bool = True
    inline: bool = True
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        super().__init__()
        self.files = Files()
        self.updates = Updates()
        self.flood = Flood(self.limits)
        self.people: dict[int, Account] = {}
        self.rooms: dict[int, Room] = {}
        self.calls: list[Call] = []
        self.sent: list[Message] = []
        self.queries: dict[str, Query] = {}
        self.inline_messages: dict[str, Message] = {}
        self.ids = itertools.count(1)

    def date(self) -> int:
        """This moment as messages tell it: whole seconds."""
        return int(self.now_s())

    # --- chats -------------------------------------------------------------------------------------------------------

    def private_room(self, account: Account) -> Room:
        room = self.rooms.get(account.id)
        if room is None:
            room = self.rooms[account.id] = Room(id=account.id, kind="private", person=account)
            room.enter(account)
            room.enter(self.bot)
        return room

    def room(self, chat_id: str) -> Room:
        """The chat of this id, as far as the bot may know it."""
        if not chat_id:
            raise bad_request("chat_id is empty")
        number = int(chat_id) if chat_id.removeprefix("-").isdigit() else 0
        if number in self.people:
            return self.private_room(self.people[number])
        if number not in self.rooms:
            raise bad_request("chat not found")
        return self.rooms[number]

    def open_room(self, chat_id: str) -> Room:
        """The chat, when the bot can write there now."""
        room = self.room(chat_id)
        if room.migrated_to is not None:
            description = "Bad Request: group chat was upgraded to a supergroup chat"
            raise RefusedError(description, migrate_to_chat_id=room.migrated_to.id)
        if room.person is not None:
            self._check_person(room.person)
        elif not room.holds(self.bot):
            kicked = room.status.get(self.bot.id) == "kicked"
            name = GROUP_NAMES[room.kind]
            raise forbidden(f"bot was kicked from the {name}" if kicked else f"bot is not a member of the {name}")
        return room

    def _check_person(self, person: Account) -> None:
        if person.deactivated:
            raise forbidden("user is deactivated")
        if person.blocked:
            raise forbidden("bot was blocked by the user")
        if not person.started:
            met = any(person.id in room.status for room in self.rooms.values() if room.person is None)
            raise forbidden("bot can't initiate conversation with a user") if met else bad_request("chat not found")

    def topic_of(self, room: Room, parameters: Parameters) -> int | None:
        """The topic that a request is for; None is the chat itself, or the general topic of a forum."""
        if "message_thread_id" not in parameters:
            return None
        topic = room.topics.get(parameters.integer("message_thread_id"))
        if topic is None:
            raise bad_request("message thread not found")
        if topic.closed and room.status.get(self.bot.id) != "administrator":
            raise bad_request("TOPIC_CLOSED")
        return topic.thread_id

    # --- messages ----------------------------------------------------------------------------------------------------

    def post(self, room: Room, sender: Account, content: Content, **more: object) -> Message:
        """Put a message into a chat."""
        message = Message(id=next(room.ids), room=room, sender=sender, date=self.date(), content=content, **more)
        room.messages[message.id] = message
        if sender is self.bot:
            self.sent.append(message)
        self.notify()
        return message

    def tell(self, message: Message, kind: str = "message") -> None:
        """Queue a message for the bot, if it gets to see it."""
        if self.bot_sees(message):
            self.updates.put(kind, message.payload())

    def bot_sees(self, message: Message) -> bool:
        """With privacy on, a group's messages reach the bot only if they are for it, or if it is an administrator."""
        room = message.room
        if not room.holds(self.bot):
            return False
        if room.kind == "private" or not self.privacy or message.service:
            return True
        replied = message.reply_to is not None and message.reply_to.sender is self.bot
        by_bot = message.via_bot is self.bot
        return room.status[self.bot.id] == "administrator" or replied or by_bot or self._addressed(message)

    def _addressed(self, message: Message) -> bool:
        """Whether a text mentions the bot, or begins with a command that names no other bot."""
        text, own = message.text.lower(), f"@{(self.bot.username or '').lower()}"
        if text.startswith("/"):
            command = text.split()[0]
            return "@" not in command or command.endswith(own)
        return own in text

    def serve(self, room: Room, sender: Account, service: Mapping[str, object]) -> Message:
        """A service message, such as that somebody came or that a chat was upgraded."""
        message = self.post(room, sender, Content(Formatted("")), service=service)
        self.tell(message)
        return message

    def bot_became(self, room: Room, by: Account, old: str, new: str) -> None:
        """Tell the bot that somebody changed what it is in a chat."""
        self.updates.put(
            "my_chat_member",
            {
                "chat": room.payload(),
                "from": by.payload(),
                "date": self.date(),
                "old_chat_member": member_payload(self.bot, old),
                "new_chat_member": member_payload(self.bot, new),
            },
        )


ADMINISTRATOR_RIGHTS = (
    *("can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats"),
    *("can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories"),
    *("can_edit_stories", "can_delete_stories", "can_pin_messages", "can_manage_topics"),
)


def member_payload(account: Account, status: str) -> dict[str, object]:
    """A ChatMember object, with the fields that its status requires."""
    own: dict[str, object] = {"user": account.payload(), "status": status}
    if status == "creator":
        return own | {"is_anonymous": False}
    if status == "administrator":
        return own | {name: name not in ("can_be_edited", "is_anonymous") for name in ADMINISTRATOR_RIGHTS}
    if status == "kicked":
        return own | {"until_date": 0}
    return own
