"""POST /v1/chat/completions: what was asked is kept, and what is answered was queued by the test."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

KEY = "sk-made-up-key-that-opens-nothing"


@dataclass(frozen=True)
class Asked:
    """One request: the key it came with, the instructions, the prompt and the schema of the answer that is wanted."""

    authorization: str
    body: dict[str, Any]

    @property
    def instructions(self) -> str:
        return "\n".join(each["content"] for each in self.body["messages"] if each["role"] == "system")

    @property
    def prompt(self) -> dict[str, Any]:
        return json.loads(next(each["content"] for each in self.body["messages"] if each["role"] == "user"))


@dataclass(frozen=True)
class Answer:
    """What comes back: arguments of the tool that was offered (a value, or a text sent as it is), or a bare text."""

    arguments: object = None
    text: str | None = None
    status: int = 200
    after_s: float = 0.0


Answering = Callable[[Asked], Answer]


@dataclass
class Model:
    """A model whose answers the test makes; it answers the last one again and again."""

    answering: Answering
    asked: list[Asked] = field(default_factory=list)
    base_url: str = ""

    async def complete(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return web.json_response(_error("Incorrect API key provided", "invalid_api_key"), status=401)
        asked = Asked(request.headers["Authorization"], await request.json())
        self.asked.append(asked)
        answer = self.answering(asked)
        await asyncio.sleep(answer.after_s)
        if answer.status != 200:
            return web.json_response(_error("The server has a bad day", "server_error"), status=answer.status)
        return web.json_response(_completion(asked.body, answer))


def _error(message: str, code: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": code, "param": None, "code": code}}


def _completion(body: dict[str, Any], answer: Answer) -> dict[str, Any]:
    """A completion as the interface documents it: one choice, whose message is a text or the call of a tool."""
    message: dict[str, Any] = {"role": "assistant", "content": answer.text}
    if answer.text is None:
        arguments = answer.arguments if isinstance(answer.arguments, str) else json.dumps(answer.arguments)
        tool = body["tools"][0]["function"]["name"]
        call = {"id": "call_1", "type": "function", "function": {"name": tool, "arguments": arguments}}
        message["tool_calls"] = [call]
    choice = {"index": 0, "message": message, "finish_reason": "stop" if answer.text is not None else "tool_calls"}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    made = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1_700_000_000, "model": body["model"]}
    return {**made, "choices": [choice], "usage": usage}


@asynccontextmanager
async def serving(answering: Answering) -> AsyncIterator[Model]:
    """Serve a model until the block ends."""
    model = Model(answering)
    app = web.Application()
    app.router.add_post("/v1/chat/completions", model.complete)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    model.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield model
    finally:
        await runner.cleanup()
