"""Alerts that fired → one message: a line each with numbers and time, and the picture of the level if there is one."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from bot.alerts.told import Told, told_in
from bot.deliveries.delivery import Delivery, NothingToSendError, Prepared
from bot.handlers import Outgoing
from bot.presses import buttons_for
from bot.replies import Line, Reply, block
from bot.requests import Level
from bot.service.answer import Answer, Order
from bot.wording import FORCED, disclaimer_blocks
from engine.alert_values import Crossed, Entered, Flipped, Met, RanOut, ScoredBand, Swept
from engine.results import Side
from engine.text import band_text, duration_text, moment_text, price_text, venue_text

LATE_FROM_S = 300
"""An alert that comes sooner than this after it came about is not called late: a look is at most as old as a bar."""
MOST_LINES = 20
_WAYS: dict[Side, str] = {"above": "upwards", "below": "downwards"}
_SIDES: dict[Side, str] = {"above": "an upside sweep", "below": "a downside sweep"}


class Answers(Protocol):
    """Who answers questions."""

    async def answer(self, order: Order) -> Answer:
        """Return the answer to an order."""
        ...


class AlertPreparer:
    """Makes the messages of alerts."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    async def prepare(self, delivery: Delivery, *, now_s: int) -> Prepared:
        """Return the message of a delivery; a picture that cannot be had is left out.

        Raises:
            NothingToSendError: its content cannot be read.
            BusyError: too many questions are waiting.

        """
        try:
            told = told_in(delivery.content)
        except ValueError:
            raise NothingToSendError("What came about cannot be read any more.") from None
        outgoing = message_of(told, now_s=now_s)
        request = _level_of(told)
        if request is None:
            return Prepared(outgoing=outgoing)
        answer = await self._answers.answer(Order(request=request))
        if answer.drawing is None:
            return Prepared(outgoing=outgoing)
        rows = buttons_for(request, asker=delivery.destination.owner)
        return Prepared(outgoing=replace(outgoing, request=request, drawing=answer.drawing, buttons=rows))


def message_of(told: tuple[Told, ...], *, now_s: int) -> Outgoing:
    """Return the words of alerts, in the order in which they came about; `now_s` [Unix s]: it says what is late."""
    ordered = sorted(told, key=lambda each: (each.fired.at_s, each.alert))
    lines = [_line(each, now_s) for each in ordered[:MOST_LINES]]
    if len(ordered) > MOST_LINES:
        lines.append(Line(text=f"And {len(ordered) - MOST_LINES} more alerts fired."))
    over = [str(each.alert) for each in ordered if each.is_over]
    done = block("notes", Line(text=f"Told once and removed: {', '.join(over)}.", tone="muted")) if over else ()
    blocks = (*block("headline", *lines), *done, *disclaimer_blocks())
    return Outgoing(reply=Reply(blocks=blocks, symbol=ordered[0].symbol if ordered else None))


def _line(told: Told, now_s: int) -> Line:
    fired, venue = told.fired, "" if told.venue is None else f" on {venue_text(told.venue)}"
    parts = [f"{told.symbol}{venue} {_event_text(told)}", moment_text(fired.at_s), f"price {price_text(fired.price)}"]
    if now_s - fired.at_s > LATE_FROM_S:
        parts.append(f"told {duration_text(now_s - fired.at_s)} later")
    if fired.held_back:
        parts.append(f"{fired.held_back} more in the meantime were not told")
    return Line(label=f"ALERT {told.alert}", text=", ".join(parts) + ".", tone="strong")


def _event_text(told: Told) -> str:
    match told.fired.event:
        case Crossed(side=side, level=level):
            return f"crossed {price_text(level)} {_WAYS[side]}"
        case Entered(zone=zone):
            return f"entered the zone {_zone_text(zone)}, where {FORCED[zone.side]} is modelled"
        case Swept(zones=zones, published_s=published_s):
            swept = " and ".join(_zone_text(zone) for zone in zones)
            return f"swept {swept}, of the reading of {moment_text(published_s)}"
        case Flipped(side=side, before=before, since_s=since_s):
            instead = "where no side was" if before is None else f"no longer {_SIDES[before]}"
            return f"now favours {_SIDES[side]} (unproven), {instead}, since {moment_text(since_s)}"
        case Met(conditions=conditions, published_s=published_s):
            return f"proved the reading of {moment_text(published_s)} wrong: {' · '.join(conditions)}"
        case RanOut(published_s=published_s):
            return f"did not prove the reading of {moment_text(published_s)} wrong before it was too old to tell"


def _zone_text(zone: ScoredBand) -> str:
    return f"{band_text(zone.low, zone.high)} (score {zone.score:.0f})"


def _level_of(told: tuple[Told, ...]) -> Level | None:
    """Return the level whose picture is shown: of the first alert that has one."""
    for each in told:
        match each.fired.event:
            case Crossed(level=price) | Entered(zone=ScoredBand(price=price)):
                return Level(symbol=each.symbol, venue=each.venue, price=price)
            case Swept(zones=(ScoredBand(price=price), *_)):
                return Level(symbol=each.symbol, venue=each.venue, price=price)
    return None
