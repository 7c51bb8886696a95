"""What is told as stored is what the tables store: every table, and every column."""

import pytest

from bot.personal_data import CHAT_PREFERENCE, KEPT, NOT_PERSONAL, PERSON_PREFERENCE
from bot.storage.tables import metadata


def test_every_table_is_told_as_stored_and_no_other():
    assert {kept.table for kept in KEPT} | set(NOT_PERSONAL) == set(metadata.tables)
    for name in NOT_PERSONAL:
        assert not {"user_id", "chat_id"} & set(metadata.tables[name].columns.keys())


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: kept.table)
def test_a_table_that_names_a_person_is_told_as_personal(kept):
    columns = set(metadata.tables[kept.table].columns.keys())
    assert kept.is_personal == ("user_id" in columns)
    if kept.is_personal:
        assert "platform" in columns


@pytest.mark.parametrize("kept", [PERSON_PREFERENCE, CHAT_PREFERENCE], ids=lambda kept: kept.table)
def test_every_setting_that_is_stored_is_told(kept):
    for column in set(metadata.tables[kept.table].columns.keys()) - {"platform", "user_id", "chat_id"}:
        assert column.replace("_", " ") in PERSON_PREFERENCE.what
