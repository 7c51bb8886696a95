"""The answers about Fathom itself: what it is, what it stores about people, how its zones turned out."""

from __future__ import annotations

from importlib.metadata import version

from bot.personal_data import KEPT, Kept
from bot.replies import Line, Reply, block
from bot.wording import disclaimer_blocks

_MARKETS = {
    "live": "live, from the public interfaces of exchanges; every answer names its venues",
    "recorded": "recorded ones",
    "simulated": "SIMULATED: every number is invented",
}
_PURPOSE = (
    "Fathom reads liquidation maps: where leveraged positions would be forced out, which of those zones several maps "
    "and inputs agree on, and what would prove the reading wrong."
)
_DOES_NOT = (
    "It does not say where price will go, gives no advice, places no orders, holds no keys to accounts, and sees no "
    "list of real stops."
)
_STORED_NOWHERE = "what you write, your name, and who asked for what"
_PUBLISHED = (
    "which zones, setup and conditions an answer told, when and about which symbol, without anybody it was told to; "
    "they are graded after three days, and kept for the track record"
)
_IN_MEMORY = "what a chat asked about last and how often you asked in the last seconds; gone when the program restarts"
_WHERE = (
    "In the database of whoever runs this bot, and in nobody else's. That and the log, which holds no messages "
    "and names nobody, are theirs to keep safe."
)
_TOO_FEW = "Nothing{about} has been graded yet, so there is too little to tell: no hit rate, good or bad, is claimed."
_NOTHING_HERE = (
    "Nothing is stored about anybody here: settings are for chats. On a console use --theme, --config and the other "
    "options; fathom ask --help shows them."
)
_NO_REPORTS = (
    "Reports are for chats: they come by themselves on Telegram and Discord, while fathom serve runs. On a console, "
    "let the system's own timetable run fathom ask."
)
_NO_ALERTS = (
    "Alerts are for chats: they come by themselves on Telegram and Discord, while fathom serve runs. On a console, let "
    "the system's own timetable run fathom ask."
)


def about_reply(source_name: str, symbols: int) -> Reply:
    """Return the answer to `/about`; symbols: how many can be asked for, 0 where nobody knows yet."""
    count = f" ({symbols:,} symbols)" if symbols else ""
    return Reply(
        blocks=(
            *block(
                "guide",
                Line(label="FATHOM", text=version("fathom-liq"), tone="strong"),
                Line(label="IS", text=_PURPOSE),
                Line(label="MARKETS", text=_MARKETS.get(source_name, source_name) + count),
                Line(label="DOES NOT", text=_DOES_NOT),
                Line(label="MORE", text="/help: what can be asked; /models: what is assumed; /privacy: what is stored"),
            ),
            *disclaimer_blocks(),
        )
    )


def privacy_reply() -> Reply:
    """Return the answer to `/privacy`: all that is stored, table by table."""
    return Reply(
        blocks=block(
            "guide",
            *(Line(label="STORED", text=f"{_whose(kept)} {kept.what}; until {kept.until}.") for kept in KEPT),
            Line(label="ABOUT NOBODY", text=f"{_capital(_PUBLISHED)}."),
            Line(label="WHERE", text=_WHERE),
            Line(label="IN MEMORY", text=f"{_capital(_IN_MEMORY)}."),
            Line(label="NOT STORED", text=f"{_capital(_STORED_NOWHERE)}."),
            Line(label="DELETE", text="/forget_me deletes all that is stored about you, at once."),
        )
    )


def no_track_reply(symbol: str | None) -> Reply:
    """Return the answer to `/track` where nothing was published about a symbol, or nobody keeps it."""
    about = "" if symbol is None else f" about {symbol}"
    return Reply(blocks=block("guide", Line(label="TRACK", text=_TOO_FEW.format(about=about))), symbol=symbol)


def no_settings_reply() -> Reply:
    """Return the answer to `/settings` and `/forget_me` where nobody keeps anything."""
    return Reply(blocks=block("guide", Line(text=_NOTHING_HERE)))


def no_reports_reply() -> Reply:
    """Return the answer to `/report` where nothing is sent unasked."""
    return Reply(blocks=block("guide", Line(text=_NO_REPORTS)))


def no_alerts_reply() -> Reply:
    """Return the answer to `/alert` where nothing is sent unasked."""
    return Reply(blocks=block("guide", Line(text=_NO_ALERTS)))


def _whose(kept: Kept) -> str:
    return "Your" if kept.is_personal else "A chat's"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
