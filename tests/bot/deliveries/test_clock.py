"""The clock of deliveries: which jumps it follows, and when."""

from bot.deliveries.clock import DeliveryClock

DAY_S = 86_400


class Machine:
    def __init__(self):
        self.wall_s, self.counter_s = 1_000_000.0, 50.0
        self.clock = DeliveryClock(lambda: self.wall_s, lambda: self.counter_s)

    def passes(self, seconds, *, ahead_s=None):
        """Let time pass, with a look every five seconds."""
        for _ in range(seconds // 5):
            self.wall_s += 5
            self.counter_s += 5
            self.clock.check(None if ahead_s is None else self.wall_s + ahead_s)


def test_it_runs_with_the_machine():
    machine = Machine()
    machine.passes(100)
    assert machine.clock.now_s() == 1_000_100


def test_a_jump_that_is_taken_back_within_a_minute_is_not_followed():
    machine = Machine()
    machine.passes(10)
    machine.wall_s += DAY_S
    machine.passes(55)
    machine.wall_s -= DAY_S
    machine.passes(10)
    assert machine.clock.now_s() == 1_000_075


def test_a_new_time_that_stands_for_a_minute_is_believed():
    machine = Machine()
    machine.wall_s += DAY_S
    machine.passes(60)
    assert machine.clock.now_s() == 1_000_060
    machine.passes(5)
    assert machine.clock.now_s() == 1_000_065 + DAY_S


def test_a_time_that_keeps_jumping_is_not_believed():
    machine = Machine()
    for _ in range(20):
        machine.wall_s += 3_600
        machine.passes(40)
    assert machine.clock.now_s() == 1_000_800


def test_the_clock_of_the_database_is_taken_at_the_start():
    machine = Machine()
    machine.passes(5, ahead_s=-DAY_S)
    assert machine.clock.now_s() == 1_000_005 - DAY_S


def test_a_jump_that_the_database_does_not_share_is_never_followed():
    machine = Machine()
    machine.passes(5, ahead_s=0)
    machine.wall_s += DAY_S
    machine.passes(600, ahead_s=-DAY_S)
    assert machine.clock.now_s() == 1_000_605


def test_a_sleep_that_the_database_confirms_is_made_up_for_at_once():
    machine = Machine()
    machine.passes(5, ahead_s=0)
    machine.wall_s += 3 * 3_600  # the counter stood still
    machine.passes(5, ahead_s=0)
    assert machine.clock.now_s() == 1_000_010 + 3 * 3_600
