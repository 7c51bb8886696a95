"""Where the log goes."""

from __future__ import annotations

import logging
import sys

_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


def log_to_file() -> None:
    """Send the log to the user's log folder, so that a terminal shows sentences and never a traceback."""
    from platformdirs import user_log_path  # not needed by who only asks for help

    try:
        path = user_log_path("fathom", ensure_exists=True) / "fathom.log"
        handler: logging.Handler = logging.FileHandler(path, encoding="utf-8", delay=True)
    except OSError:
        handler = logging.StreamHandler(sys.stderr)
    logging.basicConfig(handlers=[handler], level=logging.WARNING, format=_FORMAT)
