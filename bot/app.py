"""The composition root: settings in, a source and an assistant out, and the way of one message through them."""

from __future__ import annotations

import atexit
import importlib.util
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from bot.config import ConfigError, Settings, VenueSettings
from bot.faults import fault_of
from bot.pictures import write_picture
from bot.replies import Block, Line, Reply, block, fault_reply
from bot.requests import MarketRequest
from bot.wordsmith import PlainWords, Wordsmith
from engine.sources.base import Source
from engine.windows import parse_instant

if TYPE_CHECKING:
    from bot.assistant import Assistant
    from engine.sources.live.past import Past
    from engine.sources.live.positions.sweeper import PositionsEndpoint
    from engine.sources.live.source import Endpoint, LiveSource

LIVE_EXTRA = ("ccxt", "aiohttp", "stamina")
NO_LIVE_EXTRA = (
    "Live markets need the exchange library, which is an extra: pip install 'fathom-liq[live]'. "
    "Without it use --source recorded --recordings DIR, or --source simulated for trying things out."
)
LLM_EXTRA = "pydantic_ai"
NO_LLM_EXTRA = (
    "A language model needs its library, which is an extra: pip install 'fathom-liq[llm]'. "
    "Without the key in [llm] the bot does without a model."
)
AUTO_IS_SIMULATED = (
    "No source was chosen and {why}, so this market is SIMULATED: every number is "
    "invented. For recorded markets: --source recorded --recordings DIR."
)
NO_SIMULATED_CHAT = (
    "A chat shows no simulated market, whose numbers are invented, unless [market] allow_simulated = true says so. "
    "Set that for trying things out, or choose another source."
)
REACH_WAIT_S = 2.0
"""A venue that accepts no connection in this time is not there (own assumption; once around the world takes .3 s)."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """A reply, and the path of its picture where one was written."""

    reply: Reply
    chart: Path | None = None


def open_source(settings: Settings) -> Source:
    """Return the source that the settings name.

    Raises:
        ConfigError: it needs another setting, or a library that is not installed.
        EngineError: it cannot be opened.

    """
    match settings.market.source:
        case "live":
            return _kept(_live(settings), settings)
        case "recorded":
            return _recorded(settings.market.recordings)
        case "simulated":
            return _simulated(settings)
        case "auto":
            live = _live_if_it_answers(settings)
            return _simulated(settings) if live is None else _kept(live, settings)


def open_chat_source(settings: Settings) -> Source:
    """Return the source of a process that serves chats, where nobody reads a notice before the first answer.

    As `open_source`, but `auto` means live markets, whether or not a venue answers now, unless the settings allow the
    simulated one: a chat says that there is no data rather than show an invented market.

    Raises:
        ConfigError: it needs another setting, or a library that is not installed.
        EngineError: it cannot be opened.

    """
    if settings.market.source == "simulated" and not settings.market.allow_simulated:
        raise ConfigError(NO_SIMULATED_CHAT)
    if settings.market.source == "auto" and not settings.market.allow_simulated:
        return _kept(_live(settings), settings)
    return open_source(settings)


def _kept(source: LiveSource, settings: Settings) -> Source:
    """Return live markets that are stored in the history, unless the settings turn it off."""
    directory = settings.history.directory
    if directory is None:
        return source
    from engine.history.keeping import KeepingSource
    from engine.history.store import HistoryStore

    store = HistoryStore(directory)
    atexit.register(store.close)
    return KeepingSource(source, store)


def _simulated(settings: Settings) -> Source:
    from engine.sources.simulated import SimulatedSource  # its compiled market is not needed for a recording

    return SimulatedSource(seed=settings.market.simulated_seed)


def _live(settings: Settings) -> LiveSource:
    if not has_live_extra():
        raise ConfigError(NO_LIVE_EXTRA)
    from engine.sources.live.source import LiveSource  # its thread and event loop are for live markets only

    source = LiveSource(live_endpoints(settings), clock=time.time, past=_past(settings))
    atexit.register(source.close)
    return source


def _past(settings: Settings) -> Past | None:
    """Return what earlier processes kept, None where nothing is kept."""
    directory = settings.history.directory
    if directory is None:
        return None
    from engine.history.past import StoredPast
    from engine.history.store import HistoryStore

    return StoredPast(HistoryStore(directory))  # which reads; its lock is for writers


def _live_if_it_answers(settings: Settings) -> LiveSource | None:
    """Return live markets, None where they cannot answer: another moment, no library, no venue within the wait.

    A connection is tried first: without a network nobody waits for the exchange library to load.
    """
    wait_s = settings.market.auto_wait_s
    if settings.market.at is not None or not has_live_extra():
        return None
    from engine.sources.live.reach import address_of, any_reachable

    started_s = time.monotonic()
    endpoints = live_endpoints(settings)
    known = [endpoint for endpoint in endpoints if endpoint.base_url or endpoint.venue.host]
    reachable = any_reachable([address_of(endpoint) for endpoint in known], min(wait_s, REACH_WAIT_S))
    if not reachable and len(known) == len(endpoints):  # of the others only the exchange library knows the address
        return None
    source = _live(settings)
    if source.answers_within(wait_s - (time.monotonic() - started_s)):
        return source
    source.close()
    return None


def live_endpoints(settings: Settings) -> tuple[Endpoint, ...]:
    """Return the venues that are enabled, and where they are asked."""
    return tuple(endpoint_of(name, venue) for name, venue in settings.venues if venue.enabled)


def endpoint_of(name: str, venue: VenueSettings) -> Endpoint:
    """Return a venue to read, as it is set.

    Raises:
        EngineError: there is none of this name, or it cannot be read live.

    """
    from engine.sources.live.source import Endpoint
    from engine.sources.live.venues import venue_named

    return Endpoint(venue=venue_named(name), base_url=venue.base_url, ws_url=venue.ws_url)


def positions_endpoint(settings: Settings) -> PositionsEndpoint | None:
    """Return where real positions are swept, None where that is off; [venues.hyperliquid] may redirect it."""
    if not settings.positions.enabled:
        return None
    from engine.sources.live.positions.leaderboard import URL
    from engine.sources.live.positions.sweeper import VENUE, PositionsEndpoint

    redirected = dict(settings.venues).get(VENUE)
    return PositionsEndpoint(
        base_url=None if redirected is None else redirected.base_url,
        ws_url=None if redirected is None else redirected.ws_url,
        leaderboard_url=(settings.positions.leaderboard_url or URL) if settings.positions.leaderboard else None,
    )


def has_live_extra() -> bool:
    """Say whether what live markets need is installed; looks for it without loading it."""
    return all(importlib.util.find_spec(name) is not None for name in LIVE_EXTRA)


def _recorded(directory: Path | None) -> Source:
    if directory is None:
        raise ConfigError("The recorded source needs the directory of the recordings: --recordings DIR.")
    from engine.sources.recorded import RecordedSource  # reading Parquet costs a tenth of a second of every start

    return RecordedSource(directory.expanduser())


def build_wordsmith(settings: Settings) -> Wordsmith:
    """Return who may reread messages and reword answers: the operator's model where a key is set, else nobody.

    Raises:
        ConfigError: the key cannot be read, or the library for it is not installed.

    """
    key, model = settings.llm.secret(), settings.llm.model
    if key is None or model is None:
        return PlainWords()
    if importlib.util.find_spec(LLM_EXTRA) is None:
        raise ConfigError(NO_LLM_EXTRA)
    from bot.language_model.endpoint import OpenAIEndpoint  # for operators who set a model up only
    from bot.language_model.model_wordsmith import ModelWordsmith

    endpoint = OpenAIEndpoint(base_url=settings.llm.base_url, model=model, api_key=SecretStr(key))
    return ModelWordsmith(endpoint, reads=settings.llm.understand, rewords=settings.llm.reword)


def moment_of(settings: Settings) -> int | None:
    """Return the moment that the settings ask about [Unix s], None for the latest."""
    return None if settings.market.at is None else parse_instant(settings.market.at)


def build_assistant(settings: Settings) -> Assistant:
    """Return the assistant for these settings."""
    source = open_source(settings)
    from bot.assistant import Assistant  # brings the whole engine, which a wrong setting does not need

    return Assistant(source, at_s=moment_of(settings))


def deliver(
    assistant: Assistant, text: str, settings: Settings, *, before: Reply | None = None, draw: bool = True
) -> Delivered:
    """Answer one message and write its picture; never raises, a fault is a reply that says what went wrong.

    before: the last reply that answered something in this conversation.
    """
    last = before.request if before is not None and isinstance(before.request, MarketRequest) else None
    last_symbol = before.symbol if before is not None else None
    reply = assistant.answer(text, last_symbol=last_symbol, last_request=last)
    if reply.picture is None or not draw:
        return Delivered(reply)
    charts = settings.charts
    try:
        path = write_picture(reply.picture, charts.out.expanduser(), theme=charts.theme, width_px=charts.width_px)
    except Exception as error:  # noqa: BLE001 - every error becomes words; the unexpected ones are logged
        return Delivered(fault_reply(fault_of(error), reply.symbol))
    return Delivered(reply, path)


def notices(settings: Settings, source_name: str) -> tuple[Block, ...]:
    """Return what a console says before its first answer: that nobody chose the invented market, and why it is it."""
    text = notice_text(settings, source_name)
    return () if text is None else block("notice", Line(text=text, tone="warning"))


def notice_text(settings: Settings, source_name: str) -> str | None:
    """Return the sentence of that notice, None where the market is the one that was asked for."""
    if settings.market.source != "auto" or source_name != "simulated":
        return None
    if settings.market.at is not None:
        why = "live markets answer for this moment only"
    elif not has_live_extra():
        why = "the extra for live markets is not installed (pip install 'fathom-liq[live]')"
    else:
        why = "no venue with live markets can be reached"
    return AUTO_IS_SIMULATED.format(why=why)
