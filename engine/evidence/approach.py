"""The way from the price to a zone, in log price, the same for zones above and below."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.context import MarketContext
from engine.grid import LOG_STEP
from engine.results import ZoneBand

PAD_SIGMAS = 0.15
"""How far before or behind a zone something still counts as being at it [daily sigmas]: .35 % on BTC, twice the width
within which zones of different maps are merged (own assumption)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approach:
    """Log distances from the price towards a zone; direction: +1 above the price, -1 below.

    start: the near edge, end: the far edge, both at least 0; pad: how far around the zone still counts as at it.
    """

    price: float
    direction: int
    start: float
    end: float
    pad: float

    @property
    def before(self) -> float:
        """Where the way ends and the zone's surroundings begin."""
        return max(self.start - self.pad, 0.0)

    def distance(self, price: float) -> float:
        """Return how far `price` lies from the market towards the zone, negative on the other side."""
        return self.direction * math.log(price / self.price)

    def on_the_way(self, price: float) -> bool:
        """Say whether `price` stands between the market and the zone's surroundings."""
        return 0 < self.distance(price) < self.before

    def closeness(self, price: float) -> float:
        """Return 1 inside the zone, falling in a line to 0 one pad before or behind it."""
        distance = self.distance(price)
        outside = max(self.start - distance, distance - self.end, 0.0)
        return max(1 - outside / self.pad, 0.0)

    def price_at(self, distance: float) -> float:
        """Return the price that lies `distance` towards the zone."""
        return self.price * math.exp(self.direction * distance)


def approach_to(band: ZoneBand, context: MarketContext) -> Approach:
    """Return the way from the context's price to the zone."""
    direction = 1 if band.side == "above" else -1
    start = max(direction * math.log(band.near / context.price), 0.0)
    end = max(direction * math.log(band.far / context.price), start)
    pad = max(PAD_SIGMAS * context.volatility.daily_sigma, LOG_STEP)
    return Approach(price=context.price, direction=direction, start=start, end=end, pad=pad)
