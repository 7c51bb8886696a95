"""What must never be seen: the secrets of the settings, taken out of everything that a process writes or says."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, TextIO
from urllib.parse import quote

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

STANDS_FOR = "[secret]"
SHORTEST = 6
"""A shorter value stands in too many innocent words to be taken out of them; inside addresses it is found anyway."""

_TELEGRAM_TOKEN = re.compile(r"(?<!\d)\d{6,12}:[\w-]{30,}")
"""A token of the Bot API, in the middle of an address too, where no word begins before it."""
_PASSWORD_IN_URL = re.compile(r"(?<=://)([^/\s:@'\"]*):[^/\s@'\"]+@")

_log = logging.getLogger(__name__)


class Redactor:
    """Takes secrets out of texts: those it was told of, and what looks like one."""

    def __init__(self) -> None:
        self._known: frozenset[str] = frozenset()
        self._pattern: re.Pattern[str] | None = None

    def learn(self, values: Iterable[str]) -> None:
        """Take these values out of every text from now on, in each way that they are written down."""
        self._known |= {form for value in values if len(value) >= SHORTEST for form in _forms(value)}
        longest_first = sorted(self._known, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def __call__(self, text: str) -> str:
        """Return the text without secrets."""
        if self._pattern is not None:
            text = self._pattern.sub(STANDS_FOR, text)
        return _PASSWORD_IN_URL.sub(rf"\1:{STANDS_FOR}@", _TELEGRAM_TOKEN.sub(STANDS_FOR, text))


redacted = Redactor()
"""The one of this process: what it must not say does not depend on who is speaking."""


def _forms(value: str) -> set[str]:
    """Return a value as it stands in a text, in a literal of Python, in an address, and in JSON that holds these."""
    plain = {value, repr(value)[1:-1], quote(value), quote(value, safe="")}
    in_json = {json.dumps(form, ensure_ascii=ascii_)[1:-1] for form in plain for ascii_ in (True, False)}
    return plain | in_json


class RedactedFormatter(logging.Formatter):
    """Formats as another one does, message and traceback, and takes the secrets out of the whole."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        """Return the line without secrets."""
        return redacted(self._inner.format(record))


class RedactedStream(io.TextIOBase):
    """A console that secrets do not reach, whoever prints."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]  # read-only here
        """The encoding of the console."""
        return self._stream.encoding

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def isatty(self) -> bool:
        """Say whether somebody looks."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """Return the console's own."""
        return self._stream.fileno()

    def write(self, text: str) -> int:
        """Write without secrets; a secret is found where one call holds it whole."""
        self._stream.write(redacted(text))
        return len(text)

    def flush(self) -> None:
        """Let what was written leave."""
        self._stream.flush()


@contextmanager
def guarded_output() -> Iterator[None]:
    """Let no secret reach the console until the block ends; errors that nobody caught go to the log."""
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    streams = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = RedactedStream(sys.stdout), RedactedStream(sys.stderr)
    sys.excepthook, threading.excepthook, sys.unraisablehook = _log_uncaught, _log_in_thread, _log_unraisable
    try:
        yield
    finally:
        sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
        sys.stdout, sys.stderr = streams


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    _log.critical("nobody caught this", exc_info=(kind, error, trace))


def _log_in_thread(args: threading.ExceptHookArgs) -> None:
    name = args.thread.name if args.thread is not None else "one that has ended"
    if args.exc_value is not None:
        _log.critical("nobody caught this in thread %s", name, exc_info=args.exc_value)


def _log_unraisable(args: UnraisableHookArgs) -> None:
    _log.error("nobody could be told of this", exc_info=args.exc_value)
