"""Exchanges on loopback that answer in their own wire formats, from a recorded or a simulated market."""

import ccxt.async_support  # noqa: F401 - its seconds of loading pass before any deadline of a test runs

from tests.replay_exchange.exchange import ReplayExchange, Request
from tests.replay_exchange.faults import Fault
from tests.replay_exchange.market import ReplayMarket
from tests.replay_exchange.streams import Liquidation, Trade

__all__ = ["Fault", "Liquidation", "ReplayExchange", "ReplayMarket", "Request", "Trade"]
