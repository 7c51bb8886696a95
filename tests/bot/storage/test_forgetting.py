"""Who asks to be forgotten is: in every table, in memory and in the file; and nobody else."""

from sqlalchemy import func, select

from bot.personal_data import KEPT, NOT_PERSONAL, Forgotten
from bot.preference_values import Offer
from bot.preferences import Preferences
from bot.storage.tables import metadata
from tests.bot.storage.made_preferences import ME, PRIVATE, changes, everything, with_preferences
from tests.bot.storage.made_rows import rows_about


def test_forgetting_leaves_nothing_about_a_person_in_any_table_and_all_of_others(url):
    async def work(preferences, database):
        await rows_about(database, 7_777_777, 8_888_888)
        before = await everything(database)
        forgotten = await preferences.forget("telegram", 7_777_777)
        return before, forgotten, await everything(database)

    before, forgotten, after = with_preferences(url, work)
    personal = {kept.table for kept in KEPT if kept.is_personal}
    assert {each.kept.table: each.rows for each in forgotten} == dict.fromkeys(personal, 1)
    for name, rows in after.items():
        lost = [row for row in before[name] if row not in rows]
        assert [7_777_777 in row for row in lost] == ([True] if name in personal else [])
        assert any(8_888_888 in row for row in rows) or name in NOT_PERSONAL


def test_the_same_number_on_another_platform_is_somebody_else(url):
    async def work(preferences, database):
        await preferences.change(ME, "me", changes(theme="light"))
        forgotten = await preferences.forget("discord", ME.user)
        return forgotten, (await preferences.preferences(ME)).theme

    assert with_preferences(url, work) == (tuple(Forgotten(kept, 0) for kept in KEPT if kept.is_personal), "light")


def test_what_is_forgotten_is_out_of_memory_too(url):
    async def work(preferences, database):
        await preferences.change(ME, "me", changes(theme="light"))
        await preferences.preferences(ME)
        await preferences.forget("telegram", ME.user)
        return await preferences.preferences(ME)

    assert with_preferences(url, work) == Preferences()


def test_what_was_set_in_a_private_chat_is_forgotten_whatever_scope_was_typed(url):
    async def work(preferences, database):
        await preferences.change(PRIVATE, "chat", changes(theme="light"))
        await preferences.change(PRIVATE, "me", changes(window="12h"))
        await preferences.forget("telegram", PRIVATE.user)
        async with database.reading() as connection:
            tables = metadata.tables.values()
            return [(await connection.execute(select(func.count()).select_from(table))).scalar() for table in tables]

    assert set(with_preferences(url, work)) == {0}


def test_what_is_forgotten_is_not_left_in_the_file(tmp_path):
    file = tmp_path / "fathom.db"
    offer = Offer(venues=("averyrarevenue",))

    async def keep(preferences, database):
        await preferences.change(PRIVATE, "me", changes(venue="averyrarevenue"))

    async def forget(preferences, database):
        await preferences.forget("telegram", PRIVATE.user)

    with_preferences(f"sqlite:///{file}", keep, offer=offer)
    assert b"averyrarevenue" in file.read_bytes()
    with_preferences(f"sqlite:///{file}", forget, offer=offer)
    left = [path for path in tmp_path.iterdir() if b"averyrarevenue" in path.read_bytes()]
    assert left == []
