"""What can go wrong between us and one venue, in one kind of error that says whether asking again may help."""

from __future__ import annotations

from engine.errors import DataUnavailableError
from engine.text import venue_text

BANNED_S = 120.0
"""How long a venue is left alone that banned us without saying for how long: Binance's shortest ban is 2 minutes."""
RETRY_AFTER_LIMIT_S = 3_600.0
"""A venue that asks for more patience than this is asked again after an hour."""


class VenueError(DataUnavailableError):
    """A venue gave no answer that can be used.

    cause: completes a sentence that begins with the venue's name; retry_helps: the same request may succeed soon;
    wait_s: after how long asking again makes sense, None where that is unknown; banned: the venue refuses everything
    until then; limits: it was asked too much; faulty: it is in trouble itself, other requests will fail too.
    """

    def __init__(
        self,
        venue: str,
        cause: str,
        *,
        retry_helps: bool = False,
        wait_s: float | None = None,
        banned: bool = False,
        limits: bool = False,
        faulty: bool = False,
    ) -> None:
        self.venue = venue
        self.cause = cause
        self.retry_helps = retry_helps
        self.wait_s = wait_s
        self.banned = banned
        self.limits = limits
        self.faulty = faulty
        super().__init__(f"{venue_text(venue)} {cause}.")


def limited(venue: str, status: int, retry_after: str | None) -> VenueError | None:
    """Return what a status says about limits: 429 wait, 418 banned, 403 behind a wall; None for every other status.

    retry_after: the header of that name [s], None where there is none.
    """
    wait_s = _seconds(retry_after)
    if status == 418:  # Binance's own status for an address that went on after 429
        cause = "has banned this address for a while, after too many requests"
        return VenueError(venue, cause, wait_s=wait_s or BANNED_S, banned=True, limits=True)
    if status == 429:
        return VenueError(venue, "limits our requests", retry_helps=True, wait_s=wait_s, limits=True)
    if status in (403, 451):
        return VenueError(venue, "does not serve this address or country")
    return None


def _seconds(header: str | None) -> float | None:
    try:
        return None if header is None else min(max(float(header), 0.0), RETRY_AFTER_LIMIT_S)
    except ValueError:
        return None  # a date: venues send seconds, and proxies that do not are met with our own back-off


def mapped(venue: str, error: Exception) -> VenueError | None:
    """Return a foreign error as ours; None for one that no venue and no network can cause."""
    import aiohttp  # loaded with the exchange library, never before
    from ccxt.base import errors as foreign

    trouble = (foreign.NetworkError, foreign.BadResponse, foreign.NullResponse, aiohttp.ClientError, OSError)
    match error:
        case foreign.OnMaintenance():
            return VenueError(venue, "is under maintenance", faulty=True)
        case foreign.DDoSProtection() | foreign.RateLimitExceeded():
            return VenueError(venue, "limits our requests", retry_helps=True, limits=True)
        case foreign.RequestTimeout() | TimeoutError():
            return VenueError(venue, "did not answer in time", retry_helps=True, faulty=True)
        case foreign.BadSymbol():
            return VenueError(venue, "no longer lists this market")
        case _ if isinstance(error, trouble):
            return VenueError(venue, "cannot be reached or answers with errors", retry_helps=True, faulty=True)
        case foreign.BaseError():
            return VenueError(venue, "refused the request")
    return None
