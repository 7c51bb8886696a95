"""What an owner is told about deliveries that went wrong: troubles ↔ JSON → one message in private."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Literal

from bot.deliveries.delivery import Kind
from bot.handlers import Outgoing
from bot.replies import Line, Reply, block

GATHERED_S = 20
"""How long troubles of one person are gathered into one notice."""
MOST_LINES = 20
"""More lines than this nobody reads; the rest is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What happened to one delivery, or for `paused` to all that went to one chat; why: a sentence or its beginning."""

    what: Literal["uncertain", "failed", "paused"]
    kind: Kind
    subject: int
    due_s: int
    why: str


def content_of(troubles: Sequence[Trouble]) -> str:
    """Return the content of a notice."""
    return json.dumps([asdict(trouble) for trouble in troubles])


def troubles_in(content: str) -> tuple[Trouble, ...]:
    """Return what a notice tells.

    Raises:
        ValueError: it is not the content of a notice.

    """
    try:
        return tuple(Trouble(**each) for each in json.loads(content))
    except (TypeError, ValueError) as error:
        msg = "this is not the content of a notice"
        raise ValueError(msg) from error


def notice(content: str) -> Outgoing:
    """Return the message of a notice.

    Raises:
        ValueError: it is not the content of a notice.

    """
    troubles = troubles_in(content)
    lines = [Line(label=_LABELS[each.what], text=_text(each), tone="warning") for each in troubles[:MOST_LINES]]
    if more := len(troubles) - MOST_LINES:
        lines += [Line(text=f"And {more} more.")] if more > 0 else []
    return Outgoing(reply=Reply(blocks=block("notice", *lines)), is_brief=True)


_LABELS = {"uncertain": "UNCERTAIN", "failed": "NOT SENT", "paused": "PAUSED"}


def _text(trouble: Trouble) -> str:
    what = f"{trouble.kind.capitalize()} {trouble.subject}"
    due = f"{datetime.fromtimestamp(trouble.due_s, UTC):%d %b %H:%M} UTC"
    match trouble.what:
        case "uncertain":
            return f"{what}, due {due}, may have arrived or not. It is not sent again, for it could come twice."
        case "failed":
            return f"{what}, due {due}, was not sent: {trouble.why}"
        case "paused":
            return f"{what} and all others that go to the same chat are paused: {trouble.why}"
