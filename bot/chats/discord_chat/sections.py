"""Blocks of a reply → sections of markdown, each with the shorter forms that it can take where there is little room."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from bot.chats.discord_chat.markdown import age, bold, code, heading, listed, plain, small, whole
from bot.guide_reply import IN_WORDS
from bot.replies import Block, BlockKind, Line, Reply, Tone

Group = Literal["title", "answer", "changes", "zones", "setup", "context", "guide", "tail"]
"""Sections of one group stand together; title: above the picture; answer: of no other group."""

SIGNS: Mapping[Tone, str] = MappingProxyType({"above": "▲", "below": "▼"})
_SIMULATED = "⚠️"
_REASONS = MappingProxyType({"+": "＋", "-": "－", "·": "·"})
"""Signs as wide as one another, so that what speaks for and against stands in one column."""

_GROUPS: Mapping[BlockKind, Group] = MappingProxyType(
    {
        "notice": "title",
        "headline": "title",
        "verdict": "title",
        "changes": "changes",
        "digest": "answer",
        "error": "title",
        "zones": "zones",
        "setup": "setup",
        "wrong_if": "setup",
        "point": "setup",
        "bait": "context",
        "reading": "context",
        "touch": "context",
        "realised": "context",
        "crowd": "context",
        "facts": "context",
        "ask": "guide",
        "checklist": "context",
        "guide": "guide",
        "coverage": "tail",
        "missing": "tail",
        "notes": "tail",
        "disclaimer": "tail",
    }
)
_RANKS: Mapping[BlockKind, int] = MappingProxyType(
    {"crowd": 9, "realised": 8, "reading": 7, "touch": 6, "guide": 5, "ask": 5, "checklist": 5, "facts": 4, "bait": 3}
)
"""What loses first where there is little room: context before findings. What is missing and what the numbers are not is
never shortened."""
_SMALL_PARTS_FROM = 3
"""Of a zone's parts the first three (where, how far, score) are what the eye looks for; the others explain them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Markdown that belongs together. shorter: forms with less, the last of them maybe empty; lost: steps taken.

    rank: the higher, the sooner it is shortened; is_close: it follows the one before without an empty line.
    """

    group: Group
    text: str
    shorter: tuple[str, ...] = ()
    rank: int = 0
    lost: int = 0
    is_close: bool = False

    def shortened(self) -> Section:
        """Return its next shorter form."""
        text, *left = self.shorter
        return replace(self, text=text, shorter=tuple(left), lost=self.lost + 1)


def sections_of(reply: Reply, *, as_of_s: int | None = None) -> Iterator[Section]:
    """Yield the sections of a reply, in its order; the list of questions has a button of its own and is left to it.

    as_of_s: the moment of the answer [Unix s], told in the headline as an age that goes on counting.
    """
    seen: Counter[tuple[str, Tone]] = Counter()
    for block in reply.blocks:
        if _is_behind_a_button(block):
            continue
        nth = seen[block.kind, block.lines[0].tone]
        seen[block.kind, block.lines[0].tone] += 1
        for section in _WRITERS.get(block.kind, _written)(block, nth):
            if block.kind == "headline" and as_of_s is not None:
                yield replace(section, text=f"{section.text} · {age(as_of_s)}")
            else:
                yield section


def _is_behind_a_button(block: Block) -> bool:
    return block.kind == "ask" and all(line.tone == "muted" for line in block.lines)


def _section(block: Block, *forms: str, nth: int = 0, is_close: bool = False) -> Section:
    text, *shorter = forms
    rank = _RANKS.get(block.kind, 0) + nth
    return Section(
        group=_GROUPS.get(block.kind, "answer"), text=text, shorter=tuple(shorter), rank=rank, is_close=is_close
    )


# --- by kind ---------------------------------------------------------------------------------------------------------


def _headline(block: Block, nth: int) -> Iterator[Section]:
    (line,) = block.lines
    subject, *details = line.parts or (line.text,)
    warning = ""
    if line.tone == "warning" and details:
        warning, subject, *details = f"{_SIMULATED} {bold(subject)}", *details
    title = "\n".join(part for part in (warning, heading(subject, 2)) if part)
    yield _section(block, "\n".join((title, *([small(" · ".join(map(plain, details)))] if details else []))), nth=nth)


def _verdict(block: Block, nth: int) -> Iterator[Section]:
    yield _section(block, "\n".join(heading(line.text, 3) for line in block.lines), nth=nth, is_close=True)


def _zones(block: Block, nth: int) -> Iterator[Section]:
    """Yield a section for each zone with what is said of it; shorter: without what is neutral, the zone alone."""
    starts = [place for place, line in enumerate(block.lines) if line.parts] or [0]
    ends = [*starts[1:], len(block.lines)]
    for start, end in zip(starts, ends, strict=True):
        zone, *details = block.lines[start:end]
        if not any(line.tone in ("good", "bad") for line in details):  # a summary: it is as short as it can be
            yield _section(block, "\n".join((_zone(zone), *map(_small_line, details))), nth=nth)
            continue
        told = [line for line in details if line.tone != "muted"]
        forms = ["\n".join((_zone(zone), *map(_small_line, lines))) for lines in (details, told, [])]
        yield _section(block, *forms, "", nth=nth)


def _zone(line: Line) -> str:
    sign = SIGNS.get(line.tone, "")
    (where, *others) = line.parts or (line.text,)
    facts = [whole(part) for part in others[: _SMALL_PARTS_FROM - 1]]
    first = " · ".join((f"{sign} {bold(where)}".strip(), *facts))
    rest = " · ".join(plain(part) for part in others[_SMALL_PARTS_FROM - 1 :])
    return f"{first}\n{small(rest)}" if rest else first


def _setup(block: Block, nth: int) -> Iterator[Section]:
    verdict, *reasons = block.lines
    told = (small(_reason(reason)) for reason in reasons)
    yield _section(block, "\n".join((heading(verdict.text, 3), *told)), nth=nth)


def _reason(line: Line) -> str:
    """Return a reason, whose first character says whether it speaks for, against or neither."""
    sign, _, words = line.text.partition(" ")
    if sign not in _REASONS:
        return _one(line)
    return f"{bold(_REASONS[sign])} {plain(words)}"


def _conditions(block: Block, nth: int) -> Iterator[Section]:
    if any(len(line.parts) > 1 for line in block.lines):
        (line,) = block.lines
        yield _section(block, "\n".join((bold(_named(line.label)), *(listed(plain(part)) for part in line.parts))))
    else:
        yield from _written(block, nth)


def _reading(block: Block, nth: int) -> Iterator[Section]:
    lines = (
        small(f"{bold(line.parts[0])} {plain(' '.join(line.parts[1:]))}" if line.parts else plain(line.text))
        for line in block.lines
    )
    yield _section(block, "\n".join(lines), "", nth=nth)


def _question(block: Block, nth: int) -> Iterator[Section]:
    lines = (bold(line.text) if line.tone == "strong" else _one(line) for line in block.lines)
    yield _section(block, "\n".join(lines), nth=nth)


def _guide(block: Block, nth: int) -> Iterator[Section]:
    """Yield a guide; questions in words go to a command here, for messages are not read."""
    if block.lines[0].label == IN_WORDS:
        head = f"{bold(_named(IN_WORDS))} with {code('/ask')}, such as:"
        first, *others = block.lines
        yield _section(block, "\n".join((head, *map(_one, (replace(first, label=""), *others)))), nth=nth)
        return
    lines = (
        heading(f"{line.label} {line.text}", 3) if line.label and line.tone == "strong" else _one(line)
        for line in block.lines
    )
    yield _section(block, "\n".join(lines), nth=nth)


def _tail(block: Block, nth: int) -> Iterator[Section]:
    lines = (small(_one(replace(line, tone="plain"))) for line in block.lines)
    yield _section(block, "\n".join(lines), nth=nth, is_close=True)


def _context(block: Block, nth: int) -> Iterator[Section]:
    yield _section(block, "\n".join(_small_line(line) for line in block.lines), "", nth=nth, is_close=True)


def _written(block: Block, nth: int) -> Iterator[Section]:
    """Yield any block, each line by what it is; a strong first line is its heading."""
    first, *others = block.lines
    head = heading(first.text, 3) if first.tone == "strong" and not first.label else _any(first)
    yield _section(block, "\n".join((head, *map(_any, others))), nth=nth)


def _any(line: Line) -> str:
    if line.tone in SIGNS and line.parts:
        return _zone(line)
    return _small_line(line) if line.tone in ("good", "bad", "muted") else _one(line)


_WRITERS: Mapping[BlockKind, Callable[[Block, int], Iterator[Section]]] = MappingProxyType(
    {
        "headline": _headline,
        "verdict": _verdict,
        "zones": _zones,
        "setup": _setup,
        "wrong_if": _conditions,
        "reading": _reading,
        "checklist": _reading,
        "ask": _question,
        "guide": _guide,
        "touch": _context,
        "realised": _context,
        "crowd": _context,
        "coverage": _tail,
        "missing": _tail,
        "notes": _tail,
        "disclaimer": _tail,
    }
)


# --- one line --------------------------------------------------------------------------------------------------------


def _one(line: Line) -> str:
    words = plain(line.text)
    if line.label.startswith("/"):
        return f"{code(line.label)} {words}"
    text = f"{bold(_named(line.label))} {words}" if line.label else bold(line.text) if line.tone == "strong" else words
    return small(text) if line.tone == "muted" else text


def _small_line(line: Line) -> str:
    label = f"{bold(_named(line.label))} " if line.label else ""
    return small(_reason(line) if line.tone in ("good", "bad") else f"{label}{plain(line.text)}")


def _named(label: str) -> str:
    """Return a label in the letters of a sentence: Wrong if, for WRONG IF; M2 stays."""
    return label[:1].upper() + label[1:].lower()
