"""What the exchange library ships, read from the names of its files: importing it takes seconds, settings have none."""

from __future__ import annotations

import difflib
import functools
import importlib.util
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

_CLASS = re.compile(r"^class (\w+)\((\w+)", re.MULTILINE)
_ABILITIES = re.compile(r"^            'has': \{$(.*?)^            \},$", re.MULTILINE | re.DOTALL)
_ABILITY = re.compile(r"^                '(\w+)': ([^,\s]+)", re.MULTILINE)
_NOT_OFFERED = {"False", "None", "'emulated'"}
"""What is emulated is made of other requests, which may need a key."""
_EVERY_EXCHANGE = "Exchange"
"""What the library derives exchanges from that are no other one's branch."""
_EXAMPLES = ("hyperliquid", "gate", "bitget")
NEAREST = 3


@functools.cache
def exchange_files() -> dict[str, Path]:
    """Return the file of every exchange that the library knows, by its name there; none where it is not installed."""
    spec = importlib.util.find_spec("ccxt")  # looks for the package without importing it
    folders = [] if spec is None else [Path(place) / "async_support" for place in spec.submodule_search_locations or ()]
    files = [path for folder in folders for path in sorted(folder.glob("*.py"))]
    return {path.stem: path for path in files if path.stem.isidentifier() and not path.stem.startswith("_")}


def unknown_exchange(name: str) -> str | None:
    """Return why there is no such venue, with the nearest names; None where there is, or nothing is installed to ask.

    Where the library is missing every name passes: live markets are refused with the way to install it.
    """
    known = exchange_files()
    if not known or name in known:
        return None
    near = difflib.get_close_matches(name, known, NEAREST)
    hint = f"did you mean {' or '.join(near)}" if near else f"such as {', '.join(_EXAMPLES)}"
    return f"the exchange library knows no such exchange; {hint}"


def same_exchange(names: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Return the groups of names behind which stands one exchange: its open interest would be counted twice.

    The library derives a branch (okxus) and a special door (binanceusdm) from the class of the whole exchange.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for name in names:
        groups[origin_of(name)].append(name)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def origin_of(name: str) -> str:
    """Return the exchange that a name is derived from (binance for binanceusdm), the name itself where it is none's."""
    return _line(name)[-1]


@functools.cache
def offers(name: str) -> frozenset[str]:
    """Return the unified methods that the library has for an exchange, as its class says and those it is derived from.

    Read from the text of its files: they are generated, and all of one form.
    """
    found: dict[str, str] = {}
    for ancestor in reversed(_line(name)):
        listed = _ABILITIES.search(_text(ancestor))
        found |= dict(_ABILITY.findall(listed[1])) if listed else {}
    return frozenset(method for method, value in found.items() if value not in _NOT_OFFERED)


def _line(name: str) -> tuple[str, ...]:
    """Return a name and those it is derived from, the whole exchange last."""
    line = [name]
    while (parent := dict(_CLASS.findall(_text(line[-1]))).get(line[-1], _EVERY_EXCHANGE)) != _EVERY_EXCHANGE:
        line.append(parent)
    return tuple(line)


@functools.lru_cache(maxsize=8)
def _text(name: str) -> str:
    path = exchange_files().get(name)
    return "" if path is None else path.read_text(encoding="utf-8")
