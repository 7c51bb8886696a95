"""Whether any venue can be reached at all, found out before the exchange library is loaded for it."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from engine.sources.live.source import Endpoint

_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a venue listens."""

    host: str
    port: int


def address_of(endpoint: Endpoint) -> Address:
    """Return where an endpoint listens.

    Raises:
        ValueError: the base_url is no address, or there is none and only the exchange library knows the host.

    """
    parts = urlsplit(endpoint.base_url or f"https://{endpoint.venue.host or ''}")
    if parts.hostname is None or parts.scheme not in ("http", "https"):
        msg = f"{endpoint.base_url} is no address such as https://host"
        raise ValueError(msg)
    return Address(host=parts.hostname, port=parts.port or _PORTS[parts.scheme])


def stream_address_of(endpoint: Endpoint) -> Address | None:
    """Return where the streams of an endpoint come from; None where only the exchange library knows."""
    url = endpoint.ws_url or (f"wss://{endpoint.venue.stream_host}" if endpoint.venue.stream_host else None)
    if url is None:
        return None
    parts = urlsplit(url)
    return Address(host=parts.hostname or "", port=parts.port or _PORTS[parts.scheme])


def any_reachable(addresses: Collection[Address], wait_s: float) -> bool:
    """Say whether one of the addresses accepts a connection within `wait_s`.

    Each is tried in a thread of its own that nobody waits for: looking up a name may hang far longer than that.
    """
    answers: queue.SimpleQueue[bool] = queue.SimpleQueue()
    for address in addresses:
        threading.Thread(target=_try, args=(address, wait_s, answers), daemon=True).start()
    try:
        return any(answers.get(timeout=wait_s) for _ in addresses)
    except queue.Empty:
        return False


def _try(address: Address, wait_s: float, answers: queue.SimpleQueue[bool]) -> None:
    try:
        with socket.create_connection((address.host, address.port), timeout=wait_s):
            answers.put(item=True)
    except OSError:
        answers.put(item=False)
