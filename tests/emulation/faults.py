"""What can go wrong between an emulated server and its client, whatever they speak."""

import enum
from dataclasses import dataclass
from fnmatch import fnmatchcase


class Silence(enum.Enum):
    """No answer at all: the connection stays open without a word, or is reset."""

    HANG = "hang"
    RESET = "reset"


@dataclass(frozen=True)
class Slow:
    """The true answer, but late."""

    delay_s: float


@dataclass
class Fault:
    """What happens to the next `times` requests (None: all) that match the pattern, instead of their answer.

    request: a pattern, * for anything, in any case; outcome: an answer of that server's kind, Silence, or Slow.

    With `performed` the server does what was asked and only its answer is lost: the case that makes doubles.
    """

    request: str
    outcome: object
    times: int | None = 1
    performed: bool = False

    def strikes(self, request: str) -> bool:
        """Whether this request is hit; counts it if so."""
        if self.times == 0 or not fnmatchcase(request.lower(), self.request.lower()):
            return False
        if self.times is not None:
            self.times -= 1
        return True
