"""`fathom record SYMBOL...`: collect live markets without pause, until it is stopped.

What it needs is imported inside, so that `fathom --help` does not wait for it.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.options import ConfigOption, HistoryOption

if TYPE_CHECKING:
    from bot.recording import Recording
    from engine.recording.reports import Report


def record(
    symbols: Annotated[
        list[str] | None, typer.Argument(metavar="[SYMBOL]...", help="Such as BTC ETH; without any, [record] symbols.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print every event as JSON, one a line.")] = False,  # noqa: FBT002
    path: HistoryOption = None,
    config: ConfigOption = None,
) -> None:
    """Collect live markets without pause.

    Candles, open interest, funding, order books, liquidations as the venues tell them, and real positions at
    Hyperliquid, into the history. Ctrl-C ends it; what was stored is whole whatever ends it.
    """
    from bot.config import load_settings
    from bot.recording import open_recording
    from bot.tokens import as_symbol

    settings = load_settings({"history": {"path": path}}, config=None if config is None else Path(config))
    names = tuple(dict.fromkeys(as_symbol(symbol) for symbol in symbols or settings.record.symbols))
    with open_recording(settings) as recording:
        asyncio.run(_run(recording, names, _teller(recording, as_json=as_json)))


def _teller(recording: Recording, *, as_json: bool) -> Callable[[Report], None]:
    """Return what prints reports; each line leaves at once, for whoever waits for it."""
    from bot.recording_words import Scribe

    scribe = Scribe(recording.clock)

    def tell(report: Report) -> None:
        line = scribe.json_line(report) if as_json else scribe.line(report)
        if line is not None:
            print(line, flush=True)  # noqa: T201 - the command's output

    return tell


async def _run(recording: Recording, symbols: tuple[str, ...], tell: Callable[[Report], None]) -> None:
    stop = asyncio.Event()
    for wish in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(wish, stop.set)
    await recording.run(symbols, stop, tell)
