"""sendMessage, sendPhoto, sendDocument, sendMediaGroup, sendChatAction, deleteMessage."""

from collections.abc import Sequence

from tests.bot_api.entities import Formatted
from tests.bot_api.files import Media
from tests.bot_api.keyboards import markup_of
from tests.bot_api.rooms import Content, Message, Room
from tests.bot_api.texts import checked_caption, checked_text, formatted, parsed
from tests.bot_api.wire import Parameters, bad_request
from tests.bot_api.world import World

ALBUM = range(2, 11)
DELETABLE_S = 48 * 3_600
ACTIONS = {
    *("typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice"),
    *("upload_document", "choose_sticker", "find_location", "record_video_note", "upload_video_note"),
}


class Sending:
    """Puts the bot's messages into chats."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.methods = {
            "sendMessage": self.send_message,
            "sendPhoto": self.send_photo,
            "sendDocument": self.send_document,
            "sendMediaGroup": self.send_media_group,
            "sendChatAction": self.send_chat_action,
            "deleteMessage": self.delete_message,
            "deleteMessages": self.delete_messages,
        }

    def send_message(self, parameters: Parameters) -> object:
        room = self.world.open_room(parameters.get("chat_id", ""))
        content = Content(checked_text(formatted(parameters)), markup=markup_of(parameters))
        return self._send(room, content, parameters).payload()

    def send_photo(self, parameters: Parameters) -> object:
        return self._send_media(parameters, "photo")

    def send_document(self, parameters: Parameters) -> object:
        return self._send_media(parameters, "document")

    def _send_media(self, parameters: Parameters, kind: str) -> object:
        room = self.world.open_room(parameters.get("chat_id", ""))
        caption = checked_caption(formatted(parameters, "caption"))
        markup = markup_of(parameters)
        content = Content(caption, self.world.files.of_request(parameters, kind), markup)
        return self._send(room, content, parameters).payload()

    def send_media_group(self, parameters: Parameters) -> object:
        room = self.world.open_room(parameters.get("chat_id", ""))
        rows = parameters.structure("media")
        if not isinstance(rows, list) or len(rows) not in ALBUM:
            raise bad_request("wrong number of media: an album has 2-10 items")
        if len({row.get("type") for row in rows}) > 1:
            raise bad_request("documents can't be mixed with other media types in an album")
        contents = [album_item(self.world, parameters, row) for row in rows]
        album = str(next(self.world.ids) + 13_000_000_000_000_000)
        return [message.payload() for message in self._send_all(room, contents, parameters, album)]

    def _send(self, room: Room, content: Content, parameters: Parameters) -> Message:
        return self._send_all(room, [content], parameters, None)[0]

    def _send_all(
        self, room: Room, contents: Sequence[Content], parameters: Parameters, album: str | None
    ) -> list[Message]:
        thread_id = self.world.topic_of(room, parameters)
        reply_to = self._replied(room, parameters)
        self.world.flood.take(self.world.clock(), room.id, len(contents))
        return [
            self.world.post(
                room,
                self.world.bot,
                content,
                thread_id=thread_id,
                reply_to=reply_to,
                album=album,
                silent=parameters.flag("disable_notification"),
                protected=parameters.flag("protect_content"),
            )
            for content in contents
        ]

    def _replied(self, room: Room, parameters: Parameters) -> Message | None:
        reply = parameters.structure("reply_parameters")
        if not isinstance(reply, dict):
            return None
        message = room.alive(int(reply.get("message_id", 0)))
        if message is None and not reply.get("allow_sending_without_reply"):
            raise bad_request("message to be replied not found")
        return message

    def send_chat_action(self, parameters: Parameters) -> object:
        self.world.topic_of(self.world.open_room(parameters.get("chat_id", "")), parameters)
        if parameters.get("action") not in ACTIONS:
            raise bad_request("wrong parameter action in request")
        return True

    # --- deleting ----------------------------------------------------------------------------------------------------

    def delete_message(self, parameters: Parameters) -> object:
        room = self.world.open_room(parameters.get("chat_id", ""))
        message = room.alive(parameters.integer("message_id"))
        if message is None:
            raise bad_request("message to delete not found")
        if not self._may_delete(message):
            raise bad_request("message can't be deleted")
        message.deleted = True
        self.world.notify()
        return True

    def delete_messages(self, parameters: Parameters) -> object:
        """Those that are not there, or may not be deleted, are left out without a word."""
        room = self.world.open_room(parameters.get("chat_id", ""))
        numbers = parameters.structure("message_ids")
        for number in numbers if isinstance(numbers, list) else ():
            message = room.alive(int(number))
            if message is not None and self._may_delete(message):
                message.deleted = True
        self.world.notify()
        return True

    def _may_delete(self, message: Message) -> bool:
        own = message.sender is self.world.bot
        administrator = message.room.status.get(self.world.bot.id) == "administrator"
        young = self.world.now_s() - message.date < DELETABLE_S
        return administrator or (young and (own or message.room.kind == "private"))


def album_item(world: World, parameters: Parameters, row: dict) -> Content:
    """One InputMediaPhoto or InputMediaDocument."""
    media = input_media(world, parameters, row)
    return Content(input_caption(row), media)


def input_media(world: World, parameters: Parameters, row: dict) -> Media:
    kind = row.get("type")
    if kind not in ("photo", "document"):
        raise bad_request("can't parse InputMedia: only photo and document are served here")
    return world.files.chosen(parameters, str(kind), "media", row.get("media"))


def input_caption(row: dict) -> Formatted:
    return checked_caption(parsed(row.get("caption") or "", row.get("parse_mode"), row.get("caption_entities")))
