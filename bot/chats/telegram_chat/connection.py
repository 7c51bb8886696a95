"""How Telegram is reached: its addresses, how long it may take, and what the libraries on the way may log."""

from __future__ import annotations

import logging

BASE_URL = "https://api.telegram.org/bot"
BASE_FILE_URL = "https://api.telegram.org/file/bot"
READ_TIMEOUT_S = 20.0
"""How long an answer of the server may take: an upload of a picture is read there first."""

_LOUDEST = {
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
    "telegram": logging.WARNING,
    "telegram.request": logging.CRITICAL,
}
"""What libraries may log: below WARNING they tell addresses with the token in them, and of each fault of the server
its whole page, before it is tried again."""


def quieten_libraries() -> None:
    """Keep addresses with the token in them out of the log."""
    for name, level in _LOUDEST.items():
        logging.getLogger(name).setLevel(level)
