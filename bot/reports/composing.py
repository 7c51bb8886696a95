"""Answers and what changed since the last ones → the message of a report. Pure.

    one symbol    headline, what changed, picture, zones, setup, what would prove it wrong, questions answered, caveats
    several       a digest: the pictures side by side, three lines for each symbol, caveats
    no answer     what is missing, in its place; never an older picture

Whatever comes late or after missed ones says so first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from bot.handlers import Outgoing
from bot.liq_reply import NEXT
from bot.replies import Block, BlockKind, Line, Reply, block
from bot.reports.change_words import change_lines, change_summary
from bot.service.answer import Answer
from bot.wording import SEPARATOR, disclaimer_blocks, short_setup_text, zone_text
from engine.changes import Changes
from engine.findings import Findings
from engine.results import Side
from engine.text import moment_text, percent_text, price_text

LATE_FROM_S = 120
"""A report that comes sooner after its time is not called late: others were sent before it."""
MOST_PICTURES = 10
"""What an album of Telegram and a gallery of Discord hold: core.telegram.org/bots/api#sendmediagroup,
discord.com/developers/docs/components/reference#media-gallery."""
UNPROVEN = "Setups are unproven and no forecast."
SIDES: tuple[Side, Side] = ("above", "below")
_SIGNS: dict[Side, str] = {"above": "▲", "below": "▼"}
_IN_A_REPORT: frozenset[BlockKind] = frozenset(
    {"headline", "zones", "setup", "wrong_if", "coverage", "missing", "notes", "disclaimer"}
)
"""Of the answer to /liq: the rest is told by the changes and by the questions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One symbol of a report. liq, questions: its answers of one moment; changes: None where nothing is comparable."""

    symbol: str
    liq: Answer
    questions: Answer
    changes: Changes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """When it was due and is sent [Unix s], and how many reports before it never came."""

    due_s: int
    now_s: int
    missed: int = 0


def report_of(parts: Sequence[Part], *, is_first: bool = False, track: Reply | None = None) -> Outgoing:
    """Return a report, the same for everybody who gets it.

    is_first: there is no report before it; track: the track record, of a weekly one.
    """
    outgoing = _single(parts[0], is_first=is_first) if len(parts) == 1 else _digest(parts)
    return outgoing if track is None else _before_caveats(outgoing, track.blocks)


def on(outgoing: Outgoing, occasion: Occasion) -> Outgoing:
    """Return the report as it is sent at one occasion: it says where it is late, and what was missed."""
    notes = tuple(_occasion_texts(occasion))
    if not notes:
        return outgoing
    notice = block("notice", Line(text=" ".join(notes), tone="muted"))
    return replace(outgoing, reply=replace(outgoing.reply, blocks=(*notice, *outgoing.reply.blocks)))


def _occasion_texts(occasion: Occasion) -> Iterator[str]:
    if occasion.now_s - occasion.due_s > LATE_FROM_S:
        yield f"Late: due {moment_text(occasion.due_s)}, sent {moment_text(occasion.now_s)}."
    if occasion.missed:
        reports, were = ("report", "was") if occasion.missed == 1 else ("reports", "were")
        yield f"{occasion.missed} {reports} before this one {were} missed."


# --- one symbol ------------------------------------------------------------------------------------------------------


def _single(part: Part, *, is_first: bool) -> Outgoing:
    reply = part.liq.reply
    if reply.fault is not None:
        return Outgoing(reply=Reply(blocks=_missing_report(part), symbol=part.symbol), request=part.liq.order.request)
    kept = [each for each in reply.blocks if each.kind in _IN_A_REPORT]
    told = Reply(
        symbol=part.symbol,
        blocks=(
            *(each for each in kept if each.kind == "headline"),
            *block("changes", *_changes_lines(part, is_first=is_first)),
            *(_with_others(each) for each in kept if each.kind in ("zones", "setup", "wrong_if")),
            *block("checklist", *_checklist_lines(part.questions.reply)),
            *(each for each in kept if each.kind in ("coverage", "missing", "notes", "disclaimer")),
        ),
    )
    return Outgoing(reply=told, request=part.liq.order.request, drawing=part.liq.drawing, findings=part.liq.findings)


def _with_others(told: Block) -> Block:
    """Return zones whose further ones are read at once: a report is complete without a press."""
    lines = (
        replace(line, text=f"then {line.text.removeprefix(NEXT)}", tone="plain") if line.text.startswith(NEXT) else line
        for line in told.lines
    )
    return replace(told, lines=tuple(lines))


def _missing_report(part: Part) -> tuple[Block, ...]:
    why = part.liq.reply.fault.text if part.liq.reply.fault is not None else "There is no answer."
    text = f"No report on {part.symbol} this time. {why}"
    return block("error", Line(text=text, tone="warning"))


def _changes_lines(part: Part, *, is_first: bool) -> Iterable[Line]:
    if part.changes is not None:
        return change_lines(part.changes)
    if is_first:
        return (Line(text="the first report: from the next one on it says what changed", label="SINCE", tone="muted"),)
    return (Line(text="the report before cannot be compared with this one", label="SINCE", tone="muted"),)


def _checklist_lines(questions: Reply) -> Iterator[Line]:
    """Yield each better question with its answer, which follow each other in the answer to /questions."""
    for part in questions.blocks:
        if part.kind == "ask" and len(part.lines) > 1:
            question, *answers = part.lines
            text = " ".join(line.text for line in answers)
            yield Line(text=f"{question.text} {text}", parts=(question.text, text))


# --- several symbols -------------------------------------------------------------------------------------------------


def _digest(parts: Sequence[Part]) -> Outgoing:
    drawings = [part.liq.drawing for part in parts if part.liq.drawing is not None][:MOST_PICTURES]
    answered = [(part, part.liq.findings) for part in parts if part.liq.findings is not None]
    blocks = (
        *_digest_headline(answered),
        *(each for part in parts for each in _symbol_blocks(part)),
        *_caveats(parts, "missing"),
        *_caveats(parts, "notes"),
        *_disclaimers(answered),
    )
    return Outgoing(
        reply=Reply(blocks=blocks), drawing=drawings[0] if drawings else None, more_drawings=tuple(drawings[1:])
    )


def _digest_headline(answered: Sequence[tuple[Part, Findings]]) -> tuple[Block, ...]:
    if not answered:
        return ()
    symbols = ", ".join(part.symbol for part, _ in answered)
    newest = max(findings.as_of_s for _, findings in answered)
    since = {part.changes.before_s for part, _ in answered if part.changes is not None}
    compared = (f"changes since {moment_text(min(since))}",) if since else ()
    cells = (symbols, *compared, moment_text(newest))
    return block("headline", Line(text=SEPARATOR.join(cells), tone="strong", parts=cells))


def _symbol_blocks(part: Part) -> tuple[Block, ...]:
    findings = part.liq.findings
    if findings is None:
        return _missing_report(part)
    changes = part.changes
    moved = "" if changes is None else f", {percent_text(changes.price_change)}"
    summary = "" if changes is None else f" · {change_summary(changes)}"
    sides = (
        f"{_SIGNS[side]} {zone_text(best)}"
        for side in SIDES
        if (best := next((zone for zone in findings.zones if zone.band.side == side), None)) is not None
    )
    return block(
        "digest",
        Line(text=f"{part.symbol} {price_text(findings.price)}{moved}", tone="strong"),
        Line(text=" · ".join(sides)),
        Line(text=f"{short_setup_text(findings.setup)}{summary}"),
    )


def _caveats(parts: Sequence[Part], kind: BlockKind) -> tuple[Block, ...]:
    """Return the caveats of all symbols, each once, with the symbols that it is about where not all share it."""
    about: dict[str, list[str]] = {}
    label, tone = "", Line(text="").tone
    for part in parts:
        found = part.liq.reply.block(kind)
        for line in found.lines if found is not None else ():
            label, tone = label or line.label, line.tone
            about.setdefault(line.text, []).append(part.symbol)
    texts = (
        text if len(symbols) == len(parts) else f"{text} ({', '.join(symbols)})" for text, symbols in about.items()
    )
    return block(kind, *(Line(text=text, label="" if place else label, tone=tone) for place, text in enumerate(texts)))


def _disclaimers(answered: Sequence[tuple[Part, Findings]]) -> tuple[Block, ...]:
    found = (part.liq.reply.block("disclaimer") for part, _ in answered)
    texts = dict.fromkeys(line.text for each in found if each is not None for line in each.lines)
    return disclaimer_blocks(" ".join((UNPROVEN, *texts))) if texts else ()


def _before_caveats(outgoing: Outgoing, blocks: tuple[Block, ...]) -> Outgoing:
    caveats = ("coverage", "missing", "notes", "disclaimer")
    told = outgoing.reply.blocks
    first = next((place for place, each in enumerate(told) if each.kind in caveats), len(told))
    return replace(outgoing, reply=replace(outgoing.reply, blocks=(*told[:first], *blocks, *told[first:])))
