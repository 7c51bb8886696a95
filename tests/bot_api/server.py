"""The Bot API on loopback: addresses, tokens, faults, and one answer per request."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

from aiohttp import web

from tests.bot_api.answering import Answering
from tests.bot_api.editing import Editing
from tests.bot_api.faults import Outcome
from tests.bot_api.flood import Limits
from tests.bot_api.people import Group, User
from tests.bot_api.profile import Profile
from tests.bot_api.rooms import Account, Message, Room
from tests.bot_api.sending import Sending
from tests.bot_api.wire import Answer, Parameters, RefusedError, parameters_of
from tests.bot_api.world import Call, World
from tests.emulation.faults import Fault, Silence, Slow

TOKEN = "1234567890:AAG3xQ0emulated0token0for0tests0only00"  # noqa: S105 -- opens nothing but this emulator
UNAUTHORIZED = RefusedError("Unauthorized", code=401)
NOT_FOUND = RefusedError("Not Found", code=404)
LARGEST_REQUEST_BYTES = 64 * 1024**2

Method = Callable[[Parameters], object]


class BotApi:
    """A server that one bot talks to, and its people.

    Use as an async context manager; `base_url`, `base_file_url` and `token` go to the client. `faults` strike in the
    order they are listed, `calls` holds every request but getUpdates with its answer, `sent` every message of the bot.
    """

    def __init__(
        self,
        *,
        username: str = "fathom_test_bot",
        privacy: bool = True,
        limits: Limits | None = None,
    ) -> None:
        bot = Account(id=int(TOKEN.partition(":")[0]), first_name="Fathom", username=username, is_bot=True)
        self.token = TOKEN
        self.world = World(bot, privacy=privacy, limits=limits or Limits())
        self.faults: list[Fault] = []
        self.profile = Profile(self.world)
        self._methods: dict[str, tuple[str, Method]] = {
            name.lower(): (name, method)
            for part in (Sending(self.world), Editing(self.world), Answering(self.world), self.profile)
            for name, method in part.methods.items()
        }
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
        """Listen, at the same port as before after a stop; nothing that was known is lost."""
        app = web.Application(client_max_size=LARGEST_REQUEST_BYTES)
        app.router.add_get("/file/bot{token}/{path:.+}", self._download)
        app.router.add_route("*", "/bot{token}/{method}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Die: connections end, further ones are refused."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/bot"

    @property
    def base_file_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/file/bot"

    # --- the people's side -------------------------------------------------------------------------------------------

    def user(self, first_name: str = "Ann", *, username: str | None = None, language_code: str | None = "en") -> User:
        """Somebody new, who has not talked to the bot yet."""
        number = 700_000_000 + next(self.world.ids)
        account = Account(id=number, first_name=first_name, username=username, language_code=language_code)
        self.world.people[number] = account
        return User(self.world, account)

    def group(self, title: str, *members: User, kind: str = "supergroup", forum: bool = False) -> Group:
        """A group of these people, the first of them its creator, which the bot is not in yet: see `Group.add_bot`."""
        number = next(self.world.ids)
        room = Room(id=-(number + (1_001_000_000_000 if kind == "supergroup" else 4_000_000)), kind=kind, title=title)
        room.forum = forum
        self.world.rooms[room.id] = room
        for member, status in zip(members, ("creator", *("member" for _ in members)), strict=False):
            room.enter(member.account, status)
        return Group(self.world, room)

    @property
    def calls(self) -> list[Call]:
        return self.world.calls

    @property
    def sent(self) -> list[Message]:
        return self.world.sent

    def called(self, method: str) -> list[Call]:
        """The calls of one method, in order."""
        return [call for call in self.world.calls if call.method == method]

    async def next_call(self, method: str, *, after: int = 0, timeout_s: float = 5.0) -> Call:
        """Wait for the call of this method that comes after so many others of it."""
        calls = await self.world.until(
            lambda: found if len(found := self.called(method)) > after else None, f"call of {method}", timeout_s
        )
        return calls[after]

    def skip(self, seconds: float) -> None:
        """Move the server's clock on, so that queries expire and messages age."""
        self.world.skip(seconds)

    def freeze(self) -> None:
        """Stop the server's clock, so that no limit depends on how busy the machine is; `skip` still moves it."""
        self.world.freeze()

    # --- the wire ----------------------------------------------------------------------------------------------------

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        asked, at = request.match_info["method"], self.world.clock()
        name, method = self._methods.get(asked.lower(), (asked, None))
        refused = self._token_problem(request.match_info["token"])
        if refused is not None:
            return await self._reply(request, Answer.refusal(refused))
        fault = next((fault for fault in self.faults if fault.strikes(asked)), None)
        replaced = fault is not None and not isinstance(fault.outcome, Slow) and not fault.performed
        if replaced:
            self._record(name, await parameters_of(request), at, fault_refusal(fault.outcome))
            return await self._reply(request, fault.outcome)
        answer = await self._perform(name, method, request, at)
        if fault is None:
            return await self._reply(request, answer)
        if isinstance(fault.outcome, Slow):
            await asyncio.sleep(fault.outcome.delay_s)
            return await self._reply(request, answer)
        return await self._reply(request, fault.outcome)

    def _token_problem(self, token: str) -> RefusedError | None:
        if token == self.token:
            return None
        number, colon, secret = token.partition(":")
        well_formed = colon and number.isdigit() and len(secret) >= 30
        return UNAUTHORIZED if well_formed else NOT_FOUND

    async def _perform(self, name: str, method: Method | None, request: web.Request, at: float) -> Answer:
        try:
            parameters = await parameters_of(request)
        except RefusedError as refused:
            return Answer.refusal(refused)
        if name.lower() == "getupdates":
            try:
                return Answer.result(await self.world.updates.poll(parameters))
            except RefusedError as refused:
                return Answer.refusal(refused)
        try:
            result = (method or _unknown_method)(parameters)
        except RefusedError as refused:
            self._record(name, parameters, at, refused)
            return Answer.refusal(refused)
        self._record(name, parameters, at, None, result)
        return Answer.result(result)

    def _record(
        self, name: str, parameters: Parameters, at: float, refused: RefusedError | None, result: object = None
    ) -> None:
        if name.lower() != "getupdates":
            self.calls.append(Call(method=name, parameters=parameters, at=at, result=result, refused=refused))
            self.world.notify()

    async def _reply(self, request: web.Request, answer: Outcome) -> web.StreamResponse:
        if answer is Silence.RESET:
            request.transport.abort()
            raise asyncio.CancelledError
        if answer is Silence.HANG:
            await asyncio.Event().wait()
        return web.Response(
            body=answer.body, status=answer.status, headers=answer.headers, content_type=answer.content_type
        )

    async def _download(self, request: web.Request) -> web.StreamResponse:
        content = self.world.files.at(request.match_info["path"])
        if request.match_info["token"] != self.token or content is None:
            return web.Response(body=Answer.refusal(NOT_FOUND).body, status=404, content_type="application/json")
        return web.Response(body=content, content_type="application/octet-stream")


def _unknown_method(parameters: Parameters) -> object:
    raise RefusedError("Not Found: method not found", code=404)


def fault_refusal(outcome: Outcome) -> RefusedError:
    """How a call that a fault kept from being performed stands in the record."""
    if isinstance(outcome, Answer):
        return RefusedError("fault", code=outcome.status)
    return RefusedError(f"fault: {outcome}", code=0)
