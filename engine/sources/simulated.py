"""Markets that are simulated here: nothing to fetch, the same on every day, and never to be taken for real prices."""

from __future__ import annotations

import numpy as np

from engine.errors import DataUnavailableError
from engine.market import Candles, Funding, Market, VenueMarket
from engine.simulation.profiles import PROFILES, profile_of
from engine.simulation.simulated_market import SIMULATED_END_S, SIMULATED_START_S, SimulatedMarket, simulate
from engine.simulation.steps import BAR_S
from engine.text import moment_text

DEFAULT_SEED = 7


class SimulatedSource:
    """The `simulated` source: one venue per symbol, made from a seed, on a fixed calendar."""

    name = "simulated"

    def __init__(self, seed: int = DEFAULT_SEED) -> None:
        self.seed = seed
        self._markets: dict[str, SimulatedMarket] = {}

    def symbols(self) -> tuple[str, ...]:
        """Return the simulated symbols, largest open interest (in USD at the start) first."""
        profiles = PROFILES.values()
        by_size = sorted(profiles, key=lambda profile: profile.open_interest * profile.start_price, reverse=True)
        return tuple(profile.symbol for profile in by_size)

    def known_symbols(self) -> tuple[str, ...]:
        """Return the same: they are in memory."""
        return self.symbols()

    def market(self, symbol: str, as_of_s: int | None = None) -> Market:
        """Return what is known about `symbol` at `as_of_s` (None: the end of the simulated span).

        Raises:
            UnknownSymbolError: not simulated; holds the nearest simulated symbols.
            DataUnavailableError: the moment lies outside the simulated span.

        """
        profile_of(symbol)
        moment_s = SIMULATED_END_S if as_of_s is None else as_of_s
        if not SIMULATED_START_S + BAR_S <= moment_s <= SIMULATED_END_S:
            raise DataUnavailableError(_outside(moment_s))
        return Market(
            symbol=symbol,
            as_of_s=moment_s,
            source=self.name,
            venues=(_known(self.simulated_market(symbol), moment_s),),
            notes=(f"SIMULATED market (seed {self.seed}): no real prices.",),
        )

    def simulated_market(self, symbol: str) -> SimulatedMarket:
        """Return the whole simulated market, the future and the true map included; simulated once, then kept.

        Raises:
            UnknownSymbolError: not simulated.

        """
        if symbol not in self._markets:
            self._markets[symbol] = simulate(symbol, seed=self.seed)
        return self._markets[symbol]


def _known(market: SimulatedMarket, as_of_s: int) -> VenueMarket:
    """Cut a market to what was known: finished bars, settled funding, the book of the last finished bar."""
    bars = int(np.searchsorted(market.candles.end_s, as_of_s, side="right"))
    return VenueMarket(
        venue="simulated",
        candles=_first(market.candles, bars),
        open_interest=market.open_interest[:bars],
        margin=market.margin,
        funding=_settled(market.funding, as_of_s),
        order_book=market.order_book(as_of_s),
    )


def _first(candles: Candles, bars: int) -> Candles:
    return Candles(
        where=candles.where,
        time_s=candles.time_s[:bars],
        duration_s=candles.duration_s[:bars],
        open=candles.open[:bars],
        high=candles.high[:bars],
        low=candles.low[:bars],
        close=candles.close[:bars],
        volume=candles.volume[:bars],
        taker_buy_share=candles.taker_buy_share[:bars],
    )


def _settled(funding: Funding, as_of_s: int) -> Funding:
    known = int(np.searchsorted(funding.time_s, as_of_s, side="right"))
    return Funding(time_s=funding.time_s[:known], rate=funding.rate[:known], interval_s=funding.interval_s)


def _outside(moment_s: int) -> str:
    return (
        f"The simulated market has no data at {moment_text(moment_s)}: it runs from "
        f"{moment_text(SIMULATED_START_S)} to {moment_text(SIMULATED_END_S)}. Choose a moment in between."
    )
