"""Discord's REST interface and gateway on loopback, with people who use the bot.

async with FakeDiscord() as fake:
    ann = fake.user("Ann")
    seat = fake.seat(ann, fake.channel(fake.guild("Traders", ann)))
    async with connected(fake, bot):  # tests/fake_discord/client.py; or a process with fake.rest_url, .gateway_url
        exchange = await seat.slash("liq", symbol="BTC")
        message = await exchange.reply()  # no longer "is thinking"
        await seat.press(message, "24h")
        await seat.edited(message, times=2)
"""

from tests.emulation.faults import Fault, Silence, Slow
from tests.fake_discord.people import Exchange, Seat
from tests.fake_discord.server import FakeDiscord

__all__ = ["Exchange", "FakeDiscord", "Fault", "Seat", "Silence", "Slow"]
