"""Asking a model over the wire: the real library against a server on loopback, with good days and bad ones."""

import asyncio
import json
import logging

import pytest
from pydantic import SecretStr

from bot.language_model.endpoint import FAILURES_BEFORE_REST, REST_S, ModelFailedError, OpenAIEndpoint
from bot.language_model.understanding import Proposal
from tests.chat_completions.server import KEY, Answer, serving

GOOD = Answer({"command": "/liq BTC"})


class Clock:
    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s


def endpoint_at(url, key=KEY, clock=None):
    return OpenAIEndpoint(base_url=url, model="a-model", api_key=SecretStr(key), clock=clock or Clock())


def ask(answering, *, key=KEY, within_s=20.0):
    """One question to a server: what came back, and what the server saw."""

    async def run():
        async with serving(answering) as server:
            endpoint = endpoint_at(server.base_url, key)
            try:
                await endpoint.start()
                return await endpoint.answer("Translate.", '{"message": "x"}', Proposal, within_s=within_s), server
            except ModelFailedError as error:
                return error, server
            finally:
                await endpoint.close()

    return asyncio.run(run())


def test_a_good_answer_comes_in_the_shape_that_was_asked_for():
    found, server = ask(lambda asked: GOOD)
    assert found == Proposal(command="/liq BTC")
    (asked,) = server.asked
    assert asked.instructions == "Translate."
    assert asked.prompt == {"message": "x"}
    assert asked.body["model"] == "a-model"


def test_a_server_without_tools_may_answer_with_the_same_as_text():
    assert ask(lambda asked: Answer(text=json.dumps({"command": "/liq BTC"})))[0] == Proposal(command="/liq BTC")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer("{broken"), "Unexpected"),
        (Answer({"order": "/liq"}), "Unexpected"),
        (Answer(text="I would rather talk."), "Unexpected"),
        (Answer(status=500), "status 500"),
        (Answer(status=429), "status 429"),
        (Answer(status=403), "status 403"),
    ],
)
def test_a_bad_answer_is_one_error_and_asked_once(answer, words):
    error, server = ask(lambda asked: answer)
    assert isinstance(error, ModelFailedError)
    assert words in str(error)
    assert len(server.asked) == 1


def test_a_slow_answer_is_given_up():
    error, _ = ask(lambda asked: Answer({"command": "none"}, after_s=30), within_s=0.2)
    assert str(error) == "no answer within 0.2 s"


def test_a_server_that_is_not_there_is_the_same_error():
    async def run():
        endpoint = endpoint_at("http://127.0.0.1:9/v1")
        await endpoint.start()
        with pytest.raises(ModelFailedError):
            await endpoint.answer("x", "x", Proposal, within_s=20.0)
        await endpoint.close()

    asyncio.run(run())


@pytest.mark.parametrize("answer", [GOOD, Answer(status=500), Answer("{broken")])
@pytest.mark.parametrize("key", [KEY, "sk-another-key-that-opens-nothing"])
def test_no_key_and_no_words_of_the_model_are_in_the_log(answer, key, caplog):
    caplog.set_level(logging.DEBUG)
    found, _ = ask(lambda asked: answer, key=key)
    assert caplog.records
    assert key not in caplog.text
    assert key not in str(found)
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("bot.")]
    assert not any("broken" in line or "bad day" in line for line in ours)


def test_after_some_failures_the_model_is_left_alone_for_a_while():
    clock = Clock()
    answers = [*[Answer(status=500)] * FAILURES_BEFORE_REST, GOOD]

    async def run():
        async with serving(lambda asked: answers.pop(0)) as server:
            endpoint = endpoint_at(server.base_url, clock=clock)
            await endpoint.start()
            for _ in range(FAILURES_BEFORE_REST + 2):
                with pytest.raises(ModelFailedError) as refusal:
                    await endpoint.answer("x", "x", Proposal, within_s=20.0)
            assert "left alone" in str(refusal.value)
            assert len(server.asked) == FAILURES_BEFORE_REST
            clock.now_s = REST_S
            found = await endpoint.answer("x", "x", Proposal, within_s=20.0)
            await endpoint.close()
            return found

    assert asyncio.run(run()) == Proposal(command="/liq BTC")
