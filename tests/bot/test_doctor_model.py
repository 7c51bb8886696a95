"""`fathom doctor` and the operator's language model: reached or not, the key taken or not, and the key never shown."""

import asyncio
import logging
from importlib.util import find_spec

import pytest

from bot import language_model_check
from bot.config import load_settings
from bot.language_model_check import check_language_model

pytestmark = pytest.mark.usefixtures("plain_home")
needs_model = pytest.mark.skipif(find_spec("pydantic_ai") is None, reason="the extra llm is not installed")

if find_spec("aiohttp") is not None:
    from tests.chat_completions.server import KEY, Answer, serving
else:
    KEY = "sk-made-up"


def looked_at(monkeypatch, caplog, answer, *, key=KEY, base_url=None):
    async def talk():
        async with serving(lambda asked: answer) as server:
            monkeypatch.setenv("FATHOM_LLM__API_KEY", key)
            monkeypatch.setenv("FATHOM_LLM__MODEL", "a-model")
            monkeypatch.setenv("FATHOM_LLM__BASE_URL", base_url or server.base_url)
            return await check_language_model(load_settings()), server

    caplog.set_level(logging.DEBUG)
    check, server = asyncio.run(talk())
    assert key not in str(check)
    assert key not in caplog.text
    return check, server


@needs_model
def test_a_model_that_answers_is_told_with_its_name_and_host(monkeypatch, caplog):
    check, server = looked_at(monkeypatch, caplog, Answer(arguments={"works": True}))
    assert (check.status, check.sentence) == ("ok", "a-model at 127.0.0.1 takes the key and answers.")
    assert len(server.asked) == 1


@needs_model
@pytest.mark.parametrize(
    ("answer", "key", "status", "words"),
    [
        ({"arguments": {"works": True}}, "sk-another-key-that-is-wrong", "fail", "127.0.0.1 refuses the key"),
        ({"status": 404}, KEY, "fail", "knows no a-model"),
        ({"status": 500}, KEY, "fail", "answered with an error (500)"),
        ({"text": "It works!"}, KEY, "warn", "not in the form that is asked for"),
        ({"arguments": {"broken": 1}}, KEY, "warn", "not in the form that is asked for"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(monkeypatch, caplog, answer, key, status, words):
    check, _ = looked_at(monkeypatch, caplog, Answer(**answer), key=key)
    assert check.status == status
    assert words in check.sentence
    assert check.advice


@needs_model
def test_a_server_that_is_not_there_or_too_slow_did_not_answer(monkeypatch, caplog):
    monkeypatch.setattr(language_model_check, "ANSWER_WAIT_S", 0.3)
    slow, _ = looked_at(monkeypatch, caplog, Answer(arguments={"works": True}, after_s=2.0))
    gone, _ = looked_at(monkeypatch, caplog, Answer(), base_url="http://127.0.0.1:9/v1")
    for check in (slow, gone):
        assert (check.status, check.sentence) == ("fail", "127.0.0.1 did not answer.")


def test_without_a_key_nobody_is_asked(monkeypatch):
    monkeypatch.delenv("FATHOM_LLM__API_KEY", raising=False)
    check = asyncio.run(check_language_model(load_settings()))
    assert (check.status, check.advice) == ("off", None)


def test_a_key_that_cannot_be_read_fails(monkeypatch, tmp_path):
    monkeypatch.setenv("FATHOM_LLM__MODEL", "a-model")
    monkeypatch.setenv("FATHOM_LLM__API_KEY_FILE", str(tmp_path / "gone.key"))
    check = asyncio.run(check_language_model(load_settings()))
    assert (check.status, check.advice) == ("fail", "Mend [llm] api_key_file.")


def test_without_the_library_it_says_which_extra_is_missing(monkeypatch):
    monkeypatch.setenv("FATHOM_LLM__API_KEY", KEY)
    monkeypatch.setenv("FATHOM_LLM__MODEL", "a-model")
    monkeypatch.setattr(language_model_check.importlib.util, "find_spec", lambda name: None)
    check = asyncio.run(check_language_model(load_settings()))
    assert check.status == "fail"
    assert "fathom-liq[llm]" in check.advice
