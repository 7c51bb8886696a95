"""One writer a history: an advisory lock that the operating system frees when its process dies, however it dies."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from engine.history.errors import HistoryBusyError, HistoryNotWrittenError

LOCK_FILE = ".writer.lock"
_MOST_DIGITS = 20


class WriterLock:
    """The lock of one history, held from construction until `release`.

    The file stays behind, and says nothing by being there: only a living process can hold the lock on it.
    """

    def __init__(self, directory: Path) -> None:
        try:
            import fcntl  # Windows has none: there a history can be read, and not written
        except ImportError:
            raise HistoryNotWrittenError(directory, "this system has no locks that end with their process") from None
        self._descriptor = os.open(directory / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _process_in(self._descriptor)
            os.close(self._descriptor)
            raise HistoryBusyError(directory, holder) from None
        except OSError:
            os.close(self._descriptor)
            raise
        self._sign()

    def _sign(self) -> None:
        """Say who holds the lock, for the sentence that the next one gets; a full disk leaves it unsaid."""
        try:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError:
            return

    def release(self) -> None:
        """Let the next writer in."""
        os.close(self._descriptor)


@dataclass(frozen=True, slots=True)
class Writer:
    """Who holds a history's lock; the process's number is None where it did not sign."""

    process: int | None


def writer_of(directory: Path) -> Writer | None:
    """Return who is writing a history, None where nobody is; looks without taking the lock away from anybody.

    Raises:
        OSError: the lock cannot be looked at.

    """
    try:
        import fcntl  # Windows has none: there nobody can write
    except ImportError:
        return None
    try:
        descriptor = os.open(directory / LOCK_FILE, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return Writer(_process_in(descriptor))
    finally:
        os.close(descriptor)  # lets go of what was just taken
    return None


def _process_in(descriptor: int) -> int | None:
    text = os.pread(descriptor, _MOST_DIGITS, 0).strip()
    return int(text) if text.isdigit() else None
