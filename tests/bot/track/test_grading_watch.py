"""What has become due is graded once by one process; a market that fails keeps no other waiting."""

from dataclasses import replace

from bot.storage.errors import StorageError
from bot.storage.leases import Leases
from bot.storage.sql_grades import SqlGrades
from bot.storage.sql_published import SqlPublished
from bot.track.grading_watch import MOST_A_JOB, GradingWatch, venue_of
from engine.errors import DataUnavailableError
from engine.grading import HORIZON_S
from tests.bot.reports.made_reports import answers_of
from tests.bot.storage.made_database import with_database
from tests.engine.skill.test_track_record import TOUCHED, answer, zone

FINDINGS = answers_of()[0].findings
GRADE = answer(0, (zone(51_000.0), TOUCHED)).grade


class Clock:
    def __init__(self, s):
        self.s = s

    def now_s(self):
        return self.s


class Graders:
    """Grades everything but symbols that cannot be read and answers that cannot be told yet."""

    def __init__(self, broken=(), untold=()):
        self.broken, self.untold, self.asked = broken, untold, []

    async def grade(self, symbol, venue, findings):
        self.asked.append((symbol, venue, len(findings)))
        if symbol in self.broken:
            raise DataUnavailableError(f"no {symbol}")
        return tuple(None if each.as_of_s in self.untold else GRADE for each in findings)


async def publish(database, *moments, symbol="BTC", asked="default all"):
    store = SqlPublished(database)
    for moment_s in moments:
        await store.keep(replace(FINDINGS, symbol=symbol, as_of_s=moment_s), asked=asked)


def watch(database, graders, now_s, holder="one"):
    return GradingWatch(SqlGrades(database), Leases(database, holder), graders, Clock(now_s))


NOW_S = FINDINGS.as_of_s + HORIZON_S


def test_what_is_due_is_graded_once_by_market(url):
    async def work(database):
        await publish(database, NOW_S - HORIZON_S - 600, NOW_S - HORIZON_S, NOW_S - HORIZON_S + 1)
        await publish(database, NOW_S - HORIZON_S, symbol="ETH")
        await publish(database, NOW_S - HORIZON_S, asked="M2 3d okx")
        graders = Graders()
        one = watch(database, graders, NOW_S)
        return await one.look(), await one.look(), graders.asked, await SqlGrades(database).counts(None)

    first, second, asked, counts = with_database(url, work)
    assert (first, second) == (4, 0)
    assert sorted(asked, key=str) == [("BTC", "okx", 1), ("BTC", None, 2), ("ETH", None, 1)]
    assert counts == (4, 1)


def test_one_process_grades_and_another_follows_when_it_leaves(url):
    async def work(database):
        await publish(database, NOW_S - HORIZON_S)
        graders = Graders(untold=(NOW_S - HORIZON_S,))
        one, two = (watch(database, graders, NOW_S, holder) for holder in ("one", "two"))
        await one.look()
        await two.look()
        before = len(graders.asked)
        await one.leave()
        await two.look()
        return before, len(graders.asked)

    assert with_database(url, work) == (1, 2)


def test_a_market_that_cannot_be_read_keeps_no_other_waiting(url, caplog):
    async def work(database):
        await publish(database, NOW_S - HORIZON_S)
        await publish(database, NOW_S - HORIZON_S, symbol="ETH")
        return await watch(database, Graders(broken=("BTC",)), NOW_S).look(), await SqlGrades(database).counts("BTC")

    assert with_database(url, work) == (1, (0, 1))
    assert "answers about BTC are not graded now" in caplog.text


def test_what_cannot_be_graded_keeps_nothing_behind_it_waiting(url, monkeypatch):
    monkeypatch.setattr("bot.track.grading_watch.MOST_AT_ONCE", 2)

    async def work(database):
        stuck = [NOW_S - HORIZON_S - 300 * number for number in (5, 4)]
        await publish(database, *stuck, NOW_S - HORIZON_S)
        graders = Graders(untold=stuck)
        one = watch(database, graders, NOW_S)
        graded = [await one.look() for _ in range(4)]
        return graded, sum(count for _, _, count in graders.asked)

    graded, asked = with_database(url, work)
    assert graded == [0, 1, 0, 0]
    assert asked == 2 + 1 + 2  # the third round finds nothing behind, the fourth begins again


def test_many_answers_are_several_jobs(url):
    async def work(database):
        await publish(database, *(NOW_S - HORIZON_S - 300 * number for number in range(MOST_A_JOB + 3)))
        graders = Graders()
        await watch(database, graders, NOW_S).look()
        return [count for _, _, count in graders.asked]

    assert with_database(url, work) == [MOST_A_JOB, 3]


def test_a_database_that_fails_is_said_once(url, caplog):
    class Away:
        async def take(self, name, *, now_s, until_s):
            raise StorageError("the database", "is away", "Wait.")

        async def release(self, name):
            raise StorageError("the database", "is away", "Wait.")

    async def work(database):
        one = GradingWatch(SqlGrades(database), Away(), Graders(), Clock(NOW_S))
        looked = [await one.look() for _ in range(3)]
        await one.leave()
        return looked

    assert with_database(url, work) == [0, 0, 0]
    assert caplog.text.count("nothing is graded") == 1


def test_the_venue_is_the_last_word_of_what_was_asked():
    assert [venue_of(asked) for asked in ("default all", "M1 24h okx", "bybit", "")] == [None, "okx", "bybit", None]
