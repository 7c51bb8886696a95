"""Messages that nobody asked for at that moment, sent through the real library to Discord's interface on loopback."""

import asyncio
import logging
from dataclasses import replace

import pytest

from bot.chats.discord_chat.delivering import DiscordSender
from bot.deliveries.delivery import Destination, RejectedError, TryAgainError, UncertainError, UnreachableError
from bot.handlers import Outgoing
from bot.liq_reply import liq_reply
from bot.presses import buttons_for
from bot.replies import Line, Reply, block
from bot.requests import Liq
from bot.service.answer import Drawing
from tests.bot.conftest import make_analysis
from tests.bot.telegram_talk import picture
from tests.fake_discord import FakeDiscord, Fault, Silence
from tests.fake_discord.client import pointed_at
from tests.fake_discord.faults import refused, too_many_requests, unavailable
from tests.fake_discord.places import ATTACH_FILES, GROUP_DM, SEND_MESSAGES, Channel
from tests.fake_discord.wire import Answer

LIQ = Liq(symbol="BTC")
REPORT = Outgoing(
    reply=replace(liq_reply(make_analysis()), result=None),
    request=LIQ,
    drawing=Drawing(png=picture("BTC"), name="map.png", alt="a map"),
    buttons=buttons_for(LIQ, asker=7),
)
DIGEST = replace(
    REPORT, more_drawings=tuple(Drawing(png=picture(f"{n}"), name="map.png", alt="a map") for n in range(9))
)
TEXT = Outgoing(reply=Reply(blocks=block("headline", Line(text="BTC reached 70,000 @everyone"))))
SILENT = 1 << 12
EVERY_ERROR = (UnreachableError, TryAgainError, RejectedError, UncertainError)


class Post:
    """One fake and one sender, with Ann and a channel of hers."""

    def __init__(self, fake, sender):
        self.fake, self.sender = fake, sender
        self.ann = fake.user("Ann")
        self.guild = fake.guild("Traders", self.ann)
        self.channel = fake.channel(self.guild)

    async def send(self, outgoing=REPORT, *, nonce="r1-1", **where):
        to = {"chat": self.channel.id, "owner": self.ann.id, "community": self.guild.id} | where
        return await self.sender.deliver(outgoing, Destination(platform="discord", **to), nonce=nonce)

    async def send_home(self, outgoing=REPORT, *, chat=None, **more):
        return await self.send(outgoing, chat=chat or self.ann.id, community=None, **more)

    async def refusal(self, *outcomes, outgoing=REPORT, at="POST /channels/*/messages", **where):
        """The error that faults of the server come to, one after the other."""
        self.fake.faults += [Fault(at, outcome) for outcome in outcomes]
        with pytest.raises(EVERY_ERROR) as caught:
            await self.send(outgoing, **where)
        self.fake.faults.clear()
        assert self.fake.token not in str(caught.value)
        assert caught.value.__cause__ is None
        return caught.value


def posting(use, *, freezes=True, **options):
    async def run():
        async with FakeDiscord() as fake:
            if freezes:
                fake.freeze()
            with pointed_at(fake):
                sender = DiscordSender(**({"token": fake.token, "api_base": fake.rest_url} | options))
                try:
                    await use(Post(fake, sender))
                finally:
                    await sender.close()

    asyncio.run(run())


@pytest.fixture
def hurried(monkeypatch):
    """The library's pauses between its own repetitions, without their length."""
    sleep = asyncio.sleep
    monkeypatch.setattr("discord.http.asyncio.sleep", lambda _s: sleep(0))


# --- what arrives ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["components", "embed"])
def test_a_report_is_one_message_with_picture_words_and_buttons(layout):
    async def use(post):
        number = await post.send()
        (message,) = post.fake.sent()
        assert message.id == number
        assert [each.content for each in message.attachments] == [picture("BTC")]
        shown = message.text + "".join(each["description"] for each in message.content.embeds)
        assert "70,412" in shown
        assert message.button("12h")
        assert not message.content.flags & SILENT

    posting(use, layout=layout)


@pytest.mark.parametrize("layout", ["components", "embed"])
def test_a_digest_shows_its_pictures_in_one_message(layout):
    async def use(post):
        await post.send(DIGEST)
        (message,) = post.fake.sent()
        assert len({each.name for each in message.attachments}) == 10

    posting(use, layout=layout)


def test_it_makes_no_sound_where_that_was_asked_for_goes_into_its_thread_and_mentions_nobody():
    async def use(post):
        thread = post.fake.channel(post.guild, "thread")
        await post.send(TEXT, topic=thread.id, is_silent=True)
        (message,) = thread.messages.values()
        assert message.content.flags & SILENT
        (call,) = post.fake.called("POST", "/channels")
        assert call.body.fields["allowed_mentions"]["parse"] == []

    posting(use)


def test_in_private_it_goes_to_the_conversation_with_the_owner_which_is_opened_once():
    async def use(post):
        for place in range(3):
            await post.send_home(nonce=f"n{place}")
        assert len(post.fake.direct(post.ann).messages) == 3
        assert len(post.fake.called("POST", "/users/@me/channels")) == 1

    posting(use)


def test_a_conversation_whose_number_is_known_is_not_opened_again():
    async def use(post):
        seat = post.fake.direct(post.ann)
        await post.send_home(chat=seat.channel.id)
        assert len(seat.messages) == 1
        assert post.fake.called("POST", "/users/@me/channels") == []

    posting(use)


def test_what_was_set_up_in_a_conversation_of_others_comes_to_the_owner():
    async def use(post):
        friends = Channel(name="friends", kind=GROUP_DM, person=post.ann)
        await post.send_home(chat=friends.id)
        assert len(post.fake.direct(post.ann).messages) == 1

    posting(use)


def test_where_files_are_forbidden_the_words_come_without_pictures():
    async def use(post):
        post.channel.denied = ATTACH_FILES
        await post.send(DIGEST)
        (message,) = post.fake.sent()
        assert message.attachments == ()
        assert "70,412" in message.text

    posting(use)


def test_many_at_once_log_in_once():
    async def use(post):
        await asyncio.gather(*(post.send(TEXT, nonce=f"n{place}") for place in range(10)))
        assert len(post.fake.sent()) == 10
        assert len(post.fake.called("GET", "/users/@me")) == 1

    posting(use)


# --- the same message again ------------------------------------------------------------------------------------------


def test_a_message_whose_answer_was_lost_stands_there_once_when_it_is_sent_again():
    async def use(post):
        post.fake.faults.append(Fault("POST /channels/*/messages", Silence.RESET, performed=True))
        with pytest.raises(UncertainError):
            await post.send()
        number = await post.send()
        assert [message.id for message in post.fake.sent()] == [number]

    posting(use)


def test_another_nonce_is_another_message():
    async def use(post):
        assert await post.send(TEXT, nonce="r1-1") != await post.send(TEXT, nonce="r1-2")
        assert len(post.fake.sent()) == 2

    posting(use)


def test_the_librarys_own_repetitions_make_no_doubles(hurried):
    async def use(post):
        post.fake.faults.append(Fault("POST /channels/*/messages", unavailable(502), performed=True, times=3))
        await post.send()
        assert len(post.fake.sent()) == 1

    posting(use)


# --- what does not arrive --------------------------------------------------------------------------------------------


def test_who_takes_no_messages_or_is_nobody_is_unreachable():
    async def use(post):
        post.ann.takes_dms = False
        with pytest.raises(UnreachableError, match="this user"):
            await post.send_home()
        with pytest.raises(UnreachableError, match="Unknown User"):
            await post.send_home(owner=4, chat=4)

    posting(use)


def test_a_channel_that_is_closed_or_gone_is_unreachable():
    async def use(post):
        post.channel.denied = SEND_MESSAGES
        with pytest.raises(UnreachableError, match="Missing Permissions"):
            await post.send()
        await post.fake.expel(post.guild)
        with pytest.raises(UnreachableError, match="Unknown Channel"):
            await post.send()

    posting(use)


@pytest.mark.parametrize(
    ("outcome", "kind", "is_platform_wide"),
    [
        (refused(400, 50_035, "Invalid Form Body"), RejectedError, False),
        (refused(404, 10_008, "Unknown Message"), RejectedError, False),
        (refused(403, 20_009, "Explicit content"), RejectedError, False),
        (refused(400, 50_083, "Thread is archived"), UnreachableError, False),
        (refused(403, 40_333, "internal network error"), TryAgainError, True),
        (refused(400, 40_004, "Send messages has been temporarily disabled"), TryAgainError, True),
        (refused(401, 0, "401: Unauthorized"), TryAgainError, True),
        (Answer(b"<html>Access denied</html>", 403, {}, "text/html"), TryAgainError, True),
        (too_many_requests(60.0), TryAgainError, False),
        (too_many_requests(60.0, via=False), TryAgainError, True),
        (Answer(b"<html>banned</html>", 429, {}, "text/html"), TryAgainError, True),
        (Answer(b"{}", 408), UncertainError, False),
        (unavailable(503), UncertainError, False),
        (Answer(b'{"id": "1', 200), UncertainError, False),
        (Silence.RESET, UncertainError, False),
        (Silence.HANG, UncertainError, False),
    ],
)
def test_what_goes_wrong_is_told_apart(outcome, kind, is_platform_wide):
    async def use(post):
        error = await post.refusal(outcome)
        assert type(error) is kind
        assert getattr(error, "is_platform_wide", False) is is_platform_wide

    posting(use, longest_send_s=0.5)


def test_a_server_that_fails_on_and_on_leaves_it_uncertain(hurried):
    async def use(post):
        assert type(await post.refusal(*[unavailable(502)] * 5)) is UncertainError
        refused_then = [unavailable(502), refused(400, 50_035, "Invalid Form Body")]
        assert type(await post.refusal(*refused_then, nonce="r1-2")) is UncertainError

    posting(use)


def test_how_long_to_wait_is_told_and_two_chats_that_have_to_mean_all():
    async def use(post):
        one = await post.refusal(too_many_requests(60.0))
        assert (one.after_s, one.is_platform_wide) == (60.0, False)
        other = post.fake.channel(post.guild, "other")
        two = await post.refusal(too_many_requests(40.0), chat=other.id)
        assert (two.after_s, two.is_platform_wide) == (40.0, True)
        banned = await post.refusal(too_many_requests(33.0, via=False))
        assert banned.after_s == 33.0

    posting(use)


def test_a_wait_that_takes_too_long_is_no_doubt_as_nothing_was_taken():
    async def use(post):
        error = await post.refusal(too_many_requests(20.0))
        assert type(error) is TryAgainError

    posting(use, longest_send_s=0.3)


def test_after_a_failure_discord_is_asked_first_so_that_an_outage_leaves_few_in_doubt():
    async def use(post):
        assert type(await post.refusal(unavailable(503))) is UncertainError
        error = await post.refusal(unavailable(503), at="GET /*")
        assert type(error) is TryAgainError
        assert error.is_platform_wide
        assert len(post.fake.called("POST", "/channels")) == 1
        await post.send()
        before = len(post.fake.calls)
        await post.send(nonce="r1-2")
        assert len(post.fake.calls) == before + 1

    posting(use)


def test_a_server_that_is_not_there_has_sent_nothing():
    async def use(post):
        await post.fake.stop()
        for _ in range(2):
            with pytest.raises(TryAgainError) as caught:
                await post.send()
            assert caught.value.is_platform_wide
        await post.fake.start()
        await post.send()

    posting(use)


def test_of_a_server_that_goes_away_only_what_was_on_its_way_is_uncertain():
    async def use(post):
        await post.send()
        await post.fake.stop()
        with pytest.raises(UncertainError):
            await post.send(nonce="r1-2")
        with pytest.raises(TryAgainError):
            await post.send(nonce="r1-3")

    posting(use)


def test_all_who_wait_for_a_login_that_never_ends_give_up_together():
    async def use(post):
        post.fake.faults.append(Fault("GET /*", Silence.HANG, times=None))
        async with asyncio.timeout(1.0):
            sent = [post.send(nonce=f"n{place}") for place in range(10)]
            ended = await asyncio.gather(*sent, return_exceptions=True)
        assert {type(error) for error in ended} == {TryAgainError}
        assert len({id(error) for error in ended}) == 10

    posting(use, longest_login_s=0.3)


def test_a_refused_token_halts_everything_and_stands_nowhere(caplog):
    caplog.set_level(logging.DEBUG)
    wrong = "MTIz.wrong.token-that-is-secret"

    async def use(post):
        with pytest.raises(TryAgainError, match="token") as caught:
            await post.send()
        assert caught.value.is_platform_wide
        assert caught.value.after_s == 300

    posting(use, token=wrong)
    assert wrong not in caplog.text


def test_a_sender_that_was_closed_lets_go_and_may_send_again():
    async def use(post):
        await post.send()
        await post.sender.close()
        await post.sender.close()
        await post.send(nonce="r1-2")
        assert len(post.fake.sent()) == 2

    posting(use)
