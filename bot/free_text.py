"""What a message in words asks for, when no command says so: intents, slots, and what the conversation was about.

A message is understood when its words say what is asked and about which symbol. A few words that nobody knows may stand
beside many that are known; a message that is mostly strange is refused with suggestions, whatever else is in it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar, get_args

from bot.intents import FOLLOW_WORDS, Intent, intents_of
from bot.lexicon import ANCHORS
from bot.mentions import Mentions, mentions_in
from bot.requests import (
    Help,
    Level,
    Liq,
    Maps,
    MarketRequest,
    Models,
    NoAdviceError,
    Point,
    Points,
    Questions,
    Request,
    RequestError,
    Settings,
    Track,
    Zones,
)
from bot.sentence import BREAK, SLOTS, UNKNOWN, Sentence, read_sentence
from engine.text import price_text, venue_text

EXAMPLES = ("/liq BTC", "/level BTC 68.5k", "/help")
LONGEST_COUNT = 4
"""Digits up to which a number in a statement, without symbol, sign or unit, may be a year, an hour or a count."""
SMALL_DIGITS = 2
"""Digits up to which a number in a question about something else is a price only where it stands as one: trap 4 eth."""
_BEFORE_A_PRICE = frozenset({"at", "@", "near", "around", "to", "is", "of", "past", "through", "from", "about", "by"})
_READ_BEFORE_A_PRICE = frozenset({UNKNOWN, "ABOVE", "BELOW", "TOUCH", "LEVEL"})
_CURRENCIES = frozenset({"bucks", "buck", "bux", "dollars", "dollar", "usd", "usdt", "usdc", "quid"})
STRANGE_BESIDE_LITTLE = 2
"""Strange words beside a symbol that is sure and a question that others than traders ask, too."""
_ASKING = frozenset({"what", "which", "where", "how", "is", "are", "does", "do", "will", "can", "could", "if", "any"})
_NOT_ADVICE = (
    "I do not say where price will go or what to do. I say where positions would be forced out, which side is more "
    "exposed and what would prove that wrong."
)
_ABOUT_FATHOM = frozenset({"track", "settings"})
"""What is asked of the program itself, in words that hardly anything else is asked in."""
_POINTS: tuple[Point, ...] = get_args(Point)
_WHOLE: dict[str, type[Liq | Maps | Zones | Questions]] = {
    "whole": Liq,
    "maps": Maps,
    "zones": Zones,
    "questions": Questions,
}
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """What a conversation was about: the last symbol, and the last request about a market."""

    symbol: str | None = None
    request: MarketRequest | None = None


def parse_free_text(text: str, known: Collection[str], talk: Talk) -> Request:
    """Return what a message in words asks for.

    Raises:
        RequestError: it cannot be told, or it asks for a forecast or advice.
        UnknownWindowError: it names a window that no map has.

    """
    sentence = read_sentence(text)
    if not sentence.words:
        raise RequestError("There is nothing to answer.", EXAMPLES)
    mentions = mentions_in(sentence, known, in_conversation=talk.symbol is not None)
    intents = intents_of(_shown(sentence, mentions))
    names = tuple(intent.name for intent in intents)
    _refuse_strange(sentence, mentions, intents, talk)
    if names == ("help",) or (names == ("models",) and not _names_a_map(sentence, mentions)):
        return Help() if names == ("help",) else Models()
    if "track" in names:
        return Track(symbol=next(iter(mentions.symbols), None))
    if names == ("settings",) and not mentions.symbols:
        return Settings()
    if _wants_advice(intents) or (
        names and set(names) <= {"forecast", "whole"} and "forecast" in names and not sentence.prices
    ):
        raise NoAdviceError(_NOT_ADVICE, _instead(mentions, sentence, talk))
    return _asked(sentence, mentions, _without_forecasts(names), talk)


def _wants_advice(intents: Sequence[Intent]) -> bool:
    """Tell whether a message asks what to do; "which is in more danger, the long or the short" asks something else."""
    names = {intent.name for intent in intents}
    return any(
        intent.name == "advice" and not ("exposed" in names and {"LONG", "or", "SHORT"} >= set(intent.concepts))
        for intent in intents
        if "questions" not in names
    )


def _names_a_map(sentence: Sentence, mentions: Mentions) -> bool:
    """Tell whether a model is named as the map to read a market from ("btc m2?"), not asked about itself."""
    about_itself = any(word.read in {"ASSUME", "DIFFER", "WHY", "MODELS"} for word in sentence.words)
    return bool(mentions.symbols and sentence.models) and not about_itself


def _shown(sentence: Sentence, mentions: Mentions) -> tuple[str, ...]:
    """Return what patterns see: symbols out of the way of the words around them."""
    strange = set(map(id, mentions.strange))
    shown = []
    for word in sentence.words:
        if word.read == UNKNOWN and id(word) not in strange:
            shown.append("SYMBOL")
        elif word.read:
            shown.append(word.read)
    return tuple(shown)


def _without_forecasts(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return what can be answered, without what only frames it."""
    real = tuple(name for name in names if name not in {"forecast", "advice", "help", "models", "settings"})
    return tuple(name for name in real if name != "whole") or real


def _refuse_strange(sentence: Sentence, mentions: Mentions, intents: Sequence[Intent], talk: Talk) -> None:
    """Refuse a message of which too much is not understood to be sure of the rest.

    Raises:
        RequestError: it is.

    """
    worst = mentions.names or mentions.strange
    if mentions.names or len(mentions.strange) > _most_strange(sentence, mentions, intents):
        listed = " ".join(f"“{word.text[:20]}”" for word in worst[:3])
        raise RequestError(f"I do not understand {listed} here.", _instead(mentions, sentence, talk))


def _most_strange(sentence: Sentence, mentions: Mentions, intents: Sequence[Intent]) -> int:
    """Return how many strange words, none of which names anything, a message may hold.

    As many as are understood where both the symbol and a question of the trade are in it; few where either is weak.
    """
    anchors = sum(word.read in ANCHORS or (word.read == "PRICE" and bool(mentions.symbols)) for word in sentence.words)
    if any(intent.name in _ABOUT_FATHOM for intent in intents):
        return sum(word.read not in ("", BREAK, UNKNOWN) for word in sentence.words)
    if not mentions.symbols:
        return max(anchors - 2 + _asks(sentence), 0)
    if not mentions.is_sure:
        return anchors
    if intents and anchors:
        return sum(word.read not in ("", BREAK, UNKNOWN) for word in sentence.words)
    return STRANGE_BESIDE_LITTLE * bool(intents or anchors)


def _instead(mentions: Mentions, sentence: Sentence, talk: Talk) -> tuple[str, ...]:
    """Suggest what can be asked about the symbol of the message or the conversation."""
    symbol = next(iter(mentions.symbols), talk.symbol)
    if symbol is None:
        return EXAMPLES
    level = tuple(f"/level {symbol} {typed(price)}" for price in sentence.prices[:1])
    return (*level, f"/liq {symbol}", f"which side is more exposed on {symbol}", f"/zones {symbol}")[:3]


def _asked(sentence: Sentence, mentions: Mentions, names: tuple[str, ...], talk: Talk) -> Request:
    symbol = _symbol(sentence, mentions, names, talk)
    map_ = _map(sentence, symbol, names)
    price = single(sentence.prices, "prices", tuple(f"/level {symbol} {typed(price)}" for price in sentence.prices))
    if price is not None:
        return _level(sentence, mentions, map_, price, names)
    follow = _follow_up(sentence, mentions, names, talk, map_)
    if follow is not None:
        return follow
    if not names:
        if not _is_bare(sentence, mentions):
            raise RequestError("I do not understand what is asked.", _instead(mentions, sentence, talk))
        return Liq(symbol=symbol, window=map_.window, model=map_.model, venue=map_.venue)
    if len(names) == 1 and names[0] in _WHOLE:
        if names[0] == "maps":
            return maps_request(map_)
        return _WHOLE[names[0]](symbol=symbol, window=map_.window, model=map_.model, venue=map_.venue)
    points = tuple(point for name in names for point in _POINTS if point == name)
    if not points:
        raise RequestError("That asks for two things at once.", (f"/questions {symbol}", f"/maps {symbol}"))
    if len(points) > 1 and sentence.looks_ahead and "touch" not in points:
        points = (*points, "touch")  # the only numbers about the time to come
    window = None if points == ("realised",) else map_.window  # what happened is in no map
    return Points(symbol=symbol, window=window, model=map_.model, venue=map_.venue, points=points)


def _symbol(sentence: Sentence, mentions: Mentions, names: tuple[str, ...], talk: Talk) -> str:
    if len(mentions.symbols) > 1:
        suggestions = tuple(f"/liq {symbol}" for symbol in mentions.symbols[:3])
        raise RequestError("One symbol at a time, please.", suggestions)
    if mentions.symbols:
        return mentions.symbols[0]
    says_something = names or _is_bare(sentence, mentions)
    if not says_something:
        raise RequestError("I do not understand what is asked.", _instead(mentions, sentence, talk))
    if talk.symbol is None:
        raise RequestError("Which symbol?", EXAMPLES)
    return talk.symbol


def _is_bare(sentence: Sentence, mentions: Mentions) -> bool:
    """Tell whether a message is made of slots, or begins as a follow-up does, with no word of its own."""
    has_slot = any(word.read in SLOTS for word in sentence.words) or bool(mentions.symbols)
    return (has_slot or _repeats(sentence)) and not mentions.strange


def _repeats(sentence: Sentence) -> bool:
    return any(word.read == "AGAIN" for word in sentence.words)


def _map(sentence: Sentence, symbol: str, names: Sequence[str]) -> MarketRequest:
    """Return the map and venue that are asked; windows and models that are compared ask for none alone."""
    compared = "agreement" in names
    windows = () if compared and len(sentence.windows) > 1 else sentence.windows
    models = () if compared and len(sentence.models) > 1 else sentence.models
    return MarketRequest(
        symbol=symbol,
        window=single(windows, "windows", tuple(f"/liq {symbol} {window.name}" for window in windows)),
        model=single(models, "models", tuple(f"/liq {symbol} {model}" for model in models)),
        venue=single(sentence.venues, "venues", venue_suggestions(symbol, sentence.venues)),
    )


def _level(sentence: Sentence, mentions: Mentions, map_: MarketRequest, price: float, names: tuple[str, ...]) -> Level:
    typed_price = next(word.text for word in sentence.words if word.read == "PRICE")
    plain = typed_price.isdigit() and len(typed_price) <= LONGEST_COUNT
    stated = plain and not mentions.symbols and "touch" not in names and not _asks(sentence)
    small = typed_price.isdigit() and len(typed_price) <= SMALL_DIGITS and bool(set(names) - {"touch", "whole"})
    if stated or (small and not _stands_as_a_price(sentence)):
        raise RequestError(f"Is {typed_price} a price?", (f"/level {map_.symbol} {typed_price}", f"/liq {map_.symbol}"))
    touch = "touch" in names
    return Level(
        symbol=map_.symbol, window=map_.window, model=map_.model, venue=map_.venue, price=price, wants_touch=touch
    )


def _stands_as_a_price(sentence: Sentence) -> bool:
    """Tell whether the words before or behind the first price say that it is one: at 3, xrp 3, 3 dollars."""
    place = next(place for place, word in enumerate(sentence.words) if word.read == "PRICE")
    before, behind = sentence.words[:place][-1:], sentence.words[place + 1 :][:1]
    return (
        not before
        or any(word.text.lower() in _BEFORE_A_PRICE or word.read in _READ_BEFORE_A_PRICE for word in before)
        or any(word.text.lower() in _CURRENCIES for word in behind)
    )


def _asks(sentence: Sentence) -> bool:
    """Tell whether a message asks, goes on, or is nothing but slots."""
    first = sentence.words[0]
    bare = all(word.read in SLOTS or not word.read for word in sentence.words)
    spoken = {word.text.lower() for word in sentence.words[:1]} & {"anything", "something"}
    return bool(first.read in _ASKING or spoken or _follows(sentence) or (bare and first.read in SLOTS))


def _follows(sentence: Sentence) -> bool:
    """Tell whether a message goes on from the last one: "and eth?", "same for sol", "what about 70k"."""
    words = " ".join(word.read or word.text.lower() for word in sentence.words if word.read != BREAK)
    return any(words == follow or words.startswith(f"{follow} ") for follow in FOLLOW_WORDS)


def _follow_up(
    sentence: Sentence, mentions: Mentions, names: tuple[str, ...], talk: Talk, map_: MarketRequest
) -> Request | None:
    """Return the last request with what this message changes in it; None where it asks for something of its own."""
    last = talk.request
    if last is None or (names and names != ("whole",)):
        return None if last is None else _on_the_same_map(last, mentions, names, map_)
    if names or (mentions.symbols and not _follows(sentence)):
        return None
    if isinstance(last, Level) and last.symbol != map_.symbol:  # a price of one market says nothing in another
        return Liq(symbol=map_.symbol, window=map_.window, model=map_.model, venue=map_.venue or last.venue)
    if not isinstance(last, Maps) or not (map_.window or map_.model):
        changed = {
            "symbol": map_.symbol,
            "window": map_.window or last.window,
            "model": map_.model or last.model,
            "venue": map_.venue or last.venue,
        }
        said_nothing = not mentions.symbols and not (map_.window or map_.model or map_.venue)
        if said_nothing and not _follows(sentence):
            return None
        return replace(last, **changed)  # type: ignore[return-value, arg-type]
    return None


def _on_the_same_map(
    last: MarketRequest, mentions: Mentions, names: tuple[str, ...], map_: MarketRequest
) -> Request | None:
    """Return a question about parts of the answer that stands there: of the same map and venue."""
    points = tuple(point for name in names for point in _POINTS if point == name)
    own = mentions.symbols or map_.window or map_.model or map_.venue
    if own or last.symbol != map_.symbol or len(points) != len(names):
        return None
    if names == ("zones",):
        return None
    return Points(symbol=last.symbol, window=last.window, model=last.model, venue=last.venue, points=points)


def maps_request(asked: MarketRequest) -> Maps:
    """Return the request for the four default maps.

    Raises:
        RequestError: one map was named, which is another question.

    """
    if asked.window is None and asked.model is None:
        return Maps(symbol=asked.symbol, venue=asked.venue)
    window = [asked.window.name] if asked.window is not None else []
    one = " ".join(("/liq", asked.symbol, *window, *([asked.model] if asked.model is not None else [])))
    raise RequestError("/maps always shows the four default maps.", (f"/maps {asked.symbol}", one))


def venue_suggestions(symbol: str, venues: Sequence[str]) -> tuple[str, ...]:
    """Return the questions about one venue each."""
    return tuple(f"/liq {symbol} {venue_text(venue).lower()}" for venue in venues)


def single(values: tuple[_Value, ...], plural: str, suggestions: tuple[str, ...]) -> _Value | None:
    """Return the one value, None where there is none.

    Raises:
        RequestError: there are several.

    """
    if len(values) > 1:
        raise RequestError(f"I read {len(values)} {plural}; ask about one.", suggestions[:3])
    return values[0] if values else None


def typed(price: float) -> str:
    """Return a price as one would type it: 70,000 or 87.990."""
    return f"{price:,.0f}" if price.is_integer() else price_text(price)
