"""What can go wrong between the Bot API and its client: each fault replaces the answer to a method's next calls."""

import enum
from dataclasses import dataclass
from fnmatch import fnmatchcase

from tests.bot_api.wire import Answer, RefusedError


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
    """What happens to the next `times` calls (None: all) of the methods that match the pattern, in the API's spelling.

    With `performed` the server does what was asked and only its answer is lost: the case that makes doubles.
    """

    method: str
    outcome: Outcome
    times: int | None = 1
    performed: bool = False

    def strikes(self, method: str) -> bool:
        """Whether this call is hit; counts it if so."""
        if self.times == 0 or not fnmatchcase(method.lower(), self.method.lower()):
            return False
        if self.times is not None:
            self.times -= 1
        return True


def refused(code: int, description: str, **parameters: int) -> Answer:
    """Any refusal in the API's own form."""
    return Answer.refusal(RefusedError(description, code=code, **parameters))


def too_many_requests(retry_after_s: int) -> Answer:
    return refused(429, f"Too Many Requests: retry after {retry_after_s}", retry_after=retry_after_s)


def internal_error() -> Answer:
    return refused(500, "Internal Server Error: restart")


def bad_gateway() -> Answer:
    """As the load balancer sends it: a page of HTML."""
    page = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><h1>502 Bad Gateway</h1></body>\r\n</html>"
    return Answer(page, 502, {}, "text/html")


def truncated() -> Answer:
    """The first bytes of an answer: no longer JSON."""
    return Answer(b'{"ok":true,"result":{"mess', 200)
