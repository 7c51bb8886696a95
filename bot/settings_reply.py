"""The answers to `/settings` and `/forget_me`, and the buttons under them."""

from __future__ import annotations

from collections.abc import Sequence

from bot.assistant import ANCHOR_MODEL, ANCHOR_WINDOW, OWN_WINDOWS
from bot.personal_data import KEPT, Forgotten
from bot.preferences import Place, WishesHere
from bot.presses import MODELS_SHOWN, WINDOWS_SHOWN, Button, Press
from bot.replies import Line, Reply, block
from bot.requests import Change, ForgetMe, Key, Scope, Settings
from bot.settings_words import EXAMPLES, KEYS, key_text
from engine.text import venue_text

THEMES_SHOWN = ("dark", "light", "colour-blind")

_DEFAULTS: dict[Key, str] = {
    "symbol": "the one asked about last",
    "window": "the four default maps",
    "model": "the four default maps",
    "venue": "all venues together",
    "theme": "dark",
    "time_zone": "UTC",
    "language": "en",
}
_MEANINGS: dict[Key, str] = {
    "symbol": "when a message names none",
    "window": "of the map that /liq shows",
    "model": "of the map that /liq shows",
    "venue": "when one venue alone shall be read",
    "theme": "of pictures",
    "time_zone": "of the times in answers; pictures stay in UTC",
    "language": "English is the only one so far",
}
_CONFIRM = "This deletes everything that is stored about you, at once and for good: {what}. Settings of chats stay."
_GONE = "Deleted, for good: {what}."
_NOTHING = "Nothing was stored about you, so nothing was deleted."


def settings_reply(request: Settings, here: WishesHere, place: Place) -> Reply:
    """Return what counts here, whose wish each setting is, and what was done."""
    lines = [Line(label=key_text(key).upper(), text=_in_force(key, here)) for key in KEYS]
    how = Line(label="CHANGE", text=" · ".join(EXAMPLES), tone="muted")
    return Reply(blocks=(*block("notice", *_done(request, place)), *block("guide", *lines), *block("guide", how)))


def _done(request: Settings, place: Place) -> tuple[Line, ...]:
    whose = "for you" if place.whose(request.scope) == "me" else "for this chat"
    if request.is_reset:
        return (Line(text=f"Everything that was set {whose} is taken back.", tone="good"),)
    if not request.changes:
        return ()
    names = ", ".join(key_text(change.key) for change in request.changes)
    return (Line(text=f"Kept {whose}: {names}.", tone="good"),)


def _in_force(key: Key, here: WishesHere) -> str:
    """Return a setting's value, whose it is, and what it is for; a chat's wish behind the person's own is told, too."""
    own, chats = (getattr(wishes, key) for wishes in (here.person, here.chat))
    if own is not None:
        behind = "" if chats is None else f", this chat's is {_shown(key, chats)}"
        return f"{_shown(key, own)} (yours{behind}; {_MEANINGS[key]})"
    if chats is not None:
        return f"{_shown(key, chats)} (this chat's; {_MEANINGS[key]})"
    return f"{_by_default(key, here)} (default; {_MEANINGS[key]})"


def _by_default(key: Key, here: WishesHere) -> str:
    """Return what counts where nobody set it; a window alone means a model, and a model alone a window."""
    liked = here.preferences
    if key == "model" and liked.window is not None:
        return ANCHOR_MODEL
    if key == "window" and liked.model is not None:
        return OWN_WINDOWS.get(liked.model, ANCHOR_WINDOW)
    return _DEFAULTS[key]


def _shown(key: Key, value: str) -> str:
    return venue_text(value) if key == "venue" else value


def settings_buttons(here: WishesHere, scope: Scope, *, asker: int) -> tuple[tuple[Button, ...], ...]:
    """Return a row of choices for the window, the model and the theme, and one to leave."""
    wishes = here.person if scope == "me" else here.chat

    def choice(key: Key, value: str | None, label: str) -> Button:
        request = Settings(changes=(Change(key, value),), scope=scope)
        is_current = getattr(wishes, key) == value
        return Button(label=label, press=Press(verb="ask", request=request, asker=asker), is_current=is_current)

    return (
        (*(choice("window", name, name) for name in WINDOWS_SHOWN), choice("window", None, "Any window")),
        (*(choice("model", name, name) for name in MODELS_SHOWN), choice("model", None, "All models")),
        tuple(choice("theme", name, name.capitalize()) for name in THEMES_SHOWN),
        (Button(label="Close", press=Press(verb="delete", asker=asker)),),
    )


def confirm_reply() -> Reply:
    """Return what is asked before anything is deleted."""
    what = "; ".join(f"your {kept.what}" for kept in KEPT if kept.is_personal)
    return Reply(blocks=block("notice", Line(text=_CONFIRM.format(what=what), tone="warning")))


def confirm_buttons(*, asker: int) -> tuple[tuple[Button, ...], ...]:
    """Return the buttons that delete, and that do not."""
    forget = Press(verb="ask", request=ForgetMe(confirmed=True), asker=asker)
    return (
        (
            Button(label="Delete everything about me", press=forget),
            Button(label="Keep it", press=Press(verb="delete", asker=asker)),
        ),
    )


def forgotten_reply(forgotten: Sequence[Forgotten]) -> Reply:
    """Return what was deleted."""
    gone = [each for each in forgotten if each.rows]
    what = "; ".join(f"your {each.kept.what}" for each in gone)
    return Reply(blocks=block("notice", Line(text=_GONE.format(what=what) if gone else _NOTHING, tone="good")))
