"""Reports as people meet them: messages and buttons in, words and buttons out, and what is kept meanwhile."""

from dataclasses import replace
from datetime import time

import pytest
from sqlalchemy import select

from bot.presses import encoded
from bot.reports.subscriptions import Limits
from bot.storage.tables import delivery
from tests.bot.reports.made_desk import ADMIN, MEMBER, NOW_S, PRIVATE, Markets, labels, talking, words


def said(tmp_path, *texts, place=PRIVATE, **more):
    async def story(talk):
        return [words(await talk.say(text, place)) for text in texts]

    return talking(tmp_path, story, **more)[-1]


def kept(tmp_path, *texts, place=PRIVATE):
    async def story(talk):
        for text in texts:
            await talk.say(text, place)
        return [each for user in (7, 8) for each in await talk.store.of_person("discord", user)]

    return talking(tmp_path, story)


def test_a_symbol_alone_means_daily_at_eight_where_one_lives_and_here(tmp_path):
    [one] = kept(tmp_path, "/settings tz Europe/Berlin theme light", "/report add btc")
    terms = one.terms
    assert (terms.symbols, terms.rhythm, terms.local_time, terms.days) == (
        ("BTC",),
        "daily",
        time(8),
        tuple(range(1, 8)),
    )
    assert (terms.time_zone, terms.theme, one.next_due_s) == ("Europe/Berlin", "light", NOW_S + 19 * 3_600)


def test_the_symbol_is_the_one_talked_about_else_the_liked_one(tmp_path):
    [talked, liked] = kept(tmp_path, "/settings symbol eth", "/report add", "/liq sol", "/report add at 9")
    assert (talked.terms.symbols, liked.terms.symbols) == (("ETH",), ("SOL",))


def test_a_weekly_report_without_a_day_comes_on_monday(tmp_path):
    [one] = kept(tmp_path, "/report add BTC weekly")
    assert (one.terms.days, one.next_due_s) == ((1,), NOW_S + 7 * 86_400 - 4 * 3_600)


def test_what_is_liked_counts_for_the_map_unless_the_report_names_one(tmp_path):
    likes = "/settings window 3d model m2 venue okx"
    [plain, named] = kept(tmp_path, likes, "/report add BTC", "/report add BTC 12h")
    assert (plain.terms.model, plain.terms.window, plain.terms.venue) == ("M2", "3d", "okx")
    assert (named.terms.model, named.terms.window, named.terms.venue) == (None, "12h", "okx")


def test_a_wish_in_words_sets_a_report_up(tmp_path):
    [one] = kept(tmp_path, "send me btc and eth every morning at 7")
    assert (one.terms.symbols, one.terms.local_time) == (("BTC", "ETH"), time(7))


def test_the_confirmation_says_the_next_time_as_the_reader_lives(tmp_path):
    text = said(tmp_path, "/settings tz Asia/Tokyo", "/report add BTC at 08:00 tz Europe/London weekdays silent")
    assert "REPORT 1 BTC, daily at 08:00 Europe/London, weekdays, silently" in text
    assert "NEXT 24 Nov 2026 17:00 UTC+9" in text


def test_who_has_set_no_zone_is_told_that_times_are_in_utc(tmp_path):
    assert "Times are in UTC" in said(tmp_path, "/report add BTC")
    assert "Times are in UTC" not in said(tmp_path, "/report add ETH tz London")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("/report add BTCC at 8", "There is no symbol “BTCC” here. Try: /report add BTC"),
        ("/report add BTC on bybit", "Bybit is not read here. There are: Binance, OKX."),
        ("/report add BTC topic", "There is no topic here"),
        ("/report pause 3", "There is no report 3 here"),
        ("/report remove", "There is no report yet"),
    ],
)
def test_what_cannot_be_done_is_refused_with_what_to_do_and_nothing_is_kept(tmp_path, text, problem):
    assert problem in said(tmp_path, text)
    assert kept(tmp_path) == []


def test_invented_numbers_are_never_sent_by_themselves(tmp_path):
    assert "Markets are simulated here" in said(tmp_path, "/report add BTC", markets=Markets("simulated"))


def test_the_limit_is_told(tmp_path):
    texts = ("/report add BTC", "/report add ETH", "/report add SOL")
    assert "You have 2 reports, which is the most" in said(tmp_path, *texts, limits=Limits(per_person=2))


def test_in_a_group_only_who_may_configure_it_sets_up_or_changes_reports(tmp_path):
    async def story(talk):
        refused = words(await talk.say("/report add BTC", MEMBER))
        await talk.say("/report add BTC here", ADMIN)
        await talk.say("/report add ETH channel", ADMIN)
        listed = words(await talk.say("/report list", MEMBER))
        not_removed = words(await talk.say("/report remove 1", MEMBER))
        elsewhere = words(await talk.say("/report pause 1", PRIVATE))
        return refused, listed, not_removed, elsewhere, await talk.store.of_chat("discord", -1)

    refused, listed, not_removed, elsewhere, found = talking(tmp_path, story)
    assert refused.startswith("Only who may manage this chat")
    assert not_removed.startswith("Only who may manage")
    assert "REPORT 1 BTC, daily at 08:00 UTC, in another topic" in listed
    assert "REPORT 2 ETH, daily at 08:00 UTC, here" in listed
    assert "There is no report 1 here" in elsewhere
    assert [each.terms.destination.topic for each in found] == [-2, None]
    assert {each.terms.destination.community for each in found} == {-100}


def test_what_one_set_up_in_a_group_can_be_stopped_in_private_but_not_sent_there(tmp_path):
    async def story(talk):
        await talk.say("/report add BTC", ADMIN)
        own = replace(PRIVATE, user=8)
        return [words(await talk.say(text, own)) for text in ("/report list", "/report test", "/report pause")]

    listed, tested, paused = talking(tmp_path, story)
    assert "in another chat" in listed
    assert "goes to a group: ask for that there" in tested
    assert "Report 1 is paused." in paused
    assert "PAUSED: by hand" in paused


def test_alone_with_the_bot_the_person_is_where_it_is_sent(tmp_path):
    [one] = kept(tmp_path, "/report add BTC")
    to = one.terms.destination
    assert (to.chat, to.owner, to.community, to.is_private) == (7, 7, None, True)


def test_the_list_says_last_and_next_and_its_buttons_do_what_they_say(tmp_path):
    async def story(talk):
        await talk.say("/report add BTC")
        await talk.say("/report add ETH every 4h")
        listed = await talk.say("/report list")
        paused = await talk.press(listed, "Pause 2")
        resumed = await talk.press(paused, "Resume 2")
        removed = await talk.press(resumed, "Remove 1")
        gone = await talk.press(removed, "Remove")
        return listed, paused, resumed, removed, gone

    listed, paused, resumed, removed, gone = talking(tmp_path, story)
    assert "REPORT 2 ETH, every 4 hours; next 23 Nov 2026 16:00 UTC, not due so far" in words(listed)
    assert labels(listed) == ["Pause 1", "Send now 1", "Remove 1", "Pause 2", "Send now 2", "Remove 2", "Close"]
    assert "Resume 2" in labels(paused)
    assert "CHANGE /report pause 1 · /report test 1 · /report remove 1 · /report add BTC every 4h" in words(listed)
    assert "PAUSED" in words(paused)
    assert "Report 2 goes on." in words(resumed)
    assert "PAUSED" not in words(resumed)
    assert "Report 1 is removed. Again: /report add $BTC daily at 08:00 tz UTC" in words(removed)
    assert "No report comes here by itself yet." in words(gone)


def test_send_now_plans_one_delivery_and_says_where_one_is_under_way(tmp_path):
    async def story(talk):
        added = await talk.say("/report add BTC")
        first = words(await talk.press(added, "Send now"))
        again = words(await talk.press(added, "Send now"))
        async with talk.database.reading() as connection:
            return first, again, (await connection.execute(select(delivery.c.due_s))).all()

    first, again, rows = talking(tmp_path, story)
    assert "Report 1 comes in a moment." in first
    assert "Report 1 is under way already." in again
    assert rows == [(NOW_S,)]


def test_a_button_is_for_who_asked(tmp_path):
    async def story(talk):
        listed = await talk.say("/report add BTC", ADMIN)
        return words(await talk.press(listed, "Remove", MEMBER)), await talk.store.of_chat("discord", -1)

    refused, found = talking(tmp_path, story)
    assert "That button is for who asked" in refused
    assert len(found) == 1


def test_which_report_is_asked_back_where_there_are_several(tmp_path):
    text = said(tmp_path, "/report add BTC", "/report add ETH", "/report pause")
    assert "Which report? Try: /report pause 1, /report pause 2" in text


def test_a_guide_leads_to_a_report_by_buttons_alone(tmp_path):
    async def story(talk):
        shown = await talk.say("/report guide")
        for label in ("ETH", "Weekdays", "09:00"):
            shown = await talk.press(shown, label)
        return shown, await talk.store.of_person("discord", 7)

    shown, [one] = talking(tmp_path, story)
    assert "REPORT 1 ETH, daily at 09:00 UTC, weekdays" in words(shown)
    assert (one.terms.local_time, one.terms.days) == (time(9), (1, 2, 3, 4, 5))


@pytest.mark.parametrize("rhythm", ["Every 4 h", "Before funding"])
def test_a_guide_asks_for_no_time_where_there_is_none(tmp_path, rhythm):
    async def story(talk):
        shown = await talk.press(await talk.say("/report guide"), "BTC")
        return words(await talk.press(shown, rhythm))

    assert "REPORT 1 BTC" in talking(tmp_path, story)


def test_every_button_of_every_step_fits(tmp_path):
    async def story(talk):
        shown = await talk.say("/report guide")
        for label in ("1000PEPE", "Weekly, Monday", "21:00"):
            assert all(len(encoded(each.press).encode()) <= 64 for row in shown.buttons for each in row)
            shown = await talk.press(shown, label)

    talking(tmp_path, story)


def test_without_a_symbol_that_is_sure_the_guide_asks_for_one(tmp_path):
    assert "A report of which symbol?" in said(tmp_path, "/report add at 08:00")


def test_nothing_is_kept_of_what_is_still_being_typed(tmp_path):
    text = said(tmp_path, "/report add BTC", place=replace(PRIVATE, is_passing=True))
    assert "in a chat with the bot" in text
    assert kept(tmp_path) == []
