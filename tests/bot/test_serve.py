"""`fathom serve` from end to end: both chats answered by one process, one that fails beside one that goes on."""

import asyncio
import json
import signal
import sys

import pytest

from bot.cli import run
from tests.bot.serving import discord_settings, serving, telegram_settings
from tests.bot_api import BotApi
from tests.fake_discord import FakeDiscord

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows stops processes without SIGTERM")

PNG = b"\x89PNG\r\n\x1a\n"
REVOKED_TELEGRAM = "1234567890:" + "revoked" * 5
REVOKED_DISCORD = "MTIz.revoked.discord-token"


def a_seat(fake: FakeDiscord):
    ann = fake.user("Ann")
    return fake.seat(ann, fake.channel(fake.guild("Traders", ann)))


def picture_on_discord(message) -> bytes:
    (attachment,) = message.content.attachments
    return attachment.content


def test_one_process_answers_both_chats_and_leaves_when_told(tmp_path):
    async def talk() -> None:
        async with BotApi() as api, FakeDiscord() as fake:
            ann, seat = api.user("Ann"), a_seat(fake)
            owner = {"FATHOM_OWNER__TELEGRAM": f"[{ann.id}]"}
            async with serving(tmp_path, telegram_settings(api), discord_settings(fake), owner) as served:
                assert await served.until_healthy() == {
                    "status": "ok",
                    "reasons": [],
                    "platforms": {"telegram": "connected", "discord": "connected"},
                }
                ann.private.send("/liq BTC 12h")
                there = await ann.private.next_message(30)
                exchange = await seat.slash("liq", symbol="BTC", window="12h")
                here = await exchange.reply(30)
                assert there.content.media.source.startswith(PNG)
                assert picture_on_discord(here).startswith(PNG)
                first = there.content.media.source
                await ann.private.press(there, "24h").answer()
                await ann.private.edited(there, timeout_s=30)
                assert there.content.media.source != first
                await seat.press(here, "24h")
                await seat.edited(here, timeout_s=30)
                ann.private.send("/owner status")
                told = (await ann.private.next_message()).content.formatted.text
                assert "telegram" in told
                assert "connected" in told
                status, metrics = await served.get("/metrics")
                assert status == 200
                assert 'fathom_answers_total{intent="liq",outcome="answered",platform="telegram"} 2.0' in metrics
                assert 'fathom_platform_connected{platform="discord"} 1.0' in metrics
                assert "fathom_cache_hits_total 2.0" in metrics  # what Telegram asked was there for Discord
                assert (await served.get("/elsewhere"))[0] == 404
                code, took_s = await served.stop()
                assert code == 0, served.said
                assert took_s < 5
                lines = served.logged("answered")
                assert {(line["platform"], line["intent"], line["symbol"], line["outcome"]) for line in lines} == {
                    (platform, "liq", "BTC", "answered") for platform in ("telegram", "discord")
                }
                assert len({line["request"] for line in lines}) == 4
                assert "something did not end" not in served.said
                for private in (api.token, fake.token, "Ann", "Traders", "/liq"):
                    assert private not in served.said
                assert "Traceback" not in served.said

    asyncio.run(talk())


def test_a_revoked_token_on_one_side_leaves_the_other_running(tmp_path):
    async def talk() -> None:
        async with BotApi() as api, FakeDiscord() as fake:
            seat, wrong = a_seat(fake), telegram_settings(api, REVOKED_TELEGRAM)
            async with serving(tmp_path, wrong, discord_settings(fake)) as served:
                refusal = await served.until_logged("telegram refuses")
                await served.until_logged("discord is connected")
                health = await served.until_healthy(503)
                assert health["platforms"] == {"telegram": "refused", "discord": "connected"}
                assert "BotFather" in "".join(health["reasons"])
                assert "BotFather" in str(refusal["message"])
                reply = await (await seat.slash("liq", symbol="BTC")).reply(30)
                assert picture_on_discord(reply).startswith(PNG)
                code, took_s = await served.stop(signal.SIGINT)
                assert (code, took_s < 5) == (0, True), served.said
                assert REVOKED_TELEGRAM not in served.said + json.dumps(health)

    asyncio.run(talk())


def test_where_every_token_is_refused_it_ends_with_a_sentence(tmp_path):
    async def talk() -> None:
        async with BotApi() as api, FakeDiscord() as fake:
            wrong = telegram_settings(api, REVOKED_TELEGRAM), discord_settings(fake, REVOKED_DISCORD)
            async with serving(tmp_path, *wrong) as served:
                assert await asyncio.wait_for(served.process.wait(), 90) == 2
                sentence = served.said.splitlines()[-1]
                assert "BotFather" in sentence
                assert "developer portal" in sentence
                assert "Traceback" not in served.said
                for secret in (REVOKED_TELEGRAM, REVOKED_DISCORD):
                    assert secret not in served.said

    asyncio.run(talk())


def test_a_platform_that_comes_back_is_served_again(tmp_path):
    async def talk() -> None:
        async with BotApi() as api:
            ann = api.user("Ann")
            async with serving(tmp_path, telegram_settings(api)) as served:
                await served.until_healthy()
                await api.stop()
                assert (await served.until_healthy(503, 30))["platforms"] == {"telegram": "reconnecting"}
                await api.start()
                await served.until_healthy(200, 30)
                ann.private.send("/help")
                assert await ann.private.next_message(30)
                assert (await served.stop())[0] == 0

    asyncio.run(talk())


def test_told_to_stop_while_it_warms_up_it_leaves_too(tmp_path):
    async def talk() -> None:
        async with BotApi() as api, serving(tmp_path, telegram_settings(api)) as served:
            await served.until_logged("telling health")
            assert json.loads((await served.get("/healthz"))[1])["status"] == "failing"
            await asyncio.sleep(0.5)  # a loop whose lag counted would have been measured several times
            assert "fathom_event_loop_lag_seconds_count 0.0" in (await served.get("/metrics"))[1]
            code, took_s = await served.stop()
            assert (code, took_s < 5) == (0, True), served.said

    asyncio.run(talk())


@pytest.mark.usefixtures("plain_home")
def test_without_a_token_it_says_where_to_put_one(capsys, monkeypatch):
    monkeypatch.setattr("bot.log.log_as_json", lambda *_: None)  # the log of this process stays where it was
    assert run(["serve"]) == 2
    told = capsys.readouterr().err
    assert "FATHOM_TELEGRAM__TOKEN" in told
    assert "[discord]" in told
