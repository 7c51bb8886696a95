"""From what somebody wrote or pressed to what is sent back: the one set of handlers behind every chat.

    text ─► request ─┐
    button ─► press ─┴─► preferences ─► cooldown ─► service ─► Outgoing

A chat module translates its platform's messages into these calls, and an `Outgoing` into its platform's messages.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Literal

from bot.alerts.alert_desk import AlertDesk
from bot.cooldown import Cooldown, TooFastError
from bot.faults import fault_of
from bot.free_text import Talk
from bot.grammar import parse_request, symbol_or_last
from bot.local_times import told_in
from bot.preferences import Place, Preferences, PreferenceStore
from bot.presses import Button, OldButtonError, Press, buttons_for
from bot.replies import Block, Fault, Line, Reply, block, fault_reply
from bot.reports.report_desk import Habits, ReportDesk
from bot.requests import (
    Alert,
    ForgetMe,
    Liq,
    MarketRequest,
    NoAdviceError,
    Points,
    Privacy,
    Questions,
    Report,
    Request,
    RequestError,
    Settings,
    Track,
    Zones,
)
from bot.service.answer import Answer, Drawing, Order
from bot.service.service import AnswerService, BusyError
from bot.settings_desk import SettingsDesk
from bot.track.keeping import AnswerKeeper
from bot.track.track_desk import TrackDesk
from bot.wordsmith import PlainWords, Understood, Wordsmith
from engine.findings import Findings
from engine.windows import window_named

REMEMBERED_CHATS = 20_000
"""Chats of which the last request is remembered in memory; a longer silence starts a new conversation."""

PUBLISHING = (Liq, Zones, Questions, Points)
"""What tells zones, setup, bait and conditions, which the track record keeps and grades."""
NO_PICTURE = "That answer has no picture, so there is none in full size."

Outcome = Literal["answered", "refused", "too_fast", "busy", "failed"]
"""refused: not understood, or not to be had; failed: our own fault."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """What is sent back to one message or press.

    request: what it answers, None where nothing was understood; drawing: the picture, if there is one; more_drawings:
    pictures beside it in the same message, as of a digest, ten in all at most; as_file: it is wanted unchanged, as a
    file; buttons: rows of what can be pressed next; is_brief: a word to one person (a fault, a cooldown), which needs
    no message that everybody sees where the platform can do without; outcome: how it went; is_cached: the answer was
    there already; is_whole: all there is to read was asked for; time_zone: of the moments in the reply (IANA name).
    """

    reply: Reply
    request: Request | None = None
    drawing: Drawing | None = None
    more_drawings: tuple[Drawing, ...] = ()
    findings: Findings | None = None
    buttons: tuple[tuple[Button, ...], ...] = ()
    as_file: bool = False
    is_brief: bool = False
    outcome: Outcome = "answered"
    is_cached: bool = False
    is_whole: bool = False
    time_zone: str = "UTC"


class Handlers:
    """Answers people at places; one for all chats of a process, on one event loop."""

    def __init__(
        self,
        service: AnswerService,
        preferences: PreferenceStore,
        cooldown: Cooldown,
        wordsmith: Wordsmith | None = None,
        reports: ReportDesk | None = None,
        alerts: AlertDesk | None = None,
        track: TrackDesk | None = None,
        keeper: AnswerKeeper | None = None,
    ) -> None:
        self._service = service
        self._wordsmith = wordsmith or PlainWords()
        self._wording: set[asyncio.Task[object]] = set()
        self._preferences = preferences
        self._cooldown = cooldown
        self._desk = SettingsDesk(preferences)
        self._reports = reports
        self._alerts = alerts
        self._track = track
        self._keeper = keeper
        self._talks: OrderedDict[Hashable, Talk] = OrderedDict()

    async def said(self, text: str, place: Place) -> Outgoing:
        """Answer a message; never raises, what went wrong is a reply that says so."""
        try:
            self._cooldown.heard(place)
            liked = await self._preferences.preferences(place)
            understood = await self._understood(text, place, liked)
            outgoing = await self._answered(_as_liked(understood.request, liked), place, liked)
            return _told(outgoing, understood)
        except Exception as error:  # noqa: BLE001 - every error becomes words; the unexpected ones are logged
            return _failed(error)

    async def asked(self, request: Request, place: Place) -> Outgoing:
        """Answer a request, such as a command whose options the platform has read."""
        try:
            self._cooldown.heard(place)
            liked = await self._preferences.preferences(place)
            return await self._answered(_as_liked(request, liked), place, liked)
        except Exception as error:  # noqa: BLE001 - every error becomes words; the unexpected ones are logged
            return _failed(error)

    async def went_on(self, about: Callable[[str], Request], place: Place) -> Outgoing:
        """Answer a request about no symbol: the last one of the conversation, else the one that is preferred."""
        try:
            self._cooldown.heard(place)
            liked = await self._preferences.preferences(place)
            symbol = symbol_or_last(None, self._talk(place).symbol or liked.symbol)
            return await self._answered(_as_liked(about(symbol), liked), place, liked)
        except Exception as error:  # noqa: BLE001 - every error becomes words; the unexpected ones are logged
            return _failed(error)

    async def pressed(self, press: Press, place: Place) -> Outgoing:
        """Answer a button: the request it stands for, exactly; its picture in full size comes as a file.

        Raises:
            ValueError: the press needs no answer but the platform's own doing (delete, a price to ask for).

        """
        if press.request is None or press.verb not in ("ask", "more", "hd"):
            msg = f"a press of {press.verb} is the platform's to do"
            raise ValueError(msg)
        try:
            self._cooldown.heard(place)
            _refuse_others(press, place)
            liked = await self._preferences.preferences(place)
            if isinstance(press.request, Settings | ForgetMe | Report | Alert):  # in place of what was shown
                return replace(await self._kept(press.request, place, liked), is_brief=False)
            outgoing = await self._answered(press.request, place, liked, is_hd=press.verb == "hd")
            return replace(outgoing, is_whole=press.verb == "more")
        except Exception as error:  # noqa: BLE001 - every error becomes words; the unexpected ones are logged
            return _failed(error)

    def suggestions(self, text: str) -> tuple[str, ...]:
        """Return the symbols that begin like the text or are meant by it, most traded first: for autocomplete."""
        return self._service.suggest(text)

    async def _understood(self, text: str, place: Place, liked: Preferences) -> Understood:
        """Return what a message asks for: what the grammar says, else what a language model proposed and code allowed.

        Raises:
            RequestError: it has no meaning here, or is not answered.
            EngineError: it names a window that no map has.

        """
        talk = self._talk(place)
        symbols, last_symbol = self._service.known_symbols(), talk.symbol or liked.symbol
        try:
            request = parse_request(text, symbols=symbols, last_symbol=last_symbol, last_request=talk.request)
            return Understood(request)
        except NoAdviceError:
            raise
        except RequestError:
            if not self._wordsmith.reads or not self._may_cost(place):
                raise
            found = await self._wordsmith.understood(text, symbols=symbols, last_symbol=last_symbol)
            if found is None:
                raise
            return found

    def _may_cost(self, place: Place) -> bool:
        """Count what costs money though it may bring no answer; say whether it may."""
        try:
            self._cooldown.count(place)
        except TooFastError:
            return False
        return True

    async def _answered(self, request: Request, place: Place, liked: Preferences, *, is_hd: bool = False) -> Outgoing:
        if isinstance(request, Settings | ForgetMe | Report | Alert):
            return await self._kept(request, place, liked)
        if isinstance(request, Track) and (told := await self._about_track(request, place, liked)) is not None:
            return told
        order = Order(request=request, theme=liked.theme or "dark", is_hd=is_hd)
        is_cached = self._service.is_ready(order)
        if self._service.costs_work(order):  # what costs nothing is never refused
            self._cooldown.count(place)
        answer = await self._service.answer(order)
        if is_hd and answer.drawing is None and answer.reply.fault is None:
            raise RequestError(NO_PICTURE)
        self._remember(place, answer)
        reply = told_in(self._wordsmith.known(answer.reply) or answer.reply, liked.time_zone)
        self._word_later(answer.reply)
        if isinstance(request, Privacy):
            reply = replace(reply, blocks=(*reply.blocks, *_model_lines(self._wordsmith)))
        return Outgoing(
            reply=reply,
            request=request,
            drawing=answer.drawing,
            findings=answer.findings,
            buttons=_buttons(answer, place) if not is_hd else (),
            as_file=is_hd,
            is_brief=answer.reply.fault is not None,
            outcome=_outcome(answer.reply.fault),
            is_cached=is_cached,
            time_zone=liked.time_zone,
        )

    def _word_later(self, reply: Reply) -> None:
        """Let sentences that are new be reworded meanwhile, for the next answer that holds them.

        What was sent stays as it is: nobody's text changes while they read, and no edit counts against a chat's limit.
        """
        if isinstance(self._wordsmith, PlainWords):
            return
        task = asyncio.get_running_loop().create_task(self._worded(reply))
        self._wording.add(task)
        task.add_done_callback(self._wording.discard)

    async def _worded(self, reply: Reply) -> None:
        try:
            await self._wordsmith.reworded(reply)
        except Exception:  # noqa: BLE001 - words that could be better are no reason to fail
            _log.error("rewording an answer failed; its own words stand", exc_info=True)

    async def _kept(self, request: Settings | ForgetMe | Report | Alert, place: Place, liked: Preferences) -> Outgoing:
        """Answer what is about something that is kept for people, and about no market."""
        if isinstance(request, Report):
            return await self._about_reports(request, place, liked)
        if isinstance(request, Alert):
            return await self._about_alerts(request, place, liked)
        said = await self._desk.answer(request, place)
        if isinstance(request, ForgetMe) and request.confirmed and place.community is None:
            self._talks.pop(_conversation(place), None)
        return Outgoing(reply=said.reply, request=request, buttons=said.buttons, is_brief=True)

    def _talk(self, place: Place) -> Talk:
        return self._talks.get(_conversation(place), Talk())

    async def _about_reports(self, request: Report, place: Place, liked: Preferences) -> Outgoing:
        if self._reports is None:
            raise RequestError("Reports are not kept here.", ("/liq BTC", "/help"))
        if place.is_passing:
            raise RequestError("Reports are set up in a chat with the bot.")
        if request.action == "test":  # it costs an answer
            self._cooldown.count(place)
        habits = Habits(liked=liked, last_symbol=self._talk(place).symbol)
        said = await self._reports.answer(request, place, habits)
        reply = told_in(said.reply, liked.time_zone)
        return Outgoing(reply=reply, request=request, buttons=said.buttons, is_brief=True, time_zone=liked.time_zone)

    async def _about_track(self, request: Track, place: Place, liked: Preferences) -> Outgoing | None:
        """Return what became of what was published; None where nothing was, or nobody keeps it."""
        if self._track is None:
            return None
        self._cooldown.count(place)
        told = await self._track.answer(request.symbol, liked.theme or "dark")
        if told is None:
            return None
        reply = told_in(told.reply, liked.time_zone)
        return Outgoing(reply=reply, request=request, drawing=told.drawing, time_zone=liked.time_zone)

    async def _about_alerts(self, request: Alert, place: Place, liked: Preferences) -> Outgoing:
        if self._alerts is None:
            raise RequestError("Alerts are not kept here.", ("/liq BTC", "/help"))
        if place.is_passing:
            raise RequestError("Alerts are set in a chat with the bot.")
        if request.action in ("add", "resume"):  # the market is read
            self._cooldown.count(place)
        said = await self._alerts.answer(request, place, liked)
        reply = told_in(said.reply, liked.time_zone)
        return Outgoing(reply=reply, request=request, buttons=said.buttons, is_brief=True, time_zone=liked.time_zone)

    def _remember(self, place: Place, answer: Answer) -> None:
        """Note what the conversation is about now."""
        symbol, request = answer.reply.symbol, answer.order.request
        if symbol is None or answer.reply.fault is not None or not isinstance(request, MarketRequest):
            return
        if self._alerts is not None and isinstance(request, Liq) and answer.findings is not None:
            self._alerts.shown(place, answer.findings)
        if self._keeper is not None and isinstance(request, PUBLISHING) and answer.findings is not None:
            self._keeper.keep(request, answer.findings)
        self._talks[_conversation(place)] = Talk(symbol=symbol, request=request)
        self._talks.move_to_end(_conversation(place))
        if len(self._talks) > REMEMBERED_CHATS:
            self._talks.popitem(last=False)


def _conversation(place: Place) -> Hashable:
    return place.platform, place.chat, place.topic


def _buttons(answer: Answer, place: Place) -> tuple[tuple[Button, ...], ...]:
    """Return what can be pressed under an answer, nothing under a fault."""
    if answer.reply.fault is not None:
        return ()
    has_positions = answer.findings is not None and answer.findings.has_positions
    has_picture = answer.drawing is not None
    request = answer.order.request
    return buttons_for(request, asker=place.user, has_positions=has_positions, has_picture=has_picture)


def _refuse_others(press: Press, place: Place) -> None:
    """Refuse a button under an answer that was about somebody else."""
    if press.asker not in (None, place.user):
        raise RequestError("That button is for who asked.", ("/settings", "/liq BTC"))


def _model_lines(wordsmith: Wordsmith) -> tuple[Block, ...]:
    return block("guide", Line(label="LANGUAGE MODEL", text=wordsmith.privacy))


def _told(outgoing: Outgoing, understood: Understood) -> Outgoing:
    """Return an answer that says how its question was read, where that was not by the grammar."""
    if understood.line is None:
        return outgoing
    notice = block("notice", Line(text=f"Read as {understood.line}", tone="muted"))
    return replace(outgoing, reply=replace(outgoing.reply, blocks=(*notice, *outgoing.reply.blocks)))


def _as_liked(request: Request, liked: Preferences) -> Request:
    """Return the request with what the writer prefers, where the message did not say."""
    if not isinstance(request, MarketRequest):
        return request
    venue = request.venue or liked.venue
    if not isinstance(request, Liq) or request.model or request.window:
        return replace(request, venue=venue)
    window = None if liked.window is None else window_named(liked.window)
    return replace(request, venue=venue, model=liked.model, window=window)


def _outcome(fault: Fault | None) -> Outcome:
    if fault is None:
        return "answered"
    return "refused" if fault.error_id is None else "failed"


def _failed(error: Exception) -> Outgoing:
    match error:
        case BusyError():
            return _brief(Fault(text=str(error)), "busy")
        case TooFastError():
            return _brief(Fault(text=str(error)), "too_fast")
        case OldButtonError() | RequestError():
            return _brief(Fault(text=str(error)), "refused")
    fault = fault_of(error)
    return _brief(fault, _outcome(fault))


def _brief(fault: Fault, outcome: Outcome) -> Outgoing:
    return Outgoing(reply=fault_reply(fault), is_brief=True, outcome=outcome)
