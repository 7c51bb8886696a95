"""The wordsmith that an operator's model makes; each of the two things that it does can be switched off."""

from __future__ import annotations

from collections.abc import Collection

from bot.language_model.endpoint import LanguageModel
from bot.language_model.rewording import Rewording
from bot.language_model.understanding import understand
from bot.replies import Reply
from bot.wordsmith import READ_BY_A_MODEL, READ_BY_NOBODY, REWORDED_BY_A_MODEL, Understood


class ModelWordsmith:
    """Asks a model. reads: what messages mean that the grammar refused; rewords: sentences of answers."""

    def __init__(self, model: LanguageModel, *, reads: bool = True, rewords: bool = True) -> None:
        self._model = model
        self._reads = reads
        self._rewording = Rewording(model) if rewords else None

    @property
    def privacy(self) -> str:
        """What people are told about where their words go."""
        reading = READ_BY_A_MODEL if self._reads else READ_BY_NOBODY
        return reading if self._rewording is None else f"{reading} {REWORDED_BY_A_MODEL}"

    @property
    def reads(self) -> bool:
        """Whether `understood` asks anybody, which has its price."""
        return self._reads

    async def start(self) -> None:
        """Load what asking a model needs."""
        await self._model.start()

    async def understood(
        self, text: str, *, symbols: Collection[str] = (), last_symbol: str | None = None
    ) -> Understood | None:
        """Return the one request that a message without meaning to the grammar stands for, None where there is none."""
        if not self._reads:
            return None
        return await understand(self._model, text, symbols=symbols, last_symbol=last_symbol)

    def known(self, reply: Reply) -> Reply | None:
        """Return the reply in better words where they are there already; waits for nobody."""
        return None if self._rewording is None else self._rewording.known(reply)

    async def reworded(self, reply: Reply) -> Reply | None:
        """Return the reply in better words, None where its own are the best there are."""
        return None if self._rewording is None else await self._rewording.reworded(reply)

    async def close(self) -> None:
        """Give up what is under way, and let go of the connections."""
        if self._rewording is not None:
            await self._rewording.close()
        await self._model.close()
