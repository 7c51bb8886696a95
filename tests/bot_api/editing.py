"""editMessageText, editMessageCaption, editMessageMedia, editMessageReplyMarkup, in a chat or by inline_message_id."""

from dataclasses import replace

from tests.bot_api.keyboards import markup_of
from tests.bot_api.rooms import Content, Message
from tests.bot_api.sending import input_caption, input_media
from tests.bot_api.texts import checked_caption, checked_text, formatted
from tests.bot_api.wire import Parameters, bad_request
from tests.bot_api.world import World

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same"
    " as a current content and reply markup of the message"
)


class Editing:
    """Changes messages; what is not given again, such as the keyboard, is gone."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.methods = {
            "editMessageText": self.edit_text,
            "editMessageCaption": self.edit_caption,
            "editMessageMedia": self.edit_media,
            "editMessageReplyMarkup": self.edit_markup,
        }

    def edit_text(self, parameters: Parameters) -> object:
        message = self._message(parameters)
        if message.media is not None:
            raise bad_request("there is no text in the message to edit")
        return self._become(message, Content(checked_text(formatted(parameters)), None, markup_of(parameters)))

    def edit_caption(self, parameters: Parameters) -> object:
        message = self._message(parameters)
        if message.media is None:
            raise bad_request("there is no caption in the message to edit")
        caption = checked_caption(formatted(parameters, "caption"))
        return self._become(message, Content(caption, message.media, markup_of(parameters)))

    def edit_media(self, parameters: Parameters) -> object:
        message = self._message(parameters)
        row = parameters.structure("media")
        if not isinstance(row, dict):
            raise bad_request("there is no media in the request")
        if message.inline_id is not None and parameters.files:
            raise bad_request("can't upload a file for an inline message")
        caption = input_caption(row)
        return self._become(message, Content(caption, input_media(self.world, parameters, row), markup_of(parameters)))

    def edit_markup(self, parameters: Parameters) -> object:
        message = self._message(parameters)
        return self._become(message, replace(message.content, markup=markup_of(parameters)))

    def _message(self, parameters: Parameters) -> Message:
        if "inline_message_id" in parameters:
            inline = self.world.inline_messages.get(parameters["inline_message_id"])
            if inline is None:
                raise bad_request("MESSAGE_ID_INVALID")
            return inline
        room = self.world.open_room(parameters.get("chat_id", ""))
        message = room.alive(parameters.integer("message_id"))
        if message is None:
            raise bad_request("message to edit not found")
        if message.sender is not self.world.bot:
            raise bad_request("message can't be edited")
        return message

    def _become(self, message: Message, content: Content) -> object:
        if content == message.content:
            raise bad_request(NOT_MODIFIED)
        message.become(content, self.world.date())
        self.world.notify()
        return True if message.inline_id is not None else message.payload()
