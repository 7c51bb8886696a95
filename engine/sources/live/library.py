"""What the exchange library ships, read from the names of its files: importing it takes seconds, settings have none."""

from __future__ import annotations

import difflib
import functools
import importlib.util
import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from pathlib import Path

_CLASS = re.compile(r"^class (\w+)\((\w+)", re.MULTILINE)
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
        groups[_origin(name)].append(name)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def _origin(name: str, seen: Collection[str] = ()) -> str:
    """Return the exchange that a name is derived from, the name itself where it is none's branch."""
    path = exchange_files().get(name)
    if path is None or name in seen:
        return name
    parents = dict(_CLASS.findall(path.read_text(encoding="utf-8")))
    parent = parents.get(name, _EVERY_EXCHANGE)
    return name if parent == _EVERY_EXCHANGE else _origin(parent, (*seen, name))
