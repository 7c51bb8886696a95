"""Everything Discord knows: the application, people, guilds, messages, commands, open interactions, what was called."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.emulation.happenings import Happenings
from tests.fake_discord.gateway import DIRECT_MESSAGES, GUILD_MESSAGES, GUILDS, MESSAGE_CONTENT, Gateway, Session
from tests.fake_discord.places import (
    COMPONENTS_V2,
    DIRECT,
    EPHEMERAL,
    Attachment,
    Channel,
    Content,
    Guild,
    Message,
    Person,
    new_id,
)
from tests.fake_discord.wire import UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, Body, Upload


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request of the bot, below the version; `at` on the event loop's clock [s]."""

    method: str
    path: str
    body: Body
    at: float
    status: int

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status}"


class World(Happenings):
    """The state behind the interfaces. `skip` moves its clock on, for what expires."""

    def __init__(self, token: str, *, heartbeat_s: float, privileged: int) -> None:
        super().__init__()
        self.token = token
        self.bot = Person(name="Fathom", bot=True)
        self.application_id = self.bot.id
        self.people: dict[int, Person] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.files: dict[str, Attachment] = {}
        self.calls: list[Call] = []
        self.base_url = ""
        self.gateway = Gateway(token, self._ready, self._guilds_of, heartbeat_s=heartbeat_s, privileged=privileged)

    # --- what the gateway tells --------------------------------------------------------------------------------------

    def _ready(self, session: Session) -> dict[str, object]:
        return {
            "v": 10,
            "user": self.bot.payload(),
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in self._mine(session)],
            "session_id": session.id,
            "resume_gateway_url": self.gateway_url,
            "shard": [session.shard, session.shards],
            "application": {"id": str(self.application_id), "flags": 0},
            "private_channels": [],
        }

    @property
    def gateway_url(self) -> str:
        return self.base_url.replace("http://", "ws://") + "/gateway"

    def _mine(self, session: Session) -> list[Guild]:
        inside = [guild for guild in self.guilds.values() if guild.bot_is_in]
        return [guild for guild in inside if (guild.id >> 22) % session.shards == session.shard]

    def _guilds_of(self, session: Session) -> list[dict[str, object]]:
        return [guild.payload(self.now_s()) for guild in self._mine(session)]

    # --- places ------------------------------------------------------------------------------------------------------

    def channel(self, channel_id: str) -> Channel:
        """A channel that the bot can reach by itself."""
        channel = self.channels.get(int(channel_id))
        if channel is None or (channel.guild is not None and not channel.guild.bot_is_in):
            raise UNKNOWN_CHANNEL
        return channel

    def message(self, channel_id: str, message_id: str) -> Message:
        message = self.channel(channel_id).messages.get(int(message_id))
        if message is None or message.deleted:
            raise UNKNOWN_MESSAGE
        return message

    def direct(self, person: Person) -> Channel:
        """The conversation of the bot with somebody, opened when it is not yet."""
        for channel in self.channels.values():
            if channel.kind == DIRECT and channel.person is person:
                return channel
        channel = Channel(name=person.name, kind=DIRECT, person=person)
        self.channels[channel.id] = channel
        return channel

    def attach(self, upload: Upload) -> Attachment:
        """Keep a file at an address of its own."""
        number = new_id()
        url = f"{self.base_url}/attachments/{number}/{upload.name}"
        attachment = Attachment(id=number, name=upload.name, content=upload.content, url=url)
        self.files[f"{number}/{upload.name}"] = attachment
        return attachment

    # --- where the bot is --------------------------------------------------------------------------------------------

    async def invite(self, guild: Guild) -> None:
        """Let the bot join a guild while it runs."""
        guild.bot_is_in = True
        await self.gateway.dispatch("GUILD_CREATE", guild.payload(self.now_s()), guild_id=guild.id, intent=GUILDS)

    async def expel(self, guild: Guild) -> None:
        """Take the bot out of a guild: its channels are unknown to it from then on."""
        guild.bot_is_in = False
        await self.gateway.dispatch("GUILD_DELETE", {"id": str(guild.id)}, guild_id=guild.id, intent=GUILDS)

    async def close(self, channel: Channel) -> None:
        """Delete a channel of a guild."""
        guild = channel.guild
        if guild is None:
            raise LookupError("a conversation cannot be deleted")
        del self.channels[channel.id], guild.channels[channel.id]
        await self.gateway.dispatch("CHANNEL_DELETE", channel.payload(), guild_id=guild.id, intent=GUILDS)

    # --- messages ----------------------------------------------------------------------------------------------------

    async def post(
        self,
        channel: Channel,
        author: Person,
        content: Content,
        *,
        nonce: str | None = None,
        reply_to: Message | None = None,
        interaction: Mapping[str, object] | None = None,
    ) -> Message:
        """Put a message into a channel; an ephemeral one is no part of it."""
        message = Message(
            channel=channel,
            author=author,
            content=content,
            sent_s=self.now_s(),
            nonce=nonce,
            reply_to=reply_to,
            interaction=interaction,
        )
        if not message.ephemeral:
            channel.messages[message.id] = message
            await self._tell("MESSAGE_CREATE", message)
        self.notify()
        return message

    async def edit(self, message: Message, content: Content) -> None:
        message.become(content, self.now_s())
        if not message.ephemeral:
            await self._tell("MESSAGE_UPDATE", message)
        self.notify()

    async def delete(self, message: Message) -> None:
        message.deleted = True
        gone = {"id": str(message.id), "channel_id": str(message.channel.id)}
        await self._dispatch("MESSAGE_DELETE", gone, message.channel)
        self.notify()

    async def _tell(self, event: str, message: Message) -> None:
        """What the bot hears of a message: its words only where they are for the bot, or it may read them all."""
        content, guild = message.payload(), message.channel.guild
        if guild is not None and message.author.id in (*guild.people, self.bot.id):
            content["member"] = guild.member(message.author, self.now_s())
        mentioned = f"<@{self.bot.id}>" in message.content.text
        readable = mentioned or message.author is self.bot or self.gateway.privileged & MESSAGE_CONTENT
        if guild is not None and not readable:
            content |= {"content": "", "embeds": [], "attachments": [], "components": []}
        await self._dispatch(event, content, message.channel)

    async def _dispatch(self, event: str, content: dict[str, object], channel: Channel) -> None:
        if channel.guild is None:
            if channel.kind == DIRECT:
                await self.gateway.dispatch(event, content, guild_id=None, intent=DIRECT_MESSAGES)
        elif channel.guild.bot_is_in:
            content["guild_id"] = str(channel.guild.id)
            await self.gateway.dispatch(event, content, guild_id=channel.guild.id, intent=GUILD_MESSAGES)


def visible_flags(flags: int) -> int:
    """The flags that a sender may set."""
    return flags & (EPHEMERAL | COMPONENTS_V2 | 1 << 2 | 1 << 12)
