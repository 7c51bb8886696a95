"""A service of made-up answers behind the real handlers, and a Discord in memory in front of the real client."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
import simcord

from bot.chats.discord_chat.client import FathomClient
from bot.cooldown import Cooldown
from bot.guide_reply import help_reply, models_reply
from bot.handlers import Handlers
from bot.level_reply import level_reply
from bot.liq_reply import liq_reply, maps_reply, questions_reply, zones_reply
from bot.preferences import NoPreferences
from bot.replies import fault_reply
from bot.requests import Help, Level, Liq, Maps, Models, Questions, Zones
from bot.service.answer import Answer, Drawing
from engine.findings import Findings
from engine.models import REGISTRY

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class Service:
    """Answers every order from one made-up market; late by `takes_s`, or with a fault or an error where one is set."""

    def __init__(self, analysis, report):
        self.analysis, self.report = analysis, report
        self.orders, self.fault, self.error, self.takes_s = [], None, None, 0.0
        self.takes_for = {}
        self.symbols = ("BTC", "ETH", "SOL", "BNB", "BCH")

    def known_symbols(self):
        return self.symbols

    def suggest(self, text):
        return tuple(symbol for symbol in self.symbols if symbol.startswith(text.strip().upper()))

    def is_ready(self, order):
        return True

    def costs_work(self, order):
        return not self.is_ready(order)

    async def answer(self, order):
        self.orders.append(order)
        wait_s = self.takes_for.get(getattr(order.request, "window", None) and order.request.window.name, self.takes_s)
        if wait_s:
            await asyncio.sleep(wait_s)
        if self.error is not None:
            raise self.error
        if self.fault is not None:
            return Answer(order=order, reply=fault_reply(self.fault, order.symbol))
        return self.made(order)

    def made(self, order):
        guides = {Help: lambda: help_reply(self.symbols), Models: lambda: models_reply(REGISTRY.values())}
        if type(order.request) in guides:
            return Answer(order=order, reply=guides[type(order.request)]())
        if isinstance(order.request, Level):
            reply = level_reply(self.report)
        else:
            words = {Liq: liq_reply, Maps: maps_reply, Zones: zones_reply, Questions: questions_reply}
            reply = replace(words[type(order.request)](self.analysis), symbol=order.symbol)
        stem = f"{order.symbol}-{order.request.window.name if order.request.window else 'all'}"
        drawing = Drawing(png=PNG, name=f"{stem}{'-hd' if order.is_hd else ''}.png", alt=f"{stem}, a map")
        drawn = not isinstance(order.request, Questions)
        return Answer(order=order, reply=reply, drawing=drawing if drawn else None, findings=self.findings())

    def findings(self):
        analysis = self.analysis
        return Findings(
            symbol=analysis.symbol,
            source=analysis.source,
            as_of_s=analysis.as_of_s,
            price=analysis.price,
            zones=analysis.zones,
            setup=analysis.setup,
            bait=analysis.bait,
            invalidation=analysis.invalidation,
        )


class Noted:
    """Remembers which commands Discord knows, in memory."""

    def __init__(self):
        self.fingerprint = None

    def read(self):
        return self.fingerprint

    def write(self, fingerprint):
        self.fingerprint = fingerprint


class World:
    """A server with Ann in it, as simcord plays it."""

    def __init__(self, env, make):
        self.env, self.make = env, make
        self.guild = env.create_guild()
        self.channel = self.guild.create_text_channel("general")
        self.ann = self.guild.add_member(env.create_user("ann"))

    async def restart(self, **changes):
        await self.env.restart_bot(self.make(**changes))


@pytest.fixture
def service(analysis, report) -> Service:
    return Service(analysis, report)


@pytest.fixture
def noted() -> Noted:
    return Noted()


@pytest.fixture
def handlers(service) -> Handlers:
    return Handlers(service, NoPreferences(), Cooldown())


@pytest.fixture
def talk(handlers, noted) -> Callable[..., None]:
    """Run a talk with the client in simcord's Discord."""

    def run(use, *, errors=(), **changes):
        def make(**later):
            made = {"memory": noted, "venues": ("binanceusdm", "okx"), "shard": (0, 1)}
            return FathomClient(handlers, **(made | changes | later))

        async def talked():
            async with _world(make) as world:
                await use(world)
                for error in errors:
                    simcord.assert_error(world.env, error)

        asyncio.run(talked())

    return run


@contextlib.asynccontextmanager
async def _world(make) -> AsyncIterator[World]:
    async with simcord.run(make()) as env:
        yield World(env, make)
