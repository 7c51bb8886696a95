"""Application commands: how a bot registers them, for all or for one guild, and what is accepted.

Source: discord.com/developers/docs/interactions/application-commands.
"""

import re
from collections.abc import Mapping, Sequence

from tests.fake_discord.places import new_id
from tests.fake_discord.wire import UNKNOWN_COMMAND, invalid_form

CHAT_INPUT, USER_MENU, MESSAGE_MENU = 1, 2, 3
SUBCOMMAND, SUBCOMMAND_GROUP = 1, 2
GUILD_INSTALL, USER_INSTALL = 0, 1
MOST_COMMANDS = {CHAT_INPUT: 100, USER_MENU: 15, MESSAGE_MENU: 15}
MOST_OPTIONS = 25
LONGEST_DESCRIPTION = 100
NAME = re.compile(r"[-_'\w]{1,32}")

Command = dict[str, object]


class Commands:
    """The registered commands by guild; None stands for all guilds and direct messages."""

    def __init__(self, application_id: int) -> None:
        self.application_id = application_id
        self._by_guild: dict[int | None, list[Command]] = {}

    def of(self, guild_id: int | None) -> list[Command]:
        return self._by_guild.setdefault(guild_id, [])

    def replace(self, guild_id: int | None, rows: Sequence[Command]) -> list[Command]:
        """Register exactly these; one of the same name keeps its id."""
        for kind, most in MOST_COMMANDS.items():
            if sum(row.get("type", CHAT_INPUT) == kind for row in rows) > most:
                raise invalid_form("commands", f"Must be {most} or fewer in length.")
        if len({(row.get("type", CHAT_INPUT), row["name"]) for row in rows}) < len(rows):
            raise invalid_form("name", "Application command names must be unique")
        self._by_guild[guild_id] = [self._registered(guild_id, row) for row in rows]
        return self.of(guild_id)

    def add(self, guild_id: int | None, row: Command) -> Command:
        """Register one more, in the place of the one of its name."""
        new = self._registered(guild_id, row)
        others = [each for each in self.of(guild_id) if each["id"] != new["id"]]
        self._by_guild[guild_id] = [*others, new]
        return new

    def remove(self, guild_id: int | None, command_id: str) -> None:
        kept = [each for each in self.of(guild_id) if each["id"] != command_id]
        if len(kept) == len(self.of(guild_id)):
            raise UNKNOWN_COMMAND
        self._by_guild[guild_id] = kept

    def find(self, name: str, kind: int, guild_id: int | None) -> Command:
        """The command that a person sees under this name: the guild's own comes first."""
        seen = [*(self.of(guild_id) if guild_id is not None else ()), *self.of(None)]
        for command in seen:
            if (command["name"], command["type"]) == (name, kind):
                return command
        known = sorted(str(command["name"]) for command in seen if command["type"] == kind)
        raise LookupError(f"no command {name!r} is registered here; there are {known}")

    def _registered(self, guild_id: int | None, row: Command) -> Command:
        kind = row.get("type", CHAT_INPUT)
        _check(row, chat_input=kind == CHAT_INPUT)
        same = (each for each in self.of(guild_id) if (each["name"], each["type"]) == (row["name"], kind))
        own = {
            "type": kind,
            "description": "",
            "default_member_permissions": None,
            "contexts": None,
            "integration_types": [GUILD_INSTALL],
            "nsfw": False,
            **row,
            "id": next((each["id"] for each in same), str(new_id())),
            "application_id": str(self.application_id),
            "version": str(new_id()),
        }
        return own if guild_id is None else own | {"guild_id": str(guild_id)}


def _check(row: Mapping[str, object], *, chat_input: bool) -> None:
    name = str(row.get("name", ""))
    if chat_input and (not NAME.fullmatch(name) or name != name.lower()):
        raise invalid_form("name", "Command name is invalid")
    if not 1 <= len(name) <= 32:
        raise invalid_form("name", "Must be between 1 and 32 in length.")
    if chat_input and not 1 <= len(str(row.get("description", ""))) <= LONGEST_DESCRIPTION:
        raise invalid_form("description", f"Must be between 1 and {LONGEST_DESCRIPTION} in length.")
    options = row.get("options") or []
    if len(options) > MOST_OPTIONS:
        raise invalid_form("options", f"Must be {MOST_OPTIONS} or fewer in length.")
    required = [bool(option.get("required")) for option in options]
    if required != sorted(required, reverse=True):
        raise invalid_form("options", "Required options must be placed before non-required options")
    for option in options:
        if len(option.get("choices") or ()) > MOST_OPTIONS:
            raise invalid_form("options.choices", f"Must be {MOST_OPTIONS} or fewer in length.")
        if option.get("choices") and option.get("autocomplete"):
            raise invalid_form("options.autocomplete", "Choices and autocomplete exclude each other")
        _check(option, chat_input=True)
