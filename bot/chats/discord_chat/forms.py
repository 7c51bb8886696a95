"""The form that asks for a price: opened by a button, read from what Discord sends back, in whichever process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import discord

from bot.chats.discord_chat.buttons import custom_id_of
from bot.presses import OldButtonError, Press, decoded, encoded
from bot.requests import Level, Liq, RequestError
from bot.tokens import MAX_PRICE_LENGTH, as_price

_FORM = "fathom-level:"
"""What a form's custom_id begins with; the press that opened it follows."""
_FIELD = "price"


def price_form(request: Liq) -> discord.ui.Modal:
    """Return the form that asks at which price of a market to look."""
    opened_by = Press(verb="level", request=request)
    form = discord.ui.Modal(title=f"A level of {request.symbol}", custom_id=_FORM + encoded(opened_by))
    field = discord.ui.TextInput[Any](
        custom_id=_FIELD, placeholder="68500, 68,500 or 68.5k", min_length=1, max_length=MAX_PRICE_LENGTH
    )
    form.add_item(discord.ui.Label(text="Price", description="What stands there, and on the way?", component=field))
    return form


def asked_level(data: object) -> Level:
    """Return the question that a filled in form asks.

    Raises:
        OldButtonError: it is of another version, or no form of ours.
        RequestError: what was written is no price.

    """
    request = decoded(custom_id_of(data).removeprefix(_FORM)).request
    if not isinstance(request, Liq):
        raise OldButtonError
    typed = next(_values(data), "").strip()
    price = as_price(typed)
    if price is None:
        raise RequestError(f"“{typed}” is not a price that I can read.", ("68500", "68,500", "68.5k"))
    return Level(symbol=request.symbol, model=request.model, window=request.window, venue=request.venue, price=price)


def _values(data: object) -> Iterator[str]:
    """Yield what was written into the field, wherever it stands: a label holds one component, a row several."""
    if not isinstance(data, Mapping):
        return
    if data.get("custom_id") == _FIELD:
        yield str(data.get("value", ""))
    for inner in (*data.get("components", ()), data.get("component")):
        yield from _values(inner)
