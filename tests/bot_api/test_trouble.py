"""Rate limits and faults of the Bot API reach the real client as they would from Telegram."""

import time

import pytest
from telegram.error import Forbidden, NetworkError, RetryAfter, TelegramError, TimedOut
from telegram.ext import AIORateLimiter, ApplicationBuilder

from tests.bot_api import Fault, Limits, Silence, Slow, faults
from tests.bot_api.client import with_bot

# --- rate limits -----------------------------------------------------------------------------------------------------


def test_more_than_thirty_messages_a_second_are_refused_with_the_time_to_wait() -> None:
    async def talk(api, bot) -> None:
        ann = api.user().private
        ann.send("/start")
        api.freeze()
        for _ in range(30):
            await bot.send_message(ann.room.id, "x")
        with pytest.raises(RetryAfter) as limited:
            await bot.send_message(ann.room.id, "x")
        assert limited.value.retry_after == 1
        assert len(ann.messages) == 30
        api.skip(1.0)
        await bot.send_message(ann.room.id, "x")

    with_bot(talk)


def test_a_chats_own_limits_are_an_option() -> None:
    async def talk(api, bot) -> None:
        ann = api.user()
        group = api.group("Traders", ann)
        group.add_bot(by=ann)
        ann.private.send("/start")
        api.freeze()
        for _ in range(20):
            await bot.send_message(group.id, "x")
            api.skip(1.0)
        with pytest.raises(RetryAfter):
            await bot.send_message(group.id, "x")
        await bot.send_message(ann.id, "x")
        with pytest.raises(RetryAfter):
            await bot.send_message(ann.id, "x")

    with_bot(talk, limits=Limits(chat_per_s=1, group_per_min=20))


def test_the_clients_rate_limiter_waits_as_long_as_it_is_told() -> None:
    async def talk(api, bot) -> None:
        ann = api.user().private
        ann.send("/start")
        api.faults.append(Fault("sendMessage", faults.too_many_requests(1)))
        builder = ApplicationBuilder().token(api.token).base_url(api.base_url)
        application = builder.rate_limiter(AIORateLimiter(max_retries=1)).job_queue(None).build()
        async with application:
            await application.bot.send_message(ann.room.id, "x")
        first, second = api.called("sendMessage")
        assert first.refused.code == 429
        assert second.at - first.at >= 1.0

    with_bot(talk)


# --- faults ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (faults.internal_error(), NetworkError),
        (faults.bad_gateway(), NetworkError),
        (faults.truncated(), TelegramError),
        (faults.too_many_requests(3), RetryAfter),
        (Silence.RESET, NetworkError),
        (Silence.HANG, TimedOut),
        (faults.refused(403, "Forbidden: bot was blocked by the user"), Forbidden),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_fault_strikes_as_often_as_it_is_told(outcome, expected) -> None:
    async def talk(api, bot) -> None:
        ann = api.user().private
        ann.send("/start")
        api.faults.append(Fault("sendMessage", outcome))
        with pytest.raises(expected):
            await bot.send_message(ann.room.id, "x", read_timeout=0.2 if outcome is Silence.HANG else 10)
        assert ann.messages == []
        await bot.send_message(ann.room.id, "y")
        assert [message.text for message in ann.messages] == ["y"]

    with_bot(talk)


def test_an_answer_can_be_lost_after_the_message_was_sent() -> None:
    async def talk(api, bot) -> None:
        ann = api.user().private
        ann.send("/start")
        api.faults.append(Fault("send*", Silence.RESET, performed=True))
        with pytest.raises(NetworkError):
            await bot.send_message(ann.room.id, "x")
        assert [message.text for message in ann.messages] == ["x"]

    with_bot(talk)


def test_a_slow_answer_is_the_true_one() -> None:
    async def talk(api, bot) -> None:
        api.faults.append(Fault("getMe", Slow(0.3)))
        begun = time.monotonic()
        assert (await bot.get_me()).username == "fathom_test_bot"
        assert time.monotonic() - begun >= 0.3

    with_bot(talk)
