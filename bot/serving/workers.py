"""A worker of a serving process: warm, and silent, for what it meets travels home with its answer."""

from __future__ import annotations

import logging

from bot.service.work import warm_up


def prepare_worker() -> None:
    """Make this process ready to answer; the log is written by the process that asked."""
    logging.basicConfig(handlers=[logging.NullHandler()], force=True)
    warm_up()
