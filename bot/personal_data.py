"""What is stored about people: the one list that deletion, /privacy and the tests read. A new table joins here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One table of the database.

    what: its content in words that follow "your" or "a chat's"; until: when a row goes; is_personal: its rows belong to
    one person, named by the columns `platform` and `user_id`, and go with /forget_me.
    """

    table: str
    what: str
    until: str
    is_personal: bool


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was deleted of one table: how many rows."""

    kept: Kept
    rows: int


PERSON_PREFERENCE = Kept(
    table="person_preference",
    what="settings (symbol, window, model, venue, theme, time zone, language), by your number on this platform",
    until="you change them, /settings reset or /forget_me",
    is_personal=True,
)
CHAT_PREFERENCE = Kept(
    table="chat_preference",
    what="settings of the same kind, by the chat's number; who made them is not stored",
    until="somebody who may configure the chat resets them",
    is_personal=False,
)
SUBSCRIPTION = Kept(
    table="subscription",
    what="reports: symbols, map, times, time zone and where they are sent, by your number on this platform",
    until="you remove them or /forget_me",
    is_personal=True,
)
ALERT = Kept(
    table="alert",
    what="alerts: symbol, price or score, what they remember and where they are sent, by your number on this platform",
    until="you remove them, they fired and do not repeat, or /forget_me",
    is_personal=True,
)
DELIVERY = Kept(
    table="delivery",
    what="deliveries of reports and alerts: when, where to, and how it went, by your number on this platform",
    until="30 days after they ended, or /forget_me",
    is_personal=True,
)
KEPT = (PERSON_PREFERENCE, CHAT_PREFERENCE, SUBSCRIPTION, ALERT, DELIVERY)
NOT_PERSONAL = ("published", "grade", "lease")
"""Tables that name nobody: what answers showed, and which process does what."""
