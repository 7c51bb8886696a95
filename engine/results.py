"""What comes out: frozen values that charts draw and chats word. Prices and sizes in USD(T), times in Unix seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.grid import FloatArray, IntArray, LogGrid
from engine.market import Candles, MissingInput
from engine.observed import Coverage, ObservedLayers
from engine.realised import Realised, ToldSum
from engine.windows import Window

Side = Literal["above", "below"]
Verdict = Literal["upside_sweep", "downside_sweep", "trap_both_sides", "no_clear_edge"]
ConditionKind = Literal["close_beyond", "oi_change", "zone_fades", "funding_flip"]
SizeBasis = Literal["modelled", "observed"]

DISCLAIMER = "Modelled estimate, not real positions, not advice."
OBSERVED_DISCLAIMER = "Part of one venue's real positions, not advice."


@dataclass(frozen=True, slots=True)
class MapKey:
    """Which map: the model's id (M1, M2, ...) and the window."""

    model: str
    window: Window

    def __str__(self) -> str:
        return f"{self.model} {self.window.name}"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MapColumns:
    """How a map looked over time, never repainted: what stood at each moment, shape (columns, bins), float32 [USD].

    time_s: (columns,) the moment each column was known; first_bin: the lattice number of the first stored bin. A column
    of which nothing is known (real positions that nobody swept then) is NaN throughout, which is not an empty one.
    """

    time_s: IntArray
    first_bin: int
    long_usd: NDArray[np.float32]
    short_usd: NDArray[np.float32]

    @property
    def grid(self) -> LogGrid:
        """The bins of the columns."""
        return LogGrid(self.first_bin, self.long_usd.shape[1])


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LiquidationMap:
    """One model's estimate of what would be liquidated where, at one moment, summed over venues.

    grid: the bins; long_usd, short_usd: (bins,) [USD], mass of longs (their liquidations lie below the price) and of
    shorts (above); leverages: (tiers,) the ladder [x]; long_by_tier_usd, short_by_tier_usd: (tiers, bins) [USD];
    long_entry_s, short_entry_s: (bins,) mass-weighted time of entry, NaN where a bin is empty; long_entry_by_tier_s,
    short_entry_by_tier_s: (tiers, bins) the same of each tier, None where it was not kept; columns: the history
    that is drawn, or None; is_positions: False where the mass is turnover or pivot weight and USD would be a pretence;
    shown_mix: (tiers,) share of the standing mass in each tier, sums to 1 (NaN when the map is empty);
    covered_share: (2,) share of open interest that the long and the short side hold, NaN where there is none;
    model_name: the model in words, such as High leverage; observed: set where the mass is real positions of one venue,
    its open interest then being that of covered_share, and `leverages` the upper ends of classes.
    """

    key: MapKey
    as_of_s: int
    price: float
    grid: LogGrid
    long_usd: FloatArray
    short_usd: FloatArray
    leverages: FloatArray
    long_by_tier_usd: FloatArray
    short_by_tier_usd: FloatArray
    long_entry_s: FloatArray
    short_entry_s: FloatArray
    is_positions: bool
    shown_mix: FloatArray
    covered_share: FloatArray
    long_entry_by_tier_s: FloatArray | None = None
    short_entry_by_tier_s: FloatArray | None = None
    columns: MapColumns | None = None
    model_name: str = ""
    observed: ObservedLayers | None = None

    def side_usd(self, side: Side) -> FloatArray:
        """Return the side's profile (bins,) [USD]: shorts above the price, longs below."""
        return self.short_usd if side == "above" else self.long_usd

    def usd_between(self, side: Side, low: float, high: float) -> float:
        """Return what one side holds from `low` to `high` [USD]; a bin counts at its centre."""
        centers = self.grid.centers
        return float(self.side_usd(side)[(centers >= low) & (centers <= high)].sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneBand:
    """Where a zone lies: low <= price <= high, all on one side of the market; age_s: mean time since its entries."""

    side: Side
    low: float
    high: float
    price: float
    age_s: float

    @property
    def near(self) -> float:
        """The edge that price would meet first."""
        return self.low if self.side == "above" else self.high

    @property
    def far(self) -> float:
        """The edge that price would leave last."""
        return self.high if self.side == "above" else self.low


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What one input says about one zone: value -1 (against) to +1 (for), its weight, and the reason in words."""

    name: str
    value: float
    weight: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneInMap:
    """How one map sees a zone: percentile (0-1) among bins near the price, and whether it shows it: bright there.

    A map shows a zone when a bin of it is among the brightest tenth of that side, a quarter brighter than usual at its
    distance, and holds .2 % of the side's open interest.
    """

    key: MapKey
    percentile: float
    hit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InputVote:
    """Whether one kind of input (open interest, flow, swings, positions) shows the zone in any of its maps."""

    name: str
    agrees: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeVote:
    """Whether positions of one age class (disjoint) show the zone."""

    name: str
    percentile: float
    agrees: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchChance:
    """Share of past moments from which any level at that distance was touched within `hours` (0-1)."""

    hours: int
    chance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A price band where liquidations cluster, with all that was found for and against it.

    score: 0-100; agreement: the same before evidence; index: 100 is the answer's largest zone; size_usd: what stands
    there [USD], of the kind that size_basis says; distance: signed fraction of price, to the near edge; distance_atr:
    the same in 14-day daily ATR; clear: False when no map has a hit and the side's strongest bin is listed instead;
    maps: the default maps; inputs, ages: what agreed.
    """

    band: ZoneBand
    score: float
    agreement: float
    chance_agreement: float
    index: float
    size_usd: float
    distance: float
    distance_atr: float
    touch: tuple[TouchChance, ...]
    maps: tuple[ZoneInMap, ...]
    inputs: tuple[InputVote, ...]
    ages: tuple[AgeVote, ...]
    evidence: tuple[Evidence, ...]
    missing_evidence: tuple[MissingInput, ...]
    clear: bool
    size_basis: SizeBasis = "modelled"

    def touch_within(self, hours: int) -> float:
        """Return the chance of touch within one of the horizons 12, 24 and 72 h."""
        return next(touch.chance for touch in self.touch if touch.hours == hours)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one of the four default maps adds: its role, and one sentence made of numbers."""

    key: MapKey
    role: str
    finding: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A reason for (+1) or against (-1) the setup."""

    sign: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Which side holds more forced orders within reach. Not a forecast. strength: 0 (none) to 1."""

    verdict: Verdict
    strength: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bait:
    """The opposite scenario: which side could go first, what follows, and the price that would trigger it."""

    first_side: Side
    then_side: Side
    trigger: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition that would prove the reading wrong, evaluable by code until `until_s`.

    close_beyond: a close of a `timeframe` bar compared (`operator` "<" or ">") with price `threshold`;
    oi_change: open interest in base units against now, as a fraction; zone_fades: the zone at `price` in map `key`
    against its size now, as a fraction; funding_flip: the next settled funding rate. reference: what it is now (open
    interest [base], the zone's mass [USD], the rate); band: the zone that would fade.
    """

    kind: ConditionKind
    price: float | None
    timeframe: str
    operator: Literal["<", ">"]
    threshold: float
    until_s: int
    text: str
    key: MapKey | None = None
    reference: float | None = None
    band: ZoneBand | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A better question, and its answer from the numbers of the moment."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueShare:
    """A venue and its share of the open interest (0-1)."""

    name: str
    oi_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueCrowd:
    """How many accounts of a venue are long for each that is short, and how old that is [s].

    Each account counts once, whatever it holds: context beside the answer, in no map, no zone and no score.
    """

    venue: str
    long_short_ratio: float
    age_s: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Analysis:
    """The whole answer to `/liq SYMBOL`. `maps` are the maps asked for; zones are sorted by score, best first.

    observed: what the real positions cover that had a say; None where none had;
    realised: what each venue told was liquidated, in the order of the venues; none where nobody listened.
    """

    symbol: str
    as_of_s: int
    price: float
    source: str
    venues: tuple[VenueShare, ...]
    maps: tuple[LiquidationMap, ...]
    shown: MapKey
    candles: Candles
    daily_sigma: float
    daily_atr: float
    reading: tuple[Reading, ...]
    zones: tuple[Zone, ...]
    setup: Setup
    bait: Bait
    invalidation: tuple[Condition, ...]
    questions: tuple[Question, ...]
    missing: tuple[MissingInput, ...]
    notes: tuple[str, ...]
    observed: Coverage | None = None
    realised: tuple[Realised, ...] = ()
    crowd: tuple[VenueCrowd, ...] = ()

    @property
    def shown_map(self) -> LiquidationMap:
        """The map that the picture shows."""
        return next(map_ for map_ in self.maps if map_.key == self.shown)

    @property
    def disclaimer(self) -> str:
        """What the numbers of the shown map are not."""
        return DISCLAIMER if self.shown_map.observed is None else OBSERVED_DISCLAIMER

    def zones_on(self, side: Side) -> tuple[Zone, ...]:
        """Return the side's zones, best score first."""
        return tuple(zone for zone in self.zones if zone.band.side == side)


@dataclass(frozen=True, slots=True, kw_only=True)
class TierAtLevel:
    """What one leverage tier holds at a level [USD], and the mean time since its entries [s]."""

    leverage: float
    usd: float
    age_s: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LevelReport:
    """The answer to `/level SYMBOL PRICE`.

    verdict: nothing, minor or zone; band: the prices counted as "at the level"; on_the_way_usd: the shown map
    summed from the market price to the band, at_level_usd: inside it; percentile: (0-1) among levels at that distance;
    nearer, farther: the nearest stronger zone before and behind it; structure, confirm, reject: sentences;
    realised: what each venue told was liquidated inside the band in 72 h, without those that listened to nothing.
    """

    analysis: Analysis
    price: float
    band: ZoneBand
    verdict: Literal["nothing", "minor", "zone"]
    verdict_text: str
    distance: float
    distance_atr: float
    on_the_way_usd: float
    at_level_usd: float
    index: float
    percentile: float
    tiers: tuple[TierAtLevel, ...]
    maps: tuple[ZoneInMap, ...]
    zone: Zone | None
    nearer: Zone | None
    farther: Zone | None
    structure: str
    order_book: str | None
    touch: tuple[TouchChance, ...]
    confirm: str
    reject: str
    realised: tuple[ToldSum, ...] = ()
