"""The REST interface: which request does what."""

import re
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import replace

from tests.fake_discord import forms
from tests.fake_discord.commands import Commands
from tests.fake_discord.interactions import Interactions
from tests.fake_discord.places import ATTACH_FILES, DIRECT, EMBED_LINKS, SEND_MESSAGES, VIEW_CHANNEL, Channel, Content
from tests.fake_discord.wire import (
    CANNOT_SEND_TO_USER,
    MISSING_ACCESS,
    MISSING_PERMISSIONS,
    NOT_FOUND,
    NOT_THE_AUTHOR,
    UNAUTHORIZED,
    UNKNOWN_USER,
    Answer,
    Body,
    invalid_form,
)
from tests.fake_discord.world import World, visible_flags

NONCE_LIVES_S = 180.0
"""A few minutes, the documentation says; how many exactly is own assumption."""
LONGEST_NONCE = 25
GLOBAL_PER_S = 50
"""Requests a second in all, interactions aside. Source: discord.com/developers/docs/topics/rate-limits."""

Handler = Callable[..., Awaitable[object]]
ID = r"(\d+)"
WORD = r"([\w-]+)"


class Rest:
    """Answers requests below /api/v10; `shards` is what Discord recommends."""

    def __init__(self, world: World, commands: Commands, interactions: Interactions, *, shards: int) -> None:
        self.world = world
        self.commands = commands
        self.interactions = interactions
        self.shards = shards
        self._recent: deque[float] = deque()
        self._nonces: dict[tuple[int, str], tuple[float, dict[str, object]]] = {}
        application, own = f"/applications/{ID}", f"/webhooks/{ID}/{WORD}"
        routes: dict[str, Handler] = {
            "GET /users/@me": self.me,
            "GET /oauth2/applications/@me": self.application,
            "GET /applications/@me": self.application,
            "GET /gateway": self.gateway,
            "GET /gateway/bot": self.gateway_bot,
            f"GET /users/{ID}": self.user,
            "POST /users/@me/channels": self.open_direct,
            f"GET /guilds/{ID}": self.guild,
            f"GET /channels/{ID}": self.channel,
            f"POST /channels/{ID}/messages": self.send,
            f"GET /channels/{ID}/messages/{ID}": self.message,
            f"PATCH /channels/{ID}/messages/{ID}": self.edit,
            f"DELETE /channels/{ID}/messages/{ID}": self.delete,
            f"POST /channels/{ID}/typing": self.typing,
            f"GET {application}/commands": self.list_commands,
            f"PUT {application}/commands": self.replace_commands,
            f"POST {application}/commands": self.add_command,
            f"DELETE {application}/commands/{ID}": self.remove_command,
            f"GET {application}/guilds/{ID}/commands": self.list_guild_commands,
            f"PUT {application}/guilds/{ID}/commands": self.replace_guild_commands,
            f"POST {application}/guilds/{ID}/commands": self.add_guild_command,
            f"DELETE {application}/guilds/{ID}/commands/{ID}": self.remove_guild_command,
            f"POST /interactions/{ID}/{WORD}/callback": self.callback,
            f"POST {own}": self.follow_up,
            f"GET {own}/messages/(@original|\\d+)": self.followed,
            f"PATCH {own}/messages/(@original|\\d+)": self.edit_followed,
            f"DELETE {own}/messages/(@original|\\d+)": self.delete_followed,
        }
        self._routes = [(re.compile(pattern), handler) for pattern, handler in routes.items()]

    async def answer(self, method: str, path: str, body: Body, authorization: str | None) -> Answer:
        """Serve one request; raises Discord's refusal of it."""
        by_interaction = path.startswith(("/interactions/", "/webhooks/"))
        if not by_interaction:
            if authorization != f"Bot {self.world.token}":
                raise UNAUTHORIZED
            wait_s = self._over_limit()
            if wait_s:
                return Answer.too_many_requests(wait_s, everywhere=True)
        for pattern, handler in self._routes:
            match = pattern.fullmatch(f"{method} {path}")
            if match:
                return Answer.of(await handler(body, *match.groups()))
        raise NOT_FOUND

    def _over_limit(self) -> float:
        """How long to wait [s], where this request goes beyond the limit of all; 0 where it does not."""
        now = self.world.clock()
        while self._recent and self._recent[0] <= now - 1.0:
            self._recent.popleft()
        if len(self._recent) >= GLOBAL_PER_S:
            return round(max(self._recent[0] + 1.0 - now, 0.001), 3)
        self._recent.append(now)
        return 0.0

    # --- the application ---------------------------------------------------------------------------------------------

    async def me(self, body: Body) -> object:
        return self.world.bot.payload() | {"verified": True, "mfa_enabled": False, "locale": "en-US", "flags": 0}

    async def application(self, body: Body) -> object:
        owner = self.world.bot.payload() | {"bot": False}
        return {
            "id": str(self.world.application_id),
            "name": self.world.bot.name,
            "icon": None,
            "description": "",
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "owner": owner,
            "team": None,
            "flags": 0,
        }

    async def gateway(self, body: Body) -> object:
        return {"url": self.world.gateway_url}

    async def gateway_bot(self, body: Body) -> object:
        limit = {"total": 1_000, "remaining": 999, "reset_after": 14_400_000, "max_concurrency": 16}
        return {"url": self.world.gateway_url, "shards": self.shards, "session_start_limit": limit}

    # --- people and places -------------------------------------------------------------------------------------------

    async def user(self, body: Body, number: str) -> object:
        if int(number) not in self.world.people:
            raise UNKNOWN_USER
        return self.world.people[int(number)].payload()

    async def open_direct(self, body: Body) -> object:
        person = self.world.people.get(int(body.fields["recipient_id"]))
        if person is None:
            raise UNKNOWN_USER
        return self.world.direct(person).payload()

    async def guild(self, body: Body, number: str) -> object:
        guild = self.world.guilds.get(int(number))
        if guild is None or not guild.bot_is_in:
            raise MISSING_ACCESS
        return guild.payload(self.world.now_s())

    async def channel(self, body: Body, number: str) -> object:
        return self.world.channel(number).payload()

    async def typing(self, body: Body, number: str) -> None:
        self._check_writable(self.world.channel(number))

    # --- messages ----------------------------------------------------------------------------------------------------

    def _check_writable(self, channel: Channel, *, files: bool = False) -> None:
        if channel.kind == DIRECT and channel.person is not None and not channel.person.takes_dms:
            raise CANNOT_SEND_TO_USER
        if not channel.allowed() & VIEW_CHANNEL:
            raise MISSING_ACCESS
        if not channel.allowed() & SEND_MESSAGES or (files and not channel.allowed() & ATTACH_FILES):
            raise MISSING_PERMISSIONS

    async def send(self, body: Body, number: str) -> object:
        """Post a message; with an enforced nonce the same one posts once, and is answered with the first message."""
        channel = self.world.channel(number)
        self._check_writable(channel, files=bool(body.files))
        nonce = body.fields.get("nonce")
        if nonce is not None and len(str(nonce)) > LONGEST_NONCE:
            raise invalid_form("nonce", f"Must be {LONGEST_NONCE} or fewer in length.")
        key, now = (channel.id, str(nonce)), self.world.clock()
        if nonce is not None and body.fields.get("enforce_nonce") and key in self._nonces:
            sent_at, first = self._nonces[key]
            if now < sent_at + NONCE_LIVES_S:
                return first
        flags = visible_flags(int(body.fields.get("flags") or 0))
        content = forms.read(body, Content(flags=flags), self.world.attach)
        if not channel.allowed() & EMBED_LINKS:
            content = replace(content, embeds=())  # dropped without a word
        reference = body.fields.get("message_reference")
        reply_to = self.world.message(number, reference["message_id"]) if reference else None
        nonce_text = None if nonce is None else str(nonce)
        message = await self.world.post(channel, self.world.bot, content, nonce=nonce_text, reply_to=reply_to)
        if nonce is not None:
            self._nonces[key] = (now, message.payload())
        return message.payload()

    async def message(self, body: Body, channel: str, number: str) -> object:
        return self.world.message(channel, number).payload()

    async def edit(self, body: Body, channel: str, number: str) -> object:
        message = self.world.message(channel, number)
        if message.author is not self.world.bot:
            raise NOT_THE_AUTHOR
        await self.world.edit(message, forms.read(body, message.content, self.world.attach))
        return message.payload()

    async def delete(self, body: Body, channel: str, number: str) -> None:
        message = self.world.message(channel, number)
        if message.author is not self.world.bot:
            raise MISSING_PERMISSIONS
        await self.world.delete(message)

    # --- commands ----------------------------------------------------------------------------------------------------

    async def list_commands(self, body: Body, application: str) -> object:
        return self.commands.of(None)

    async def replace_commands(self, body: Body, application: str) -> object:
        return self.commands.replace(None, body.content)

    async def add_command(self, body: Body, application: str) -> object:
        return self.commands.add(None, body.fields)

    async def remove_command(self, body: Body, application: str, number: str) -> None:
        self.commands.remove(None, number)

    async def list_guild_commands(self, body: Body, application: str, guild: str) -> object:
        return self.commands.of(int(guild))

    async def replace_guild_commands(self, body: Body, application: str, guild: str) -> object:
        if int(guild) not in self.world.guilds:
            raise MISSING_ACCESS
        return self.commands.replace(int(guild), body.content)

    async def add_guild_command(self, body: Body, application: str, guild: str) -> object:
        return self.commands.add(int(guild), body.fields)

    async def remove_guild_command(self, body: Body, application: str, guild: str, number: str) -> None:
        self.commands.remove(int(guild), number)

    # --- interactions ------------------------------------------------------------------------------------------------

    async def callback(self, body: Body, number: str, token: str) -> object:
        return await self.interactions.callback(number, token, body)

    async def follow_up(self, body: Body, application: str, token: str) -> object:
        return await self.interactions.follow_up(token, body)

    async def followed(self, body: Body, application: str, token: str, number: str) -> object:
        return self.interactions.message(token, number).payload()

    async def edit_followed(self, body: Body, application: str, token: str, number: str) -> object:
        return await self.interactions.edit(token, number, body)

    async def delete_followed(self, body: Body, application: str, token: str, number: str) -> None:
        await self.interactions.delete(token, number)
