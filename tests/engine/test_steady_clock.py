"""The clock that does not jump, against a machine whose clock does."""

import pytest

from engine.recording.steady_clock import PARTED_S, SteadyClock


class Machine:
    """A machine's two clocks: `wall` can be set, `counter` stands still while it sleeps."""

    def __init__(self, wall=1_000_000.0, counter=50.0):
        self.wall, self.counter = wall, counter

    def run(self, seconds):
        self.wall += seconds
        self.counter += seconds

    def sleep(self, seconds):
        self.wall += seconds

    def steady(self):
        return SteadyClock(lambda: self.wall, lambda: self.counter)


def test_it_runs_with_the_machine_from_the_time_that_the_machine_had():
    machine = Machine()
    clock = machine.steady()
    machine.run(12.5)
    assert clock() == 1_000_012.5
    assert not clock.has_parted


@pytest.mark.parametrize("jump_s", [-7_200.0, -6.0, 6.0, 86_400.0])
def test_it_does_not_follow_a_clock_that_is_set(jump_s):
    machine = Machine()
    clock = machine.steady()
    machine.wall += jump_s
    machine.run(10)
    assert clock() == 1_000_010.0
    assert clock.has_parted
    assert clock.parted_s == pytest.approx(jump_s)


def test_a_correction_of_a_kept_clock_is_no_parting():
    machine = Machine()
    clock = machine.steady()
    machine.wall += PARTED_S
    assert not clock.has_parted


def test_venues_say_that_the_machine_slept():
    machine = Machine()
    clock = machine.steady()
    machine.sleep(3_600)
    assert clock.has_parted
    assert clock.set_by([machine.wall - 0.2, machine.wall, machine.wall + 0.1]) == pytest.approx(3_600)
    assert clock() == pytest.approx(machine.wall)
    assert not clock.has_parted


def test_venues_say_that_only_the_machine_was_set_and_nothing_moves():
    machine = Machine()
    clock = machine.steady()
    machine.wall += 3_600
    assert clock.set_by([1_000_000.3]) == 0.0
    assert clock() == 1_000_000.0
    assert clock.has_parted  # the machine is still wrong, which stays worth saying


def test_one_venue_that_errs_is_outvoted():
    clock = Machine().steady()
    assert clock.set_by([1_000_000.0, 1_000_000.4, 2_000_000.0]) == 0.0


def test_nobody_says_what_time_it_is():
    with pytest.raises(ValueError, match="at least one venue"):
        Machine().steady().set_by([])
