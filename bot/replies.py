"""A reply as a frozen value that no platform owns: blocks of lines, and the picture that belongs to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.requests import Request
from engine.results import Analysis, LevelReport

BlockKind = Literal[
    "notice",
    "headline",
    "verdict",
    "changes",
    "digest",
    "zones",
    "setup",
    "wrong_if",
    "reading",
    "bait",
    "ask",
    "checklist",
    "touch",
    "realised",
    "crowd",
    "facts",
    "point",
    "coverage",
    "missing",
    "notes",
    "guide",
    "error",
    "disclaimer",
]
Tone = Literal["plain", "strong", "above", "below", "good", "bad", "muted", "warning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a block; `label` is the short word in front of it, `tone` how it may be coloured.

    parts: what the text holds, piece by piece, for a platform that lays it out in its own way; empty: it is one piece.
    """

    text: str
    label: str = ""
    tone: Tone = "plain"
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Lines that belong together; a platform may fold, style or drop a block by its kind."""

    kind: BlockKind
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What there is to draw, the file name without theme and ending, and what it shows for those who cannot see it."""

    kind: Literal["map", "four maps", "level"]
    subject: Analysis | LevelReport
    stem: str
    alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why there is no answer: one sentence with what to do; error_id is set when the fault is ours and logged."""

    text: str
    error_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is said to one message.

    symbol: what the conversation is about now; request: what was understood, where a text was; fault: set when nothing
    was answered.
    """

    blocks: tuple[Block, ...]
    symbol: str | None = None
    result: Analysis | LevelReport | None = None
    picture: Picture | None = None
    fault: Fault | None = None
    request: Request | None = None

    def block(self, kind: BlockKind) -> Block | None:
        """Return the first block of a kind, or None."""
        return next((block for block in self.blocks if block.kind == kind), None)


def block(kind: BlockKind, *lines: Line) -> tuple[Block, ...]:
    """Return a block in a tuple, or an empty tuple when it has no lines: nothing is said about nothing."""
    return (Block(kind=kind, lines=lines),) if lines else ()


def fault_reply(fault: Fault, symbol: str | None = None) -> Reply:
    """Return the reply to a message that could not be answered; the conversation stays at `symbol`."""
    blocks = block("error", Line(text=fault.text, tone="warning"))
    return Reply(blocks=blocks, symbol=symbol, fault=fault)
