"""Handlers with a report desk on one database, whose clock and markets stand still."""

import asyncio
from datetime import UTC, datetime

from bot.cooldown import Cooldown
from bot.handlers import Handlers
from bot.preference_values import Offer
from bot.preferences import Place
from bot.replies import Reply
from bot.reports.report_desk import ReportDesk
from bot.reports.subscriptions import Limits
from bot.service.answer import Answer
from bot.storage.database import Database
from bot.storage.sql_preferences import SqlPreferences
from bot.storage.sql_subscriptions import SqlSubscriptions
from engine.symbols import SymbolIndex

NOW_S = int(datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp())
"""A Monday, at noon."""
PRIVATE = Place(platform="discord", chat=70, user=7)
MEMBER = Place(platform="discord", chat=-1, user=7, community=-100)
ADMIN = Place(platform="discord", chat=-1, user=8, community=-100, topic=-2, may_configure=True)
SYMBOLS = ("BTC", "ETH", "SOL", "MON", "1000PEPE")


class Markets:
    """A service that answers every order without a market."""

    def __init__(self, source_name="recorded", symbols=SYMBOLS):
        self.source_name = source_name
        self._symbols = symbols

    def known_symbols(self):
        return self._symbols

    def suggest(self, text):
        return SymbolIndex(self._symbols).suggest(text) if text else self._symbols

    def is_ready(self, order):
        return False

    def costs_work(self, order):
        return False

    async def answer(self, order):
        return Answer(order=order, reply=Reply(blocks=(), symbol=order.symbol))


class Talk:
    """A conversation; `store` is the desk's."""

    def __init__(self, handlers, store, database):
        self.handlers = handlers
        self.store = store
        self.database = database

    async def say(self, text, place=PRIVATE):
        return await self.handlers.said(text, place)

    async def press(self, outgoing, label, place=PRIVATE):
        [button] = [each for row in outgoing.buttons for each in row if each.label == label]
        return await self.handlers.pressed(button.press, place)


def talking(tmp_path, story, *, limits=None, markets=None):
    """Return what a story with the handlers of one database returns."""

    async def run():
        database = await Database.open(f"sqlite:///{tmp_path / 'fathom.db'}")
        try:
            service = markets or Markets()
            store = SqlSubscriptions(database)
            desk = ReportDesk(store, service, lambda: NOW_S, limits=limits or Limits(), venues=("binanceusdm", "okx"))
            likes = SqlPreferences(database, Offer(symbols=service.known_symbols))
            return await story(Talk(Handlers(service, likes, Cooldown(), reports=desk), store, database))
        finally:
            await database.close()

    return asyncio.run(run())


def words(outgoing):
    return "\n".join(f"{line.label} {line.text}".strip() for block in outgoing.reply.blocks for line in block.lines)


def labels(outgoing):
    return [button.label for row in outgoing.buttons for button in row]
