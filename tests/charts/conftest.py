"""An answer made by hand, and a small vocabulary to read a drawing by its artists."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pytest
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from charts.sheet import DPI
from engine.grid import LogGrid
from engine.market import Candles
from engine.observed import Coverage, ObservedLayers
from engine.results import (
    Analysis,
    Bait,
    InputVote,
    LevelReport,
    LiquidationMap,
    MapColumns,
    MapKey,
    Reading,
    Setup,
    Side,
    TierAtLevel,
    TouchChance,
    VenueShare,
    Zone,
    ZoneBand,
    ZoneInMap,
)
from engine.windows import window_named

AS_OF_S = 1_770_292_800
"""5 February 2026, 12:00 UTC."""
BAR_S = 300
ROLES = {"M1 12h": "battlefield", "M1 24h": "anchor", "M1 3d": "persistence", "M2 3d": "broader structure"}
KEYS = tuple(MapKey(name.split()[0], window_named(name.split()[1])) for name in ROLES)


_RENDERER = RendererAgg(1_600, 1_280, DPI)


@dataclass(frozen=True)
class Picture:
    """A figure, asked for what it shows by the labels of its artists."""

    figure: Figure

    def all(self, name: str) -> list[Artist]:
        return [artist for artist in self.figure.findobj() if artist.get_label() == name]

    def one(self, name: str) -> Artist:
        (artist,) = self.all(name)
        return artist

    def panel(self, name: str) -> Axes:
        (axes,) = [axes for axes in self.figure.axes if axes.get_label() == name]
        return axes

    def words(self, name: str) -> list[str]:
        return [artist.get_text() for artist in self.all(name) if isinstance(artist, Text)]

    def texts(self) -> list[Text]:
        return [artist for artist in self.figure.findobj(Text) if artist.get_text() and artist.get_visible()]

    def place(self, artist: Artist) -> Bbox:
        """Where an artist stands, in pixels from the bottom left."""
        return artist.get_window_extent(_RENDERER)

    def overlaps(self) -> list[tuple[str, str]]:
        """Pairs of words that cover each other by more than a hair; a watermark is meant to lie across."""
        texts = [(text.get_text(), self.place(text)) for text in self.texts() if text.get_alpha() is None]
        return [
            (one, other)
            for (one, first), (other, second) in combinations(texts, 2)
            if min(first.x1, second.x1) - max(first.x0, second.x0) > 2
            and min(first.y1, second.y1) - max(first.y0, second.y0) > 2
        ]

    def prices(self, name: str) -> list[float]:
        """The prices of horizontal lines."""
        return [math.exp(line.get_ydata()[0]) for line in self.all(name)]

    def bands(self, name: str) -> list[tuple[float, float]]:
        """Low and high price of rectangles."""
        edges = [(patch.get_y(), patch.get_y() + patch.get_height()) for patch in self.all(name)]
        return [(math.exp(low), math.exp(high)) for low, high in edges]


@pytest.fixture(scope="session")
def look() -> type[Picture]:
    return Picture


def walk(price: float, *, days: float = 3.5, step: float = 0.0015, seed: int = 3) -> Candles:
    """A random walk of five-minute bars that ends at `price`."""
    rng = np.random.default_rng(seed)
    bars = round(days * 86_400 / BAR_S)
    close = np.exp(np.cumsum(rng.normal(0, step, bars)))
    close *= price / close[-1]
    open_ = np.append(close[:1], close[:-1])
    wick = np.exp(np.abs(rng.normal(0, step / 2, (2, bars))))
    return Candles(
        where="hand-made",
        time_s=AS_OF_S - BAR_S * np.arange(bars, 0, -1),
        duration_s=np.full(bars, BAR_S),
        open=open_,
        high=np.maximum(open_, close) * wick[0],
        low=np.minimum(open_, close) / wick[1],
        close=close,
        volume=np.ones(bars),
        taker_buy_share=np.full(bars, np.nan),
    )


def a_map(key: MapKey, price: float, bands: dict[float, float], *, columns: bool = True) -> LiquidationMap:
    """A map with mass at some distances from the price: {signed distance: USD}, each there for half of the window."""
    grid = LogGrid.covering(price / 1.3, price * 1.3)
    long_usd, short_usd = np.zeros(grid.size), np.zeros(grid.size)
    for distance, usd in bands.items():
        (short_usd if distance > 0 else long_usd)[grid.index(price * (1 + distance))] = usd
    count = key.window.length_s // BAR_S
    times = AS_OF_S - BAR_S * np.arange(count - 1, -1, -1)
    there = (times > AS_OF_S - key.window.length_s / 2)[:, np.newaxis]
    history = MapColumns(
        time_s=times,
        first_bin=grid.first,
        long_usd=(there * long_usd).astype(np.float32),
        short_usd=(there * short_usd).astype(np.float32),
    )
    return LiquidationMap(
        key=key,
        as_of_s=AS_OF_S,
        price=price,
        grid=grid,
        long_usd=long_usd,
        short_usd=short_usd,
        leverages=np.array([25.0, 50.0]),
        long_by_tier_usd=np.stack([long_usd * 0.75, long_usd * 0.25]),
        short_by_tier_usd=np.stack([short_usd * 0.75, short_usd * 0.25]),
        long_entry_s=np.full(grid.size, np.nan),
        short_entry_s=np.full(grid.size, np.nan),
        is_positions=True,
        shown_mix=np.array([0.75, 0.25]),
        covered_share=np.ones(2),
        columns=history if columns else None,
        model_name={"M1": "High leverage", "M2": "Broad structure"}[key.model],
    )


def a_zone(price: float, distance: float, *, width: float = 0.004, score: float = 60.0, clear: bool = True) -> Zone:
    """A zone whose near edge lies at a signed distance from the price, shown by the first and the last default map."""
    side: Side = "above" if distance > 0 else "below"
    near = price * (1 + distance)
    far = near * (1 + width if distance > 0 else 1 - width)
    low, high = sorted((near, far))
    touch = tuple(TouchChance(hours=hours, chance=0.3) for hours in (12, 24, 72))
    return Zone(
        band=ZoneBand(side=side, low=low, high=high, price=math.sqrt(low * high), age_s=3_600.0),
        score=score,
        agreement=score,
        chance_agreement=20.0,
        index=100.0,
        size_usd=1e6,
        distance=distance,
        distance_atr=distance * 20,
        touch=touch,
        maps=tuple(ZoneInMap(key=key, percentile=0.95, hit=key in (KEYS[0], KEYS[3])) for key in KEYS),
        inputs=(InputVote(name="open interest", agrees=True), InputVote(name="flow", agrees=False)),
        ages=(),
        evidence=(),
        missing_evidence=(),
        clear=clear,
    )


DISTANCES = (0.012, 0.03, -0.01, -0.025, -0.03)


def an_analysis(price: float = 70_000.0, distances: tuple[float, ...] = DISTANCES, **changes: object) -> Analysis:
    bands = {distance * 1.1: 1e6 * (n + 1) for n, distance in enumerate(distances)}
    made = Analysis(
        symbol="BTC",
        as_of_s=AS_OF_S,
        price=price,
        source="recorded",
        venues=(VenueShare(name="binanceusdm", oi_share=0.6), VenueShare(name="bybit", oi_share=0.4)),
        maps=tuple(a_map(key, price, bands) for key in KEYS),
        shown=KEYS[1],
        candles=walk(price),
        daily_sigma=0.025,
        daily_atr=0.03 * price,
        reading=tuple(Reading(key=key, role=ROLES[str(key)], finding="found") for key in KEYS),
        zones=tuple(a_zone(price, distance) for distance in distances),
        setup=Setup(verdict="no_clear_edge", strength=0.0, reasons=()),
        bait=Bait(first_side="above", then_side="below", trigger=price, text="none"),
        invalidation=(),
        questions=(),
        missing=(),
        notes=(),
    )
    return replace(made, **changes)


def a_report(price: float = 70_000.0, distance: float = -0.025, **changes: object) -> LevelReport:
    analysis = an_analysis(price)
    level = price * (1 + distance)
    made = LevelReport(
        analysis=analysis,
        price=level,
        band=ZoneBand(
            side="above" if distance > 0 else "below", low=level * 0.998, high=level * 1.002, price=level, age_s=60.0
        ),
        verdict="zone",
        verdict_text="Part of a zone.",
        distance=distance,
        distance_atr=distance / 0.03,
        on_the_way_usd=3e6,
        at_level_usd=4e6,
        index=80.0,
        percentile=0.93,
        tiers=(
            TierAtLevel(leverage=25.0, usd=3e6, age_s=60.0),
            TierAtLevel(leverage=50.0, usd=1e6, age_s=60.0),
            TierAtLevel(leverage=100.0, usd=0.0, age_s=math.nan),
        ),
        maps=analysis.zones[0].maps,
        zone=None,
        nearer=None,
        farther=None,
        structure="",
        order_book=None,
        touch=analysis.zones[0].touch,
        confirm="",
        reject="",
    )
    return replace(made, **changes)


COVERAGE = Coverage(
    venue="hyperliquid",
    started_s=AS_OF_S - 780,
    swept_s=AS_OF_S - 240,
    age_s=240,
    wallets=5_120,
    long_share=0.47,
    short_share=0.41,
    long_usd=8e8,
    short_usd=7e8,
    exact_share=0.2,
    positions=4_000,
    without_price=300,
    passed=1,
    outside=200,
)


def observed_analysis(*, unknown: slice = slice(0, 0), **changes: object) -> Analysis:
    """The answer from real positions alone, of which nothing is known in the `unknown` columns; four inputs asked."""
    made = an_analysis(**changes)
    map_ = made.shown_map
    longs, shorts = map_.columns.long_usd.copy(), map_.columns.short_usd.copy()
    longs[unknown] = shorts[unknown] = np.nan
    real = replace(
        map_,
        key=MapKey("M6", map_.key.window),
        model_name="Observed",
        columns=replace(map_.columns, long_usd=longs, short_usd=shorts),
        observed=ObservedLayers(coverage=COVERAGE, exact_long_usd=map_.long_usd, exact_short_usd=map_.short_usd),
    )
    names = ("open interest", "flow", "swings", "positions")
    votes = tuple(InputVote(name=name, agrees=True) for name in names)
    zones = tuple(replace(zone, inputs=votes, size_basis="observed") for zone in made.zones)
    return replace(made, maps=(real,), shown=real.key, zones=zones, observed=COVERAGE)


@pytest.fixture(scope="session")
def make_observed() -> Callable[..., Analysis]:
    return observed_analysis


@pytest.fixture(scope="session")
def make_analysis() -> Callable[..., Analysis]:
    return an_analysis


@pytest.fixture(scope="session")
def make_report() -> Callable[..., LevelReport]:
    return a_report


@pytest.fixture(scope="session")
def make_zone() -> Callable[..., Zone]:
    return a_zone


@pytest.fixture(scope="session")
def make_walk() -> Callable[..., Candles]:
    return walk
