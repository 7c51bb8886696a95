"""The Telegram chat: connects, takes messages, presses and inline queries, and hands each to who answers it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from telegram import Message, Update
from telegram.constants import ChatAction, ChatType
from telegram.error import InvalidToken, NetworkError, TelegramError
from telegram.ext import (
    AIORateLimiter,
    Application,
    ApplicationBuilder,
    CallbackQueryHandler,
    ContextTypes,
    InlineQueryHandler,
    MessageHandler,
    SimpleUpdateProcessor,
    filters,
)

from bot.chats.telegram_chat.addressing import place_of, said_to_bot, topic_of
from bot.chats.telegram_chat.commands import list_commands
from bot.chats.telegram_chat.connection import BASE_FILE_URL, BASE_URL, READ_TIMEOUT_S, quieten_libraries
from bot.chats.telegram_chat.errors import TelegramChatError, TelegramTokenError, TelegramUnreachableError
from bot.chats.telegram_chat.inline import ANSWERED_WITHIN_S, Inline
from bot.chats.telegram_chat.keyboards import examples_keyboard
from bot.chats.telegram_chat.messages import Spot
from bot.chats.telegram_chat.permissions import with_rights
from bot.chats.telegram_chat.polling import CONFLICT_ENDS_AFTER_S, PollingWatch, WatchedRequest, quiet_about_tokens
from bot.chats.telegram_chat.pressing import Presser
from bot.chats.telegram_chat.sending import RETRY_PAUSES_S, Sender
from bot.faults import fault_of
from bot.handlers import Handlers, Outgoing
from bot.log import request_begun
from bot.replies import fault_reply

MOST_AT_ONCE = 64
"""Updates worked on at one time: as many as the service takes distinct questions."""
CONNECT_PAUSES_S = (1.0, 3.0, 9.0)
"""Pauses between attempts to connect at the start."""
STOPPING_S = 1.5
"""How long the last fetch and the answers under way may each take to end."""
STALE_AFTER_S = 600
"""Who wrote longer ago, while the bot was away, waits no more (own assumption)."""
KEPT_UPDATES = ("message", "callback_query", "inline_query")

_TEXT_COMMANDS = frozenset(
    """/start /help /models /questions /track /report /alert /settings /about /privacy
    /forget_me""".split()  # noqa: SIM905 - a list to read
)
_log = logging.getLogger(__name__)

_Context = ContextTypes.DEFAULT_TYPE


class OneRequestEach(SimpleUpdateProcessor):
    """Takes each update as one request in the log, from its arrival until its answer is sent or given up."""

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Let the update be answered."""
        del update
        with request_begun():
            await coroutine


class TelegramChat:
    """One bot on Telegram, by long polling.

    base_url ends in /bot and base_file_url in /file/bot, as the library puts the token behind them. `run` starts, waits
    and stops; `start`, `wait` and `stop` do it by parts. What ends one is a TelegramChatError without a secret in it.
    """

    def __init__(
        self,
        handlers: Handlers,
        *,
        token: str,
        base_url: str = BASE_URL,
        base_file_url: str = BASE_FILE_URL,
        retry_pauses_s: tuple[float, ...] = RETRY_PAUSES_S,
        connect_pauses_s: tuple[float, ...] = CONNECT_PAUSES_S,
        conflict_ends_after_s: float = CONFLICT_ENDS_AFTER_S,
        inline_answered_within_s: float = ANSWERED_WITHIN_S,
    ) -> None:
        self._handlers = handlers
        self._token = token
        self._base_url = base_url
        self._base_file_url = base_file_url
        self._retry_pauses_s = retry_pauses_s
        self._connect_pauses_s = connect_pauses_s
        self._inline_answered_within_s = inline_answered_within_s
        self._watch = PollingWatch(self._end, conflict_ends_after_s=conflict_ends_after_s)
        self._application: Application[Any, Any, Any, Any, Any, Any] | None = None
        self._ended: asyncio.Future[None] | None = None

    @property
    def is_connected(self) -> bool:
        """Whether Telegram answered the last time it was asked for messages."""
        return self._application is not None and self._watch.is_connected

    async def run(self) -> None:
        """Answer until cancelled.

        Raises:
            TelegramChatError: it cannot start or go on.

        """
        try:
            await self.start()
            await self.wait()
        finally:
            await self.stop()

    async def start(self) -> None:
        """Connect, list the commands, and begin to answer.

        Raises:
            TelegramTokenError: Telegram does not take the token.
            TelegramUnreachableError: Telegram does not answer.

        """
        quieten_libraries()
        self._ended = asyncio.get_running_loop().create_future()
        application = self._application = self._built()
        try:
            await self._connect(application)
        except BaseException:
            await self.stop()
            raise
        await list_commands(application.bot)

    async def wait(self) -> None:
        """Wait until it cannot go on.

        Raises:
            TelegramChatError: why.

        """
        if self._ended is not None:
            await asyncio.shield(self._ended)

    async def stop(self) -> None:
        """Take no more messages, let answers under way end for a moment, and disconnect."""
        application, self._application = self._application, None
        if application is None:
            return
        updater = application.updater
        if updater is not None and updater.running:
            with contextlib.suppress(TelegramError, TimeoutError):  # a refused token ended the polling with this error
                await asyncio.wait_for(updater.stop(), STOPPING_S)
        if application.running:
            try:
                await asyncio.wait_for(application.stop(), STOPPING_S)
            except TimeoutError:
                _log.warning("Telegram: answers under way were given up")
        await application.shutdown()
        for request in (application.bot.request, self._polling_request):  # where connecting failed they are still open
            await request.shutdown()

    # --- connecting --------------------------------------------------------------------------------------------------

    def _built(self) -> Application[Any, Any, Any, Any, Any, Any]:
        self._polling_request = WatchedRequest(self._watch, connection_pool_size=1)
        application = (
            ApplicationBuilder()
            .token(self._token)
            .base_url(self._base_url)
            .base_file_url(self._base_file_url)
            .get_updates_request(self._polling_request)
            .read_timeout(READ_TIMEOUT_S)
            .concurrent_updates(OneRequestEach(MOST_AT_ONCE))
            .rate_limiter(AIORateLimiter(max_retries=3))
            .job_queue(None)
            .build()
        )
        self._sender = Sender(application.bot, pauses_s=self._retry_pauses_s)
        self._presser = Presser(self._handlers, self._sender)
        self._inline = Inline(self._handlers, self._sender, answered_within_s=self._inline_answered_within_s)
        application.add_handlers(
            (
                MessageHandler(filters.UpdateType.MESSAGE & filters.TEXT, self._on_message),
                CallbackQueryHandler(self._on_press),
                InlineQueryHandler(self._on_inline_query),
            )
        )
        application.add_error_handler(self._on_error)
        return application

    async def _connect(self, application: Application[Any, Any, Any, Any, Any, Any]) -> None:
        quiet_about_tokens()
        for pause_s in (*self._connect_pauses_s, None):
            try:
                await application.initialize()
                break
            except InvalidToken:
                raise TelegramTokenError from None  # the library's sentence holds the token
            except (NetworkError, TelegramError) as error:
                if pause_s is None:
                    raise TelegramUnreachableError(_reason(error)) from None
                _log.warning("Telegram does not answer yet (%s), trying again in %g s", _reason(error), pause_s)
                await asyncio.sleep(pause_s)
        if application.updater is None:
            msg = "an application that polls has an updater"
            raise RuntimeError(msg)
        try:
            await application.updater.start_polling(
                allowed_updates=KEPT_UPDATES,
                bootstrap_retries=len(self._connect_pauses_s),
                error_callback=_note_polling_error,
            )
        except InvalidToken:
            raise TelegramTokenError from None
        except TelegramError as error:
            raise TelegramUnreachableError(_reason(error)) from None
        await application.start()
        self._watch.heard(HTTPStatus.OK)  # the first long poll has still to end

    def _end(self, error: TelegramChatError) -> None:
        ended = self._ended
        if ended is None or ended.done():
            return
        _log.error("Telegram: %s", error)
        ended.set_exception(error)
        ended.exception()  # nobody need wait for it

    # --- what comes in -----------------------------------------------------------------------------------------------

    async def _on_message(self, update: Update, context: _Context) -> None:
        message = update.message
        if message is None or message.from_user is None:
            return
        text = said_to_bot(message, context.bot.bot)
        if text is None or _is_stale(message):
            return
        spot = _answer_spot(message)
        place = place_of(message.chat, message.from_user, topic=spot.topic)
        command = text.split(maxsplit=1)[0].split("@")[0].lower()
        action = ChatAction.TYPING if command in _TEXT_COMMANDS else ChatAction.UPLOAD_PHOTO
        async with self._sender.acting(spot, action):
            place = await with_rights(place, message, text, self._sender, context.bot)
            outgoing = await self._handlers.said(text, place)
        is_welcome = command == "/start" and not outgoing.buttons
        keyboard = examples_keyboard(self._handlers.suggestions("")) if is_welcome else None
        await self._sender.answer(outgoing, spot, keyboard=keyboard)

    async def _on_press(self, update: Update, context: _Context) -> None:
        del context
        if update.callback_query is not None:
            await self._presser.pressed(update.callback_query)

    async def _on_inline_query(self, update: Update, context: _Context) -> None:
        del context
        if update.inline_query is not None:
            await self._inline.asked(update.inline_query)

    async def _on_error(self, update: object, context: _Context) -> None:
        """Log what nobody expected under an id, and tell it to who met it; the chat goes on."""
        error = context.error
        if isinstance(error, TelegramError):
            _log.warning("Telegram: %s", error.message)
            return
        if not isinstance(error, Exception):
            return
        fault = fault_of(error)
        message = update.effective_message if isinstance(update, Update) else None
        if isinstance(message, Message):
            outgoing = Outgoing(reply=fault_reply(fault), is_brief=True)
            await self._sender.answer(outgoing, _answer_spot(message))


def _answer_spot(message: Message) -> Spot:
    """Return where the answer goes: in a group below the question, which others have written after."""
    is_private = message.chat.type == ChatType.PRIVATE
    return Spot(chat=message.chat.id, topic=topic_of(message), reply_to=None if is_private else message.message_id)


def _is_stale(message: Message) -> bool:
    age_s = (datetime.now(UTC) - message.date).total_seconds()
    if age_s > STALE_AFTER_S:
        _log.info("a message of %.0f min ago is left unanswered", age_s / 60)
    return age_s > STALE_AFTER_S


def _note_polling_error(error: TelegramError) -> None:
    """Note in a line what the library would log with a traceback; the watch decides what ends the chat."""
    _log.warning("Telegram: no messages could be fetched (%s)", _reason(error))


def _reason(error: TelegramError) -> str:
    """Return what an error says, or what kind it is where its words may hold an address."""
    return error.message if "://" not in error.message else type(error).__name__
