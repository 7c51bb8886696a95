"""`fathom history SYMBOL`: what the history store holds of a symbol, as a table or as JSON, and where it is silent.

What it needs is imported inside, so that `fathom --help` does not wait for it.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.options import ConfigOption, HistoryOption
from engine.errors import DataUnavailableError, UnknownSymbolError
from engine.text import duration_text, moment_text, venue_text
from engine.windows import iso

if TYPE_CHECKING:
    from bot.config import Settings
    from engine.history.coverage import Coverage, Gap

SHOWN_GAPS = 5
"""Gaps listed of each series, newest first; the JSON has them all."""
_HEADER = ("VENUE", "KIND", "FIRST", "LAST", "ROWS", "GAPS")
_ROWS_COLUMN = _HEADER.index("ROWS")
_BETWEEN = "  "


def history(
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="Such as BTC.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with every gap.")] = False,  # noqa: FBT002
    path: HistoryOption = None,
    config: ConfigOption = None,
) -> None:
    """Show what is stored of a symbol.

    Per venue and kind: from when to when, how many rows, and the gaps between them.
    """
    from bot.config import load_settings
    from bot.tokens import as_symbol

    directory = _directory(load_settings({"history": {"path": path}}, config=None if config is None else Path(config)))
    name = as_symbol(symbol)
    found = _coverage(directory, name)
    typer.echo(json_text(name, directory, found) if as_json else table_text(name, directory, found))


def _directory(settings: Settings) -> Path:
    from bot.config import ConfigError

    directory = settings.history.directory
    if directory is None:
        raise ConfigError("The history is off. Name its folder with --path DIR or [history] path.")
    return directory


def _coverage(directory: Path, symbol: str) -> tuple[Coverage, ...]:
    """Return what is stored of the symbol.

    Raises:
        DataUnavailableError: nothing at all is stored.
        UnknownSymbolError: other symbols are.

    """
    from engine.history.store import HistoryStore  # Parquet costs a tenth of a second that --help does not need

    store = HistoryStore(directory)
    found = store.coverage(symbol)
    if found:
        return found
    known = store.symbols()
    if not known:
        msg = f"Nothing is stored in {directory} yet. Another history is named with --path DIR or [history] path."
        raise DataUnavailableError(msg)
    raise UnknownSymbolError(symbol, difflib.get_close_matches(symbol, known, 3), known)


def table_text(symbol: str, directory: Path, found: Sequence[Coverage]) -> str:
    """Return the coverage as a table, and below it the newest gaps of each series that has some."""
    rows = [_HEADER, *(_cells(covered) for covered in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADER))]
    lines = [_BETWEEN.join(_aligned(row, widths)).rstrip() for row in rows]
    gaps = [line for covered in found if covered.gaps for line in _gap_lines(covered, covered.gaps)]
    return "\n".join([f"{symbol}  history in {directory}", "", *lines, *([""] if gaps else []), *gaps])


def _cells(covered: Coverage) -> tuple[str, ...]:
    return (
        venue_text(covered.venue),
        covered.kind,
        moment_text(covered.first_s),
        moment_text(covered.last_s),
        f"{covered.rows:,}",
        _gaps_text(covered.gaps),
    )


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [
        cell.rjust(width) if column == _ROWS_COLUMN else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]


def _gaps_text(gaps: Sequence[Gap] | None) -> str:
    if gaps is None:
        return "unknown (events)"
    if not gaps:
        return "none"
    longest = max(gap.length_s for gap in gaps)
    return f"{len(gaps):,}, {'' if len(gaps) == 1 else 'longest '}{duration_text(longest)}"


def _gap_lines(covered: Coverage, gaps: Sequence[Gap]) -> list[str]:
    """Return the newest gaps of one series, newest first, and how many more there are."""
    title = f"Gaps of {venue_text(covered.venue)} {covered.kind}"
    shown = [
        f"  {moment_text(gap.start_s)} to {moment_text(gap.end_s)}  {duration_text(gap.length_s)}"
        for gap in reversed(gaps[-SHOWN_GAPS:])
    ]
    more = len(gaps) - len(shown)
    return [title, *shown, *([f"  and {more:,} older ones: --json lists them"] if more else [])]


def json_text(symbol: str, directory: Path, found: Sequence[Coverage]) -> str:
    """Return the coverage as JSON; times are ISO 8601 in UTC, gaps null where a silence says nothing."""
    series = [
        {
            "venue": covered.venue,
            "market": covered.market_id,
            "kind": covered.kind,
            "first": iso(covered.first_s),
            "last": iso(covered.last_s),
            "rows": covered.rows,
            "gaps": None if covered.gaps is None else [_gap_document(gap) for gap in covered.gaps],
        }
        for covered in found
    ]
    return json.dumps({"symbol": symbol, "path": str(directory), "series": series}, indent=2, ensure_ascii=False)


def _gap_document(gap: Gap) -> dict[str, str | int]:
    return {"from": iso(gap.start_s), "to": iso(gap.end_s), "length_s": gap.length_s}
