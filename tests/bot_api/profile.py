"""getMe, commands and descriptions of the bot, chats and their members, files, and the switch to polling."""

import json
import re
from collections.abc import Mapping

from tests.bot_api.rooms import Account
from tests.bot_api.wire import Parameters, bad_request
from tests.bot_api.world import World, member_payload

MOST_COMMANDS = 100
LONGEST_DESCRIPTION = {"description": 512, "short_description": 120, "name": 64}
"""Source: core.telegram.org/bots/api#setmycommands, #setmydescription, #setmyshortdescription, #setmyname."""
DEFAULT_SCOPE = '{"type": "default"}'


class Profile:
    """What the bot says of itself, and what it may ask about others."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.commands: dict[tuple[str, str], list[dict[str, str]]] = {}
        self.texts: dict[tuple[str, str], str] = {}
        self.methods = {
            "getMe": self.get_me,
            "setMyCommands": self.set_commands,
            "getMyCommands": self.get_commands,
            "deleteMyCommands": self.delete_commands,
            "deleteWebhook": self.delete_webhook,
            "getWebhookInfo": self.webhook_info,
            "getChat": self.get_chat,
            "getChatMember": self.get_chat_member,
            "getChatAdministrators": self.get_administrators,
            "leaveChat": self.leave_chat,
            "getFile": lambda parameters: world.files.described(parameters.get("file_id", "")),
        }
        for method, name in (
            ("Description", "description"),
            ("ShortDescription", "short_description"),
            ("Name", "name"),
        ):
            self.methods[f"setMy{method}"] = lambda parameters, name=name: self.set_text(name, parameters)
            self.methods[f"getMy{method}"] = lambda parameters, name=name: self.get_text(name, parameters)

    def get_me(self, parameters: Parameters) -> object:
        return self.world.bot.payload() | {
            "can_join_groups": True,
            "can_read_all_group_messages": not self.world.privacy,
            "supports_inline_queries": self.world.inline,
            "can_connect_to_business": False,
            "has_main_web_app": False,
            "has_topics_enabled": False,
            "allows_users_to_create_topics": False,
        }

    def delete_webhook(self, parameters: Parameters) -> object:
        if parameters.flag("drop_pending_updates"):
            self.world.updates.forget()
        return True

    def webhook_info(self, parameters: Parameters) -> object:
        waiting = len(self.world.updates.waiting)
        return {"url": "", "has_custom_certificate": False, "pending_update_count": waiting}

    # --- commands and texts ------------------------------------------------------------------------------------------

    def set_commands(self, parameters: Parameters) -> object:
        rows = parameters.structure("commands")
        if not isinstance(rows, list) or len(rows) > MOST_COMMANDS:
            raise bad_request("BOT_COMMANDS_TOO_MUCH")
        for row in rows:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", row.get("command", "").removeprefix("/")):
                raise bad_request("BOT_COMMAND_INVALID")
            if not 1 <= len(row.get("description", "")) <= 256:
                raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
        names = [row["command"].removeprefix("/") for row in rows]
        kept = [{"command": name, "description": row["description"]} for name, row in zip(names, rows, strict=True)]
        self.commands[_scope(parameters), _language(parameters)] = kept
        return True

    def get_commands(self, parameters: Parameters) -> object:
        return self.commands.get((_scope(parameters), _language(parameters)), [])

    def delete_commands(self, parameters: Parameters) -> object:
        self.commands.pop((_scope(parameters), _language(parameters)), None)
        return True

    def set_text(self, name: str, parameters: Parameters) -> object:
        text = parameters.get(name, "")
        if len(text) > LONGEST_DESCRIPTION[name]:
            raise bad_request(f"bot {name.replace('_', ' ')} is too long")
        self.texts[name, _language(parameters)] = text
        return True

    def get_text(self, name: str, parameters: Parameters) -> object:
        fallback = self.texts.get((name, ""), self.world.bot.first_name if name == "name" else "")
        return {name: self.texts.get((name, _language(parameters)), fallback)}

    # --- chats -------------------------------------------------------------------------------------------------------

    def get_chat(self, parameters: Parameters) -> object:
        room = self.world.open_room(parameters.get("chat_id", ""))
        gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
        return room.payload() | {
            "accent_color_id": 0,
            "max_reaction_count": 11,
            "accepted_gift_types": dict.fromkeys(gifts, False),
        }

    def get_chat_member(self, parameters: Parameters) -> object:
        room = self.world.open_room(parameters.get("chat_id", ""))
        account = self._account(parameters.integer("user_id"))
        return member_payload(account, room.status.get(account.id, "left"))

    def _account(self, user_id: int) -> Account:
        found: Mapping[int, Account] = {**self.world.people, self.world.bot.id: self.world.bot}
        if user_id not in found:
            raise bad_request("user not found")
        return found[user_id]

    def get_administrators(self, parameters: Parameters) -> object:
        room = self.world.open_room(parameters.get("chat_id", ""))
        if room.kind == "private":
            raise bad_request("there are no administrators in the private chat")
        administrators = ("creator", "administrator")
        return [
            member_payload(room.people[user_id], status)
            for user_id, status in room.status.items()
            if status in administrators
        ]

    def leave_chat(self, parameters: Parameters) -> object:
        room = self.world.open_room(parameters.get("chat_id", ""))
        room.status[self.world.bot.id] = "left"
        self.world.notify()
        return True


def _scope(parameters: Parameters) -> str:
    """A BotCommandScope as one text, whatever the order of its fields."""
    return json.dumps(json.loads(parameters.get("scope") or DEFAULT_SCOPE), sort_keys=True)


def _language(parameters: Parameters) -> str:
    return parameters.get("language_code", "")
