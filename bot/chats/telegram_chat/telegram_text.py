"""A reply as Telegram shows it: HTML for a picture's caption, for messages of text alone, and for a short notice.

Limits count UTF-16 units of what is shown, the markup left out. A caption holds what matters most: the price, the best
zone of either side, the setup and what would prove it wrong stand open, the rest stands folded as far as it fits.
Nothing is cut within a line; what a caption leaves out is told by `Caption.is_whole`.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bot.brief import missing_by_name
from bot.replies import Block, BlockKind, Line, Reply
from engine.results import Side

CAPTION_UNITS = 1_024
TEXT_UNITS = 4_096
NOTICE_UNITS = 200
"""What the Bot API takes: core.telegram.org/bots/api#sendphoto, #sendmessage, #answercallbackquery."""

OPEN_FACTS = 3
"""Facts about a level that stand open in a caption: distance, what stands on the way, what stands at it."""
FOLDED_FROM = 3
"""Details behind a zone that are worth a fold in a message of text alone."""

Shelf = Literal["open", "fold", "foot"]
"""Where a line of a caption stands: read at once, unfolded by who wants to know, or below everything."""

_ARROWS: dict[Side, str] = {"above": "▲", "below": "▼"}
_CELLS = re.compile(r"\s{2,}")
"""Replies set columns two spaces apart, for consoles; on a phone they become a list."""
_TAG = re.compile(r"<[^>]*>")
_FOLD, _FOLD_END = "<blockquote expandable>", "</blockquote>"
_WARNING_SIGN = "⚠️"
_NEW_LINE = "\n"

_ESSENTIAL, _FIRST, _LAST = 0, 1, 9
_RANKS: dict[BlockKind, int] = {
    "notice": _ESSENTIAL,
    "headline": _ESSENTIAL,
    "verdict": _ESSENTIAL,
    "error": _ESSENTIAL,
    "disclaimer": _ESSENTIAL,
    "wrong_if": _FIRST,
    "guide": _FIRST,
    "missing": 3,
    "notes": 3,
    "bait": 4,
    "touch": 4,
    "coverage": 5,
    "reading": 6,
    "realised": 7,
    "crowd": 7,
    "checklist": 8,
    "ask": _LAST,
}
"""What a caption gives up first has the highest number; caveats are kept before what explains (own order). What is not
listed answers the question that was asked."""
_SHELVES: dict[BlockKind, Shelf] = {
    **dict.fromkeys(
        ("checklist", "missing", "notes", "bait", "touch", "coverage", "reading", "realised", "crowd"), "fold"
    ),
    "disclaimer": "foot",
}


@dataclass(frozen=True, slots=True)
class Caption:
    """What stands under a picture, as HTML; is_whole: nothing of the reply was left out."""

    html: str
    is_whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """A line ready to be shown, without its label, which lines of one paragraph share.

    paragraph: which block it stands in; rank: the lower, the more it matters.
    """

    html: str
    paragraph: int
    rank: int
    shelf: Shelf = "open"
    label: str = ""


def units(text_html: str) -> int:
    """Return how many UTF-16 units of an HTML text are shown."""
    return len(shown(text_html).encode("utf-16-le")) // 2


def shown(text_html: str) -> str:
    """Return what an HTML text shows, as Telegram keeps it: without markup and without white space around it."""
    return html.unescape(_TAG.sub("", text_html)).strip()


def caption_of(reply: Reply) -> Caption:
    """Return what fits under a picture, the most important first, in the reply's own order.

    Where not all of it fits, what is missing is named only, so that there is room for what explains the answer.
    """
    whole = _fitted(reply)
    return whole if whole.is_whole else replace(_fitted(missing_by_name(reply)), is_whole=False)


def _fitted(reply: Reply) -> Caption:
    pieces = list(_pieces(reply))
    lines = sum(len(part.lines) for part in reply.blocks)
    kept: set[int] = set()
    for place in sorted(range(len(pieces)), key=lambda place: (pieces[place].rank, place)):
        if units(_set(pieces, kept | {place})) <= CAPTION_UNITS:
            kept.add(place)
    return Caption(_set(pieces, kept), is_whole=len(kept) == lines)


def texts_of(reply: Reply) -> tuple[str, ...]:
    """Return the whole reply as messages of text alone, divided between paragraphs where it is longer than one."""
    paragraphs = [_paragraph(part, spare_neutral=False) for part in reply.blocks]
    if units("\n\n".join(paragraphs)) > TEXT_UNITS:  # evidence that says nothing either way is the first to go
        paragraphs = [_paragraph(part, spare_neutral=True) for part in reply.blocks]
    return tuple(_divided(paragraphs))


def notice_of(reply: Reply) -> str:
    """Return the reply in plain words that fit into the notice on top of a chat."""
    text = _clean(" ".join(line.text for part in reply.blocks for line in part.lines))
    if len(text.encode("utf-16-le")) // 2 <= NOTICE_UNITS:
        return text
    return text.encode("utf-16-le")[: 2 * (NOTICE_UNITS - 1)].decode("utf-16-le", "ignore").rstrip() + "…"


def subject_of(reply: Reply) -> str:
    """Return what the reply is about in plain words: BTC 70,412; empty for one without a headline."""
    headline = reply.block("headline")
    return "" if headline is None else next((cell for cell in _cells(headline.lines[0]) if not _is_warning(cell)), "")


# --- lines -----------------------------------------------------------------------------------------------------------


def _clean(text: str) -> str:
    """Drop what could turn or break the text around it: control characters and marks of direction."""
    return "".join(character for character in text if _is_harmless(character))


def _is_harmless(character: str) -> bool:
    return character == "\n" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co")


def _escaped(text: str) -> str:
    return html.escape(_clean(text), quote=False)


def _cells(line: Line) -> list[str]:
    return [cell for cell in _CELLS.split(line.text) if cell.strip("· ")]


def _listed(cells: Iterable[str]) -> str:
    return _escaped(" · ".join(cells))


def _is_warning(cell: str) -> bool:
    return cell.startswith("SIMULATED")


def _headline(line: Line) -> str:
    """Return the price and where it comes from, the moment below; a warning stands above both."""
    warning = [f"{_WARNING_SIGN} <b>{_escaped(cell)}</b>" for cell in _cells(line) if _is_warning(cell)]
    told = [cell for cell in _cells(line) if not _is_warning(cell)]
    subject, market, moment = told[:1], told[1:-1], told[1:][-1:]
    opening = [*(f"<b>{_escaped(cell)}</b>" for cell in subject), *map(_escaped, market)]
    return "\n".join([*warning, *([" · ".join(opening)] if opening else []), *map(_escaped, moment)])


def _zone(line: Line, side: Side) -> str:
    """Return a zone on two lines: where and how strong, then what agrees and what would be forced there."""
    band, *facts = _cells(line)
    first = " · ".join([f"{_ARROWS[side]} <b>{_escaped(band)}</b>", *map(_escaped, facts[:2])])
    return "\n".join([first, *([_listed(facts[2:])] if facts[2:] else [])])


def _line(line: Line) -> str:
    """Return any other line: its label in bold, a command as something to copy."""
    text = _listed(_cells(line))
    if line.label.startswith("/"):
        return f"<code>{_escaped(line.label)}</code>\n{text}"
    if line.label.islower():
        return f"<i>{_escaped(line.label)}:</i> {text}"
    body = f"<b>{text}</b>" if line.tone == "strong" and text else text
    return _labelled(line.label, body)


def _labelled(label: str, html_: str) -> str:
    if not label:
        return html_
    return f"<b>{_escaped(label)}</b>{'' if html_.startswith(_NEW_LINE) else ' '}{html_}"


def _conditions(line: Line) -> str:
    """Return conditions one below the other, each behind a bullet."""
    return "".join(f"{_NEW_LINE}• {_listed(_CELLS.split(part))}" for part in line.parts)


def _side_of(line: Line) -> Side | None:
    """Return the side of a line that opens a zone, None for any other line."""
    return line.tone if line.label and line.tone in ("above", "below") else None


# --- captions --------------------------------------------------------------------------------------------------------


def _pieces(reply: Reply) -> Iterator[_Piece]:
    """Yield the lines of a reply with what each is worth."""
    zones_on: dict[Side, int] = {"above": 0, "below": 0}
    for paragraph, part in enumerate(reply.blocks):
        if part.kind == "zones":
            yield from _zone_pieces(part, paragraph, zones_on)
        elif part.kind == "setup":
            yield from _setup_pieces(part, paragraph)
        elif part.kind == "facts":
            yield from _fact_pieces(part, paragraph)
        else:
            yield from _other_pieces(part, paragraph)


def _other_pieces(part: Block, paragraph: int) -> Iterator[_Piece]:
    """Yield lines as their block's kind wants them; a strong one is the answer itself, and stands open."""
    shelf, usual_rank = _SHELVES.get(part.kind, "open"), _RANKS.get(part.kind, _FIRST + 1)
    for label, line in _with_labels(part):
        rank = usual_rank + (part.kind == "changes" and line.tone == "muted")
        if line.tone == "strong":
            yield _Piece(html=_shown_line(part, line), paragraph=paragraph, rank=min(rank, _FIRST), label=label)
        else:
            yield _Piece(html=_shown_line(part, line), paragraph=paragraph, rank=rank, shelf=shelf, label=label)


def _with_labels(part: Block) -> Iterator[tuple[str, Line]]:
    """Yield the label that each line stands under, and the line without it; what is no heading stays with its line."""
    label = ""
    for line in part.lines:
        is_heading = line.label.isupper() and _side_of(line) is None and part.kind != "guide"
        label = line.label if is_heading else label
        yield label, replace(line, label="") if is_heading else line


def _shown_line(part: Block, line: Line) -> str:
    side = _side_of(line)
    if side is not None:
        return _zone(line, side)
    if part.kind == "headline":
        return _headline(line)
    if part.kind == "checklist" and len(line.parts) > 1:
        question, answer = line.parts
        return f"<i>{_escaped(question)}</i> {_escaped(answer)}"
    if part.kind == "wrong_if" and len(line.parts) > 1:
        return _labelled(line.label, _conditions(line))
    if part.kind == "disclaimer":
        return f"<i>{_escaped(line.text)}</i>"
    if part.kind == "error":
        return f"{_WARNING_SIGN} {_line(line)}"
    return _line(line)


def _zone_pieces(part: Block, paragraph: int, zones_on: dict[Side, int]) -> Iterator[_Piece]:
    """Yield zones, the best of either side before the second of one, and those listed in short behind them.

    How a score came about is not for a caption: a detail without its zone says nothing.
    """
    arrow = ""
    for line in part.lines:
        side = _side_of(line)
        if side is not None:
            zones_on[side] += 1
            arrow = f"{_ARROWS[side]} "
            rank = _FIRST if zones_on[side] == 1 else 4 + min(zones_on[side], 4)
            yield _Piece(html=_zone(line, side), paragraph=paragraph, rank=rank)
        elif line.text.startswith("next:"):
            yield _Piece(html=f"{arrow}{_line(line)}", paragraph=paragraph, rank=8, shelf="fold")
        elif line.text.startswith("then "):  # of a report, which tells several zones of each side
            yield _Piece(html=f"{arrow}{_line(line)}", paragraph=paragraph, rank=_FIRST + 1)


def _setup_pieces(part: Block, paragraph: int) -> Iterator[_Piece]:
    """Yield the verdict, the first reason for and the first against it; further reasons are folded."""
    told: set[str] = set()
    for place, (label, line) in enumerate(_with_labels(part)):
        is_first = line.tone not in told
        told.add(line.tone)
        rank = _FIRST if place == 0 else 2 if is_first else 5
        shelf: Shelf = "open" if is_first else "fold"
        yield _Piece(html=_line(line), paragraph=paragraph, rank=rank, shelf=shelf, label=label)


def _fact_pieces(part: Block, paragraph: int) -> Iterator[_Piece]:
    """Yield the first facts to be read at once; what continues one of them is folded, under its label."""
    labels: set[str] = set()
    for label, line in _with_labels(part):
        is_open = label not in labels and len(labels) < OPEN_FACTS
        labels.add(label)
        shelf: Shelf = "open" if is_open else "fold"
        rank = 2 if is_open else 5
        yield _Piece(html=_line(line), paragraph=paragraph, rank=rank, shelf=shelf, label=label)


def _set(pieces: list[_Piece], kept: set[int]) -> str:
    """Set what is kept: open paragraphs, one fold, and below it the foot."""
    chosen = [pieces[place] for place in sorted(kept)]
    paragraphs: dict[int, list[_Piece]] = {}
    for piece in chosen:
        if piece.shelf == "open":
            paragraphs.setdefault(piece.paragraph, []).append(piece)
    folded = [piece for piece in chosen if piece.shelf == "fold"]
    fold = [f"{_FOLD}{_under_labels(folded)}{_FOLD_END}"] if folded else []
    text = "\n\n".join(_under_labels(lines) for lines in paragraphs.values())
    return "\n".join([text, *fold, *(piece.html for piece in chosen if piece.shelf == "foot")])


def _under_labels(pieces: Sequence[_Piece]) -> str:
    """Join lines, each label before the first of the lines that share it."""
    before = [None, *pieces[:-1]]
    return "\n".join(
        piece.html
        if last is not None and (last.paragraph, last.label) == (piece.paragraph, piece.label)
        else _labelled(piece.label, piece.html)
        for last, piece in zip(before, pieces, strict=True)
    )


# --- messages of text alone ------------------------------------------------------------------------------------------


def _paragraph(part: Block, *, spare_neutral: bool) -> str:
    if part.kind != "zones":
        return "\n".join(_shown_line(part, line) for line in part.lines)
    lines = [line for line in part.lines if not (spare_neutral and _is_neutral(line))]
    shown_lines: list[str] = []
    details: list[str] = []
    for line in lines:
        side = _side_of(line)
        if side is None:
            details.append(_line(line))
        else:
            shown_lines += [*_details(details), _zone(line, side)]
            details = []
    return "\n".join([*shown_lines, *_details(details)])


def _is_neutral(line: Line) -> bool:
    return line.tone == "muted" and line.text.startswith("·")


def _details(lines: list[str]) -> list[str]:
    if len(lines) < FOLDED_FROM:
        return lines
    return [_FOLD + "\n".join(lines) + _FOLD_END]


def _divided(paragraphs: Iterable[str]) -> Iterator[str]:
    """Yield messages of whole paragraphs, none longer than one message may be."""
    message = ""
    for paragraph in (piece for whole in paragraphs for piece in _fitting(whole)):
        joined = f"{message}\n\n{paragraph}" if message else paragraph
        if message and units(joined) > TEXT_UNITS:
            yield message
            joined = paragraph
        message = joined
    if message:
        yield message


def _fitting(paragraph: str) -> Iterator[str]:
    """Yield a paragraph, as plain pieces where it alone is longer than a message."""
    if units(paragraph) <= TEXT_UNITS:
        yield paragraph
        return
    plain = shown(paragraph).encode("utf-16-le")
    for start in range(0, len(plain), 2 * TEXT_UNITS):
        yield html.escape(plain[start : start + 2 * TEXT_UNITS].decode("utf-16-le", "ignore"), quote=False)
