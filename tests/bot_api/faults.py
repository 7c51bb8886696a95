"""What can go wrong between the Bot API and its client: each fault replaces the answer to a method's next calls."""

from http import HTTPStatus

from tests.bot_api.wire import Answer, RefusedError
from tests.emulation.faults import Fault, Silence, Slow

__all__ = [
    "Fault",
    "Outcome",
    "Silence",
    "Slow",
    "bad_gateway",
    "gateway_page",
    "internal_error",
    "refused",
    "too_many_requests",
    "truncated",
]

Outcome = Answer | Silence | Slow


def refused(code: int, description: str, **parameters: int) -> Answer:
    """Any refusal in the API's own form."""
    return Answer.refusal(RefusedError(description, code=code, **parameters))


def too_many_requests(retry_after_s: int) -> Answer:
    return refused(429, f"Too Many Requests: retry after {retry_after_s}", retry_after=retry_after_s)


def internal_error() -> Answer:
    return refused(500, "Internal Server Error: restart")


def bad_gateway() -> Answer:
    """As the load balancer sends it: a page of HTML."""
    return gateway_page(502)


def gateway_page(status: int) -> Answer:
    title = f"{status} {HTTPStatus(status).phrase}"
    page = f"<html>\r\n<head><title>{title}</title></head>\r\n<body><h1>{title}</h1></body>\r\n</html>"
    return Answer(page.encode(), status, {}, "text/html")


def truncated() -> Answer:
    """The first bytes of an answer: no longer JSON."""
    return Answer(b'{"ok":true,"result":{"mess', 200)
