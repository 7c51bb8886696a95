"""The wallets that are known, and whose turn it is: who promises most first, and everybody once in a while."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from engine.sources.live.positions.replies import address_of

MOST_WALLETS = 50_000
"""How many are kept: about what the leaderboard lists; at 540 wallets a minute that is an hour and a half of asking
(own assumption), so more would only wait longer for a turn."""
DROPPED_SHARE = 0.02
"""How much room is made when the book is full: whom to drop takes a look at everybody, so it is not done each time."""
TRADER_USD = 10_000.0
"""What a wallet that was seen trading since it last answered is taken to hold (own assumption; a few thousand USD are
the middle of what active wallets hold): it comes before small holders, and behind large ones."""
EVERY_TURN = 4
"""Every fourth question goes to whoever has waited longest: the others bring the coverage, these find who is new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet:
    """What is known of one wallet; times in Unix seconds, None for never.

    asked_s: last asked, answered or not; answered_s: last answered; traded_s: last seen trading; notional_usd: what it
    held in all coins when it last answered; account_usd: what the leaderboard says that it is worth.
    """

    address: str
    asked_s: int | None = None
    answered_s: int | None = None
    traded_s: int | None = None
    notional_usd: float | None = None
    account_usd: float | None = None

    @property
    def promise_usd(self) -> float:
        """What it may hold: what it held, before its first answer what it is worth; more if it traded since."""
        known_usd = self.notional_usd if self.notional_usd is not None else self.account_usd or 0.0
        return max(known_usd, TRADER_USD) if self._traded_since else known_usd

    @property
    def _traded_since(self) -> bool:
        return self.traded_s is not None and (self.answered_s is None or self.traded_s >= self.answered_s)


class WalletBook:
    """Wallets by address, at most `most` of them; those `pinned` are never dropped and always come first.

    Not for several threads.
    """

    def __init__(self, wallets: Iterable[Wallet] = (), *, pinned: Iterable[str] = (), most: int = MOST_WALLETS) -> None:
        self._most = most
        self._pinned = frozenset(address for name in pinned if (address := address_of(name)) is not None)
        self._wallets = {wallet.address: wallet for wallet in wallets}
        for address in self._pinned:
            self._wallets.setdefault(address, Wallet(address=address))
        self._make_room()

    def __len__(self) -> int:
        return len(self._wallets)

    def __iter__(self) -> Iterator[Wallet]:
        return iter(tuple(self._wallets.values()))

    def __getitem__(self, address: str) -> Wallet:
        return self._wallets[address]

    def __contains__(self, address: str) -> bool:
        return address in self._wallets

    def seen(self, addresses: Iterable[str], at_s: int) -> None:
        """Note who traded at `at_s`; what is no address is passed over."""
        for name in addresses:
            address = address_of(name)
            if address is not None:
                known = self._wallets.get(address, Wallet(address=address))
                self._wallets[address] = replace(known, traded_s=max(at_s, known.traded_s or at_s))
        self._make_room()

    def ranked(self, address: str, account_usd: float) -> None:
        """Note what the leaderboard says that a wallet is worth."""
        known = self._wallets.get(address, Wallet(address=address))
        self._wallets[address] = replace(known, account_usd=account_usd)
        self._make_room()

    def answered(self, address: str, at_s: int, notional_usd: float) -> None:
        """Note what a wallet held at `at_s`; one that was dropped meanwhile stays so."""
        if address in self._wallets:
            self._wallets[address] = replace(
                self._wallets[address], asked_s=at_s, answered_s=at_s, notional_usd=notional_usd
            )

    def failed(self, address: str, at_s: int) -> None:
        """Note that a wallet gave no answer: what it promises stays, and others take the turns before it."""
        if address in self._wallets:
            self._wallets[address] = replace(self._wallets[address], asked_s=at_s)

    def due(self, most: int) -> tuple[str, ...]:
        """Return whom to ask next, in order: who promises most (of equals, who has waited longest), and turns between.

        A quarter of each list are turns, so each of n wallets is asked once in n / (most // 4) lists at the latest.
        """
        by_promise = iter(sorted(self._wallets.values(), key=self._by_promise))
        by_turn = iter(sorted(self._wallets.values(), key=_by_turn))
        chosen: dict[str, None] = {}
        while len(chosen) < min(most, len(self._wallets)):
            line = by_turn if len(chosen) % EVERY_TURN == EVERY_TURN - 1 else by_promise
            chosen[next(wallet.address for wallet in line if wallet.address not in chosen)] = None
        return tuple(chosen)

    def _by_promise(self, wallet: Wallet) -> tuple[float, float, float, str]:
        return -self._promise_usd(wallet), _or_never(wallet.asked_s), -_or_never(wallet.traded_s), wallet.address

    def _by_worth(self, wallet: Wallet) -> tuple[float, float, str]:
        return -self._promise_usd(wallet), -_or_never(wallet.traded_s), wallet.address

    def _promise_usd(self, wallet: Wallet) -> float:
        return math.inf if wallet.address in self._pinned else wallet.promise_usd

    def _make_room(self) -> None:
        """Drop who promises least, and of those who promise the same, who has been silent longest."""
        if len(self._wallets) <= self._most:
            return
        kept = max(self._most - int(DROPPED_SHARE * self._most), len(self._pinned))
        best = sorted(self._wallets.values(), key=self._by_worth)[:kept]
        self._wallets = {wallet.address: wallet for wallet in best}


def _by_turn(wallet: Wallet) -> tuple[float, float, str]:
    return _or_never(wallet.asked_s), -wallet.promise_usd, wallet.address


def _or_never(time_s: int | None) -> float:
    return -math.inf if time_s is None else time_s
