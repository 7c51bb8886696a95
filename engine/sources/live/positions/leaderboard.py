"""Hyperliquid's leaderboard: tens of thousands of wallets and what each account is worth, in one large file.

It is undocumented and belongs to the venue's own site, so whatever it answers with, sweeping goes on without it.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

from engine.errors import DataMalformedError
from engine.sources.live.faults import VenueError, limited, mapped
from engine.sources.live.positions.replies import address_of
from engine.sources.live.wire import number_at, rows_at

URL = "https://stats-data.hyperliquid.xyz/Mainnet/leaderboard"
TIMEOUT_S = 60.0
"""Forty megabytes take a slow connection about that long (own assumption)."""
LARGEST_BYTES = 200_000_000
"""Five times what it was in 2026; more is not the leaderboard and would only fill the memory."""
MOST_RANKED = 20_000
"""How many are taken, the largest accounts first: most of the others hold nothing (own assumption), and wallets that
trade must find room in the book."""
_CHUNK_BYTES = 1 << 20
_WHERE = "hyperliquid leaderboard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A wallet, and what its account is worth [USD]."""

    address: str
    account_usd: float


async def fetch_leaderboard(venue: str, url: str, *, timeout_s: float = TIMEOUT_S) -> tuple[Ranked, ...]:
    """Return the largest accounts, largest first.

    Raises:
        VenueError: the address does not answer, refuses, or sends more than any leaderboard has.
        DataMalformedError: what it sends is no leaderboard.

    """
    try:
        content = await _content(venue, url, timeout_s)
    except VenueError:
        raise
    except Exception as error:
        ours = mapped(venue, error)
        if ours is None:
            raise
        raise ours from error
    return await asyncio.to_thread(parse_leaderboard, content)  # it takes half a second, and others wait for the loop


async def _content(venue: str, url: str, timeout_s: float) -> bytes:
    import aiohttp  # comes with the extra for live markets

    timeout = aiohttp.ClientTimeout(total=timeout_s)
    async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as response:
        refusal = limited(venue, response.status, response.headers.get("Retry-After"))
        if refusal is not None:
            raise refusal
        if response.status != 200:
            raise VenueError(venue, f"answers the leaderboard with status {response.status}")
        content = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
            content += chunk
            if len(content) > LARGEST_BYTES:
                raise VenueError(venue, "sends a leaderboard without end")
    return bytes(content)


def parse_leaderboard(content: bytes, *, most: int = MOST_RANKED) -> tuple[Ranked, ...]:
    """Return the largest accounts, largest first; rows that name no wallet or no worth are left out.

    Raises:
        DataMalformedError: it is no JSON, has no rows, or none of them can be read.

    """
    advice = "Sweeping goes on with the wallets known; set leaderboard = false if it stays."
    try:
        reply = json.loads(content)
    except ValueError:
        raise DataMalformedError(_WHERE, "it is no JSON", advice) from None
    rows = rows_at(reply, ("leaderboardRows",), _WHERE)
    found = [ranked for row in rows if (ranked := _ranked(row)) is not None]
    if rows and not found:
        raise DataMalformedError(_WHERE, f"none of its {len(rows)} rows names a wallet and its worth", advice)
    return tuple(sorted(found, key=lambda ranked: (-ranked.account_usd, ranked.address))[:most])


def _ranked(row: object) -> Ranked | None:
    address = address_of(row.get("ethAddress")) if isinstance(row, Mapping) else None
    if address is None:
        return None
    try:
        worth_usd = number_at(row, "accountValue", _WHERE)
    except DataMalformedError:
        return None
    return Ranked(address=address, account_usd=worth_usd) if math.isfinite(worth_usd) and worth_usd > 0 else None
