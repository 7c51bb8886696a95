"""Telegram: answers typed into other chats, once somebody stopped typing and with a picture that is there already."""

from __future__ import annotations

import asyncio

from bot.requests import Liq, Models
from engine.windows import window_named
from tests.bot.telegram_talk import Service, made_reply, with_chat


def test_an_inline_query_is_answered_with_words_and_with_the_picture_once_telegram_has_it() -> None:
    async def talk(world) -> None:
        ann = world.api.user("Ann")
        question = ann.inline("btc 12h")
        (row,) = await question.results()
        assert (row["type"], row["title"]) == ("article", "BTC 70,412")
        assert row["description"].startswith("Upside sweep favoured")
        message = await question.choose(row["id"], ann.private)
        assert message.text.startswith("BTC 70,412 · Binance + Bybit perps")
        assert message.buttons[0].url == "https://t.me/fathom_test_bot?start=liq_BTC_12h"
        seat = ann.private
        seat.send("/liq btc 12h")
        shown = await seat.next_message()
        question = ann.inline("btc 12h")
        (row,) = await question.results()
        assert row["type"] == "photo"
        message = await question.choose(row["id"], ann.private)
        assert message.media is shown.media
        assert message.text == shown.text

    with_chat(talk)


def test_an_empty_inline_query_shows_examples_and_nonsense_a_sentence() -> None:
    async def talk(world) -> None:
        ann = world.api.user("Ann")
        question = ann.inline(" ")
        rows = await question.results()
        assert [row["title"] for row in rows] == ["btc", "eth 12h", "btc 68.5k"]
        message = await question.choose(rows[1]["id"], ann.private)
        assert message.buttons[0].content["switch_inline_query_current_chat"] == "eth 12h"
        (row,) = await ann.inline("qwertz uiop asdf").results()
        assert "Try:" in row["description"]
        assert world.service.orders == []

    with_chat(talk)


def test_while_somebody_types_only_the_last_inline_query_costs_an_answer() -> None:
    async def talk(world) -> None:
        ann = world.api.user("Ann")
        for text in ("b", "bt", "btc", "btc 1", "btc 12"):
            ann.inline(text)
        (row,) = await ann.inline("btc 12h").results()
        assert row["title"] == "BTC 70,412"
        assert [order.request for order in world.service.orders] == [
            Liq(symbol="BTC", window=window_named("12h")),
        ]

    with_chat(talk)


def test_a_slow_inline_answer_sends_people_to_the_chat() -> None:
    service = Service()

    async def talk(world) -> None:
        service.gate = asyncio.Event()
        (row,) = await world.api.user("Ann").inline("btc").results()
        assert row["title"] == "Ask in a chat"
        service.gate.set()

    with_chat(talk, service, inline_answered_within_s=0.1)


def test_an_answer_about_no_market_fits_into_an_inline_result() -> None:
    assert made_reply(Models()).picture is None

    async def talk(world) -> None:
        (row,) = await world.api.user("Ann").inline("models").results()
        assert row["title"] == "Fathom"

    with_chat(talk)
