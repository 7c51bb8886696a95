"""The words that traders ask with, by what they mean: the vocabulary of `bot.grammar`, with `bot.phrases`.

A concept is a word in capitals that patterns of `bot.intents` are made of; every word listed with it means the same
here, also in the plural, with -ed or -ing, and with one slip of the finger where it is long enough to be sure.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

LIQUIDATION_CONCEPTS = {
    "LIQ": """
        liq liqs liquidate liquidation liquidatable liquidity liquidities rekt rek wipe wipeout liquid
        forced stopped
    """,
    "ZONE": """
        zone cluster pool pocket hotspot magnet support resistance area region spot node stops density
        concentration pile piles heat bands cliff cliffs
    """,
    "LEVEL": "level lvl lvls",
    "MAP": "map heatmap liqmap chart graph",
    "SQUEEZE": """
        trouble hunting hunted squeeze squeezable squeese squeaze hunt flush cascade hurt rinse rinsed smoke
        smoked wrecked burn burned burnt toast caught trapped offside underwater vulnerable expose exposure
        risk danger dangerous fragile overleveraged overextended overexposed pain painful punish punished cook
        cooked suffer unwind
    """,
    "LONGS": "longs bulls buyers",
    "SHORTS": "shorts bears sellers",
    "LONG": "long longing bull",
    "SHORT": "short shorting bear",
    "LEVERAGE": "leverage leveraged lev margin",
    "FORCED": "",
}
READING_CONCEPTS = {
    "SETUP": "setup bias verdict lean leaning tilt skew imbalance imbalanced asymmetry asymmetric scenario",
    "FAVOUR": "favour favor favours favors edge",
    "SWEEP": "sweep swept raid grab",
    "SIDE": "side sided direction",
    "TRAP": "trap bait fakeout fake deception lure baited manipulation manipulated ambush trick judas",
    "INVALID": "invalidate invalidation invalid disprove disproof falsify refute negate void nullify",
    "MISTAKEN": "wrong mistaken incorrect fail fails failure",
    "WHY": "why reason reasoning rationale explain explanation because logic justification justify",
    "KILL": "dead dies kill ruin spoil wreck bin scrap ditch discard abandon undo falsifies unravel debunk",
    "CONDITIONS": "condition conditions criteria",
    "VIEW": "view read reading picture thesis idea case story argument call narrative",
    "WINDOWS": "window windows timeframe timeframes tf tfs",
    "INPUTS": "input inputs",
    "HIGHS": "highs tops",
    "LOWS": "lows bottoms",
    "EITHER": "either",
    "AGREE": """
        agree agreement confluence confluent align aligned alignment overlap consensus coincide concur
        corroborate unanimous conflict disagree diverge divergence contradict confluences
    """,
    "NEAREST": "nearest closest",
    "STRONG": """
        strong strongest big bigger biggest large larger largest major main key important significant best top
        heavy heavier heaviest brightest dense densest thick thickest huge strength stronger matter matters
        weak weaker weakest most fattest fat juicy juiciest solid relevant
    """,
    "CONFIRM": "confirm confirmation",
}
INPUT_CONCEPTS = {
    "FUNDING": "funding",
    "CROWD": "crowd crowded positioning positioned sentiment ratio retail overcrowded",
    "OI": "oi",
    "BOOK": "orderbook bids asks depth wall walls",
    "ACTION": "momentum",
    "STRUCTURE": "structure vwap poc swings",
    "DATA": "data fresh freshness stale outdated source sources exchanges venues missing",
}
PLACE_CONCEPTS = {
    "ABOVE": "above overhead upside higher upward upwards north topside",
    "BELOW": "below under beneath underneath downside lower downward downwards south blow belw",
    "UP": "up pump pumping rally rallies rip rips rise rises rising bounce bounces moon mooning climb",
    "DOWN": """
        down dump dumping drop drops fall falls falling crash crashing nuke nuking tank tanking plunge sink
        slide selloff lose
    """,
    "GO": "go goes going head heading headed move moves moving trend trending land end",
    "TOUCH": "reach hit hits touch tag test retest visit revisit arrive tap fill break breaks breaking clear",
    "CHANCE": "chance odds probability probable likely likelihood possible possibility realistic probabilities",
    "BOTH": "both",
    "OTHER": "other opposite",
}
TRADING_CONCEPTS = {
    "TRADE": "buy buying sell selling enter exit hodl hold holding invest ape dca entry trade scalp accumulate",
    "STOPLOSS": "sl tp stoploss",
    "ADVISE": "advice advise signal signals tip tips recommend recommendation suggestion calls",
    "FORECAST": """
        predict prediction predictions forecast forecasting target targets bullish bearish bottom bottomed
        topped ath recover recovery future prophecy guess eoy eow
    """,
    "LATER": "tomorrow tonight weekend someday soon",
    "OWN": "bought sold owned bag bags",
}
TALK_CONCEPTS = {
    "WHOLE": """
        look looks looking thoughts opinion update overview summary analysis analyse analyze
        outlook happening happen happens status rundown breakdown report news situation
    """,
    "REALISED": "realised realized",
    "QUESTIONS": "question questions checklist",
    "BOT": "bot",
    "RECENT": "recent recently lately earlier yesterday overnight",
    "ASSUME": "assume assumes assumption",
    "BESIDE": "beside alongside",
    "MODELS": "models",
    "MODEL": "model",
    "HELP": "help commands",
    "AGAIN": "again refresh repeat reload",
    "SAME": "same ditto likewise",
    "DIFFER": "difference differ diff",
    "DETAIL": "detail details detailed score scores scored scoring",
}
CONCEPTS = {
    **LIQUIDATION_CONCEPTS,
    **READING_CONCEPTS,
    **INPUT_CONCEPTS,
    **PLACE_CONCEPTS,
    **TRADING_CONCEPTS,
    **TALK_CONCEPTS,
}

ANCHORS = frozenset(LIQUIDATION_CONCEPTS) | {"SETUP", "SWEEP", "INVALID", "AGREE", "FUNDING", "CROWD", "OI", "BOOK"}
ANCHORS |= {"ACTION", "REALISED", "MODELS"}
"""Concepts that hardly anybody uses who does not speak of a market: they make up for a word that is not understood."""

_GRAMMAR_WORDS = """
    what which who whom where how why when if will would could should can may might i you we me your our us and
    or vs versus not no about so more much many first next last past within over here there for on of at in to
    from with between current currently then instead only just alone now get gets got getting was were been be
    is are has have had does do did any most far good safe worth they know double time use whose right
"""
GRAMMAR_WORDS = frozenset(_GRAMMAR_WORDS.split())
"""Words that patterns may ask for by themselves; elsewhere they only hold a sentence together."""

_FILLERS = """
    compare a an the am being that this these those it its them their one ones by around near into onto through during
    as than too also very really actually honestly basically literally seriously exactly roughly approximately
    please pls plz plox hey yo hi bro bruh man mate dude fam guys folks sir boss ok okay well hmm um uh like
    kinda kind sort some all every each everything anything something anyone someone anybody somebody everyone
    everybody people traders trader whether such tell show give list name find identify describe check point say
    want wanna need gimme lemme let see seen seeing watch sit sitting lurk wait hide hiding rest stack build
    built stand lie lying live come coming cook brew exist left remain hang start begin make making take taken
    taking put keep change turn able supposed become seem appear mean meant meaning actual real today rn atm
    moment times present presently minute immediate price market perp perpetual futures usd usdt usdc dollar
    coin token pair open close hourly candle visible else yet still already ever even thing stuff lot bit little
    few another per away off out cover work using interested reply answer quick quickly size sized amount hour
    day week month period pressure fuel order interest ya yeah sure alright kindly dominant dominate create
    cause trigger play playing ahead behind wick range total share if-any perhaps maybe probably upcoming wonder
    curious btw imo tbh lol lmao wen run ran running against affect quote supply demand plan prove proof mind
    tho though absolutely position careful ask asks asking before after pull bring load open fire
"""
FILLERS = frozenset(_FILLERS.split())
"""Words that change nothing about what is asked."""

ALIASES = {
    "whats": "what", "wat": "what", "wht": "what", "waht": "what", "wheres": "where", "whos": "who", "hows": "how",
    "wich": "which", "whch": "which", "y": "why", "u": "you", "ur": "your", "r": "are", "teh": "the", "&": "and",
    "w/": "with", "+": "and", "bleow": "below", "abvoe": "above", "aboev": "above", "mgaet": "magnet",
    "n": "and", "plus": "and", "wil": "will", "shuold": "should", "shld": "should",
    "prob": "probability", "evens": "odds",
}  # fmt: skip
"""How people write a word in a hurry."""

_WORDS_THAT_ARE_TICKERS = """
    high ban dogs omg cos gps bob alpine
    act ace alice alpha alt app arc arm at atom auction awe baby badger bake band bank based bat be beat bid
    bill bless blur bond book bot broccoli cake cap cat chess chip cloud coin collect combo common comp cookie
    copper cost cow cross cyber dam dash deep dent dia dis dot drift edge epic era esports etc fight flex flock
    flow fluid flux folks form forth fun gas genius giggle goat grass gun hive home hood hook hot huma id idol
    in init io ip joe key kite lab layer lever light linea link lit lite loom magic magma mask me mega meme met
    meta milk mira moonshot move near net night not now od om on one op open orca order path people perp pixel
    play plume pons portal power prom prompt prove puffer pump quick rad ram rare rave ray re recall red reef
    render rif river robo rose safe saga sand sent shell shop sign siren skate sky snow sonic soon space spell
    stable star sun super sushi swarms swell syrup tag take team the theta token ton tree troy trump trust truth
    turbo turtle uber useless usual vet vine virtual waves wen wet why wif win woo
"""
WORDS_THAT_ARE_TICKERS = frozenset(_WORDS_THAT_ARE_TICKERS.split())
"""Tickers of listed perpetuals that are words of English too, picked by hand from the shipped table of brackets."""

CLEAR_FROM = 6
"""Letters from which a slip of the finger (a letter lost, doubled or swapped) still tells which word was meant."""
SUBSTITUTED_FROM = 8
"""Letters from which a wrong letter does, too: shirts are not shorts."""


def concept_of(word: str) -> str | None:
    """Return the concept that a word in lower case means, "" for one that means nothing here, None if unknown."""
    word = ALIASES.get(word, word)
    for form in _forms(word):
        if form in _CONCEPT_OF:
            return _CONCEPT_OF[form]
        if form in GRAMMAR_WORDS:
            return form
        if form in FILLERS:
            return ""
    slips = (_slipped(form) for form in _forms(word))
    return next((concept for concept in slips if concept is not None), None)


def is_understood(word: str) -> bool:
    """Tell whether a word in lower case has a meaning here, so that it is no symbol unless it says so."""
    return concept_of(word) is not None


def _forms(word: str) -> Iterator[str]:
    """Yield a word, then what it may be a form of: squeezed, squeezing, traps, trapped, agreeing."""
    yield word
    if word.endswith(("'s", "n't")):
        yield word[:-2] if word.endswith("'s") else "not"
    if "'" in word:
        yield word.split("'", maxsplit=1)[0]
    if len(word) <= 3:
        return
    for ending in ("s", "es", "d", "ed", "ing", "ly", "r"):
        stem = word.removesuffix(ending)
        if stem != word:
            yield from (stem, f"{stem}e") if ending == "ing" else (stem,)
            if len(stem) > 2 and stem[-1] == stem[-2]:
                yield stem[:-1]


@functools.lru_cache(maxsize=4096)
def _slipped(word: str) -> str | None:
    """Return the one concept of which a word is a slip of the finger away."""
    if len(word) < CLEAR_FROM or not word.isalpha():
        return None
    found = {concept for known, concept in _CONCEPT_OF.items() if known[0] == word[0] and _is_slip(word, known)}
    return found.pop() if len(found) == 1 else None


def _is_slip(typed: str, meant: str) -> bool:
    """Tell whether one letter was lost, added or swapped with its neighbour; wrong in long words only."""
    if abs(len(typed) - len(meant)) > 1 or len(meant) < CLEAR_FROM:
        return False
    same = next((place for place, (one, other) in enumerate(zip(typed, meant, strict=False)) if one != other), None)
    if same is None:
        return True
    left, right = typed[same:], meant[same:]
    swapped = len(left) == len(right) and left[:2] == right[1::-1] and left[2:] == right[2:]
    wrong = len(left) == len(right) and left[1:] == right[1:] and len(meant) >= SUBSTITUTED_FROM
    return swapped or wrong or left[1:] == right or left == right[1:]


_CONCEPT_OF = {word: concept for concept, words in CONCEPTS.items() for word in words.split()}
