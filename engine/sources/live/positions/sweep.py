"""What one sweep over the wallets brought, counted honestly."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from engine.observed import ObservedPositions
from engine.sources.live.positions.quotation import Quoted
from engine.sources.live.positions.replies import Account, Position

SAME_CLOCK_S = 60.0
"""Our clock and the venue's tell the same time when they differ by less (own assumption)."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Sweep:
    """A sweep from `started_s` to `time_s` [Unix s, our clock].

    positions: by symbol, of the wallets that answered this time and of no other; answered: wallets, `empty` of which
    hold nothing; failed: asked in vain; malformed: answered with what cannot be trusted, and left out; waiting: not
    reached in time; unlisted: symbols that the venue does not have; is_venue_time: the venue's own clock agreed.
    """

    started_s: int
    time_s: int
    positions: Mapping[str, ObservedPositions]
    answered: int
    empty: int
    failed: int
    malformed: int
    waiting: int
    unlisted: tuple[str, ...]
    is_venue_time: bool
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "positions", MappingProxyType(dict(self.positions)))


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counts a sweep that is under way; `wanted` coins are kept, the others are only worth something."""

    wanted: frozenset[str]
    answered: int = 0
    empty: int = 0
    failed: int = 0
    malformed: int = 0
    venue_time_s: float | None = None
    held: dict[str, list[Position]] = field(default_factory=lambda: defaultdict(list))

    def add(self, account: Account) -> None:
        """Count one wallet's answer."""
        self.answered += 1
        self.empty += not account.positions
        self.venue_time_s = max(self.venue_time_s or account.time_s, account.time_s)
        for position in account.positions:
            if position.coin in self.wanted:
                self.held[position.coin].append(position)

    def agrees_with(self, now_s: float) -> bool:
        """Say whether the newest answer's own time is about `now_s`."""
        return self.venue_time_s is not None and abs(self.venue_time_s - now_s) < SAME_CLOCK_S


def observed(
    venue: str,
    quotation: Quoted,
    held: list[Position],
    *,
    started_s: int,
    time_s: int,
    wallets: int,
    open_interest: float,
) -> ObservedPositions:
    """Return positions and open interest [units of the coin] as those of the symbol that is quoted."""
    return ObservedPositions(
        venue=venue,
        started_s=started_s,
        time_s=time_s,
        wallets=wallets,
        open_interest=quotation.size(open_interest),
        side=np.array([position.side for position in held], dtype=np.int64),
        size=np.array([quotation.size(position.size) for position in held]),
        entry=np.array([quotation.price(position.entry) for position in held]),
        leverage=np.array([position.leverage for position in held]),
        liquidation_price=np.array([quotation.price(position.liquidation_price) for position in held]),
        is_isolated=np.array([position.is_isolated for position in held], dtype=bool),
    )
