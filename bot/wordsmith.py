"""Who may read what the grammar cannot, and say an answer's words better: nobody, unless an operator sets it up."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from bot.replies import Reply
from bot.requests import Request

READ_BY_A_MODEL = (
    "A message that is not understood otherwise is sent to a language model that the operator of this bot chose: its "
    "text and the symbol talked about last, nothing about you."
)
REWORDED_BY_A_MODEL = "Answers are reworded by a language model, which sees neither their numbers nor your messages."
READ_BY_NOBODY = "What you write is sent to no language model."
"""What people are told, each where it is so."""


@dataclass(frozen=True, slots=True)
class Understood:
    """What a message was taken for; line: the command it was read as, where that has to be told."""

    request: Request
    line: str | None = None


class Wordsmith(Protocol):
    """Reads what the grammar refused, and rewords answers. Never raises: what it cannot do is None."""

    @property
    def privacy(self) -> str:
        """What people are told about where their words go."""
        ...

    @property
    def reads(self) -> bool:
        """Whether `understood` asks anybody, which has its price."""
        ...

    async def start(self) -> None:
        """Get ready before the first message; not needed, but then that one may have to wait too long."""
        ...

    async def understood(
        self, text: str, *, symbols: Collection[str] = (), last_symbol: str | None = None
    ) -> Understood | None:
        """Return the one request that a message without meaning to the grammar stands for, None where there is none."""
        ...

    def known(self, reply: Reply) -> Reply | None:
        """Return the reply in better words where they are there already; waits for nobody."""
        ...

    async def reworded(self, reply: Reply) -> Reply | None:
        """Return the reply in better words, None where its own are the best there are."""
        ...

    async def close(self) -> None:
        """Give up what is under way."""
        ...


class PlainWords:
    """Leaves everything as it is: the product without a language model."""

    privacy = READ_BY_NOBODY
    reads = False

    async def start(self) -> None:
        """Nothing has to get ready."""

    async def understood(
        self, text: str, *, symbols: Collection[str] = (), last_symbol: str | None = None
    ) -> Understood | None:
        """Return None: the grammar has said what there is to say."""
        del text, symbols, last_symbol
        return None

    def known(self, reply: Reply) -> Reply | None:
        """Return None: no other words are known."""
        del reply
        return None

    async def reworded(self, reply: Reply) -> Reply | None:
        """Return None: the reply's own words stand."""
        del reply
        return None

    async def close(self) -> None:
        """There is nothing to give up."""
