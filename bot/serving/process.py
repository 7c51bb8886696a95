"""The whole of a serving process: made from its settings, run until it is told to stop, ended in order."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.metadata
import logging
import secrets
import time
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

from bot.alerts.alert_desk import AlertDesk
from bot.alerts.readings import ServiceReadings
from bot.app import build_wordsmith, moment_of, open_chat_source
from bot.config import ConfigError, Settings
from bot.cooldown import Cooldown
from bot.deliveries.clock import DeliveryClock
from bot.preference_values import Offer
from bot.preferences import PreferenceStore
from bot.replies import Reply
from bot.reports.report_desk import ReportDesk
from bot.reports.subscriptions import Limits
from bot.service.heap import keep_heap_small
from bot.service.pool import Pool, WorkerPool
from bot.service.service import AnswerService
from bot.serving.bars import bar_numbers
from bot.serving.deliveries import delivering
from bot.serving.health import STARTING, Health, Statistics, health_of, status_reply
from bot.serving.libraries import load_libraries
from bot.serving.metrics import Metrics
from bot.serving.platforms import NO_CHAT, enabled_platforms, platforms_with_token
from bot.serving.pulse import LoopLag, WorkerPulse
from bot.serving.recorder import record_beside
from bot.serving.seats import Seats, seated
from bot.serving.status_page import status_page
from bot.serving.supervisor import Platform, Supervisor
from bot.serving.watched import Handled, WatchedHandlers, WatchedSource
from bot.serving.workers import prepare_worker
from bot.track.keeping import AnswerKeeper
from bot.wordsmith import Wordsmith
from engine.sources.base import Closable, Source

if TYPE_CHECKING:
    from bot.storage.database import Database
    from bot.track.track_desk import TrackDesk

CATALOGUE_WAIT_S = 15.0
"""How long the start waits for the venues to tell their symbols; later ones are learnt with the first answers."""
CATALOGUE_EVERY_S = 300.0

_log = logging.getLogger(__name__)


class ServingProcess:
    """One process with its chats; lives on one event loop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._metrics = Metrics()
        self._lag = LoopLag(self._metrics.lagged)
        self._pulse: WorkerPulse | None = None
        self._supervisor: Supervisor | None = None
        self._clock = DeliveryClock()  # what is set up is due by the clock that delivers it

    @property
    def health(self) -> Health:
        """How the process is now."""
        if self._supervisor is None or self._pulse is None:
            return STARTING
        return health_of(self._supervisor.statuses, workers_answer=self._pulse.is_alive)

    async def run(self, stop: asyncio.Event) -> None:
        """Serve every platform that has a token until `stop` is set.

        Raises:
            ConfigError: no chat has a token, every one of them is refused, or another setting cannot be used.
            StorageError: the database cannot be used.

        """
        if not platforms_with_token(self._settings):
            raise ConfigError(NO_CHAT)
        serving = asyncio.create_task(self._serve())
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                await serving
        finally:
            stopping.cancel()
            serving.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConfigError):
                await serving

    async def _serve(self) -> None:
        """Serve until every platform has refused the bot, which is an error, or this is cancelled."""
        serve = self._settings.serve
        keep_heap_small()
        async with AsyncExitStack() as closing:
            page = await closing.enter_async_context(
                status_page(serve.host, serve.port, lambda: self.health, self._metrics)
            )
            _log.info("telling health at %s/healthz and numbers at %s/metrics", page, page)
            opened = await asyncio.to_thread(open_chat_source, self._settings)
            closing.push_async_callback(_close, opened)
            source = WatchedSource(opened, self._metrics.venue_failed)
            pool = WorkerPool(serve.workers, warm_up=prepare_worker)
            shared = _shared_pool(self._settings, pool)
            service = AnswerService(
                source, shared, bar_number=bar_numbers(self._settings, time.time), at_s=moment_of(self._settings)
            )
            closing.push_async_callback(service.close)
            loading = asyncio.to_thread(load_libraries, self._settings)
            await asyncio.gather(pool.start(), _learn_symbols(service), loading)
            self._pulse = WorkerPulse(pool)
            await closing.enter_async_context(_background(self._pulse.run()))
            await closing.enter_async_context(_background(_keep_learning_symbols(service)))
            await closing.enter_async_context(_background(record_beside(self._settings, opened)))
            wordsmith = build_wordsmith(self._settings)
            closing.push_async_callback(wordsmith.close)
            await wordsmith.start()
            database = await _database(closing, self._settings)
            await closing.enter_async_context(_joined(shared, self._settings, database))
            keeper = _keeper(database)
            closing.push_async_callback(keeper.close)
            handlers = self._handlers(service, database, wordsmith, keeper)
            platforms = enabled_platforms(self._settings, handlers)
            self._supervisor = Supervisor([part for parts in platforms.values() for part in parts])
            self._follow(service, self._pulse, self._supervisor)
            await closing.enter_async_context(delivering(self._settings, database, service, self._metrics, self._clock))
            await closing.enter_async_context(_shared_out(platforms, database, self._clock))
            _log.info("ready", extra={"source": source.name, "workers": serve.workers})
            await closing.enter_async_context(_background(self._lag.run()))  # before, nobody waits for an answer
            ended = await self._supervisor.run()
        raise ConfigError(" ".join(status.reason or f"{status.name} ended." for status in ended))

    def _handlers(
        self, service: AnswerService, database: Database, wordsmith: Wordsmith, keeper: AnswerKeeper
    ) -> WatchedHandlers:
        statistics = Statistics(
            version=importlib.metadata.version("fathom-liq"),
            source=service.source_name,
            began_s=time.monotonic(),
            clock=time.monotonic,
            waiting=lambda: service.waiting,
            worst_lag_s=lambda: self._lag.worst_s,
        )

        def observe(handled: Handled) -> None:
            self._metrics.answered(handled)
            statistics.count(handled)

        def status() -> Reply:
            return status_reply(self.health, statistics)

        venues = tuple(name for name, venue in self._settings.venues if venue.enabled)
        return WatchedHandlers(
            service,
            _preferences(database, service, venues),
            Cooldown(),
            observe=observe,
            owns=self._settings.owner.owns,
            status=status,
            wordsmith=wordsmith,
            reports=_reports(database, service, venues, self._settings, self._clock),
            alerts=_alerts(database, service, self._settings, self._clock),
            track=_track(database, service),
            keeper=keeper,
        )

    def _follow(self, service: AnswerService, pulse: WorkerPulse, supervisor: Supervisor) -> None:
        self._metrics.follow(
            waiting=lambda: service.waiting,
            workers_answer=lambda: pulse.is_alive,
            platforms=lambda: supervisor.statuses,
        )


async def _database(closing: AsyncExitStack, settings: Settings) -> Database:
    """Return the database of the settings, brought up to date."""
    from bot.storage.database import Database

    database = await Database.open(settings.storage.address)
    closing.push_async_callback(database.close)
    return database


def _preferences(database: Database, service: AnswerService, venues: tuple[str, ...]) -> PreferenceStore:
    from bot.storage.sql_preferences import SqlPreferences

    return SqlPreferences(database, Offer(symbols=service.known_symbols, venues=venues))


def _reports(
    database: Database, service: AnswerService, venues: tuple[str, ...], settings: Settings, clock: DeliveryClock
) -> ReportDesk:
    from bot.storage.sql_subscriptions import SqlSubscriptions

    limits = Limits(per_person=settings.reports.per_person, per_chat=settings.reports.per_chat)
    return ReportDesk(SqlSubscriptions(database), service, clock.now_s, limits=limits, venues=venues)


def _alerts(database: Database, service: AnswerService, settings: Settings, clock: DeliveryClock) -> AlertDesk:
    from bot.storage.sql_alerts import SqlAlerts

    return AlertDesk(SqlAlerts(database, settings.alerts), ServiceReadings(service), clock.now_s)


def _track(database: Database, service: AnswerService) -> TrackDesk:
    from bot.storage.sql_grades import SqlGrades
    from bot.track.track_desk import TrackDesk

    return TrackDesk(SqlGrades(database), service)


def _keeper(database: Database) -> AnswerKeeper:
    from bot.storage.sql_published import SqlPublished

    return AnswerKeeper(SqlPublished(database))


def _shared_pool(settings: Settings, own: WorkerPool) -> Pool:
    """Return who does heavy work: one's own workers, and where it is set those of a cluster, once it is joined."""
    if not settings.cluster.enabled:
        return own
    from bot.cluster.cluster_pool import ClusterPool

    return ClusterPool(own)


@asynccontextmanager
async def _joined(pool: Pool, settings: Settings, database: Database) -> AsyncIterator[None]:
    """Hand heavy work to the cluster while the block runs, where there is one."""
    if not settings.cluster.enabled:
        yield
        return
    from bot.cluster.cluster_pool import ClusterPool
    from bot.serving.cluster import cluster_on

    async with cast("ClusterPool", pool).joined(cluster_on(settings, database)):
        yield


@asynccontextmanager
async def _shared_out(
    platforms: Mapping[str, Sequence[Platform]], database: Database, clock: DeliveryClock
) -> AsyncIterator[None]:
    """Share what only one process may serve with the others on the same database while the block runs."""
    from bot.storage.leases import Leases

    groups = [[part.seat for part in parts if part.seat is not None] for parts in platforms.values()]
    if not any(groups):
        yield
        return
    leases = Leases(database, secrets.token_hex(8))
    async with seated(Seats(leases, groups, clock.now_s)):
        yield


async def _close(source: Source) -> None:
    """Let go of a source that holds connections, so that no reader waits for a venue any more."""
    if isinstance(source, Closable):
        await asyncio.to_thread(source.close)


async def _learn_symbols(service: AnswerService) -> None:
    """Let the source learn which symbols there are; one that cannot now will with its first answer."""
    try:
        async with asyncio.timeout(CATALOGUE_WAIT_S):
            await service.symbols()
    except Exception as error:  # noqa: BLE001 - answers say what is missing; the start does not fail of it
        _log.warning("the symbols are not known yet: %s", str(error) or type(error).__name__)


async def _keep_learning_symbols(service: AnswerService) -> None:
    while True:
        await asyncio.sleep(CATALOGUE_EVERY_S)
        await _learn_symbols(service)


@asynccontextmanager
async def _background(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let something run beside the block, and end with it."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
