"""What fetching messages tells about the connection: that it works, or that the token or another process ends it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from telegram.error import InvalidToken
from telegram.request import HTTPXRequest

from bot.chats.telegram_chat.errors import TelegramChatError, TelegramConflictError, TelegramTokenError

CONFLICT_ENDS_AFTER_S = 60.0
"""Two processes may overlap while one takes over from the other; not for longer than this (own assumption)."""

_log = logging.getLogger(__name__)


class PollingWatch:
    """How the connection is, judged by the answers to the one request that never stops.

    ended: called once with what makes going on pointless. clock: seconds that only grow.
    """

    def __init__(
        self,
        ended: Callable[[TelegramChatError], None],
        *,
        conflict_ends_after_s: float = CONFLICT_ENDS_AFTER_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ended = ended
        self._conflict_ends_after_s = conflict_ends_after_s
        self._clock = clock
        self._in_conflict_since: float | None = None
        self.is_connected = False

    def heard(self, status: int) -> None:
        """Take the status of an answer."""
        self.is_connected = status == HTTPStatus.OK
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND):
            self._ended(TelegramTokenError())
        elif status == HTTPStatus.CONFLICT:
            self._conflict()
        elif status == HTTPStatus.OK:
            self._in_conflict_since = None

    def lost(self) -> None:
        """Take that there was no answer."""
        self.is_connected = False

    def _conflict(self) -> None:
        """Say it once; end where it lasts."""
        if self._in_conflict_since is None:
            self._in_conflict_since = self._clock()
            _log.error("%s", TelegramConflictError())
        if self._clock() - self._in_conflict_since >= self._conflict_ends_after_s:
            self._ended(TelegramConflictError())


def quiet_about_tokens() -> None:
    """Keep the library's traceback for a refused token out of the log: the chat ends with one sentence about it."""
    logging.getLogger("telegram.ext").addFilter(_is_no_token)  # the same filter is added once


def _is_no_token(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], InvalidToken))


class WatchedRequest(HTTPXRequest):
    """The library's own request, watched."""

    def __init__(self, watch: PollingWatch, **options: Any) -> None:  # noqa: ANN401 - the library's own options
        super().__init__(**options)
        self._watch = watch

    async def do_request(self, *args: Any, **options: Any) -> tuple[int, bytes]:  # noqa: ANN401 - see __init__
        """Make a request, and tell how it ended."""
        try:
            status, payload = await super().do_request(*args, **options)
        except Exception:
            self._watch.lost()
            raise
        self._watch.heard(status)
        return status, payload
