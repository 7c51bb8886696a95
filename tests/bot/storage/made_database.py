"""A database opened for one piece of work, and one row to read and write in it."""

import asyncio

from bot.storage.database import Database, put
from bot.storage.tables import person_preference

SOMEBODY = {"platform": "telegram", "user_id": 7}


def with_database(url, work):
    async def run():
        database = await Database.open(url)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


async def read(database, statement):
    async with database.reading() as connection:
        return (await connection.execute(statement)).all()


async def write(database, user=7, **values):
    async with database.writing() as connection:
        key = {**SOMEBODY, "user_id": user}
        await connection.execute(put(person_preference, key, values, connection.dialect))
