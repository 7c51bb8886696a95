"""`fathom serve` as a process of its own, with both platforms' wires on loopback."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from tests.bot_api import BotApi
from tests.fake_discord import FakeDiscord

ROOT = Path(__file__).parents[2]
RECORDINGS = (ROOT / "../shared/data").resolve()
START_S = 90.0
"""A first start compiles its kernels, on a slow machine for most of a minute."""

if RECORDINGS.is_dir():
    MARKET = {
        "FATHOM_MARKET__SOURCE": "recorded",
        "FATHOM_MARKET__RECORDINGS": str(RECORDINGS),
        "FATHOM_MARKET__AT": "2026-02-05T12:00:00Z",
    }
else:
    MARKET = {"FATHOM_MARKET__SOURCE": "simulated", "FATHOM_MARKET__ALLOW_SIMULATED": "true"}


def telegram_settings(api: BotApi, token: str | None = None) -> dict[str, str]:
    return {
        "FATHOM_TELEGRAM__TOKEN": token or api.token,
        "FATHOM_TELEGRAM__BASE_URL": api.base_url,
        "FATHOM_TELEGRAM__BASE_FILE_URL": api.base_file_url,
    }


def discord_settings(fake: FakeDiscord, token: str | None = None) -> dict[str, str]:
    return {
        "FATHOM_DISCORD__TOKEN": token or fake.token,
        "FATHOM_DISCORD__API_BASE": fake.rest_url,
        "FATHOM_DISCORD__GATEWAY": fake.gateway_url,
    }


class Served:
    """The process, and what it says."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        self.process = process
        self._folder = folder

    @property
    def said(self) -> str:
        """Everything it wrote, in the order of writing."""
        return (self._folder / "said").read_text(encoding="utf-8")

    @property
    def records(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.said.splitlines() if line.startswith("{")]

    def logged(self, message: str) -> list[dict[str, object]]:
        return [record for record in self.records if message in str(record["message"])]

    async def until_logged(self, message: str, timeout_s: float = START_S) -> dict[str, object]:
        async with asyncio.timeout(timeout_s):
            while not (found := self.logged(message)):
                assert self.process.returncode is None, self.said
                await asyncio.sleep(0.05)
        return found[0]

    async def get(self, path: str) -> tuple[int, str]:
        """Ask its status page."""
        told = await self.until_logged("telling health at")
        base = str(told["message"]).removeprefix("telling health at ").partition("/healthz")[0]
        async with aiohttp.ClientSession() as session, session.get(base + path) as response:
            return response.status, await response.text()

    async def until_healthy(self, wanted: int = 200, timeout_s: float = START_S) -> dict[str, object]:
        async with asyncio.timeout(timeout_s):
            while True:
                status, text = await self.get("/healthz")
                if status == wanted:
                    return json.loads(text)
                await asyncio.sleep(0.1)

    async def stop(self, wish: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Tell it to stop; gives the exit code, and how long it took [s]."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        self.process.send_signal(wish)
        code = await asyncio.wait_for(self.process.wait(), 20)
        return code, loop.time() - began_s


@asynccontextmanager
async def serving(folder: Path, *settings: Mapping[str, str], command: str = "serve") -> AsyncIterator[Served]:
    """Run `fathom serve`, or another command, in a folder of its own until the block ends."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FATHOM_")}
    environment |= {"PYTHONPATH": os.pathsep.join([str(ROOT), environment.get("PYTHONPATH", "")])}
    environment |= {name: str(folder / name.lower()) for name in ("XDG_STATE_HOME", "XDG_DATA_HOME")}
    environment |= {**MARKET, "FATHOM_SERVE__PORT": "0", "FATHOM_HISTORY__PATH": "off"}
    for each in settings:
        environment |= each
    with (folder / "said").open("wb") as said:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot.cli", command, cwd=folder, env=environment, stdout=said, stderr=said
        )
    try:
        yield Served(process, folder)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
