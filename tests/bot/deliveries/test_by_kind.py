"""Each delivery is made by who knows its kind, and how it ended is counted."""

import asyncio

import pytest

from bot.deliveries.by_kind import PreparerByKind
from bot.deliveries.delivery import Delivery, Destination, NothingToSendError, Prepared
from bot.deliveries.notices import Trouble, content_of
from bot.handlers import Outgoing
from bot.replies import Line, Reply, block
from bot.serving.metrics import Metrics

HOME = Destination(platform="telegram", chat=7, owner=7)


def delivery(kind, content="{}"):
    return Delivery(id=1, kind=kind, subject=7, due_s=100, until_s=900, destination=HOME, content=content)


class Knows:
    def __init__(self):
        self.asked = []

    async def prepare(self, delivery, *, now_s):
        self.asked.append((delivery.kind, now_s))
        return Prepared(outgoing=Outgoing(reply=Reply(blocks=block("guide", Line(text=delivery.kind)))))


def prepared(preparer, what):
    return asyncio.run(preparer.prepare(what, now_s=200))


def test_each_kind_is_made_by_who_knows_it():
    reports, alerts = Knows(), Knows()
    preparer = PreparerByKind({"report": reports, "alert": alerts})
    prepared(preparer, delivery("alert"))
    prepared(preparer, delivery("report"))
    assert reports.asked == [("report", 200)]
    assert alerts.asked == [("alert", 200)]


def test_a_notice_holds_all_it_says():
    trouble = Trouble(what="failed", kind="report", subject=3, due_s=1_700_000_000, why="the chat is gone.")
    outgoing = prepared(PreparerByKind({}), delivery("notice", content_of([trouble]))).outgoing
    (line,) = outgoing.reply.blocks[0].lines
    assert "Report 3, due 14 Nov 22:13 UTC, was not sent: the chat is gone." in line.text


@pytest.mark.parametrize("what", [delivery("report"), delivery("notice", "not json")], ids=lambda what: what.kind)
def test_what_nobody_can_make_is_ended_with_a_reason(what):
    with pytest.raises(NothingToSendError, match=r"."):
        prepared(PreparerByKind({}), what)


def test_how_deliveries_end_is_counted_without_who_got_them():
    metrics = Metrics()
    for status, late_s in (("sent", 3), ("sent", 40), ("uncertain", 9)):
        metrics.ended(delivery("report"), status, late_s)
    told = metrics.text().decode()
    assert 'fathom_deliveries_total{kind="report",platform="telegram",status="sent"} 2.0' in told
    assert 'status="uncertain"} 1.0' in told
    assert 'fathom_delivery_late_seconds_count{kind="report"} 2.0' in told
