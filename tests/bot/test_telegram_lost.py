"""Telegram: answers that the server, a gateway or the network lost, and pictures that it refuses."""

from __future__ import annotations

import pytest

from tests.bot.telegram_talk import with_chat
from tests.bot_api import Fault, Silence
from tests.bot_api.faults import gateway_page, internal_error, refused, truncated

LOST = "Your answer may not have arrived. Ask again: /liq BTC."


@pytest.mark.parametrize("status", [500, 502, 503])
def test_an_answer_arrives_after_a_gateway_refused_to_serve_it(status) -> None:
    async def talk(world) -> None:
        ann = world.api.user("Ann").private
        world.api.faults.append(Fault("sendPhoto", gateway_page(status)))
        ann.send("/liq btc")
        assert (await ann.next_message()).media is not None
        assert len(world.api.sent) == 1

    with_chat(talk)


@pytest.mark.parametrize("outcome", [gateway_page(504), truncated(), Silence.RESET], ids=["504", "truncated", "reset"])
def test_who_asked_is_told_where_nobody_knows_whether_an_answer_arrived(outcome) -> None:
    async def talk(world) -> None:
        ann = world.api.user("Ann").private
        world.api.faults.append(Fault("sendPhoto", outcome, performed=True))
        ann.send("/liq btc")
        assert (await ann.next_message()).media is not None
        assert (await ann.next_message()).text == LOST
        ann.send("/liq eth")
        assert (await ann.next_message()).text.startswith("ETH")
        assert len(world.api.sent) == 3

    with_chat(talk)


def test_a_server_that_never_takes_a_picture_is_no_silence() -> None:
    async def talk(world) -> None:
        ann = world.api.user("Ann").private
        world.api.faults.append(Fault("sendPhoto", internal_error(), times=None))
        ann.send("/level btc 68500 12h")
        told = (await ann.next_message()).text
        assert told == "Your answer may not have arrived. Ask again: /level BTC 68500 12h."

    with_chat(talk)


@pytest.mark.parametrize("why", ["PHOTO_INVALID_DIMENSIONS", "IMAGE_PROCESS_FAILED"])
def test_a_refused_photo_goes_out_as_a_file_with_its_words(why) -> None:
    async def talk(world) -> None:
        ann = world.api.user("Ann").private
        world.api.faults.append(Fault("sendPhoto", refused(400, f"Bad Request: {why}")))
        ann.send("/liq btc")
        reply = await ann.next_message()
        assert reply.media.kind == "document"
        assert reply.text.startswith("BTC")
        assert reply.buttons

    with_chat(talk)


def test_where_the_file_is_refused_too_the_answer_is_text() -> None:
    async def talk(world) -> None:
        ann = world.api.user("Ann").private
        for method in ("sendPhoto", "sendDocument"):
            world.api.faults.append(Fault(method, refused(400, "Bad Request: IMAGE_PROCESS_FAILED")))
        ann.send("/liq btc")
        reply = await ann.next_message()
        assert reply.media is None
        assert reply.text.startswith("BTC")

    with_chat(talk)
