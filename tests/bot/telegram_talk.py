"""The real Telegram chat against the Bot API's emulator, in front of a service of made-up answers."""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from PIL import Image

from bot.alerts.alert_desk import AlertDesk
from bot.chats.telegram_chat import TelegramChat
from bot.cooldown import Cooldown
from bot.guide_reply import help_reply, models_reply
from bot.handlers import Handlers
from bot.level_reply import level_reply
from bot.liq_reply import liq_reply, maps_reply, questions_reply, zones_reply
from bot.preferences import NoPreferences, Place, Preferences, WishesHere
from bot.replies import Reply, fault_reply
from bot.reports.report_desk import ReportDesk
from bot.requests import Change, Level, Liq, Maps, Models, Questions, Request, Scope, Zones
from bot.service.answer import Answer, Drawing, Order
from engine.models import REGISTRY
from tests.bot.conftest import make_analysis, make_report
from tests.bot_api import BotApi, Limits

SYMBOLS = ("BTC", "ETH", "SOL")


@cache
def picture(name: str, width: int = 64) -> bytes:
    """Return a real PNG, the same for the same name only."""
    out = io.BytesIO()
    shade = sum(name.encode()) % 256
    Image.new("RGB", (width, 48), (shade, len(name) % 256, 90)).save(out, "PNG", comment=name)
    return out.getvalue() + name.encode()


def made_reply(request: Request) -> Reply:
    """Return the reply to a request about the made-up market, as a worker sends it: without its result."""
    match request:
        case Liq():
            reply = liq_reply(make_analysis(symbol=request.symbol))
        case Level():
            analysis = make_analysis(symbol=request.symbol)
            reply = level_reply(make_report(analysis=analysis, price=request.price))
        case Maps():
            reply = maps_reply(make_analysis(symbol=request.symbol))
        case Zones():
            reply = zones_reply(make_analysis(symbol=request.symbol))
        case Questions():
            reply = questions_reply(make_analysis(symbol=request.symbol))
        case Models():
            return models_reply(REGISTRY.values())
        case _:
            return help_reply(SYMBOLS)
    return replace(reply, result=None)


class Service:
    """Answers every order at once, or when `gate` opens; `bar` changes what the pictures show."""

    def __init__(self) -> None:
        self.orders: list[Order] = []
        self.gate: asyncio.Event | None = None
        self.error: Exception | None = None
        self.fault = None
        self.bar = 0

    def known_symbols(self) -> tuple[str, ...]:
        return SYMBOLS

    def suggest(self, text: str) -> tuple[str, ...]:
        return tuple(symbol for symbol in SYMBOLS if symbol.startswith(text.upper()))

    def is_ready(self, order: Order) -> bool:
        return True

    def costs_work(self, order: Order) -> bool:
        """Say whether a worker has to work for it."""
        return not self.is_ready(order)

    async def answer(self, order: Order) -> Answer:
        self.orders.append(order)
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        if self.fault is not None:
            return Answer(order=order, reply=fault_reply(self.fault, order.symbol))
        reply = made_reply(order.request)
        drawing = None
        if reply.picture is not None:
            png = picture(f"{order.request} {order.is_hd} {self.bar}", 128 if order.is_hd else 64)
            drawing = Drawing(png=png, name=f"{reply.picture.stem}.png", alt=reply.picture.alt)
        return Answer(order=order, reply=replace(reply, picture=None), drawing=drawing)


@dataclass
class Talk:
    """One test's world: the emulator, the chat, and what is behind it."""

    api: BotApi
    chat: TelegramChat
    service: Service


class Wished(NoPreferences):
    """Keeps nothing, but remembers where somebody asked, and what was changed by who may."""

    def __init__(self) -> None:
        self.places: list[Place] = []
        self.changes: list[Change] = []

    async def preferences(self, place: Place) -> Preferences:
        self.places.append(place)
        return Preferences()

    async def change(self, place: Place, scope: Scope, changes: Sequence[Change]) -> WishesHere:
        place.refuse_unless_allowed(scope)
        self.changes += changes
        return WishesHere()


def chat_of(
    api: BotApi,
    service: Service,
    *,
    cooldown: Cooldown | None = None,
    preferences: NoPreferences | None = None,
    reports: ReportDesk | None = None,
    alerts: AlertDesk | None = None,
    **options: object,
) -> TelegramChat:
    handlers = Handlers(service, preferences or NoPreferences(), cooldown or Cooldown(), reports=reports, alerts=alerts)
    settings = {
        "token": api.token,
        "base_url": api.base_url,
        "base_file_url": api.base_file_url,
        "retry_pauses_s": (0.0, 0.0),
        "connect_pauses_s": (),
    }
    return TelegramChat(handlers, **settings | options)


@contextlib.asynccontextmanager
async def talking(
    service: Service | None = None, *, limits: Limits | None = None, **options: object
) -> AsyncIterator[Talk]:
    """Run the chat until the block ends."""
    service = service or Service()
    async with BotApi(limits=limits or Limits(overall_per_s=None)) as api:
        api.freeze()
        chat = chat_of(api, service, **options)
        await chat.start()
        try:
            yield Talk(api, chat, service)
        finally:
            await chat.stop()


def with_chat(use: Callable[[Talk], Awaitable[None]], service: Service | None = None, **options: object) -> None:
    """Run a test against the running chat."""

    async def talk() -> None:
        async with talking(service, **options) as world:
            await use(world)

    asyncio.run(talk())
