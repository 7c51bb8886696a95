"""What a refusal by Telegram says about the chat: it wants no messages of the bot, no photos, or no files."""

from __future__ import annotations

from telegram.error import BadRequest, Forbidden, TelegramError

_UNWANTED = (
    *("not enough rights", "have no rights", "chat not found", "write_forbidden", "peer_id_invalid"),
    *("topic_closed", "topic_deleted", "thread not found", "was deleted"),
)
"""How the server says, besides 403, that a chat is closed to the bot."""
_NO_PHOTOS = ("not enough rights to send photos", "not enough rights to send media", "send_photos_forbidden")
_NO_FILES = ("not enough rights to send documents", "not enough rights to send media", "send_docs_forbidden")


def tells(error: TelegramError, sentences: tuple[str, ...]) -> bool:
    """Say whether the server refused with one of these sentences, in any case."""
    told = error.message.lower()
    return isinstance(error, BadRequest) and any(sentence in told for sentence in sentences)


def is_unwanted(error: TelegramError) -> bool:
    """Say whether the chat is gone, or does not want the bot."""
    return isinstance(error, Forbidden) or tells(error, _UNWANTED)


def takes_no_photos(error: TelegramError) -> bool:
    """Say whether the chat forbids the bot pictures only."""
    return tells(error, _NO_PHOTOS)


def takes_no_files(error: TelegramError) -> bool:
    """Say whether the chat forbids the bot files only."""
    return tells(error, _NO_FILES)
