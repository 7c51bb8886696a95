"""The readings that alerts begin with: the newest one of a market, and the last one that a person was shown."""

from __future__ import annotations

from collections import OrderedDict
from typing import Protocol

from bot.preferences import Place
from bot.requests import Liq, RequestError
from bot.service.answer import Answer, Order
from engine.findings import Findings

REMEMBERED = 1_000
"""Readings kept in memory, each some twenty kilobytes; who asked longest ago asks again."""


class Answers(Protocol):
    """Who answers questions."""

    async def answer(self, order: Order) -> Answer:
        """Return the answer to an order."""
        ...


class ServiceReadings:
    """Readings from the service behind the chats; what was shown is remembered until this process ends."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._shown: OrderedDict[tuple[str, int, str], Findings] = OrderedDict()

    async def newest(self, symbol: str, venue: str | None) -> Findings:
        """Return what an answer to `/liq` would publish now.

        Raises:
            RequestError: there is none; the sentence says why.
            BusyError: too many questions are waiting.

        """
        answer = await self._answers.answer(Order(request=Liq(symbol=symbol, venue=venue), draw=False))
        if answer.findings is None:
            fault = answer.reply.fault
            raise RequestError("There is no reading now." if fault is None else fault.text, ("/alert list", "/help"))
        return answer.findings

    def remember(self, place: Place, findings: Findings) -> None:
        """Note what a person was shown."""
        key = (place.platform, place.user, findings.symbol)
        self._shown[key] = findings
        self._shown.move_to_end(key)
        if len(self._shown) > REMEMBERED:
            self._shown.popitem(last=False)

    def last(self, place: Place, symbol: str) -> Findings | None:
        """Return what a person was shown last of a symbol, None where that is not remembered."""
        return self._shown.get((place.platform, place.user, symbol))
