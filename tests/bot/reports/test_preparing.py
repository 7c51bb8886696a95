"""From a report that is due to its message: what is asked, kept and compared, and what waits or is refused."""

import asyncio
from dataclasses import replace

import pytest

from bot.deliveries.delivery import Delivery, Destination, NothingToSendError
from bot.replies import Fault, fault_reply
from bot.reports.preparing import TRIES, NotYetError, ReportPreparer
from bot.reports.publications import Published, asked_text
from bot.reports.subscriptions import Subscription, Terms
from bot.requests import Liq
from bot.service.answer import Answer
from engine.changes import changes_between
from engine.windows import window_named
from tests.bot.conftest import AS_OF_S
from tests.bot.reports.made_reports import answers_of

HERE = Destination(platform="telegram", chat=7, owner=7)
DAILY = Terms(destination=HERE, symbols=("BTC",), rhythm="hours", every_hours=4, time_zone="Europe/Berlin")
DUE_S = AS_OF_S
DELIVERY = Delivery(
    id=1, kind="report", subject=3, due_s=DUE_S, until_s=DUE_S + 7_200, destination=HERE, content='{"missed": 0}'
)


class Subscriptions:
    def __init__(self, terms=DAILY, shown=()):
        self.kept = Subscription(number=3, terms=terms, created_s=0, shown=shown)

    async def find(self, number):
        return self.kept if number == 3 else None


class Publications:
    """Findings in memory; counts how often the database is asked."""

    def __init__(self):
        self.rows, self.written, self.read = [], 0, 0

    async def keep(self, findings, *, asked):
        self.written += 1
        self.rows.append((findings, asked))
        return len(self.rows)

    async def find(self, number):
        self.read += 1
        findings, asked = self.rows[number - 1]
        return Published(number=number, asked=asked, findings=findings)


class Answers:
    """Answers as the service gives them, of one moment until `at` is changed."""

    source_name = "recorded"

    def __init__(self):
        self.orders, self.at, self.silent = [], [AS_OF_S], set()

    async def answer(self, order):
        self.orders.append(order)
        symbol = order.symbol
        if symbol in self.silent:
            return Answer(order=order, reply=fault_reply(Fault(text="No venue answers."), symbol))
        moment_s = self.at[0] if len(self.at) == 1 else self.at.pop(0)
        liq, questions = answers_of(symbol, as_of_s=moment_s)
        if isinstance(order.request, Liq):
            return replace(liq, order=order)
        changes = None if order.since is None else changes_between(order.since, questions.findings)
        return replace(questions, order=order, changes=changes)


def preparer(answers=None, *, terms=DAILY, shown=(), publications=None):
    return ReportPreparer(answers or Answers(), Subscriptions(terms, shown), publications or Publications())


def prepared(made, delivery=DELIVERY, *, now_s=DUE_S):
    return asyncio.run(made.prepare(delivery, now_s=now_s))


def kinds(report):
    return [block.kind for block in report.outgoing.reply.blocks]


def published(*symbols, asked="default all"):
    kept = Publications()
    for symbol in symbols:
        findings = replace(answers_of(symbol)[0].findings, as_of_s=AS_OF_S - 86_400)
        asyncio.run(kept.keep(findings, asked=asked))
    return kept


def test_a_report_asks_two_questions_and_keeps_what_it_shows():
    answers, kept = Answers(), Publications()
    report = prepared(preparer(answers, publications=kept))
    assert [(type(order.request).__name__, order.draw) for order in answers.orders] == [
        ("Liq", True),
        ("Questions", False),
    ]
    assert (report.shown, kept.rows[0][1], kept.rows[0][0].symbol) == ("1", "default all", "BTC")
    assert "first report" in report.outgoing.reply.block("changes").lines[0].text


def test_it_is_told_in_the_time_zone_of_the_report_with_the_buttons_of_its_answer():
    outgoing = prepared(preparer()).outgoing
    assert "15 Mar 2026 00:55 UTC+1" in outgoing.reply.block("headline").lines[0].text
    assert outgoing.time_zone == "Europe/Berlin"
    assert outgoing.buttons[0][0].press.request.symbol == "BTC"


def test_the_next_one_says_what_changed_since_the_last():
    report = prepared(preparer(shown=(1,), publications=published("BTC")))
    assert report.outgoing.reply.block("changes").lines[0].text.startswith("14 Mar 2026 00:55 UTC+1: price")
    assert report.shown == "2"


def test_a_report_that_is_tested_compares_with_the_last_one_and_is_no_base_of_the_next():
    kept = published("BTC")
    test = replace(DELIVERY, content='{"missed": 0, "now": true}')
    report = prepared(preparer(shown=(1,), publications=kept), test)
    assert report.outgoing.reply.block("changes").lines[0].text.startswith("14 Mar 2026 00:55 UTC+1: price")
    assert report.shown is None
    assert len(kept.rows) == 1


def test_a_last_report_that_asked_something_else_is_not_compared_with():
    report = prepared(preparer(shown=(1,), publications=published("BTC", asked="M2 3d all")))
    assert "cannot be compared" in report.outgoing.reply.block("changes").lines[0].text


def test_equal_reports_read_and_write_once_and_ask_with_one_object():
    answers, kept = Answers(), published("BTC")
    made = preparer(answers, shown=(1,), publications=kept)

    async def all_of_them():
        await made.prepare(DELIVERY, now_s=DUE_S)
        for number in range(20):
            await made.prepare(replace(DELIVERY, id=number), now_s=DUE_S)

    asyncio.run(all_of_them())
    assert (kept.read, kept.written) == (1, 2)
    assert len({id(order.since) for order in answers.orders if order.since is not None}) == 1


def test_what_is_late_or_came_after_missed_ones_says_so():
    late = prepared(preparer(), replace(DELIVERY, content='{"missed": 2}'), now_s=DUE_S + 3_600)
    assert kinds(late)[0] == "notice"
    assert "due 15 Mar 2026 00:55 UTC+1" in late.outgoing.reply.blocks[0].lines[0].text


def test_what_is_missing_is_waited_for_and_then_told():
    answers = Answers()
    answers.silent.add("BTC")
    with pytest.raises(NotYetError, match="No venue answers"):
        prepared(preparer(answers))
    report = prepared(preparer(answers), replace(DELIVERY, attempts=TRIES))
    assert (kinds(report), report.outgoing.drawing, report.outgoing.buttons) == (["error"], None, ())
    assert report.shown == ""


def test_a_symbol_without_an_answer_is_compared_with_what_was_shown_of_it_last():
    answers, kept = Answers(), published("BTC", "ETH")
    answers.silent.add("ETH")
    made = preparer(answers, terms=replace(DAILY, symbols=("BTC", "ETH")), shown=(1, 2), publications=kept)
    report = prepared(made, replace(DELIVERY, attempts=TRIES))
    assert report.shown == "3 2"


def test_answers_of_two_moments_are_never_mixed():
    answers = Answers()
    answers.at = [AS_OF_S, AS_OF_S + 300, AS_OF_S + 300]
    report = prepared(preparer(answers))
    assert report.outgoing.findings.as_of_s == AS_OF_S + 300
    answers.at = [AS_OF_S + 300 * step for step in range(12)]
    with pytest.raises(NotYetError, match="New bars"):
        prepared(preparer(answers))


def test_a_weekly_report_tells_the_track_record():
    assert "guide" in kinds(prepared(preparer(terms=replace(DAILY, rhythm="weekly"))))


def test_simulated_markets_and_removed_reports_send_nothing():
    answers = Answers()
    answers.source_name = "simulated"
    with pytest.raises(NothingToSendError, match="Simulated"):
        prepared(preparer(answers))
    with pytest.raises(NothingToSendError, match="removed"):
        prepared(preparer(), replace(DELIVERY, subject=4))
    assert answers.orders == []


def test_what_was_asked_names_the_map_that_is_read_and_the_venue():
    assert asked_text(Liq(symbol="BTC")) == "default all"
    assert asked_text(Liq(symbol="BTC", window=window_named("24h"), venue="okx")) == "M1 24h okx"
    assert asked_text(Liq(symbol="BTC", model="M2")) == "M2 3d all"
