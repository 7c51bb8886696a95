"""The commands of `fathom`. Thin: options in, one call, an exit code out. 0 answered, 2 bad input, 1 our own fault.

What a command needs is imported inside it, so that `fathom --help` does not wait for numerics it does not use.
"""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bot.db_command import db
from bot.doctor_command import doctor
from bot.history_command import history
from bot.init_command import init
from bot.options import ConfigOption
from bot.record_command import record
from bot.serve_command import serve
from bot.skill_command import skill
from bot.worker_command import worker

if TYPE_CHECKING:
    from bot.app import Delivered
    from bot.config import Settings
    from bot.replies import Fault
    from engine.market import Market
    from engine.results import LiquidationMap

ANSWERED = 0
OWN_FAULT = 1
BAD_INPUT = 2
INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 + SIGINT, as shells expect."""

_SourceOption = Annotated[
    Literal["auto", "live", "recorded", "simulated"] | None,
    typer.Option("--source", help="Where markets come from; auto is live, or simulated where no venue answers."),
]
_RecordingsOption = Annotated[
    str | None,
    typer.Option(
        "--recordings",
        metavar="DIR",
        help="Directory of recordings; without --source it means --source recorded.",
    ),
]
_AtOption = Annotated[
    str | None, typer.Option("--at", metavar="ISO", help="The moment to answer for, such as 2026-02-05T12:00:00Z.")
]
_OutOption = Annotated[str | None, typer.Option("--out", metavar="DIR", help="Folder for pictures.")]
_ThemeOption = Annotated[str | None, typer.Option("--theme", metavar="NAME", help="dark, light or colour-blind.")]
_JsonOption = Annotated[bool, typer.Option("--json", help="Print the stable JSON; a picture only with --out.")]
_ModelOption = Annotated[str, typer.Option("--model", metavar="MODEL", help="Such as M1; see fathom models.")]
_WindowOption = Annotated[str, typer.Option("--window", metavar="WINDOW", help="12h, 24h, 48h, 3d, 1w, 2w or 1m.")]
_CsvOption = Annotated[str, typer.Option("--csv", metavar="FILE", help="File to write, - for standard output.")]
_SymbolArgument = Annotated[str, typer.Argument(metavar="SYMBOL", help="Such as BTC.")]

app = typer.Typer(name="fathom", rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


def main() -> None:
    """Run the command line and leave with its exit code."""
    code = run(sys.argv[1:])
    gc.freeze()  # the process ends here: searching its modules for garbage first took .2 s of 2.7 s
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; whatever goes wrong becomes one sentence on standard error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console that cannot show "≈" shall not end the answer
    try:
        command = typer.main.get_command(app)
        code = command.main(list(arguments) or ["--help"], prog_name="fathom", standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        return _complain(f"{error.format_message().rstrip('.')}. See fathom --help.")
    except BrokenPipeError:
        return _leave_quietly()
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - every error becomes a sentence; the unexpected ones are logged
        from bot.faults import fault_of

        return _refuse(fault_of(error))
    return code if isinstance(code, int) else ANSWERED


@app.callback()
def begin() -> None:
    """Read crypto liquidation maps the way a careful trader does. Modelled estimates, not advice."""
    from bot.log import log_to_file

    log_to_file()


@app.command()
def ask(
    text: Annotated[list[str], typer.Argument(metavar="TEXT", help='What one types in a chat, such as "/liq BTC".')],
    source: _SourceOption = None,
    recordings: _RecordingsOption = None,
    at: _AtOption = None,
    as_json: _JsonOption = False,  # noqa: FBT002 - typer makes a flag of it
    out: _OutOption = None,
    theme: _ThemeOption = None,
    config: ConfigOption = None,
) -> int:
    """Answer one message, as typed in a chat.

    Such as "/liq BTC", "/liq eth 12h m2", "/level BTC 68.5k", "is 70k a magnet for btc?", "/zones sol",
    "/questions BTC", "/models" or "/help".
    """
    settings = _settings(source=source, recordings=recordings, at=at, out=out, theme=theme, config=config)
    from bot.app import build_assistant, deliver, notices

    assistant = build_assistant(settings)
    delivered = deliver(assistant, " ".join(text), settings, draw=out is not None or not as_json)
    if delivered.reply.fault is not None:
        return _refuse(delivered.reply.fault)
    if as_json:
        return _print_json(delivered)
    from bot.chats.console_chat import open_console, show_delivered

    about_market = delivered.reply.result is not None
    show_delivered(open_console(), delivered, notices(settings, assistant.source_name) if about_market else ())
    return ANSWERED


@app.command()
def chat(
    source: _SourceOption = None,
    recordings: _RecordingsOption = None,
    at: _AtOption = None,
    out: _OutOption = None,
    theme: _ThemeOption = None,
    config: ConfigOption = None,
) -> None:
    """Answer message after message.

    A message without a symbol is about the last one. Ctrl-D leaves.
    """
    settings = _settings(source=source, recordings=recordings, at=at, out=out, theme=theme, config=config)
    from bot.app import build_assistant, deliver, notices
    from bot.chats.console_chat import converse, greet, open_console, typed_lines

    console = open_console()
    with console.status("Starting"):
        assistant = build_assistant(settings)
    typing = sys.stdin.isatty()
    greet(console, notices(settings, assistant.source_name), typing=typing)
    lines = typed_lines(console) if typing else iter(sys.stdin)
    converse(console, lines, lambda text, before: deliver(assistant, text, settings, before=before))


@app.command()
def swept(
    symbol: _SymbolArgument,
    model: _ModelOption,
    csv: _CsvOption,
    every: Annotated[str, typer.Option("--every", metavar="TIME", help="Length of a row: 1h, 4h, 1d.")] = "1h",
    source: _SourceOption = None,
    recordings: _RecordingsOption = None,
    at: _AtOption = None,
    config: ConfigOption = None,
) -> None:
    """Write what price swept out of a map, hour by hour.

    Columns: time (start of the row, ISO 8601, UTC), long_swept_usd, short_swept_usd. Every row from the first bar to
    the last is there, zeros included. Swept is what stood in the map before a bar, between that bar's low and high.
    """
    settings = _settings(source=source, recordings=recordings, at=at, config=config)
    from bot.tables import SWEPT_COLUMNS, interval_s, swept_per_interval, write_csv
    from engine.models import model_named
    from engine.swept import swept as swept_per_bar

    length_s, spec = interval_s(every), model_named(model)
    table = swept_per_interval(swept_per_bar(_market(symbol, settings), spec.id), length_s)
    write_csv(csv, SWEPT_COLUMNS, table.rows(), sys.stdout)


@app.command()
def profile(
    symbol: _SymbolArgument,
    model: _ModelOption,
    window: _WindowOption,
    csv: _CsvOption,
    source: _SourceOption = None,
    recordings: _RecordingsOption = None,
    at: _AtOption = None,
    config: ConfigOption = None,
) -> None:
    """Write what stands in a map at each price now.

    Columns: price (geometric centre of a 0.1 % bin), long_usd, short_usd (modelled, of M6 observed; both sides at
    every price).
    """
    settings = _settings(source=source, recordings=recordings, at=at, config=config)
    from bot.tables import PROFILE_COLUMNS, profile_rows, write_csv

    map_ = _map(symbol, model, window, settings, columns=False)
    write_csv(csv, PROFILE_COLUMNS, profile_rows(map_), sys.stdout)


@app.command()
def export(
    symbol: _SymbolArgument,
    model: _ModelOption,
    window: _WindowOption,
    out: Annotated[str, typer.Option("--out", metavar="FILE", help="FILE.csv, FILE.parquet, or - for CSV to a pipe.")],
    source: _SourceOption = None,
    recordings: _RecordingsOption = None,
    at: _AtOption = None,
    config: ConfigOption = None,
) -> None:
    """Write a whole heat map as CSV or Parquet.

    One row per moment and price. Columns: time (when a column of the map was known, UTC), price (geometric centre of a
    0.1 % bin), long_usd, short_usd (modelled; of M6 observed, and nan at moments that no sweep tells of).
    """
    settings = _settings(source=source, recordings=recordings, at=at, config=config)
    from bot.tables import write_heat_map

    write_heat_map(out, _map(symbol, model, window, settings, columns=True), sys.stdout)


@app.command()
def models() -> None:
    """Say what each model assumes."""
    from bot.chats.console_chat import open_console, show_reply
    from bot.guide_reply import models_reply
    from engine.models import REGISTRY

    show_reply(open_console(), models_reply(REGISTRY.values()))


app.command()(history)
app.command()(doctor)
app.command()(record)
app.command()(init)
app.command()(serve)
app.command()(worker)
app.add_typer(db, name="db")
app.add_typer(skill, name="skill")


@app.command()
def version() -> None:
    """Say which version this is."""
    from importlib.metadata import version as installed_version

    typer.echo(f"fathom {installed_version('fathom-liq')}")


def _settings(
    *,
    source: str | None,
    recordings: str | None,
    at: str | None,
    out: str | None = None,
    theme: str | None = None,
    config: str | None,
) -> Settings:
    """Return the settings in force; naming recordings without a source can only mean the recorded one."""
    from bot.config import load_settings

    if recordings is not None and source is None:
        source = "recorded"
    flags = {
        "market": {"source": source, "recordings": recordings, "at": at},
        "charts": {"out": out, "theme": theme},
    }
    return load_settings(flags, config=None if config is None else Path(config))


def _market(symbol: str, settings: Settings) -> Market:
    from bot.app import moment_of, notice_text, open_source
    from bot.tokens import as_symbol

    source = open_source(settings)
    market = source.market(as_symbol(symbol), moment_of(settings))
    notice = notice_text(settings, source.name)
    if notice is not None:
        typer.echo(notice, err=True)  # standard output is the table
    return market


def _map(symbol: str, model: str, window: str, settings: Settings, *, columns: bool) -> LiquidationMap:
    from engine.atlas import build_map
    from engine.models import model_named
    from engine.results import MapKey
    from engine.windows import window_named

    key = MapKey(model_named(model).id, window_named(window))
    return build_map(_market(symbol, settings), key, columns=columns)


def _print_json(delivered: Delivered) -> int:
    if delivered.reply.result is None:
        return _complain(
            "There is no JSON of that answer. Ask for /liq, /zones, /questions or /level, or leave out --json."
        )
    from bot.document import document_text

    chart = delivered.chart
    typer.echo(document_text(delivered.reply.result, chart=None if chart is None else str(chart)))
    return ANSWERED


def _refuse(fault: Fault) -> int:
    _complain(fault.text)
    return BAD_INPUT if fault.error_id is None else OWN_FAULT


def _complain(sentence: str) -> int:
    from bot.redaction import redacted

    typer.echo(redacted(sentence), err=True)
    return BAD_INPUT


def _leave_quietly() -> int:
    """Leave when the reader of the pipe has left; what is still buffered must not complain at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return OWN_FAULT


if __name__ == "__main__":
    main()
