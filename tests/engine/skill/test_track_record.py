"""A track record counted by hand: zones once, rates beside the chances told, and too few to tell."""

from dataclasses import replace

import numpy as np
import pytest

from engine.findings import Findings
from engine.grading import BaitGrade, Grade, GradedAnswer, LevelGrade, SetupGrade
from engine.results import Zone
from engine.skill.records import LEAST_BLOCKS, LEAST_ZONES
from engine.skill.track_record import track_record
from engine.windows import DAY_S, HOUR_S
from tests.engine.made_zones import AS_OF_S, zone_at
from tests.engine.test_grading import findings

UNTOUCHED = LevelGrade(touched=(False, False, False))
TOUCHED = LevelGrade(touched=(False, True, True), touch_after_s=20 * HOUR_S, after_touch="reversal")


def answer(hours: int, *zones: tuple[Zone, LevelGrade], symbol: str = "BTC", right: bool | None = None) -> GradedAnswer:
    made: Findings = replace(
        findings(zones=tuple(zone for zone, _ in zones)), symbol=symbol, as_of_s=AS_OF_S + hours * HOUR_S
    )
    grade = Grade(
        zones=tuple(level for _, level in zones),
        setup=SetupGrade(first=None, both=False, right=right, by_chance=0.5),
        bait=BaitGrade(triggered=False, followed=None),
        met=(),
    )
    return GradedAnswer(findings=made, grade=grade)


def zone(near: float, chance: float = 0.3, **rest: object) -> Zone:
    return zone_at(near, touch=(chance / 2, chance, min(chance * 1.5, 1.0)), **rest)


def test_a_zone_counts_once_until_it_is_touched() -> None:
    both = (zone(51_000.0), TOUCHED), (zone(49_000.0), UNTOUCHED)
    record = track_record("BTC", [answer(0, *both), answer(5, *both), answer(20, *both), answer(72, *both)], waiting=3)
    assert record.answers == 4
    assert record.waiting == 3
    assert record.zones == 2 + 0 + 1 + 2  # at 20 the touched one begins anew, at 72 its second and the other's horizon
    assert (record.from_s, record.until_s) == (AS_OF_S, AS_OF_S + 72 * HOUR_S)


def test_another_place_another_side_and_another_symbol_are_others() -> None:
    first = answer(0, (zone(51_000.0), UNTOUCHED))
    others = [
        answer(1, (zone(51_300.0), UNTOUCHED)),
        answer(2, (zone(49_000.0), UNTOUCHED)),
        answer(3, (zone(51_000.0), UNTOUCHED), symbol="ETH"),
        answer(4, (zone(51_150.0), UNTOUCHED)),
    ]
    assert track_record(None, [*others, first]).zones == 4
    assert track_record(None, [first, *others]) == track_record(None, [*others, first])


def test_zones_that_were_not_clear_do_not_count() -> None:
    assert track_record("BTC", [answer(0, (zone(51_000.0, clear=False), TOUCHED))]).zones == 0


def test_rates_stand_beside_the_chances_that_were_told() -> None:
    answers = [
        answer(80 * number, (zone(51_000.0, 0.3), TOUCHED if number % 2 else UNTOUCHED), (zone(49_000.0, 0.9), TOUCHED))
        for number in range(40)
    ]
    record = track_record("BTC", answers)
    day = next(each for each in record.touch if each.hours == 24)
    assert day.zones == 80
    assert day.touched.estimate == pytest.approx(0.75)
    assert day.chance == pytest.approx(0.6)
    assert day.difference.estimate == pytest.approx(0.15)
    assert day.touched.low < 0.75 < day.touched.high
    low, high = record.classes
    assert (low.low, low.high, low.zones, low.touched.estimate) == (0.2, 0.4, 40, 0.5)
    assert (high.low, high.high, high.zones, high.touched.estimate) == (0.8, 1.0, 40, 1.0)


def test_what_is_not_known_counts_neither_way() -> None:
    unknown = LevelGrade(touched=(False, None, None))
    record = track_record("BTC", [answer(0, (zone(51_000.0), unknown), (zone(49_000.0), TOUCHED))])
    assert [each.zones for each in record.touch] == [2, 1, 1]


def test_too_few_zones_or_days_tell_nothing() -> None:
    def record(count: int, apart_h: int):
        places = np.linspace(50_500, 99_000, count)
        return track_record(
            "BTC", [answer(apart_h * number, (zone(float(near)), UNTOUCHED)) for number, near in enumerate(places)]
        )

    assert record(LEAST_ZONES, 24).is_telling
    assert not record(LEAST_ZONES - 1, 24).is_telling
    assert not record(LEAST_ZONES, 5).is_telling
    assert record(LEAST_ZONES, 24).blocks >= LEAST_BLOCKS


def test_a_certain_chance_belongs_to_the_last_class() -> None:
    record = track_record("BTC", [answer(0, (zone(51_000.0, 1.0), TOUCHED))])
    assert [each.high for each in record.classes] == [1.0]


def test_nothing_graded_is_an_empty_record() -> None:
    record = track_record(None, [], waiting=2)
    assert (record.answers, record.zones, record.touch, record.classes) == (0, 0, (), ())
    assert not record.is_telling


def test_answers_days_apart_are_as_many_blocks() -> None:
    record = track_record("BTC", [answer(72 * number, (zone(51_000.0), UNTOUCHED)) for number in range(5)])
    assert record.blocks == 5
    assert record.until_s - record.from_s == 12 * DAY_S
