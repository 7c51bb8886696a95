"""`fathom serve` and `fathom worker` as processes on one PostgreSQL: who works, who is killed, and what people see."""

import asyncio
import sys

import pytest

from bot.cli import run
from tests.bot.serving import serving, telegram_settings
from tests.bot_api import BotApi

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows stops processes without SIGTERM")

KEY = "a key of the tests, and of nobody else"
SYMBOLS, WINDOWS = ("BTC", "ETH"), ("12h", "24h", "3d")


def folders_in(path, *names):
    for name in names:
        (path / name).mkdir()
    return [path / name for name in names]


@pytest.mark.soak
def test_workers_do_the_work_and_who_is_killed_keeps_nobody_from_an_answer(tmp_path, shared_url):
    async def talk():
        cluster = {
            "FATHOM_STORAGE__URL": shared_url,
            "FATHOM_CLUSTER__ENABLED": "true",
            "FATHOM_CLUSTER__KEY": KEY,
            "FATHOM_SERVE__WORKERS": "1",
        }
        here, one_folder, other_folder = folders_in(tmp_path, "serve", "one", "other")
        async with BotApi() as api:
            people = [api.user(f"Ann {place}") for place in range(len(SYMBOLS) * len(WINDOWS))]
            async with (
                serving(here, telegram_settings(api) | cluster) as served,
                serving(one_folder, cluster, command="worker") as one,
                serving(other_folder, cluster, command="worker") as other,
            ):
                await served.until_healthy()
                await asyncio.gather(one.until_logged("ready"), other.until_logged("ready"))
                await served.until_logged("workers of the cluster are there")
                people[0].private.send("/liq SOL")
                assert (await people[0].private.next_message(30)).content.media is not None
                assert one.logged("worked out") or other.logged("worked out")

                loop = asyncio.get_running_loop()
                questions = [f"/liq {symbol} {window}" for symbol in SYMBOLS for window in WINDOWS]
                asked_s = loop.time()
                for person, question in zip(people, questions, strict=True):
                    person.private.send(question)
                await asyncio.sleep(0.3)
                one.process.kill()
                answers = await asyncio.gather(*(person.private.next_message(60) for person in people))
                took_s = loop.time() - asked_s
                assert all(answer.content.media is not None for answer in answers)

                code, stopping_s = await other.stop()
                assert (code, stopping_s < 5) == (0, True), other.said
                await served.until_logged("no worker of the cluster is there")
                people[0].private.send("/liq SOL 12h")
                assert (await people[0].private.next_message(30)).content.media is not None
                assert (await served.stop())[0] == 0
            for process in (served, one, other):
                assert "Traceback" not in process.said, process.said
                assert KEY not in process.said
            return took_s

    took_s = asyncio.run(talk())
    print(f"six questions, one of two workers killed meanwhile: the last answer after {took_s:.1f} s")  # noqa: T201


@pytest.mark.usefixtures("plain_home")
@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "enabled = true"),
        ({"FATHOM_CLUSTER__ENABLED": "true"}, "PostgreSQL"),
        (
            {"FATHOM_CLUSTER__ENABLED": "true", "FATHOM_STORAGE__URL": "postgresql://u@127.0.0.1:1/no"},
            "openssl rand -hex 32",
        ),
    ],
    ids=["not enabled", "a file", "no key"],
)
def test_a_worker_that_cannot_work_says_what_to_set(settings, says, capsys, monkeypatch):
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert run(["worker"]) == 2
    assert says in capsys.readouterr().err


@pytest.mark.usefixtures("plain_home")
def test_serving_with_a_cluster_needs_what_a_worker_needs(capsys, monkeypatch):
    monkeypatch.setenv("FATHOM_CLUSTER__ENABLED", "true")
    monkeypatch.setenv("FATHOM_TELEGRAM__TOKEN", "1:made")
    assert run(["serve"]) == 2
    assert "PostgreSQL" in capsys.readouterr().err
