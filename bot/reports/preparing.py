"""A report that is due → its message: its answers, what the last one showed, what changed, and both kept.

    delivery ─► order ─► answers of each symbol at one moment ─► what the last report showed ─► composed ─► said when

Everybody whose report has the same symbols, maps and look shares the answers and pictures; who also saw the same last
report shares what changed.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

from bot.about_reply import no_track_reply
from bot.deliveries.delivery import Delivery, NothingToSendError, Prepared
from bot.handlers import Outgoing
from bot.local_times import told_in
from bot.presses import buttons_for
from bot.replies import Reply
from bot.reports.composing import Occasion, Part, on, report_of
from bot.reports.publications import Publications, Published, asked_text
from bot.reports.subscriptions import Subscription, SubscriptionStore, Terms
from bot.requests import Liq, Questions
from bot.service.answer import Answer, Order
from bot.track.track_desk import TrackDesk
from engine.findings import Findings
from engine.windows import window_named

SIMULATED = "simulated"
TRIES = 4
"""How often what is missing is waited for: some half a minute, by the pauses of deliveries. Then the report says so."""
SAME_MOMENT_TRIES = 3
"""How often the answers of one report are asked for again where a new bar came between them."""
REMEMBERED = 2_000
"""Findings kept in memory, each some twenty kilobytes."""


class Answers(Protocol):
    """Who answers questions."""

    @property
    def source_name(self) -> str:
        """Return where the markets come from."""
        ...

    async def answer(self, order: Order) -> Answer:
        """Return the answer to an order."""
        ...


class NotYetError(Exception):
    """An answer that the report needs is not there; the sentence says why."""


class ReportPreparer:
    """Makes the messages of reports."""

    def __init__(
        self,
        answers: Answers,
        subscriptions: SubscriptionStore,
        publications: Publications,
        track: TrackDesk | None = None,
    ) -> None:
        self._answers = answers
        self._subscriptions = subscriptions
        self._publications = publications
        self._track = track
        self._read: OrderedDict[int, Published | None] = OrderedDict()
        self._numbers: OrderedDict[tuple[str, str, str, int], int] = OrderedDict()

    async def prepare(self, delivery: Delivery, *, now_s: int) -> Prepared:
        """Return the message of a report.

        Raises:
            NothingToSendError: it was removed, or the markets are simulated.
            NotYetError: an answer is missing, and may be there soon.
            BusyError: too many questions are waiting.
            StorageError: the database fails.

        """
        if self._answers.source_name == SIMULATED:
            raise NothingToSendError("Simulated markets are never sent in reports.")
        subscription = await self._subscriptions.find(delivery.subject)
        if subscription is None:
            raise NothingToSendError("The report was removed.")
        terms = subscription.terms
        asked = asked_text(request_of(terms, terms.symbols[0]))
        before = [each for each in await self._before(subscription) if each.asked == asked]
        by_symbol = {each.findings.symbol: each.findings for each in before}
        parts = await asyncio.gather(*(self._part(terms, symbol, by_symbol.get(symbol)) for symbol in terms.symbols))
        why = next((part.liq.reply.fault for part in parts if part.liq.reply.fault is not None), None)
        if why is not None and delivery.attempts < TRIES:
            raise NotYetError(why.text)
        outgoing = _finished(await self._composed(parts, subscription), delivery, terms, now_s=now_s)
        if json.loads(delivery.content).get("now"):  # a test: the next report compares with the last one that was due
            return Prepared(outgoing=outgoing)
        return Prepared(outgoing=outgoing, shown=await self._shown(parts, asked, before))

    async def _part(self, terms: Terms, symbol: str, before: Findings | None) -> Part:
        """Return one symbol's answers, all of one moment."""
        request = request_of(terms, symbol)
        whole = Order(request=request, theme=terms.theme or "dark")
        asking = Questions(symbol=symbol, window=request.window, model=request.model, venue=request.venue)
        checklist = Order(request=asking, theme=whole.theme, draw=False, since=before)
        for _ in range(SAME_MOMENT_TRIES):
            liq, questions = await asyncio.gather(self._answers.answer(whole), self._answers.answer(checklist))
            if liq.reply.fault is not None:
                return Part(symbol=symbol, liq=liq, questions=questions)
            if _moment(liq) == _moment(questions):
                return Part(symbol=symbol, liq=liq, questions=questions, changes=questions.changes)
        if questions.reply.fault is not None:
            raise NotYetError(questions.reply.fault.text)
        raise NotYetError("New bars came between the answers.")

    async def _before(self, subscription: Subscription) -> list[Published]:
        """Return what the last report showed."""
        found = [await self._published(number) for number in subscription.shown]
        return [each for each in found if each is not None]

    async def _published(self, number: int) -> Published | None:
        """Return findings, the same object each time, by which equal orders are known as equal."""
        if number not in self._read:
            found = await self._publications.find(number)
            self._read.setdefault(number, found)
            _let_go(self._read)
        return self._read[number]

    async def _shown(self, parts: Sequence[Part], asked: str, before: Sequence[Published]) -> str:
        """Keep what is shown and return its numbers; of a symbol without an answer, what was shown last."""
        numbers = [await self._kept(part.liq.findings, asked) for part in parts if part.liq.findings is not None]
        silent = {part.symbol for part in parts if part.liq.findings is None}
        numbers += [each.number for each in before if each.findings.symbol in silent]
        return " ".join(map(str, numbers))

    async def _composed(self, parts: Sequence[Part], subscription: Subscription) -> Outgoing:
        terms = subscription.terms
        symbol = terms.symbols[0] if len(terms.symbols) == 1 else None
        track = await self._record(symbol) if terms.rhythm == "weekly" else None
        return report_of(parts, is_first=not subscription.shown, track=track)

    async def _record(self, symbol: str | None) -> Reply:
        told = None if self._track is None else await self._track.answer(symbol)
        return no_track_reply(symbol) if told is None else told.reply

    async def _kept(self, findings: Findings, asked: str) -> int:
        key = findings.symbol, asked, findings.source, findings.as_of_s
        if key not in self._numbers:
            self._numbers[key] = await self._publications.keep(findings, asked=asked)
            _let_go(self._numbers)
        return self._numbers[key]


def request_of(terms: Terms, symbol: str) -> Liq:
    """Return the question that a report asks about one symbol."""
    window = None if terms.window is None else window_named(terms.window)
    return Liq(symbol=symbol, window=window, model=terms.model, venue=terms.venue)


def _finished(outgoing: Outgoing, delivery: Delivery, terms: Terms, *, now_s: int) -> Outgoing:
    """Return the report as its reader gets it: said when, in their time zone, with the buttons of its answer."""
    missed = int(json.loads(delivery.content).get("missed", 0))
    outgoing = on(outgoing, Occasion(due_s=delivery.due_s, now_s=now_s, missed=missed))
    outgoing = replace(outgoing, reply=told_in(outgoing.reply, terms.time_zone), time_zone=terms.time_zone)
    if outgoing.request is None or outgoing.findings is None:
        return outgoing
    has_positions = outgoing.findings.has_positions
    buttons = buttons_for(outgoing.request, asker=delivery.destination.owner, has_positions=has_positions)
    return replace(outgoing, buttons=buttons)


def _moment(answer: Answer) -> int | None:
    return None if answer.findings is None else answer.findings.as_of_s


def _let_go(memory: OrderedDict[Any, Any]) -> None:
    while len(memory) > REMEMBERED:
        memory.popitem(last=False)
