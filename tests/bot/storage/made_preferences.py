"""Preferences in a database for one piece of work, and places that set some."""

from dataclasses import replace

from sqlalchemy import select

from bot.preference_values import Offer
from bot.preferences import Place
from bot.requests import Change
from bot.storage.sql_preferences import SqlPreferences
from bot.storage.tables import metadata
from tests.bot.storage.made_database import with_database

ME = Place(platform="telegram", chat=-100, user=7, community=-100, may_configure=True)
OTHER = replace(ME, user=8)
PRIVATE = Place(platform="telegram", chat=7, user=7)
OFFER = Offer(symbols=lambda: ("BTC", "ETH", "1000PEPE"), venues=("binanceusdm", "okx"))


def with_preferences(url, work, clock=None, offer=OFFER):
    def with_them(database):
        return work(SqlPreferences(database, offer, **({} if clock is None else {"clock": clock})), database)

    return with_database(url, with_them)


def changes(**values):
    return tuple(Change(key, value) for key, value in values.items())


async def everything(database):
    """Every row of every table."""
    async with database.reading() as connection:
        return {
            name: [tuple(row) for row in await connection.execute(select(table))]
            for name, table in metadata.tables.items()
        }
