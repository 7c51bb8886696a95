"""The desk where people set up, see, pause and remove reports that come by themselves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import time
from typing import Protocol

from bot.deliveries.delivery import Destination
from bot.preferences import Place, Preferences
from bot.reports.report_reply import (
    added_reply,
    command_of,
    guide_reply,
    kept_buttons,
    list_buttons,
    list_reply,
    no_report_reply,
    step_of,
)
from bot.reports.subscriptions import (
    PAUSED_BY_HAND,
    Limits,
    Subscription,
    SubscriptionStore,
    Terms,
    TooManyError,
)
from bot.reports.timetable import EVERY_DAY, TimetableError
from bot.requests import Report, RequestError
from bot.settings_desk import Said
from engine.text import venue_text

USUAL_TIME = time(8)
"""When a report comes that names no time: as people begin their day (own assumption)."""
SIMULATED = "simulated"
"""The name of the source whose markets are invented."""
_SUGGESTED = 2
_EXAMPLE = "/report add BTC at 08:00 tz Europe/London"


class Markets(Protocol):
    """What the desk asks of the service behind a chat."""

    @property
    def source_name(self) -> str:
        """The name of the source that markets are read from."""
        ...

    def known_symbols(self) -> Collection[str]:
        """Return the symbols that can be asked for, from memory; none where nobody knows yet."""
        ...

    def suggest(self, text: str) -> tuple[str, ...]:
        """Return the symbols that may be meant by what was typed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What counts at a place where a message does not say: what is liked there, and what was talked about last."""

    liked: Preferences
    last_symbol: str | None = None

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbol that is meant, if any is."""
        symbol = self.last_symbol or self.liked.symbol
        return () if symbol is None else (symbol,)


class ReportDesk:
    """Answers `/report` from one store; venues: those that can be asked alone; clock: Unix s."""

    def __init__(
        self,
        store: SubscriptionStore,
        markets: Markets,
        clock: Callable[[], float],
        *,
        limits: Limits | None = None,
        venues: Sequence[str] = (),
    ) -> None:
        self._store = store
        self._markets = markets
        self._clock = clock
        self._limits = limits or Limits()
        self._venues = tuple(venues)

    async def answer(self, request: Report, place: Place, habits: Habits) -> Said:
        """Do what is asked, and say what counts then; moments in the reply are in UTC.

        Raises:
            RequestError: it cannot be done as it was asked, or who asks may not.
            EngineError: no model has this name.
            StorageError: the database fails; nothing was changed.

        """
        match request.action:
            case "add" | "guide":
                return await self._new(request, place, habits)
            case "list":
                return await self._listed(place)
            case _:
                return await self._changed(request, place)

    async def _new(self, request: Report, place: Place, habits: Habits) -> Said:
        self._refuse_invented()
        _refuse_unless_allowed(place)
        meant = request
        if request.action == "add":
            meant = replace(request, symbols=request.symbols or habits.symbols)
        step = step_of(meant)
        if step is not None:
            favoured = (*habits.symbols, *self._markets.suggest(""))
            return Said(*guide_reply(meant, step, favoured, habits.liked.time_zone, asker=place.user))
        terms = self._terms(meant, place, habits.liked)
        try:
            added = await self._store.add(terms, self._limits, now_s=self._now_s())
        except TooManyError as error:
            raise RequestError(str(error), ("/report list",)) from None
        except TimetableError as error:
            raise RequestError(str(error), (_EXAMPLE,)) from None
        return Said(added_reply(added, place), kept_buttons(added, asker=place.user))

    async def _listed(self, place: Place, done: str | None = None) -> Said:
        found = await self._shown_at(place)
        if not found:
            return Said(no_report_reply(done))
        return Said(list_reply(found, place, done), list_buttons(found, asker=place.user))

    async def _changed(self, request: Report, place: Place) -> Said:
        found = await self._meant(request, place)
        number, now_s = found.number, self._now_s()
        if request.action == "remove":
            await self._store.remove(number, now_s=now_s)
            return await self._listed(place, f"Report {number} is removed. Again: {command_of(found.terms)}")
        if request.action == "pause":
            await self._store.pause(number, PAUSED_BY_HAND, now_s=now_s)
            return await self._listed(place, f"Report {number} is paused.")
        self._refuse_invented()
        if request.action == "resume":
            try:
                await self._store.resume(number, now_s=now_s)
            except TimetableError as error:
                raise RequestError(str(error), (f"/report remove {number}",)) from None
            return await self._listed(place, f"Report {number} goes on.")
        is_new = await self._store.send_now(number, now_s=now_s)
        return await self._listed(
            place, f"Report {number} {'comes in a moment' if is_new else 'is under way already'}."
        )

    async def _shown_at(self, place: Place) -> tuple[Subscription, ...]:
        if place.community is None:
            return await self._store.of_person(place.platform, place.user)
        return await self._store.of_chat(place.platform, place.chat)

    async def _meant(self, request: Report, place: Place) -> Subscription:
        """Return the report that is meant and may be changed from here.

        Raises:
            RequestError: there is none, there are several, or who asks may not.

        """
        if request.number is None:
            shown = await self._shown_at(place)
            if len(shown) > 1:
                again = tuple(f"/report {request.action} {each.number}" for each in shown[:_SUGGESTED])
                raise RequestError("Which report?", (*again, "/report list"))
            found = shown[0] if shown else None
        else:
            found = await self._store.find(request.number)
        if found is None or not _is_here(found, place):
            which = "no report yet" if request.number is None else f"no report {request.number} here"
            raise RequestError(f"There is {which}.", ("/report list", _EXAMPLE))
        if place.community is not None:
            _refuse_unless_allowed(place)
        elif not found.terms.destination.is_private and request.action in ("resume", "test"):
            raise RequestError(f"Report {found.number} goes to a group: ask for that there.", ("/report list",))
        return found

    def _refuse_invented(self) -> None:
        if self._markets.source_name == SIMULATED:
            raise RequestError("Markets are simulated here, and invented numbers are never sent by themselves.")

    def _terms(self, request: Report, place: Place, liked: Preferences) -> Terms:
        rhythm = request.rhythm or "daily"
        has_time = rhythm in ("daily", "weekly")
        has_map = request.model or request.window
        return Terms(
            destination=_destination(request, place),
            symbols=self._symbols(request.symbols),
            rhythm=rhythm,
            local_time=(request.local_time or USUAL_TIME) if has_time else None,
            every_hours=request.every_hours,
            days=request.days or ((1,) if rhythm == "weekly" else EVERY_DAY),
            time_zone=request.time_zone or liked.time_zone,
            window=request.window.name if request.window else None if has_map else liked.window,
            model=_model(request.model) if request.model else None if has_map else liked.model,
            venue=self._venue(request.venue) or liked.venue,
            theme=liked.theme,
        )

    def _symbols(self, symbols: Sequence[str]) -> tuple[str, ...]:
        known = self._markets.known_symbols()
        for symbol in symbols:
            if known and symbol not in known:
                near = self._markets.suggest(symbol)[:_SUGGESTED] or tuple(known)[:1]
                raise RequestError(
                    f"There is no symbol “{symbol}” here.", tuple(f"/report add {each}" for each in near)
                )
        return tuple(symbols)

    def _venue(self, venue: str | None) -> str | None:
        if venue is not None and self._venues and venue not in self._venues:
            there = ", ".join(venue_text(each) for each in self._venues)
            raise RequestError(f"{venue_text(venue)} is not read here. There are: {there}.")
        return venue

    def _now_s(self) -> int:
        return int(self._clock())


def _model(name: str) -> str:
    from engine.models import model_named  # brings the compiler, which a chat has loaded by then

    return model_named(name).id


def _destination(request: Report, place: Place) -> Destination:
    """Return where it is sent; alone with the bot the person's own number stands for that conversation."""
    if request.where == "topic" and place.topic is None:
        raise RequestError("There is no topic here: write it in one, or leave that out.", ("/report add BTC here",))
    here = Destination(
        platform=place.platform,
        chat=place.chat,
        owner=place.user,
        topic=None if request.where == "channel" else place.topic,
        community=place.community,
        is_silent=request.is_silent,
    )
    return here if place.community is not None else replace(here.of_owner, is_silent=request.is_silent)


def _refuse_unless_allowed(place: Place) -> None:
    if place.community is not None and not place.may_configure:
        raise RequestError(
            "Only who may manage this chat has a say in its reports; alone with me everybody may have some."
        )


def _is_here(found: Subscription, place: Place) -> bool:
    """Say whether a report may be named here: in a community what goes there, alone with the bot what one set up."""
    to = found.terms.destination
    if to.platform != place.platform:
        return False
    return to.owner == place.user if place.community is None else to.community == place.community
