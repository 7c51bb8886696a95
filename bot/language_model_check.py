"""Whether the operator's language model answers as it will be asked. No sentence and no fact holds the key."""

from __future__ import annotations

import importlib.util
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr

from bot.app import LLM_EXTRA, NO_LLM_EXTRA
from bot.checks import Check, Fact, Status
from bot.config import Settings
from bot.redaction import redacted
from bot.sections import ConfigError

if TYPE_CHECKING:
    from bot.language_model.endpoint import ModelFailedError

NAME = "language model"
ANSWER_WAIT_S = 8.0
"""Longer than any answer of a chat waits for it, which is 6 s at most."""
_REFUSED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_QUESTION = "This is a check of the connection. Answer that it works."


class Working(BaseModel):
    """What the model is asked to answer: the smallest value of a shape."""

    works: bool = Field(description="Always true.")


async def check_language_model(settings: Settings) -> Check:
    """Say whether a model is set up, takes the key and answers in a shape; asking costs one short completion."""
    try:
        key = settings.llm.secret()
    except ConfigError as error:
        return Check(name=NAME, status="fail", sentence=str(error), advice="Mend [llm] api_key_file.")
    model = settings.llm.model
    if key is None or model is None:
        return Check(name=NAME, status="off", sentence="No key is set in [llm], so no language model is asked.")
    redacted.learn([key])
    if importlib.util.find_spec(LLM_EXTRA) is None:
        return Check(name=NAME, status="fail", sentence=NO_LLM_EXTRA, advice="pip install 'fathom-liq[llm]'")
    from bot.language_model.endpoint import ModelFailedError, OpenAIEndpoint

    host = urlsplit(str(settings.llm.base_url)).hostname or "its address"
    facts = (Fact("model", model), Fact("host", host))
    endpoint = OpenAIEndpoint(base_url=str(settings.llm.base_url), model=model, api_key=SecretStr(key))
    try:
        await endpoint.start()
        await endpoint.answer(_QUESTION, _QUESTION, Working, within_s=ANSWER_WAIT_S)
    except ModelFailedError as error:
        status, problem, advice = _trouble(error, model)
        return Check(name=NAME, status=status, sentence=f"{host} {problem}.", advice=advice, facts=facts)
    finally:
        await endpoint.close()
    return Check(name=NAME, status="ok", sentence=f"{model} at {host} takes the key and answers.", facts=facts)


def _trouble(error: ModelFailedError, model: str) -> tuple[Status, str, str]:
    """Return how bad a failure is, what happened and what to do; chats answer without the model meanwhile."""
    if error.status in _REFUSED:
        return "fail", "refuses the key", "Set a key of this provider: [llm] api_key_file, or FATHOM_LLM__API_KEY."
    if error.status == HTTPStatus.NOT_FOUND:
        return "fail", f"knows no {model}, or not at this address", "Check [llm] model and base_url."
    if error.status is not None:
        return "fail", f"answered with an error ({error.status})", "Look at the provider's status and at your limits."
    if error.has_answered:
        return "warn", f"answers, but {model} not in the form that is asked for", "Choose a model that can call tools."
    return "fail", "did not answer", "Check the network, and [llm] base_url."
