"""How fast a platform is sent to, in virtual time."""

import asyncio

import pytest

from bot.deliveries.delivery import Destination
from bot.deliveries.pace import MOST_OPENED, Manners, Pace
from tests.bot.deliveries.virtual_time import VirtualTimeLoop


def private(person, *, chat=None):
    return Destination(platform="discord", chat=chat or person, owner=person)


def in_a_channel(chat):
    return Destination(platform="discord", chat=chat, owner=7, community=9)


def seconds_for(destinations, *, opening=1, processes=1):
    """Return when each of them had its turn, one after another [s]."""
    loop = VirtualTimeLoop()

    async def run():
        pace = Pace(Manners(at_once=8, per_s=10.0, opening=opening), loop.time)
        pace.share_with(processes)
        began_s = loop.time()
        turns = []
        for each in destinations:
            await pace.turn(each)
            turns.append(round(loop.time() - began_s, 6))
        return turns

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(run())


@pytest.mark.parametrize(
    ("destinations", "turns"),
    [
        ([in_a_channel(1), in_a_channel(2), in_a_channel(1)], [0.0, 0.1, 0.2]),
        ([private(1), private(2), in_a_channel(3)], [0.0, 0.2, 0.4]),
        ([private(1), private(1), private(1)], [0.0, 0.2, 0.3]),
        ([private(1, chat=50), private(2, chat=60)], [0.0, 0.1]),
    ],
    ids=["channels", "conversations to be opened", "one that is open by now", "ones with numbers"],
)
def test_each_request_has_its_part_of_a_second(destinations, turns):
    assert seconds_for(destinations) == turns


def test_where_nothing_is_opened_every_message_is_one_request():
    assert seconds_for([private(1), private(2)], opening=0) == [0.0, 0.1]


def test_others_of_the_same_platform_have_their_parts_too():
    assert seconds_for([private(1), in_a_channel(2), in_a_channel(3)], processes=3) == [0.0, 0.6, 0.9]


def test_a_conversation_of_long_ago_is_opened_again():
    turns = seconds_for([private(1), *(in_a_channel(1) for _ in range(2)), private(1)])
    assert turns[-1] - turns[-2] == pytest.approx(0.1)
    people = [private(person) for person in range(1, MOST_OPENED + 2)]
    turns = seconds_for([*people, private(1), in_a_channel(2)])
    assert turns[-1] - turns[-2] == pytest.approx(0.2)
