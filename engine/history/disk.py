"""Writing that survives a crash at any step: a file is either what it was, or what it was to become."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

TEMPORARY_ENDING = ".tmp"
DAMAGED_ENDING = ".damaged"


class Disk:
    """The few steps that touch the disk, each apart so that a test can fail between any two of them. POSIX only."""

    def write(self, path: Path, content: bytes) -> None:
        """Write a new file, and wait until the disk holds all of it."""
        with path.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def replace(self, source: Path, target: Path) -> None:
        """Put a file in the place of another, in one step."""
        source.replace(target)

    def sync_directory(self, directory: Path) -> None:
        """Wait until the disk holds the names of a directory."""
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def make_directory(self, directory: Path) -> None:
        """Make one directory, unless it is there."""
        directory.mkdir(exist_ok=True)

    def remove(self, path: Path) -> None:
        """Remove a file, unless it is gone."""
        path.unlink(missing_ok=True)


def make_directories(disk: Disk, directory: Path) -> None:
    """Make a directory and those above it, so that none of them is forgotten in a crash."""
    missing = [path for path in (directory, *directory.parents) if not path.is_dir()]
    for path in reversed(missing):
        disk.make_directory(path)
        disk.sync_directory(path.parent)


def write_atomically(disk: Disk, path: Path, content: bytes) -> None:
    """Write a file so that readers, and whoever comes after a crash, see the old content or all of the new.

    Raises:
        OSError: the disk is full or refuses; the old content is still there.

    """
    make_directories(disk, path.parent)
    temporary = path.with_name(f".{path.name}.{os.getpid()}{TEMPORARY_ENDING}")
    try:
        disk.write(temporary, content)
        disk.replace(temporary, path)
    except OSError:
        with suppress(OSError):
            disk.remove(temporary)
        raise
    disk.sync_directory(path.parent)


def set_aside(disk: Disk, path: Path) -> Path:
    """Keep a damaged file under another name, so that collecting goes on and nothing is thrown away; return the name.

    Raises:
        OSError: the disk refuses; the file is still where it was.

    """
    aside = next(
        name
        for number in range(1, 10_000)
        if not (name := path.with_name(f"{path.name}{DAMAGED_ENDING}{number}")).exists()
    )
    disk.replace(path, aside)
    return aside


def remove_left_overs(disk: Disk, directory: Path) -> None:
    """Remove what killed writers left half-written; only for the one writer, whose own files are finished."""
    for path in directory.rglob(f".*{TEMPORARY_ENDING}"):
        disk.remove(path)
