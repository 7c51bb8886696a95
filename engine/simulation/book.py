"""The order book of the simulated market at one moment. Own assumptions: no venue publishes why orders rest."""

from __future__ import annotations

import numpy as np

from engine.grid import FloatArray
from engine.market import OrderBook
from engine.simulation.profiles import SymbolProfile
from engine.windows import HOUR_S

_REACH = 0.03
"""How far from the price orders are listed [fraction]."""
_LEVELS = 300
"""Levels a side, closer together near the price."""
_DEPTH_SHARE = 0.045
"""What rests within reach on one side, as a share of the usual open interest, in usual depth."""
_SIZE_SPREAD = 1.0
_WALL_LASTS_S = 6 * HOUR_S
_WALL_CHANCE = 0.35
_WALL_SHARE, _WALL_TAIL = 0.0012, 1.6
"""A wall holds at least this share of the usual open interest, with a Pareto tail."""
_ROUND_STEPS = 0.0025
"""Walls stand on round prices about this far apart [fraction of price]."""


def draw_book(
    profile: SymbolProfile, *, seed: tuple[int, ...], time_s: int, price: float, thinness: float
) -> OrderBook:
    """Return the resting orders at `time_s` around `price`; thinness is 1 over depth, 1 usual.

    Small orders are drawn anew each time; walls stand on round prices and stay for hours. Uses nothing later.
    """
    rng = _rng(*seed, time_s)
    sides = []
    for direction in (-1, 1):
        distance = _REACH * (np.arange(1, _LEVELS + 1) / _LEVELS) ** 1.5
        prices = price * (1 + direction * distance)
        share = np.diff(distance, prepend=0.0) * (0.4 + distance / _REACH)
        noise = np.exp(_SIZE_SPREAD * rng.standard_normal(_LEVELS) - _SIZE_SPREAD**2 / 2)
        sizes = _DEPTH_SHARE * profile.open_interest / max(thinness, 0.25) * share / share.sum() * noise
        walls, held = _walls(profile, seed, time_s=time_s, price=price, direction=direction)
        sides.append(_on_ticks(profile, np.append(prices, walls), np.append(sizes, held), price, direction))
    (bid_price, bid_size), (ask_price, ask_size) = sides
    return OrderBook(time_s=time_s, bid_price=bid_price, bid_size=bid_size, ask_price=ask_price, ask_size=ask_size)


def _walls(
    profile: SymbolProfile, seed: tuple[int, ...], *, time_s: int, price: float, direction: int
) -> tuple[FloatArray, FloatArray]:
    """Return price and size [base] of the walls on one side: the same ones until the hours they last are over."""
    spacing = _round_spacing(price)
    first = np.floor(price * (1 - _REACH) / spacing)
    numbers = np.arange(first, np.ceil(price * (1 + _REACH) / spacing) + 1).astype(np.int64)
    found, held = [], []
    for number in numbers[(numbers * spacing - price) * direction > 0]:
        rng = _rng(*seed, time_s // _WALL_LASTS_S, int(number), round(spacing / profile.tick))
        if rng.random() < _WALL_CHANCE and abs(number * spacing / price - 1) <= _REACH:
            found.append(number * spacing)
            held.append(_WALL_SHARE * (1 + rng.pareto(_WALL_TAIL)) * profile.open_interest)
    return np.array(found), np.array(held)


def _round_spacing(price: float) -> float:
    """Return the 1, 2 or 5 times a power of ten that is nearest to the usual distance of round prices."""
    wanted = price * _ROUND_STEPS
    power = 10.0 ** np.floor(np.log10(wanted))
    return float(min((power * step for step in (1, 2, 5, 10)), key=lambda spacing: abs(np.log(spacing / wanted))))


def _on_ticks(
    profile: SymbolProfile, prices: FloatArray, sizes: FloatArray, price: float, direction: int
) -> tuple[FloatArray, FloatArray]:
    """Return distinct tick prices on the right side of the market, best first, and their sizes in whole lots."""
    ticks = np.floor(prices / profile.tick) if direction < 0 else np.ceil(prices / profile.tick)
    nearest = np.ceil(price / profile.tick) - 1 if direction < 0 else np.floor(price / profile.tick) + 1
    ticks = np.minimum(ticks, nearest) if direction < 0 else np.maximum(ticks, nearest)
    levels, row = np.unique(ticks, return_inverse=True)
    lots = np.round(np.bincount(row, weights=sizes) / profile.lot)
    order = np.flatnonzero(lots > 0)[:: -1 if direction < 0 else 1]
    return levels[order] * profile.tick, lots[order] * profile.lot


def _rng(*words: int) -> np.random.Generator:
    return np.random.default_rng(words)
