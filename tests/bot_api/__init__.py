"""The Telegram Bot API on loopback, strict where it bites, with people who talk to the bot.

async with BotApi() as api:  # api.base_url, api.base_file_url and api.token go to the bot
    ann = api.user("Ann").private
    ann.send("/liq BTC")
    reply = await ann.next_message()
    notice = await ann.press(reply, "24h").answer()
    await ann.edited(reply)
"""

from tests.bot_api.flood import Limits
from tests.bot_api.people import Group, Seat, User
from tests.bot_api.server import BotApi
from tests.emulation.faults import Fault, Silence, Slow

__all__ = ["BotApi", "Fault", "Group", "Limits", "Seat", "Silence", "Slow", "User"]
