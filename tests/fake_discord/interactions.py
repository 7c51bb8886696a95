"""Interactions: answered within three seconds, once; afterwards followed up and edited for fifteen minutes.

Source: discord.com/developers/docs/interactions/receiving-and-responding.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tests.fake_discord import forms
from tests.fake_discord.places import EPHEMERAL, LOADING, Channel, Content, Message, Person, new_id
from tests.fake_discord.wire import (
    ALREADY_ACKNOWLEDGED,
    INVALID_WEBHOOK_TOKEN,
    UNKNOWN_INTERACTION,
    UNKNOWN_MESSAGE,
    UNKNOWN_WEBHOOK,
    Body,
    invalid_form,
)
from tests.fake_discord.world import World, visible_flags

ANSWER_WITHIN_S = 3.0
TOKEN_LIVES_S = 15 * 60.0
COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 2, 3, 4, 5
MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES, SHOW_MODAL = 4, 5, 6, 7, 8, 9
ALLOWED = {
    COMMAND: {MESSAGE, DEFERRED, SHOW_MODAL},
    COMPONENT: {MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, SHOW_MODAL},
    AUTOCOMPLETE: {CHOICES},
    MODAL: {MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE},
}
MOST_CHOICES = 25
ORIGINAL = "@original"


@dataclass(eq=False, kw_only=True)
class Interaction:
    """One thing that a person did with the bot, and what came of it so far."""

    kind: int
    person: Person
    channel: Channel
    data: Mapping[str, object]
    asked_at: float
    context: int
    owners: Mapping[str, str]
    source: Message | None = None
    id: int = field(default_factory=new_id)
    token: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    answer: int | None = None
    original: Message | None = None
    followups: list[Message] = field(default_factory=list)
    choices: list[dict[str, object]] | None = None
    modal: Mapping[str, object] | None = None

    def payload(self, world: World) -> dict[str, object]:
        guild = self.channel.guild
        own: dict[str, object] = {
            "id": str(self.id),
            "application_id": str(world.application_id),
            "type": self.kind,
            "data": dict(self.data),
            "channel": self.channel.payload() | {"permissions": str(self.channel.allowed())},
            "channel_id": str(self.channel.id),
            "token": self.token,
            "version": 1,
            "app_permissions": str(self.channel.allowed()),
            "locale": self.person.locale,
            "entitlements": [],
            "authorizing_integration_owners": dict(self.owners),
            "context": self.context,
            "attachment_size_limit": forms.LARGEST_FILE_BYTES,
        }
        if self.source is not None:
            own["message"] = self.source.payload()
        if guild is None:
            return own | {"user": self.person.payload()}
        member = guild.member(self.person, world.now_s())
        return own | {
            "guild_id": str(guild.id),
            "guild": guild.partial(),
            "guild_locale": guild.locale,
            "member": member,
        }

    def metadata(self) -> dict[str, object]:
        """What a message tells of the interaction that it answers."""
        own = {"id": str(self.id), "type": self.kind, "user": self.person.payload()}
        return own | {"authorizing_integration_owners": dict(self.owners)}


class Interactions:
    """Every interaction by its id and by its token, and the requests that answer them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.by_id: dict[int, Interaction] = {}

    async def open(self, interaction: Interaction) -> Interaction:
        self.by_id[interaction.id] = interaction
        guild = interaction.channel.guild
        guild_id = guild.id if guild is not None else None
        await self.world.gateway.dispatch("INTERACTION_CREATE", interaction.payload(self.world), guild_id=guild_id)
        return interaction

    # --- the first answer --------------------------------------------------------------------------------------------

    async def callback(self, number: str, token: str, body: Body) -> object:
        interaction = self.by_id.get(int(number))
        late = interaction is None or self.world.clock() > interaction.asked_at + ANSWER_WITHIN_S
        if interaction is None or late or token != interaction.token:
            raise UNKNOWN_INTERACTION
        if interaction.answer is not None:
            raise ALREADY_ACKNOWLEDGED
        kind, data = body.fields.get("type"), body.fields.get("data") or {}
        if kind not in ALLOWED[interaction.kind] or (kind in (UPDATE, DEFERRED_UPDATE) and interaction.source is None):
            raise invalid_form("type", "This interaction callback type is not supported for this interaction")
        await self._answer(interaction, kind, replace(body, content=data))
        interaction.answer = kind
        self.world.notify()
        return _callback_payload(interaction, kind)

    async def _answer(self, interaction: Interaction, kind: int, body: Body) -> None:
        flags = visible_flags(int(body.fields.get("flags") or 0))
        if kind == MESSAGE:
            content = forms.read(body, Content(flags=flags), self.world.attach)
            interaction.original = await self._post(interaction, content)
        elif kind == DEFERRED:
            interaction.original = await self._post(interaction, Content(flags=(flags & EPHEMERAL) | LOADING))
        elif kind in (UPDATE, DEFERRED_UPDATE) and interaction.source is not None:
            interaction.original = interaction.source
            if kind == UPDATE:
                content = forms.read(body, interaction.source.content, self.world.attach)
                await self.world.edit(interaction.source, content)
        elif kind == CHOICES:
            interaction.choices = _checked_choices(body.fields.get("choices") or [])
        elif kind == SHOW_MODAL:
            interaction.modal = _checked_modal(body.fields)

    async def _post(self, interaction: Interaction, content: Content) -> Message:
        metadata = interaction.metadata()
        return await self.world.post(interaction.channel, self.world.bot, content, interaction=metadata)

    # --- what follows ------------------------------------------------------------------------------------------------

    def by_token(self, token: str) -> Interaction:
        interaction = next((each for each in self.by_id.values() if each.token == token), None)
        if interaction is None or interaction.answer is None:
            raise UNKNOWN_WEBHOOK
        if self.world.clock() > interaction.asked_at + TOKEN_LIVES_S:
            raise INVALID_WEBHOOK_TOKEN
        return interaction

    async def follow_up(self, token: str, body: Body) -> object:
        """A further message; the first one after a deferral takes the place of "is thinking", if that still stands."""
        interaction = self.by_token(token)
        original = interaction.original
        if original is not None and original.loading and not original.deleted:
            return await self.edit(token, ORIGINAL, body)
        flags = visible_flags(int(body.fields.get("flags") or 0))
        message = await self._post(interaction, forms.read(body, Content(flags=flags), self.world.attach))
        interaction.followups.append(message)
        self.world.notify()
        return message.payload()

    def message(self, token: str, number: str) -> Message:
        interaction = self.by_token(token)
        own = [interaction.original, *interaction.followups]
        wanted = [
            each
            for each in own
            if each is not None and not each.deleted and (number == ORIGINAL or each.id == int(number))
        ]
        if not wanted or (number == ORIGINAL and wanted[0] is not interaction.original):
            raise UNKNOWN_MESSAGE
        return wanted[0]

    async def edit(self, token: str, number: str, body: Body) -> object:
        message = self.message(token, number)
        before = replace(message.content, flags=message.content.flags & ~LOADING)
        await self.world.edit(message, forms.read(body, before, self.world.attach))
        return message.payload()

    async def delete(self, token: str, number: str) -> None:
        await self.world.delete(self.message(token, number))


def _checked_choices(choices: list[dict[str, object]]) -> list[dict[str, object]]:
    if len(choices) > MOST_CHOICES:
        raise invalid_form("choices", f"Must be {MOST_CHOICES} or fewer in length.")
    if any(not 1 <= len(str(each["name"])) <= 100 for each in choices):
        raise invalid_form("choices.name", "Must be between 1 and 100 in length.")
    return choices


def _checked_modal(fields: Mapping[str, object]) -> Mapping[str, object]:
    if not 1 <= len(str(fields.get("title", ""))) <= 45 or not 1 <= len(str(fields.get("custom_id", ""))) <= 100:
        raise invalid_form("title", "Must be between 1 and 45 (title), 1 and 100 (custom_id) in length.")
    if not 1 <= len(fields.get("components") or ()) <= 5:
        raise invalid_form("components", "Must be between 1 and 5 in length.")
    return fields


def _callback_payload(interaction: Interaction, kind: int) -> dict[str, object]:
    """What is told on with_response=true."""
    own: dict[str, object] = {"id": str(interaction.id), "type": interaction.kind}
    resource: dict[str, object] = {"type": kind}
    if interaction.original is not None:
        message = interaction.original
        own |= {"response_message_id": str(message.id), "response_message_loading": message.loading}
        own |= {"response_message_ephemeral": message.ephemeral}
        if kind in (MESSAGE, UPDATE):
            resource["message"] = message.payload()
    return {"interaction": own, "resource": resource}
