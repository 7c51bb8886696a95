"""Liquidations that happened, as venues told them in their public streams."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.arrays import check_lengths, freeze_fields
from engine.errors import DataMalformedError
from engine.grid import FloatArray, IntArray

_ADVICE = "Mend or re-record that part; nothing was computed from it."


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Liquidations:
    """Liquidations that a venue told, oldest first; venues tell only a part of them.

    at_ms: (n,) [Unix ms]; side: (n,) +1 where a long was liquidated, -1 a short; price: (n,); size: (n,) [base];
    heard_from_s, heard_to_s: (spans,) [Unix s] when its stream was listened to, in order: no liquidation outside of
    these says nothing.

    Raises:
        DataMalformedError: times unsorted; a side that is none; a price or size that is not positive; spans unsorted.

    """

    at_ms: IntArray
    side: IntArray
    price: FloatArray
    size: FloatArray
    heard_from_s: IntArray
    heard_to_s: IntArray

    def __post_init__(self) -> None:
        freeze_fields(self, ("at_ms", "side", "heard_from_s", "heard_to_s"), np.int64)
        freeze_fields(self, ("price", "size"), np.float64)
        check_lengths(self, ("at_ms", "side", "price", "size"))
        check_lengths(self, ("heard_from_s", "heard_to_s"))
        if np.any(np.diff(self.at_ms) < 0):
            raise DataMalformedError("liquidations", "they are not in order of time", _ADVICE)
        if np.any(np.abs(self.side) != 1):
            raise DataMalformedError("liquidations", "a side is neither long (+1) nor short (-1)", _ADVICE)
        for name in ("price", "size"):
            values = getattr(self, name)
            if not np.all(np.isfinite(values) & (values > 0)):
                raise DataMalformedError("liquidations", f"{name} is not positive everywhere", _ADVICE)
        if np.any(self.heard_to_s <= self.heard_from_s) or np.any(self.heard_from_s[1:] < self.heard_to_s[:-1]):
            raise DataMalformedError("liquidations", "the spans listened to are not in order", _ADVICE)

    def __len__(self) -> int:
        return len(self.at_ms)
