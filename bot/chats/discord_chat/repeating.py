"""An answer whose connection breaks is sent once more: the library does that for the errors of other systems only."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import discord
from discord.http import Route
from discord.webhook.async_ import AsyncWebhookAdapter, async_context

from bot.chats.discord_chat.faults import ALREADY_ANSWERED, BROKEN

PAUSE_S = 0.2
"""Before it is sent again: Discord waits three seconds for the first word, and up to 0.8 s of them are gone."""

_CALLBACK = "/callback"


class RepeatingAdapter(AsyncWebhookAdapter):
    """Sends once more what no double comes from: edits, deletions and first answers, of which Discord takes one each.

    A first answer that had arrived though its connection broke is refused the second time, which says that all is well.
    Further messages are not sent again.
    """

    async def request(
        self,
        route: Route,
        *args: Any,  # noqa: ANN401 - the library's own, as below
        files: Sequence[discord.File] | None = None,
        **options: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Make a request, twice where its connection broke."""
        try:
            return await super().request(route, *args, files=files, **options)
        except BROKEN:
            is_first = route.path.endswith(_CALLBACK)
            if route.method == "POST" and not is_first:
                raise
        await asyncio.sleep(PAUSE_S)
        for file in files or ():
            file.reset()
        try:
            return await super().request(route, *args, files=files, **options)
        except discord.HTTPException as error:
            if not (is_first and error.code == ALREADY_ANSWERED):
                raise
            return {"interaction": {"id": str(route.webhook_id)}}


def repeat_what_breaks() -> None:
    """Let all that is sent from this task, and from those that it begins, be sent once more where it may."""
    async_context.set(RepeatingAdapter())  # type: ignore[no-untyped-call]
