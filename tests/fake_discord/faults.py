"""What can go wrong between Discord's REST interface and its client: each fault replaces the next answers."""

import enum
from dataclasses import dataclass
from fnmatch import fnmatchcase

from tests.fake_discord.wire import Answer, RefusedError


class Silence(enum.Enum):
    """No answer at all: the connection stays open without a word, or is reset."""

    HANG = "hang"
    RESET = "reset"


@dataclass(frozen=True)
class Slow:
    """The true answer, but late."""

    delay_s: float


Outcome = Answer | Silence | Slow


@dataclass
class Fault:
    """What happens to the next `times` requests (None: all) like "POST /channels/*/messages".

    With `performed` Discord does what was asked and only its answer is lost: the case that a nonce is for.
    """

    request: str
    outcome: Outcome
    times: int | None = 1
    performed: bool = False

    def strikes(self, method: str, path: str) -> bool:
        """Whether this request is hit; counts it if so."""
        if self.times == 0 or not fnmatchcase(f"{method} {path}", self.request):
            return False
        if self.times is not None:
            self.times -= 1
        return True


def too_many_requests(retry_after_s: float, *, everywhere: bool = False, via: bool = True) -> Answer:
    return Answer.too_many_requests(retry_after_s, everywhere=everywhere, via=via)


def refused(status: int, code: int, message: str) -> Answer:
    return Answer.refusal(RefusedError(status, code, message))


def unavailable(status: int = 503) -> Answer:
    """As the load balancer sends it: a page of HTML."""
    return Answer(b"<html><body>upstream connect error</body></html>", status, {}, "text/html")
