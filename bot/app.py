"""The composition root: settings in, a source and an assistant out, and the way of one message through them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.config import ConfigError, Settings
from bot.faults import fault_of
from bot.pictures import write_picture
from bot.replies import Block, Line, Reply, block, fault_reply
from engine.sources.base import Source
from engine.windows import parse_instant

if TYPE_CHECKING:
    from bot.assistant import Assistant

NO_LIVE_SOURCE = (
    "Live markets are not in this version. "
    "Use --source recorded --recordings DIR, or --source simulated for trying things out."
)
AUTO_IS_SIMULATED = (
    "No source was chosen and live markets are not in this version, so this market is SIMULATED: every number is "
    "invented. For recorded markets: --source recorded --recordings DIR."
)


@dataclass(frozen=True, slots=True)
class Delivered:
    """A reply, and the path of its picture where one was written."""

    reply: Reply
    chart: Path | None = None


def open_source(settings: Settings) -> Source:
    """Return the source that the settings name.

    Raises:
        ConfigError: it does not exist in this version, or needs another setting.
        EngineError: it cannot be opened.

    """
    market = settings.market
    if market.source == "live":
        raise ConfigError(NO_LIVE_SOURCE)
    if market.source == "recorded":
        return _recorded(market.recordings)
    from engine.sources.simulated import SimulatedSource  # its compiled market is not needed for a recording

    return SimulatedSource(seed=market.simulated_seed)


def _recorded(directory: Path | None) -> Source:
    if directory is None:
        raise ConfigError("The recorded source needs the directory of the recordings: --recordings DIR.")
    from engine.sources.recorded import RecordedSource  # reading Parquet costs a tenth of a second of every start

    return RecordedSource(directory.expanduser())


def moment_of(settings: Settings) -> int | None:
    """Return the moment that the settings ask about [Unix s], None for the latest."""
    return None if settings.market.at is None else parse_instant(settings.market.at)


def build_assistant(settings: Settings) -> Assistant:
    """Return the assistant for these settings."""
    source = open_source(settings)
    from bot.assistant import Assistant  # brings the whole engine, which a wrong setting does not need

    return Assistant(source, at_s=moment_of(settings))


def deliver(
    assistant: Assistant, text: str, settings: Settings, *, last_symbol: str | None = None, draw: bool = True
) -> Delivered:
    """Answer one message and write its picture; never raises, a fault is a reply that says what went wrong."""
    reply = assistant.answer(text, last_symbol=last_symbol)
    if reply.picture is None or not draw:
        return Delivered(reply)
    charts = settings.charts
    try:
        path = write_picture(reply.picture, charts.out.expanduser(), theme=charts.theme, width_px=charts.width_px)
    except Exception as error:  # noqa: BLE001 - every error becomes words; the unexpected ones are logged
        return Delivered(fault_reply(fault_of(error), reply.symbol))
    return Delivered(reply, path)


def notices(settings: Settings) -> tuple[Block, ...]:
    """Return what a console says before its first answer: that nobody chose the invented market."""
    chosen = settings.market.source != "auto"
    return () if chosen else block("notice", Line(text=AUTO_IS_SIMULATED, tone="warning"))
