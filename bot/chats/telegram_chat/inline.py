"""Inline mode: `@bot btc 12h` typed in any chat offers the answer there, as a picture where Telegram has it already."""

from __future__ import annotations

import asyncio
import hashlib
import logging

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQuery,
    InlineQueryResultArticle,
    InlineQueryResultCachedPhoto,
    InputTextMessageContent,
    LinkPreviewOptions,
)
from telegram.constants import ParseMode
from telegram.error import TelegramError

from bot.chats.telegram_chat.keyboards import deep_link
from bot.chats.telegram_chat.sending import Sender
from bot.chats.telegram_chat.telegram_text import caption_of, notice_of, subject_of, texts_of
from bot.handlers import Handlers, Outgoing
from bot.preferences import Place
from bot.replies import Reply

ANSWERED_WITHIN_S = 8.0
"""Telegram drops a query that waits for longer than some ten seconds (own assumption)."""
SETTLED_AFTER_S = 0.25
"""A pause in typing: what is still being typed costs no answer."""
CACHED_S = 10
"""How long Telegram may give the same answer to the same query: less than a bar."""
EXAMPLES = ("btc", "eth 12h", "btc 68.5k")
TOO_SLOW = "This one takes longer than an inline answer may. Ask in a chat with the bot."

Result = InlineQueryResultArticle | InlineQueryResultCachedPhoto

_log = logging.getLogger(__name__)


class Inline:
    """Answers inline queries; of one person only the last one."""

    def __init__(self, handlers: Handlers, sender: Sender, *, answered_within_s: float = ANSWERED_WITHIN_S) -> None:
        self._handlers = handlers
        self._sender = sender
        self._answered_within_s = answered_within_s
        self._last: dict[int, asyncio.Task[list[Result]]] = {}

    async def asked(self, query: InlineQuery) -> None:
        """Offer what answers a query."""
        user = query.from_user.id
        before = self._last.pop(user, None)
        if before is not None:
            before.cancel()
        working = self._last[user] = asyncio.create_task(self._results(query))
        await asyncio.wait({working})
        if self._last.get(user) is working:
            del self._last[user]
        if working.cancelled():
            return
        results = working.result()
        try:
            await self._sender.call(lambda: query.answer(results, cache_time=CACHED_S, is_personal=True))
        except TelegramError as error:
            _log.debug("an inline query was not answered: %s", error.message)

    async def _results(self, query: InlineQuery) -> list[Result]:
        username = query.get_bot().username
        text = query.query.strip()
        if not text:
            return [_example(example) for example in EXAMPLES]
        await asyncio.sleep(SETTLED_AFTER_S)
        user = query.from_user.id
        place = Place(platform="telegram", chat=user, user=user, is_passing=True)
        try:
            outgoing = await asyncio.wait_for(self._handlers.said(text, place), self._answered_within_s)
        except TimeoutError:
            return [_article("Ask in a chat", TOO_SLOW, TOO_SLOW, below=_open_chat(deep_link(username, None)))]
        return [self._result(outgoing, deep_link(username, outgoing.request))]

    def _result(self, outgoing: Outgoing, link: str) -> Result:
        reply = outgoing.reply
        known = None if outgoing.drawing is None else self._sender.files.photo(outgoing.drawing.png)
        title, summary = subject_of(reply) or "Fathom", _summary(reply)
        if known is None:
            html = texts_of(reply)[0] if outgoing.drawing is None else caption_of(reply).html
            return _article(title, summary, html, below=_open_chat(link))
        return InlineQueryResultCachedPhoto(
            _id_of(known.unique_id),
            known.file_id,
            title=title,
            description=summary,
            caption=caption_of(reply).html,
            parse_mode=ParseMode.HTML,
            reply_markup=_open_chat(link),
        )


def _summary(reply: Reply) -> str:
    """Return the line that tells most: the setup, the verdict, or what went wrong."""
    if reply.fault is not None:
        return notice_of(reply)
    told = reply.block("setup") or reply.block("verdict")
    return "" if told is None else told.lines[0].text


def _article(title: str, summary: str, html: str, *, below: InlineKeyboardMarkup) -> InlineQueryResultArticle:
    content = InputTextMessageContent(
        html, parse_mode=ParseMode.HTML, link_preview_options=LinkPreviewOptions(is_disabled=True)
    )
    return InlineQueryResultArticle(_id_of(html), title, content, reply_markup=below, description=summary)


def _example(text: str) -> InlineQueryResultArticle:
    """Return an example that, once chosen, can be asked with one tap."""
    button = InlineKeyboardButton(f"Ask: {text}", switch_inline_query_current_chat=text)
    return _article(
        text,
        "Type this behind my name to see where leverage would be forced out.",
        f"Ask me about liquidation maps in any chat, such as <b>{text}</b>.",
        below=InlineKeyboardMarkup([[button]]),
    )


def _open_chat(link: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton("Open in Fathom", url=link)]])


def _id_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
