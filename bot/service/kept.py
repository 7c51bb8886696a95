"""Values that are kept for the next question, up to a sum of bytes."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Kept(Generic[_Key, _Value]):
    """At most so many bytes; the value not used for longest goes first."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._values: OrderedDict[_Key, tuple[_Value, int]] = OrderedDict()
        self._bytes = 0

    @property
    def size(self) -> int:
        """How many bytes are held, as they were told."""
        return self._bytes

    def get(self, key: _Key) -> _Value | None:
        """Return the value, None where it is not held."""
        if key not in self._values:
            return None
        self._values.move_to_end(key)
        return self._values[key][0]

    def put(self, key: _Key, value: _Value, size: int) -> None:
        """Keep a value of `size` bytes, and let go of what is too much then; one too large by itself is not kept."""
        if size > self._most_bytes:
            return
        self._bytes += size - self._values.pop(key, (None, 0))[1]
        self._values[key] = value, size
        while self._bytes > self._most_bytes:
            _, (_, freed) = self._values.popitem(last=False)
            self._bytes -= freed

    def clear(self) -> None:
        """Let go of everything."""
        self._values.clear()
        self._bytes = 0
