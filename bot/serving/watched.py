"""What is known of every answer and every market, without who asked or what: for the log, and for the metrics."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass, replace
from typing import Any

from bot.alerts.alert_desk import AlertDesk
from bot.cooldown import Cooldown
from bot.handlers import Handlers, Outcome, Outgoing
from bot.log import request_begun
from bot.preferences import Place, PreferenceStore
from bot.presses import Press
from bot.redaction import redacted
from bot.replies import Reply, fault_reply
from bot.reports.report_desk import ReportDesk
from bot.requests import Request
from bot.service.service import AnswerService
from bot.track.keeping import AnswerKeeper
from bot.track.track_desk import TrackDesk
from bot.wordsmith import Wordsmith
from engine.errors import DataUnavailableError
from engine.market import Market
from engine.sources.base import Source

_WORD_START = re.compile(r"(?<!^)(?=[A-Z])")
_OWNER = re.compile(r"\s*/owner(?:@\w+)?(?:\s+status)?\s*", re.IGNORECASE)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """One message or press that was answered.

    intent: the kind of request, such as liq, "none" where nothing was understood; symbol: one that the source lists,
    for any other is text that somebody wrote; took_s: from the message's arrival here to the finished answer [s];
    is_cached: it was there already; error_id: what the log calls a fault of ours.
    """

    platform: str
    intent: str
    symbol: str | None
    outcome: Outcome
    took_s: float
    is_cached: bool
    error_id: str | None


class WatchedHandlers(Handlers):
    """The handlers of every chat, watched; and the owner's questions about the process itself.

    owns: whether a person of a platform runs this process; status: what such a person is told.
    """

    def __init__(  # the composition's values, each used as it is
        self,
        service: AnswerService,
        preferences: PreferenceStore,
        cooldown: Cooldown,
        *,
        observe: Callable[[Handled], None],
        owns: Callable[[str, int], bool],
        status: Callable[[], Reply],
        wordsmith: Wordsmith | None = None,
        reports: ReportDesk | None = None,
        alerts: AlertDesk | None = None,
        track: TrackDesk | None = None,
        keeper: AnswerKeeper | None = None,
    ) -> None:
        super().__init__(service, preferences, cooldown, wordsmith, reports, alerts, track, keeper)
        self._observe = observe
        self._owns = owns
        self._status = status

    async def said(self, text: str, place: Place) -> Outgoing:
        """Answer a message; the owner's /owner is answered to the owner, and is unknown to everybody else."""
        if _OWNER.fullmatch(text) and self._owns(place.platform, place.user):
            return Outgoing(reply=self._status(), is_brief=True)
        return await self._watched(super().said(text, place), place)

    async def asked(self, request: Request, place: Place) -> Outgoing:
        """Answer a request, such as a command whose options the platform has read."""
        return await self._watched(super().asked(request, place), place)

    async def went_on(self, about: Callable[[str], Request], place: Place) -> Outgoing:
        """Answer a request about no symbol, which is then the conversation's."""
        return await self._watched(super().went_on(about, place), place)

    async def pressed(self, press: Press, place: Place) -> Outgoing:
        """Answer a button."""
        return await self._watched(super().pressed(press, place), place)

    async def _watched(self, answering: Coroutine[Any, Any, Outgoing], place: Place) -> Outgoing:
        with request_begun():
            began_s = time.perf_counter()
            outgoing = _without_secrets(await answering)
            took_s = time.perf_counter() - began_s
            handled = _handled(outgoing, place, took_s=took_s, known=self._service.known_symbols())
            self._observe(handled)
            _log.info("answered", extra=_fields(handled))
            return outgoing


def _without_secrets(outgoing: Outgoing) -> Outgoing:
    fault = outgoing.reply.fault
    if fault is None:
        return outgoing
    return replace(outgoing, reply=fault_reply(replace(fault, text=redacted(fault.text)), outgoing.reply.symbol))


def _handled(outgoing: Outgoing, place: Place, *, took_s: float, known: Collection[str]) -> Handled:
    request, fault, symbol = outgoing.request, outgoing.reply.fault, outgoing.reply.symbol
    return Handled(
        platform=place.platform,
        intent="none" if request is None else _WORD_START.sub("_", type(request).__name__).lower(),
        symbol=symbol if symbol in known else None,
        outcome=outgoing.outcome,
        took_s=took_s,
        is_cached=outgoing.is_cached,
        error_id=None if fault is None else fault.error_id,
    )


def _fields(handled: Handled) -> dict[str, object]:
    """Return what a log line holds of it: no text that somebody wrote, and nobody's name."""
    fields: dict[str, object] = {
        "platform": handled.platform,
        "intent": handled.intent,
        "symbol": handled.symbol,
        "outcome": handled.outcome,
        "took_ms": round(1000 * handled.took_s),
        "cached": handled.is_cached,
    }
    return fields if handled.error_id is None else {**fields, "error": handled.error_id}


class WatchedSource:
    """Another source, whose silent venues are told to `failed` by name; "all" where no venue gave an answer."""

    def __init__(self, source: Source, failed: Callable[[str], None]) -> None:
        self._source = source
        self._failed = failed
        self.name = source.name

    def symbols(self) -> tuple[str, ...]:
        """Return the symbols that can be asked for."""
        return self._source.symbols()

    def known_symbols(self) -> tuple[str, ...]:
        """Return the same from memory."""
        return self._source.known_symbols()

    def market(self, symbol: str, as_of_s: int | None = None) -> Market:
        """Return the market, and tell which venues are missing in it."""
        try:
            market = self._source.market(symbol, as_of_s)
        except DataUnavailableError:
            self._failed("all")
            raise
        for missing in market.missing:
            if missing.input == "venue" and missing.venue is not None:
                self._failed(missing.venue)
        return market
