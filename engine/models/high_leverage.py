"""M1, High leverage: the positions that were opened inside the window, mostly at 25x to 100x."""

from __future__ import annotations

from engine.models.base import ModelSpec
from engine.models.inventory_model import InventoryModel

HIGH_LEVERAGE = InventoryModel(
    spec=ModelSpec(
        id="M1",
        name="High leverage",
        group="open interest",
        inputs="candles, volume, open interest",
        assumes="traders of 10x to 100x open where volume trades, as many as open interest adds, and leave fast",
        memory="only positions opened inside the window, out of a walk over all history",
        is_positions=True,
        starts_empty=True,
    ),
    # Own assumption for a fast crowd; with all history it scores R2 .75 against realised liquidations (M2: .74).
    leverages=(10.0, 25.0, 50.0, 100.0),
    standing_share=(0.20, 0.30, 0.30, 0.20),
    half_life_days=(10.0, 3.0, 1.0, 0.5),
)
