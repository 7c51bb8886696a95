"""The courier in virtual time on real databases: what arrives how often, whatever goes wrong meanwhile."""

import asyncio
from itertools import pairwise

import pytest

from bot.deliveries.delivery import (
    NothingToSendError,
    RejectedError,
    TryAgainError,
    UncertainError,
    UnreachableError,
)
from bot.storage.tables import alert, subscription
from tests.bot.deliveries.post import Box, Letters, courier, deliver_for, put, report, rows_of, subscribed
from tests.bot.deliveries.virtual_time import BEGIN_S, Wall, run


def statuses(rows):
    return [row["status"] for row in rows]


def test_every_delivery_arrives_once_and_its_message_is_noted(url):
    async def story(database, loop):
        await put(database, subscribed(1), table=subscription)
        await put(database, *(report(number) for number in range(1, 41)))
        box = Box()
        await deliver_for(5, courier(database, loop, telegram=box))
        rows = await rows_of(database)
        assert box.counts == {f"{number} {BEGIN_S}": 1 for number in range(1, 41)}
        assert statuses(rows) == ["sent"] * 40
        assert sorted(row["message_id"] for row in rows) == list(range(1, 41))
        assert (await rows_of(database, subscription))[0]["shown"] == str(BEGIN_S)

    run(story, url)


def test_nothing_is_sent_before_its_time(url):
    async def story(database, loop):
        await put(database, report(1, due_s=BEGIN_S + 60))
        box = Box()
        await deliver_for(58, courier(database, loop, telegram=box))
        assert not box.arrived
        await deliver_for(5, courier(database, loop, telegram=box))
        assert len(box.arrived) == 1

    run(story, url)


def test_several_couriers_on_one_database_send_each_delivery_once_and_share_the_pace(url):
    async def story(database, loop):
        await put(database, *(report(number) for number in range(1, 401)))
        box = Box()
        await deliver_for(40, *(courier(database, loop, telegram=box) for _ in range(4)))
        assert set(box.counts.values()) == {1}
        assert len(box.counts) == 400
        at = sorted(at for at, _destination, _text in box.arrived)
        assert max(sum(begin <= each < begin + 1 for each in at) for begin in at) <= 30  # Telegram's own limit
        assert at[-1] - at[0] <= 400 / 22.5

    run(story, url)


@pytest.mark.parametrize("jump_s", [86_400, -86_400])
def test_a_clock_that_jumps_for_a_while_neither_sends_early_nor_twice(url, jump_s):
    async def story(database, loop):
        due = [BEGIN_S + 10, BEGIN_S + 40, BEGIN_S + 3_600]
        await put(database, *(report(1, due_s=due_s) for due_s in due))
        box, wall = Box(), Wall(loop)
        running = asyncio.create_task(deliver_for(200, courier(database, loop, wall, telegram=box)))
        await asyncio.sleep(20)
        wall.offset_s += jump_s
        await asyncio.sleep(45)
        assert set(box.counts) == {f"1 {due[0]}", f"1 {due[1]}"}
        wall.offset_s -= jump_s
        await running
        assert box.counts == {f"1 {due[0]}": 1, f"1 {due[1]}": 1}

    run(story, url)


def test_a_database_that_is_away_for_a_minute_loses_and_doubles_nothing(url):
    async def story(database, loop):
        await put(database, *(report(number) for number in range(1, 101)))
        box = Box(took_s=0.5)
        others = [courier(database, loop, telegram=box) for _ in range(2)]
        running = asyncio.create_task(deliver_for(150, *others))
        await asyncio.sleep(1.2)
        database.is_away = True
        await asyncio.sleep(10)
        sent_meanwhile = len(box.arrived)
        await asyncio.sleep(50)
        assert 0 < sent_meanwhile == len(box.arrived) < 100
        database.is_away = False
        await running
        assert box.counts == {f"{number} {BEGIN_S}": 1 for number in range(1, 101)}
        assert statuses(await rows_of(database, kind="report")) == ["sent"] * 100

    run(story, url)


@pytest.mark.parametrize(
    "error",
    [
        TryAgainError("too many requests", after_s=30, is_platform_wide=True),
        TryAgainError("too many requests", after_s=5),
        TryAgainError("internal server error"),
    ],
    ids=["429 for all", "429 for a chat", "500"],
)
def test_a_platform_that_refuses_for_five_minutes_gets_everything_once_afterwards(url, error):
    async def story(database, loop):
        await put(database, *(report(number) for number in range(1, 31)))
        until_s = loop.time() + 300
        box = Box(lambda destination: error if loop.time() < until_s else None)
        await deliver_for(700, courier(database, loop, telegram=box))
        assert box.counts == {f"{number} {BEGIN_S}": 1 for number in range(1, 31)}
        assert set(statuses(await rows_of(database))) == {"sent"}

    run(story, url)


def test_what_would_come_too_late_fails_and_its_owner_is_told_once(url):
    async def story(database, loop):
        await put(database, *(report(number, until_s=BEGIN_S + 120) for number in (1, 2)))
        box = Box(lambda destination: None if destination.chat == 7 else TryAgainError("internal server error"))
        await deliver_for(400, courier(database, loop, telegram=box))
        assert statuses(await rows_of(database, kind="report")) == ["failed", "failed"]
        [(destination, text)] = box.notices
        assert (destination.chat, destination.is_private) == (7, True)
        assert text.count("was not sent: it would come too late. internal server error") == 2

    run(story, url)


def test_a_restart_after_three_hours_sends_what_waited_and_what_was_claimed(url):
    async def story(database, loop):
        dead = {"holder": "gone", "lease_until_s": BEGIN_S + 30}
        await put(database, report(1), report(2, status="claimed", **dead))
        await asyncio.sleep(3 * 3_600)
        box = Box()
        await deliver_for(5, courier(database, loop, telegram=box))
        assert box.counts == {f"1 {BEGIN_S}": 1, f"2 {BEGIN_S}": 1}

    run(story, url)


def test_what_was_being_sent_when_a_process_died_is_uncertain_on_telegram_and_sent_again_on_discord(url):
    async def story(database, loop):
        dying = {"status": "sending", "holder": "gone", "lease_until_s": BEGIN_S + 30, "began_s": BEGIN_S}
        await put(database, report(1, **dying), report(2, platform="discord", **dying))
        await put(database, report(3, platform="discord", **{**dying, "began_s": BEGIN_S - 400}))
        await asyncio.sleep(60)
        telegram, discord = Box(), Box()
        await deliver_for(60, courier(database, loop, telegram=telegram, discord=discord))
        assert statuses(await rows_of(database, kind="report")) == ["uncertain", "sent", "uncertain"]
        assert discord.counts == {f"2 {BEGIN_S}": 1}
        assert "Report 1, due 14 Mar 08:00 UTC, may have arrived or not." in telegram.notices[0][1]
        assert "Report 3, due 14 Mar 08:00 UTC, may have arrived or not." in discord.notices[0][1]

    run(story, url)


def test_a_connection_that_breaks_while_sending_is_tried_again_under_the_same_nonce_on_discord_only(url):
    async def story(database, loop):
        broken = []

        def breaks_once(destination):
            if destination.chat in broken or destination.chat == 7:
                return None
            broken.append(destination.chat)
            return UncertainError("the connection broke")

        await put(database, report(1), report(2, platform="discord"))
        telegram, discord = Box(breaks_once), Box(breaks_once)
        await deliver_for(60, courier(database, loop, telegram=telegram, discord=discord))
        assert statuses(await rows_of(database, kind="report")) == ["uncertain", "sent"]
        assert len(discord.nonces) == 1
        assert len(telegram.notices) == 1

    run(story, url)


def test_a_notice_of_what_is_uncertain_outlives_an_outage_in_which_it_is_uncertain_itself(url):
    async def story(database, loop):
        await put(database, report(1))
        until_s = loop.time() + 300
        box = Box(lambda destination: UncertainError("a gateway failed") if loop.time() < until_s else None)
        await deliver_for(900, courier(database, loop, telegram=box))
        assert statuses(await rows_of(database)) == ["uncertain", "sent"]
        [(_destination, text)] = box.notices
        assert "Report 1, due 14 Mar 08:00 UTC, may have arrived or not." in text

    run(story, url)


def test_a_dead_destination_is_paused_with_all_that_goes_there_and_each_owner_is_told_once(url):
    async def story(database, loop):
        there = {"chat_id": -5, "community_id": -5}
        await put(database, subscribed(1, **there), subscribed(2, **there), subscribed(3), table=subscription)
        await put(database, subscribed(4, user_id=8, **there), table=subscription)
        watches = {"id": 1, "platform": "telegram", "user_id": 8, "silent": False, "symbol": "BTC", "kind": "flip"}
        more = {"repeats": True, "cooldown_s": 60, "created_s": BEGIN_S, "state": "{}"}
        await put(database, {**watches, **more, **there}, table=alert)
        await put(database, *(report(number, chat=-5) for number in (1, 2, 4)))
        box = Box(lambda destination: UnreachableError("the bot was removed") if destination.chat == -5 else None)
        await deliver_for(90, courier(database, loop, telegram=box), courier(database, loop, telegram=box))
        paused = [row["paused_why"] for row in await rows_of(database, subscription)]
        assert paused == ["the bot was removed", "the bot was removed", None, "the bot was removed"]
        assert (await rows_of(database, alert))[0]["paused_why"] == "the bot was removed"
        assert set(statuses(await rows_of(database, kind="report"))) == {"failed"}
        assert sorted(destination.chat for destination, _text in box.notices) == [7, 8]

    run(story, url)


def test_a_dead_private_chat_is_paused_without_a_notice_that_could_not_arrive(url):
    async def story(database, loop):
        await put(database, subscribed(1, chat_id=7, community_id=None), table=subscription)
        await put(database, report(1, chat=7, community_id=None))
        box = Box(lambda destination: UnreachableError("the bot was blocked"))
        await deliver_for(60, courier(database, loop, telegram=box))
        assert (await rows_of(database, subscription))[0]["paused_why"] == "the bot was blocked"
        assert len(await rows_of(database)) == 1

    run(story, url)


def test_a_chat_with_a_new_number_is_followed(url):
    async def story(database, loop):
        await put(database, subscribed(5), table=subscription)
        await put(database, report(5))
        moved = UnreachableError("the group was upgraded", moved_to=-1005)
        box = Box(lambda destination: moved if destination.chat == -5 else None)
        await deliver_for(10, courier(database, loop, telegram=box))
        assert [destination.chat for _at, destination, _text in box.arrived] == [-1005]
        [row] = await rows_of(database, subscription)
        assert (row["chat_id"], row["paused_why"]) == (-1005, None)

    run(story, url)


def test_what_the_platform_rejects_fails_at_once_and_what_has_no_message_is_skipped(url):
    class Nothing(Letters):
        async def prepare(self, delivery, *, now_s):
            if delivery.subject == 2:
                raise NothingToSendError("the report was removed")
            return await super().prepare(delivery, now_s=now_s)

    async def story(database, loop):
        await put(database, report(1), report(2))
        box = Box(lambda destination: RejectedError("caption is too long") if destination.chat == -1 else None)
        await deliver_for(60, courier(database, loop, preparer=Nothing(), telegram=box))
        rows = await rows_of(database, kind="report")
        assert [(row["status"], row["note"]) for row in rows] == [
            ("failed", "caption is too long"),
            ("skipped", "the report was removed"),
        ]
        assert len(box.notices) == 1

    run(story, url)


def test_what_cannot_be_prepared_now_is_tried_again(url):
    class Flaky(Letters):
        calls = 0

        async def prepare(self, delivery, *, now_s):
            self.calls += 1
            if self.calls < 4:
                raise ConnectionResetError
            return await super().prepare(delivery, now_s=now_s)

    async def story(database, loop):
        await put(database, report(1))
        box = Box()
        await deliver_for(30, courier(database, loop, preparer=Flaky(), telegram=box))
        assert len(box.arrived) == 1

    run(story, url)


def test_a_courier_that_is_ended_finishes_what_it_sends_and_gives_the_rest_back(url):
    async def story(database, loop):
        await put(database, *(report(number) for number in range(1, 31)))
        box = Box(took_s=2)
        await deliver_for(0.5, courier(database, loop, telegram=box))
        found = statuses(await rows_of(database))
        assert found.count("sent") == len(box.arrived) > 0
        assert found.count("planned") == 30 - len(box.arrived) > 0

    run(story, url)


def test_one_group_gets_at_most_twenty_messages_a_minute_and_no_two_within_a_second(url):
    async def story(database, loop):
        await put(database, *(report(number, chat=-9) for number in range(1, 31)))
        box = Box(took_s=0.0)
        await deliver_for(150, courier(database, loop, telegram=box))
        at = [at for at, _destination, _text in box.arrived]
        assert len(at) == 30
        assert min(later - before for before, later in pairwise(at)) >= 0.9
        assert max(sum(begin <= each < begin + 59 for each in at) for begin in at) <= 20

    run(story, url)
