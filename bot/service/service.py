"""The service behind every chat: equal questions share one answer, and the event loop never computes.

    order ─► answered since the last bar? ─► being answered? ─► market (fetched once) ─► a worker ─► Answer

Markets are read in threads, for sources block; analysis and drawing happen in worker processes.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
from collections.abc import Callable, Coroutine, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from bot.assistant import Assistant
from bot.faults import fault_of
from bot.replies import Fault, Reply, fault_reply
from bot.service.answer import Answer, Order
from bot.service.heap import give_back_memory
from bot.service.kept import Kept
from bot.service.pool import Pool, WorkTookTooLongError
from bot.service.work import Job, do
from engine.models import MODELS
from engine.sources.base import Source
from engine.symbols import SymbolIndex

MOST_WAITING = 64
"""Distinct questions under way; with two workers the last one waits about ten seconds (measured in the benchmarks)."""
KEPT_BYTES = 128 * 2**20
"""Answers kept: some four hundred pictures."""
KEPT_MARKETS_BYTES = 48 * 2**20
"""Packed markets kept: some eight of three venues and 120 days."""
READERS = 8
"""Threads that read markets: they wait for disks and venues, not for the processor."""
BUSY_SECONDS_EACH = 0.3
"""What one answer takes a worker, about: to say when to ask again."""

_log = logging.getLogger(__name__)
_Given = TypeVar("_Given")
_Result = TypeVar("_Result")


class BusyError(Exception):
    """More questions are waiting than can be answered soon; wait_s: when to ask again [s]."""

    def __init__(self, waiting: int, wait_s: float) -> None:
        self.waiting = waiting
        self.wait_s = wait_s
        super().__init__(f"{waiting} questions are ahead of yours. Ask again in about {wait_s:.0f} s.")


class AnswerService:
    """Answers orders from one source; `bar_number` changes when there may be something new to say.

    at_s: the moment to answer for [Unix s], None for the latest. Lives on one event loop.
    """

    def __init__(
        self,
        source: Source,
        pool: Pool,
        *,
        bar_number: Callable[[], Hashable],
        at_s: int | None = None,
        most_waiting: int = MOST_WAITING,
        kept_bytes: int = KEPT_BYTES,
    ) -> None:
        self._source = source
        self._pool = pool
        self._bar_number = bar_number
        self._at_s = at_s
        self._most_waiting = most_waiting
        self._kept: Kept[Hashable, Answer] = Kept(kept_bytes)
        self._under_way: dict[Hashable, asyncio.Task[Answer]] = {}
        self._reading: dict[Hashable, asyncio.Task[bytes]] = {}
        self._markets: Kept[Hashable, bytes] = Kept(KEPT_MARKETS_BYTES)
        self._newest_bar: Hashable = None
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="markets")
        self._guide = Assistant(source)
        self._index_of: tuple[str, ...] = ()
        self._index = SymbolIndex(())

    @property
    def source_name(self) -> str:
        """The name of the source that markets are read from."""
        return self._source.name

    @property
    def waiting(self) -> int:
        """How many distinct questions are under way."""
        return len(self._under_way)

    @property
    def kept_bytes(self) -> int:
        """How many bytes of answers and markets are kept for the next question, about."""
        return self._kept.size + self._markets.size

    def is_ready(self, order: Order) -> bool:
        """Say whether the answer is there already."""
        return self._kept.get(self._key(order)) is not None

    def costs_work(self, order: Order) -> bool:
        """Say whether asking now sets a worker to work that would not work otherwise.

        It does not where the answer is there or being made, where none is (the queue is full, the source does not list
        the symbol, the model does not exist), and for what is about no market.
        """
        if order.symbol is None or self.is_ready(order) or self._key(order) in self._under_way:
            return False
        return not self._is_full and self._can_be_had(order)

    @property
    def _is_full(self) -> bool:
        return len(self._under_way) >= self._most_waiting

    def _can_be_had(self, order: Order) -> bool:
        """Say whether a market may exist for the order, as far as memory knows."""
        known, model = self.known_symbols(), getattr(order.request, "model", None)
        return (not known or order.symbol in known) and (model is None or model in MODELS)

    async def answer(self, order: Order) -> Answer:
        """Return the answer; what went wrong is an answer that says so.

        Raises:
            BusyError: too many questions are waiting.

        """
        if order.symbol is None:
            return await self._guided(order)
        key = self._key(order)
        kept = self._kept.get(key)
        if kept is not None:
            return kept
        task = self._under_way.get(key)
        if task is None:
            if self._is_full:
                raise BusyError(self.waiting, 1 + self.waiting * BUSY_SECONDS_EACH / self._pool.workers)
            task = self._started(self._under_way, key, self._worked_out(order, key))
        return await asyncio.shield(task)  # who asked may leave; others share the answer

    async def in_worker(self, work: Callable[[_Given], _Result], given: _Given) -> _Result:
        """Return what a worker makes of something, such as a packed market.

        Raises:
            WorkTookTooLongError: it was given up.
            Exception: whatever the work raises.

        """
        return await self._pool.run(work, given)

    def known_symbols(self) -> tuple[str, ...]:
        """Return the symbols that can be asked for, largest open interest first, from memory: nothing is waited for."""
        return self._source.known_symbols()

    def suggest(self, text: str) -> tuple[str, ...]:
        """Return the symbols that may be meant by what was typed so far, most traded first, from memory."""
        known = self.known_symbols()
        if known != self._index_of:
            self._index_of, self._index = known, SymbolIndex(known)
        return self._index.suggest(text)

    async def symbols(self) -> tuple[str, ...]:
        """Return the same, asking the venues where they are not known yet."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._source.symbols)

    async def close(self) -> None:
        """Stop answering; what is under way is given up."""
        tasks = [*self._under_way.values(), *self._reading.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._readers.shutdown(wait=False, cancel_futures=True)
        await self._pool.close()

    def _key(self, order: Order) -> tuple[Hashable, Order]:
        return self._bar(), order

    def _bar(self) -> Hashable:
        """Return the number of the bar; with a new one what was kept of the last is let go: nobody gets it any more."""
        bar = self._bar_number()
        if bar != self._newest_bar:
            self._newest_bar = bar
            self._kept.clear()
            self._markets.clear()
        return bar

    def _started(
        self, tasks: dict[Hashable, asyncio.Task[_Result]], key: Hashable, work: Coroutine[Any, Any, _Result]
    ) -> asyncio.Task[_Result]:
        task = asyncio.get_running_loop().create_task(work)
        tasks[key] = task
        task.add_done_callback(lambda _: tasks.pop(key, None))
        return task

    async def _guided(self, order: Order) -> Answer:
        """Answer what needs no market, such as help."""

        def respond() -> Reply:
            try:
                return self._guide.respond(order.request)
            except Exception as error:  # noqa: BLE001 - every error becomes words; the unexpected ones are logged
                return fault_reply(fault_of(error))

        return Answer(order=order, reply=await asyncio.get_running_loop().run_in_executor(self._readers, respond))

    async def _worked_out(self, order: Order, key: tuple[Hashable, Order]) -> Answer:
        answer = await self._tried(order)
        if answer.trouble is not None:
            _log.error("unexpected error %s in a worker\n%s", answer.reply.fault, answer.trouble)
        if answer.is_lasting and key[0] == self._bar():
            self._kept.put(key, answer, answer.size)
        return answer

    async def _tried(self, order: Order) -> Answer:
        try:
            name, market = await self.packed_market(str(order.symbol))
            return await self._pool.run(do, Job(order=order, market_name=name, market=market))
        except WorkTookTooLongError:
            fault = Fault(text="That answer took too long and was given up. Ask again in a minute.")
        except Exception as error:  # noqa: BLE001 - every error becomes words; the unexpected ones are logged
            fault = fault_of(error)
        return Answer(order=order, reply=fault_reply(fault, order.symbol))

    async def packed_market(self, symbol: str) -> tuple[str, bytes]:
        """Return a market's name (equal for the same market) and the market, packed for a worker; read once a bar.

        Raises:
            EngineError: there is none.

        """
        key = (self._bar(), symbol)
        packed = self._markets.get(key)
        if packed is None:
            task = self._reading.get(key)
            if task is None:
                task = self._started(self._reading, key, self._read(symbol))
            packed = await asyncio.shield(task)
            if key[0] == self._bar():
                self._markets.put(key, packed, len(packed))
        return f"{key[0]} {key[1]}", packed

    async def _read(self, symbol: str) -> bytes:
        def read() -> bytes:
            packed = pickle.dumps(self._source.market(symbol, self._at_s), pickle.HIGHEST_PROTOCOL)
            give_back_memory()  # what reading took on its way, and answers of the last bar
            return packed

        return await asyncio.get_running_loop().run_in_executor(self._readers, read)
