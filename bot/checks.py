"""What `fathom doctor` looks at, one function each: how one thing is, in a sentence, and what to do about it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bot.config import Settings
from engine.errors import DataUnavailableError

Status = Literal["ok", "warn", "fail", "off"]
"""off: not set up, or not to be told; nothing is wrong with it."""

LEAST_FREE_BYTES = 100 * 2**20
"""Below this a day of recording may not fit, and a full disk stops the history (own assumption)."""
SCARCE_BYTES = 2**30
LIBRARIES = ("numpy", "numba", "matplotlib", "pyarrow", "ccxt", "aiohttp")


@dataclass(frozen=True, slots=True)
class Fact:
    """One number or name behind a sentence, for machines; its unit is in its name."""

    name: str
    value: str | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """How one thing is; advice: what to do about it, None where nothing is to be done."""

    name: str
    status: Status
    sentence: str
    advice: str | None = None
    facts: tuple[Fact, ...] = ()


def check_versions(settings: Settings) -> Check:  # noqa: ARG001 - every check is asked the same way
    """Tell which Python and which libraries run."""
    found = {name: _version(name) for name in ("fathom-liq", *LIBRARIES)}
    told = ", ".join(f"{name} {version}" for name, version in found.items() if version is not None)
    return Check(
        name="versions",
        status="ok",
        sentence=f"Python {platform.python_version()} on {platform.system()}, {told}.",
        facts=(
            Fact("python", platform.python_version()),
            *(Fact(name, version) for name, version in found.items()),
        ),
    )


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def check_live_extra(settings: Settings) -> Check:
    """Say whether what live markets need is installed."""
    from bot.app import LIVE_EXTRA

    absent = [name for name in LIVE_EXTRA if importlib.util.find_spec(name) is None]
    if not absent:
        return Check(name="live extra", status="ok", sentence="What live markets need is installed.")
    wanted: Status = "fail" if settings.market.source == "live" else "warn"
    return Check(
        name="live extra",
        status="off" if settings.market.source in ("recorded", "simulated") else wanted,
        sentence=f"Live markets cannot be read: {', '.join(absent)} is not installed.",
        advice="pip install 'fathom-liq[live]'",
    )


def check_source(settings: Settings) -> Check:
    """Say where answers come from, and whether that can be opened."""
    market = settings.market
    if market.source != "recorded":
        chats = "may" if market.allow_simulated else "may not"
        sentence = f"Markets come from the source {market.source}; chats {chats} show the simulated one."
        return Check(name="source", status="ok", sentence=sentence, facts=(Fact("source", market.source),))
    facts = (Fact("source", market.source), Fact("recordings", str(market.recordings)))
    try:
        symbols = _recorded_symbols(market.recordings)
    except (DataUnavailableError, OSError) as error:
        return Check(name="source", status="fail", sentence=str(error), advice="Set [market] recordings.", facts=facts)
    return Check(
        name="source",
        status="ok" if symbols else "fail",
        sentence=f"{len(symbols)} symbols are recorded in {market.recordings}.",
        advice=None if symbols else "Name a directory that holds recordings: [market] recordings.",
        facts=facts,
    )


def _recorded_symbols(directory: Path | None) -> tuple[str, ...]:
    if directory is None:
        msg = "The recorded source has no directory of recordings."
        raise DataUnavailableError(msg)
    from engine.sources.recorded import RecordedSource  # Parquet is for who records

    return RecordedSource(directory.expanduser()).symbols()


def check_history(settings: Settings) -> Check:
    """Say whether what is fetched can be kept, who is writing it, and how much room there is."""
    directory = settings.history.directory
    if directory is None:
        return Check(name="history", status="off", sentence="The history is off: nothing that is fetched is kept.")
    from engine.history.lock import writer_of

    place = next(path for path in (directory, *directory.parents) if path.exists())
    free = shutil.disk_usage(place).free
    facts = [Fact("path", str(directory)), Fact("free_bytes", free), Fact("exists", directory.is_dir())]
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        sentence = f"The history at {directory} cannot be written: {place} does not allow it."
        advice = "Mend the folder's permissions, or name another [history] path."
        return Check(name="history", status="fail", sentence=sentence, advice=advice, facts=tuple(facts))
    writer = writer_of(directory)
    facts.append(Fact("writing_process", None if writer is None else writer.process))
    who = "nobody is writing it now" if writer is None else f"process {writer.process or 'unknown'} is writing it"
    begun = "" if directory.is_dir() else " (to be made)"
    room: Status = "fail" if free < LEAST_FREE_BYTES else "warn" if free < SCARCE_BYTES else "ok"
    return Check(
        name="history",
        status=room,
        sentence=f"The history at {directory}{begun} can be written, {who}, {free / 2**30:,.1f} GiB are free.",
        advice=None if room == "ok" else "Free some space, or name another [history] path.",
        facts=tuple(facts),
    )


LOCAL_CHECKS: tuple[Callable[[Settings], Check], ...] = (
    check_versions,
    check_live_extra,
    check_source,
    check_history,
)
"""What needs no network. A new check is one function, and its name here."""
