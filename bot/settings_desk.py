"""The desk where people see, change and delete what is kept about them."""

from __future__ import annotations

from dataclasses import dataclass

from bot.preferences import Place, PreferenceStore
from bot.presses import Button
from bot.replies import Reply
from bot.requests import ForgetMe, Settings
from bot.settings_reply import confirm_buttons, confirm_reply, forgotten_reply, settings_buttons, settings_reply


@dataclass(frozen=True, slots=True)
class Said:
    """A reply and the buttons under it."""

    reply: Reply
    buttons: tuple[tuple[Button, ...], ...] = ()


class SettingsDesk:
    """Answers `/settings` and `/forget_me` from one store of preferences."""

    def __init__(self, store: PreferenceStore) -> None:
        self._store = store

    async def answer(self, request: Settings | ForgetMe, place: Place) -> Said:
        """Do what is asked, and say what counts then.

        Raises:
            RequestError: a value would not do, or who asks may not change this.
            EngineError: no window, model or theme has this name.
            StorageError: the database fails; nothing was changed.

        """
        if isinstance(request, ForgetMe):
            return await self._forget(request, place)
        if request.is_reset:
            here = await self._store.reset(place, request.scope)
        elif request.changes:
            here = await self._store.change(place, request.scope, request.changes)
        else:
            here = await self._store.wishes(place)
        scope = place.whose(request.scope)
        return Said(settings_reply(request, here, place), settings_buttons(here, scope, asker=place.user))

    async def _forget(self, request: ForgetMe, place: Place) -> Said:
        if not request.confirmed:
            return Said(confirm_reply(), confirm_buttons(asker=place.user))
        return Said(forgotten_reply(await self._store.forget(place.platform, place.user)))
