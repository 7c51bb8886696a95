"""/healthz and /metrics over HTTP: to this machine only, unless the settings say otherwise."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bot.redaction import redacted
from bot.sections import ConfigError

if TYPE_CHECKING:
    from aiohttp import web

    from bot.serving.health import Health
    from bot.serving.metrics import Metrics

WELL = 200
NOT_WELL = 503


@asynccontextmanager
async def status_page(host: str, port: int, health: Callable[[], Health], metrics: Metrics) -> AsyncIterator[str]:
    """Tell how the process is until the block ends; gives the address of the page.

    Raises:
        ConfigError: nobody can listen there.

    """
    from aiohttp import web

    async def said(_: web.Request) -> web.Response:
        return _said(health())

    async def counted(_: web.Request) -> web.Response:
        return web.Response(body=metrics.text(), headers={"Content-Type": metrics.content_type})

    app = web.Application()
    app.router.add_get("/healthz", said)
    app.router.add_get("/metrics", counted)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            sentence = f"Nothing can be told at {host}:{port} ({error.strerror}). Set another [serve] port or host."
            raise ConfigError(sentence) from None
        yield f"http://{host}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _said(health: Health) -> web.Response:
    from aiohttp import web

    told = {
        "status": health.word,
        "reasons": [redacted(reason) for reason in health.reasons],
        "platforms": {status.name: status.state for status in health.platforms},
    }
    return web.json_response(told, status=WELL if health.is_well else NOT_WELL)
