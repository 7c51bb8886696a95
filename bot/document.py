"""The stable JSON of `/liq` and `/level`, described by the schemas beside it.

Fractions are fractions, prices and sizes USD(T), times ISO 8601 with Z, an unknown number is null. Every key but
`notes` and `chart` depends on the market up to `as_of` and on nothing else.
"""

from __future__ import annotations

import importlib.resources
import json
import math
from collections.abc import Sequence
from typing import Any

from engine.market import MissingInput
from engine.models.observed import OBSERVED
from engine.observed import Coverage
from engine.realised import ToldSum
from engine.results import (
    Analysis,
    Condition,
    Evidence,
    InputVote,
    LevelReport,
    MapKey,
    TouchChance,
    VenueCrowd,
    VenueShare,
    Zone,
    ZoneInMap,
)
from engine.windows import iso

Document = dict[str, Any]


def document_text(result: Analysis | LevelReport, *, chart: str | None = None) -> str:
    """Return the JSON text of a result; chart: the path of its picture when one was written."""
    document = (
        level_document(result, chart=chart) if isinstance(result, LevelReport) else liq_document(result, chart=chart)
    )
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)


def schema(name: str) -> Document:
    """Return the JSON Schema (2020-12) of the `liq` or the `level` document."""
    text = importlib.resources.files("bot").joinpath("schemas", f"{name}.schema.json").read_text(encoding="utf-8")
    document: Document = json.loads(text)
    return document


def liq_document(analysis: Analysis, *, chart: str | None = None) -> Document:
    """Return the document of `/liq`, `/zones` and `/questions`."""
    setup, bait = analysis.setup, analysis.bait
    return {
        **_market(analysis),
        "maps": [_map(map_.key) for map_ in analysis.maps],
        "reading": [
            {**_map(reading.key), "role": reading.role, "finding": reading.finding} for reading in analysis.reading
        ],
        "zones": [_zone(zone) for zone in analysis.zones],
        "setup": {
            "verdict": setup.verdict,
            "strength": _number(setup.strength),
            "reasons": [{"sign": reason.sign, "text": reason.text} for reason in setup.reasons],
        },
        "bait": {
            "first_side": bait.first_side,
            "then_side": bait.then_side,
            "trigger": _number(bait.trigger),
            "text": bait.text,
        },
        "invalidation": [_condition(condition) for condition in analysis.invalidation],
        "questions": [{"question": asked.question, "answer": asked.answer} for asked in analysis.questions],
        "realised": [_told(each.day) for each in analysis.realised],
        "crowd": [_crowd(each) for each in analysis.crowd],
        **_rest(analysis, chart),
    }


def level_document(report: LevelReport, *, chart: str | None = None) -> Document:
    """Return the document of `/level`."""
    analysis = report.analysis
    return {
        **_market(analysis),
        "level": _number(report.price),
        "band": {"side": report.band.side, "low": _number(report.band.low), "high": _number(report.band.high)},
        "map": _map(analysis.shown),
        "verdict": report.verdict,
        "verdict_text": report.verdict_text,
        "distance": _number(report.distance),
        "distance_atr": _number(report.distance_atr),
        "on_the_way_usd": _number(report.on_the_way_usd),
        "at_level_usd": _number(report.at_level_usd),
        "index": _number(report.index),
        "percentile": _number(report.percentile),
        "tiers": [
            {"leverage": _number(tier.leverage), "usd": _number(tier.usd), "age_s": _number(tier.age_s)}
            for tier in report.tiers
        ],
        "maps": [{**_seen(seen), "hit": seen.hit} for seen in report.maps],
        "zone": _zone(report.zone) if report.zone else None,
        "nearer": _zone(report.nearer) if report.nearer else None,
        "farther": _zone(report.farther) if report.farther else None,
        "structure": report.structure,
        "order_book": report.order_book,
        "touch_chance": _touch(report.touch),
        "confirm": report.confirm,
        "reject": report.reject,
        "realised": [_told(each) for each in report.realised],
        **_rest(analysis, chart),
    }


def _market(analysis: Analysis) -> Document:
    return {
        "symbol": analysis.symbol,
        "as_of": iso(analysis.as_of_s),
        "price": _number(analysis.price),
        "source": analysis.source,
        "venues": [_venue(venue) for venue in analysis.venues],
    }


def _rest(analysis: Analysis, chart: str | None) -> Document:
    return {
        "observed": None if analysis.observed is None else _coverage(analysis.observed),
        "missing": [_missing(missing) for missing in analysis.missing],
        "chart": chart,
        "notes": list(analysis.notes),
        "disclaimer": analysis.disclaimer,
    }


def _zone(zone: Zone) -> Document:
    return {
        "side": zone.band.side,
        "low": _number(zone.band.low),
        "high": _number(zone.band.high),
        "price": _number(zone.band.price),
        "score": _number(zone.score),
        "index": _number(zone.index),
        "size_usd": _number(zone.size_usd),
        "size_basis": zone.size_basis,
        "distance": _number(zone.distance),
        "distance_atr": _number(zone.distance_atr),
        "age_s": _number(zone.band.age_s),
        "touch_chance": _touch(zone.touch),
        "maps": [_seen(seen) for seen in zone.maps],
        "inputs": [_vote(vote) for vote in zone.inputs],
        "evidence": [_evidence(piece) for piece in zone.evidence],
    }


def _condition(condition: Condition) -> Document:
    return {
        "kind": condition.kind,
        "price": None if condition.price is None else _number(condition.price),
        "timeframe": condition.timeframe,
        "operator": condition.operator,
        "threshold": _number(condition.threshold),
        "until": iso(condition.until_s),
        "text": condition.text,
    }


def _map(key: MapKey) -> Document:
    return {"model": key.model, "window": key.window.name}


def _seen(seen: ZoneInMap) -> Document:
    return {**_map(seen.key), "percentile": _number(seen.percentile)}


def _venue(venue: VenueShare) -> Document:
    return {"name": venue.name, "oi_share": _number(venue.oi_share)}


def _vote(vote: InputVote) -> Document:
    return {"name": vote.name, "agrees": vote.agrees}


def _evidence(piece: Evidence) -> Document:
    return {
        "name": piece.name,
        "value": _number(piece.value),
        "weight": _number(piece.weight),
        "reason": piece.reason,
    }


def _coverage(seen: Coverage) -> Document:
    return {
        "model": OBSERVED.spec.id,
        "venue": seen.venue,
        "started": iso(seen.started_s),
        "swept": iso(seen.swept_s),
        "age_s": _number(seen.age_s),
        "wallets": seen.wallets,
        "long_share": _number(seen.long_share),
        "short_share": _number(seen.short_share),
        "long_usd": _number(seen.long_usd),
        "short_usd": _number(seen.short_usd),
        "exact_share": _number(seen.exact_share),
        "positions": seen.positions,
        "without_price": seen.without_price,
        "passed": seen.passed,
        "outside": seen.outside,
    }


def _touch(touches: Sequence[TouchChance]) -> Document:
    return {f"{touch.hours}h": _number(touch.chance) for touch in touches}


def _told(told: ToldSum) -> Document:
    return {
        "venue": told.venue,
        "reporting": told.reporting,
        "length_s": told.length_s,
        "heard_s": told.heard_s,
        "long_usd": _number(told.long_usd),
        "short_usd": _number(told.short_usd),
        "events": told.events,
    }


def _crowd(crowd: VenueCrowd) -> Document:
    return {"venue": crowd.venue, "long_short_ratio": _number(crowd.long_short_ratio), "age_s": crowd.age_s}


def _missing(missing: MissingInput) -> Document:
    return {"input": missing.input, "venue": missing.venue, "effect": missing.effect}


def _number(value: float) -> float | None:
    """Return a number as JSON knows it: a plain float, or null where it is unknown."""
    plain = float(value)
    return plain if math.isfinite(plain) else None
