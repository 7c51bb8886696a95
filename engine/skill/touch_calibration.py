"""Is the chance of touch right? Predicted hour after hour from what was known then, held against what price did.

Both directions and a ladder of distances are asked at each moment. For the intervals whole blocks of time are drawn
again, of all symbols together, because they move together; a block is never shorter than the horizon.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np

from engine.errors import DataUnavailableError, NotEnoughDataError
from engine.excursions import read_excursions
from engine.grid import FloatArray, IntArray
from engine.market import Candles, Market
from engine.skill.resampling import RESAMPLES, BlockResamples, Interval
from engine.touch import chances_at, reflection
from engine.volatility import hourly_bars, read_volatility
from engine.windows import DAY_S, HOUR_S, TOUCH_HORIZONS_H, iso

DISTANCES = tuple(np.geomspace(0.003, 0.10, 13).tolist())
"""Distances that are asked, above and below the price, as fractions: every 34 % from .3 to 10 %."""
STEP_S = HOUR_S
TEST_SHARE = 0.4
"""Share of the recorded days, the last ones, that are judged where no moment is named."""
DECILES = 10


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TouchForecasts:
    """What was predicted and what came: time_s (n,) [Unix s] when; chance, driftless, touched (horizons, n).

    touched is NaN where the recording ends before the horizon does.
    """

    time_s: IntArray
    chance: FloatArray
    driftless: FloatArray
    touched: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Decile:
    """A tenth of the forecasts by their chance: mean chance, share touched, the gap between them with its interval."""

    chance: float
    touched: float
    gap: Interval
    forecasts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HorizonCalibration:
    """One horizon: how far shares touched are from chances, and how much better than the driftless formula.

    error: expected calibration error, the mean gap of the deciles; brier, driftless_brier: mean squared errors;
    gain: the second less the first. blocks: how many blocks of `block_s` seconds are drawn again.
    """

    hours: int
    deciles: tuple[Decile, ...]
    error: float
    brier: float
    driftless_brier: float
    gain: Interval
    forecasts: int
    blocks: int
    block_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchCalibration:
    """The calibration of every horizon over the symbols, judged from `from_s` to `until_s` [Unix s]."""

    symbols: tuple[str, ...]
    from_s: int
    until_s: int
    seed: int
    draws: int
    horizons: tuple[HorizonCalibration, ...]


def calibrate(
    markets: Sequence[Market],
    *,
    from_s: int | None = None,
    seed: int = 0,
    draws: int = RESAMPLES,
    executor: Executor | None = None,
) -> TouchCalibration:
    """Return how well the chance of touch is calibrated from `from_s` on, pooled over markets.

    No forecast looks ahead. executor: where weeks are forecast side by side, None: here.

    Raises:
        DataUnavailableError: no forecast can be made from `from_s` on, or judged.

    """
    until_s = max(int(market.lead.candles.end_s[-1]) for market in markets)
    first_s = min(int(market.lead.candles.time_s[0]) for market in markets)
    start_s = from_s if from_s is not None else until_s - round(TEST_SHARE * (until_s - first_s) / DAY_S) * DAY_S
    found = [forecast_touches(market.lead.candles, start_s, executor=executor) for market in markets]
    every = _joined(found)
    if not np.isfinite(every.touched).any():
        msg = f"There is nothing to judge from {iso(start_s)} on. Choose an earlier --from, or record more days."
        raise DataUnavailableError(msg)
    horizons = tuple(
        _calibrated(every, number, hours, seed=seed, draws=draws)
        for number, hours in enumerate(TOUCH_HORIZONS_H)
        if np.isfinite(every.touched[number]).any()
    )
    return TouchCalibration(
        symbols=tuple(market.symbol for market in markets),
        from_s=start_s,
        until_s=until_s,
        seed=seed,
        draws=draws,
        horizons=horizons,
    )


def _joined(parts: Iterable[TouchForecasts]) -> TouchForecasts:
    every = list(parts)
    return TouchForecasts(
        time_s=np.concatenate([part.time_s for part in every]),
        chance=np.concatenate([part.chance for part in every], axis=1),
        driftless=np.concatenate([part.driftless for part in every], axis=1),
        touched=np.concatenate([part.touched for part in every], axis=1),
    )


def forecast_touches(candles: Candles, from_s: int, *, executor: Executor | None = None) -> TouchForecasts:
    """Return the forecasts of every full hour from `from_s` on, and what came of them."""
    first_s = -(-max(from_s, int(candles.time_s[0]) + DAY_S) // STEP_S) * STEP_S
    moments = np.arange(first_s, int(candles.end_s[-1]), STEP_S)
    weeks = np.array_split(moments, max(1, len(moments) // 168))
    run: Callable[..., Iterable[TouchForecasts]] = map if executor is None else executor.map
    return _joined(run(partial(_forecast_part, candles), weeks))


def _forecast_part(candles: Candles, moments: IntArray) -> TouchForecasts:
    distances = np.log1p(np.concatenate([DISTANCES, -np.array(DISTANCES)]))
    shape = (len(TOUCH_HORIZONS_H), len(moments), len(distances))
    chance, driftless, touched = np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape, np.nan)
    for row, moment_s in enumerate(moments.tolist()):
        known = candles.until(moment_s)
        hourly = hourly_bars(known, moment_s)
        try:
            volatility = read_volatility(known, hourly, moment_s)
        except NotEnoughDataError:
            continue
        table = read_excursions(hourly, volatility)
        for column, distance in enumerate(distances.tolist()):
            chance[:, row, column] = chances_at(table, volatility.daily_sigma, abs(distance))
            driftless[:, row, column] = reflection(volatility.daily_sigma, abs(distance))
        touched[:, row] = _touched(candles, moment_s, float(known.close[-1]) * np.exp(distances), distances > 0)
    told = np.isfinite(chance[0, :, 0])
    return TouchForecasts(
        time_s=np.repeat(moments[told], len(distances)),
        chance=chance[:, told].reshape(shape[0], -1),
        driftless=driftless[:, told].reshape(shape[0], -1),
        touched=touched[:, told].reshape(shape[0], -1),
    )


def _touched(candles: Candles, moment_s: int, levels: FloatArray, above: np.ndarray) -> FloatArray:
    """Return whether levels (k,) were touched after `moment_s`, (horizons, k); NaN where the horizon has not ended."""
    found = np.full((len(TOUCH_HORIZONS_H), len(levels)), np.nan)
    first = int(np.searchsorted(candles.time_s, moment_s))
    for number, hours in enumerate(TOUCH_HORIZONS_H):
        end_s = moment_s + hours * HOUR_S
        last = int(np.searchsorted(candles.end_s, end_s, side="right"))
        if end_s <= int(candles.end_s[-1]) and last > first:
            high, low = candles.high[first:last].max(), candles.low[first:last].min()
            found[number] = np.where(above, levels <= high, levels >= low)
    return found


def _calibrated(every: TouchForecasts, number: int, hours: int, *, seed: int, draws: int) -> HorizonCalibration:
    judged = np.isfinite(every.touched[number])
    chance, touched = every.chance[number][judged], every.touched[number][judged]
    driftless, time_s = every.driftless[number][judged], every.time_s[judged]
    block_s = DAY_S * math.ceil(hours * HOUR_S / DAY_S)
    resamples = BlockResamples.of(time_s, block_s=block_s, draws=draws, seed=seed)
    deciles = _deciles(chance, touched, resamples)
    gained = (driftless - touched) ** 2 - (chance - touched) ** 2
    sums = resamples.sums(np.column_stack([gained, np.ones(len(gained))]))
    return HorizonCalibration(
        hours=hours,
        deciles=deciles,
        error=sum(each.forecasts * abs(each.gap.estimate) for each in deciles) / len(chance),
        brier=float(np.mean((chance - touched) ** 2)),
        driftless_brier=float(np.mean((driftless - touched) ** 2)),
        gain=Interval.of(float(gained.mean()), sums[:, 0] / sums[:, 1]),
        forecasts=len(chance),
        blocks=resamples.counts.shape[1],
        block_s=block_s,
    )


def _deciles(chance: FloatArray, touched: FloatArray, resamples: BlockResamples) -> tuple[Decile, ...]:
    edges = np.quantile(chance, np.arange(1, DECILES) / DECILES)
    decile = np.searchsorted(edges, chance, side="right")
    found = []
    for number in np.unique(decile).tolist():
        own = decile == number
        gap = np.where(own, touched - chance, 0.0)
        sums = resamples.sums(np.column_stack([gap, own.astype(np.float64)]))
        drawn = sums[:, 0] / np.where(sums[:, 1] > 0, sums[:, 1], np.nan)
        found.append(
            Decile(
                chance=float(chance[own].mean()),
                touched=float(touched[own].mean()),
                gap=Interval.of(float((touched - chance)[own].mean()), drawn),
                forecasts=int(own.sum()),
            )
        )
    return tuple(found)
