"""The gateway: identify, heartbeats, events with sequence numbers, sessions that can be resumed."""

import asyncio
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 0, 1, 2, 6, 7, 9, 10, 11
AUTHENTICATION_FAILED, INVALID_SHARD, DISALLOWED_INTENTS, UNKNOWN_ERROR = 4004, 4010, 4014, 4000
"""Source: discord.com/developers/docs/topics/opcodes-and-status-codes."""
GUILDS, GUILD_MESSAGES, DIRECT_MESSAGES = 1 << 0, 1 << 9, 1 << 12
GUILD_MEMBERS, GUILD_PRESENCES, MESSAGE_CONTENT = 1 << 1, 1 << 8, 1 << 15
PRIVILEGED = GUILD_MEMBERS | GUILD_PRESENCES | MESSAGE_CONTENT


@dataclass(eq=False)
class Session:
    """One identified shard: every event it got, and the socket while there is one."""

    id: str
    shard: int
    shards: int
    intents: int
    socket: web.WebSocketResponse | None
    transport: asyncio.BaseTransport | None
    events: list[dict[str, object]] = field(default_factory=list)
    resumes: int = 0
    dead: bool = False

    async def send(self, name: str, content: object) -> None:
        """Tell an event, or keep it for the time when the session is resumed."""
        self.events.append({"op": DISPATCH, "t": name, "s": len(self.events) + 1, "d": content})
        if self.socket is not None and not self.socket.closed:
            await self.socket.send_json(self.events[-1])


class Gateway:
    """All sessions. `ready` gives READY's own content and the GUILD_CREATEs of a session."""

    def __init__(
        self,
        token: str,
        ready: Callable[[Session], dict[str, object]],
        guilds: Callable[[Session], list[dict[str, object]]],
        *,
        heartbeat_s: float = 41.25,
        privileged: int = 0,
    ) -> None:
        self.token = token
        self.heartbeat_s = heartbeat_s
        self.privileged = privileged
        self.sessions: list[Session] = []
        self.heartbeats = 0
        self.answers_heartbeats = True
        self._ready = ready
        self._guilds = guilds

    def alive(self) -> list[Session]:
        return [each for each in self.sessions if not each.dead and each.socket is not None and not each.socket.closed]

    async def dispatch(self, name: str, content: object, *, guild_id: int | None, intent: int = 0) -> None:
        """Tell an event to the shard that it belongs to, also to one that is away but may resume."""
        for session in self.sessions:
            mine = session.shard == (0 if guild_id is None else (guild_id >> 22) % session.shards)
            if mine and not session.dead and (not intent or session.intents & intent):
                await session.send(name, content)

    # --- what a test does to it ---------------------------------------------------------------------------------------

    def drop(self) -> None:
        """Break every connection off without a word; the sessions can be resumed."""
        for session in self.alive():
            if session.transport is not None:
                session.transport.abort()
            session.socket = None

    async def close(self, code: int = UNKNOWN_ERROR) -> None:
        """End every connection with a close code; the sessions can be resumed."""
        for session in self.alive():
            socket, session.socket = session.socket, None
            if socket is not None:
                await socket.close(code=code)

    async def ask_to_reconnect(self) -> None:
        for session in self.alive():
            if session.socket is not None:
                await session.socket.send_json({"op": RECONNECT, "d": None})

    async def invalidate(self) -> None:
        """End the sessions for good: each has to identify again."""
        for session in self.alive():
            session.dead = True
            if session.socket is not None:
                await session.socket.send_json({"op": INVALID_SESSION, "d": False})

    # --- the wire ----------------------------------------------------------------------------------------------------

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": HELLO, "d": {"heartbeat_interval": self.heartbeat_s * 1_000}})
        session: Session | None = None
        try:
            async for frame in socket:
                if frame.type is not WSMsgType.TEXT:
                    break
                session = await self._hear(request, socket, session, json.loads(frame.data))
        finally:
            if session is not None and session.socket is socket:
                session.socket = None
        return socket

    async def _hear(
        self, request: web.Request, socket: web.WebSocketResponse, session: Session | None, said: dict
    ) -> Session | None:
        if said["op"] == HEARTBEAT:
            self.heartbeats += 1
            if self.answers_heartbeats:
                await socket.send_json({"op": HEARTBEAT_ACK, "d": None})
        elif said["op"] == IDENTIFY:
            return await self._identify(request, socket, said["d"])
        elif said["op"] == RESUME:
            return await self._resume(request, socket, said["d"])
        return session

    async def _identify(self, request: web.Request, socket: web.WebSocketResponse, said: dict) -> Session | None:
        shard, shards = said.get("shard") or (0, 1)
        refusals = (
            (said["token"] != self.token, AUTHENTICATION_FAILED),
            (not 0 <= shard < shards, INVALID_SHARD),
            (said["intents"] & PRIVILEGED & ~self.privileged, DISALLOWED_INTENTS),
        )
        for refused, code in refusals:
            if refused:
                await socket.close(code=code)
                return None
        session = Session(secrets.token_hex(16), shard, shards, said["intents"], socket, request.transport)
        self.sessions.append(session)
        await session.send("READY", self._ready(session))
        if session.intents & GUILDS:
            for guild in self._guilds(session):
                await session.send("GUILD_CREATE", guild)
        return session

    async def _resume(self, request: web.Request, socket: web.WebSocketResponse, said: dict) -> Session | None:
        session = next((each for each in self.sessions if each.id == said["session_id"] and not each.dead), None)
        if session is None or said["token"] != self.token:
            await socket.send_json({"op": INVALID_SESSION, "d": False})
            return None
        session.socket, session.transport = socket, request.transport
        session.resumes += 1
        for event in session.events[said["seq"] :]:
            await socket.send_json(event)
        await session.send("RESUMED", {})
        return session
