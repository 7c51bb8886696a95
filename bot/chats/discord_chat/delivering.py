"""Discord as a port for what was not asked for at that moment: one message, and how it went for certain.

It hears nothing and needs a token only, so that any process can send. Discord knows a message that is sent again by its
nonce, for a few minutes: the library enforces that, and repeats by itself what Discord failed to serve.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

import discord

from bot.chats.discord_chat.connection import point_at
from bot.chats.discord_chat.faults import BROKEN, TOKEN_REFUSED, TOO_LARGE
from bot.chats.discord_chat.journey import Journey, watched
from bot.chats.discord_chat.messages import Layout, made
from bot.deliveries.delivery import (
    Destination,
    RejectedError,
    SendError,
    TryAgainError,
    UncertainError,
    UnreachableError,
)
from bot.deliveries.pace import MOST_OPENED, AskedToWait
from bot.handlers import Outgoing

LONGEST_WAIT_S = 30.0
"""How long the library waits by itself where Discord asks for it: its least."""
LONGEST_SEND_S, LONGEST_LOGIN_S = 34.0, 10.0
"""With such a wait in it. The courier gives up after 45 s in all, and would know less than this about how it went."""
TOKEN_REFUSED_S = 300.0
"""Somebody has to set another token: nothing is asked meanwhile (own assumption)."""

_UNKNOWN_CHANNEL, _MISSING_ACCESS, _MISSING_PERMISSIONS, _FILES_TOO_LARGE = 10_003, 50_001, 50_013, 40_005
_UNKNOWN_MESSAGE, _UNAUTHORIZED, _TOO_MANY = 10_008, 401, 429
_SERVER_ERRORS_FROM = 500
_UNREACHABLE = frozenset(
    {
        _UNKNOWN_CHANNEL,
        10_004,  # unknown server
        10_013,  # unknown user
        _MISSING_ACCESS,
        50_007,  # cannot send messages to this user
        50_008,  # the channel is of a kind without messages
        50_009,  # the server asks for more verification
        _MISSING_PERMISSIONS,
        50_024,  # the channel is of another kind
        50_033,  # nobody to write to
        50_083,  # the thread is archived
        50_278,  # no server is shared with this user
        160_005,  # the thread is locked
    }
)
"""https://docs.discord.com/developers/topics/opcodes-and-status-codes#json"""
_NOT_NOW = frozenset(
    {
        40_003,  # direct messages are opened too fast
        40_004,  # sending is disabled for a while
        40_333,  # blocked on the way
        130_000,  # overloaded
    }
)

_log = logging.getLogger(__name__)


class DiscordSender:
    """Sends as one bot; it logs in when there is something to send. layout and api_base are as the chat takes them."""

    def __init__(
        self,
        *,
        token: str,
        layout: Layout = "components",
        api_base: str | None = None,
        longest_send_s: float = LONGEST_SEND_S,
        longest_login_s: float = LONGEST_LOGIN_S,
        counter: Callable[[], float] = time.monotonic,
    ) -> None:
        self._token = token
        self._layout: Layout = layout
        self._api_base = api_base
        self._longest_send_s = longest_send_s
        self._longest_login_s = longest_login_s
        self._waiting = AskedToWait(counter)
        self._client: discord.Client | None = None
        self._entering = asyncio.Lock()
        self._is_in_doubt = False
        self._direct: OrderedDict[int, int] = OrderedDict()  # channels of conversations in private, by person

    async def deliver(self, outgoing: Outgoing, destination: Destination, *, nonce: str) -> int:
        """Send one message and return its number; the same nonce within minutes returns the first one's.

        In private it goes to the owner's own conversation with the bot, whatever chat it was set up in.

        Raises:
            UnreachableError: the chat does not want the bot, or is gone.
            TryAgainError: it was certainly not sent.
            RejectedError: Discord finds fault with the message.
            UncertainError: nobody knows; sending it again within minutes, under its nonce, makes no double.

        """
        client = await self._entered()
        journey = Journey()
        try:
            async with asyncio.timeout(self._longest_send_s):
                return await self._sent(client, outgoing, destination, nonce, journey)
        except Exception as error:
            if journey.may_have_arrived:  # whatever went wrong, such as an answer that nobody can read
                self._is_in_doubt = True
                raise UncertainError("Discord, or the way to it, failed without saying whether it was sent.") from None
            if not isinstance(error, (discord.DiscordException, TimeoutError, *BROKEN)):
                raise
            raise self._judged(error, destination) from None

    async def close(self) -> None:
        """Let go of connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _entered(self) -> discord.Client:
        """Return the client, logged in; after a failure Discord is asked first whether it is there again.

        So an outage leaves few messages in doubt.
        """
        try:
            async with asyncio.timeout(self._longest_login_s), self._entering:
                if self._client is None:
                    self._client = await self._logged_in()
                elif self._is_in_doubt:
                    await self._client.application_info()
                self._is_in_doubt = False
                return self._client
        except (discord.DiscordException, TimeoutError, *BROKEN) as error:
            raise self._without(error) from None

    async def _logged_in(self) -> discord.Client:
        point_at(api_base=self._api_base)
        client = discord.Client(
            intents=discord.Intents(guilds=True),  # none would be warned of; nothing is listened to
            max_messages=None,
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=LONGEST_WAIT_S,
            http_trace=watched(),
        )
        try:
            await client.login(self._token)
        except BaseException:
            await client.close()
            raise
        return client

    async def _sent(
        self, client: discord.Client, outgoing: Outgoing, destination: Destination, nonce: str, journey: Journey
    ) -> int:
        async def post(channel: int) -> int:
            try:
                return await self._posted(client, channel, outgoing, destination, nonce, journey)
            except discord.HTTPException as error:
                if outgoing.drawing is None or journey.may_have_arrived or not _refuses_pictures(error):
                    raise
            _log.info("Discord channel %s takes no pictures: what is sent there goes out as text", channel)
            words = replace(outgoing, drawing=None, more_drawings=())
            return await self._posted(client, channel, words, destination, nonce, journey)

        if not destination.is_private:
            return await post(destination.topic or destination.chat)
        owner = destination.owner
        channel = self._direct.get(owner, destination.chat)
        if channel != owner:
            try:
                return await post(channel)
            except discord.HTTPException as error:  # a conversation of others, where the bot can only answer
                if error.code not in {_UNKNOWN_CHANNEL, _MISSING_ACCESS}:
                    raise
        return await post(await self._opened(client, owner))

    async def _opened(self, client: discord.Client, owner: int) -> int:
        """Return the channel of the conversation with a person."""
        channel = await client.create_dm(discord.Object(owner))
        self._direct[owner] = channel.id
        while len(self._direct) > MOST_OPENED:
            self._direct.popitem(last=False)
        return channel.id

    async def _posted(
        self,
        client: discord.Client,
        channel: int,
        outgoing: Outgoing,
        destination: Destination,
        nonce: str,
        journey: Journey,
    ) -> int:
        content = made(outgoing, self._layout).new()
        with journey.under_way():
            message = await client.get_partial_messageable(channel).send(
                **content, nonce=nonce, silent=destination.is_silent
            )
        return message.id

    def _judged(self, error: Exception, destination: Destination) -> SendError:
        """Return what an error means of a message that was certainly not sent."""
        match error:
            case discord.RateLimited():
                is_platform_wide = self._waiting.asked(destination.topic or destination.chat, error.retry_after)
                why = f"Discord asks to wait {error.retry_after:.0f} s."
                return TryAgainError(why, after_s=error.retry_after, is_platform_wide=is_platform_wide)
            case TimeoutError():
                return TryAgainError("Discord let this chat wait for too long.")
            case discord.HTTPException(code=code) if code in _UNREACHABLE:
                return UnreachableError(f"Discord does not let the bot write there ({error.text}).")
            case discord.HTTPException(code=code) if code == _UNKNOWN_MESSAGE:
                return RejectedError("It had been sent, and was deleted since.")
            case discord.HTTPException() if _is_about_the_message(error):
                return RejectedError(f"Discord does not take the message ({error.text}).")
        return self._without(error)

    def _without(self, error: Exception) -> TryAgainError:
        """Return what an error means that would meet every other message as well."""
        match error:
            case discord.LoginFailure() | discord.HTTPException(status=401):
                return TryAgainError(TOKEN_REFUSED, after_s=TOKEN_REFUSED_S, is_platform_wide=True)
            case discord.RateLimited():
                return TryAgainError("Discord asks to wait.", after_s=error.retry_after, is_platform_wide=True)
            case discord.HTTPException(status=429):
                after_s = _seconds(error.response.headers.get("Retry-After"))
                return TryAgainError("Discord asks to wait.", after_s=after_s, is_platform_wide=True)
        return TryAgainError("Discord was not reached, or takes nothing now.", is_platform_wide=True)


def _refuses_pictures(error: discord.HTTPException) -> bool:
    """Say whether it may go without pictures: they are too large, or may not be attached there."""
    return error.code in {_MISSING_PERMISSIONS, _FILES_TOO_LARGE} or error.status == TOO_LARGE


def _is_about_the_message(error: discord.HTTPException) -> bool:
    """Say whether Discord itself refused, and not somebody on the way, nor for a reason that passes."""
    is_passing = error.code in _NOT_NOW or error.status in {_UNAUTHORIZED, _TOO_MANY}
    return bool(error.code) and error.status < _SERVER_ERRORS_FROM and not is_passing


def _seconds(told: str | None) -> float | None:
    """Return a number of seconds, None where none was told."""
    try:
        return float(told) if told is not None else None
    except ValueError:
        return None
