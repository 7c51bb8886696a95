"""Asking a model: one protocol, and the one place that knows the library for it. The key is in no log and no error."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from pydantic import BaseModel, SecretStr

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from pydantic_ai import Agent

MOST_AT_ONCE = 4
"""Questions to the model under way at once (own assumption: small servers answer one after the other)."""
MOST_TOKENS = 1_200
"""Longest reply [tokens]: twice the longest answer that is reworded."""
FAILURES_BEFORE_REST = 3
"""Failures in a row after which the model is left alone."""
REST_S = 60.0
"""How long it is left alone then: nobody waits for a server that is down, and it is tried again soon [s]."""

_MISSHAPEN = "UnexpectedModelBehavior"
"""How the library calls an answer that it could not read."""

_log = logging.getLogger(__name__)

Shape = TypeVar("Shape", bound=BaseModel)


class ModelFailedError(Exception):
    """The model gave no answer of the shape that was asked for; the sentence holds nothing that it wrote.

    status: what the server answered with, where that was an error; has_answered: it was reached, and said something.
    """

    def __init__(self, sentence: str, *, status: int | None = None, has_answered: bool = False) -> None:
        self.status = status
        self.has_answered = has_answered
        super().__init__(sentence)


class LanguageModel(Protocol):
    """A model that answers in a shape."""

    async def start(self) -> None:
        """Get ready, so that the first answer does not wait for that."""
        ...

    async def answer(self, instructions: str, prompt: str, shape: type[Shape], *, within_s: float) -> Shape:
        """Return what the model answers to a prompt.

        Raises:
            ModelFailedError: it did not within this time, or not in this shape.

        """
        ...

    async def close(self) -> None:
        """Let go of the connections."""
        ...


class OpenAIEndpoint:
    """A model behind any interface that speaks OpenAI's chat completions. Lives on one event loop.

    clock: seconds that only go up.
    """

    def __init__(
        self, *, base_url: str, model: str, api_key: SecretStr, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._base_url = base_url
        self._name = model
        self._api_key = api_key
        self._clock = clock
        self._client: AsyncOpenAI | None = None
        self._agents: dict[type[BaseModel], Agent[None, Any]] = {}
        self._loading = asyncio.Lock()
        self._places = asyncio.Semaphore(MOST_AT_ONCE)
        self._failures = 0
        self._rests_until_s = -math.inf

    async def start(self) -> None:
        """Load the library, so that nobody waits for it; without this the first answer does."""
        async with self._loading:
            if self._client is None:
                self._client = await asyncio.to_thread(self._connected)  # seconds, in which the loop goes on

    async def answer(self, instructions: str, prompt: str, shape: type[Shape], *, within_s: float) -> Shape:
        """Return what the model answers; after several failures in a row it is left alone for a while.

        Raises:
            ModelFailedError: it did not within this time, or not in this shape.

        """
        if self._clock() < self._rests_until_s:
            raise ModelFailedError("the model is left alone for a while, after it failed several times")
        try:
            async with asyncio.timeout(within_s), self._places:
                found = await self._asked(instructions, prompt, shape)
        except Exception as error:  # noqa: BLE001 - a library's, a server's or a model's: each means no answer
            raise self._failed(error, within_s) from None  # whose text may quote the request
        self._failures = 0
        return found

    async def close(self) -> None:
        """Let go of the connections."""
        if self._client is not None:
            await self._client.close()

    async def _asked(self, instructions: str, prompt: str, shape: type[Shape]) -> Shape:
        await self.start()
        if shape not in self._agents:
            self._agents[shape] = self._agent(shape)
        found: Shape = (await self._agents[shape].run(prompt, instructions=instructions)).output
        return found

    def _connected(self) -> AsyncOpenAI:
        """Return a client, which connects when it is first used, and asks nothing twice behind our back."""
        import pydantic_ai.models.openai  # noqa: F401 - what _agent needs, for operators who set a model up only
        from openai import AsyncOpenAI

        return AsyncOpenAI(base_url=self._base_url, api_key=self._api_key.get_secret_value(), max_retries=0)

    def _agent(self, shape: type[BaseModel]) -> Agent[None, Any]:
        """Return what asks for one shape."""
        from pydantic_ai import Agent
        from pydantic_ai.models.openai import OpenAIChatModel, OpenAIChatModelSettings
        from pydantic_ai.providers.openai import OpenAIProvider

        model = OpenAIChatModel(self._name, provider=OpenAIProvider(openai_client=self._client))
        return Agent(
            model, output_type=shape, model_settings=OpenAIChatModelSettings(max_tokens=MOST_TOKENS), retries=0
        )

    def _failed(self, error: Exception, within_s: float) -> ModelFailedError:
        """Note a failure, and return it in words of ours."""
        self._failures += 1
        if self._failures >= FAILURES_BEFORE_REST:
            self._rests_until_s = self._clock() + REST_S
            self._failures = 0
        status = getattr(error, "status_code", None)
        what = f"no answer within {within_s:.1f} s" if isinstance(error, TimeoutError) else type(error).__name__
        sentence = what if status is None else f"{what}, status {status}"
        _log.warning("the language model failed: %s", sentence)
        is_misshapen = any(kind.__name__ == _MISSHAPEN for kind in type(error).__mro__)
        return ModelFailedError(sentence, status=status, has_answered=status is not None or is_misshapen)
