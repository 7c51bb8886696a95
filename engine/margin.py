"""Entry, leverage, venue -> liquidation price of an isolated position, exactly as each venue computes it."""

from __future__ import annotations

import csv
import functools
import importlib.resources
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from engine.errors import DataMalformedError, EngineError, UnknownVenueError
from engine.grid import FloatArray

BRACKETS_DATED = "2026-09"
_BRACKETS_FILE = f"binanceusdm_brackets_{BRACKETS_DATED}.csv"

LONG = 1
SHORT = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """One step of a venue's risk limits: up to `notional_cap_usd` this rate, leverage and deduction hold.

    maintenance_rate: fraction of notional; maintenance_amount_usd: what keeps the margin continuous between brackets
    (`cum` of Binance, the deduction of Bybit).
    """

    notional_cap_usd: float
    maintenance_rate: float
    max_leverage: float
    maintenance_amount_usd: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginTerms:
    """A venue's margin rule for one symbol: brackets by rising notional, and the taker fee [fraction] if reserved.

    rule: the venue whose rule is taken, None for the venue's own.
    """

    venue: str
    brackets: tuple[Bracket, ...]
    taker_fee: float = 0.0
    origin: str = ""
    rule: str | None = None

    @property
    def max_leverage(self) -> float:
        """The highest leverage that the symbol allows at any size [x]."""
        return max(bracket.max_leverage for bracket in self.brackets)

    def capped(self, max_leverage: float) -> MarginTerms:
        """Return these terms with no bracket above the leverage that the venue lists for the symbol [x].

        Hyperliquid's maintenance rate follows from it: half of the initial margin at that leverage, at every size.
        """
        origin = f"{self.origin}; at most {max_leverage:g}x, as {self.venue} lists it"
        if (self.rule or self.venue) == "hyperliquid":
            only = Bracket(
                notional_cap_usd=math.inf, maintenance_rate=1 / (2 * max_leverage), max_leverage=max_leverage
            )
            return replace(self, brackets=(only,), origin=f"{self.venue} lists at most {max_leverage:g}x")
        brackets = tuple(
            replace(bracket, max_leverage=min(bracket.max_leverage, max_leverage)) for bracket in self.brackets
        )
        return replace(self, brackets=brackets, origin=origin)

    def clamp(self, leverages: FloatArray) -> FloatArray:
        """Return the leverages (any shape), none above what the symbol allows [x]."""
        return np.minimum(leverages, self.max_leverage)

    def bracket_admitting(self, leverage: float) -> Bracket:
        """Return the first bracket that admits `leverage`: sizes are unknown, and most positions are small."""
        for bracket in self.brackets:
            if leverage <= bracket.max_leverage:
                return bracket
        msg = f"{self.venue} allows at most {self.max_leverage:g}x here, not {leverage:g}x."
        raise EngineError(msg)

    def bracket_holding(self, notional_usd: float) -> Bracket:
        """Return the bracket that a position of `notional_usd` falls into (the last one beyond the table)."""
        for bracket in self.brackets:
            if notional_usd <= bracket.notional_cap_usd:
                return bracket
        return self.brackets[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Position:
    side: int
    entry: float
    leverage: float
    quantity: float
    bracket: Bracket
    amount_usd: float
    terms: MarginTerms


def liquidation_price(
    terms: MarginTerms, *, side: int, entry: float, leverage: float, quantity: float | None = None
) -> float:
    """Return the price at which an isolated position is liquidated [price]; does not look ahead.

    side: +1 long, -1 short; entry [price]; leverage [x]; quantity [base], or None for a small position. A given size
    picks its bracket by notional at entry, and the bracket must admit the leverage. 0 for a long whose margin covers
    a fall to nothing (1x and below): no price liquidates it.

    Sources: Binance support "How to calculate liquidation price of USD-M futures"; Bybit help centre, isolated linear;
    OKX and Gate, isolated linear; Hyperliquid docs "Liquidations".

    Raises:
        EngineError: the venue does not admit this leverage at this size.
        UnknownVenueError: no rule is known for the venue.
        ValueError: a side other than +1 and -1; an entry, leverage or quantity that is not positive.

    """
    if side not in (LONG, SHORT) or not (entry > 0 and leverage > 0 and (quantity is None or quantity > 0)):
        msg = f"no such position: side {side}, entry {entry}, leverage {leverage}, quantity {quantity}"
        raise ValueError(msg)
    rule = terms.rule or terms.venue
    if rule not in _RULES:
        raise UnknownVenueError(rule, known=tuple(_RULES))
    bracket = terms.bracket_admitting(leverage) if quantity is None else terms.bracket_holding(quantity * entry)
    if leverage > bracket.max_leverage:
        msg = f"{terms.venue} allows at most {bracket.max_leverage:g}x for a position of this size, not {leverage:g}x."
        raise EngineError(msg)
    position = _Position(
        side=side,
        entry=entry,
        leverage=leverage,
        quantity=1.0 if quantity is None else quantity,
        bracket=bracket,
        amount_usd=0.0 if quantity is None else bracket.maintenance_amount_usd,
        terms=terms,
    )
    return max(_RULES[rule](position), 0.0)


def _binance(position: _Position) -> float:
    notional = position.quantity * position.entry
    wallet = notional / position.leverage
    return (wallet + position.amount_usd - position.side * notional) / (
        position.quantity * (position.bracket.maintenance_rate - position.side)
    )


def _bybit(position: _Position) -> float:
    initial = position.entry / position.leverage
    maintenance = position.entry * position.bracket.maintenance_rate - position.amount_usd / position.quantity
    return position.entry - position.side * (initial - maintenance)


def _okx(position: _Position) -> float:
    rate = position.bracket.maintenance_rate + position.terms.taker_fee
    return (position.entry - position.side * position.entry / position.leverage) / (1 - position.side * rate)


def _hyperliquid(position: _Position) -> float:
    maintenance = 1 / (2 * position.terms.max_leverage)
    available = position.entry / position.leverage - maintenance * position.entry
    return position.entry - position.side * available / (1 - maintenance * position.side)


_RULES: dict[str, Callable[[_Position], float]] = {
    "binanceusdm": _binance,
    "bybit": _bybit,
    "okx": _okx,
    "gate": _okx,
    "hyperliquid": _hyperliquid,
    "simulated": _binance,
}

ASSUMED_RULE = "binanceusdm"
"""Taken for a venue whose rule is not known here: a position ends where what is left of its margin equals the
maintenance rate times its notional at the mark price, without a reserve for fees (own assumption; answers say so)."""

_TAKER_FEES = {"okx": 0.0005, "gate": 0.0005}
"""Taker fee that the venue reserves for closing [fraction]: the base tier of its public fee table."""

_FIRST_BRACKETS = {
    ("bybit", "BTCUSDT"): Bracket(notional_cap_usd=2_000_000, maintenance_rate=0.005, max_leverage=100),
    ("okx", "BTCUSDT"): Bracket(notional_cap_usd=math.inf, maintenance_rate=0.004, max_leverage=100),
}
"""First tiers published without a key; those of other symbols come from the venue itself when it is asked live."""


def has_rule(venue: str) -> bool:
    """Return whether the liquidation rule of `venue` is known."""
    return venue in _RULES


def log_distances(terms: MarginTerms, leverages: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return ln(liquidation price / entry) of small longs and of small shorts, each (tiers,), same order.

    Every venue's rule is proportional to the entry for small sizes, so one distance serves every entry. -inf for a
    long that no price liquidates.
    """
    longs, shorts = (
        np.array([liquidation_price(terms, side=side, entry=1.0, leverage=float(lev)) for lev in leverages])
        for side in (LONG, SHORT)
    )
    with np.errstate(divide="ignore"):
        return np.log(longs), np.log(shorts)


def terms_for(venue: str, market_id: str, brackets_file: Path | None = None, *, rule: str | None = None) -> MarginTerms:
    """Return the margin terms of `market_id` (such as BTCUSDT) at `venue`, from the shipped table or `brackets_file`.

    A venue whose own brackets are not at hand gets Binance's for the symbol, and `origin` says so. rule: of which venue
    the liquidation rule is taken, None for its own.

    Raises:
        UnknownVenueError: no liquidation rule is known for the venue.
        DataMalformedError: the table cannot be read.

    """
    if (rule or venue) not in _RULES:
        raise UnknownVenueError(rule or venue, known=tuple(_RULES))
    fee = _TAKER_FEES.get(rule or venue, 0.0)
    own = _FIRST_BRACKETS.get((venue, market_id))
    if own is not None:
        return MarginTerms(venue=venue, brackets=(own,), taker_fee=fee, origin=f"{venue} first tier", rule=rule)
    table = _bracket_table(brackets_file)
    dated = f"Binance brackets of {brackets_file.name if brackets_file else BRACKETS_DATED}"
    if market_id in table:
        return MarginTerms(venue=venue, brackets=table[market_id], taker_fee=fee, origin=dated, rule=rule)
    fallback = Bracket(notional_cap_usd=math.inf, maintenance_rate=0.015, max_leverage=50)
    origin = f"{market_id} is not in the table ({dated}); the commonest first bracket is used: 1.5 %, 50x"
    return MarginTerms(venue=venue, brackets=(fallback,), taker_fee=fee, origin=origin, rule=rule)


def listed_markets() -> tuple[str, ...]:
    """Return the ids (such as BTCUSDT) of every market in the shipped bracket table."""
    return tuple(_bracket_table(None))


@functools.lru_cache(maxsize=4)
def _bracket_table(path: Path | None) -> dict[str, tuple[Bracket, ...]]:
    where = str(path or _BRACKETS_FILE)
    try:
        return _parse_brackets(_table_text(path).splitlines())
    except OSError as error:
        advice = "Name a file that exists and can be read, or leave the setting out to use the shipped table."
        raise DataMalformedError(where, f"cannot be read ({error.strerror})", advice) from None
    except (KeyError, TypeError, ValueError) as error:
        advice = "Write one row per bracket: symbol,notional_cap_usd,maintenance_margin_rate,max_leverage."
        raise DataMalformedError(where, f"not a bracket table ({error})", advice) from None


def _table_text(path: Path | None) -> str:
    if path is None:
        return importlib.resources.files("engine").joinpath("data", _BRACKETS_FILE).read_text(encoding="utf-8")
    return path.read_text(encoding="utf-8")


def _parse_brackets(lines: Iterable[str]) -> dict[str, tuple[Bracket, ...]]:
    steps: dict[str, list[tuple[float, float, float]]] = {}
    for row in csv.DictReader(line for line in lines if not line.startswith("#")):
        step = (float(row["notional_cap_usd"]), float(row["maintenance_margin_rate"]), float(row["max_leverage"]))
        if not (step[0] > 0 and 0 < step[1] < 1 <= step[2] < math.inf):
            msg = f"{row['symbol']} cannot have cap {step[0]:g}, rate {step[1]:g} and leverage {step[2]:g}"
            raise ValueError(msg)
        steps.setdefault(row["symbol"], []).append(step)
    if not steps:
        msg = "it holds no bracket"
        raise ValueError(msg)
    return {symbol: _with_amounts(sorted(own)) for symbol, own in steps.items()}


def _with_amounts(steps: list[tuple[float, float, float]]) -> tuple[Bracket, ...]:
    """Add the maintenance amounts: each keeps the margin continuous where one bracket ends and the next begins."""
    amounts = [0.0]
    for (cap, rate, _), (_, next_rate, _) in pairwise(steps):
        amounts.append(amounts[-1] + cap * (next_rate - rate))
    return tuple(
        Bracket(notional_cap_usd=cap, maintenance_rate=rate, max_leverage=lev, maintenance_amount_usd=amount)
        for (cap, rate, lev), amount in zip(steps, amounts, strict=True)
    )
