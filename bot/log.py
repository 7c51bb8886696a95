"""Where the log goes: sentences in a file for a command, JSON lines for a process that serves; never a secret."""

from __future__ import annotations

import logging
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from bot.redaction import RedactedFormatter

_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"
_QUIET = ("httpx", "httpx2", "httpcore", "apscheduler", "aiohttp.access", "alembic")
"""Libraries that tell every request, addresses included, where others tell what matters."""

_request: ContextVar[str | None] = ContextVar("request", default=None)


def log_to_file() -> None:
    """Send the log to the user's log folder, so that a terminal shows sentences and never a traceback."""
    from platformdirs import user_log_path  # not needed by who only asks for help

    try:
        path = user_log_path("fathom", ensure_exists=True) / "fathom.log"
        handler: logging.Handler = logging.FileHandler(path, encoding="utf-8", delay=True)
    except OSError:
        handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(RedactedFormatter(logging.Formatter(_FORMAT)))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)


def log_as_json(level: str, file: Path | None = None) -> None:
    """Send the log to a file or to standard error, one JSON object a line, and nowhere else.

    Each holds time, level, logger and message, the id of the request it belongs to, and what else was given. A file
    that was moved away by a rotation of logs is begun anew.

    Raises:
        OSError: the file cannot be written.

    """
    from logging.handlers import WatchedFileHandler

    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = WatchedFileHandler(file, encoding="utf-8")
    handler.setFormatter(RedactedFormatter(_json_formatter()))
    handler.addFilter(_with_request)
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    logging.captureWarnings(capture=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _json_formatter() -> logging.Formatter:
    from pythonjsonlogger.json import JsonFormatter  # not needed by a single answer

    names = {"levelname": "level", "name": "logger", "exc_info": "trace"}
    return JsonFormatter("{levelname}{name}{message}", style="{", rename_fields=names, timestamp="time")


def _with_request(record: logging.LogRecord) -> bool:
    request = _request.get()
    if request is not None:
        record.request = request
    return True


def current_request() -> str | None:
    """Return the id of the message or press that is being answered here, None outside of one."""
    return _request.get()


@contextmanager
def request_begun() -> Iterator[str]:
    """Give what is answered until the block ends an id, which log lines and a fault's sentence carry.

    Within another such block it is that one's: answering is a part of receiving, answering and sending.
    """
    outer = _request.get()
    if outer is not None:
        yield outer
        return
    request = secrets.token_hex(4)
    token = _request.set(request)
    try:
        yield request
    finally:
        _request.reset(token)
