"""What every source of markets can do."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from engine.market import Market


class Source(Protocol):
    """Where markets come from. An implementation never lets anything through that was not known at `as_of_s`."""

    name: str

    def symbols(self) -> tuple[str, ...]:
        """Return the symbols that can be asked for (such as BTC), largest open interest first."""
        ...

    def known_symbols(self) -> tuple[str, ...]:
        """Return those that are in memory, in the same order: never fetches, may be hours old, none before the first.

        For what is asked on every keystroke.
        """
        ...

    def market(self, symbol: str, as_of_s: int | None = None) -> Market:
        """Return everything known about `symbol` at `as_of_s` (None: the latest moment there is).

        Raises:
            UnknownSymbolError: the source has no such symbol.
            DataUnavailableError: nothing is known at that moment.
            DataMalformedError: what is there cannot be trusted.

        """
        ...


@runtime_checkable
class Closable(Protocol):
    """A source that holds connections: whoever reads it when it is closed is told that it ended."""

    def close(self) -> None:
        """Let go of them; the source cannot be asked afterwards."""
        ...
