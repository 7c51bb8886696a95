"""Rows as lines of JSON and back: what exports print, and what backups of PostgreSQL hold.

    {"fathom": "backup", "format": 1, "schema": "0003"}
    {"table": "person_preference", "row": {"platform": "telegram", "user_id": 7, "theme": "light"}}
    {"end": 1}

An export holds the lines of rows alone. The last line of a backup counts them: a file that was cut off is known.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bot.storage.stored import Row

FORMAT = 1
_CUT_OFF = "it has no last line, so a part of it is missing"


class RowLinesError(Exception):
    """A text is no backup; says why, as the second half of a sentence."""


def row_line(row: Row) -> str:
    """Return one row as a line, with its end."""
    return _line({"table": row.table, "row": row.values})


def first_line(revision: str) -> str:
    """Return the line that begins a backup of a schema."""
    return _line({"fathom": "backup", "format": FORMAT, "schema": revision})


def last_line(rows: int) -> str:
    """Return the line that ends a backup."""
    return _line({"end": rows})


def _line(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(", ", ": ")) + "\n"


def revision_of(line: str) -> str:
    """Return the schema that the first line of a backup names.

    Raises:
        RowLinesError: it is no such line.

    """
    head = _read(line)
    revision = head.get("schema")
    if head.get("fathom") != "backup" or not isinstance(revision, str):
        raise RowLinesError("its first line is not that of a backup")
    if head.get("format") != FORMAT:
        raise RowLinesError(f"it is of format {head.get('format')}, and this program knows format {FORMAT}")
    return revision


def rows_of(lines: Iterator[str]) -> Iterator[Row]:
    """Yield the rows of a backup from its second line on.

    Raises:
        RowLinesError: a line is no row, or the last one is not there.

    """
    for rows, line in enumerate(lines):
        number = rows + 2
        content = _read(line, number)
        if "end" in content:
            if content["end"] != rows:
                raise RowLinesError(f"it holds {rows} rows where its last line counts {content['end']}")
            if next(lines, None) is not None:
                raise RowLinesError(f"it goes on behind its last line, {number}")
            return
        table, values = content.get("table"), content.get("row")
        if not isinstance(table, str) or not isinstance(values, dict):
            raise RowLinesError(f"its line {number} is no row")
        yield Row(table, values)
    raise RowLinesError(_CUT_OFF)


def _read(line: str, number: int = 1) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except ValueError:
        content = None
    if isinstance(content, dict):
        return content
    raise RowLinesError(f"its line {number} is no JSON object" if line.endswith("\n") else _CUT_OFF)
