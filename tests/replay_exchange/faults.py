"""What can go wrong between a venue and its client: each fault changes the answer that would have been sent."""

import enum
import json
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Protocol

from tests.replay_exchange.wire import Answer, Pool


class Silence(enum.Enum):
    """No answer at all: the connection stays open without a word, or is reset."""

    HANG = "hang"
    RESET = "reset"


class Manners(Protocol):
    """The answers that each venue words in its own way."""

    def over_limit(self, pool: Pool, retry_after_s: int) -> Answer: ...

    def maintenance(self) -> Answer: ...

    def unknown_symbol(self) -> Answer: ...


Change = Callable[[Answer, Manners], Answer | Silence]


@dataclass
class Fault:
    """What happens to the requests of `venue` whose path matches the pattern; the next `times` ones (None: all)."""

    venue: str
    path: str
    change: Change
    times: int | None = None

    def strikes(self, venue: str, path: str) -> bool:
        """Whether this request is hit; counts it if so."""
        if venue != self.venue or not fnmatchcase(path, self.path) or self.times == 0:
            return False
        if self.times is not None:
            self.times -= 1
        return True


def hang(answer: Answer, manners: Manners) -> Silence:
    return Silence.HANG


def reset(answer: Answer, manners: Manners) -> Silence:
    return Silence.RESET


def rate_limited(answer: Answer, manners: Manners) -> Answer:
    """In the venue's own way: 429 with Retry-After at Binance and OKX, retCode 10006 in a 200 at Bybit."""
    return manners.over_limit(Pool("injected", 1, 1.0), 1)


def maintenance(answer: Answer, manners: Manners) -> Answer:
    return manners.maintenance()


def delisted(answer: Answer, manners: Manners) -> Answer:
    return manners.unknown_symbol()


def status(code: int, *, retry_after_s: int | None = None, body: bytes = b"") -> Change:
    """A bare HTTP status, as load balancers send it: 429, 418, 500, 503."""
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    return lambda answer, manners: Answer(body, code, headers, "text/plain")


def html(answer: Answer, manners: Manners) -> Answer:
    return Answer(b"<!DOCTYPE html><html><body>Just a moment...</body></html>", 200, {}, "text/html")


def empty(answer: Answer, manners: Manners) -> Answer:
    return Answer(b"", answer.status, answer.headers, answer.content_type)


def truncated(answer: Answer, manners: Manners) -> Answer:
    """The first half of the text: no longer JSON."""
    return Answer(answer.body[: len(answer.body) // 2], answer.status, answer.headers, answer.content_type)


def fewer_rows(answer: Answer, manners: Manners) -> Answer:
    """Every second row is lost."""
    return _with_rows(answer, lambda rows: rows[::2])


def out_of_order(answer: Answer, manners: Manners) -> Answer:
    """The first row comes last."""
    return _with_rows(answer, lambda rows: [*rows[1:], *rows[:1]])


def doubled_rows(answer: Answer, manners: Manners) -> Answer:
    return _with_rows(answer, lambda rows: [row for row in rows for _ in range(2)])


def _with_rows(answer: Answer, change: Callable[[list], list]) -> Answer:
    """The answer with its list of rows changed, wherever the venue keeps it; one without rows stays as it is."""
    content = json.loads(answer.body)
    if isinstance(content, list):
        content = change(content)
    elif isinstance(content.get("data"), list):
        content["data"] = change(content["data"])
    elif isinstance(content.get("result", {}).get("list"), list):
        content["result"]["list"] = change(content["result"]["list"])
    return Answer.of(content, answer.status, answer.headers)
