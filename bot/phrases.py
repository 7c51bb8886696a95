"""Several words with one meaning: read before single words, the longer first.

Each meaning lists phrases, separated by commas. "?" is a word that is not understood ("how long"), "" one that
changes nothing ("in short"); a meaning of several words is read as these.
"""

from __future__ import annotations

MEANINGS = {
    "LONG": "my long, my longs",
    "TRACK": """
        past result, past results, past performance, your results, your performance, your record, your accuracy,
        track record, hit rate, win rate, success rate, batting average, how good are you, how right are you, have you
        been right, were you right, you been right, been right, ever right, ever been right
    """,
    "SETTINGS": "time zone, dark mode, light mode, dark theme, light theme",
    "SHORT": "my short, my shorts",
    "ADVISE": "close my, hold my, sell my, keep my",
    "OI": "open interest",
    "BOOK": "order book, buy wall, sell wall, bid wall, ask wall, bid walls, ask walls",
    "ACTION": "price action",
    "STRUCTURE": "market structure",
    "CROWD": "long short ratio, short long ratio, account ratio",
    "TRAP": """
        stop hunt, stop run, liquidity grab, head fake, fake out, bull trap, bear trap, fake us out, fake me
        out, fake people out, fakes out, shake out, shakeout, stop hunts, opposite scenario, opposite case,
        alternative scenario, counter scenario, other scenario, rug pull, rug, shake us out, shake me out, shake
        people out, shakes us out
    """,
    "FUNDING": "funding rate, funding rates",
    "FORCED": "forced buying, forced selling, forced buys, forced sells, buying or selling, buying vs selling",
    "LIQ": """
        margin call, margin called, wiped out, blown up, blow up, blown out, get nuked, stopped out, carried
        out, get carried
    """,
    "SWEEP": "taken out, take out, takes out",
    "INVALID": """
        change your mind, changes your mind, change your view, change your read, change your opinion, change
        the reading, change the view, change the picture, change this view, prove you wrong, prove it wrong,
        prove this wrong, prove that wrong, proves you wrong, proves it wrong, kill the idea, kill this idea,
        kill the thesis, kills the idea, kills this idea, kills the thesis, break the thesis, breaks the
        thesis, flip your view, flip your bias, prove you, where are you wrong, stop believing, no longer
        hold, no longer valid, no longer true, not true anymore,
        not valid anymore, not true any more, still valid, line in the sand
    """,
    "AGREE": """
        line up, lines up, lining up, on the same page, same page, say the same, back each other up, back
        eachother up, back each other, all over the place, tell the same story, same story, see the same thing, show
        the same thing, in sync, at odds, all over the shop,
        in agreement, saying the same, says the same, telling the same story, tells the same story,
        point the same way, pointing the same way, same way, show the same, see the same
    """,
    "WHY": """
        how come, what makes you, what's behind, whats behind, on what basis, based on what, talk me
        through, come to that, come to this
    """,
    "which SIDE": "which way",
    "SETUP": "the play, set up, pain trade, max pain, path of least resistance",
    "TOUCH": "get to, gets to, getting to, make it to, makes it to, trade at, run to",
    "CHANCE": "how likely, what are the odds, shot at, any shot, a shot",
    "STOPLOSS": "stop loss, my stop, my stops, take profit, profit target",
    "FORECAST": "price target, next move, to the moon",
    "": """
        short term, long term, long run, in short, obvious trade, new here, in advance, thanks in advance,
        thank you, thank u, good morning, good afternoon, good evening, pull up, bring up, don't buy it, dont buy it,
        not buying it, don't buy that, dont buy that, if you don't mind, load up,
        walk me through, walk me thru, run me through, run me thru, take me through, in the way, the fuck, a
        lot, quick question, do you mind, market maker, market makers, smart money,
        any chance you can, any chance you could, drop a, drop me, drop us, real quick, for real, at the mo, right
        about now, no cap, to be
        honest, holding up, holdin up, hold up, at this point, by any chance, out of curiosity, for the record, on
        the fence, no bs, or nah, or not
    """,
    "?": """
        long time, long day, long week, how long, so long, as long as, never mind,
        why not, why me, are you like, how old are you, with you, i agree, i disagree, we agree, against us,
        level up, next level, time zone, time zones, reason with, good question, good questions, good point, i
        think, so what, no way, reported
    """,
    "WHOLE": """
        you think, your take, your read, your view,
        what's up, whats up, what's going on, whats going on, what is going on, give me the lowdown, lay of
        the land, big picture, full picture, the works, full report
    """,
    "BESIDE": "quad, 2x2, grid, side by side, next to each other, next to one another, in one picture",
    "ABOVE": """
        up top, head room, on the topside, to the north, how far up, how high up, up there, over head, over
        us, over price, over the price, on top of us, to the upside, on the way up
    """,
    "BELOW": "to the south, how far down, how deep, down there, to the downside, on the way down",
    "OTHER SIDE": "other way, other way round",
    "DETAIL": "broken down, breaks down, break it down, break them down, more detail, more details",
    "KILL": """
        throw out, throw this out, throw it out, throw away, give up on, off the table, falls apart, fall
        apart
    """,
    "what ABOVE": "what's up there, whats up there",
    "what BELOW": "what's down there, whats down there",
    "SQUEEZE": """
        more to lose, in the firing line, in the hot seat, on the hook, on the wrong side, wrong side, in
        pain, at risk, in danger, in trouble, under pressure, under water, bag holders
    """,
    "MAP": "liq map, liquidation map, liq heatmap",
    "ZONE": "every band, each band, all bands",
    "BESIDE MAP": """
        maps grid, map grid, grid of maps, four maps, 4 maps, all maps, compare maps, compare the maps, 4 panel,
        4 panels, four panel, four panels, 4 pane, four pane, 4 panes, four panes, 4 charts, four charts, all panels
    """,
    "HELP": """
        do i type, do i even type, to type, can i type, get started, how do i use this, how to use this, how this works,
        what can you do, what do you do, what can i ask, can i ask you, stuff can i ask, things can i ask, how do i
        use, how does this work, how does this thing work, how does it work, how do you work,
        who are you, what are you
    """,
    "QUESTIONS": """
        what should i ask, what should i be asking, what should i be wondering, what should i wonder, right
        questions, what should i be looking at, what should i look at, what should i watch
    """,
    "DATA": "how old, how old's, how recent, how up to date, how fresh, up to date",
    "what": "wtf",
    "LATER": "next week, next month, next year, end of week, end of year",
    "SAME": "same question",
}

PHRASES = {" ".join(phrase.split()): meaning for meaning, listed in MEANINGS.items() for phrase in listed.split(",")}
"""Every phrase in small letters, and what it is read as."""
