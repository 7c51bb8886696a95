"""The inventory models: positions that follow open interest, opened where volume traded, lost by decay and sweeps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.inventory import ColumnPlan, Entries, Ladder, Standing, replay, walk_inventory
from engine.margin import MarginTerms
from engine.models.base import ModelSpec, Plans, VenueBars, ladder_of, typical_price
from engine.windows import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryModel:
    """An inventory model: leverage tiers [x] with their standing shares and half-lives [days]."""

    spec: ModelSpec
    leverages: tuple[float, ...]
    standing_share: tuple[float, ...]
    half_life_days: tuple[float, ...]

    def ladder(self, margin: MarginTerms, window: Window) -> Ladder:
        """Return the tiers; the window does not change them."""
        del window
        return ladder_of(margin, np.array(self.leverages), np.array(self.standing_share), np.array(self.half_life_days))

    def stand(self, venue: VenueBars, window: Window, as_of_s: int, plans: Plans) -> Standing | None:
        """Walk all history; if the map starts empty, replay what that walk opened since the window's start."""
        if venue.market.open_interest is None:
            return None
        if not self.spec.starts_empty:
            return venue.keep(self.spec.id, self._history(venue, plans))
        history = self.sweep_history(venue)
        return None if history is None else self._since(venue, window, as_of_s, plans, history)

    def sweep_history(self, venue: VenueBars) -> Standing | None:
        """Walk all history, or take the walk that another map of the model has done."""
        if venue.market.open_interest is None:
            return None
        done = venue.kept(self.spec.id)
        nothing = Plans(ColumnPlan.none(), ColumnPlan.none())
        return done if done is not None else venue.keep(self.spec.id, self._history(venue, nothing))

    def opened_since(self, venue: VenueBars, start_s: int, window: Window) -> Standing | None:
        """Return what stands now of the positions opened after `start_s` (in the walk over all history)."""
        history = self.sweep_history(venue)
        if history is None:
            return None
        nothing = Plans(ColumnPlan.none(), ColumnPlan.none())
        first, ladder = venue.first_bar_since(start_s), self.ladder(venue.market.margin, window)
        return self._replay(venue, first, history, ladder, nothing)

    def _history(self, venue: VenueBars, plans: Plans) -> Standing:
        market = venue.market
        if market.open_interest is None:
            msg = "an inventory walk needs open interest"
            raise ValueError(msg)
        return walk_inventory(
            venue.bars,
            self.ladder(market.margin, Window("all", 0)),
            entry_position=typical_price(market, venue.bars.grid),
            volume=market.candles.volume,
            open_interest=market.open_interest,
            columns=plans.columns,
            snapshots=plans.snapshots,
        )

    def _since(self, venue: VenueBars, window: Window, as_of_s: int, plans: Plans, history: Standing) -> Standing:
        ladder = self.ladder(venue.market.margin, window)
        first = venue.first_bar_since(as_of_s - window.length_s)
        now = self._replay(venue, first, history, ladder, Plans(plans.columns, ColumnPlan.none()))
        if not len(plans.snapshots.bars):
            return now
        before = venue.first_bar_since(int(venue.bars.end_s[plans.snapshots.bars[0]]) - window.length_s)
        past = self._replay(venue, before, history, ladder, Plans(ColumnPlan.none(), plans.snapshots))
        return now.with_snapshots(past.snapshots)

    def _replay(self, venue: VenueBars, first: int, history: Standing, ladder: Ladder, plans: Plans) -> Standing:
        entries = Entries(
            position=typical_price(venue.market, venue.bars.grid),
            amount=history.opened.T[:, :, np.newaxis],
            kept=history.kept,
        )
        return replay(
            venue.bars.from_bar(first),
            ladder,
            entries.from_bar(first),
            columns=plans.columns.from_bar(first),
            snapshots=plans.snapshots.from_bar(first),
        )
