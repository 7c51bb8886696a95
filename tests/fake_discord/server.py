"""Discord on loopback: REST, gateway, files, faults, and one answer per request."""

import asyncio
from types import TracebackType
from typing import Self

from aiohttp import web

from tests.emulation.faults import Fault, Silence, Slow
from tests.fake_discord.commands import Commands
from tests.fake_discord.faults import Outcome
from tests.fake_discord.gateway import Gateway
from tests.fake_discord.interactions import Interactions
from tests.fake_discord.people import Seat
from tests.fake_discord.places import GROUP_DM, Channel, Guild, Message, Person
from tests.fake_discord.rest import Rest
from tests.fake_discord.wire import Answer, Body, RefusedError, body_of
from tests.fake_discord.world import Call, World

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GfakeT.fake-discord-token-for-tests-0000000000"  # noqa: S105 -- opens only this fake
VERSION = "/api/v10"
LARGEST_REQUEST_BYTES = 64 * 1024**2


class FakeDiscord:
    """A Discord with one application and its people.

    Use as an async context manager; `rest_url`, `gateway_url` and `token` go to the client. `faults` strike REST
    requests in the order they are listed, `gateway` can be dropped and invalidated, `calls` holds every request.
    """

    def __init__(self, *, shards: int = 1, heartbeat_s: float = 41.25, privileged: int = 0) -> None:
        self.token = TOKEN
        self.world = World(TOKEN, heartbeat_s=heartbeat_s, privileged=privileged)
        self.commands = Commands(self.world.application_id)
        self.interactions = Interactions(self.world)
        self.faults: list[Fault] = []
        self._rest = Rest(self.world, self.commands, self.interactions, shards=shards)
        self._port = 0
        self._runner: web.AppRunner | None = None

    # --- running -----------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Open the port, the same one at every start."""
        app = web.Application(client_max_size=LARGEST_REQUEST_BYTES)
        app.router.add_get("/gateway", self.gateway.serve)
        app.router.add_get("/gateway/", self.gateway.serve)
        app.router.add_get("/attachments/{path:.+}", self._file)
        app.router.add_route("*", VERSION + "/{path:.+}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]
        self.world.base_url = f"http://127.0.0.1:{self._port}"

    async def stop(self) -> None:
        """Close the port, as a machine that goes down does."""
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def rest_url(self) -> str:
        """What discord.http.Route.BASE is set to."""
        return self.world.base_url + VERSION

    @property
    def gateway_url(self) -> str:
        """What DiscordWebSocket.DEFAULT_GATEWAY is set to."""
        return self.world.gateway_url

    @property
    def gateway(self) -> Gateway:
        return self.world.gateway

    @property
    def calls(self) -> list[Call]:
        return self.world.calls

    def called(self, method: str, path_start: str = "/") -> list[Call]:
        """The requests of one method below a path, in order."""
        return [call for call in self.world.calls if call.method == method and call.path.startswith(path_start)]

    def skip(self, seconds: float) -> None:
        """Move the server's clock on, so that interactions and nonces expire."""
        self.world.skip(seconds)

    def freeze(self) -> None:
        """Stop the server's clock, so that no limit depends on how busy the machine is; `skip` still moves it."""
        self.world.freeze()

    # --- the people's side -------------------------------------------------------------------------------------------

    def user(self, name: str = "Ann", *, locale: str = "en-US", takes_dms: bool = True) -> Person:
        person = Person(name=name, locale=locale, takes_dms=takes_dms)
        self.world.people[person.id] = person
        return person

    def guild(self, name: str, *members: Person, bot_is_in: bool = True) -> Guild:
        """A server of these people, the first of them its owner; once the bot runs, `invite` brings it in."""
        guild = Guild(name=name, bot=self.world.bot, owner=members[0], bot_is_in=bot_is_in)
        guild.people = {person.id: person for person in members}
        self.world.guilds[guild.id] = guild
        return guild

    def channel(self, guild: Guild, name: str = "general", *, denied: int = 0) -> Channel:
        """A text channel, where the bot has not the denied permissions."""
        channel = Channel(name=name, guild=guild, denied=denied)
        guild.channels[channel.id] = self.world.channels[channel.id] = channel
        return channel

    async def invite(self, guild: Guild) -> None:
        """Let the bot join a guild while it runs."""
        await self.world.invite(guild)

    async def expel(self, guild: Guild) -> None:
        """Take the bot out of a guild."""
        await self.world.expel(guild)

    async def close(self, channel: Channel) -> None:
        """Delete a channel of a guild."""
        await self.world.close(channel)

    def seat(self, person: Person, channel: Channel) -> Seat:
        """This person in this channel."""
        return Seat(self.world, self.interactions, self.commands, person, channel)

    def direct(self, person: Person) -> Seat:
        """This person in the conversation with the bot."""
        return self.seat(person, self.world.direct(person))

    def between_people(self, person: Person) -> Seat:
        """This person in a conversation that the bot is not part of, with the app installed for the person."""
        return self.seat(person, Channel(name="friends", kind=GROUP_DM, person=person))

    async def connected(self, shards: int = 1, timeout_s: float = 5.0) -> None:
        """Wait until so many shards are connected."""
        await self.world.until(lambda: len(self.gateway.alive()) >= shards, f"{shards} shards", timeout_s)

    async def next_call(self, method: str, path_start: str, *, after: int = 0, timeout_s: float = 5.0) -> Call:
        """Wait for the request that comes after so many others of its kind."""
        wanted = lambda: self.called(method, path_start)  # noqa: E731 -- asked again and again
        await self.world.until(lambda: len(wanted()) > after, f"{method} {path_start}", timeout_s)
        return wanted()[after]

    def sent(self) -> list[Message]:
        """Every message of the bot that others can see, in the order of sending."""
        found = [each for channel in self.world.channels.values() for each in channel.messages.values()]
        return sorted((each for each in found if each.author is self.world.bot), key=lambda each: each.id)

    # --- the wire ----------------------------------------------------------------------------------------------------

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        method, path, at = request.method, request.path.removeprefix(VERSION), self.world.clock()
        body = await body_of(request)
        fault = next((fault for fault in self.faults if fault.strikes(f"{method} {path}")), None)
        slow = fault is not None and isinstance(fault.outcome, Slow)
        if fault is not None and not slow and not fault.performed:
            self._record(method, path, body, at, fault.outcome)
            return await _reply(request, fault.outcome)
        try:
            answer = await self._rest.answer(method, path, body, request.headers.get("Authorization"))
        except RefusedError as refused:
            answer = Answer.refusal(refused)
        self._record(method, path, body, at, answer)
        if fault is None:
            return await _reply(request, answer)
        if isinstance(fault.outcome, Slow):
            await asyncio.sleep(fault.outcome.delay_s)
            return await _reply(request, answer)
        return await _reply(request, fault.outcome)

    def _record(self, method: str, path: str, body: Body, at: float, outcome: Outcome) -> None:
        status = outcome.status if isinstance(outcome, Answer) else 0
        self.calls.append(Call(method=method, path=path, body=body, at=at, status=status))
        self.world.notify()

    async def _file(self, request: web.Request) -> web.StreamResponse:
        attachment = self.world.files.get(request.match_info["path"])
        if attachment is None:
            return web.Response(status=404)
        return web.Response(body=attachment.content, content_type="application/octet-stream")


async def _reply(request: web.Request, outcome: Outcome) -> web.StreamResponse:
    if outcome is Silence.RESET:
        request.transport.abort()
        raise asyncio.CancelledError
    if outcome is Silence.HANG:
        await asyncio.Event().wait()
    return outcome.response()
