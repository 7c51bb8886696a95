"""The answers that need no market: what can be asked, and what each model assumes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.replies import Line, Reply, block
from bot.wording import disclaimer_blocks
from engine.models import ModelSpec
from engine.windows import WINDOWS

SHOWN_SYMBOLS = 12
"""Symbols listed in the help: a line's worth."""

_COMMANDS = (
    (
        "/liq BTC",
        "where leveraged positions would be forced out, which side is more exposed, what would prove it wrong",
    ),
    ("/liq eth 12h m2", "the same from one map; symbol, window and model in any order"),
    ("/level BTC 68.5k", "what stands at one price and on the way there; also “is 70k a magnet for btc?”"),
    ("/zones sol", "every zone with its score taken apart"),
    ("/questions BTC", "the questions that a careful trader asks, answered from the numbers of the moment"),
    ("/models", "what each model assumes"),
)
_PURPOSE = (
    "Fathom reads liquidation maps: estimates, from price, open interest and assumed leverage, of where positions "
    "would be forced out. A map is not a list of real stops, and one bright band is often noise: look for zones that "
    "several maps and inputs share. Fathom never says where price will go."
)


def help_reply(symbols: Sequence[str]) -> Reply:
    """Return the answer to `/help`."""
    more = f" and {len(symbols) - SHOWN_SYMBOLS} more" if len(symbols) > SHOWN_SYMBOLS else ""
    return Reply(
        blocks=(
            *block("guide", Line(text=_PURPOSE)),
            *block("guide", *(Line(text=meaning, label=command, tone="plain") for command, meaning in _COMMANDS)),
            *block(
                "guide",
                Line(label="WINDOWS", text=" ".join(window.name for window in WINDOWS)),
                Line(label="SYMBOLS", text=", ".join(symbols[:SHOWN_SYMBOLS]) + more),
            ),
            *disclaimer_blocks(),
        )
    )


def models_reply(models: Iterable[ModelSpec]) -> Reply:
    """Return the answer to `/models`: each is named by what it assumes, none claims to be another site's."""
    blocks = [
        found
        for model in models
        for found in block(
            "guide",
            Line(label=model.id, text=model.name, tone="strong"),
            Line(label="assumes", text=model.assumes),
            Line(label="inputs", text=model.inputs),
            Line(label="memory", text=model.memory),
            Line(label="leverage", text=model.ladder),
        )
    ]
    return Reply(blocks=(*blocks, *disclaimer_blocks()))
