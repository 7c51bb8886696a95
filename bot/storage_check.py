"""Whether the database of the settings can be used; looking changes nothing."""

from __future__ import annotations

from bot.checks import Check, Fact
from bot.config import Settings
from bot.storage.errors import StorageError


async def check_database(settings: Settings) -> Check:
    """Say whether the database is there, answers, and has the schema of this program."""
    from bot.storage.address import address_of  # the library costs what no other check needs
    from bot.storage.upgrade import is_up_to_date

    try:
        address = address_of(settings.storage.address)
        facts = (Fact("place", address.place),)
        if address.file is not None and not address.file.exists():
            sentence = f"The database {address.place} will be made when chats are served."
            return Check(name="database", status="ok", sentence=sentence, facts=facts)
        current = await is_up_to_date(address)
    except StorageError as error:
        sentence = f"The database {error.place} {error.problem}."
        return Check(name="database", status="fail", sentence=sentence, advice=error.advice)
    state = "has the schema of this program" if current else "has another schema; the next start brings it up to date"
    sentence = f"The database {address.place} answers and {state}."
    return Check(name="database", status="ok" if current else "warn", sentence=sentence, facts=facts)
