"""The compiled loop of the simulated market: one pass over small steps, every trade between a trader and a maker.

All compiled code stands in this one file because numba renews its cache by the file of the function that is called: a
change in another file (a constant of `state` or `steps`) is only seen when this one changes, too. Reference counts cost
more than arithmetic here, so what has a fixed size lives inside the one `desk` record: four times as fast as arrays.

Quantities are whole lots (integers), so open interest is conserved exactly, not up to rounding. Each standing position
waits in the list of the price bin that would next force it to act (stop, margin top-up, liquidation); a step opens only
the bins that price crossed.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from engine.grid import IntArray
from engine.simulation import state
from engine.simulation.profiles import TraderKind
from engine.simulation.state import Bar, Desk, Ledger, Signals, World
from engine.simulation.steps import STEP_S, STEPS_PER_BAR, STEPS_PER_DAY

_STOP, _TOP_UP, _LIQUIDATION = 0, 1, 2

_ROUNDS = 2
"""How often within one step forced orders may push price into further triggers; what is left goes to the next step."""

_inlined = numba.njit(forceinline=True)


@numba.njit(cache=True)
def run(world: World, rng: np.random.Generator, first: int, stop: int) -> None:
    """Simulate the bars from `first` to before `stop`, all in place; ends early when there is no room for positions."""
    desk, ledger = world.desk[0], world.ledger
    for bar in range(first, stop):
        desk.volatility = world.volatility[bar]
        desk.news_left += world.news[bar]
        _start_bar(desk, world.bars[bar], world.inventories[bar], rng)
        for step in range(bar * STEPS_PER_BAR, (bar + 1) * STEPS_PER_BAR):
            desk.step = step
            _leave(desk, ledger, rng)
            _arrive(desk, ledger, rng)
            _rebalance(desk, rng)
            _move(desk, rng)
            _force(desk, ledger, rng)
        _finish_bar(desk, world.bars[bar])
        if desk.full:
            return


@_inlined
def _start_bar(desk: Desk, row: Bar, inventories: IntArray, rng: np.random.Generator) -> None:
    desk.low = desk.high = desk.price
    desk.premium, desk.unmatched = 0.0, 0
    desk.buy_lots = desk.sell_lots = desk.opened = desk.closed = 0
    row.open = math.exp(desk.price)
    row.open_interest = desk.long_lots
    row.crowd = desk.crowd_lots / max(desk.long_lots, 1)
    row.thinness = _thinness(desk)
    for maker in range(state.MAKERS):
        inventories[maker] = desk.makers[maker]
        away = desk.targets[maker] - desk.centres[maker]
        shock = (
            rng.standard_normal()
            * desk.rules.target_spread
            * desk.usual_lots
            * math.sqrt(1 - desk.rules.target_keeps**2)
        )
        desk.targets[maker] = desk.centres[maker] + away * desk.rules.target_keeps + shock


@_inlined
def _finish_bar(desk: Desk, row: Bar) -> None:
    row.high, row.low, row.close = math.exp(desk.high), math.exp(desk.low), math.exp(desk.price)
    row.premium = desk.premium / STEPS_PER_BAR
    row.buy_lots, row.sell_lots = desk.buy_lots, desk.sell_lots
    row.opened, row.closed, row.unmatched = desk.opened, desk.closed, desk.unmatched


@_inlined
def _leave(desk: Desk, ledger: Ledger, rng: np.random.Generator) -> None:
    """Close the positions whose planned time is up."""
    index = ledger.due[desk.step]
    while index != state.NOBODY:
        position = ledger.positions[index]
        if position.ending == state.STANDING:
            taker_share = ledger.kinds[position.kind].taker_share
            _close(desk, ledger, rng, index, state.PLANNED, taker_share)
        index = position.next_due


@_inlined
def _arrive(desk: Desk, ledger: Ledger, rng: np.random.Generator) -> None:
    """Let traders come, each kind drawn by what it looks for, and open their positions."""
    signals = _signals(desk)
    total = 0.0
    for kind in range(len(ledger.kinds)):
        taste = ledger.kinds[kind]
        lure = taste.lured_by_hour * abs(signals.hour) + taste.lured_by_day * abs(signals.day)
        lure = (1 + lure + taste.lured_by_news * abs(signals.news)) / (1 + taste.lured_by_hour + taste.lured_by_day)
        pace = 1 + taste.hurry * (desk.volatility - 1)
        desk.weights[kind] = taste.arrivals_per_day / STEPS_PER_DAY * pace * lure
        total += desk.weights[kind]
    for _ in range(rng.poisson(total)):
        if desk.count == len(ledger.positions):
            desk.full = 1
            return
        pick, kind = rng.random() * total, 0
        while kind < len(ledger.kinds) - 1 and pick >= desk.weights[kind]:
            pick -= desk.weights[kind]
            kind += 1
        _open(desk, ledger, rng, kind, signals)


@_inlined
def _signals(desk: Desk) -> Signals:
    return Signals(
        _strength(desk, desk.price - desk.minute, desk.rules.minute_steps),
        _strength(desk, desk.price - desk.hour, desk.rules.hour_steps),
        _strength(desk, desk.price - desk.day, desk.rules.day_steps),
        _strength(desk, desk.news_heard, desk.rules.loud_steps),
        desk.crowd_lots / max(desk.long_lots, 1),
    )


@_inlined
def _strength(desk: Desk, move: float, steps: float) -> float:
    cap = desk.rules.signal_cap
    return min(max(move / (desk.step_sigma * math.sqrt(steps)), -cap), cap)


@_inlined
def _open(desk: Desk, ledger: Ledger, rng: np.random.Generator, kind: int, signals: Signals) -> None:
    taste, position = ledger.kinds[kind], ledger.positions[desk.count]
    position.kind, position.ending = kind, state.STANDING
    position.side = _direction(taste, signals, rng)
    relative_size = math.exp(taste.size_spread * rng.standard_normal() - taste.size_spread**2 / 2)
    lots = min(desk.mean_lots[kind] * relative_size, desk.rules.largest_share * desk.usual_lots)
    position.lots = max(math.ceil(lots), 1)
    position.entry_step, position.close_step = desk.step, state.NOBODY
    position.entry_price, position.close_price = desk.last_price, math.nan
    quantity = position.lots * desk.lot
    spread = math.exp(taste.leverage_spread * rng.standard_normal())
    wanted = _rounded(desk, rng, taste.leverage * spread * relative_size**-desk.rules.big_is_careful)
    allowed = desk.brackets[2, _bracket(desk, quantity * desk.last_price)]
    position.leverage = min(max(wanted, desk.rules.lowest_leverage), allowed)
    position.liquidation_price = _liquidation(desk, position.side, desk.last_price, position.leverage, quantity)
    _plan(desk, ledger, rng, desk.count, taste)
    desk.count += 1
    desk.crowd_lots += position.side * position.lots
    _trade(desk, rng, position.side, position.lots, 1, taste.taker_share)


@_inlined
def _direction(taste: TraderKind, signals: Signals, rng: np.random.Generator) -> int:
    push = taste.follows_minute * signals.minute + taste.follows_hour * signals.hour + taste.follows_day * signals.day
    push += taste.follows_news * signals.news + taste.follows_crowd * signals.crowd + taste.long_bias
    return 1 if rng.random() < 0.5 + 0.5 * math.tanh(push) else -1


@_inlined
def _bracket(desk: Desk, notional_usd: float) -> int:
    row = 0
    while row < state.BRACKETS - 1 and notional_usd > desk.brackets[0, row]:
        row += 1
    return row


@_inlined
def _rounded(desk: Desk, rng: np.random.Generator, leverage: float) -> float:
    """Return the nearest round leverage (by ratio) for most traders, the exact one for the others."""
    if rng.random() >= desk.rules.round_share:
        return leverage
    row = 0
    while row < state.PRESETS - 1 and desk.presets[row] * desk.presets[row + 1] < leverage * leverage:
        row += 1
    return float(desk.presets[row])


@_inlined
def _liquidation(desk: Desk, side: int, entry: float, leverage: float, quantity: float) -> float:
    """Return the liquidation price by Binance's rule, as engine.margin.liquidation_price does for a given size."""
    notional = quantity * entry
    row = _bracket(desk, notional)
    spare = notional / leverage + desk.brackets[3, row] - side * notional
    return float(spare / (quantity * (desk.brackets[1, row] - side)))


@_inlined
def _plan(desk: Desk, ledger: Ledger, rng: np.random.Generator, index: int, taste: TraderKind) -> None:
    """Decide when the position would close by itself, and what adverse price makes it act first."""
    position = ledger.positions[index]
    in_storm = max(1 + taste.hurry * (desk.volatility - 1), 1.0)  # who comes in a hurry leaves in a hurry
    hold = taste.hold_s / STEP_S / in_storm * math.exp(taste.hold_spread * rng.standard_normal())
    position.next_due = state.NOBODY
    if desk.step + 1 + hold < len(ledger.due):
        due = desk.step + 1 + int(hold)
        position.next_due = ledger.due[due]
        ledger.due[due] = index
    trigger, way = _LIQUIDATION, 1.0
    if rng.random() < taste.stop_share:
        trigger, way = (
            _STOP,
            desk.rules.stop_nearest + (desk.rules.stop_farthest - desk.rules.stop_nearest) * rng.random(),
        )
    elif rng.random() < taste.top_up_share:
        trigger, way = _TOP_UP, desk.rules.top_up_at
    log_entry, log_end = desk.price, math.log(position.liquidation_price)
    _await(desk, ledger, index, trigger, math.exp(log_entry + way * (log_end - log_entry)))


@_inlined
def _await(desk: Desk, ledger: Ledger, index: int, trigger: int, price: float) -> None:
    """Put the position in the list of the bin where `price` would make it act."""
    position = ledger.positions[index]
    position.trigger, position.trigger_price = trigger, price
    position.bin = _bin(desk, math.log(price))
    row = 0 if position.side > 0 else 1
    position.previous, position.next = state.NOBODY, ledger.heads[row, position.bin]
    if position.next != state.NOBODY:
        ledger.positions[position.next].previous = index
    ledger.heads[row, position.bin] = index


@_inlined
def _bin(desk: Desk, log_price: float) -> int:
    bin_ = math.floor((log_price - desk.start_log) / state.TRIGGER_STEP) + state.TRIGGER_BINS // 2
    return min(max(bin_, 0), state.TRIGGER_BINS - 1)


@_inlined
def _stop_waiting(ledger: Ledger, index: int) -> None:
    position = ledger.positions[index]
    if position.next != state.NOBODY:
        ledger.positions[position.next].previous = position.previous
    if position.previous != state.NOBODY:
        ledger.positions[position.previous].next = position.next
    else:
        ledger.heads[0 if position.side > 0 else 1, position.bin] = position.next


@numba.njit
def _close(desk: Desk, ledger: Ledger, rng: np.random.Generator, index: int, ending: int, taker_share: float) -> None:
    position = ledger.positions[index]
    _stop_waiting(ledger, index)
    position.ending, position.close_step, position.close_price = ending, desk.step, desk.last_price
    desk.crowd_lots -= position.side * position.lots
    _trade(desk, rng, position.side, position.lots, -1, taker_share)


@_inlined
def _trade(desk: Desk, rng: np.random.Generator, side: int, lots: int, change: int, taker_share: float) -> None:
    """Let a trader open (change 1) or close (-1) `lots` with a maker, as taker or else resting."""
    bought = side * change * lots
    if side > 0:
        desk.long_lots += change * lots
    else:
        desk.short_lots += change * lots
    first, second = int(rng.random() * state.MAKERS), int(rng.random() * state.MAKERS)
    first_gap = abs(desk.makers[first] - bought - desk.targets[first])
    second_gap = abs(desk.makers[second] - bought - desk.targets[second])
    _move_inventory(desk, first if first_gap <= second_gap else second, -bought)
    if rng.random() < taker_share:
        desk.flow += bought
        _settle(desk, lots, bought)
    else:
        _settle(desk, lots, -bought)


@_inlined
def _move_inventory(desk: Desk, maker: int, lots: int) -> None:
    before = desk.makers[maker]
    after = before + lots
    desk.long_lots += max(after, 0) - max(before, 0)
    desk.short_lots += max(-after, 0) - max(-before, 0)
    desk.makers[maker] = after


@_inlined
def _settle(desk: Desk, lots: int, taker_bought: int) -> None:
    """Book a finished trade: its volume, the contracts it added or removed, and whether both sides still match."""
    if taker_bought > 0:
        desk.buy_lots += lots
    else:
        desk.sell_lots += lots
    desk.opened += max(desk.long_lots - desk.settled_lots, 0)
    desk.closed += max(desk.settled_lots - desk.long_lots, 0)
    desk.unmatched = max(desk.unmatched, abs(desk.long_lots - desk.short_lots))
    desk.settled_lots = desk.long_lots


@_inlined
def _rebalance(desk: Desk, rng: np.random.Generator) -> None:
    """Let one maker who holds too much sell to one who holds too little."""
    seller, buyer = int(rng.random() * state.MAKERS), int(rng.random() * state.MAKERS)
    surplus = desk.makers[seller] - desk.targets[seller]
    lack = desk.targets[buyer] - desk.makers[buyer]
    lots = int(min(surplus, lack) * rng.random())
    if lots > 0:
        _move_inventory(desk, seller, -lots)
        _move_inventory(desk, buyer, lots)
        _settle(desk, lots, 1 if rng.random() < 0.5 else -1)


@_inlined
def _move(desk: Desk, rng: np.random.Generator) -> None:
    """Move the price by quotes, news and the flow of takers; fast traders chase it and are flat within the step."""
    sigma, shock = desk.step_sigma * desk.volatility, rng.standard_normal()
    news = desk.news_left * desk.rules.news_speed
    desk.news_left -= news
    desk.news_heard = desk.news_heard * desk.rules.heard_keeps + news
    desk.value += shock * sigma * (1 + desk.fright) + news
    desk.lean *= desk.rules.lean_keeps
    desk.jitter = desk.rules.jitter * sigma * rng.standard_normal()
    desk.fright *= desk.rules.fright_keeps
    _press(desk, desk.rules.impact, desk.rules.stays)
    desk.minute += (desk.price - desk.minute) / desk.rules.minute_steps
    desk.hour += (desk.price - desk.hour) / desk.rules.hour_steps
    desk.day += (desk.price - desk.day) / desk.rules.day_steps
    desk.premium += desk.lean
    noise = desk.rules.churn_spread * rng.standard_normal() - desk.rules.churn_spread**2 / 2
    churn = desk.churn_lots * desk.volatility**desk.rules.churn_power * math.exp(noise)
    bought = 0.5 + 0.5 * math.tanh(desk.rules.churn_chase * (shock + news / sigma))
    desk.buy_lots += int(churn * bought)
    desk.sell_lots += int(churn * (1 - bought))


@_inlined
def _press(desk: Desk, impact_of_all: float, stays: float) -> float:
    """Turn the waiting flow of takers into a move of the price, print it, and return its size [ln price]."""
    impact = impact_of_all * desk.flow / desk.usual_lots * _thinness(desk)
    impact = min(max(impact, -desk.rules.largest_push), desk.rules.largest_push)
    desk.flow = 0.0
    desk.value += impact * stays
    desk.lean += impact * (1 - stays)
    desk.price = desk.value + desk.lean + desk.jitter
    desk.last_price = math.exp(desk.price)
    desk.low, desk.high = min(desk.low, desk.price), max(desk.high, desk.price)
    return float(abs(impact))


@_inlined
def _thinness(desk: Desk) -> float:
    """Return 1 over the depth of the book, 1 in usual depth: makers stand back when it storms."""
    return min(math.sqrt(desk.volatility) * (1 + desk.fright), desk.rules.thinnest)


@_inlined
def _force(desk: Desk, ledger: Ledger, rng: np.random.Generator) -> None:
    """Fire the triggers that the price crossed; their orders push it on, and may fire more."""
    for _ in range(_ROUNDS):
        _sweep(desk, ledger, rng)
        if desk.flow == 0.0:
            return
        fright = _press(desk, desk.rules.forced_impact, desk.rules.forced_stays) / (
            desk.step_sigma * math.sqrt(STEPS_PER_DAY)
        )
        desk.fright = min(desk.fright + desk.rules.fright_gain * fright, desk.rules.fright_cap)
    _sweep(desk, ledger, rng)


@numba.njit
def _sweep(desk: Desk, ledger: Ledger, rng: np.random.Generator) -> None:
    """Open the bins from where the price was last to where it is, on the side that suffers from the move."""
    before, now = desk.bin, _bin(desk, desk.price)
    desk.bin = now
    for bin_ in range(before, now - 1, -1):
        _fire(desk, ledger, rng, ledger.heads[0, bin_])
    for bin_ in range(before, now + 1):
        _fire(desk, ledger, rng, ledger.heads[1, bin_])


@_inlined
def _fire(desk: Desk, ledger: Ledger, rng: np.random.Generator, index: int) -> None:
    """Let every position of one list act whose trigger the price has reached."""
    while index != state.NOBODY:
        position = ledger.positions[index]
        following = position.next
        if (position.trigger_price - desk.last_price) * position.side >= 0:
            if position.trigger == _TOP_UP:
                _top_up(desk, ledger, index)
            else:
                ending = state.STOPPED if position.trigger == _STOP else state.LIQUIDATED
                _close(desk, ledger, rng, index, ending, 1.0)
        index = following


@_inlined
def _top_up(desk: Desk, ledger: Ledger, index: int) -> None:
    """Add margin: the leverage falls, and the liquidation price moves away from the market."""
    position, row = ledger.positions[index], ledger.top_ups[desk.topped]
    row.position, row.step = index, desk.step
    row.leverage = max(position.leverage * desk.rules.topped_keeps, desk.rules.lowest_topped)
    quantity = position.lots * desk.lot
    row.liquidation_price = _liquidation(desk, position.side, position.entry_price, row.leverage, quantity)
    desk.topped += 1
    _stop_waiting(ledger, index)
    _await(desk, ledger, index, _LIQUIDATION, row.liquidation_price)
