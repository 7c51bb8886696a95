"""Answers to the questions of a report, made from the analysis that the tests of the bot share."""

from dataclasses import replace

from bot.liq_reply import liq_reply, questions_reply
from bot.replies import Fault, fault_reply
from bot.reports.composing import Part
from bot.requests import Liq, Questions
from bot.service.answer import Answer, Drawing, Order
from engine.changes import changes_between
from engine.findings import findings_in
from tests.bot.conftest import make_analysis


def answers_of(symbol="BTC", **changes):
    """The answers to /liq and /questions at one moment."""
    analysis = make_analysis(symbol=symbol, **changes)
    findings = findings_in(analysis)
    liq = Answer(
        order=Order(request=Liq(symbol=symbol)),
        reply=replace(liq_reply(analysis), result=None, picture=None),
        drawing=Drawing(png=symbol.encode(), name=f"{symbol}.png", alt="a map"),
        findings=findings,
    )
    order = Order(request=Questions(symbol=symbol), draw=False)
    return liq, Answer(order=order, reply=replace(questions_reply(analysis), result=None), findings=findings)


def part_of(symbol="BTC", *, before=None, **changes):
    """One symbol of a report; before: the findings of the report before."""
    liq, questions = answers_of(symbol, **changes)
    told = None if before is None else changes_between(before, liq.findings)
    return Part(symbol=symbol, liq=liq, questions=questions, changes=told)


def silent_part(symbol="BTC", why="No venue answers. Ask again in a minute."):
    """One symbol of which nothing is known now."""
    answers = (
        Answer(order=Order(request=kind(symbol=symbol)), reply=fault_reply(Fault(text=why), symbol))
        for kind in (Liq, Questions)
    )
    liq, questions = answers
    return Part(symbol=symbol, liq=liq, questions=questions)
