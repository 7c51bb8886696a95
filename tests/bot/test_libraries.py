"""What a serving process imports: not on its event loop, where everybody would wait for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

START = """
import asyncio, json, os, sys
from bot.config import load_settings
import bot.serving.process
from bot.serving.libraries import load_libraries
from bot.serving.platforms import enabled_platforms
settings = load_settings()
before = set(sys.modules)
if sys.argv[1] == "loaded":
    load_libraries(settings)
loaded = set(sys.modules)
async def start():
    from bot.storage.database import Database
    database = await Database.open(settings.storage.address)
    await database.close()
    for platforms in enabled_platforms(settings, None).values():
        for platform in platforms:
            platform.make()
asyncio.run(start())
print(json.dumps({"ahead": len(loaded - before), "on_the_loop": sorted(set(sys.modules) - loaded)}))
"""
SLOW = ("alembic", "discord", "matplotlib", "sqlalchemy", "telegram")


def started(how: str, folder: Path, **settings: str) -> dict:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FATHOM_")}
    environment |= {f"XDG_{kind}_HOME": str(folder) for kind in ("STATE", "DATA", "CONFIG")} | settings
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(START), how],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
        env=environment,
    )
    return json.loads(done.stdout)


def slow_ones(modules: list[str]) -> set[str]:
    return {module.partition(".")[0] for module in modules} & set(SLOW)


def test_what_is_slow_to_import_is_there_before_the_loop_needs_it(tmp_path):
    tokens = {"FATHOM_TELEGRAM__TOKEN": "1234567890:" + "made-up" * 5, "FATHOM_DISCORD__TOKEN": "made.up.token"}
    assert slow_ones(started("not loaded", tmp_path, **tokens)["on_the_loop"]) == set(SLOW)
    told = started("loaded", tmp_path, **tokens)
    assert [module for module in told["on_the_loop"] if slow_ones([module])] == []
