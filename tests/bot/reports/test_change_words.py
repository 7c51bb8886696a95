"""What changed, in words."""

from dataclasses import replace

from bot.reports.change_words import change_lines, change_summary
from engine.changes import Changes, SetupChange, ZoneChange
from engine.results import Condition, Setup
from tests.bot.conftest import AS_OF_S, ZONES

UP, LOW, LOWER = ZONES
NOTHING = Changes(
    before_s=AS_OF_S - 86_400,
    now_s=AS_OF_S,
    before_price=70_000.0,
    now_price=68_600.0,
    price_atrs=-0.7,
    zones=(),
    setup=None,
    met=(),
)
CLOSE = Condition(
    kind="close_beyond",
    price=1.0,
    timeframe="1h",
    operator="<",
    threshold=1.0,
    until_s=AS_OF_S,
    text="an hourly close below 68,450",
)


def told(changes):
    return [f"{line.label}: {line.text}" for line in change_lines(changes)]


def of_zones(*zones):
    return replace(NOTHING, zones=zones)


def test_where_nothing_changed_it_says_so_beside_the_price():
    assert told(NOTHING) == [
        "SINCE: 13 Mar 2026 23:55 UTC: price -2.0 % (0.7 daily ATR)",
        ": zones, scores and setup are as they were",
    ]
    assert change_summary(NOTHING) == "nothing else changed"


def test_each_kind_of_change_is_one_line_with_the_fact_that_tells_most():
    smaller, larger = replace(LOW, size_usd=0.6 * LOW.size_usd), replace(LOW, size_usd=2 * LOW.size_usd)
    changes = of_zones(
        ZoneChange(kind="swept", before=UP, now=replace(UP, score=12.0), swept_s=AS_OF_S),
        ZoneChange(kind="faded", before=LOW, now=smaller, is_untouched=True),
        ZoneChange(kind="gone", before=LOWER, now=None),
        ZoneChange(kind="new", before=None, now=LOWER),
        ZoneChange(kind="grown", before=LOW, now=larger),
        ZoneChange(kind="rescored", before=LOW, now=replace(LOW, score=80.0)),
    )
    assert told(changes)[1:] == [
        "swept (score): above 72,125 (81)",
        "faded: below 68,275 (-40 %)",
        "gone (score): below 67,025 (52)",
        "new (score): below 67,025 (52)",
        "larger: below 68,275 (+100 %)",
        "score: below 68,275 (64 → 80)",
    ]
    assert change_summary(changes) == "swept 1, faded 1, gone 1, new 1, larger 1, score 1"


def test_zones_stand_by_side_and_what_is_too_many_is_counted():
    new = [ZoneChange(kind="new", before=None, now=zone) for zone in (LOW, UP, LOWER, UP, LOW)]
    assert told(of_zones(*new))[1] == "new (score): above 72,125 (81); below 68,275 (64), 67,025 (52); 2 more"


def test_a_reading_that_was_proved_wrong_and_another_setup_are_told():
    setups = [Setup(verdict=verdict, strength=0.9, reasons=()) for verdict in ("no_clear_edge", "upside_sweep")]
    changes = replace(NOTHING, met=(CLOSE,), setup=SetupChange(before=setups[0], now=setups[1]))
    assert told(changes)[1:] == [
        "proved wrong by: an hourly close below 68,450",
        "setup: No clear edge → Upside sweep favoured, strongly",
    ]
    assert change_summary(changes) == "another setup, the earlier reading was proved wrong"


def test_a_stronger_setup_is_no_other_one():
    weak, strong = (Setup(verdict="upside_sweep", strength=strength, reasons=()) for strength in (0.1, 0.9))
    assert change_summary(replace(NOTHING, setup=SetupChange(before=weak, now=strong))) == "setup moved"
