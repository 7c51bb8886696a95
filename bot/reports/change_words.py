"""What changed since the last report, in words: one line for each kind of change, the most telling first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import groupby

from bot.replies import Line
from bot.wording import atr_text, short_setup_text
from engine.changes import Changes, ZoneChange, ZoneChangeKind
from engine.results import Side, Zone
from engine.text import moment_text, percent_text, price_text

ZONES_TOLD = 3
"""Zones named in one line, by the price that is swept; the others are counted."""
_LABELS: dict[ZoneChangeKind, str] = {
    "swept": "swept (score)",
    "faded": "faded",
    "gone": "gone (score)",
    "shrunk": "smaller",
    "new": "new (score)",
    "grown": "larger",
    "rescored": "score",
}


_MOST_TELLING: frozenset[ZoneChangeKind] = frozenset({"swept", "faded", "shrunk"})
"""What became of zones that a reader may have relied on; the rest is read by who has the room."""


def change_lines(changes: Changes) -> tuple[Line, ...]:
    """Return what changed, price first; says so where nothing did."""
    return (
        Line(text=f"{moment_text(changes.before_s)}: {_price_text(changes)}", label="SINCE", tone="strong"),
        *_met_lines(changes),
        *_zone_lines(changes.zones),
        *_setup_lines(changes),
        *([Line(text="zones, scores and setup are as they were", tone="muted")] if changes.is_nothing else []),
    )


def change_summary(changes: Changes) -> str:
    """Return what changed beside the price in few words: swept 2, new 1, another setup."""
    told = [f"{_LABELS[kind].partition(' ')[0]} {len(list(found))}" for kind, found in _by_kind(changes.zones)]
    if changes.setup is not None:
        told.append("another setup" if changes.setup.before.verdict != changes.setup.now.verdict else "setup moved")
    if changes.met:
        told.append("the earlier reading was proved wrong")
    return ", ".join(told) or "nothing else changed"


def _price_text(changes: Changes) -> str:
    way = "" if math.isnan(changes.price_atrs) else f" ({atr_text(changes.price_atrs)})"
    return f"price {percent_text(changes.price_change)}{way}"


def _met_lines(changes: Changes) -> Iterator[Line]:
    if changes.met:
        yield Line(text="; ".join(each.text for each in changes.met), label="proved wrong by", tone="warning")


def _by_kind(zones: Iterable[ZoneChange]) -> Iterable[tuple[ZoneChangeKind, Iterator[ZoneChange]]]:
    return groupby(zones, key=lambda change: change.kind)


def _zone_lines(zones: Iterable[ZoneChange]) -> Iterator[Line]:
    for kind, found in _by_kind(zones):
        changes = list(found)
        by_side = groupby(sorted(changes[:ZONES_TOLD], key=_side), key=_side)
        told = [f"{side} {', '.join(map(_zone_text, each))}" for side, each in by_side]
        others = len(changes) - ZONES_TOLD
        text = "; ".join([*told, *([f"{others} more"] if others > 0 else [])])
        yield Line(text=text, label=_LABELS[kind], tone="plain" if kind in _MOST_TELLING else "muted")


def _side(change: ZoneChange) -> Side:
    return change.zone.band.side


def _zone_text(change: ZoneChange) -> str:
    zone = change.before if change.kind == "swept" and change.before is not None else change.zone
    return f"{price_text(zone.band.price)} ({_fact_text(change, zone)})"


def _fact_text(change: ZoneChange, zone: Zone) -> str:
    """Return the one fact that tells most of a change: how its size or score moved, else its score."""
    if change.kind in ("faded", "shrunk", "grown"):
        return percent_text(change.size_change, decimals=0)
    if change.kind == "rescored" and change.before is not None:
        return f"{change.before.score:.0f} → {zone.score:.0f}"
    return f"{zone.score:.0f}"


def _setup_lines(changes: Changes) -> Iterator[Line]:
    if changes.setup is not None:
        yield Line(text=" → ".join(map(short_setup_text, (changes.setup.before, changes.setup.now))), label="setup")
