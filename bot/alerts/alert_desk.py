"""The desk where people set, see and change alerts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from bot.alerts.alert_reply import (
    alert_buttons,
    guide_buttons,
    guide_reply,
    listed_reply,
    removed_reply,
    set_reply,
)
from bot.alerts.alert_words import EXAMPLES
from bot.alerts.kept_alerts import AlertStore, KeptAlert, NewAlert
from bot.alerts.quiet_hours import QuietHours
from bot.deliveries.delivery import Destination
from bot.preferences import Place, Preferences
from bot.requests import Alert, RequestError
from bot.settings_desk import Said
from engine.alert_values import Alert as Watched
from engine.alerts import begin
from engine.findings import Findings
from engine.windows import HOUR_S

PAUSED_BY_HAND = "paused with /alert pause"
"""The reason that stands where a person paused it."""
_SIMULATED = "Prices are simulated here, so that no alert is set: there is nothing real to watch."


class Readings(Protocol):
    """Where the desk reads markets."""

    async def newest(self, symbol: str, venue: str | None) -> Findings:
        """Return what an answer to `/liq` would publish now.

        Raises:
            RequestError: there is none; the sentence says why.

        """
        ...

    def remember(self, place: Place, findings: Findings) -> None:
        """Note what a person was shown."""
        ...

    def last(self, place: Place, symbol: str) -> Findings | None:
        """Return what a person was shown last of a symbol, None where that is not remembered."""
        ...


class AlertDesk:
    """Answers `/alert` from one store; clock: Unix seconds."""

    def __init__(self, store: AlertStore, readings: Readings, clock: Callable[[], float]) -> None:
        self._store = store
        self._readings = readings
        self._clock = clock

    async def answer(self, request: Alert, place: Place, liked: Preferences) -> Said:
        """Do what is asked, and say what is watched then.

        Raises:
            RequestError: it cannot be watched, there is none of this number, it is somebody else's, or one too many.
            StorageError: the database fails; nothing was changed.

        """
        match request.action:
            case "add" if request.symbol is not None and request.kind is not None:
                return await self._add(request, request.symbol, place, liked)
            case "guide" | "add":
                return Said(guide_reply(request.symbol), guide_buttons(request.symbol, asker=place.user))
            case "pause" | "resume" | "remove":
                return await self._change(request, place)
        return await self._listed(place)

    def shown(self, place: Place, findings: Findings) -> None:
        """Note the reading that a person was shown, for an alert on its conditions."""
        self._readings.remember(place, findings)

    async def _listed(self, place: Place) -> Said:
        if place.community is None:
            alerts = await self._store.of_person(place.platform, place.user)
        else:
            alerts = await self._store.of_chat(place.platform, place.chat)
        return Said(listed_reply(alerts, place), alert_buttons(alerts, place))

    async def _add(self, request: Alert, symbol: str, place: Place, liked: Preferences) -> Said:
        venue = request.venue or liked.venue
        newest = await self._readings.newest(symbol, venue)
        if newest.source == "simulated":
            raise RequestError(_SIMULATED, (f"/liq {symbol}",))
        basis = self._basis(request, newest, place)
        watched = Watched(
            kind=request.kind or "price",
            threshold=request.threshold,
            direction=request.direction,
            repeats=request.repeats,
            cooldown_s=request.cooldown_s or HOUR_S,
            basis=basis,
        )
        quiet = None
        if request.quiet is not None:
            quiet = QuietHours(begins=request.quiet[0], ends=request.quiet[1], time_zone=liked.time_zone)
        new = NewAlert(
            goes_to=_destination(request, place),
            symbol=symbol,
            watched=watched,
            state=begin(watched, at_s=newest.as_of_s, price=newest.price, findings=newest),
            created_s=int(self._clock()),
            venue=venue,
            quiet=quiet,
        )
        kept = await self._store.add(new)
        return Said(set_reply(kept, newest), alert_buttons((kept,), place))

    def _basis(self, request: Alert, newest: Findings, place: Place) -> Findings | None:
        """Return the reading that is watched, None where none is.

        Raises:
            RequestError: there is nothing in it to watch, or nobody remembers it.

        """
        symbol = newest.symbol
        if request.kind == "condition":
            last = self._readings.last(place, symbol)
            if last is None or last.source == "simulated":
                problem = f"I do not remember a reading of {symbol} that you asked for."
                raise RequestError(problem, (f"/liq {symbol}", f"/alert {symbol} invalidated"))
            basis = last
        elif request.kind in ("sweep", "invalidated"):
            basis = newest
        else:
            return None
        if request.kind == "sweep" and not any(zone.clear for zone in basis.zones):
            raise RequestError(
                f"No zone of {symbol} is clear enough to be watched now.", (f"/zones {symbol}", EXAMPLES[0])
            )
        if request.kind != "sweep" and not basis.invalidation:
            raise RequestError(f"That reading of {symbol} has no condition to watch.", (f"/liq {symbol}", EXAMPLES[0]))
        return basis

    async def _change(self, request: Alert, place: Place) -> Said:
        kept = await self._meant(request, place)
        if request.action == "remove":
            await self._store.remove(kept.id)
            return Said(removed_reply(kept))
        if request.action == "pause":
            await self._store.pause(kept.id, PAUSED_BY_HAND)
            return await self._listed(place)
        newest = await self._readings.newest(kept.symbol, kept.venue)
        if newest.source == "simulated":
            raise RequestError(_SIMULATED, ("/alert list",))
        anew = begin(kept.watched, at_s=newest.as_of_s, price=newest.price, findings=newest)
        memory = anew.memory if kept.watched.basis is None else kept.state.memory  # what was told of it stays told
        state = replace(anew, memory=memory, fired_s=kept.state.fired_s)
        await self._store.resume(kept.id, state)
        return await self._listed(place)

    async def _meant(self, request: Alert, place: Place) -> KeptAlert:
        """Return the alert of the number, or the only one, that who asks may change.

        Raises:
            RequestError: there is none, or it is somebody else's.

        """
        again = (f"/alert {request.action} 3", "/alert list")
        if request.number is None:
            mine = await self._store.of_person(place.platform, place.user)
            if len(mine) == 1:
                return mine[0]
            raise RequestError("Which alert? Its number is in the list." if mine else "You have no alert.", again)
        kept = await self._store.numbered(request.number)
        if kept is None or not _may_change(kept, place):
            raise RequestError(f"You have no alert {request.number}.", ("/alert list", EXAMPLES[0]))
        return kept


def _may_change(kept: KeptAlert, place: Place) -> bool:
    """Say whether it is theirs, or goes to this chat, which they may configure."""
    if kept.goes_to.platform != place.platform:
        return False
    of_chat = place.community is not None and kept.goes_to.chat == place.chat and place.may_configure
    return kept.goes_to.owner == place.user or of_chat


def _destination(request: Alert, place: Place) -> Destination:
    """Return where it is told; alone with the bot the person's own number stands for that conversation."""
    here = Destination(
        platform=place.platform,
        chat=place.chat,
        owner=place.user,
        topic=place.topic,
        community=place.community,
    )
    is_theirs = request.is_private or place.community is None
    return replace(here.of_owner if is_theirs else here, is_silent=request.is_silent)
