"""Interactions in, answers out: the first word within three seconds, the picture in the first edit, faults in private.

command ─► ready soon? ─ yes ─► sent with the picture
                └─ no ─► "is thinking" ─► edited, the picture in it
press   ─► ready soon? ─ yes ─► the message is edited
                └─ no ─► acknowledged ─► edited; of several presses the last one is shown
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import discord

from bot.chats.discord_chat import faults
from bot.chats.discord_chat.buttons import asker_of
from bot.chats.discord_chat.forms import asked_level, price_form
from bot.chats.discord_chat.messages import Layout, Made, file_of, layout_of, made
from bot.chats.discord_chat.places import place_of
from bot.chats.discord_chat.report_form import report_line
from bot.handlers import Handlers, Outgoing
from bot.log import request_begun
from bot.presses import OldButtonError, Press, decoded
from bot.replies import Fault, fault_reply
from bot.requests import Liq, MarketRequest, RequestError

PATIENCE_S = 0.8
"""What is ready by then is sent at once; Discord waits three seconds for the first word, its way there included."""

NOT_YOURS = "Only whoever asked can delete this, and members who may manage messages."
NOTHING_NEW = "Nothing new yet: the last bar is the one shown."
TOO_LARGE = "The picture in full size is larger than what this server takes as a file."

_log = logging.getLogger(__name__)


class Conversation:
    """Answers interactions, whatever they are; what goes wrong is said to who caused it, and never raised."""

    def __init__(self, handlers: Handlers, *, layout: Layout = "components", patience_s: float = PATIENCE_S) -> None:
        self.handlers = handlers
        self._layout = layout
        self._patience_s = patience_s
        self._under_way: dict[tuple[int, ...], str] = {}
        self._open: set[asyncio.Task[Any]] = set()

    # --- commands ----------------------------------------------------------------------------------------------------

    async def asked(
        self,
        interaction: discord.Interaction[Any],
        coming: Coroutine[Any, Any, Outgoing],
        *,
        is_private: bool = False,
    ) -> None:
        """Answer a command; is_private: for the eyes of who asked."""

        async def answer() -> None:
            outgoing = await self._awaited(
                coming, lambda: interaction.response.defer(thinking=True, ephemeral=is_private)
            )
            message = made(outgoing, self._layout)
            if not interaction.response.is_done():
                await interaction.response.send_message(**message.new(), ephemeral=is_private or outgoing.is_brief)
            elif outgoing.is_brief and not is_private:
                await interaction.delete_original_response()  # else "is thinking" would become the fault, for all
                await interaction.followup.send(**message.new(), ephemeral=True)
            else:
                await interaction.edit_original_response(**message.edit())

        await self.guarded(interaction, answer())

    # --- buttons -----------------------------------------------------------------------------------------------------

    async def pressed(self, interaction: discord.Interaction[Any], text: str) -> None:
        """Answer the press of a button."""
        try:
            press = decoded(text)
        except OldButtonError as error:
            await self.guarded(interaction, self._say(interaction, str(error)))
            return
        await self.guarded(interaction, self._done(interaction, press, text))

    async def _done(self, interaction: discord.Interaction[Any], press: Press, text: str) -> None:
        match press.verb:
            case "delete":
                await self._delete(interaction, press)
            case "level" if isinstance(press.request, Liq):
                form = price_form(press.request)
                await interaction.response.send_modal(form)
                form.stop()  # else it would be kept in memory: what is sent off is read from its custom_id
            case "hd":
                await self._full_once(interaction, press, text)
            case _:
                await self._replace(interaction, press, text)

    async def _delete(self, interaction: discord.Interaction[Any], press: Press) -> None:
        may = interaction.user.id == press.asker or interaction.permissions.manage_messages
        if not may:
            await self._say(interaction, NOT_YOURS)
            return
        await interaction.response.defer()
        await interaction.delete_original_response()

    async def _full_once(self, interaction: discord.Interaction[Any], press: Press, text: str) -> None:
        """Send the picture in full size, once where the same person presses twice."""
        key = (_message_id(interaction), interaction.user.id)
        if self._under_way.get(key) == text:
            await interaction.response.defer()
            return
        self._under_way[key] = text
        try:
            await self._full(interaction, press)
        finally:
            self._under_way.pop(key, None)

    async def _full(self, interaction: discord.Interaction[Any], press: Press) -> None:
        """Send the picture in full size to who wants it: a file of that size floods a channel."""
        await interaction.response.defer(thinking=True, ephemeral=True)
        outgoing = await self.handlers.pressed(press, place_of(interaction))
        if outgoing.drawing is None:
            await interaction.edit_original_response(**made(outgoing, self._layout).edit())
        elif len(outgoing.drawing.png) > interaction.filesize_limit:
            await interaction.edit_original_response(**self._sentence(TOO_LARGE).edit())
        else:
            await interaction.edit_original_response(attachments=[file_of(outgoing.drawing)])

    async def _replace(self, interaction: discord.Interaction[Any], press: Press, text: str) -> None:
        """Show the answer in place of the message, unless another press came later: the last one is shown."""
        key = (_message_id(interaction),)
        if self._under_way.get(key) == text:
            await interaction.response.defer()
            return
        self._under_way[key] = text
        try:
            coming = self.handlers.pressed(press, place_of(interaction))
            outgoing = await self._awaited(coming, interaction.response.defer)
            if self._under_way.get(key) == text or outgoing.is_brief:
                await self._show(interaction, outgoing)
            elif not interaction.response.is_done():
                await interaction.response.defer()
        finally:
            if self._under_way.get(key) == text:
                del self._under_way[key]

    async def _show(self, interaction: discord.Interaction[Any], outgoing: Outgoing) -> None:
        shown = interaction.message
        layout = self._layout if shown is None else layout_of(shown)
        message = made(outgoing, layout, asker=asker_of(shown))
        is_done = interaction.response.is_done()
        if outgoing.is_brief:
            send = interaction.followup.send if is_done else interaction.response.send_message
            await send(**message.new(), ephemeral=True)
        elif shown is not None and message.is_shown_by(shown) and isinstance(outgoing.request, MarketRequest):
            await self._say(interaction, NOTHING_NEW)
        elif is_done:
            await interaction.edit_original_response(**message.edit())
        else:
            await interaction.response.edit_message(**message.edit())

    # --- the form for a price ----------------------------------------------------------------------------------------

    async def filled_in(self, interaction: discord.Interaction[Any]) -> None:
        """Answer a form: for a price in place of the message that it was opened from, for a report in private."""
        line = report_line(interaction.data)
        if line is not None:
            await self.asked(interaction, self.handlers.said(line, place_of(interaction)), is_private=True)
            return

        async def answer() -> None:
            try:
                level = asked_level(interaction.data)
            except (RequestError, OldButtonError) as error:
                await self._say(interaction, str(error))
                return
            await self._replace(interaction, Press(verb="ask", request=level), f"{level}")

        await self.guarded(interaction, answer())

    # --- all of them -------------------------------------------------------------------------------------------------

    async def guarded(self, interaction: discord.Interaction[Any], doing: Awaitable[None]) -> None:
        """Do it; what goes wrong is told to who caused it, as long as Discord lets anybody be told."""
        task = asyncio.current_task()
        if task is not None:
            self._open.add(task)
            task.add_done_callback(self._open.discard)
        with request_begun():  # what is logged while the answer is sent belongs to it, too
            try:
                await doing
            except Exception as error:  # noqa: BLE001 - every error becomes words; the unexpected ones are logged
                await self.failed(interaction, error)

    async def finish(self, within_s: float) -> None:
        """Wait until what is being answered is answered, for so long at most."""
        if self._open:
            await asyncio.wait(self._open, timeout=within_s)

    async def failed(self, interaction: discord.Interaction[Any], error: Exception) -> None:
        """Say what went wrong to who caused it."""
        words = faults.words_of(error, interaction)
        if words is None:
            _log.info("Discord no longer knows the message or the interaction: %s", error)
            return
        try:
            await self._say(interaction, words)
        except (discord.HTTPException, *faults.BROKEN) as refused:
            _log.warning("nobody could be told: %s", refused)

    async def _say(self, interaction: discord.Interaction[Any], words: str) -> None:
        """Say a sentence to one person."""
        message = self._sentence(words).new()
        if interaction.response.is_done():
            await interaction.followup.send(**message, ephemeral=True)
        else:
            await interaction.response.send_message(**message, ephemeral=True)

    def _sentence(self, words: str) -> Made:
        return made(Outgoing(reply=fault_reply(Fault(text=words)), is_brief=True), self._layout)

    async def _awaited(self, coming: Coroutine[Any, Any, Outgoing], defer: Callable[[], Awaitable[object]]) -> Outgoing:
        """Return the answer; Discord is told to be patient where it takes longer."""
        task = asyncio.create_task(coming)
        try:
            done, _ = await asyncio.wait({task}, timeout=self._patience_s)
            if not done:
                await defer()
            return await task
        except BaseException:
            task.cancel()
            raise


def _message_id(interaction: discord.Interaction[Any]) -> int:
    return interaction.message.id if interaction.message is not None else 0
