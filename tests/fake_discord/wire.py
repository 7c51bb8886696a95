"""Discord's REST requests and answers: JSON or multipart in, JSON out, refusals with their own codes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web

VIA = {"Via": "1.1 google"}
"""What Discord's own 429 carries and its shield's ban does not; clients tell them apart by it."""


class RefusedError(Exception):
    """Discord says no: an HTTP status, a code of its own, a sentence, and what is wrong with which field."""

    def __init__(self, status: int, code: int, message: str, problem: str | None = None) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.problem = problem
        super().__init__(f"{status} ({code}) {message}{f': {problem}' if problem else ''}")


def invalid_form(field_name: str, problem: str) -> RefusedError:
    return RefusedError(400, 50_035, "Invalid Form Body", f"{field_name}: {problem}")


UNKNOWN_CHANNEL = RefusedError(404, 10_003, "Unknown Channel")
UNKNOWN_MESSAGE = RefusedError(404, 10_008, "Unknown Message")
UNKNOWN_USER = RefusedError(404, 10_013, "Unknown User")
UNKNOWN_WEBHOOK = RefusedError(404, 10_015, "Unknown Webhook")
UNKNOWN_INTERACTION = RefusedError(404, 10_062, "Unknown interaction")
UNKNOWN_COMMAND = RefusedError(404, 10_063, "Unknown application command")
ALREADY_ACKNOWLEDGED = RefusedError(400, 40_060, "Interaction has already been acknowledged.")
MISSING_ACCESS = RefusedError(403, 50_001, "Missing Access")
EMPTY_MESSAGE = RefusedError(400, 50_006, "Cannot send an empty message")
CANNOT_SEND_TO_USER = RefusedError(403, 50_007, "Cannot send messages to this user")
MISSING_PERMISSIONS = RefusedError(403, 50_013, "Missing Permissions")
NOT_THE_AUTHOR = RefusedError(403, 50_005, "Cannot edit a message authored by another user")
INVALID_WEBHOOK_TOKEN = RefusedError(401, 50_027, "Invalid Webhook Token")
TOO_LARGE = RefusedError(413, 40_005, "Request entity too large")
UNAUTHORIZED = RefusedError(401, 0, "401: Unauthorized")
NOT_FOUND = RefusedError(404, 0, "404: Not Found")


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, ready to send."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"

    @classmethod
    def of(cls, content: object) -> "Answer":
        return cls(status=204) if content is None else cls(json.dumps(content).encode())

    @classmethod
    def refusal(cls, refused: RefusedError) -> "Answer":
        body: dict[str, object] = {"message": refused.message, "code": refused.code}
        if refused.problem is not None:
            name, _, problem = refused.problem.partition(": ")
            body["errors"] = {name: {"_errors": [{"code": "INVALID", "message": problem}]}}
        return cls(json.dumps(body).encode(), refused.status)

    @classmethod
    def too_many_requests(cls, retry_after_s: float, *, everywhere: bool = False, via: bool = True) -> "Answer":
        """A 429; without `via` it looks like the ban of an address by the shield in front."""
        body = {"message": "You are being rate limited.", "retry_after": retry_after_s, "global": everywhere}
        headers = {"Retry-After": str(retry_after_s), **(VIA if via else {})}
        if everywhere:
            headers["X-RateLimit-Global"] = "true"
        return cls(json.dumps(body).encode(), 429, headers)

    def response(self) -> web.Response:
        """Content-Type without a charset: clients compare it with exactly application/json."""
        headers = {**self.headers, **({"Content-Type": self.content_type} if self.body else {})}
        return web.Response(body=self.body, status=self.status, headers=headers)


@dataclass(frozen=True)
class Upload:
    name: str
    content: bytes


@dataclass(frozen=True)
class Body:
    """What a request carries: its JSON, and files by the number in files[n]."""

    content: object
    files: Mapping[int, Upload] = field(default_factory=dict)

    @property
    def fields(self) -> dict:
        return self.content if isinstance(self.content, dict) else {}


async def body_of(request: web.Request) -> Body:
    if request.content_type == "multipart/form-data":
        return _from_multipart(await request.post())
    if request.content_type == "application/json" and request.can_read_body:
        return Body(json.loads(await request.read()))
    return Body({})


def _from_multipart(parts: Mapping[str, object]) -> Body:
    content: object = {}
    files: dict[int, Upload] = {}
    for name, value in parts.items():
        if isinstance(value, web.FileField):
            with value.file as file:  # aiohttp closes it only where the answer is sent
                files[int(name.removeprefix("files[").removesuffix("]"))] = Upload(value.filename, file.read())
        elif name == "payload_json":
            content = json.loads(str(value))
    return Body(content, files)
