"""A recorder beside the chats: what no request can fetch later is collected while people are answered."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from bot.config import Settings
from bot.recording import Recording, recording_of
from bot.recording_words import Scribe
from engine.errors import EngineError, UnknownSymbolError
from engine.sources.base import Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.recording.reports import Report

AGAIN_AFTER_S = 60.0
"""When a recorder that could not go on is started anew."""

_log = logging.getLogger(__name__)


async def record_beside(settings: Settings, source: Source, *, again_after_s: float = AGAIN_AFTER_S) -> None:
    """Record what the settings name until cancelled; at once done where there is nothing to record.

    What goes wrong is logged, and never reaches the chats.
    """
    recording = recording_of(settings, source) if settings.record.beside_chats else None
    if recording is None or not settings.record.symbols:
        return
    tell = _teller(recording)
    while True:
        try:
            await recording.run(settings.record.symbols, asyncio.Event(), tell)
        except UnknownSymbolError as error:
            _log.error("nothing is recorded: %s Mend [record] symbols.", error)
            return
        except EngineError as error:
            _log.warning("the recorder starts anew in %.0f s: %s", again_after_s, error)
        except Exception:  # noqa: BLE001 - whatever it is, people are answered on
            _log.exception("the recorder failed, and starts anew in %.0f s", again_after_s)
        await asyncio.sleep(again_after_s)


def _teller(recording: Recording) -> Callable[[Report], None]:
    """Return what logs the reports that tell of a change; what was read and stored is no news."""
    from engine.recording.journal import GivenUp, Waiting
    from engine.recording.reports import Listening, Trouble

    scribe = Scribe(recording.clock)

    def tell(report: Report) -> None:
        sentence = scribe.sentence(report)
        if sentence is not None and isinstance(report, Listening | Trouble | Waiting | GivenUp):
            _log.log(logging.INFO if isinstance(report, Listening) else logging.WARNING, "recorder: %s", sentence)

    return tell
