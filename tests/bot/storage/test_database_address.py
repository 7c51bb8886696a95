"""Where the database lies: addresses that cannot be used, servers that are not there, and no password in a sentence."""

import pytest

from bot.storage.address import address_of
from bot.storage.errors import StorageBusyError, StorageError
from tests.bot.storage.made_database import with_database


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("sqlite://", "would be gone with the process"),
        ("sqlite:///:memory:", "would be gone with the process"),
        ("mysql://root@localhost/fathom", "mysql://… is of a kind that cannot be used"),
        ("not an address", "cannot be used"),
        ("postgresql://a:secret@127.0.0.1:notaport/x", "cannot be used"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_with_one_that_can(setting, sentence):
    with pytest.raises(StorageError) as refused:
        address_of(setting)
    assert sentence in str(refused.value)
    assert "sqlite:///folder/fathom.db" in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("kind", ["postgres", "postgresql", "postgresql+asyncpg"])
def test_no_sentence_holds_the_password(kind):
    address = address_of(f"{kind}://fathom:sesame@db.example:5433/fathom?search_path=bots")
    assert address.place == "postgresql://fathom:***@db.example:5433/fathom"
    assert address.url.drivername == "postgresql+asyncpg"
    assert (address.search_path, dict(address.url.query)) == ("bots", {})


def test_a_server_that_is_not_there_is_said_plainly(unused_port):
    url = f"postgresql://fathom:sesame@127.0.0.1:{unused_port}/fathom"
    with pytest.raises(StorageBusyError, match=r"cannot be reached\. Check that its server runs") as refused:
        with_database(url, lambda database: None)
    assert "sesame" not in str(refused.value)


def test_a_database_that_the_server_does_not_have_is_said_plainly(server):
    url = server.rpartition("/")[0] + "/fathom_no_such_database"
    with pytest.raises(StorageError, match="does not exist on its server"):
        with_database(url, lambda database: None)
