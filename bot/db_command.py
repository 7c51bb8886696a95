"""`fathom db`: the database brought up to date, backed up, restored, and written out.

What it needs is imported inside, so that `fathom --help` does not wait for it.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.options import ConfigOption

if TYPE_CHECKING:
    from bot.storage.address import Address
    from bot.storage.stored import Person

PLATFORMS = ("telegram", "discord")
_TO_STANDARD_OUTPUT = "-"

_UrlOption = Annotated[
    str | None, typer.Option("--url", metavar="ADDRESS", help="Another database than [storage] url.")
]
_FileArgument = Annotated[Path, typer.Argument(metavar="FILE", show_default=False)]
_UserOption = Annotated[
    str | None,
    typer.Option("--user", metavar="PLATFORM:ID", help="Only what is stored about one person, such as telegram:42."),
]
_OutOption = Annotated[str, typer.Option("--out", metavar="FILE", help="A new file, - for standard output.")]

db = typer.Typer(rich_markup_mode=None, no_args_is_help=True)


@db.callback()
def begin() -> None:
    """Look after the database: upgrade, backup, restore, export."""


@db.command()
def upgrade(url: _UrlOption = None, config: ConfigOption = None) -> None:
    """Make the database, or bring its schema up to date.

    fathom serve does the same at its start.
    """
    address = _address(url, config)
    from bot.storage.upgrade import upgrade

    address.make_file()
    done = asyncio.run(upgrade(address))
    if done.before is None:
        typer.echo(f"The database {address.place} was made, with schema {done.after}.")
    elif done.before == done.after:
        typer.echo(f"The database {address.place} has schema {done.after} already, the newest; nothing was changed.")
    else:
        typer.echo(f"The database {address.place} was brought from schema {done.before} to {done.after}.")


@db.command()
def backup(file: _FileArgument, url: _UrlOption = None, config: ConfigOption = None) -> None:
    """Write everything into a new file, while chats are served or not.

    Of SQLite a database like itself, of PostgreSQL lines of JSON; either is what fathom db restore takes.
    """
    address = _address(url, config)
    from bot.storage.backup import back_up

    revision = asyncio.run(back_up(address, file))
    typer.echo(f"The database {address.place} was backed up to {file}, with schema {revision}.")


@db.command()
def restore(file: _FileArgument, url: _UrlOption = None, config: ConfigOption = None) -> None:
    """Put a backup into a database that holds nothing yet.

    Also into one of the other kind: from SQLite to PostgreSQL or back.
    """
    address = _address(url, config)
    from bot.storage.restore import restore

    done = asyncio.run(restore(file, address))
    since = "" if done.before == done.after else f", brought from schema {done.before} to {done.after}"
    typer.echo(f"The database {address.place} got {_rows(done.rows)} of {file}{since}.")


@db.command()
def export(
    user: _UserOption = None, out: _OutOption = _TO_STANDARD_OUTPUT, url: _UrlOption = None, config: ConfigOption = None
) -> None:
    """Write every row as a line of JSON.

    With --user what is stored about one person, which is what /forget_me deletes.
    """
    person = None if user is None else person_named(user)
    address = _address(url, config)
    from bot.storage.backup import export, new_file

    if out == _TO_STANDARD_OUTPUT:
        asyncio.run(export(address, sys.stdout, person))
        return
    with new_file(Path(out)) as partial, partial.open("w", encoding="utf-8", newline="\n") as lines:
        rows = asyncio.run(export(address, lines, person))
    typer.echo(f"Wrote {_rows(rows)} of the database {address.place} to {out}.")


def person_named(text: str) -> Person:
    """Return who is meant by a platform and a number.

    Raises:
        ConfigError: it is no such name.

    """
    from bot.sections import ConfigError
    from bot.storage.stored import Person

    platform, _, number = text.strip().partition(":")
    if platform.lower() not in PLATFORMS or not (number.isascii() and number.isdecimal() and int(number) < 2**63):
        raise ConfigError(f"--user {text} names nobody. Write it as telegram:NUMBER or discord:NUMBER.")
    return Person(platform.lower(), int(number))


def _address(url: str | None, config: str | None) -> Address:
    from bot.config import load_settings
    from bot.storage.address import address_of

    settings = load_settings({"storage": {"url": url}}, config=None if config is None else Path(config))
    return address_of(settings.storage.address)


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
