"""One process of the kill test: a courier that sends over a socket to the process that counts."""

import asyncio
import contextlib
import json

from bot.deliveries.clock import DeliveryClock
from bot.deliveries.courier import Courier
from bot.deliveries.delivery import UncertainError
from bot.deliveries.pace import Manners
from bot.storage.database import Database
from bot.storage.sql_outbox import SqlOutbox
from tests.bot.deliveries.post import Letters, text_of

MANNERS = {
    "telegram": Manners(at_once=4, per_s=12.0),
    "discord": Manners(at_once=4, per_s=12.0, nonce_life_s=180),
}


class Wire:
    """Sends one line of JSON to the process that counts, and gets the number of the message."""

    def __init__(self, platform, port):
        self._platform = platform
        self._port = port

    async def deliver(self, outgoing, destination, *, nonce):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            told = {"platform": self._platform, "nonce": nonce, "text": text_of(outgoing), "chat": destination.chat}
            writer.write(json.dumps(told).encode() + b"\n")
            await writer.drain()
            line = await reader.readline()
            writer.close()
            return int(line)
        except (OSError, ValueError) as error:
            raise UncertainError(str(error)) from error

    async def close(self):
        pass


async def _work(url, port, lease_s):
    database = await Database.open(url)
    senders = {name: Wire(name, port) for name in MANNERS}
    await Courier(SqlOutbox(database), Letters(), senders, DeliveryClock(), manners=MANNERS, lease_s=lease_s).run()


def work(url, port, lease_s=3):
    """Deliver until this process is killed."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_work(url, port, lease_s))
