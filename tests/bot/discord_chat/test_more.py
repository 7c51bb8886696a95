"""What waits behind More: shown in place of the message, and put away again."""

import discord


def shown(message):
    view = discord.ui.LayoutView.from_message(getattr(message, "message", message), timeout=None)
    items = list(view.walk_children())
    words = "\n".join(item.content for item in items if isinstance(item, discord.ui.TextDisplay))
    return words, [item.label for item in items if isinstance(item, discord.ui.Button)]


def test_more_shows_the_rest_in_place_and_less_puts_it_away(talk):
    async def use(world):
        message = (await world.ann.slash(world.channel, "liq", symbol="BTC")).response
        first, labels = shown(message)
        assert "battlefield" not in first
        assert labels[-4:] == ["More", "HD", "Refresh", "Delete"]
        await world.ann.click(message, label="More")
        whole, labels = shown(world.channel.history()[0])
        assert "battlefield" in whole
        assert labels[-4:] == ["Less", "HD", "Refresh", "Delete"]
        await world.ann.click(world.channel.history()[0], label="Less")
        assert shown(world.channel.history()[0])[0] == first
        assert len(world.channel.history()) == 1

    talk(use)


def test_more_works_after_a_restart(talk):
    async def use(world):
        message = (await world.ann.slash(world.channel, "zones", symbol="BTC")).response
        await world.restart()
        await world.ann.click(message, label="More")
        assert "Less" in shown(world.channel.history()[0])[1]

    talk(use)
