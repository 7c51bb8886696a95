"""What can go wrong with a database, each in one sentence; the one place that knows the drivers' errors.

Loads no database library: `bot.faults` knows these errors in every process.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

_log = logging.getLogger(__name__)


class StorageError(Exception):
    """The database cannot do what was asked; place: which one, without its password."""

    WHAT = "database"

    def __init__(self, place: str, problem: str, advice: str) -> None:
        self.place = place
        self.problem = problem
        self.advice = advice
        super().__init__(f"The {self.WHAT} {place} {problem}. {advice}")


class StorageBusyError(StorageError):
    """Another process holds the database, or it has no free connection; asking again helps."""


class BackupError(StorageError):
    """A backup cannot be written, or is none that can be restored; place: its file."""

    WHAT = "backup"


class NewerSchemaError(StorageError):
    """The database was written by a newer program."""

    def __init__(self, place: str, found: tuple[str, ...], newest: str) -> None:
        self.found = found
        self.newest = newest
        problem = f"has schema {' and '.join(found)}, and this program knows no later one than {newest}"
        super().__init__(place, problem, "Install the newer Fathom that wrote it; nothing was changed.")


_AGAIN = "Try again in a minute."
_LOG = "The log says more."
_KEEP = "Nothing in it was changed. Move it away to begin anew, or put a backup in its place."
_DISK = "Check the disk; what was told to be stored stays stored."

_SQLITE: dict[str, tuple[type[StorageError], str, str]] = {
    "SQLITE_BUSY": (StorageBusyError, "is being written by another process", _AGAIN),
    "SQLITE_LOCKED": (StorageBusyError, "is being written by another process", _AGAIN),
    "SQLITE_READONLY": (StorageError, "cannot be written", "Check the permissions of the file and of its folder."),
    "SQLITE_PERM": (StorageError, "cannot be opened", "Check the permissions of the file and of its folder."),
    "SQLITE_CANTOPEN": (StorageError, "cannot be opened", "Check that the folder is there and may be written."),
    "SQLITE_NOTADB": (StorageError, "is damaged, or no database", _KEEP),
    "SQLITE_CORRUPT": (StorageError, "is damaged", _KEEP),
    "SQLITE_FULL": (StorageError, "has no space left", _DISK),
    "SQLITE_IOERR": (StorageError, "cannot be read or written", _DISK),
}
"""By the primary result code, https://sqlite.org/rescode.html; extended ones begin with it."""

_POSTGRESQL: dict[str, tuple[type[StorageError], str, str]] = {
    "28": (StorageError, "refused the user or the password", "Check [storage] url."),
    "3D": (StorageError, "does not exist on its server", "Create it, or check [storage] url."),
    "42501": (StorageError, "does not allow this user to do that", "Grant the user rights on its schema."),
    "25006": (StorageError, "cannot be written: the server is read-only", "Check that it is no standby."),
    "53100": (StorageError, "has no space left", _DISK),
    "53": (StorageBusyError, "has no connection or memory left", _AGAIN),
    "55P03": (StorageBusyError, "is locked by another process", _AGAIN),
    "57014": (StorageBusyError, "took too long", _AGAIN),
    "57": (StorageBusyError, "is starting or shutting down", _AGAIN),
    "40": (StorageBusyError, "was changed by another process at the same moment", _AGAIN),
    "08": (StorageBusyError, "lost the connection", _AGAIN),
}
"""By state or its class, the longer first, https://www.postgresql.org/docs/current/errcodes-appendix.html."""


@contextmanager
def said_plainly(place: str, *, reaching: bool = False) -> Iterator[None]:
    """Turn what the drivers raise inside into a StorageError; what is none of theirs passes unchanged.

    reaching: a server is called inside, so that what the network refuses is theirs, too.
    """
    try:
        yield
    except Exception as error:
        told = storage_error(error, place, reaching=reaching)
        if told is None:
            raise
        if told.advice == _LOG:
            _log.exception("the database %s failed", place)
        raise told from error


def storage_error(error: BaseException, place: str, *, reaching: bool = False) -> StorageError | None:
    """Return what to say about an error of a database, None where it is none."""
    if isinstance(error, StorageError):
        return None
    for cause in _causes(error):
        if isinstance(name := getattr(cause, "sqlite_errorname", None), str):
            return _sqlite_error(cause, name, place)
        if isinstance(state := getattr(cause, "sqlstate", None), str):
            return _postgresql_error(cause, state, place)
        if isinstance(cause, OSError) and reaching:
            return StorageBusyError(place, "cannot be reached", "Check that its server runs, and [storage] url.")
    from sqlalchemy import exc  # loaded where it raised this, and not in a process without a database

    if isinstance(error, exc.TimeoutError):
        return StorageBusyError(place, "has no free connection", _AGAIN)
    if isinstance(error, exc.SQLAlchemyError):
        return StorageError(place, f"failed ({type(error).__name__})", _LOG)
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the drivers' own errors behind one of the library's, the innermost last; then itself."""
    cause: BaseException | None = getattr(error, "orig", None)
    while cause is not None:
        yield cause
        cause = cause.__cause__
    yield error


def _sqlite_error(error: BaseException, name: str, place: str) -> StorageError:
    for code, (kind, problem, advice) in _SQLITE.items():
        if name.startswith(code):
            return kind(place, problem, advice)
    return StorageError(place, f"refused: {error}", _LOG)


def _postgresql_error(error: BaseException, state: str, place: str) -> StorageError:
    for code in (state, state[:2]):
        if code in _POSTGRESQL:
            kind, problem, advice = _POSTGRESQL[code]
            return kind(place, problem, advice)
    return StorageError(place, f"refused ({type(error).__name__}, {state})", _LOG)


def file_error(error: OSError, place: str) -> StorageError:
    """Return what to say where the file cannot be made."""
    reason = (error.strerror or type(error).__name__).lower()
    return StorageError(place, f"cannot be made: {reason}", "Check [storage] url, the folder and the free space.")
