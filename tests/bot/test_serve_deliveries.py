"""`fathom serve` sends what nobody asked for at that moment: reports on both platforms, by one process."""

import asyncio
import sys

import pytest

from tests.bot.serving import RECORDINGS, discord_settings, serving, telegram_settings
from tests.bot.test_serve import PNG, a_seat, picture_on_discord
from tests.bot_api import BotApi
from tests.fake_discord import FakeDiscord

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="Windows stops processes without SIGTERM"),
    pytest.mark.skipif(
        not RECORDINGS.is_dir(), reason="no recordings beside the project, and reports are never simulated"
    ),
]


def test_a_report_that_is_tested_arrives_on_telegram_once(tmp_path):
    async def talk() -> None:
        async with BotApi() as api:
            ann = api.user("Ann")
            async with serving(tmp_path, telegram_settings(api)) as served:
                await served.until_healthy()
                ann.private.send("/report add BTC at 08:00 tz Europe/London")
                kept = (await ann.private.next_message(30)).content.formatted.text
                assert "08:00" in kept
                assert "London" in kept
                ann.private.send("/report test 1")
                sent = [await ann.private.next_message(30) for _ in range(2)]
                (report,) = [message for message in sent if message.content.media is not None]
                assert report.content.media.source.startswith(PNG)

                assert "BTC" in report.content.formatted.text
                with pytest.raises(AssertionError, match="no message"):
                    await ann.private.next_message(4)
                _, metrics = await served.get("/metrics")
                assert 'fathom_deliveries_total{kind="report",platform="telegram",status="sent"} 1.0' in metrics
                code, took_s = await served.stop()
                assert (code, took_s < 5) == (0, True), served.said
                assert "Traceback" not in served.said

    asyncio.run(talk())


def test_a_report_that_is_tested_arrives_on_discord_once_and_its_buttons_answer(tmp_path):
    async def talk() -> None:
        async with FakeDiscord() as fake:
            seat = a_seat(fake)
            async with serving(tmp_path, discord_settings(fake)) as served:
                await served.until_healthy()
                set_up = await (await seat.slash("report", action="add", symbols="BTC", tz="Europe/London")).reply(30)
                assert "London" in str(set_up.content)
                await (await seat.slash("report", action="test", number=1)).reply(30)
                report = await seat.next_message(60)
                assert picture_on_discord(report).startswith(PNG)
                assert "BTC" in str(report.content)
                before = picture_on_discord(report)
                await seat.press(report, "24h")
                await seat.edited(report, timeout_s=60)
                assert picture_on_discord(report) != before
                with pytest.raises(AssertionError):
                    await seat.next_message(4)
                _, metrics = await served.get("/metrics")
                assert 'fathom_deliveries_total{kind="report",platform="discord",status="sent"} 1.0' in metrics
                assert (await served.stop())[0] == 0
                assert "Traceback" not in served.said

    asyncio.run(talk())
