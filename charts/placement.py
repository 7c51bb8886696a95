"""Where labels go: as near as they can be to what they name, in order, and never over each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wish:
    """A label that wants its middle at `at` and is `size` long; one with more weight gives way less."""

    at: float
    size: float
    weight: float = 1.0


@dataclass(slots=True)
class _Block:
    """Neighbours that touch: they share one shift of their places."""

    place: float
    weight: float
    count: int


def place(wishes: Sequence[Wish], start: float, end: float, *, gap: float) -> list[float]:
    """Return the middle of each label, in the order of `wishes`, all between `start` and `end` where there is room.

    Labels keep the order of their wishes (ties: the order given) and a distance of `gap`, and the weighted sum of
    squared shifts is the least possible: isotonic regression by pooling adjacent violators, then clipped to the ends.
    With too little room the gaps shrink, and may become negative.
    """
    if not wishes:
        return []
    order = sorted(range(len(wishes)), key=lambda number: wishes[number].at)
    total = sum(wish.size for wish in wishes)
    if len(wishes) > 1:
        gap = min(gap, (end - start - total) / (len(wishes) - 1))
    offsets, reached = [], 0.0
    for number in order:
        offsets.append(reached + wishes[number].size / 2)
        reached += wishes[number].size + gap
    slack_end = max(start, end - (reached - gap))
    shifts = _pooled(
        [(wishes[number].at - offset, wishes[number].weight) for number, offset in zip(order, offsets, strict=True)]
    )
    middles = [0.0] * len(wishes)
    for number, offset, shift in zip(order, offsets, shifts, strict=True):
        middles[number] = min(max(shift, start), slack_end) + offset
    return middles


def _pooled(wanted: Sequence[tuple[float, float]]) -> list[float]:
    """Return the rising sequence nearest to the wanted values in weighted least squares."""
    blocks: list[_Block] = []
    for value, weight in wanted:
        blocks.append(_Block(value, weight, 1))
        while len(blocks) > 1 and blocks[-2].place > blocks[-1].place:
            last, before = blocks.pop(), blocks.pop()
            together = before.weight + last.weight
            mean = (before.place * before.weight + last.place * last.weight) / together
            blocks.append(_Block(mean, together, before.count + last.count))
    return [block.place for block in blocks for _ in range(block.count)]
