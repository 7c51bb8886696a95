"""The people's side of the fake: what a user does, and what the user gets to see.

Whoever acts is a `Seat`: one person in one channel. What is seen are live `Message`s: they change as the bot edits
them. What was done with the bot is an `Exchange`, from which its answers are read.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.fake_discord.commands import CHAT_INPUT, GUILD_INSTALL, MESSAGE_MENU, USER_INSTALL, Command, Commands
from tests.fake_discord.interactions import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL, Interaction, Interactions
from tests.fake_discord.options import filled
from tests.fake_discord.places import DIRECT, Channel, Content, Message, Person
from tests.fake_discord.wire import Upload
from tests.fake_discord.world import World

IN_GUILD, IN_BOT_DM, IN_PRIVATE = 0, 1, 2


@dataclass(frozen=True)
class Exchange:
    """One interaction, read as its person sees it."""

    world: World
    interaction: Interaction

    async def answer(self, timeout_s: float = 5.0) -> int:
        """The type of the first answer: 4 message, 5 deferred, 6 deferred update, 7 update, 8 choices, 9 modal."""
        return await self.world.until(lambda: self.interaction.answer, "answer to the interaction", timeout_s)

    async def reply(self, timeout_s: float = 5.0) -> Message:
        """The answer itself, once it no longer says that the bot thinks."""

        def ready() -> Message | None:
            original = self.interaction.original
            return original if original is not None and not original.loading else None

        return await self.world.until(ready, "reply to the interaction", timeout_s)

    async def follow_up(self, number: int = 0, timeout_s: float = 5.0) -> Message:
        """A further message, the first of them number 0."""
        followups = self.interaction.followups
        await self.world.until(lambda: len(followups) > number, f"follow-up {number}", timeout_s)
        return followups[number]

    async def choices(self, timeout_s: float = 5.0) -> list[dict[str, object]]:
        """What autocomplete offers: each its name and value."""
        await self.world.until(lambda: self.interaction.choices is not None, "choices", timeout_s)
        return list(self.interaction.choices or ())

    async def modal(self, timeout_s: float = 5.0) -> Mapping[str, object]:
        """The form that opened, to be filled in with `Seat.submit`."""
        return await self.world.until(lambda: self.interaction.modal, "modal", timeout_s)


@dataclass(eq=False)
class Seat:
    """One person in one channel; `next_message` goes through what the bot posts there from then on."""

    world: World
    interactions: Interactions
    commands: Commands
    person: Person
    channel: Channel

    def __post_init__(self) -> None:
        self._read = len(self.messages)

    # --- acting ------------------------------------------------------------------------------------------------------

    async def send(
        self, text: str, files: Sequence[tuple[str, bytes]] = (), reply_to: Message | None = None
    ) -> Message:
        """Write a message, maybe with files as (name, content)."""
        attachments = tuple(self.world.attach(Upload(name, content)) for name, content in files)
        content = Content(text=text, attachments=attachments)
        return await self.world.post(self.channel, self.person, content, reply_to=reply_to)

    async def slash(self, name: str, **options: object) -> Exchange:
        """Use a registered command; "alerts add" is its subcommand. Options are checked as the app checks them."""
        command = self._usable(name.split(maxsplit=1)[0], CHAT_INPUT)
        return await self._ask(COMMAND, filled(command, name.split()[1:], options, self.world))

    async def autocomplete(self, name: str, focused: str, **options: object) -> Exchange:
        """Type into the option `focused` of a command, others being filled in already."""
        command = self._usable(name.split(maxsplit=1)[0], CHAT_INPUT)
        return await self._ask(AUTOCOMPLETE, filled(command, name.split()[1:], options, self.world, focused=focused))

    async def menu(self, name: str, message: Message) -> Exchange:
        """Use a command of a message's context menu."""
        command = self._usable(name, MESSAGE_MENU)
        data = {"id": command["id"], "name": name, "type": MESSAGE_MENU, "target_id": str(message.id)}
        return await self._ask(COMMAND, data | {"resolved": {"messages": {str(message.id): message.payload()}}})

    async def press(self, message: Message, label: str) -> Exchange:
        """Press the button of this label (or custom_id) at a message."""
        button = message.button(label)
        if button.custom_id is None or button.disabled:
            raise LookupError(f"button {label!r} cannot be pressed: the bot does not hear of it")
        return await self.press_id(message, button.custom_id)

    async def press_id(self, message: Message, custom_id: str) -> Exchange:
        """Press a button that need not be there any more, as an app does that has not seen the edit yet."""
        return await self._ask(COMPONENT, {"custom_id": custom_id, "component_type": 2}, message)

    async def choose(self, message: Message, custom_id: str, *values: str) -> Exchange:
        """Choose from a menu of texts at a message."""
        kinds = [int(each["type"]) for each in message.components() if each.get("custom_id") == custom_id]
        if not kinds:
            raise LookupError(f"no menu {custom_id!r} at message {message.id}")
        data = {"custom_id": custom_id, "component_type": kinds[0], "values": list(values)}
        return await self._ask(COMPONENT, data, message)

    async def submit(self, opened: Exchange, **values: str) -> Exchange:
        """Fill in a form by the custom_ids of its fields, and send it off."""
        modal = await opened.modal()
        rows = copy.deepcopy(list(modal["components"]))
        left = dict(values)
        for row in rows:
            for each in [*row.get("components", ()), *([row["component"]] if "component" in row else [])]:
                given = left.pop(each["custom_id"], each.get("value", ""))
                if not given and each.get("required", True):
                    raise LookupError(f"field {each['custom_id']!r} of the form has to be filled in")
                each["value"] = given
        if left:
            raise LookupError(f"the form has no fields {sorted(left)}")
        return await self._ask(MODAL, {"custom_id": modal["custom_id"], "components": rows}, opened.interaction.source)

    def _usable(self, name: str, kind: int) -> Command:
        """The command of this name, if it shows up for this person in this place."""
        guild = self.channel.guild
        command = self.commands.find(name, kind, guild.id if guild else None)
        contexts = command["contexts"]
        if contexts is not None and self._context() not in contexts:
            raise LookupError(f"command {name!r} is not offered in context {self._context()}")
        wanted = int(command["default_member_permissions"] or 0)
        if guild is not None and wanted & ~guild.may(self.person):
            raise LookupError(f"command {name!r} is not offered to {self.person.name}: it takes permissions {wanted}")
        needed = USER_INSTALL if self._by_user() else GUILD_INSTALL
        if needed not in (command["integration_types"] or [GUILD_INSTALL]) and self._context() != IN_BOT_DM:
            raise LookupError(f"command {name!r} is not offered by installation type {needed}")
        return command

    def _context(self) -> int:
        if self.channel.guild is not None:
            return IN_GUILD
        return IN_BOT_DM if self.channel.kind == DIRECT else IN_PRIVATE

    def _by_user(self) -> bool:
        """Whether only the person's own installation brings the app here."""
        guild = self.channel.guild
        return not guild.bot_is_in if guild is not None else self.channel.kind != DIRECT

    async def _ask(self, kind: int, data: Mapping[str, object], source: Message | None = None) -> Exchange:
        guild = self.channel.guild
        owners = {"1": str(self.person.id)} if self._by_user() else {"0": str(guild.id) if guild else "0"}
        interaction = Interaction(
            kind=kind,
            person=self.person,
            channel=self.channel,
            data=data,
            asked_at=self.world.clock(),
            context=self._context(),
            owners=owners,
            source=source,
        )
        return Exchange(self.world, await self.interactions.open(interaction))

    # --- reading -----------------------------------------------------------------------------------------------------

    @property
    def messages(self) -> list[Message]:
        """What the bot posted here, oldest first; answers to commands too, ephemeral ones not."""
        return [each for each in self.channel.messages.values() if each.author is self.world.bot]

    async def next_message(self, timeout_s: float = 5.0) -> Message:
        """Wait for the bot's next message here, each of them once."""
        await self.world.until(lambda: len(self.messages) > self._read, f"message for {self.person.name}", timeout_s)
        self._read += 1
        return self.messages[self._read - 1]

    async def edited(self, message: Message, times: int = 1, timeout_s: float = 5.0) -> Message:
        """Wait until a message was edited so often in all."""
        await self.world.until(lambda: len(message.past) >= times, f"edit {times} of message {message.id}", timeout_s)
        return message

    async def deleted(self, message: Message, timeout_s: float = 5.0) -> None:
        await self.world.until(lambda: message.deleted, f"deletion of message {message.id}", timeout_s)
