"""What a recorder has to say while it runs, as values: the console words them, tests read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.recording.journal import GivenUp, Stored, Waiting


@dataclass(frozen=True, slots=True)
class MarketRead:
    """A symbol's market was read: from which venues, and what was missing or worth a note, in words."""

    symbol: str
    venues: tuple[str, ...]
    caveats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listening:
    """A venue's stream of liquidations is heard from now on or, with a cause, no longer is."""

    venue: str
    cause: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """Real positions were swept: wallets that answered, that did not, and that there was no time for."""

    answered: int
    failed: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something failed and is tried again; the sentence says what."""

    sentence: str


Report = Stored | Waiting | GivenUp | MarketRead | Listening | Swept | Trouble
Tell = Callable[[Report], None]
