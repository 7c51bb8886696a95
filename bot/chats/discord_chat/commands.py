"""The slash commands: options read, then asked of the handlers. A message's menu ("read this heat map") joins here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, TypedDict

import discord
from discord import app_commands
from discord.app_commands import Choice, Range

from bot.chats.discord_chat.alert_command import add_alert_command
from bot.chats.discord_chat.conversation import Conversation
from bot.chats.discord_chat.places import place_of
from bot.chats.discord_chat.report_command import MOST_CHOICES, add_report_command
from bot.requests import (
    About,
    ForgetMe,
    Help,
    Level,
    Liq,
    Maps,
    Models,
    Privacy,
    Questions,
    Request,
    RequestError,
    Track,
    Zones,
)
from bot.settings_words import parse_settings
from bot.tokens import (
    MAX_PRICE_LENGTH,
    MAX_SYMBOL_LENGTH,
    MAX_TEXT_LENGTH,
    as_price,
    as_symbol,
    as_window,
    tokenise,
)
from engine.models import MODELS, model_named
from engine.text import exchange_named, venue_text
from engine.windows import WINDOWS, Window, window_named

_SYMBOL = "Such as BTC, eth or $sol"
_WINDOW = "How far back the map looks"
_MODEL = "Which map: the default reads four of them together"
_VENUE = "One venue alone, instead of all"

Tree = app_commands.CommandTree[Any]
_Interaction = discord.Interaction[Any]
_Symbol = Range[str, 1, 2 * MAX_SYMBOL_LENGTH]  # BTC/USDT:USDT is one, too
_Price = Range[str, 1, 2 * MAX_PRICE_LENGTH]  # "68500 on 12h" is read, too


class Commands:
    """Every slash command of a tree. venues: those that can be asked alone, as the source names them."""

    def __init__(self, tree: Tree, conversation: Conversation, *, venues: Sequence[str]) -> None:
        self._tree = tree
        self._conversation = conversation
        self._windows = [Choice(name=window.name, value=window.name) for window in WINDOWS]
        self._models = [Choice(name=f"{spec.id} {spec.name}", value=spec.id) for spec in MODELS.values()]
        self._venues = [Choice(name=venue_text(name), value=name) for name in venues[:MOST_CHOICES]]
        self._add_market_commands()
        self._add_level()
        self._add_guides()
        self._add_private()

    # --- about a market ----------------------------------------------------------------------------------------------

    def _add_market_commands(self) -> None:
        @self._tree.command(description="Where leveraged positions would be forced out, and what to make of it")
        @app_commands.describe(symbol=_SYMBOL, window=_WINDOW, model=_MODEL, venue=_VENUE)
        @app_commands.choices(window=self._windows, model=self._models, venue=self._venues)
        @app_commands.autocomplete(symbol=self._symbols)
        async def liq(
            interaction: _Interaction,
            symbol: _Symbol | None = None,
            window: str | None = None,
            model: str | None = None,
            venue: str | None = None,
        ) -> None:
            await self._about(interaction, Liq, symbol, window=window, model=model, venue=venue)

        self._add_plain(Maps, "maps", "The four default maps side by side on one price axis")
        self._add_plain(Zones, "zones", "Every zone with its score taken apart")
        self._add_plain(Questions, "questions", "The questions that a careful trader asks, answered from the numbers")

    def _add_plain(self, kind: type[Maps | Zones | Questions], name: str, description: str) -> None:
        @self._tree.command(name=name, description=description)
        @app_commands.describe(symbol=_SYMBOL, venue=_VENUE)
        @app_commands.choices(venue=self._venues)
        @app_commands.autocomplete(symbol=self._symbols)
        async def about(interaction: _Interaction, symbol: _Symbol | None = None, venue: str | None = None) -> None:
            await self._about(interaction, kind, symbol, venue=venue)

    def _add_level(self) -> None:
        @self._tree.command(description="What stands at one price, and on the way there")
        @app_commands.describe(
            symbol=_SYMBOL, price="68500, 68,500 or 68.5k", window=_WINDOW, model=_MODEL, venue=_VENUE
        )
        @app_commands.choices(window=self._windows, model=self._models, venue=self._venues)
        @app_commands.autocomplete(symbol=self._symbols)
        async def level(
            interaction: _Interaction,
            symbol: _Symbol,
            price: _Price,
            window: str | None = None,
            model: str | None = None,
            venue: str | None = None,
        ) -> None:
            words = (symbol, _typed(price), window, model, venue)
            if _has_more(symbol) or _has_more(_typed(price)):
                await self._said(interaction, _command("level", words))
                return

            def read() -> Request:
                slots = _slots(window, model, venue)
                return Level(symbol=as_symbol(symbol), price=_price(_typed(price)), **slots)

            await self._read(interaction, read)

    async def _about(
        self,
        interaction: _Interaction,
        kind: type[Liq | Maps | Zones | Questions],
        symbol: str | None,
        *,
        window: str | None = None,
        model: str | None = None,
        venue: str | None = None,
    ) -> None:
        """Answer about a symbol, or without one about the last of the chat."""
        if symbol is not None and _has_more(symbol):
            await self._said(interaction, _command(kind.__name__.lower(), (symbol, window, model, venue)))
        elif symbol is not None:
            await self._read(interaction, lambda: kind(symbol=as_symbol(symbol), **_slots(window, model, venue)))
        else:
            place = place_of(interaction)
            coming = self._conversation.handlers.went_on(
                lambda last: kind(symbol=last, **_slots(window, model, venue)), place
            )
            await self._conversation.asked(interaction, coming)

    # --- about no market ---------------------------------------------------------------------------------------------

    def _add_guides(self) -> None:
        @self._tree.command(description="What each model assumes")
        async def models(interaction: _Interaction) -> None:
            await self._read(interaction, Models)

        @self._tree.command(description="Ask in your own words")
        @app_commands.describe(question="Such as: is 70k a magnet for btc?")
        async def ask(interaction: _Interaction, question: Range[str, 1, MAX_TEXT_LENGTH]) -> None:
            await self._said(interaction, question)

        @self._tree.command(description="How earlier zones turned out, against chance")
        @app_commands.describe(symbol=_SYMBOL)
        @app_commands.autocomplete(symbol=self._symbols)
        async def track(interaction: _Interaction, symbol: _Symbol | None = None) -> None:
            await self._read(interaction, lambda: Track(None if symbol is None else as_symbol(symbol)))

    def _add_private(self) -> None:
        """Add what concerns one person."""

        @self._tree.command(description="Symbol, window, model, theme and time zone that you like")
        @app_commands.describe(change="Such as: window 3d, theme light, or reset; empty shows them")
        async def settings(interaction: _Interaction, change: Range[str, 0, MAX_TEXT_LENGTH // 2] = "") -> None:
            await self._read(interaction, lambda: parse_settings(change), is_private=True)

        add_report_command(self._tree, self._conversation.handlers, self._said_in_private)
        add_alert_command(self._tree, self._conversation.handlers, self._said_in_private)
        self._add_word(Help, "help", "What can be asked")
        self._add_word(About, "about", "What Fathom is, and what it is not")
        self._add_word(Privacy, "privacy", "What is stored about you, where and for how long")
        self._add_word(ForgetMe, "forget_me", "Delete everything that is stored about you")

    def _add_word(self, kind: type[Help | About | Privacy | ForgetMe], name: str, description: str) -> None:
        @self._tree.command(name=name, description=description)
        async def word(interaction: _Interaction) -> None:
            await self._read(interaction, kind, is_private=True)

    # --- all of them -------------------------------------------------------------------------------------------------

    async def _symbols(self, interaction: _Interaction, current: str) -> list[Choice[str]]:
        """Offer symbols while somebody types, from memory."""
        del interaction
        found = self._conversation.handlers.suggestions(current[: 2 * MAX_SYMBOL_LENGTH])
        return [Choice(name=symbol, value=symbol) for symbol in found[:MOST_CHOICES]]

    async def _read(self, interaction: _Interaction, read: Callable[[], Request], *, is_private: bool = False) -> None:
        """Answer the request that `read` makes of the options; what cannot be read is said in private."""
        try:
            request = read()
        except Exception as error:  # noqa: BLE001 - what cannot be read becomes words; the unexpected is logged
            await self._conversation.failed(interaction, error)
            return
        coming = self._conversation.handlers.asked(request, place_of(interaction))
        await self._conversation.asked(interaction, coming, is_private=is_private)

    async def _said(self, interaction: _Interaction, text: str) -> None:
        await self._conversation.asked(interaction, self._conversation.handlers.said(text, place_of(interaction)))

    async def _said_in_private(self, interaction: _Interaction, text: str) -> None:
        coming = self._conversation.handlers.said(text, place_of(interaction))
        await self._conversation.asked(interaction, coming, is_private=True)


class _Slots(TypedDict):
    """Which map is asked for, and at which venue."""

    window: Window | None
    model: str | None
    venue: str | None


def _slots(window: str | None, model: str | None, venue: str | None) -> _Slots:
    """Return what the options mean, also where somebody sends other words than Discord offers.

    Raises:
        EngineError: there is no such window or model.

    """
    known = None if venue is None else exchange_named(venue.strip())
    return _Slots(
        window=None if window is None else as_window("".join(window.split())) or window_named(window),
        model=None if model is None else model_named(model).id,
        venue=venue if known is None else known.name,
    )


def _typed(price: object) -> str:
    """Return a price as text: Discord may hand on a number where a program wrote one."""
    return f"{Decimal(str(price)):f}" if isinstance(price, int | float) else str(price)


def _has_more(text: str) -> bool:
    """Say whether more was typed than fits the option, as it may be in other chats: "eth 12h m2"."""
    return len(tokenise(text)) > 1


def _command(name: str, words: Iterable[str | None]) -> str:
    """Return a command as it is typed in other chats."""
    return " ".join((f"/{name}", *(word for word in words if word)))


def _price(text: str) -> float:
    price = as_price(text.strip())
    if price is None:
        raise RequestError(f"“{text}” is not a price that I can read.", ("68500", "68,500", "68.5k"))
    return price
