"""The answers that need no market: what can be asked, and what each model assumes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from bot.replies import Line, Reply, block
from bot.wording import disclaimer_blocks
from engine.inventory import Ladder
from engine.margin import terms_for
from engine.models import Model, ObservedModel
from engine.text import percent_text
from engine.windows import WINDOWS

SHOWN_SYMBOLS = 12
"""Symbols listed in the help: a line's worth."""

_LADDER_OF = ("binanceusdm", "BTCUSDT")
"""The market whose leverages are told: it allows every tier; other symbols cut the ladder at their maximum."""
_DEFAULT_WINDOWS = ("12h", "24h", "3d")
LEAST_SHARE = 0.01
_MIX_CAVEAT = "before sweeps, on BTC"

_COMMANDS = (
    (
        "/liq BTC",
        "where leveraged positions would be forced out, which side is more exposed, what would prove it wrong",
    ),
    ("/liq eth 12h m2", "the same from one map; symbol, window and model in any order"),
    ("/level BTC 68.5k", "what stands at one price and on the way there; also “is 70k a magnet for btc?”"),
    ("/maps BTC", "the four default maps side by side on one price axis, and what each adds"),
    ("/zones sol", "every zone with its score taken apart"),
    ("/questions BTC", "the questions that a careful trader asks, answered from the numbers of the moment"),
    ("/models", "what each model assumes"),
    (
        "/report add BTC at 08:00",
        "the same by itself, in a chat: daily, weekly, every 4h, before funding; /report list",
    ),
    (
        "/alert BTC 68500",
        "be told when price crosses a level; also zone 75, sweep, flip, invalidated, condition; /alert list",
    ),
)
IN_WORDS = "IN WORDS"
"""The label of what can be asked without a command."""
_IN_WORDS = (
    ("which side gets squeezed on sol", "the side that is more exposed, with the reasons"),
    ("what's below us on eth", "one side's zones, the best and the nearest first; also “above”"),
    ("why · what would change your mind", "the reasons, and the conditions that would prove it wrong"),
    ("what's the trap · do the maps agree", "the opposite scenario; where confluence is strongest"),
    ("odds of 70k on btc", "how often price came that far before; never a prediction"),
    ("and eth? · 12h · on okx · what about 70k", "goes on from the last question"),
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
                *(
                    Line(text=f"“{asked}”: {meaning}", label="" if place else IN_WORDS)
                    for place, (asked, meaning) in enumerate(_IN_WORDS)
                ),
            ),
            *block(
                "guide",
                Line(label="WINDOWS", text=" ".join(window.name for window in WINDOWS)),
                Line(label="SYMBOLS", text=", ".join(symbols[:SHOWN_SYMBOLS]) + more),
            ),
            *disclaimer_blocks(),
        )
    )


def models_reply(models: Iterable[Model]) -> Reply:
    """Return the answer to `/models`: each is named by what it assumes, none claims to be another site's."""
    blocks = [found for model in models for found in block("guide", *_model_lines(model))]
    return Reply(blocks=(*blocks, *disclaimer_blocks()))


def _model_lines(model: Model) -> list[Line]:
    spec = model.spec
    facts = (("assumes", spec.assumes), ("inputs", spec.inputs), ("memory", spec.memory), ("leverage", _mixes(model)))
    return [
        Line(label=spec.id, text=spec.name, tone="strong"),
        *(Line(label=label, text=text) for label, text in facts if text),
    ]


def _mixes(model: Model) -> str:
    """Return the leverage that stands in the maps, by window where the window decides; "" for mixed or real tiers."""
    if isinstance(model, ObservedModel):
        return ""
    margin = terms_for(*_LADDER_OF)
    if not np.all(np.isfinite(model.ladder(margin, WINDOWS[0]).leverages)):
        return ""
    if not model.spec.starts_empty:
        return f"{_mix(model.ladder(margin, WINDOWS[0]), math.inf)} ({_MIX_CAVEAT})"
    windows = [window for window in WINDOWS if window.name in _DEFAULT_WINDOWS]
    mixes = [f"{window.name}: {_mix(model.ladder(margin, window), window.length_s)}" for window in windows]
    return f"{'; '.join(mixes)} ({_MIX_CAVEAT})"


def _mix(ladder: Ladder, memory_s: float) -> str:
    """Return what share each leverage holds of what was opened within `memory_s` and not swept, those below 1 % aside.

    A tier seeded at a constant rate stands at seed x half-life x (1 - 2^(-memory / half-life)).
    """
    seeded = np.bincount(ladder.tier, weights=ladder.seed_share)
    standing = seeded * ladder.half_life_s * -np.expm1(-math.log(2) * memory_s / ladder.half_life_s)
    leverages, tier = np.unique(ladder.leverages, return_inverse=True)
    shares = np.bincount(tier, weights=standing) / standing.sum()
    return ", ".join(
        f"{leverage:g}x {percent_text(share, signed=False, decimals=0)}"
        for leverage, share in zip(leverages, shares, strict=True)
        if share >= LEAST_SHARE
    )
