"""What `/track` says: nothing, too few, or rates with their intervals, and the picture beside them."""

import pytest

from bot.track.track_words import track_reply
from engine.skill.track_record import track_record
from tests.engine.skill.test_track_record import TOUCHED, UNTOUCHED, answer, zone


def words(record) -> dict[str, str]:
    return {line.label: line.text for each in track_reply(record).blocks for line in each.lines}


def many(count: int = 60):
    return [
        answer(
            80 * number,
            (zone(51_000.0, 0.3), TOUCHED if number % 3 == 0 else UNTOUCHED),
            right=None if number % 2 else number % 4 == 0,
        )
        for number in range(count)
    ]


def test_nothing_graded_claims_nothing_and_says_what_waits() -> None:
    told = words(track_record("BTC", [], waiting=12))
    assert "no hit rate, good or bad, is claimed" in told["TRACK"]
    assert told["TRACK"].startswith("Nothing about BTC")
    assert told["WAITING"].startswith("12 answers, to be graded")


def test_too_few_are_counted_and_no_rate_is_told() -> None:
    told = words(track_record("BTC", many(4)))
    assert told["TRACK"].startswith("4 zones about BTC of 4 answers graded")
    assert told["RATES"].startswith("Too few to tell")
    assert "TOUCHED" not in told
    assert told["SETUP"] == "the favoured side's zone came first in 1 of 2"
    assert "%" not in "".join(told.values())


def test_rates_come_with_intervals_chance_and_a_verdict() -> None:
    told = words(track_record("BTC", many()))
    assert "24 h 33 % (" in told["TOUCHED"]
    assert "chance 30 %" in told["TOUCHED"]
    assert told["24 H CHANCE"] == "20-40 %: 33 % of 60 touched"
    assert "came first in 50 % of 30, by chance 50 %" in told["SETUP"]
    assert told["SETUP"].endswith("unproven")
    assert "Nothing published is ever changed" in told[""]


@pytest.mark.parametrize(("right", "words_"), [(True, "better than chance"), (False, "worse than chance")])
def test_what_is_proven_is_said_either_way(right: bool, words_: str) -> None:
    answers = [answer(80 * number, (zone(51_000.0), UNTOUCHED), right=right) for number in range(60)]
    assert words(track_record("BTC", answers))["SETUP"].endswith(words_)
