"""The liquidation profile: what stands at each price now, and the sum of what is passed on the way there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import StepPatch

from charts.scales import PriceRange
from charts.theme import Theme
from engine.grid import FloatArray
from engine.results import LiquidationMap, Side

_BARS_ALPHA = 0.55
_BARS_SHARE = 0.92
"""The longest bar leaves a little room at the panel's edge."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SideProfile:
    """One side of a map inside a price range, ascending: edges (n + 1,) [price], usd (n,), cumulative_usd (n,) [USD].

    cumulative_usd: from the price outward up to and including each bin; total_usd: all of it inside the range.
    """

    side: Side
    edges: FloatArray
    usd: FloatArray
    cumulative_usd: FloatArray

    @property
    def total_usd(self) -> float:
        """Everything on this side inside the range [USD]."""
        return float(self.usd.sum())


def side_profile(map_: LiquidationMap, side: Side, shown: PriceRange) -> SideProfile:
    """Return a side of a map inside the range; what is not a positive number counts as nothing."""
    grid = map_.grid
    low, high = (map_.price, shown.high) if side == "above" else (shown.low, map_.price)
    low, high = max(low, grid.low), min(high, grid.high)
    if low >= high:
        return SideProfile(side=side, edges=np.array([low]), usd=np.empty(0), cumulative_usd=np.empty(0))
    bins = grid.slice_between(low, high)
    mass = map_.side_usd(side)[bins]
    usd = np.where(np.isfinite(mass) & (mass > 0), mass, 0.0)
    cumulative = np.cumsum(usd) if side == "above" else np.cumsum(usd[::-1])[::-1]
    return SideProfile(side=side, edges=grid.edges[bins.start : bins.stop + 1], usd=usd, cumulative_usd=cumulative)


def draw_profile(axes: Axes, profiles: tuple[SideProfile, ...], theme: Theme) -> None:
    """Draw bars of both sides and their cumulative curves, on axes of 0 to 1 by ln price.

    Bars share one scale, and so do the curves: the sides can be compared by eye.
    """
    longest = max((float(profile.usd.max(initial=0)) for profile in profiles), default=0.0)
    most = max((profile.total_usd for profile in profiles), default=0.0)
    if longest <= 0:
        return
    for profile in profiles:
        if profile.total_usd <= 0:
            continue
        colour, edges = theme.side(profile.side), np.log(profile.edges)
        bars = StepPatch(
            _BARS_SHARE * profile.usd / longest,
            edges,
            orientation="horizontal",
            fill=True,
            color=colour,
            alpha=_BARS_ALPHA,
            linewidth=0,
            zorder=3,
            label=f"{profile.side} profile",
        )
        axes.add_artist(bars)  # not axes.stairs: it measures data limits, which are fixed here, at 6 ms a call
        outward = edges[1:] if profile.side == "above" else edges[:-1]
        near = edges[0] if profile.side == "above" else edges[-1]
        curve, at = _BARS_SHARE * profile.cumulative_usd / most, outward
        if profile.side == "below":
            curve, at = curve[::-1], at[::-1]
        axes.plot(
            np.append(0.0, curve),
            np.append(near, at),
            color=colour,
            linewidth=3.5,
            solid_capstyle="round",
            zorder=4,
            label=f"{profile.side} cumulative",
        )
