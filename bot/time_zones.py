"""Time zones as people write them: london, New York → the name in the IANA list, or which may be meant."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Sequence

UTC = "UTC"
MOST_SUGGESTED = 2
USUAL_ZONES = (
    UTC,
    "Europe/London",
    "Europe/Berlin",
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Singapore",
    "Asia/Hong_Kong",
    "Asia/Tokyo",
    "Australia/Sydney",
)
"""Offered where nothing is typed yet (own choice)."""
_SHOWN = 30
"""Characters of a refused name that are repeated."""
_DISTANCE = re.compile(r"(?:utc|gmt)?\s*([+-])\s*(\d{1,2})(?::?(\d\d))?")
_FARTHEST_WEST, _FARTHEST_EAST = 12, 14
_SHORT_NAMES = {
    ("aest", "aedt"): ("Australia/Sydney", "Australia/Brisbane"),
    ("bst",): ("Europe/London",),
    ("brt",): ("America/Sao_Paulo",),
    ("cest",): ("Europe/Berlin", "Europe/Paris"),
    ("cst",): ("America/Chicago", "Asia/Shanghai"),
    ("cdt", "ct"): ("America/Chicago",),
    ("eest",): ("Europe/Athens", "Europe/Helsinki"),
    ("est", "edt", "et"): ("America/New_York",),
    ("hkt",): ("Asia/Hong_Kong",),
    ("ist",): ("Asia/Kolkata", "Asia/Jerusalem", "Europe/Dublin"),
    ("jst",): ("Asia/Tokyo",),
    ("kst",): ("Asia/Seoul",),
    ("msk",): ("Europe/Moscow",),
    ("mst", "mdt", "mt"): ("America/Denver", "America/Phoenix"),
    ("pst", "pdt", "pt"): ("America/Los_Angeles",),
    ("sgt",): ("Asia/Singapore",),
}
_CITIES_OF = {short: cities for shorts, cities in _SHORT_NAMES.items() for short in shorts}
"""What letters stand for: several places, or one clock in winter and another in summer."""


class UnknownZoneError(ValueError):
    """No single time zone is meant; the sentence says why, `suggestions` are names that can be used."""

    def __init__(self, problem: str, suggestions: Sequence[str]) -> None:
        self.problem = problem
        self.suggestions = tuple(suggestions)
        super().__init__(problem)


def zone_meant(text: str) -> str:
    """Return the IANA name of the zone that somebody wrote, by its name or by its city.

    Raises:
        UnknownZoneError: there is none, there are several, or it is a distance to UTC and no place.

    """
    typed = "_".join(text.casefold().split())
    zones = _zones()
    if typed in _CITIES_OF:
        raise UnknownZoneError(
            f"“{_shown(text)}” does not say where, and clocks change: name a city.", _CITIES_OF[typed][:MOST_SUGGESTED]
        )
    if typed in zones:
        return zones[typed]
    of_city = _by_city().get(typed, ())
    if len(of_city) == 1:
        return of_city[0]
    distance = _DISTANCE.fullmatch(text.casefold())
    if distance is not None:
        raise _distance_error(text, distance)
    close = difflib.get_close_matches(typed, [*zones, *_by_city()], MOST_SUGGESTED)
    near = [zones[name] if name in zones else _by_city()[name][0] for name in close]
    suggestions = of_city[:MOST_SUGGESTED] or tuple(dict.fromkeys(near)) or ("Europe/Berlin", UTC)
    raise UnknownZoneError(f"There is no time zone “{_shown(text)}” here.", suggestions)


def zones_like(text: str, most: int) -> tuple[str, ...]:
    """Return names of zones that may be meant by what was typed so far: of cities that begin so, then of any part.

    Nothing typed: where many who trade live.
    """
    typed = "_".join(text.casefold().split())
    if not typed:
        return USUAL_ZONES[:most]
    named = {name: zone for name, zone in _zones().items() if typed in name}
    begins = [zone for name, zone in named.items() if name.rpartition("/")[2].startswith(typed) or name == typed]
    return tuple(dict.fromkeys((*_CITIES_OF.get(typed, ()), *begins, *named.values())))[:most]


def is_zone_name(text: str) -> bool:
    """Say whether a word is the whole name of a zone and nothing else: Europe/London, UTC; not London."""
    typed = text.casefold()
    return typed == UTC.casefold() or ("/" in typed and typed in _zones())


def _distance_error(text: str, distance: re.Match[str]) -> UnknownZoneError:
    """Say what to write instead of UTC+2. Zones that stand still count the other way: Etc/GMT-2 is UTC+2."""
    sign, hours, minutes = distance[1], int(distance[2]), int(distance[3] or 0)
    most = _FARTHEST_EAST if sign == "+" else _FARTHEST_WEST
    still = f"Etc/GMT{'-' if sign == '+' else '+'}{hours}" if 0 < hours <= most and not minutes else None
    why = f"“{_shown(text)}” names no place, and clocks change: name a city"
    if still is None:
        return UnknownZoneError(f"{why}.", ("Europe/Berlin", UTC))
    return UnknownZoneError(f"{why}, or {still}, which is UTC{sign}{hours} all year.", ("Europe/Berlin", still))


def _shown(text: str) -> str:
    return "".join(character for character in text if character.isprintable())[:_SHOWN]


@functools.cache
def _zones() -> dict[str, str]:
    """Return every zone of the machine's list by its name in small letters; only UTC where there is none."""
    from zoneinfo import available_timezones  # reads a folder of the machine

    return {zone.casefold(): zone for zone in sorted({UTC, *available_timezones()})}


@functools.cache
def _by_city() -> dict[str, tuple[str, ...]]:
    """Return the zones by the last part of their names, in small letters."""
    found: dict[str, tuple[str, ...]] = {}
    for name, zone in _zones().items():
        found[name.rpartition("/")[2]] = (*found.get(name.rpartition("/")[2], ()), zone)
    return found
