"""The handlers with a language model behind them: when it is asked, what people are told, what stands without it."""

import asyncio
import inspect
import logging
from pathlib import Path

import pytest
from limits import RateLimitItemPerMinute

from bot import app
from bot.app import build_wordsmith
from bot.config import ConfigError, load_settings
from bot.cooldown import Cooldown
from bot.handlers import Handlers
from bot.language_model.model_wordsmith import ModelWordsmith
from bot.preferences import NoPreferences, Place
from bot.replies import Block, Line, Reply
from bot.requests import Liq, NoAdviceError, Privacy, Zones
from bot.service.answer import Answer
from bot.wordsmith import READ_BY_A_MODEL, READ_BY_NOBODY, REWORDED_BY_A_MODEL, PlainWords
from tests.bot.language_model.scripted import FAILED, Scripted, fluent

HERE = Place(platform="telegram", chat=-100, user=7, community=-100)
NEAREST = "+ The nearest zone is below, 0.6 % away."
STRANGE = "xyzzy btc frobnicate"


class Service:
    """Answers every order with one reason."""

    def __init__(self):
        self.orders = []

    def known_symbols(self):
        return ("BTC", "ETH")

    def is_ready(self, order):
        return False

    def costs_work(self, order):
        return not self.is_ready(order)

    async def answer(self, order):
        self.orders.append(order)
        blocks = (Block(kind="setup", lines=(Line(text="No clear edge."), Line(text=NEAREST))),)
        return Answer(order=order, reply=Reply(blocks=blocks, symbol=order.symbol))


def handlers(wordsmith=None, *, cooldown=None, service=None):
    return Handlers(service or Service(), NoPreferences(), cooldown or Cooldown(), wordsmith)


def say(text, wordsmith=None, **given):
    return asyncio.run(handlers(wordsmith, **given).said(text, HERE))


def texts(outgoing):
    return [line.text for block in outgoing.reply.blocks for line in block.lines]


def command(line):
    return Scripted({"command": line})


def test_what_the_grammar_reads_is_sent_to_nobody():
    model = command("/zones ETH")
    assert say("/liq btc", ModelWordsmith(model)).request == Liq(symbol="BTC")
    assert model.prompts == []


def test_what_it_refuses_is_read_by_the_model_and_the_answer_says_how():
    outgoing = say(STRANGE, ModelWordsmith(command("/zones btc")))
    assert outgoing.request == Zones(symbol="BTC")
    assert outgoing.reply.blocks[0].kind == "notice"
    assert texts(outgoing)[0] == "Read as /zones BTC"


@pytest.mark.parametrize("answer", [{"command": "none"}, {"command": "/liq ETH"}, FAILED])
def test_the_grammars_own_refusal_stands_where_the_model_is_no_help(answer):
    assert say(STRANGE, ModelWordsmith(Scripted(answer))).reply == say(STRANGE).reply


@pytest.mark.parametrize("wordsmith", [None, PlainWords(), ModelWordsmith(command("/zones btc"), reads=False)])
def test_without_leave_to_read_a_message_without_meaning_is_refused(wordsmith):
    outgoing = say(STRANGE, wordsmith)
    assert outgoing.request is None
    assert "Try:" in outgoing.reply.fault.text


def test_a_wish_for_advice_is_not_turned_into_another_question(monkeypatch):
    def refuse(text, **given):
        raise NoAdviceError("I do not say what to do.", ("/liq BTC",))

    monkeypatch.setattr("bot.handlers.parse_request", refuse)
    model = command("/liq btc")
    assert "do not say" in say("should i long btc", ModelWordsmith(model)).reply.fault.text
    assert model.prompts == []


def test_who_asks_too_fast_gets_the_refusal_and_costs_nothing():
    model = command("none")

    async def run():
        behind = handlers(ModelWordsmith(model), cooldown=Cooldown(person=RateLimitItemPerMinute(2)))
        return [await behind.said(STRANGE, HERE) for _ in range(4)]

    said = asyncio.run(run())
    assert len(model.prompts) == 2
    assert len({outgoing.reply.fault.text for outgoing in said}) == 1


def test_an_answer_goes_out_at_once_and_the_same_question_gets_the_better_words_from_then_on():
    async def run():
        wordsmith = ModelWordsmith(Scripted(fluent, after_s=0.01))
        behind = handlers(wordsmith)
        first = await behind.said("/liq btc", HERE)
        await wordsmith.reworded(first.reply)  # what is under way is shared, not asked again
        return first, await behind.said("/liq btc", HERE), await behind.said("/liq btc", HERE)

    first, *later = asyncio.run(run())
    assert texts(first) == ["No clear edge.", NEAREST]
    for again in later:
        assert texts(again) == ["No clear edge.", f"+ And {NEAREST[2:]}"]
        assert again.buttons == first.buttons


def test_sentences_are_reworded_behind_an_answer_for_the_next_one():
    async def run():
        behind = handlers(ModelWordsmith(Scripted(fluent)))
        first = await behind.said("/liq btc", HERE)
        for _ in range(5):  # turns of the loop, in which the model answers
            await asyncio.sleep(0)
        return first, await behind.said("/liq eth", HERE)

    first, second = asyncio.run(run())
    assert texts(first) == ["No clear edge.", NEAREST]
    assert texts(second) == ["No clear edge.", f"+ And {NEAREST[2:]}"]


def test_without_a_model_there_are_no_better_words():
    async def run():
        behind = handlers()
        return [await behind.said("/liq btc", HERE) for _ in range(2)]

    assert [texts(said) for said in asyncio.run(run())] == 2 * [["No clear edge.", NEAREST]]


def test_a_wordsmith_that_breaks_its_word_leaves_the_answer_as_it_is(caplog):
    class Broken(ModelWordsmith):
        async def reworded(self, reply):
            raise KeyError("a fault of ours")

    async def run():
        behind = handlers(Broken(Scripted(FAILED)))
        first = await behind.said("/liq btc", HERE)
        for _ in range(3):  # turns of the loop, in which it fails
            await asyncio.sleep(0)
        return first

    caplog.set_level(logging.ERROR)
    assert texts(asyncio.run(run())) == ["No clear edge.", NEAREST]
    assert "rewording an answer failed" in caplog.text


@pytest.mark.parametrize(
    ("wordsmith", "told", "untold"),
    [
        (PlainWords(), [READ_BY_NOBODY], [READ_BY_A_MODEL, REWORDED_BY_A_MODEL]),
        (ModelWordsmith(Scripted(FAILED)), [READ_BY_A_MODEL, REWORDED_BY_A_MODEL], [READ_BY_NOBODY]),
        (ModelWordsmith(Scripted(FAILED), rewords=False), [READ_BY_A_MODEL], [READ_BY_NOBODY, REWORDED_BY_A_MODEL]),
        (ModelWordsmith(Scripted(FAILED), reads=False), [READ_BY_NOBODY, REWORDED_BY_A_MODEL], [READ_BY_A_MODEL]),
    ],
)
def test_privacy_says_where_words_go(wordsmith, told, untold):
    outgoing = asyncio.run(handlers(wordsmith).asked(Privacy(), HERE))
    said = " ".join(texts(outgoing))
    assert [each for each in told if each not in said] == []
    assert [each for each in untold if each in said] == []


def test_starting_and_closing_reach_the_model():
    model = Scripted(FAILED)

    async def run():
        for wordsmith in (PlainWords(), ModelWordsmith(model), ModelWordsmith(model, rewords=False)):
            await wordsmith.start()
            await wordsmith.close()

    asyncio.run(run())
    assert (model.started, model.closed) == (True, True)


def test_both_wordsmiths_offer_the_same():
    offered = {name for name, _ in inspect.getmembers(PlainWords) if not name.startswith("_")}
    assert offered == {name for name, _ in inspect.getmembers(ModelWordsmith) if not name.startswith("_")}


# --- from the settings -----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("plain_home")
def test_without_a_key_there_is_no_model():
    assert isinstance(build_wordsmith(load_settings()), PlainWords)


@pytest.mark.usefixtures("plain_home")
def test_a_key_and_a_model_turn_it_on(monkeypatch):
    Path("llm.key").write_text("sk-made-up\n", encoding="utf-8")
    Path("config.toml").write_text("[llm]\nmodel = 'a-model'\napi_key_file = 'llm.key'\nunderstand = false")
    wordsmith = build_wordsmith(load_settings())
    assert isinstance(wordsmith, ModelWordsmith)
    assert not wordsmith.reads
    assert "sk-made-up" not in repr(load_settings())


@pytest.mark.usefixtures("plain_home")
def test_without_the_extra_a_key_is_refused_with_what_to_install(monkeypatch):
    monkeypatch.setenv("FATHOM_LLM__API_KEY", "sk-made-up")
    monkeypatch.setenv("FATHOM_LLM__MODEL", "a-model")
    monkeypatch.setattr(app, "LLM_EXTRA", "a_library_that_nobody_has")
    with pytest.raises(ConfigError, match=r"fathom-liq\[llm\]"):
        build_wordsmith(load_settings())
