"""Discord's REST interface and gateway on loopback, with people who use the bot."""

from tests.fake_discord.faults import Fault, Silence, Slow
from tests.fake_discord.people import Exchange, Seat
from tests.fake_discord.server import FakeDiscord

__all__ = ["Exchange", "FakeDiscord", "Fault", "Seat", "Silence", "Slow"]
