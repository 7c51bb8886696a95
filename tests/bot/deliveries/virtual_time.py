"""An event loop whose time passes only when nobody works: hours take milliseconds, and databases are waited for."""

import asyncio
import selectors
from contextlib import asynccontextmanager

from bot.storage.database import Database
from bot.storage.errors import StorageBusyError

BEGIN_S = 1_773_475_200  # 14 March 2026, 08:00 UTC
FIRST_S = 1_000.0


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Time jumps to the next timer whenever nothing is ready and no database is at work."""

    def __init__(self):
        super().__init__(_Selector(self))
        self.now_s = FIRST_S
        self.at_work = 0

    def time(self):
        return self.now_s


class _Selector(selectors.DefaultSelector):
    def __init__(self, loop):
        super().__init__()
        self._loop = loop

    def select(self, timeout=None):
        if timeout is None or timeout <= 0 or self._loop.at_work:
            return super().select(None if self._loop.at_work and timeout != 0 else timeout)
        events = super().select(0)
        if not events:
            self._loop.now_s += timeout
        return events


class WatchedDatabase(Database):
    """A real database that tells the loop when it works, and can be away."""

    is_away = False

    @asynccontextmanager
    async def reading(self):
        async with self._at_work(), super().reading() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self):
        async with self._at_work(), super().writing() as connection:
            yield connection

    @asynccontextmanager
    async def _at_work(self):
        if self.is_away:
            raise StorageBusyError(self.place, "cannot be reached", "Check that its server runs.")
        loop = asyncio.get_running_loop()
        loop.at_work += 1
        try:
            yield
        finally:
            loop.at_work -= 1


class Wall:
    """The machine's clock, which runs with the loop unless it is set."""

    def __init__(self, loop):
        self._loop = loop
        self.offset_s = BEGIN_S - FIRST_S

    def __call__(self):
        return self._loop.time() + self.offset_s


def run(story, url):
    """Run `story(database, loop)` in virtual time on a fresh database."""

    async def told(loop):
        loop.at_work += 1
        database = await WatchedDatabase.open(url)
        loop.at_work -= 1
        try:
            await story(database, loop)
        finally:
            loop.at_work += 1
            await database.close()

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(told(runner.get_loop()))
