"""Seats shared by several processes: one holder each, even parts, and who follows whom and when."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.serving.seats import BEAT_S, HELD_S, Seat, Seats
from bot.storage.errors import StorageBusyError

NAMES = ("discord 1/4", "discord 2/4", "discord 3/4", "discord 4/4")


class Clock:
    """The time of every process."""

    now_s = 1_000


class Table:
    """What every process's leases share; it can be away."""

    def __init__(self):
        self.rows = {}
        self.is_away = False


class Leases:
    """The leases of one process, as the database keeps them."""

    def __init__(self, table, holder):
        self.table, self.holder = table, holder

    def _checked(self):
        if self.table.is_away:
            raise StorageBusyError("a database", "cannot be reached", "Check that its server runs.")

    async def take(self, name, *, now_s, until_s):
        self._checked()
        holder, held_until_s = self.table.rows.get(name, (self.holder, 0))
        is_mine = holder == self.holder or held_until_s <= now_s
        if is_mine:
            self.table.rows[name] = self.holder, until_s
        return is_mine

    async def release(self, name):
        self._checked()
        if self.table.rows.get(name, (None,))[0] == self.holder:
            del self.table.rows[name]

    async def count(self, prefix, *, now_s):
        self._checked()
        return sum(name.startswith(prefix) and until_s > now_s for name, (_, until_s) in self.table.rows.items())


class Process:
    """One process that wants every seat, and leaves those that it is asked for at once."""

    def __init__(self, table, clock, holder, groups=(NAMES,)):
        self.groups = [[Seat(name) for name in names] for names in groups]
        self.shared = Seats(Leases(table, holder), self.groups, lambda: clock.now_s)
        for seat in self.seats:
            seat.is_wanted = True

    @property
    def seats(self):
        return [seat for group in self.groups for seat in group]

    @property
    def held(self):
        return [seat.name for seat in self.seats if seat.is_held]

    async def beat(self):
        await self.shared.beat()
        for seat in self.seats:
            if seat.is_held and not seat.is_kept:
                seat.leave()
                seat.is_wanted = True


async def beats(clock, processes, count):
    """Let time pass, with every process at every beat."""
    for _ in range(count):
        for each in processes:
            await each.beat()
        clock.now_s += int(BEAT_S)


def run(work):
    clock, table = Clock(), Table()
    return asyncio.run(work(clock, table))


def test_one_process_takes_all_and_two_share_evenly():
    async def work(clock, table):
        one, other = Process(table, clock, "one"), Process(table, clock, "other")
        await beats(clock, [one], 2)
        assert one.held == list(NAMES)
        await beats(clock, [one, other], 4)
        assert len(one.held) == len(other.held) == 2
        assert sorted([*one.held, *other.held]) == list(NAMES)

    run(work)


def test_of_a_single_seat_there_is_one_holder_and_the_next_follows_a_killed_one_within_15_s():
    async def work(clock, table):
        one, other = (Process(table, clock, holder, groups=(("telegram",),)) for holder in ("one", "other"))
        await beats(clock, [one, other], 5)
        assert (one.held, other.held) == (["telegram"], [])
        killed_s = clock.now_s
        while not other.held:
            await beats(clock, [other], 1)
        assert HELD_S - BEAT_S <= clock.now_s - killed_s <= 15

    run(work)


def test_who_stops_in_order_is_followed_at_the_next_beat():
    async def work(clock, table):
        one, other = (Process(table, clock, holder, groups=(("telegram",),)) for holder in ("one", "other"))
        running = asyncio.create_task(one.shared.run())
        async with asyncio.timeout(5):
            await one.seats[0].given()
        await other.beat()
        assert not other.held
        running.cancel()
        await asyncio.wait({running})
        assert not table.rows.keys() & {"telegram", "serving one"}
        await other.beat()
        assert other.held == ["telegram"]

    run(work)


def test_while_the_database_is_away_everybody_stays_where_they_are(caplog):
    async def work(clock, table):
        one, other = (Process(table, clock, holder, groups=(("telegram",),)) for holder in ("one", "other"))
        await beats(clock, [one, other], 2)
        table.is_away = True
        await beats(clock, [one, other], 30)
        assert (one.held, other.held) == (["telegram"], [])
        table.is_away = False
        await beats(clock, [one, other], 2)
        assert (one.held, other.held) == (["telegram"], [])

    run(work)
    assert caplog.text.count("cannot be reached") == 2  # said once by each


def test_who_was_thought_dead_learns_that_another_has_its_seat():
    async def work(clock, table):
        one, other = (Process(table, clock, holder, groups=(("telegram",),)) for holder in ("one", "other"))
        await beats(clock, [one, other], 1)
        clock.now_s += HELD_S
        await other.beat()
        await one.beat()
        assert (one.held, other.held) == ([], ["telegram"])

    run(work)


@pytest.mark.parametrize("is_wanted", [True, False])
def test_what_is_left_is_released_and_not_taken_again_at_the_same_beat(is_wanted):
    async def work(clock, table):
        one = Process(table, clock, "one", groups=(("telegram",),))
        (seat,) = one.seats
        await one.shared.beat()
        seat.leave()
        seat.is_wanted = is_wanted
        await one.shared.beat()
        assert not seat.is_held
        assert "telegram" not in table.rows
        await one.shared.beat()
        assert seat.is_held is is_wanted

    run(work)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["beat", "die", "come", "wait"])), max_size=60))
def test_whoever_comes_and_dies_each_seat_has_one_holder_and_the_living_share_evenly(steps):
    async def work(clock, table):
        alive = {}
        for serial, (name, step) in enumerate(steps):
            if step == "come" and name not in alive:
                alive[name] = Process(table, clock, f"{name}{serial}")
            elif step == "die":
                alive.pop(name, None)
            elif step == "beat" and name in alive:
                await alive[name].beat()
            for each in alive.values():  # nobody who lives is silent for as long as a lease
                await each.beat()
            clock.now_s += 1
            held = [seat for each in alive.values() for seat in each.held]
            assert len(held) == len(set(held))
        await beats(clock, alive.values(), HELD_S)
        if alive:
            parts = sorted(len(each.held) for each in alive.values())
            assert sum(parts) == len(NAMES)
            assert parts[-1] <= -(-len(NAMES) // len(alive))

    run(work)
