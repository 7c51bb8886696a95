"""From a message to a reply. Knows no platform: the console and the chats all ask here."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol, assert_never

from bot.about_reply import (
    about_reply,
    no_alerts_reply,
    no_reports_reply,
    no_settings_reply,
    no_track_reply,
    privacy_reply,
)
from bot.faults import fault_of
from bot.grammar import parse_request
from bot.guide_reply import help_reply, models_reply
from bot.level_reply import level_reply
from bot.liq_reply import liq_reply, maps_reply, questions_reply, zones_reply
from bot.point_reply import points_reply
from bot.replies import Reply, fault_reply
from bot.requests import (
    About,
    Alert,
    ForgetMe,
    Help,
    Level,
    Liq,
    Maps,
    MarketRequest,
    Models,
    Points,
    Privacy,
    Questions,
    Report,
    Request,
    Settings,
    Track,
    Zones,
)
from engine.analysis import analyse as analyse_market
from engine.errors import DataUnavailableError, UnknownSymbolError
from engine.level import read_level as read_level_of_market
from engine.market import Market
from engine.models import REGISTRY, model_named
from engine.results import Analysis, LevelReport, MapKey
from engine.sources.base import Source
from engine.symbols import SymbolIndex
from engine.text import venue_text
from engine.windows import window_named

ANCHOR_MODEL = "M1"
"""The model of a request that names only a window: the default reading's short-term anchor."""
ANCHOR_WINDOW = "24h"
MOST_SUGGESTED = 3
MOST_LISTED = 20
"""Symbols that a refusal names: the nearest ones, or without any the most traded."""
OWN_WINDOWS = {"M2": "3d", "M3": "3d", "M5": "3d"}
"""The window of a request that names only a model: where the default reading looks at it, else the anchor's."""


class Analyse(Protocol):
    """What `engine.analysis.analyse` does."""

    def __call__(self, market: Market, *, keys: tuple[MapKey, ...] | None = None) -> Analysis:
        """Return the whole answer about a market."""
        ...


class ReadLevel(Protocol):
    """What `engine.level.read_level` does."""

    def __call__(self, market: Market, price: float, *, key: MapKey | None = None) -> LevelReport:
        """Return the answer about one price."""
        ...


class Assistant:
    """Answers messages from one source of markets, at one moment [Unix s] or always at the latest (at_s None)."""

    def __init__(
        self,
        source: Source,
        *,
        at_s: int | None = None,
        analyse: Analyse = analyse_market,
        read_level: ReadLevel = read_level_of_market,
    ) -> None:
        self._source = source
        self._at_s = at_s
        self._analyse = analyse
        self._read_level = read_level

    @property
    def source_name(self) -> str:
        """The name of the source that markets are read from."""
        return self._source.name

    def answer(self, text: str, *, last_symbol: str | None = None, last_request: MarketRequest | None = None) -> Reply:
        """Return the reply to a message; never raises, a fault is a reply that says what went wrong."""
        try:
            request = parse_request(
                text, symbols=self._source.symbols(), last_symbol=last_symbol, last_request=last_request
            )
            return replace(self.respond(request), request=request)
        except Exception as error:  # noqa: BLE001 - every error becomes words; the unexpected ones are logged
            return fault_reply(fault_of(error), last_symbol)

    def respond(self, request: Request) -> Reply:
        """Return the reply to a request.

        Raises:
            EngineError: there is no honest answer; the sentence says why.

        """
        match request:
            case Help():
                return help_reply(self._source.symbols())
            case Models():
                return models_reply(REGISTRY.values())
            case Level():
                report = self._read_level(self._market(request), request.price, key=map_key(request))
                return level_reply(report, wants_touch=request.wants_touch)
            case Points():
                return points_reply(self._analysis(request), request.points)
            case Liq():
                return liq_reply(self._analysis(request))
            case Maps():
                return maps_reply(self._analysis(request))
            case Zones():
                return zones_reply(self._analysis(request))
            case Questions():
                return questions_reply(self._analysis(request))
            case _:
                return self._about_itself(request)

    def _about_itself(self, request: About | Privacy | Track | Settings | ForgetMe | Report | Alert) -> Reply:
        match request:
            case About():
                return about_reply(self._source.name, len(self._source.known_symbols()))
            case Privacy():
                return privacy_reply()
            case Track():
                self._refuse_unknown(request.symbol)
                return no_track_reply(request.symbol)
            case Settings() | ForgetMe():  # a chat keeps settings and answers these itself
                return no_settings_reply()
            case Report():
                return no_reports_reply()
            case Alert():
                return no_alerts_reply()
            case _:
                assert_never(request)

    def _refuse_unknown(self, symbol: str | None) -> None:
        """Refuse a symbol that the source does not list, as far as memory knows; a market is not asked for.

        Raises:
            UnknownSymbolError: it is not listed; holds the nearest ones.

        """
        known = self._source.known_symbols()
        if symbol is not None and known and symbol not in known:
            raise UnknownSymbolError(symbol, SymbolIndex(known).suggest(symbol, MOST_SUGGESTED), known[:MOST_LISTED])

    def _market(self, request: MarketRequest) -> Market:
        market = self._source.market(request.symbol, self._at_s)
        return market if request.venue is None else only_venue(market, request.venue)

    def _analysis(self, request: MarketRequest) -> Analysis:
        key = map_key(request)  # before the market is read: a wrong model is told at once
        return self._analyse(self._market(request), keys=None if key is None else (key,))


def only_venue(market: Market, name: str) -> Market:
    """Return the market of one venue alone.

    Raises:
        DataUnavailableError: it is not among those that the market was read from.

    """
    chosen = tuple(venue for venue in market.venues if venue.venue == name)
    if not chosen:
        there = ", ".join(venue_text(venue.venue) for venue in market.venues)
        msg = f"{venue_text(name)} is not in this market of {market.symbol}. Ask for one of: {there}."
        raise DataUnavailableError(msg)
    missing = tuple(item for item in market.missing if item.venue in (None, name))
    return replace(
        market, venues=chosen, missing=missing, notes=(*market.notes, f"{venue_text(name)} alone was asked.")
    )


def map_key(request: MarketRequest) -> MapKey | None:
    """Return the one map that a request names, None for the four default maps.

    Raises:
        UnknownModelError: no model has this name.

    """
    if request.model is None and request.window is None:
        return None
    model = model_named(request.model or ANCHOR_MODEL).id
    return MapKey(model, request.window or window_named(OWN_WINDOWS.get(model, ANCHOR_WINDOW)))
