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
        concentration pile piles heat band bands cliff cliffs
    """,
    "LEVEL": "level lvl lvls",
    "MAP": "map heatmap liqmap chart graph",
    "SQUEEZE": """
        trouble hunting hunted squeeze squeezable squeese squeaze hunt flush cascade hurt rinse rinsed smoke
        smoked wrecked burn burned burnt toast caught trapped offside underwater vulnerable expose exposure
        risk risky danger dangerous fragile overleveraged overextended overexposed pain painful punish punished cook
        cooked suffer unwind suckered screwed hosed roasted fried slaughtered destroyed obliterated crushed torched
        clapped steamrolled annihilated doomed demolished cornered shaky
    """,
    "LONGS": "longs bulls buyers buyer",
    "SHORTS": "shorts bears sellers seller",
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
    "TRAP": "trap bait fakeout fake deception lure baited manipulation manipulated ambush trick judas sneaky devious",
    "INVALID": "invalidate invalidation invalid disprove disproof falsify refute negate void nullify",
    "MISTAKEN": "wrong false untrue mistaken incorrect fail fails failure",
    "WHY": "why reason reasoning rationale explain explanation because logic justification justify",
    "KILL": """
        garbage trash rubbish bullshit worthless meaningless dead dies kill ruin spoil wreck bin scrap ditch
        discard abandon undo falsifies unravel debunk torpedo
    """,
    "TURN": "reverse overturn flip",
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
        weak weaker weakest most fattest fat juicy juiciest solid relevant meaningful
    """,
    "CONFIRM": "confirm confirmation",
}
INPUT_CONCEPTS = {
    "FUNDING": "funding",
    "CROWD": "crowd crowded positioning positioned sentiment ratio retail overcrowded",
    "OI": "oi",
    "BOOK": "orderbook bids asks depth wall walls",
    "ACTION": "momentum pa",
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
    "TOUCH": "reach hit hits touch tag test retest visit revisit arrive tap fill clear kiss wick",
    "BREAKS": "break breaks breaking broken broke",
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
    "QUESTIONS": "question questions checklist qs",
    "BOT": "bot",
    "HAPPENED": "happened happend occurred",
    "RECENT": "recent recently lately earlier yesterday overnight",
    "ASSUME": "assume assumes assumption",
    "BESIDE": "beside alongside",
    "MODELS": "models",
    "MODEL": "model",
    "HELP": "help commands",
    "TRACK": "accuracy accurate hitrate winrate",
    "ASK": "ask asking",
    "OFTEN": "often frequently",
    "SETTINGS": "settings prefs preference preferences default defaults timezone theme",
    "AGAIN": "again refresh repeat reload",
    "SAME": "same ditto likewise",
    "DIFFER": "difference different differ diff",
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
    setting tweak must shall think thinking thank thanks thankyou thx
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
    tho though absolutely position careful before after pull bring load open fire
"""
_FUNCTION_WORDS = """
    fair fairly adjust couple
    but although while unless until since however therefore rather quite almost enough neither nor once hm hmmm hmmmm
    mmm ah ahh oh ohh huh true valid ought his her hers myself yourself together without among across
    along toward towards upon despite except early always never sometimes usually rarely understand understood
    knew believe suppose feel feels sound sounds became done try tries trying tried somewhere anywhere everywhere
    nowhere two three four several less least plenty half sorry hello greetings dear respectfully second third final
    previous back apart aside great fine person guy way ways part parts cannot learn learned newbie noob confused
    unsure briefly brief
"""
"""Words of English that hold sentences together, beside those that patterns ask for."""
_CHAT_WORDS = """
    afaik af asap atm bb bc cuz cos coz bet bruv bros cheers chief cmon damn dang dawg dem dude eh em fam fkn fr fs
    frfr ffs fyi gang gg girl gotta haha hahaha heya hiya homie hmu hows idc idk idek iirc ikr imho innit irl ive jk
    jw kk king lads legend legit lmk lmfao lowkey highkey ma'am madam mb mhm mkay nah nope nvm ngl nw obv obvs omg
    oof oy pal peeps pfft pleasee plss plzz ppl qq rofl sec shit shiz sis smh smth sup sus swear tbf tbqh tf tia
    ty tysm tryna ugh uhh umm whatev wdym woah wow wtf wth yall yep yea yh yo yoo yup yikes
    ayo ay aye bcs cause thru til till idky ffs hella mega
"""
_COLOURS = """
    overheated anyway anyways bucks buck bux dollars quid mms mm rate hard bad badly worse worst nasty ugly brutal
    brutally crazy insane mad massive giant enormous tiny small smaller
    chunky meaty spicy sketchy scary scared nervous worried juicier legitimate proper properly deep deeper tight
    thin clean obvious obviously rough simple simply plain plainly general generally overall
    decent pretty super total totally complete completely extreme extremely particular particularly especially
    mostly mainly definitely certainly possibly precise precisely specific specifically serious severe
    severely heavily nice nicely cool hot interesting weird odd strange funny new latest longer longest shorter
    shortest
"""
_COLOURING = frozenset(_COLOURS.split())
FILLERS = frozenset(_FILLERS.split()) | frozenset(_FUNCTION_WORDS.split()) | frozenset(_CHAT_WORDS.split()) | _COLOURING
"""Words that change nothing about what is asked: little words, how people talk in a chat, and how much of
something."""

_HURRIED = {
    "what": "whats wat wats wut wuts wots wot wht waht", "would": "wud wld wuld wouldnt",
    "could": "cud cld culd couldnt", "should": "shud shuld shouldnt shuold shld", "about": "abt bout abot",
    "will": "gonna gunna finna gon wont wil", "when": "whens whn", "where": "whr wher whre wheres", "how": "hw hows",
    "that": "dat tht thats", "they": "dey", "there": "theres ther", "your": "yr ur", "you": "youre ya'll u",
    "mate": "m8", "before": "b4", "today": "2day", "tonight": "2nite tonite",
    "tomorrow": "2moro 2morrow tmrw tmr tmw tomoz", "been": "bn", "have": "hv hav hve", "got": "gt", "from": "frm",
    "for": "fer", "with": "w wit wid w/", "because": "bcoz becuz", "and": "nd & + n plus", "much": "mch mutch",
    "more": "mor", "not": "dnt dont", "does": "doesnt", "is": "isnt", "are": "arent r", "can": "cant", "i": "im imma",
    "help": "hlp halp", "show": "sho shw", "look": "luk", "looking": "lukin", "think": "thikn thnk thinkin",
    "levels": "lvls", "between": "btwn", "again": "agin", "probably": "prolly prly", "definitely": "def",
    "just": "jus jst", "every": "evry", "something": "sumthing smthn sumthin", "anything": "nething anythin",
    "really": "rly rlly", "seriously": "srsly", "very": "v", "see": "c", "be": "b", "the": "da tha teh",
    "liquidated": "liqd liqed", "who": "whos", "which": "wich whch", "why": "y", "below": "bleow",
    "under": "undr undah",
    "above": "abvoe aboev", "magnet": "mgaet", "probability": "prob", "odds": "evens",
}  # fmt: skip
ALIASES = {typed: meant for meant, listed in _HURRIED.items() for typed in listed.split()}
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

_ENDINGS = ("s", "es", "d", "ed", "ing", "ly", "r", "in", "ings", "er", "ers", "est", "y", "ier", "iest", "ish")
"""What is put behind a word: "in" is "ing" without its g."""
_AFTER_THE_E = frozenset({"s", "es", "d", "ed", "ly", "r"})
_SHORTEST_STEM = {"in": 3, "er": 3, "ers": 3, "est": 3, "y": 5, "ier": 4, "iest": 4, "ish": 4}
"""Letters that must be left where the ending alone says little: a party is no part, a bully no bull."""

CLEAR_FROM = 6
"""Letters from which a slip of the finger (a letter lost, doubled or swapped) still tells which word was meant."""
SUBSTITUTED_FROM = 8
"""Letters from which a wrong letter does, too: shirts are not shorts."""
TWICE_FROM = 10
"""Letters from which two slips do: liqudaton."""


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
    for ending in _ENDINGS:
        stem = word.removesuffix(ending)
        if stem == word or len(stem) < _SHORTEST_STEM.get(ending, 1):
            continue
        yield from (stem,) if ending in _AFTER_THE_E else (stem, f"{stem}e")
        if len(stem) > (4 if ending in _SHORTEST_STEM else 2) and stem[-1] == stem[-2]:  # butter is no form of but
            yield stem[:-1]


@functools.lru_cache(maxsize=4096)
def _slipped(word: str) -> str | None:
    """Return the one concept of which a word is a slip of the finger away."""
    if len(word) < CLEAR_FROM or not word.isalpha():
        return None
    found = {concept for known, concept in _CONCEPT_OF.items() if is_slip(word, known)}
    return found.pop() if len(found) == 1 else None


def is_slip(typed: str, meant: str) -> bool:
    """Tell whether one letter was lost, added or swapped with its neighbour; in long words one wrong, or two lost."""
    if abs(len(typed) - len(meant)) > 2 or len(meant) < CLEAR_FROM or typed[0] != meant[0]:
        return False
    slips = _slips(typed, meant)
    if len(typed) == len(meant) and sorted(typed) != sorted(meant):
        return slips == 1 and len(meant) >= SUBSTITUTED_FROM
    return slips <= 1 or (slips == 2 and min(len(typed), len(meant)) >= TWICE_FROM)


def _slips(typed: str, meant: str) -> int:
    """Return the least number of letters lost, added, wrong or swapped with their neighbour."""
    before: list[int] = []
    last = list(range(len(meant) + 1))
    for row, letter in enumerate(typed, start=1):
        now = [row]
        for column, other in enumerate(meant, start=1):
            least = min(last[column] + 1, now[-1] + 1, last[column - 1] + (letter != other))
            if row > 1 and column > 1 and letter == meant[column - 2] and typed[row - 2] == other:
                least = min(least, before[column - 2] + 1)
            now.append(least)
        before, last = last, now
    return last[-1]


_CONCEPT_OF = {word: concept for concept, words in CONCEPTS.items() for word in words.split()}
