"""Preferences in the database: whose wish counts, what is refused, and what is kept in memory."""

import asyncio
from dataclasses import asdict, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from bot.preferences import Preferences, Wishes, WishesHere
from bot.requests import Change, RequestError
from bot.settings_words import KEYS
from bot.storage.database import Database
from bot.storage.errors import StorageError
from bot.storage.sql_preferences import KEPT_S, SqlPreferences
from bot.storage.tables import metadata, person_preference
from engine.errors import EngineError
from tests.bot.storage.made_preferences import ME, OFFER, OTHER, PRIVATE, changes, everything, with_preferences


class Clock:
    def __init__(self):
        self.now_s = 1_000.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


# --- whose wish counts -----------------------------------------------------------------------------------------------

some_wishes = st.builds(
    Wishes,
    symbol=st.none() | st.sampled_from(["BTC", "ETH"]),
    window=st.none() | st.sampled_from(["12h", "3d"]),
    model=st.none() | st.sampled_from(["M1", "M2"]),
    venue=st.none() | st.sampled_from(["binanceusdm", "okx"]),
    theme=st.none() | st.sampled_from(["dark", "light"]),
    time_zone=st.none() | st.sampled_from(["UTC", "Europe/Berlin"]),
    language=st.none() | st.just("en"),
)


def expected(person, chat):
    """The slow way: the defaults, written over by the chat's wishes, and then by the person's."""
    found = asdict(Preferences())
    for wishes in (chat, person):
        for key, value in asdict(wishes).items():
            if value is not None:
                found[key] = value
    return Preferences(**found)


@given(some_wishes, some_wishes)
def test_the_persons_wish_counts_before_the_chats_and_that_before_the_default(person, chat):
    assert WishesHere(person=person, chat=chat).preferences == expected(person, chat)


@pytest.fixture(scope="module")
def loop():
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def kept(loop, tmp_path_factory):
    database = loop.run(Database.open(f"sqlite:///{tmp_path_factory.mktemp('kept') / 'fathom.db'}"))
    yield SqlPreferences(database, OFFER)
    loop.run(database.close())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["me", "chat"]), some_wishes), max_size=5))
def test_any_row_of_changes_leaves_what_was_set_last(loop, kept, steps):
    async def work():
        for scope in ("me", "chat"):
            await kept.reset(ME, scope)
        wished = {"me": Wishes(), "chat": Wishes()}
        for scope, wishes in steps:
            told = await kept.change(ME, scope, changes(**asdict(wishes)))
            wished[scope] = wishes
            assert told == WishesHere(person=wished["me"], chat=wished["chat"])
            assert await kept.preferences(ME) == expected(wished["me"], wished["chat"])

    loop.run(work())


def test_what_one_person_set_counts_for_nobody_else_and_everywhere_for_them(url):
    async def work(preferences, database):
        await preferences.change(ME, "me", changes(theme="light"))
        places = (ME, OTHER, PRIVATE, replace(ME, platform="discord"))
        return [(await preferences.preferences(place)).theme for place in places]

    assert with_preferences(url, work) == ["light", None, "light", None]


def test_what_a_chat_set_counts_for_all_of_it_and_in_no_other(url):
    async def work(preferences, database):
        await preferences.change(ME, "chat", changes(window="3d"))
        places = (ME, OTHER, replace(ME, chat=-101), PRIVATE)
        return [(await preferences.preferences(place)).window for place in places]

    assert with_preferences(url, work) == ["3d", "3d", None, None]


def test_alone_with_the_bot_the_chats_settings_are_the_persons(url):
    async def work(preferences, database):
        told = await preferences.change(PRIVATE, "chat", changes(theme="light"))
        return told, (await everything(database))["chat_preference"]

    assert with_preferences(url, work) == (WishesHere(person=Wishes(theme="light")), [])


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63) + 1])
def test_the_largest_numbers_of_a_platform_are_kept(url, number):
    async def work(preferences, database):
        place = replace(ME, user=number, chat=-number)
        await preferences.change(place, "me", changes(theme="light"))
        return (await preferences.change(place, "chat", changes(window="1w"))).preferences

    assert with_preferences(url, work) == Preferences(theme="light", window="1w")


# --- changes ---------------------------------------------------------------------------------------------------------


def test_what_was_changed_is_there_in_the_next_process(url):
    async def change(preferences, database):
        await preferences.change(ME, "me", changes(theme="light", symbol="eth", window="72h", model="m2"))

    async def look(preferences, database):
        return await preferences.preferences(ME)

    with_preferences(url, change)
    assert with_preferences(url, look) == Preferences(theme="light", symbol="ETH", window="3d", model="M2")


def test_a_change_leaves_the_other_settings(url):
    async def work(preferences, database):
        await preferences.change(ME, "me", changes(theme="light"))
        await preferences.change(ME, "me", changes(window="12h"))
        return (await preferences.change(ME, "me", changes(theme=None))).person

    assert with_preferences(url, work) == Wishes(window="12h")


def test_who_takes_the_last_setting_back_is_no_longer_in_the_database(url):
    async def work(preferences, database):
        await preferences.change(ME, "me", changes(theme="light"))
        await preferences.change(ME, "me", changes(theme=None))
        return await everything(database)

    assert with_preferences(url, work) == {name: [] for name in metadata.tables}


def test_a_reset_takes_everything_back_of_one_scope(url):
    async def work(preferences, database):
        await preferences.change(ME, "chat", changes(window="3d"))
        await preferences.change(ME, "me", changes(theme="light", window="12h"))
        await preferences.preferences(ME)
        told = await preferences.reset(ME, "me")
        return told, await preferences.preferences(ME)

    told = WishesHere(chat=Wishes(window="3d"))
    assert with_preferences(url, work) == (told, told.preferences)


@pytest.mark.parametrize("act", ["change", "reset"])
def test_only_who_may_configure_changes_what_counts_for_all(url, act):
    anybody = replace(ME, may_configure=False)

    async def work(preferences, database):
        await preferences.change(ME, "chat", changes(window="3d"))
        wanted = {"change": (changes(window="12h"),), "reset": ()}[act]
        with pytest.raises(RequestError, match="Only who may manage this chat"):
            await getattr(preferences, act)(anybody, "chat", *wanted)
        await preferences.change(anybody, "me", changes(theme="light"))
        return await preferences.preferences(anybody)

    assert with_preferences(url, work) == Preferences(window="3d", theme="light")


def test_one_value_that_would_not_do_keeps_none_of_the_changes(url):
    async def work(preferences, database):
        with pytest.raises(RequestError):
            await preferences.change(ME, "me", changes(theme="light", venue="nowhere"))
        return await everything(database)

    assert with_preferences(url, work) == {name: [] for name in metadata.tables}


hostile = st.text(max_size=80) | st.sampled_from(
    ["'; DROP TABLE person_preference; --", "../../etc/passwd", "\x00", "💥" * 20, "a" * 10_000, "NULL", "%s", "{0}"]
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(KEYS), hostile)
def test_any_value_is_one_of_those_there_are_or_refused(key, value):
    try:
        kept = OFFER.checked(Change(key, value))
    except (RequestError, EngineError):
        return
    assert OFFER.checked(Change(key, kept)) == kept
    assert len(kept) <= person_preference.c[key].type.length


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(KEYS), hostile)
def test_hostile_values_harm_no_table(loop, kept, key, value):
    async def work():
        try:
            told = await kept.change(ME, "me", changes(**{key: value}))
        except (RequestError, EngineError):
            told = await kept.wishes(ME)
        assert told == await kept.wishes(ME)

    loop.run(work())


def test_a_thousand_changes_at_once_all_count(url):
    async def work(preferences, database):
        values = {"theme": "light", "window": "12h", "model": "M2", "symbol": "ETH"}
        await asyncio.gather(
            *(
                preferences.change(replace(ME, user=user), "me", changes(**{key: value}))
                for user in range(250)
                for key, value in values.items()
            )
        )
        told = await asyncio.gather(*(preferences.preferences(replace(ME, user=user)) for user in range(250)))
        return set(told)

    assert with_preferences(url, work) == {Preferences(theme="light", window="12h", model="M2", symbol="ETH")}


# --- memory ----------------------------------------------------------------------------------------------------------


def set_by_another_process(database, theme):
    async def write():
        async with database.writing() as connection:
            row = {"platform": "telegram", "user_id": ME.user, "theme": theme}
            await connection.execute(insert(person_preference).values(row))

    return write()


def test_what_another_process_changed_counts_after_a_short_while(url, clock):
    async def work(preferences, database):
        seen = [(await preferences.preferences(ME)).theme]
        await set_by_another_process(database, "light")
        for wait_s in (KEPT_S - 1, 1):
            clock.now_s += wait_s
            seen.append((await preferences.preferences(ME)).theme)
        return seen

    assert with_preferences(url, work, clock) == [None, None, "light"]


def test_a_database_that_fails_takes_nobodys_answer_away(url, clock):
    async def work(preferences, database):
        await preferences.change(ME, "me", changes(theme="light"))
        seen = [await preferences.preferences(ME)]
        async with database.writing() as connection:
            await connection.run_sync(metadata.drop_all)
        clock.now_s += KEPT_S
        seen += [await preferences.preferences(ME), await preferences.preferences(replace(ME, user=9, chat=-9))]
        with pytest.raises(StorageError):
            await preferences.wishes(ME)
        return seen

    light = Preferences(theme="light")
    assert with_preferences(url, work, clock) == [light, light, Preferences()]


def test_what_is_in_memory_costs_no_look_into_the_database(url, clock):
    async def work(preferences, database):
        await preferences.preferences(ME)
        async with database.writing() as connection:
            await connection.run_sync(metadata.drop_all)
        return await preferences.preferences(ME)

    assert with_preferences(url, work, clock) == Preferences()


def test_who_reads_while_somebody_changes_does_not_remember_the_past(url):
    async def work(preferences, database):
        for theme in ("light", "dark") * 20:
            readers = [preferences.preferences(replace(ME, topic=number)) for number in range(5)]
            await asyncio.gather(*readers, preferences.change(ME, "me", changes(theme=theme)), *readers[5:])
            assert (await preferences.preferences(ME)).theme == theme

    with_preferences(url, work)
