"""Telegram in front of the real service on the simulated market: real pictures, real words, real limits."""

from __future__ import annotations

import asyncio
import io

import pytest
from PIL import Image

from bot.service.pool import WorkerPool
from bot.service.service import AnswerService
from bot.service.work import warm_up
from engine.sources.simulated import SimulatedSource
from tests.bot.telegram_talk import talking
from tests.bot_api.entities import units

WAITED_S = 120
"""A busy machine draws slowly; how fast an answer is, benchmarks say."""


@pytest.fixture(scope="module")
def told():
    """What one person gets to see in a whole conversation."""

    async def run():
        pool = WorkerPool(1, warm_up=warm_up)
        service = AnswerService(SimulatedSource(seed=3), pool, bar_number=lambda: 1)
        try:
            await pool.start()
            await service.symbols()
            async with talking(service) as world:
                ann, seen = world.api.user("Ann").private, {}
                for text in ("/liq BTC", "/level BTC 62800", "/zones btc", "/questions BTC", "/models", "qwertz"):
                    ann.send(text)
                    seen[text] = await ann.next_message(WAITED_S)
                await ann.press(seen["/liq BTC"], "12h").answer(WAITED_S)
                await ann.edited(seen["/liq BTC"], timeout_s=WAITED_S)
                await ann.press(seen["/zones btc"], "Full text").answer(WAITED_S)
                seen["Full text"] = await ann.next_message(WAITED_S)
                seen["Full text 2"] = await ann.next_message(WAITED_S)
                await ann.press(seen["/liq BTC"], "HD").answer(WAITED_S)
                seen["HD"] = await ann.next_message(WAITED_S)
                return seen
        finally:
            await service.close()

    return asyncio.run(run())


def test_every_answer_arrives_within_the_limits_and_says_that_it_is_simulated(told) -> None:
    for text, message in told.items():
        assert units(message.text) <= (4_096 if message.media is None else 1_024), text
        if text not in ("/models", "qwertz", "HD", "Full text 2"):
            assert message.text.startswith("⚠️ SIMULATED, no real prices\nBTC "), text


def test_pictures_are_real_and_a_press_exchanged_one(told) -> None:
    message = told["/liq BTC"]
    before, after = message.past[0].media.source, message.media.source
    assert before != after
    for png in (before, after, told["/level BTC 62800"].media.source):
        assert Image.open(io.BytesIO(png)).size[0] == 1_600
    assert Image.open(io.BytesIO(told["HD"].media.source)).size[0] == 3_200
    assert message.rows[0][0].text == "• 12h"


def test_the_whole_text_has_what_the_caption_left_out(told) -> None:
    both = told["Full text"].text + told["Full text 2"].text
    assert "Market structure" in both
    assert "Market structure" not in told["/zones btc"].text
    assert both.rstrip().endswith("Modelled estimate, not real positions, not advice.")
