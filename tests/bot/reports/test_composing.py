"""What stands in a report: order, what changed, what is missing, when it is late, and what fits under a picture."""

from dataclasses import replace

import pytest

from bot.about_reply import no_track_reply
from bot.chats.discord_chat.page import page_of
from bot.chats.telegram_chat.telegram_text import CAPTION_UNITS, caption_of, units
from bot.reports.composing import LATE_FROM_S, Occasion, on, report_of
from tests.bot.conftest import AS_OF_S, ZONES
from tests.bot.reports.made_reports import part_of, silent_part

DAY_S = 86_400
YESTERDAY = replace(part_of().liq.findings, as_of_s=AS_OF_S - DAY_S, price=70_000.0)
DUE_S = AS_OF_S


def kinds(outgoing):
    return [block.kind for block in outgoing.reply.blocks]


def texts(outgoing, kind):
    return [
        f"{line.label}|{line.text}" for block in outgoing.reply.blocks if block.kind == kind for line in block.lines
    ]


def test_a_report_holds_what_was_promised_in_the_order_of_its_importance():
    outgoing = report_of([part_of(before=YESTERDAY)])
    whole = ["headline", "changes", "zones", "setup", "wrong_if", "checklist", "missing", "notes", "disclaimer"]
    assert kinds(outgoing) == whole
    assert outgoing.drawing.name == "BTC.png"
    assert outgoing.findings.symbol == outgoing.request.symbol == "BTC"


def test_the_better_questions_are_answered():
    told = report_of([part_of()]).reply.block("checklist").lines
    assert [line.parts for line in told] == [
        ("Where is the nearest vulnerable leverage?", "Above, at 71,950, +2.2 %."),
        ("Do the maps agree?", "4 of 4 above, 3 of 4 below."),
    ]


def test_further_zones_are_part_of_a_report():
    told = texts(report_of([part_of()]), "zones")
    assert told[-1] == "|then 66,900-67,150 -4.6 % score 52"
    assert "▼ then 66,900-67,150 -4.6 % score 52" in caption_of(report_of([part_of()]).reply).html


def test_the_first_report_says_that_there_is_nothing_to_compare_with():
    (line,) = texts(report_of([part_of()], is_first=True), "changes")
    assert line.startswith("SINCE|the first report")
    (line,) = texts(report_of([part_of()]), "changes")
    assert "cannot be compared" in line


def test_a_report_after_another_says_what_changed_since():
    first, *others = texts(report_of([part_of(before=YESTERDAY)]), "changes")
    assert first == f"SINCE|13 Mar 2026 23:55 UTC: price +{100 * (part_of().liq.findings.price / 70_000 - 1):.1f} %"
    assert others == ["|zones, scores and setup are as they were"]


def test_a_late_report_says_when_it_was_due_and_what_was_missed():
    outgoing = report_of([part_of()])
    assert on(outgoing, Occasion(due_s=DUE_S, now_s=DUE_S + LATE_FROM_S)) == outgoing
    late = on(outgoing, Occasion(due_s=DUE_S, now_s=DUE_S + 9_600, missed=2))
    assert texts(late, "notice") == [
        "|Late: due 14 Mar 2026 23:55 UTC, sent 15 Mar 2026 02:35 UTC. 2 reports before this one were missed."
    ]
    assert kinds(late)[1:] == kinds(outgoing)
    assert texts(on(outgoing, Occasion(due_s=DUE_S, now_s=DUE_S, missed=1)), "notice") == [
        "|1 report before this one was missed."
    ]


def test_without_any_data_a_report_says_what_is_missing_and_shows_no_picture():
    outgoing = report_of([silent_part()])
    assert texts(outgoing, "error") == ["|No report on BTC this time. No venue answers. Ask again in a minute."]
    assert (outgoing.drawing, outgoing.findings) == (None, None)


def test_a_weekly_report_holds_the_track_record_before_the_caveats():
    outgoing = report_of([part_of()], track=no_track_reply("BTC"))
    assert kinds(outgoing)[-5:] == ["checklist", "guide", "missing", "notes", "disclaimer"]


# several symbols


def test_a_digest_shows_every_symbol_and_its_picture():
    outgoing = report_of([part_of("BTC", before=YESTERDAY), part_of("ETH"), part_of("SOL")])
    assert [outgoing.drawing.name, *(each.name for each in outgoing.more_drawings)] == ["BTC.png", "ETH.png", "SOL.png"]
    assert outgoing.request is None
    (headline,) = outgoing.reply.block("headline").lines
    assert headline.parts == (
        "BTC, ETH, SOL",
        "changes since 13 Mar 2026 23:55 UTC",
        "14 Mar 2026 23:55 UTC",
    )
    digests = [block.lines for block in outgoing.reply.blocks if block.kind == "digest"]
    assert [len(lines) for lines in digests] == [3, 3, 3]
    assert digests[0][1].text == "▲ 71,950-72,300 +2.2 % score 81 · ▼ 68,100-68,450 -2.8 % score 64"
    assert digests[0][2].text == "Upside sweep favoured, weakly · nothing else changed"


def test_a_digest_names_the_symbol_of_which_nothing_is_known():
    outgoing = report_of([part_of("BTC"), silent_part("ETH")])
    assert texts(outgoing, "error") == ["|No report on ETH this time. No venue answers. Ask again in a minute."]
    assert outgoing.reply.block("headline").lines[0].parts[0] == "BTC"
    assert outgoing.more_drawings == ()


def test_a_digest_of_nothing_is_nothing_but_faults():
    outgoing = report_of([silent_part("BTC"), silent_part("ETH")])
    assert kinds(outgoing) == ["error", "error"]
    assert outgoing.drawing is None


def test_a_digest_tells_a_caveat_once_and_of_whom_it_is():
    only_btc = report_of([part_of("BTC"), part_of("ETH", missing=(), notes=("Bybit: open interest 40 min old.",))])
    assert texts(only_btc, "missing") == ["MISSING|order book: walls near the zones are unknown (BTC)"]
    assert texts(only_btc, "notes") == ["NOTE|Bybit: open interest 40 min old."]
    assert len(texts(only_btc, "disclaimer")) == 1


def test_an_album_holds_ten_pictures():
    outgoing = report_of([part_of(f"A{count}") for count in range(12)])
    assert 1 + len(outgoing.more_drawings) == 10


# on the platforms


@pytest.mark.parametrize("count", [1, 3, 12])
def test_a_report_fits_under_a_picture_and_on_a_page(count):
    parts = [part_of(f"A{place}", before=replace(YESTERDAY, symbol=f"A{place}")) for place in range(count)]
    outgoing = report_of(parts)
    caption = caption_of(outgoing.reply).html
    assert units(caption) <= CAPTION_UNITS
    assert "Modelled estimate" in caption
    assert page_of(outgoing.reply).length <= 4_000


def test_a_caption_keeps_what_was_swept_before_what_is_new():
    swept = replace(ZONES[0], band=replace(ZONES[0].band, low=70_100.0, high=70_200.0, price=70_150.0))
    before = replace(YESTERDAY, zones=(swept, *ZONES[1:]))
    caption = caption_of(report_of([part_of(before=before)]).reply).html
    assert "<i>swept (score):</i> above 70,150 (81)" in caption
