"""What a message says to the bot, and where it was said: mentions, commands, replies, prompts and deep links."""

from __future__ import annotations

import re
from html import escape

from telegram import Chat, Message, MessageEntity, User
from telegram.constants import ChatType

from bot.grammar import COMMANDS
from bot.preferences import Place
from bot.requests import MarketRequest

EMPTY_CALL = "/help"
"""What a mention without a word asks for."""
WELCOME = "/start"
"""What a link asks for that holds no command: one from another version, or none of ours."""

_DEEP_LINK = re.compile(r"/start(?:@\w+)?\s+([A-Za-z0-9]+(?:_[A-Za-z0-9-]+)*)\s*", re.IGNORECASE)
"""A payload is letters, digits, _ and - only: words are joined by _ (liq_BTC_12h), a decimal point is a - (3-25)."""
_DECIMAL_DASH = re.compile(r"(?<=\d)-(?=\d)")
PRICE_EXAMPLE = "68.5k"
_PROMPT = re.compile(r"(?:.{1,64}, which|which) price of (\S{1,40})( on \S{1,40})?\?", re.IGNORECASE)


def place_of(chat: Chat, user: User, *, topic: int | None = None) -> Place:
    """Return where somebody asks: a group is a community of its own."""
    community = chat.id if chat.type in (ChatType.GROUP, ChatType.SUPERGROUP) else None
    return Place(platform="telegram", chat=chat.id, user=user.id, community=community, topic=topic)


def topic_of(message: Message) -> int | None:
    """Return the topic of a forum that a message stands in; threads of replies are none."""
    return message.message_thread_id if message.is_topic_message else None


def said_to_bot(message: Message, bot: User) -> str | None:
    """Return what a message says to the bot, None where it is not meant.

    In a group it is meant by a command, by its name, or by a reply to one of its messages.
    """
    text = message.text or ""
    if not text.strip() or message.via_bot is not None:  # an inline result that somebody chose asks nothing
        return None
    if message.chat.type != ChatType.PRIVATE:
        if _is_for_another(message, bot):
            return None
        if not (text.startswith("/") or _mentions(message, bot) or _answers(message, bot)):
            return None
    return _plain_question(message, bot) or EMPTY_CALL


def _plain_question(message: Message, bot: User) -> str:
    """Return the text without the bot's name; an answer to a prompt and a deep link become the command they mean."""
    text = message.text or ""
    for entity in reversed(_mentions(message, bot)):
        start, end = _characters(text, entity)
        text = f"{text[:start]} {text[end:]}"
    text = text.strip()
    linked = _DEEP_LINK.fullmatch(text)
    if linked is not None:
        asked = _DECIMAL_DASH.sub(".", linked[1]).replace("_", " ")
        return f"/{asked}" if asked.split()[0].lower() in COMMANDS else WELCOME
    prompt = _prompt_answered(message, bot)
    if prompt is not None and not text.startswith("/"):
        return f"/level {prompt[1]} {text}{prompt[2] or ''}"
    return text


def _mentions(message: Message, bot: User) -> list[MessageEntity]:
    name = f"@{bot.username}".lower()
    return [entity for entity in message.entities if _is_name(message, entity, name) or _is_link(entity, bot)]


def _is_name(message: Message, entity: MessageEntity, name: str) -> bool:
    return entity.type == MessageEntity.MENTION and message.parse_entity(entity).lower() == name


def _is_link(entity: MessageEntity, bot: User) -> bool:
    return entity.type == MessageEntity.TEXT_MENTION and entity.user is not None and entity.user.id == bot.id


def _characters(text: str, entity: MessageEntity) -> tuple[int, int]:
    """Return where an entity stands in a text; its own numbers count UTF-16 units."""
    encoded = text.encode("utf-16-le")
    start, end = (encoded[: 2 * units] for units in (entity.offset, entity.offset + entity.length))
    return len(start.decode("utf-16-le")), len(end.decode("utf-16-le"))


def _is_for_another(message: Message, bot: User) -> bool:
    """Say whether a message begins with a command that names another bot."""
    first = (message.text or "").split(maxsplit=1)[0].lower()
    return first.startswith("/") and "@" in first and not first.endswith(f"@{bot.username}".lower())


def _answers(message: Message, bot: User) -> bool:
    before = message.reply_to_message
    return before is not None and before.from_user is not None and before.from_user.id == bot.id


# --- the prompt for a price ------------------------------------------------------------------------------------------


def prompt_html(request: MarketRequest, asked_by: User, *, in_group: bool) -> str:
    """Return the question for a price: the answer to this message is understood by these words alone."""
    venue = f" on {escape(request.venue)}" if request.venue else ""
    asked = f"hich price of <b>{escape(request.symbol)}</b>{venue}? Reply with one, such as {PRICE_EXAMPLE} or 0.215."
    if not in_group:
        return f"W{asked}"
    name = escape(asked_by.first_name[:32])
    return f'<a href="tg://user?id={asked_by.id}">{name}</a>, w{asked}'


def _prompt_answered(message: Message, bot: User) -> re.Match[str] | None:
    """Return the symbol (1) and the venue (2) of the prompt that a message answers, None for any other message."""
    if not _answers(message, bot) or message.reply_to_message is None:
        return None
    return _PROMPT.match(message.reply_to_message.text or "")
