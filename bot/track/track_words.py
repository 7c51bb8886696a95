"""A track record → the words of `/track`."""

from __future__ import annotations

from bot.replies import Line, Reply, block
from engine.skill.records import LEAST_BLOCKS, LEAST_ZONES, TrackRecord
from engine.skill.resampling import Interval
from engine.skill.setup_skill import Count
from engine.text import moment_text, percent_text

NOTHING = "Nothing{about} has been graded yet, so there is too little to tell: no hit rate, good or bad, is claimed."
_WAITING = "{answers}, to be graded when three days are over."
_ONCE = "A zone counts once, until it is touched or three days have passed. Nothing published is ever changed."
_CONDITIONS = {
    "close_beyond": "hourly close",
    "funding_flip": "funding flip",
    "oi_change": "open interest falls",
    "zone_fades": "zone fades",
}


def track_reply(record: TrackRecord) -> Reply:
    """Return the answer to `/track`: counts, rates against chance with intervals, or that there are too few to tell."""
    about = "" if record.symbol is None else f" about {record.symbol}"
    waiting = (Line(label="WAITING", text=_WAITING.format(answers=_answers(record.waiting))),) if record.waiting else ()
    if not record.answers:
        lines = (Line(label="TRACK", text=NOTHING.format(about=about)), *waiting)
        return Reply(blocks=block("guide", *lines), symbol=record.symbol)
    counted = (
        f"{record.zones:,} zones{about} of {record.answers:,} answers graded, published "
        f"{moment_text(record.from_s)} to {moment_text(record.until_s)}"
    )
    head = (Line(label="TRACK", text=counted, tone="strong"), *waiting)
    rates = _rates(record) if record.is_telling else (_too_few(record),)
    return Reply(
        blocks=block("guide", *head, *rates, *_counts(record), Line(text=_ONCE, tone="muted")), symbol=record.symbol
    )


def _too_few(record: TrackRecord) -> Line:
    text = (
        f"Too few to tell: rates are told from {LEAST_ZONES} zones in {LEAST_BLOCKS} blocks of three days on; there "
        f"are {record.zones:,} in {record.blocks:,}."
    )
    return Line(label="RATES", text=text)


def _rates(record: TrackRecord) -> tuple[Line, ...]:
    touched = "; ".join(
        f"{each.hours} h {_share(each.touched.estimate)} ({_range(each.touched)}), chance {_share(each.chance)}"
        for each in record.touch
    )
    classes = "; ".join(
        f"{100 * each.low:.0f}-{100 * each.high:.0f} %: {_share(each.touched.estimate)} of {each.zones:,}"
        for each in record.classes
    )
    lines = [
        Line(label="TOUCHED", text=f"{touched} (95 % intervals)"),
        Line(label="24 H CHANCE", text=f"{classes} touched"),
    ]
    favoured = record.setups.favoured
    if favoured.decided:
        points = 100 * favoured.lift.estimate
        low, high = 100 * favoured.lift.low, 100 * favoured.lift.high
        proven = "better than chance" if points > 0 else "worse than chance"
        verdict = "unproven" if favoured.lift.holds(0.0) else proven
        text = (
            f"the favoured side's zone came first in {_share(favoured.right)} of {favoured.decided:,}, by chance "
            f"{_share(favoured.by_chance)}: {points:+.0f} points ({low:+.0f} to {high:+.0f}), {verdict}"
        )
        lines.append(Line(label="SETUP", text=text))
    return tuple(lines)


def _counts(record: TrackRecord) -> tuple[Line, ...]:
    setups = record.setups
    favoured = setups.favoured
    lines = []
    if not record.is_telling and favoured.decided:
        right = round(favoured.right * favoured.decided)
        text = f"the favoured side's zone came first in {right:,} of {favoured.decided:,}"
        lines.append(Line(label="SETUP", text=text))
    if setups.traps.known:
        lines.append(Line(label="TRAP", text=_count(setups.traps)))
    if setups.baits[0].known:
        lines.append(Line(label="BAIT", text=", ".join(_count(each) for each in setups.baits if each.known)))
    if setups.conditions:
        met = ", ".join(f"{_CONDITIONS[each.name]} {each.came:,} of {each.known:,}" for each in setups.conditions)
        lines.append(Line(label="PROVED WRONG", text=f"{met}, within three days"))
    return tuple(lines)


def _count(count: Count) -> str:
    return f"{count.name} in {count.came:,} of {count.known:,}"


def _answers(count: int) -> str:
    return "one answer" if count == 1 else f"{count:,} answers"


def _share(value: float) -> str:
    return percent_text(value, signed=False, decimals=0)


def _range(interval: Interval) -> str:
    return f"{100 * interval.low:.0f} to {100 * interval.high:.0f}"
