"""Wallets at Hyperliquid: made from a seed, they hold given shares of the open interest, and some answer nonsense.

Isolated positions are liquidated where the venue's documentation says, cross ones where the rest of the account lets
them be, or nowhere.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from tests.replay_exchange.wire import text

CROSS_ROOM = 0.35
"""How far off a cross position's liquidation lies at most, as a share of its entry."""
NOWHERE_SHARE = 0.2
"""Of the cross positions; the account holds enough for every price."""


@dataclass(frozen=True)
class MadePosition:
    """One position: size > 0 [coin]; liquidation_price None where there is none."""

    coin: str
    side: int
    size: float
    entry: float
    leverage: int
    liquidation_price: float | None
    is_isolated: bool

    def row(self, price: float) -> dict:
        """As the venue tells it at this price."""
        value = self.size * price
        return {
            "type": "oneWay",
            "position": {
                "coin": self.coin,
                "szi": text(self.side * self.size),
                "leverage": {"type": "isolated" if self.is_isolated else "cross", "value": self.leverage},
                "entryPx": text(self.entry),
                "positionValue": text(value),
                "unrealizedPnl": text(self.side * self.size * (price - self.entry)),
                "liquidationPx": None if self.liquidation_price is None else text(self.liquidation_price),
                "marginUsed": text(value / self.leverage),
            },
        }


@dataclass(frozen=True)
class MadeWallet:
    """A wallet and its positions; one that is malformed answers with a position whose entry is no number."""

    address: str
    positions: tuple[MadePosition, ...] = ()
    malformed: bool = False

    def holds(self, coin: str) -> bool:
        return any(position.coin == coin for position in self.positions)

    def state(self, prices: Mapping[str, float], now_ms: int) -> dict:
        """The answer to clearinghouseState."""
        rows = [position.row(prices.get(position.coin, position.entry)) for position in self.positions]
        for row in rows[:1] if self.malformed else ():
            row["position"]["entryPx"] = "n/a"
        summary = {"accountValue": "0", "totalNtlPos": "0", "totalRawUsd": "0", "totalMarginUsed": "0"}
        return {
            "marginSummary": summary,
            "crossMarginSummary": summary,
            "crossMaintenanceMarginUsed": "0",
            "withdrawable": "0",
            "assetPositions": rows,
            "time": now_ms,
        }

    def leaderboard_row(self) -> dict:
        worth = sum(position.size * position.entry / position.leverage for position in self.positions)
        return {"ethAddress": self.address, "accountValue": text(worth), "windowPerformances": [], "prize": 0}


def made_address(number: int) -> str:
    """An address that looks like one."""
    return "0x" + hashlib.sha256(str(number).encode()).hexdigest()[:40]


def made_wallets(
    seed: int,
    count: int,
    *,
    coin: str = "BTC",
    price: float = 100.0,
    open_interest: float = 2_000.0,
    long_share: float = 0.4,
    short_share: float = 0.3,
    empty_share: float = 0.2,
    malformed_share: float = 0.01,
    max_leverage: int = 40,
) -> dict[str, MadeWallet]:
    """Wallets by address; those that answer hold these shares of the open interest on either side."""
    random = np.random.default_rng(seed)
    addresses = [made_address(1_000_000 * seed + number) for number in range(count)]
    fate = random.permutation(count)
    empty, malformed = int(empty_share * count), int(malformed_share * count)
    wallets = {address: MadeWallet(address) for address in addresses}
    holders = [address for address, place in zip(addresses, fate, strict=True) if place >= empty + malformed]
    sizes = random.lognormal(0, 1.5, len(holders))
    sides = np.where(np.arange(len(holders)) % 2 == 0, 1, -1)
    for side, share in ((1, long_share), (-1, short_share)):
        if np.any(sides == side):
            sizes[sides == side] *= share * open_interest / sizes[sides == side].sum()
    for address, side, size in zip(holders, sides.tolist(), sizes.tolist(), strict=True):
        wallets[address] = MadeWallet(address, (_position(random, coin, side, size, price, max_leverage),))
    nonsense = [address for address, place in zip(addresses, fate, strict=True) if empty <= place < empty + malformed]
    for address in nonsense:
        position = _position(random, coin, 1, 1.0, price, max_leverage)
        wallets[address] = replace(wallets[address], positions=(position,), malformed=True)
    return wallets


def _position(
    random: np.random.Generator, coin: str, side: int, size: float, price: float, max_leverage: int
) -> MadePosition:
    leverage = int(random.integers(2, max_leverage + 1))
    entry = float(price * np.exp(random.normal(0, 0.02)))
    isolated = bool(random.random() < 0.5)
    maintenance = 1 / (2 * max_leverage)
    if isolated:
        liquidation = entry - side * (entry / leverage - maintenance * entry) / (1 - maintenance * side)
    elif random.random() < NOWHERE_SHARE:
        liquidation = None
    else:
        liquidation = float(entry * (1 - side * random.uniform(0.02, CROSS_ROOM)))
    return MadePosition(coin, side, size, entry, leverage, liquidation, isolated)
