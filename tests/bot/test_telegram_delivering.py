"""Messages that nobody asked for at that moment, sent through the real library to the Bot API's emulator."""

import asyncio
import logging
from dataclasses import replace

import pytest

from bot.chats.telegram_chat.delivering import TelegramSender
from bot.deliveries.delivery import Destination, RejectedError, TryAgainError, UncertainError, UnreachableError
from bot.handlers import Outgoing
from bot.liq_reply import liq_reply
from bot.presses import buttons_for
from bot.replies import Line, Reply, block
from bot.requests import Liq
from bot.service.answer import Drawing
from tests.bot.conftest import make_analysis
from tests.bot.telegram_talk import picture
from tests.bot_api import BotApi, Fault, Limits, Silence, Slow
from tests.bot_api.faults import gateway_page, internal_error, refused, too_many_requests, truncated
from tests.bot_api.wire import Answer

LIQ = Liq(symbol="BTC")
REPORT = Outgoing(
    reply=replace(liq_reply(make_analysis()), result=None),
    request=LIQ,
    drawing=Drawing(png=picture("BTC"), name="BTC.png", alt="a map"),
    buttons=buttons_for(LIQ, asker=7),
)
DIGEST = replace(REPORT, more_drawings=(Drawing(png=picture("ETH"), name="ETH.png", alt="a map"),))
TEXT = Outgoing(reply=Reply(blocks=block("headline", Line(text="BTC reached 70,000"))))
LONG = Outgoing(reply=Reply(blocks=block("guide", *(Line(text=f"{'word ' * 30}{place}") for place in range(60)))))


class Post:
    """One emulator and one sender."""

    def __init__(self, api, sender):
        self.api, self.sender = api, sender
        self.ann = self.started("Ann")

    def started(self, name):
        user = self.api.user(name)
        user.account.started = True
        return user

    def group(self, **options):
        group = self.api.group("Traders", self.ann, **options)
        group.add_bot(self.ann)
        return group

    async def send(self, outgoing=REPORT, **where):
        to = {"chat": self.ann.account.id} | where
        destination = Destination(platform="telegram", owner=self.ann.account.id, **to)
        return await self.sender.deliver(outgoing, destination, nonce="r1-1")

    def uploads(self):
        return [call for call in self.api.calls if call.parameters.files]


def posting(use, *, limits=None, **options):
    async def run():
        async with BotApi(limits=limits or Limits(overall_per_s=None)) as api:
            urls = {"base_url": api.base_url, "base_file_url": api.base_file_url}
            sender = TelegramSender(**({"token": api.token} | urls | options))
            try:
                await use(Post(api, sender))
            finally:
                await sender.close()

    asyncio.run(run())


async def refusal(post, fault, outgoing=REPORT, **where):
    """The error that a fault of the server comes to."""
    post.api.faults.append(Fault("send*", fault))
    with pytest.raises((UnreachableError, TryAgainError, RejectedError, UncertainError)) as caught:
        await post.send(outgoing, **where)
    assert post.api.token not in str(caught.value)
    assert caught.value.__cause__ is None
    return caught.value


# --- what arrives ----------------------------------------------------------------------------------------------------


def test_a_report_is_one_picture_with_its_words_and_buttons():
    async def use(post):
        number = await post.send()
        (message,) = post.api.sent
        assert message.id == number
        assert message.media is not None
        assert "70,412" in message.text
        assert message.button("12h")
        assert not message.silent

    posting(use)


def test_it_makes_no_sound_where_that_was_asked_for_and_goes_into_its_topic():
    async def use(post):
        group = post.group(forum=True)
        topic = group.topic("maps")
        for outgoing in (REPORT, DIGEST, TEXT, replace(REPORT, as_file=True)):
            post.api.sent.clear()
            await post.send(outgoing, chat=group.id, community=group.id, topic=topic.thread_id, is_silent=True)
            assert {(message.silent, message.thread_id) for message in post.api.sent} == {(True, topic.thread_id)}

    posting(use)


def test_equal_pictures_are_uploaded_once_however_many_get_them_at_one_moment():
    async def use(post):
        people = [post.started(f"Ann {place}") for place in range(40)]
        await asyncio.gather(*(post.send(chat=each.account.id) for each in people))
        assert len(post.api.sent) == 40
        assert len(post.uploads()) == 1

    posting(use)


def test_a_digest_is_one_album_uploaded_once_and_its_words_stand_at_the_first_picture():
    async def use(post):
        await asyncio.gather(*(post.send(DIGEST) for _ in range(5)))
        assert len(post.uploads()) == 1
        first, second, *_ = post.api.sent
        assert first.album == second.album is not None
        assert "70,412" in first.text
        assert second.text == ""
        assert first.media.source == picture("BTC")
        assert second.media.source == picture("ETH")

    posting(use)


def test_a_picture_that_telegram_has_forgotten_is_uploaded_again():
    async def use(post):
        forgotten = refused(400, "Bad Request: wrong file identifier/HTTP URL specified")
        for outgoing in (REPORT, DIGEST):
            await post.send(outgoing)
            post.api.faults.append(Fault("send*", forgotten))
            before = len(post.uploads())
            await post.send(outgoing)
            assert len(post.uploads()) == before + 1

    posting(use)


def test_where_pictures_are_forbidden_the_words_come_as_text():
    async def use(post):
        forbidden = refused(400, "Bad Request: not enough rights to send photos to the chat")
        for outgoing in (REPORT, DIGEST):
            post.api.sent.clear()
            post.api.faults.append(Fault("send*", forbidden))
            await post.send(outgoing)
            (message,) = post.api.sent
            assert message.media is None
            assert "70,412" in message.text
            assert message.button("12h")

    posting(use)


# --- what does not ---------------------------------------------------------------------------------------------------


def test_who_blocked_the_bot_or_never_wrote_is_unreachable():
    async def use(post):
        post.ann.block()
        with pytest.raises(UnreachableError, match="blocked"):
            await post.send()
        with pytest.raises(UnreachableError, match="Chat not found"):
            await post.send(chat=4)

    posting(use)


def test_a_group_that_threw_the_bot_out_and_a_closed_topic_are_unreachable():
    async def use(post):
        group = post.group(forum=True)
        topic = group.topic("maps")
        topic.closed = True
        with pytest.raises(UnreachableError, match="Topic_closed"):
            await post.send(chat=group.id, community=group.id, topic=topic.thread_id)
        group.kick_bot(post.ann)
        with pytest.raises(UnreachableError, match="kicked"):
            await post.send(DIGEST, chat=group.id, community=group.id)

    posting(use)


def test_a_group_that_became_a_supergroup_tells_its_new_number():
    async def use(post):
        group = post.group(kind="group")
        there = group.upgrade(post.ann)
        with pytest.raises(UnreachableError) as caught:
            await post.send(chat=group.id, community=group.id)
        assert caught.value.moved_to == there.id
        await post.send(chat=there.id, community=there.id)

    posting(use)


def test_one_chat_told_to_wait_waits_alone_and_two_mean_all():
    async def use(post):
        one = await refusal(post, too_many_requests(7))
        assert (one.after_s, one.is_platform_wide) == (7, False)
        again = await refusal(post, too_many_requests(7))
        assert not again.is_platform_wide
        ben = post.started("Ben")
        two = await refusal(post, too_many_requests(3), chat=ben.account.id)
        assert (two.after_s, two.is_platform_wide) == (3, True)

    posting(use)


def test_a_chat_told_to_wait_long_ago_says_nothing_about_another():
    now = [0.0]

    async def use(post):
        await refusal(post, too_many_requests(7))
        now[0] = 8.0
        ben = post.started("Ben")
        assert not (await refusal(post, too_many_requests(7), chat=ben.account.id)).is_platform_wide

    posting(use, counter=lambda: now[0])


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (refused(429, "Too Many Requests"), TryAgainError),
        (Answer(b"<html>429 Too Many Requests</html>", 429, {}, "text/html"), TryAgainError),
        (internal_error(), TryAgainError),
        (refused(400, "Bad Request: can't parse entities"), RejectedError),
        (refused(403, "Forbidden: user is deactivated"), UnreachableError),
        (refused(502, "Bad Gateway"), TryAgainError),
        (gateway_page(500), UncertainError),
        (gateway_page(502), UncertainError),
        (gateway_page(503), UncertainError),
        (gateway_page(504), UncertainError),
        (refused(504, "Gateway Timeout"), UncertainError),
        (truncated(), UncertainError),
        (Silence.RESET, UncertainError),
        (Silence.HANG, UncertainError),
    ],
)
def test_what_goes_wrong_is_told_apart(fault, kind):
    async def use(post):
        for outgoing in (TEXT, REPORT, DIGEST):
            assert type(await refusal(post, fault, outgoing)) is kind
        assert post.api.sent == []

    posting(use, read_timeout_s=0.2)


def test_a_server_that_is_not_there_has_sent_nothing():
    async def use(post):
        await post.api.stop()
        with pytest.raises(TryAgainError):
            await post.send()
        await post.api.start()
        await post.send()

    posting(use)


def test_a_message_whose_answer_was_lost_is_uncertain_and_stands_there_once():
    async def use(post):
        post.api.faults.append(Fault("sendPhoto", Silence.RESET, performed=True))
        with pytest.raises(UncertainError):
            await post.send()
        assert len(post.api.sent) == 1

    posting(use)


def test_of_a_long_text_the_parts_that_arrived_are_never_sent_again():
    async def use(post):
        number = await post.send(LONG)
        assert number == post.api.sent[0].id
        assert len(post.api.sent) > 1
        post.api.sent.clear()
        post.api.faults += [Fault("sendMessage", Slow(0.0)), Fault("sendMessage", internal_error())]
        with pytest.raises(UncertainError, match="1 arrived"):
            await post.send(LONG)
        assert len(post.api.sent) == 1

    posting(use)


def test_a_refused_token_halts_everything_and_stands_nowhere(caplog):
    caplog.set_level(logging.DEBUG)
    wrong = "1234567890:AAG3xQ0another0token0for0tests0only00"

    async def use(post):
        with pytest.raises(TryAgainError, match="token") as caught:
            await post.send()
        assert caught.value.is_platform_wide
        assert wrong not in str(caught.value)

    posting(use, token=wrong)
    assert wrong not in caplog.text


def test_a_sender_that_was_closed_lets_go_of_its_connections():
    async def use(post):
        await post.send()
        await post.sender.close()
        with pytest.raises(UncertainError):
            await post.send()
        assert len(post.api.sent) == 1

    posting(use)
