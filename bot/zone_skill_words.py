"""What zones and setups turned out to be worth → the page `docs/skill.md`, and its JSON."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

from bot.skill_words import known, range_text, share_text
from engine.skill.episodes import NULLS, NullName
from engine.skill.forward import WalkForward
from engine.skill.resampling import Interval
from engine.skill.setup_skill import Count, SetupSkill
from engine.skill.zone_skill import JUDGED_S, MEANT, Lift, Meaning, ScoreClass, WeightChoice, WeightTrial, ZoneSkill
from engine.text import usd_text
from engine.windows import DAY_S, HOUR_S, iso

_ASKED: dict[NullName, str] = {
    "same distance": "the same side and distance in sigmas, at other moments",
    "mirror": "the other side at the same distance, at the same moment",
    "another day": "a zone of another day's map, at the same moment",
}
_OUTCOMES_TOLD = (
    "“Went on”: price was half a daily ATR beyond the zone's near edge before it was half a daily ATR back. "
    "“Liquidated”: USD of the zone's side in the hour of the touch, geometric mean."
)
_CONDITIONS = {
    "close_beyond": "an hourly close beyond the price",
    "funding_flip": "funding flips",
    "oi_change": "open interest falls",
    "zone_fades": "the zone fades untouched",
}


def zones_text(found: WalkForward, command: str) -> str:
    """Return what was found as Markdown; command: the one that found it."""
    zones, setups = found.zones, found.setups
    days = round(JUDGED_S / DAY_S)
    return "\n".join(
        [
            "# What zones and scores turned out to be worth",
            "",
            f"Written by `{command}`; do not edit.",
            "",
            _span(zones, found.step_s),
            "",
            *_meaning_lines(zones, days),
            "",
            "## Zones against chance",
            "",
            *(f"- **{null}**: {_ASKED[null]}." for null in NULLS),
            "",
            *_lift_table(zones.lifts),
            "",
            _OUTCOMES_TOLD,
            "",
            "## By score",
            "",
            "Classes with as many zones each before the last days.",
            *(line for each in zones.classes for line in _class_lines(each)),
            "",
            "## Weights of the score",
            "",
            *_weight_lines(zones.weights, days),
            "",
            "## Setups, baits and what would prove them wrong",
            "",
            *_setup_lines(setups),
            "",
            "## Where nothing must be found",
            "",
            "Each zone replaced by one of another day, its score with it:",
            "",
            *_lift_table(zones.shuffled),
            "",
            *_shuffled_lines(zones),
        ]
    )


def _span(zones: ZoneSkill, step_s: int) -> str:
    rhythm = "every hour" if step_s == HOUR_S else f"every {step_s // HOUR_S} hours"
    return (
        f"Answers about {', '.join(zones.symbols)} {rhythm} from {iso(zones.from_s)} on, each from what was known "
        f"then, graded until {iso(zones.until_s)}. A zone counts once, from the hour in which it is first published "
        f"until it is touched or three days have passed: {zones.episodes:,} zones, of which {zones.liquidated:,} were "
        "touched in hours whose realised liquidations are known. Intervals hold 95 % of "
        f"{zones.draws:,} draws of whole blocks of three days (seed {zones.seed}); where one holds 0 (or a factor of "
        "1), nothing is proven."
    )


def _meaning_lines(zones: ZoneSkill, days: int) -> list[str]:
    touched = next(lift for lift in zones.lifts if lift.null == MEANT and lift.outcome == "touched in 72 h")
    lines = [
        "- Whether price comes: "
        + (
            f"zones are touched {_points(touched.lift)} points of 100 more often than the same distance at other "
            "moments."
            if touched.is_proven
            else "a zone is touched as often as any level at its distance. A map does not say where price goes."
        )
    ]
    amount = next((lift for lift in zones.lifts if lift.null == MEANT and lift.outcome == "liquidated"), None)
    if amount is None or zones.earlier is None or zones.later is None:
        return [*lines, "- What is liquidated when it comes is not known: no realised liquidations were named."]
    lines.append(
        f"- What is liquidated when it comes: {_factor(amount.lift)} times what is liquidated at the same distance at "
        f"other moments ({'proven' if amount.is_proven else 'unproven'})."
    )
    lines.append(
        f"- Whether a higher score means more of it: rank correlation {_meaning(zones.earlier)} before the last {days} "
        f"days, {_meaning(zones.later)} on them ({'proven' if zones.later.rank.low > 0 else 'unproven'}). Scores dealt "
        f"out anew give {range_text(zones.later.shuffled)}."
    )
    return lines


def _meaning(meaning: Meaning) -> str:
    return f"{share_text(meaning.rank.estimate)} ({range_text(meaning.rank)}, {meaning.episodes:,} zones)"


def _lift_table(lifts: Sequence[Lift]) -> list[str]:
    rows = ["| outcome | against | zones | graded | chance | difference | |", "|---|---|--:|--:|--:|--:|---|"]
    for lift in lifts:
        own, chance, difference = _told(lift)
        proven = "proven" if lift.is_proven else "unproven"
        rows.append(
            f"| {lift.outcome} | {lift.null} | {lift.episodes:,} | {own} | {chance} | {difference} | {proven} |"
        )
    return rows


def _told(lift: Lift) -> tuple[str, str, str]:
    """Return what came of zones, what chance gives, and the difference with its interval, in the outcome's unit."""
    if lift.outcome == "liquidated":
        return usd_text(math.exp(lift.own)), usd_text(math.exp(lift.by_chance)), f"× {_factor(lift.lift)}"
    if lift.outcome == "hours to touch":
        between = f"{lift.lift.low:+.1f} to {lift.lift.high:+.1f}"
        return f"{lift.own:.1f} h", f"{lift.by_chance:.1f} h", f"{lift.lift.estimate:+.1f} h ({between})"
    return f"{lift.own:.1%}", f"{lift.by_chance:.1%}", f"{_points(lift.lift)} points"


def _points(interval: Interval) -> str:
    low, high = 100 * interval.low, 100 * interval.high
    return f"{100 * interval.estimate:+.1f} ({low:+.1f} to {high:+.1f})"


def _factor(interval: Interval) -> str:
    """Return a difference of logarithms as a factor with its interval."""
    estimate, low, high = (math.exp(value) for value in (interval.estimate, interval.low, interval.high))
    return f"{estimate:.2f} ({low:.2f} to {high:.2f})"


def _class_lines(found: ScoreClass) -> list[str]:
    return [
        "",
        f"### Score {found.low:.0f} to {found.high:.0f}",
        "",
        (
            f"{found.episodes:,} zones; the maps agree to {found.agreement:.0f} of 100, maps shifted at random would "
            f"to {found.by_chance:.0f}."
        ),
        "",
        *_lift_table([lift for lift in found.lifts if lift.null != "another day"]),
    ]


def _weight_lines(weights: WeightChoice | None, days: int) -> list[str]:
    if weights is None:
        return ["Nothing was chosen: too few zones were touched in hours whose liquidations are known."]
    best, judged = weights.best, weights.judged
    verdict = (
        "That is proven better, so these are what the score should use."
        if weights.is_proven
        else "That is not proven better, so the weights in use stay."
    )
    return [
        (
            "Two weights are free: the share of agreement that comes from different inputs (the rest from ages of "
            "positions), and how far evidence moves the score. Rank correlation of the score with what was liquidated "
            f"beyond the same distance, before the last {days} days; gain over the weights in use:"
        ),
        "",
        "| inputs | evidence | rank | gain |",
        "|--:|--:|--:|--:|",
        *(_weight_row(trial) for trial in weights.trials),
        "",
        (
            f"Best: inputs {share_text(best.input_weight)}, evidence {share_text(best.evidence_reach)}, gain "
            f"{_signed(best.gain)}. {verdict} Judged once on the last {days} days, their gain is "
            f"{_signed(judged.gain)}."
        ),
    ]


def _weight_row(trial: WeightTrial) -> str:
    return (
        f"| {share_text(trial.input_weight)} | {share_text(trial.evidence_reach)} | {trial.rank:.3f} | "
        f"{_signed(trial.gain)} |"
    )


def _signed(interval: Interval) -> str:
    return f"{interval.estimate:+.3f} ({interval.low:+.3f} to {interval.high:+.3f})"


def _setup_lines(setups: SetupSkill) -> list[str]:
    favoured = setups.favoured
    proven = "unproven" if favoured.lift.holds(0.0) else "proven"
    return [
        (
            f"- A favoured side ({favoured.episodes:,} verdicts, {favoured.decided:,} decided): its zone was touched "
            f"first in {favoured.right:.0%}, a walk without drift gives {favoured.by_chance:.0%}; difference "
            f"{_points(favoured.lift)} points of 100, {proven}."
        ),
        f"- A trap on both sides: {_count(setups.traps)}.",
        f"- The bait: {_count(setups.baits[0])}; {_count(setups.baits[1])}.",
        *(
            f"- Would prove it wrong, within three days: {_CONDITIONS[each.name]}, {each.came:,} of {each.known:,}."
            for each in setups.conditions
        ),
        "",
        (
            "A verdict counts once until its three days end. The backtest rebuilds no map for the hours in between, so "
            "it does not say how often a zone faded."
        ),
    ]


def _count(count: Count) -> str:
    return f"{count.name} in {count.came:,} of {count.known:,}"


def _shuffled_lines(zones: ZoneSkill) -> list[str]:
    if zones.shuffled_meaning is None:
        return []
    rank = zones.shuffled_meaning.rank
    return [
        (
            f"Rank correlation of score and what was liquidated: {share_text(rank.estimate)} ({range_text(rank)}). New "
            "zones begin when price moves, and then more is liquidated on either side: so a zone of another day, put "
            "at such an hour, can be ahead of other hours, but not of its mirror."
        ),
    ]


def zones_document(found: WalkForward) -> dict[str, Any]:
    """Return what was found as JSON values; moments are ISO 8601."""
    document: dict[str, Any] = known(dataclasses.asdict(found.zones))
    for name in ("from", "until", "judged_from"):
        document[name] = iso(document.pop(f"{name}_s"))
    document["setups"] = known(dataclasses.asdict(found.setups))
    return document
