"""The phrases that several replies share: pure functions of results, in a trader's words, with units."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from bot.replies import Block, Line, Tone, block
from engine.market import MissingInput
from engine.observed import Coverage
from engine.realised import ToldSum
from engine.results import DISCLAIMER, Analysis, MapKey, Setup, Side, TouchChance, VenueCrowd, Zone
from engine.text import band_text, duration_text, moment_text, percent_text, price_text, usd_text, venue_text
from engine.windows import HOUR_S, MINUTE_S

SEPARATOR = "  ·  "
SMALLEST_SHARE = 0.01
"""A chance below this or above its complement is not known more exactly than that."""
SMALLEST_RATIO = 0.01
"""One long account per hundred short ones: no market is known that comes near it."""
TOUCH_CAVEAT = "any level at that distance; not a forecast"

VERDICTS = {
    "upside_sweep": "Upside sweep favoured",
    "downside_sweep": "Downside sweep favoured",
    "trap_both_sides": "Trap on both sides",
    "no_clear_edge": "No clear edge",
}
_STRENGTHS = ((1 / 3, "weakly"), (2 / 3, "moderately"), (math.inf, "strongly"))
"""Thirds of the scale: three words are as fine as a strength can honestly be told."""
_INPUTS = {
    "open_interest": "open interest",
    "order_book": "order book",
    "price_action": "price action",
    "market_structure": "market structure",
    "long_short_ratio": "long/short ratio",
    "taker_flow": "taker flow",
}
FORCED = {"above": "forced buying", "below": "forced selling"}
CROWD = {"above": "shorts", "below": "longs"}


def input_text(name: str) -> str:
    """Return an input's name in words."""
    return _INPUTS.get(name, name.replace("_", " "))


def market_text(analysis: Analysis) -> str:
    """Return where the numbers come from: Binance + Bybit perps, recorded."""
    if analysis.source == "simulated":
        return "simulated perp"
    names = " + ".join(venue_text(venue.name) for venue in analysis.venues)
    perps = f"{names} perp{'s' if len(analysis.venues) > 1 else ''}"
    return perps if analysis.source == "live" else f"{perps}, {analysis.source}"


def age_text(analysis: Analysis) -> str:
    """Return how old the newest bar was at the moment of the answer."""
    age_s = analysis.as_of_s - int(analysis.candles.end_s[-1])
    return "last bar just closed" if age_s < MINUTE_S else f"last bar closed {duration_text(age_s)} earlier"


def headline(analysis: Analysis, *, subject: str | None = None) -> tuple[Block, ...]:
    """Return the first line of every answer about a market; simulated data cannot be overlooked in it."""
    opening = subject or f"{analysis.symbol} {price_text(analysis.price)}"
    parts = [opening, market_text(analysis), f"{moment_text(analysis.as_of_s)}, {age_text(analysis)}"]
    tone: Tone = "strong"
    if analysis.source == "simulated":
        parts.insert(0, "SIMULATED, no real prices")
        tone = "warning"
    return block("headline", Line(text=SEPARATOR.join(parts), tone=tone, parts=tuple(parts)))


def zone_text(zone: Zone) -> str:
    """Return a zone in short: its prices, distance and score."""
    return f"{band_text(zone.band.low, zone.band.high)} {percent_text(zone.distance)} score {zone.score:.0f}"


def agreement_text(zone: Zone) -> str:
    """Return which share of maps and of different inputs show the zone."""
    hits = sum(seen.hit for seen in zone.maps)
    votes = sum(vote.agrees for vote in zone.inputs)
    maps = f"{hits}/{len(zone.maps)} maps"
    return f"{maps}, {votes}/{len(zone.inputs)} inputs" if zone.inputs else maps


def size_text(zone: Zone) -> str:
    """Return what would be forced there, as an index beside the modelled or observed amount."""
    amount = (
        f"≈ {usd_text(zone.size_usd)} {zone.size_basis}" if math.isfinite(zone.size_usd) else "no USD: not positions"
    )
    return f"{FORCED[zone.band.side]} {index_text(zone.index)} ({amount})"


def setup_text(setup: Setup) -> str:
    """Return the verdict as a sentence that claims no more than was measured."""
    if setup.verdict == "no_clear_edge":
        return f"{short_setup_text(setup)}."
    return f"{short_setup_text(setup)} (unproven; not a forecast)."


def short_setup_text(setup: Setup) -> str:
    """Return the verdict and its strength alone, where what they are worth is said beside them."""
    verdict = VERDICTS[setup.verdict]
    if setup.verdict in ("no_clear_edge", "trap_both_sides"):
        return verdict
    return f"{verdict}, {next(word for limit, word in _STRENGTHS if setup.strength < limit)}"


def index_text(index: float) -> str:
    """Return an index of 0-100 without decimals."""
    return f"index {index:.0f}" if math.isfinite(index) else "index unknown"


def share_text(share: float) -> str:
    """Return a chance or share in whole percent; what is rounded to none or to all is said as a bound."""
    if math.isfinite(share) and not SMALLEST_SHARE <= share <= 1 - SMALLEST_SHARE:
        return "under 1 %" if share < SMALLEST_SHARE else "over 99 %"
    return percent_text(share, signed=False, decimals=0)


def sentence(text: str) -> str:
    """Return a phrase as a sentence."""
    return text if not text else text[0].upper() + text[1:].removesuffix(".") + "."


def chance_text(touches: Sequence[TouchChance]) -> str:
    """Return the chances of touch of one level: 12 h under 1 %, 24 h 3 %, 72 h 18 %."""
    return ", ".join(f"{touch.hours} h {share_text(touch.chance)}" for touch in touches)


def atr_text(distance_atr: float) -> str:
    """Return a distance in daily average true ranges, without its sign."""
    return f"{abs(distance_atr):.1f} daily ATR" if math.isfinite(distance_atr) else "ATR unknown"


def side_word(side: Side) -> str:
    """Return the label of a side."""
    return side.upper()


def map_text(key: MapKey) -> str:
    """Return a map's name: M1 12h."""
    return f"{key.model} {key.window.name}"


def told_text(sums: Sequence[ToldSum], happened: str) -> str:
    """Return what venues told was liquidated, which part of it each tells, and how long was listened.

    happened: what became of both sides, such as "forced out". Sums are as low as what is told: the words say so.
    """
    longs, shorts = usd_text(sum(each.long_usd for each in sums)), usd_text(sum(each.short_usd for each in sums))
    listened = [_listened_text(each) for each in sums]
    same = len(set(listened)) == 1
    venues = ", ".join(
        f"{venue_text(each.venue)} ({each.reporting}{'' if same else f', {text}'})"
        for each, text in zip(sums, listened, strict=True)
    )
    told = f"{longs} of longs and {shorts} of shorts {happened}, as told by {venues}"
    return f"{told}; {listened[0]}" if same else told


def crowd_text(crowd: Sequence[VenueCrowd]) -> str:
    """Return how many accounts are long for each short one at each venue, and how old that is."""
    first, *others = (f"{_ratio_text(each.long_short_ratio)} {{}}at {venue_text(each.venue)}" for each in crowd)
    ratios = ", ".join((first.format("long accounts per short one "), *(other.format("") for other in others)))
    ages = {duration_text(each.age_s) for each in crowd}
    oldest = duration_text(max(each.age_s for each in crowd))
    return f"{ratios} (accounts, not sizes; {'up to ' if len(ages) > 1 else ''}{oldest} old)"


def _ratio_text(ratio: float) -> str:
    """Return a ratio with three digits, and one that rounds to nothing as a bound."""
    return f"{ratio:.2f}" if ratio >= SMALLEST_RATIO else f"under {SMALLEST_RATIO:g}"


def _listened_text(told: ToldSum) -> str:
    """Return how much of the time was listened to, rounded down: never more than was."""
    whole_h = told.length_s // HOUR_S
    if told.heard_s >= told.length_s:
        return f"listened all {whole_h} h"
    if told.heard_s >= HOUR_S:
        return f"listened {told.heard_s // HOUR_S} of {whole_h} h"
    return f"listened {told.heard_s // MINUTE_S} min of {whole_h} h"


def missing_blocks(missing: Iterable[MissingInput]) -> tuple[Block, ...]:
    """Return what was not there and what that does to the answer; the same gap at two venues is said once each."""
    lines = dict.fromkeys(
        f"{input_text(gap.input)}{f' ({venue_text(gap.venue)})' if gap.venue else ''}: {gap.effect}" for gap in missing
    )
    return block("missing", *(_labelled(lines, "MISSING", tone="muted")))


def coverage_blocks(analysis: Analysis) -> tuple[Block, ...]:
    """Return what the real positions cover that have a say in the answer, and how old they are; nothing without any."""
    seen = analysis.observed
    if seen is None:
        return ()
    text = (
        f"M6 has a say: {seen.wallets:,} wallets at {venue_text(seen.venue)}, sweep ended {earlier_text(seen.age_s)}, "
        f"{coverage_text(seen)}{_exact_text(seen)}"
    )
    return block("coverage", Line(text=text, label="POSITIONS", tone="muted"))


def earlier_text(age_s: float) -> str:
    """Return how long before the answer something was: 4 min earlier."""
    return "just now" if age_s < MINUTE_S else f"{duration_text(age_s)} earlier"


def coverage_text(seen: Coverage) -> str:
    """Return what share of the venue's open interest was seen: 41 % of its longs and 38 % of its shorts."""
    return f"{share_text(seen.long_share)} of its longs and {share_text(seen.short_share)} of its shorts"


def _exact_text(seen: Coverage) -> str:
    if not math.isfinite(seen.exact_share):
        return ", none of them with a price in the map"
    exact = percent_text(seen.exact_share, signed=False, decimals=0)
    return f"; {exact} of their USD at exact prices (isolated), the rest on cross margin is spread"


def notes_blocks(notes: Iterable[str]) -> tuple[Block, ...]:
    """Return the caveats that the result carries."""
    return block("notes", *_labelled(dict.fromkeys(notes), "NOTE", tone="muted"))


def disclaimer_blocks(text: str = DISCLAIMER) -> tuple[Block, ...]:
    """Return the line that ends every answer: what its numbers are not."""
    return block("disclaimer", Line(text=text, tone="muted"))


def _labelled(texts: Iterable[str], label: str, *, tone: Tone) -> list[Line]:
    """Return lines of which only the first carries the label."""
    return [Line(text=text, label="" if place else label, tone=tone) for place, text in enumerate(texts)]
