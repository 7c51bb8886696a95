"""What can go wrong with the history, each with its facts and what to do."""

from __future__ import annotations

from pathlib import Path

from engine.errors import DataMalformedError, EngineError


class HistoryBusyError(EngineError):
    """Another writer has the history open; `holder` is its process number where it is known."""

    def __init__(self, path: Path, holder: int | None) -> None:
        self.path = path
        self.holder = holder
        who = f"process {holder}" if holder is not None else "another process"
        super().__init__(
            f"The history at {path} is being written by {who}, and it has one writer at a time. "
            "Stop that one, or give this one another [history] path."
        )


class HistoryNotWrittenError(EngineError):
    """The disk refused to take rows; what was stored before is whole."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(
            f"The history could not be written at {path}: {reason}. What was stored before is whole. "
            "Free some space or mend the folder's permissions, or name another [history] path."
        )


class NewerHistoryError(DataMalformedError):
    """A file holds columns that this version cannot write again, so it is left as it is."""

    def __init__(self, path: Path, columns: tuple[str, ...]) -> None:
        self.columns = columns
        problem = f"this version does not know its column {', '.join(columns)}"
        super().__init__(str(path), problem, "Run the version of Fathom that wrote it, or a later one.")
