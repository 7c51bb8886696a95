"""The Bot API's requests and answers: parameters in any of its three encodings, refusals in its own words."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from aiohttp import web

ATTACHED = "attach://"


class RefusedError(Exception):
    """The API says no: an error code, its sentence, and what a program may act on."""

    def __init__(self, description: str, *, code: int = 400, **parameters: int) -> None:
        self.code = code
        self.description = description
        self.parameters = parameters
        super().__init__(f"{code} {description}")


def bad_request(problem: str) -> RefusedError:
    return RefusedError(f"Bad Request: {problem}")


def forbidden(problem: str) -> RefusedError:
    return RefusedError(f"Forbidden: {problem}", code=403)


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, ready to send."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"

    @classmethod
    def result(cls, content: object) -> "Answer":
        return cls(json.dumps({"ok": True, "result": content}).encode())

    @classmethod
    def refusal(cls, refused: RefusedError) -> "Answer":
        body: dict[str, object] = {"ok": False, "error_code": refused.code, "description": refused.description}
        if refused.parameters:
            body["parameters"] = refused.parameters
        retry_after_s = refused.parameters.get("retry_after")
        headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
        return cls(json.dumps(body).encode(), refused.code, headers)


@dataclass(frozen=True)
class Upload:
    """One file as it came in a multipart request."""

    name: str
    content: bytes


class Parameters(Mapping[str, str]):
    """A request's parameters as text, as the API reads them whichever way they were sent, and its files by part."""

    def __init__(self, values: Mapping[str, str], files: Mapping[str, Upload] | None = None) -> None:
        self._values = dict(values)
        self.files = dict(files or {})

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def integer(self, name: str, default: int = 0) -> int:
        """The API reads a number as far as it is one: what is missing or malformed is the default."""
        try:
            return int(self._values.get(name, default))
        except ValueError:
            return default

    def flag(self, name: str) -> bool:
        return self._values.get(name, "").lower() in ("true", "1", "yes")

    def structure(self, name: str) -> object | None:
        """The JSON inside a parameter, or None without one."""
        text = self._values.get(name)
        if not text:
            return None
        try:
            return json.loads(text)
        except ValueError:
            raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from None

    def upload(self, name: str, value: str | None = None) -> Upload | None:
        """The file that a value points to by attach://, else the one in the part of the parameter's own name."""
        if value is not None and value.startswith(ATTACHED):
            part = value.removeprefix(ATTACHED)
            if part not in self.files:
                raise bad_request(f'wrong file "{part}" specified: there is no such file in the request')
            return self.files[part]
        return self.files.get(name) if value is None else None


async def parameters_of(request: web.Request) -> Parameters:
    """Read the query string and the body: JSON, urlencoded or multipart."""
    values: dict[str, str] = dict(request.query)
    files: dict[str, Upload] = {}
    if request.content_type == "application/json" and request.can_read_body:
        values |= _from_json(await request.read())
    elif request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                with value.file:  # a request that is cut off before its answer would leave it open
                    files[name] = Upload(value.filename, value.file.read())
            else:
                values[name] = value if isinstance(value, str) else bytes(value).decode()
    return Parameters(values, files)


def _from_json(body: bytes) -> dict[str, str]:
    try:
        content = json.loads(body)
    except ValueError:
        raise bad_request("can't parse request JSON object") from None
    if not isinstance(content, dict):
        raise bad_request("can't parse request JSON object")
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in content.items()
        if value is not None
    }
