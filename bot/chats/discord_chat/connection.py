"""Where Discord is: the library holds its addresses for the whole process."""

from __future__ import annotations

from discord.gateway import DiscordWebSocket
from discord.http import Route


def point_at(*, api_base: str | None = None, gateway: str | None = None) -> None:
    """Let the library ask other addresses than Discord's own; None leaves one as it is."""
    if api_base is not None:
        Route.BASE = api_base.rstrip("/")
    if gateway is not None:
        DiscordWebSocket.DEFAULT_GATEWAY = type(DiscordWebSocket.DEFAULT_GATEWAY)(gateway)
