"""The Telegram Bot API on loopback, strict where it bites, with people who talk to the bot."""

from tests.bot_api.faults import Fault, Silence, Slow
from tests.bot_api.flood import Limits
from tests.bot_api.people import Group, Seat, User
from tests.bot_api.server import BotApi

__all__ = ["BotApi", "Fault", "Group", "Limits", "Seat", "Silence", "Slow", "User"]
