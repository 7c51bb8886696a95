"""What the compiled walk is given and fills, as arrays: apart from it, so that naming them loads no compiler."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.grid import FloatArray, IntArray


class BarArrays(NamedTuple):
    """Per bar: range and close [bins], time since the last bar's end and end since the first bar's [s]."""

    low: FloatArray
    high: FloatArray
    close: FloatArray
    elapsed_s: FloatArray
    end_s: FloatArray


class LadderArrays(NamedTuple):
    """Tiers keep positions with a half-life [s]; rungs open them.

    Per rung: share of what is opened, distance (2, rungs) [bins], anchor of its entries, tier that keeps them.
    cuts_bins: a sweep takes of the bins that it ends in only the part inside.
    """

    half_life_s: FloatArray
    seed_share: FloatArray
    distance: FloatArray
    anchor: IntArray
    tier: IntArray
    cuts_bins: bool


class FlowArrays(NamedTuple):
    """Where positions open (bars, 2, anchors) [bins], and how much.

    With open_interest (bars,) [base] the amounts follow from it and volume; where it is empty, amount
    (bars, 2, anchors) [base] and kept (2, bars) are obeyed.
    """

    position: FloatArray
    amount: FloatArray
    kept: FloatArray
    volume: FloatArray
    open_interest: FloatArray


class StateArrays(NamedTuple):
    """Mass and mass x entry time (2, tiers, bins), filled in place; the price of each bin."""

    mass: FloatArray
    moment: FloatArray
    prices: FloatArray


class StoreArrays(NamedTuple):
    """After which bars to store, from which bin on, whether to forget everything then, and where (n, 2, bins)."""

    bars: IntArray
    first: int
    forget: bool
    store: NDArray[np.float32]
