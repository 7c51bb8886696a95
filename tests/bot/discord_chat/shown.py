"""What a message of the simulated Discord shows: its words, buttons and pictures."""

import discord


def texts(message) -> str:
    """Return all words of a message, of whatever layout."""
    shown = message.embeds[0].description if message.embeds else ""
    return shown + "\n".join(item.content for item in items(message) if isinstance(item, discord.ui.TextDisplay))


def items(message):
    view = discord.ui.LayoutView.from_message(getattr(message, "message", message), timeout=None)
    return list(view.walk_children())


def labels(message):
    return [item.label for item in items(message) if isinstance(item, discord.ui.Button)]


def current(message):
    pressed = discord.ButtonStyle.primary
    return [item.label for item in items(message) if isinstance(item, discord.ui.Button) and item.style is pressed]


def pictures(message):
    return [attachment.filename for attachment in message.attachments]


async def answered_with(world, **options):
    await world.ann.slash(world.channel, "liq", **({"symbol": "BTC"} | options))
    return world.channel.last_message


def said_to_one(pressed):
    said = next(each for each in (*pressed.followups, pressed.response) if each is not None and each.ephemeral)
    assert said.ephemeral
    return said
