"""What an alert says: what came about, when, and at which price; late ones and digests say so."""

import asyncio
from dataclasses import replace

import pytest

from bot.alerts.alert_message import AlertPreparer, message_of
from bot.alerts.told import Told, content_of
from bot.deliveries.delivery import Delivery, NothingToSendError
from bot.replies import Fault, Reply, fault_reply
from bot.requests import Level
from bot.service.answer import Answer, Drawing
from engine.alert_values import Crossed, Entered, Fired, Flipped, Met, RanOut, ScoredBand, Swept
from tests.bot.alerts.made_alerts import PRIVATE
from tests.engine.made_zones import AS_OF_S

ZONE = ScoredBand(side="above", low=51_000.0, high=51_200.0, price=51_100.0, score=80.4)
PICTURE = Drawing(png=b"png", name="BTC.png", alt="a level")


def told(event, *, alert=3, at_s=AS_OF_S, is_over=True, **more):
    fired = Fired(event=event, at_s=at_s, price=51_010.0, **more)
    return Told(alert=alert, symbol="BTC", venue=None, kind="price", fired=fired, is_over=is_over)


def lines_of(outgoing):
    return [f"{line.label} {line.text}".strip() for each in outgoing.reply.blocks for line in each.lines]


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (Crossed(side="above", level=51_000.0), "BTC crossed 51,000 upwards"),
        (Entered(zone=ZONE), "BTC entered the zone 51,000-51,200 (score 80), where forced buying is modelled"),
        (
            Swept(zones=(ZONE, ZONE), published_s=AS_OF_S - 3_600),
            "BTC swept 51,000-51,200 (score 80) and 51,000-51,200 (score 80), of the reading of 1 Feb 2026 09:00 UTC",
        ),
        (
            Flipped(side="below", before="above", since_s=AS_OF_S - 3_600),
            "BTC now favours a downside sweep (unproven), no longer an upside sweep, since 1 Feb 2026 09:00 UTC",
        ),
        (
            Met(conditions=("an hourly close above 52,000",), published_s=AS_OF_S - 3_600),
            "BTC proved the reading of 1 Feb 2026 09:00 UTC wrong: an hourly close above 52,000",
        ),
        (
            RanOut(published_s=AS_OF_S - 3_600),
            "BTC did not prove the reading of 1 Feb 2026 09:00 UTC wrong before it was too old to tell",
        ),
    ],
)
def test_each_event_is_one_line_with_time_and_price(event, text):
    first, *_rest = lines_of(message_of((told(event),), now_s=AS_OF_S + 60))
    assert first == f"ALERT 3 {text}, 1 Feb 2026 10:00 UTC, price 51,010."


def test_a_venue_what_was_held_back_and_lateness_are_told():
    late = replace(told(Crossed(side="below", level=51_000.0), held_back=2), venue="okx")
    first = lines_of(message_of((late,), now_s=AS_OF_S + 7_200))[0]
    assert first.startswith("ALERT 3 BTC on OKX crossed 51,000 downwards")
    assert first.endswith("told 2 h later, 2 more in the meantime were not told.")


def test_a_digest_tells_in_the_order_in_which_it_came_about_and_which_are_over():
    level = Crossed(side="above", level=51_000.0)
    three = (told(level, alert=1, at_s=AS_OF_S), told(level, alert=2, at_s=AS_OF_S - 300, is_over=False), told(level))
    lines = lines_of(message_of(three, now_s=AS_OF_S))
    assert [line.split(" BTC")[0] for line in lines[:3]] == ["ALERT 2", "ALERT 1", "ALERT 3"]
    assert lines[3] == "Told once and removed: 1, 3."


def test_a_flood_is_counted():
    many = tuple(told(Crossed(side="above", level=51_000.0), alert=each) for each in range(1, 31))
    assert "And 10 more alerts fired." in lines_of(message_of(many, now_s=AS_OF_S))


class Answers:
    def __init__(self, *, fails=False):
        self.asked = []
        self._fails = fails

    async def answer(self, order):
        self.asked.append(order.request)
        if self._fails:
            return Answer(order=order, reply=fault_reply(Fault(text="no data")))
        return Answer(order=order, reply=Reply(blocks=()), drawing=PICTURE)


def prepared(content, answers):
    delivery = Delivery(
        id=1, kind="alert", subject=3, due_s=AS_OF_S, until_s=AS_OF_S + 60, destination=PRIVATE, content=content
    )
    return asyncio.run(AlertPreparer(answers).prepare(delivery, now_s=AS_OF_S)).outgoing


def test_an_alert_about_a_price_comes_with_its_picture_and_buttons():
    answers = Answers()
    outgoing = prepared(content_of((told(Entered(zone=ZONE)),)), answers)
    assert answers.asked == [Level(symbol="BTC", price=51_100.0)]
    assert outgoing.drawing == PICTURE
    assert outgoing.buttons


def test_words_come_without_a_picture_where_there_is_no_level_or_no_answer():
    silent = Answers(fails=True)
    assert prepared(content_of((told(RanOut(published_s=1)),)), silent).drawing is None
    assert silent.asked == []
    outgoing = prepared(content_of((told(Crossed(side="above", level=51_000.0)),)), silent)
    assert (outgoing.drawing, outgoing.reply.fault) == (None, None)


def test_content_that_cannot_be_read_is_given_up():
    with pytest.raises(NothingToSendError):
        prepared('[{"alert": 3}]', Answers())
