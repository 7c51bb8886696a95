"""M3, Fitted: turnover opened at leverages and kept for times that were fitted to realised liquidations."""

from __future__ import annotations

import importlib.resources
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from engine.errors import DataMalformedError, EngineError
from engine.grid import LOG_STEP, FloatArray, LogGrid
from engine.inventory import ColumnPlan, Entries, Ladder, Standing, replay
from engine.margin import MarginTerms, log_distances
from engine.market import Candles, VenueMarket
from engine.models.base import ModelSpec, Plans, VenueBars
from engine.text import venue_text
from engine.windows import DAY_S, Window, iso, parse_instant

PARAMETERS_FILE = "fitted_btc.toml"

Entry = Literal["typical", "worst"]
ENTRIES: tuple[Entry, ...] = ("typical", "worst")
"""Where a rung's positions open: at (high + low + close) / 3, or at the bar's end that is worst for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """What opens at one leverage [x], where in the bar, for how long (half-life [days]), and how much of the flow."""

    leverage: float
    half_life_days: float
    entry: Entry
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What parameters were fitted to: liquidations of symbol at venue from from_s until until_s [Unix s].

    cross_validated_r2: mean R² over blocks of that span, each judged by a fit to the others.
    """

    symbol: str
    venue: str
    liquidations: str
    from_s: int
    until_s: int
    cross_validated_r2: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """A fitted map: its rungs, the flow's share of volume, whether sweeps cut bins, and where that comes from.

    volume_power: p in volume^p × open interest^(1 - p) [base], what the rungs share; 1 is volume alone.
    """

    rungs: tuple[Rung, ...]
    volume_power: float
    cuts_bins: bool
    provenance: Provenance


def flow_of(market: VenueMarket, volume_power: float) -> FloatArray | None:
    """Return what is shared out in each bar, (bars,) [base]; None where a venue has no open interest.

    volume^p × open interest^(1 - p) keeps the unit and the scale of every symbol; 0 where either is unknown.
    """
    if market.open_interest is None:
        return None
    interest = np.nan_to_num(market.open_interest)
    return np.asarray(market.candles.volume**volume_power * interest ** (1 - volume_power), dtype=np.float64)


def entry_positions(candles: Candles, grid: LogGrid) -> FloatArray:
    """Return where either side opens in each bar, (bars, 2, 2) [bins]; last axis as in ENTRIES."""
    typical = (candles.high + candles.low + candles.close) / 3
    prices = np.stack([np.column_stack([typical, candles.high]), np.column_stack([typical, candles.low])], axis=1)
    return np.asarray(np.log(prices) / LOG_STEP - grid.first, dtype=np.float64)


def rung_ladder(margin: MarginTerms, rungs: tuple[Rung, ...], *, cuts_bins: bool) -> Ladder:
    """Return rungs as a ladder, none above what the symbol allows; equal leverages and half-lives share a tier."""
    leverages = margin.clamp(np.array([rung.leverage for rung in rungs]))
    kinds, tier = np.unique(
        np.column_stack([leverages, [rung.half_life_days for rung in rungs]]), axis=0, return_inverse=True
    )
    return Ladder(
        leverages=kinds[:, 0],
        half_life_s=DAY_S * kinds[:, 1],
        seed_share=np.array([rung.weight for rung in rungs]),
        distance=np.stack(log_distances(margin, leverages)) / LOG_STEP,
        anchor=np.array([ENTRIES.index(rung.entry) for rung in rungs], dtype=np.int64),
        tier=tier,
        cuts_bins=cuts_bins,
    )


def walk_rungs(venue: VenueBars, parameters: Parameters, plans: Plans) -> Standing | None:
    """Walk all history with the flow opened on either side in each bar; None without open interest.

    Nobody closes but by the half-life and by being swept. Does not look ahead.
    """
    flow = flow_of(venue.market, parameters.volume_power)
    if flow is None:
        return None
    entries = Entries(
        position=entry_positions(venue.market.candles, venue.bars.grid),
        amount=np.repeat(flow, 2 * len(ENTRIES)).reshape(len(flow), 2, len(ENTRIES)),
        kept=np.ones((2, len(flow))),
    )
    ladder = rung_ladder(venue.market.margin, parameters.rungs, cuts_bins=parameters.cuts_bins)
    return replay(venue.bars, ladder, entries, columns=plans.columns, snapshots=plans.snapshots)


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedModel:
    """The fitted map with the parameters that are shipped."""

    spec: ModelSpec
    parameters: Parameters

    def ladder(self, margin: MarginTerms, window: Window) -> Ladder:
        """Return the rungs as tiers; the window does not change them."""
        del window
        return rung_ladder(margin, self.parameters.rungs, cuts_bins=self.parameters.cuts_bins)

    def stand(self, venue: VenueBars, window: Window, as_of_s: int, plans: Plans) -> Standing | None:
        """Walk all history; the window only says how far back the picture goes."""
        del window, as_of_s
        return walk_rungs(venue, self.parameters, plans)

    def sweep_history(self, venue: VenueBars) -> Standing | None:
        """Walk all history."""
        return walk_rungs(venue, self.parameters, Plans(ColumnPlan.none(), ColumnPlan.none()))


def parse_parameters(text: str) -> Parameters:
    """Return the parameters in a TOML text, as `fathom skill fit` writes them.

    Raises:
        ValueError: it is not such a text (tomllib.TOMLDecodeError), or a value is of another kind.
        KeyError: something is missing.

    """
    table = tomllib.loads(text)
    origin = table["provenance"]
    return Parameters(
        rungs=tuple(
            Rung(
                leverage=float(rung["leverage"]),
                half_life_days=float(rung["half_life_days"]),
                entry=ENTRIES[ENTRIES.index(rung["entry"])],
                weight=float(rung["weight"]),
            )
            for rung in table["rung"]
        ),
        volume_power=float(table["volume_power"]),
        cuts_bins=bool(table["cuts_bins"]),
        provenance=Provenance(
            symbol=str(origin["symbol"]),
            venue=str(origin["venue"]),
            liquidations=str(origin["liquidations"]),
            from_s=parse_instant(origin["from"]),
            until_s=parse_instant(origin["until"]),
            cross_validated_r2=float(origin["cross_validated_r2"]),
        ),
    )


def read_parameters(path: Path) -> Parameters:
    """Return the parameters in a file that `fathom skill fit` wrote.

    Raises:
        DataMalformedError: it cannot be read, or is no such file.

    """
    try:
        return parse_parameters(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError, EngineError) as error:
        advice = "Write it again: fathom skill fit --out FILE."
        raise DataMalformedError(path.name, f"no parameters of M3 ({error})", advice) from None


def shipped_parameters() -> Parameters:
    """Return the parameters that ship with Fathom."""
    file = importlib.resources.files("engine").joinpath("data", PARAMETERS_FILE)
    return parse_parameters(file.read_text(encoding="utf-8"))


def fitted_model(parameters: Parameters) -> FittedModel:
    """Return M3 with these parameters; its words say what they were fitted to."""
    origin = parameters.provenance
    return FittedModel(
        spec=ModelSpec(
            id="M3",
            name="Fitted",
            group="open interest",
            inputs="candles, volume, open interest",
            assumes=(
                f"leverages and holding times under which liquidations of {origin.symbol} at "
                f"{venue_text(origin.venue)} are explained best: fitted to {iso(origin.from_s)[:10]} to "
                f"{iso(origin.until_s)[:10]}, R² {origin.cross_validated_r2:.2f} on weeks held out; on other symbols "
                "it is unproven: only their leverage limits are taken over"
            ),
            memory="all history there is; the window only says how far back the picture goes",
            is_positions=False,
            starts_empty=False,
        ),
        parameters=parameters,
    )


FITTED = fitted_model(shipped_parameters())
