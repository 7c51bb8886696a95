"""A small post office for the tests: subscriptions and deliveries in the database, senders that note what they got."""

import asyncio
from collections import Counter
from dataclasses import replace

from sqlalchemy import insert, select

from bot.deliveries.clock import DeliveryClock
from bot.deliveries.courier import Courier
from bot.deliveries.delivery import Prepared
from bot.deliveries.notices import notice
from bot.handlers import Outgoing
from bot.replies import Line, Reply, block
from bot.storage.sql_outbox import SqlOutbox
from bot.storage.tables import delivery
from tests.bot.deliveries.virtual_time import BEGIN_S, Wall


class Times:
    """Due every `period_s`."""

    def __init__(self, period_s=86_400, last_s=None):
        self.period_s = period_s
        self._last_s = last_s

    def next_due(self, after_s):
        due_s = (after_s // self.period_s + 1) * self.period_s
        return due_s if self._last_s is None or due_s <= self._last_s else None


class Letters:
    """Prepares a delivery as its number and due time."""

    async def prepare(self, delivery, *, now_s):
        if delivery.kind == "notice":
            return Prepared(outgoing=notice(delivery.content))
        line = Line(text=f"{delivery.subject} {delivery.due_s}")
        return Prepared(outgoing=Outgoing(reply=Reply(blocks=block("headline", line))), shown=str(delivery.due_s))


class Box:
    """A platform's end: what arrived, by text; `fault(destination)` returns what to raise, None to take it."""

    def __init__(self, fault=lambda destination: None, took_s=0.03):
        self.fault = fault
        self.took_s = took_s
        self.arrived = []
        self.nonces = {}

    async def deliver(self, outgoing, destination, *, nonce):
        await asyncio.sleep(self.took_s)
        if (error := self.fault(destination)) is not None:
            raise error
        self.arrived.append((asyncio.get_running_loop().time(), destination, text_of(outgoing)))
        return self.nonces.setdefault(nonce, len(self.arrived))

    async def close(self):
        pass

    @property
    def counts(self):
        return Counter(text for _at, _destination, text in self.arrived if " may have " not in text)

    @property
    def notices(self):
        return [(each, text) for _at, each, text in self.arrived if each.chat == each.owner]


def text_of(outgoing):
    return "\n".join(line.text for each in outgoing.reply.blocks for line in each.lines)


def report(subject, *, platform="telegram", due_s=BEGIN_S, chat=None, until_s=None, **more):
    """The row of a delivery that is planned."""
    return {
        "kind": "report",
        "subject_id": subject,
        "due_s": due_s,
        "until_s": due_s + 21_600 if until_s is None else until_s,
        "platform": platform,
        "user_id": 7,
        "chat_id": -subject if chat is None else chat,
        "community_id": -subject if chat is None else chat,
        "silent": False,
        "content": "{}",
        "status": "planned",
        "attempts": 0,
        "next_try_s": due_s,
        **more,
    }


def subscribed(number, *, next_due_s=BEGIN_S, **more):
    """The row of a subscription."""
    return {
        "id": number,
        "platform": "telegram",
        "user_id": 7,
        "chat_id": -number,
        "community_id": -number,
        "silent": False,
        "symbols": "BTC",
        "rhythm": "daily",
        "local_time": "08:00",
        "days": "1234567",
        "time_zone": "UTC",
        "created_s": BEGIN_S - 86_400,
        "next_due_s": next_due_s,
        **more,
    }


async def put(database, *rows, table=delivery):
    async with database.writing() as connection:
        for row in rows:
            await connection.execute(insert(table).values(row))


async def rows_of(database, table=delivery, **wanted):
    chosen = select(table).order_by(table.c.id)
    for name, value in wanted.items():
        chosen = chosen.where(table.c[name] == value)
    async with database.reading() as connection:
        return (await connection.execute(chosen)).mappings().all()


class OutboxInVirtualTime(SqlOutbox):
    """Without the clock of the server, which does not run in virtual time."""

    async def present(self, *args, **more):
        return replace(await super().present(*args, **more), database_s=None)


def courier(database, loop, wall=None, *, preparer=None, **senders):
    clock = DeliveryClock(wall or Wall(loop), loop.time)
    return Courier(OutboxInVirtualTime(database), preparer or Letters(), senders, clock, counter=loop.time)


async def deliver_for(seconds, *couriers):
    """Run couriers side by side for so long."""
    tasks = [asyncio.create_task(each.run()) for each in couriers]
    await asyncio.sleep(seconds)
    for task in tasks:
        assert not task.done(), task
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
