"""What went wrong, in words: one table from errors to sentences, and an id for what nobody expected."""

from __future__ import annotations

import logging
import secrets

from bot.log import current_request
from bot.redaction import redacted
from bot.replies import Fault
from bot.requests import RequestError
from bot.sections import ConfigError
from bot.storage.errors import StorageError
from engine.errors import (
    EngineError,
    NotEnoughDataError,
    UnknownModelError,
    UnknownSymbolError,
)

_log = logging.getLogger(__name__)

_ADVICE: tuple[tuple[type[Exception], str], ...] = (
    (UnknownSymbolError, "Write a symbol as in /liq BTC."),
    (UnknownModelError, "/models says what each one assumes."),
    (NotEnoughDataError, "Ask about a later moment, or with a longer recording."),
    (EngineError, ""),
    (RequestError, ""),
    (ConfigError, ""),
    (StorageError, ""),
)
"""The expected errors, the narrower first, and what to do about each; their own sentences say what is wrong."""


def fault_of(error: Exception) -> Fault:
    """Return what to say about an error; one that nobody expected is logged under an id that the sentence names."""
    if isinstance(error, OSError):
        return Fault(text=redacted(_file_sentence(error)))
    for kind, advice in _ADVICE:
        if isinstance(error, kind):
            return Fault(text=redacted(f"{error} {advice}".strip()))
    return _unexpected(error)


def _file_sentence(error: OSError) -> str:
    """Return what a file or folder refused, without the number that the operating system gives it."""
    reason = error.strerror or type(error).__name__
    path = f"{error.filename}: " if error.filename else ""
    return f"{path}{reason}. Check the path, its permissions and the free space."


def _unexpected(error: Exception) -> Fault:
    error_id = current_request() or secrets.token_hex(4)
    _log.error("unexpected error %s", error_id, exc_info=error)
    text = f"That is a fault of Fathom, not yours (error {error_id}). Please report it with this number."
    return Fault(text=text, error_id=error_id)
