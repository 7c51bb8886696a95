"""A small made-up market and the answer about it: words and files are tested without the engine's numbers."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.cli import run
from engine.errors import UnknownSymbolError
from engine.grid import LogGrid
from engine.margin import terms_for
from engine.market import Candles, Market, MissingInput, VenueMarket
from engine.observed import Coverage, ObservedLayers
from engine.results import (
    AgeVote,
    Analysis,
    Bait,
    Condition,
    Evidence,
    InputVote,
    LevelReport,
    LiquidationMap,
    MapColumns,
    MapKey,
    Question,
    Reading,
    Reason,
    Setup,
    Side,
    TierAtLevel,
    TouchChance,
    VenueShare,
    Zone,
    ZoneBand,
    ZoneInMap,
)
from engine.windows import parse_instant, window_named
from tests.bot.command_line import Fathom, Outcome, bars, record

AS_OF_S = parse_instant("2026-03-14T23:55:00Z")
PRICE = 70_412.0
DEFAULT_KEYS = tuple(
    MapKey(model, window_named(window)) for model, window in (("M1", "12h"), ("M1", "24h"), ("M1", "3d"), ("M2", "3d"))
)
TOUCH = tuple(TouchChance(hours=hours, chance=chance) for hours, chance in ((12, 0.21), (24, 0.334), (72, 0.58)))


def make_candles(bars: int = 12) -> Candles:
    time_s = AS_OF_S - 300 * np.arange(bars, 0, -1)
    flat = np.full(bars, PRICE)
    return Candles(
        where="made-up candles",
        time_s=time_s,
        duration_s=np.full(bars, 300),
        open=flat,
        high=flat + 10,
        low=flat - 10,
        close=flat,
        volume=np.full(bars, 5.0),
        taker_buy_share=np.full(bars, np.nan),
    )


def make_map(key: MapKey) -> LiquidationMap:
    grid = LogGrid.covering(PRICE * 0.99, PRICE * 1.01)
    rising = np.linspace(0.0, 1e6, grid.size)
    columns = MapColumns(
        time_s=np.array([AS_OF_S - 300, AS_OF_S]),
        first_bin=grid.first,
        long_usd=np.stack([rising, rising * 2]).astype(np.float32),
        short_usd=np.stack([rising, rising / 3]).astype(np.float32),
    )
    return LiquidationMap(
        key=key,
        as_of_s=AS_OF_S,
        price=PRICE,
        grid=grid,
        long_usd=rising * 2,
        short_usd=rising / 3,
        leverages=np.array([10.0, 100.0]),
        long_by_tier_usd=np.stack([rising, rising]),
        short_by_tier_usd=np.stack([rising, rising]) / 6,
        long_entry_s=np.full(grid.size, float(AS_OF_S - 3600)),
        short_entry_s=np.full(grid.size, np.nan),
        is_positions=True,
        shown_mix=np.array([0.5, 0.5]),
        covered_share=np.array([0.98, 0.97]),
        columns=columns,
    )


def make_zone(
    side: Side, low: float, high: float, *, score: float, index: float, usd: float, hits: int = 3, clear: bool = True
) -> Zone:
    band = ZoneBand(side=side, low=low, high=high, price=(low + high) / 2, age_s=5 * 3600.0)
    distance = band.near / PRICE - 1
    return Zone(
        band=band,
        score=score,
        agreement=score - 5,
        chance_agreement=31.0,
        index=index,
        size_usd=usd,
        distance=distance,
        distance_atr=distance / 0.03,
        touch=TOUCH,
        maps=tuple(
            ZoneInMap(key=key, percentile=0.97 - 0.2 * (place >= hits), hit=place < hits)
            for place, key in enumerate(DEFAULT_KEYS)
        ),
        inputs=(
            InputVote(name="open interest", agrees=True),
            InputVote(name="flow", agrees=True),
            InputVote(name="swings", agrees=False),
        ),
        ages=(AgeVote(name="0-12 h", percentile=0.95, agrees=True),),
        evidence=(
            Evidence(name="market_structure", value=0.6, weight=1.0, reason="the high of 12 March lies inside"),
            Evidence(
                name="funding", value=-0.4, weight=1.0, reason="longs pay 0.010 % per 8 h, so longs are the crowd"
            ),
            Evidence(name="price_action", value=0.0, weight=1.0, reason="neutral"),
        ),
        missing_evidence=(),
        clear=clear,
    )


ZONES = (
    make_zone("above", 71_950, 72_300, score=81.2, index=100, usd=182e6, hits=4),
    make_zone("below", 68_100, 68_450, score=64.4, index=71, usd=129e6),
    make_zone("below", 66_900, 67_150, score=52, index=40, usd=73e6),
)


def make_analysis(**changes: object) -> Analysis:
    until_s = AS_OF_S + 72 * 3600
    analysis = Analysis(
        symbol="BTC",
        as_of_s=AS_OF_S,
        price=PRICE,
        source="recorded",
        venues=(VenueShare(name="binanceusdm", oi_share=0.7), VenueShare(name="bybit", oi_share=0.3)),
        maps=tuple(make_map(key) for key in DEFAULT_KEYS),
        shown=DEFAULT_KEYS[1],
        candles=make_candles(),
        daily_sigma=0.022,
        daily_atr=0.031,
        reading=tuple(
            Reading(key=key, role=role, finding=f"fresh shorts above 71.9k on {key}")
            for key, role in zip(DEFAULT_KEYS, ("battlefield", "anchor", "still there?", "broader"), strict=True)
        ),
        zones=ZONES,
        setup=Setup(
            verdict="upside_sweep",
            strength=0.2,
            reasons=(
                Reason(sign=1, text="nearest vulnerable leverage is above"),
                Reason(sign=-1, text="funding is already paid by longs, so longs are the crowd"),
            ),
        ),
        bait=Bait(
            first_side="above",
            then_side="below",
            trigger=72_300.0,
            text="if 72.3k is swept and 1h closes back under 71.9k, the long squeeze to 68.4k is the other half",
        ),
        invalidation=(
            Condition(
                kind="close_beyond",
                price=68_450.0,
                timeframe="1h",
                operator="<",
                threshold=68_450.0,
                until_s=until_s,
                text="an hourly close below 68,450",
            ),
            Condition(
                kind="oi_change",
                price=None,
                timeframe="1h",
                operator="<",
                threshold=-0.03,
                until_s=until_s,
                text="open interest falls 3 %",
            ),
        ),
        questions=(
            Question(question="Where is the nearest vulnerable leverage?", answer="Above, at 71,950, +2.2 %."),
            Question(question="Do the maps agree?", answer="4 of 4 above, 3 of 4 below."),
        ),
        missing=(MissingInput(input="order_book", venue=None, effect="walls near the zones are unknown"),),
        notes=("Bybit: open interest 40 min old.",),
    )
    return replace(analysis, **changes)


def make_report(**changes: object) -> LevelReport:
    report = LevelReport(
        analysis=make_analysis(),
        price=68_300.0,
        band=ZoneBand(side="below", low=68_250.0, high=68_350.0, price=68_300.0, age_s=7200.0),
        verdict="zone",
        verdict_text="Part of a zone: 68,100-68,450, score 64.",
        distance=68_300.0 / PRICE - 1,
        distance_atr=-0.97,
        on_the_way_usd=310e6,
        at_level_usd=40e6,
        index=22.0,
        percentile=0.93,
        tiers=(
            TierAtLevel(leverage=25.0, usd=12e6, age_s=90_000.0),
            TierAtLevel(leverage=50.0, usd=28e6, age_s=7200.0),
            TierAtLevel(leverage=100.0, usd=0.0, age_s=float("nan")),
        ),
        maps=ZONES[1].maps,
        zone=ZONES[1],
        nearer=None,
        farther=ZONES[2],
        structure="the low of 12 March (68,280) and a round number (68,000) lie near",
        order_book=None,
        touch=TOUCH,
        confirm="an hourly close back above 68,450 after a touch",
        reject="an hourly close below 68,100",
    )
    return replace(report, **changes)


class FakeSource:
    """A source of one market that remembers what it was asked for."""

    name = "recorded"

    def __init__(self) -> None:
        self.asked: list[tuple[str, int | None]] = []

    def symbols(self) -> tuple[str, ...]:
        return ("BTC", "ETH", "SOL")

    def known_symbols(self) -> tuple[str, ...]:
        return self.symbols()

    def market(self, symbol: str, as_of_s: int | None = None) -> Market:
        if symbol not in self.symbols():
            raise UnknownSymbolError(symbol, (), self.symbols())
        self.asked.append((symbol, as_of_s))
        candles = make_candles()
        venue = VenueMarket(
            venue="binanceusdm",
            candles=candles,
            open_interest=np.full(len(candles), 80_000.0),
            margin=terms_for("binanceusdm", f"{symbol}USDT"),
        )
        return Market(symbol=symbol, as_of_s=as_of_s or AS_OF_S, source=self.name, venues=(venue,))


@pytest.fixture
def analysis() -> Analysis:
    return make_analysis()


@pytest.fixture
def report() -> LevelReport:
    return make_report()


@pytest.fixture
def coverage() -> Coverage:
    """Return what a made-up sweep saw that ended four minutes before the answer."""
    return Coverage(
        venue="hyperliquid",
        started_s=AS_OF_S - 780,
        swept_s=AS_OF_S - 240,
        age_s=240,
        wallets=4_812,
        long_share=0.41,
        short_share=0.38,
        long_usd=820e6,
        short_usd=760e6,
        exact_share=0.22,
        positions=2_000,
        without_price=300,
        passed=4,
        outside=100,
    )


@pytest.fixture
def observed_analysis(coverage: Coverage) -> Analysis:
    """Return an answer from real positions alone: a quarter of the longs of each bin stands at exact prices."""
    made = make_map(MapKey("M6", window_named("24h")))
    layers = ObservedLayers(
        coverage=coverage, exact_long_usd=made.long_usd / 4, exact_short_usd=np.zeros(made.grid.size)
    )
    map_ = replace(made, observed=layers)
    zones = tuple(replace(zone, size_basis="observed", band=replace(zone.band, age_s=math.nan)) for zone in ZONES)
    return make_analysis(maps=(map_,), shown=map_.key, zones=zones, observed=coverage)


@pytest.fixture
def analysis_with() -> Callable[..., Analysis]:
    """Return the made-up analysis with other fields."""
    return make_analysis


@pytest.fixture
def report_with() -> Callable[..., LevelReport]:
    """Return the made-up level report with other fields."""
    return make_report


@pytest.fixture
def zone_with() -> Callable[..., Zone]:
    """Return a zone: side, low, high; score, index, usd, hits, clear."""
    return make_zone


@pytest.fixture
def liquidation_map() -> LiquidationMap:
    return make_map(DEFAULT_KEYS[1])


@pytest.fixture
def source() -> FakeSource:
    return FakeSource()


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with four days of a plausible market."""
    return record(tmp_path_factory.mktemp("recordings"), bars())


@pytest.fixture
def fathom(capsys: pytest.CaptureFixture[str]) -> Fathom:
    """Run `fathom` with these arguments and return what it left behind."""

    def call(*arguments: object) -> Outcome:
        code = run([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Outcome(code, printed.out, printed.err)

    return call


@pytest.fixture
def no_venue(monkeypatch: pytest.MonkeyPatch, plain_home: Path) -> None:
    """Send what is meant for a venue to a port where nobody listens: no test asks the world."""
    for name in ("BINANCEUSDM", "BYBIT", "OKX", "HYPERLIQUID"):
        monkeypatch.setenv(f"FATHOM_VENUES__{name}__BASE_URL", "http://127.0.0.1:9")


@pytest.fixture
def plain_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run in an empty folder without settings of this machine's user, log and history kept there too."""
    for name in [name for name in os.environ if name.upper().startswith("FATHOM_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path
