"""What of a reply is read first, where a screen is small: the rest waits behind a button.

Headline, picture, the best zone of either side, the setup with its first reasons, what would prove it wrong, what is
missing and what the numbers are not. Other answers are as short as their question, and stay as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from bot.replies import Block, BlockKind, Line, Reply, Tone

REASONS_SHOWN: dict[Tone, int] = {"good": 2, "bad": 1}
"""Of the reasons for and against a setup, which come in the order of their weight; neutral ones wait."""
BEHIND_THE_SETUP: frozenset[BlockKind] = frozenset({"reading", "bait", "touch", "realised", "crowd"})
"""What explains or completes a setup; in an answer without one, it is the answer."""


def brief(reply: Reply) -> Reply:
    """Return the reply with what is read first; an equal one where nothing waits."""
    has_setup = reply.block("setup") is not None
    kept = (block for block in reply.blocks if not (has_setup and block.kind in BEHIND_THE_SETUP))
    return missing_by_name(replace(reply, blocks=tuple(_blocks(kept))))


def missing_by_name(reply: Reply) -> Reply:
    """Return the reply in which what is missing is named alone: what that does to the answer waits."""
    blocks = (_by_name(block) if block.kind == "missing" else block for block in reply.blocks)
    return replace(reply, blocks=tuple(blocks))


def _blocks(blocks: Iterator[Block]) -> Iterator[Block]:
    sides: set[Tone] = set()
    for block in blocks:
        if block.kind == "zones":
            yield _zones(block, sides)
        elif block.kind == "setup":
            yield _setup(block)
        else:
            yield block


def _zones(block: Block, sides: set[Tone]) -> Block:
    """Return zones without what is neutral; what is said of one stays for the best of its side only."""
    zone, *others = block.lines
    told = [line for line in others if line.tone != "muted"]
    if zone.tone in sides:
        told = [line for line in told if line.parts]
    sides.update(line.tone for line in block.lines if line.parts)
    return replace(block, lines=(zone, *told))


def _setup(block: Block) -> Block:
    verdict, *reasons = block.lines
    seen: Counter[Tone] = Counter()
    kept = []
    for reason in reasons:
        seen[reason.tone] += 1
        if seen[reason.tone] <= REASONS_SHOWN.get(reason.tone, 0):
            kept.append(reason)
    return replace(block, lines=(verdict, *kept))


def _by_name(block: Block) -> Block:
    label, tone = block.lines[0].label, block.lines[0].tone
    names = dict.fromkeys(line.text.partition(":")[0].removesuffix(".") for line in block.lines)
    return replace(block, lines=(Line(label=label, text=f"{', '.join(names)}.", tone=tone),))
