"""What can go wrong between Discord's REST interface and its client: each fault replaces the next answers."""

from tests.emulation.faults import Fault, Silence, Slow
from tests.fake_discord.wire import Answer, RefusedError

__all__ = ["Fault", "Outcome", "Silence", "Slow", "refused", "too_many_requests", "unavailable"]

Outcome = Answer | Silence | Slow


def too_many_requests(retry_after_s: float, *, everywhere: bool = False, via: bool = True) -> Answer:
    return Answer.too_many_requests(retry_after_s, everywhere=everywhere, via=via)


def refused(status: int, code: int, message: str) -> Answer:
    return Answer.refusal(RefusedError(status, code, message))


def unavailable(status: int = 503) -> Answer:
    """As the load balancer sends it: a page of HTML."""
    return Answer(b"<html><body>upstream connect error</body></html>", status, {}, "text/html")
