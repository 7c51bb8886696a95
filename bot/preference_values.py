"""Which values a setting may have: what was typed becomes the one spelling that is kept, or refused with a better."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from bot.requests import Change, Key, RequestError
from bot.settings_words import key_text
from bot.time_zones import UnknownZoneError, zone_meant
from bot.tokens import as_model, as_symbol
from engine.symbols import SymbolIndex
from engine.text import venue_text
from engine.windows import window_named

LANGUAGES = ("en",)
MOST_SUGGESTED = 2
_SHOWN = 30
"""Characters of a refused value that are repeated."""
_VENUE_NAME = re.compile(r"[a-z][a-z0-9]{1,31}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What there is to choose from. symbols: those in memory, none before the first fetch; venues: those that are read.

    Where nothing is known, a spelling that could be right is taken.
    """

    symbols: Callable[[], Collection[str]] = tuple
    venues: tuple[str, ...] = ()

    def checked(self, change: Change) -> str | None:
        """Return the value to keep, None to take the setting back.

        Raises:
            RequestError: the value would not do; with suggestions.
            EngineError: no window, model or theme has this name; with suggestions.

        """
        return None if change.value is None else _CHECKS[change.key](change.value, self)


def _symbol(text: str, offer: Offer) -> str:
    symbol = as_symbol(text)
    known = offer.symbols()
    if known and symbol not in known:
        raise _refused("symbol", text, SymbolIndex(known).suggest(text, MOST_SUGGESTED) or tuple(known)[:1])
    return symbol


def _window(text: str, _offer: Offer) -> str:
    return window_named(text).name


def _model(text: str, _offer: Offer) -> str:
    from engine.models import model_named  # brings the compiler, which a chat has loaded by then

    return model_named(as_model(text) or text).id


def _theme(text: str, _offer: Offer) -> str:
    from charts.theme import theme_named  # brings the drawing library

    return theme_named(text).name


def _venue(text: str, offer: Offer) -> str:
    typed = text.casefold()
    for venue in offer.venues:
        if typed in (venue.casefold(), venue_text(venue).casefold()):
            return venue
    if not offer.venues and _VENUE_NAME.fullmatch(typed):
        return typed
    names = {venue_text(venue).casefold(): venue for venue in offer.venues}
    near = difflib.get_close_matches(typed, names, MOST_SUGGESTED, cutoff=0.5)
    raise _refused("venue", text, tuple(near) or tuple(names)[:MOST_SUGGESTED])


def _time_zone(text: str, _offer: Offer) -> str:
    try:
        return zone_meant(text)
    except UnknownZoneError as error:
        would_do = tuple(f"/settings {key_text('time_zone')} {zone}" for zone in error.suggestions)
        raise RequestError(error.problem, would_do) from None


def _language(text: str, _offer: Offer) -> str:
    language = text.casefold()
    if language in LANGUAGES:
        return language
    raise _refused("language", text, LANGUAGES)


def _refused(key: Key, text: str, would_do: Collection[str]) -> RequestError:
    shown = "".join(character for character in text if character.isprintable())[:_SHOWN]
    return RequestError(
        f"There is no {key_text(key)} “{shown}” here.",
        tuple(f"/settings {key_text(key)} {value}" for value in would_do),
    )


_CHECKS: dict[Key, Callable[[str, Offer], str]] = {
    "symbol": _symbol,
    "window": _window,
    "model": _model,
    "venue": _venue,
    "theme": _theme,
    "time_zone": _time_zone,
    "language": _language,
}
