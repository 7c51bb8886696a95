"""What a map has to beat: lines without any map, and simpler maps that are in common use.

The lines without a map know the whole hour, its range and volume included; a map knows of the hour only how far price
went. Every constant is given its best form: the reach of the move, for one, counts by its logarithm (R² .59 of the test
months in engine tests; .40 as a plain share).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.grid import LOG_STEP, FloatArray
from engine.inventory import ColumnPlan, Entries, Ladder, Standing, replay, seed_shares
from engine.market import Market
from engine.models.base import VenueBars, typical_price
from engine.skill.hours import Hours, rows_of
from engine.windows import DAY_S, HOUR_S

REACH_FLOOR = 1e-3
"""Added to the reach of a move before its logarithm: a tenth of a percent. Best of 1e-4 and 1e-3 on recorded BTC."""
LEVERAGES = np.array([10.0, 25.0, 50.0, 100.0])
MIX = np.array([0.35, 0.30, 0.20, 0.15])
HALF_LIFE_DAYS = np.array([10.0, 3.0, 1.0, 0.5])
"""The ladder that open scripts use, with liquidation at 1/L from the entry, whatever the venue's maintenance margin."""


@dataclass(frozen=True, slots=True)
class CandleBaseline:
    """A line without a map: inputs gives (2, hours, k) of a market's hours."""

    name: str
    inputs: Callable[[Market, Hours], FloatArray]


@dataclass(frozen=True, slots=True)
class MapBaseline:
    """A simple map: walk gives what stood in it, None where a venue lacks its inputs. Does not look ahead."""

    name: str
    walk: Callable[[VenueBars], Standing | None]


def _move(market: Market, hours: Hours) -> FloatArray:
    """Return ln of how far price went against each side from the hour's open, (2, hours, 1)."""
    candle = _HourCandles.of(market, hours)
    return np.log(np.stack([candle.down, candle.up]) + REACH_FLOOR)[:, :, np.newaxis]


def _candle(market: Market, hours: Hours) -> FloatArray:
    """Return ln of the move, the range, the volume and open interest of each hour, (2, hours, 4)."""
    candle = _HourCandles.of(market, hours)
    shared = [np.log(candle.up + candle.down + 1e-4), np.log(candle.volume + 1.0), np.log(candle.interest + 1.0)]
    return np.stack([np.column_stack([np.log(reach + REACH_FLOOR), *shared]) for reach in (candle.down, candle.up)])


@dataclass(frozen=True, slots=True)
class _HourCandles:
    """Per hour of the lead venue: reach below and above its open [log], volume [base] and open interest [base]."""

    down: FloatArray
    up: FloatArray
    volume: FloatArray
    interest: FloatArray

    @classmethod
    def of(cls, market: Market, hours: Hours) -> _HourCandles:
        candles, interest = market.lead.candles, market.lead.open_interest
        row, known = rows_of(candles.time_s - candles.time_s % HOUR_S, hours.time_s)
        bars = np.flatnonzero(known)
        starts = np.flatnonzero(np.diff(row[bars], prepend=-1))
        opened = candles.open[bars][starts]
        held = np.zeros(len(candles)) if interest is None else np.nan_to_num(interest)
        return cls(
            down=np.log(opened / np.minimum.reduceat(candles.low[bars], starts)),
            up=np.log(np.maximum.reduceat(candles.high[bars], starts) / opened),
            volume=np.add.reduceat(candles.volume[bars], starts),
            interest=held[bars][starts],
        )


def _naive_ladder(half_life_days: FloatArray) -> Ladder:
    half_life_s = half_life_days * DAY_S
    forgets = bool(np.all(np.isfinite(half_life_s)))
    distance = np.stack([np.log(1 - 1 / LEVERAGES), np.log(1 + 1 / LEVERAGES)]) / LOG_STEP
    return Ladder(
        leverages=LEVERAGES,
        half_life_s=half_life_s,
        seed_share=seed_shares(MIX, half_life_s) if forgets else MIX / MIX.sum(),
        distance=distance,
        anchor=np.zeros(len(LEVERAGES), dtype=np.int64),
        tier=np.arange(len(LEVERAGES)),
    )


def _opened_by(venue: VenueBars, amount: FloatArray, half_life_days: FloatArray) -> Standing:
    """Walk with `amount` (bars,) [base] opened on either side in each bar, and nobody closing."""
    entries = Entries(
        position=typical_price(venue.market, venue.bars.grid),
        amount=np.repeat(amount[:, np.newaxis, np.newaxis], 2, axis=1),
        kept=np.ones((2, len(amount))),
    )
    nothing = ColumnPlan.none()
    return replay(venue.bars, _naive_ladder(half_life_days), entries, columns=nothing, snapshots=nothing)


def _volume_ladder(venue: VenueBars) -> Standing:
    return _opened_by(venue, venue.market.candles.volume, HALF_LIFE_DAYS)


def _volume_for_ever(venue: VenueBars) -> Standing:
    return _opened_by(venue, venue.market.candles.volume, np.full(len(LEVERAGES), np.inf))


def _rising_interest(venue: VenueBars) -> Standing | None:
    interest = venue.market.open_interest
    if interest is None:
        return None
    rise = np.diff(interest, prepend=interest[:1])
    return _opened_by(venue, np.maximum(np.nan_to_num(rise), 0.0), np.full(len(LEVERAGES), np.inf))


CANDLE_BASELINES = (
    CandleBaseline("move only", _move),
    CandleBaseline("move, range, volume, open interest", _candle),
)
MAP_BASELINES = (
    MapBaseline("volume ladder at 1/L", _volume_ladder),
    MapBaseline("rising open interest at 1/L", _rising_interest),
    MapBaseline("volume at 1/L without decay", _volume_for_ever),
)
