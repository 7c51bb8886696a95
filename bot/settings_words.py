"""From the words behind `/settings` to a request.

    settings = ["/settings"] (key value)* ["reset"] [scope]
    key      = symbol | window | model | venue | theme | time zone | language     (also tz, lang, exchange, ...)
    value    = a word; "default" takes a setting back
    scope    = "for me" | "for this chat"

Whether a value will do is checked where it is kept, which knows what there is.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import get_args

from bot.requests import Change, Key, RequestError, Scope, Settings
from bot.tokens import MAX_SYMBOL_LENGTH, as_model, tokenise

EXAMPLES = ("/settings theme light", "/settings symbol ETH for this chat", "/settings reset")
KEYS: tuple[Key, ...] = get_args(Key)
TAKEN_BACK = frozenset({"default", "none", "any", "all"})
"""Instead of a value: what counts without the setting. All four maps are the default, so "all" is one of them."""

_NAMES: dict[str, Key] = {
    **{key: key for key in KEYS},
    "coin": "symbol",
    "exchange": "venue",
    "lang": "language",
    "look": "theme",
    "map": "model",
    "pair": "symbol",
    "timezone": "time_zone",
    "time-zone": "time_zone",
    "tz": "time_zone",
    "zone": "time_zone",
}
_SCOPES: dict[str, Scope] = {
    "for this chat": "chat",
    "for the chat": "chat",
    "for everybody": "chat",
    "for everyone": "chat",
    "for me": "me",
}
_PAIRS = {"time zone": "time_zone", "time zones": "time_zone", "colour blind": "colour-blind"}
"""What is one thing though written as two words."""
_LONGEST_SCOPE = 3


def parse_settings(text: str) -> Settings:
    """Return what a message asks of the settings; the words after `/settings`, or all of it.

    Raises:
        RequestError: a word in it has no meaning here, or a setting has no value.

    """
    words = tokenise(text.replace("=", " "))
    if words and words[0].lower().removeprefix("/").partition("@")[0] == "settings":
        words = words[1:]
    words, scope = _without_scope(_joined(words))
    if [word.lower() for word in words] == ["reset"]:
        return Settings(scope=scope, is_reset=True)
    if not words or [word.lower() for word in words] == ["show"]:
        return Settings(scope=scope)
    return Settings(scope=scope, changes=_changes(words))


def _joined(words: Sequence[str]) -> tuple[str, ...]:
    joined: list[str] = []
    for word in words:
        pair = _PAIRS.get(f"{joined[-1]} {word}".lower()) if joined else None
        if pair is not None:
            joined[-1] = pair
        else:
            joined.append(word)
    return tuple(joined)


def _without_scope(words: Sequence[str]) -> tuple[tuple[str, ...], Scope]:
    for count in range(_LONGEST_SCOPE, 1, -1):
        scope = _SCOPES.get(" ".join(words[-count:]).lower())
        if scope is not None and len(words) >= count:
            return tuple(words[:-count]), scope
    return tuple(words), "me"


def _changes(words: Sequence[str]) -> tuple[Change, ...]:
    changes: dict[Key, Change] = {}
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        key: Key = "model" if as_model(word) else _key(word)  # "model 2" is one word by now
        if key in changes:
            raise RequestError(f"That sets the {key_text(key)} twice.", EXAMPLES)
        if not as_model(word) and not waiting:
            raise RequestError(f"Which {key_text(key)}?", (f"/settings {key_text(key)} default", *EXAMPLES[:1]))
        value = word if as_model(word) else waiting.pop(0)
        changes[key] = Change(key, None if value.lower() in TAKEN_BACK else value)
    return tuple(changes.values())


def _key(word: str) -> Key:
    name = word.lower()
    if name in _NAMES:
        return _NAMES[name]
    near = [f"/settings {key_text(_NAMES[close])}" for close in difflib.get_close_matches(name, _NAMES, 2)]
    raise RequestError(f"There is no setting “{word[:MAX_SYMBOL_LENGTH]}”.", near or EXAMPLES)


def key_text(key: Key) -> str:
    """Return a setting's name in words."""
    return key.replace("_", " ")
