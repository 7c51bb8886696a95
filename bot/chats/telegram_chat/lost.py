"""Answers that Telegram did not take: which may be sent again without a double, and what is told of the others.

A server that says 500, 502 or 503 did not serve the request, in the API's own form or as a gateway's page. After 504,
a connection that broke or an answer that cannot be read, nobody knows whether the message was sent.
"""

from __future__ import annotations

from html import escape

from telegram.error import BadRequest, NetworkError, TelegramError, TimedOut

from bot.requests import Level, Liq, Maps, MarketRequest, Questions, Request, Zones

_NEVER_SENT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout"})
"""Errors of the HTTP library after which the server has heard nothing."""
_NOT_SERVED = ("internal server error (500)", "bad gateway (502)", "service unavailable (503)")
"""How the library names a page without JSON by its status."""
_LATE = "gateway timeout"
_TOO_LARGE = "request entity too large"
_UNREADABLE = "invalid server response"
_ABOUT_THE_FILE = ("photo", "image", "file", "media", "picture")
"""What a 400 about an uploaded picture speaks of (PHOTO_INVALID_DIMENSIONS, IMAGE_PROCESS_FAILED, "wrong file ...")."""


def was_not_performed(error: NetworkError) -> bool:
    """Say whether the server did nothing, as far as an answer needs to know: a gateway that failed is believed, too."""
    return was_surely_not_performed(error) or error.message.lower().startswith(_NOT_SERVED)


def was_surely_not_performed(error: NetworkError) -> bool:
    """Say whether the server certainly did nothing: it was not reached, or says in the API's own form that it failed.

    A gateway's page says nothing certain: the server behind it may have been through with the request.
    """
    told = error.message.lower()
    if isinstance(error, TimedOut) or told.startswith("httpx."):
        return type(error.__cause__).__name__ in _NEVER_SENT
    return error.__cause__ is None and not told.startswith(_LATE)


def may_be_lost(error: TelegramError) -> bool:
    """Say whether who asked may wait in vain: the server or the way to it failed, and no rule of a chat."""
    if isinstance(error, BadRequest):
        return False
    return isinstance(error, NetworkError) or error.message.lower() == _UNREADABLE


def refuses_picture(error: NetworkError) -> bool:
    """Say whether a picture was refused as it is, so that the answer may go another way."""
    told = error.message.lower()
    if isinstance(error, BadRequest):
        return any(word in told for word in _ABOUT_THE_FILE)
    return told.startswith(_TOO_LARGE)


def lost_html(request: Request | None) -> str:
    """Return what is told of an answer that may not have arrived: what to ask again, where one command says it."""
    command = _command_of(request)
    return "Your answer may not have arrived. Ask again" + (f": {escape(command)}." if command else ".")


def _command_of(request: Request | None) -> str | None:
    if not isinstance(request, Liq | Level | Maps | Zones | Questions):
        return None
    price = f"{request.price:.10g}" if isinstance(request, Level) else None
    return " ".join(part for part in (_name(request), request.symbol, price, *_details(request)) if part)


def _name(request: MarketRequest) -> str:
    return f"/{type(request).__name__.lower()}"


def _details(request: MarketRequest) -> tuple[str | None, ...]:
    window = request.window.name if request.window is not None else None
    return request.model, window, request.venue
