"""`fathom skill`: how good the maps are, measured on recordings.

What it needs is imported inside, so that `fathom --help` does not wait for it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

skill = typer.Typer(rich_markup_mode=None, no_args_is_help=True)

_RecordingsOption = Annotated[Path, typer.Option("--recordings", metavar="DIR", help="Directory of recordings.")]
_LiquidationsOption = Annotated[
    Path, typer.Option("--liquidations", metavar="FILE", help="Parquet or CSV: time, long_usd, short_usd per hour.")
]
_SymbolOption = Annotated[str, typer.Option("--symbol", metavar="SYMBOL", help="Whose liquidations they are.")]
_UntilOption = Annotated[
    str | None, typer.Option("--train-until", metavar="ISO", help="Fit before, judge after (default: at 60 %).")
]
_ParametersOption = Annotated[
    Path | None, typer.Option("--parameters", metavar="FILE", help="Of M3, other than those shipped.")
]
_ParametersOutOption = Annotated[
    Path | None, typer.Option("--out", metavar="FILE.toml", help="Write the parameters into a file.")
]
_ProcessesOption = Annotated[int, typer.Option("--processes", metavar="N", min=1, help="How many work side by side.")]
_DaskOption = Annotated[
    str | None, typer.Option("--dask", metavar="ADDRESS", help="A Dask cluster instead, such as tcp://host:8786.")
]
_FitUntilOption = Annotated[
    str | None, typer.Option("--train-until", metavar="ISO", help="Fit before, judge after (default: fit to all).")
]
_SymbolsOption = Annotated[
    list[str] | None, typer.Option("--symbol", metavar="SYMBOL", help="Only this one; may be repeated.")
]
_FromOption = Annotated[
    str | None, typer.Option("--from", metavar="ISO", help="Judge from here on (default: the last 40 %).")
]
_ModelsOption = Annotated[
    list[str] | None, typer.Option("--models", metavar="MODEL", help="Only this one; may be repeated.")
]
_SeedOption = Annotated[int, typer.Option("--seed", metavar="N", help="Of the intervals.")]
_ZoneLiquidationsOption = Annotated[
    Path | None, typer.Option("--liquidations", metavar="FILE", help="Of BTC, or of --liquidated, per hour.")
]
_LiquidatedOption = Annotated[str, typer.Option("--liquidated", metavar="SYMBOL", help="Whose liquidations they are.")]
_PageOption = Annotated[Path | None, typer.Option("--out", metavar="FILE.md", help="Write the page into a file.")]
_EveryOption = Annotated[int, typer.Option("--every", metavar="HOURS", min=1, help="Publish every so many hours.")]
_JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_OutOption = Annotated[Path | None, typer.Option("--out", metavar="FILE.png", help="Draw the scores into a file.")]
_ThemeOption = Annotated[str, typer.Option("--theme", metavar="NAME", help="dark, light or colour-blind.")]


@skill.callback()
def begin() -> None:
    """Measure how good the maps are, on recordings."""


@skill.command()
def score(
    recordings: _RecordingsOption,
    liquidations: _LiquidationsOption,
    symbol: _SymbolOption = "BTC",
    train_until: _UntilOption = None,
    models: _ModelsOption = None,
    parameters: _ParametersOption = None,
    seed: _SeedOption = 0,
    as_json: _JsonOption = False,  # noqa: FBT002 - typer makes a flag of it
    out: _OutOption = None,
    theme: _ThemeOption = "dark",
) -> None:
    """Score every model and baseline against realised liquidations.

    A line per side from what a map swept to what was liquidated, fitted before --train-until and judged on the hours
    after it: R² and rank correlation, with 95 % intervals from whole days drawn again.
    """
    from bot.skill_words import score_document, score_text
    from bot.tokens import as_symbol
    from engine.models.fitted import FITTED, fitted_model, read_parameters
    from engine.skill.benchmark import score_skill
    from engine.skill.hours import read_realised_hours
    from engine.sources.recorded import RecordedSource
    from engine.windows import parse_instant

    market = RecordedSource(recordings).market(as_symbol(symbol))
    table = score_skill(
        market,
        read_realised_hours(liquidations),
        train_until_s=None if train_until is None else parse_instant(train_until),
        models=models,
        fitted=FITTED if parameters is None else fitted_model(read_parameters(parameters)),
        seed=seed,
    )
    if out is not None:
        from charts import theme_named, write_png
        from charts.skill import draw_skill

        write_png(draw_skill(table, theme_named(theme)), out)
    if as_json:
        typer.echo(json.dumps(score_document(table), indent=2))
        return
    typer.echo(score_text(table))
    if out is not None:
        typer.echo(f"\nPicture: {out}")


@skill.command()
def fit(
    recordings: _RecordingsOption,
    liquidations: _LiquidationsOption,
    symbol: _SymbolOption = "BTC",
    train_until: _FitUntilOption = None,
    seed: _SeedOption = 0,
    processes: _ProcessesOption = 2,
    dask: _DaskOption = None,
    as_json: _JsonOption = False,  # noqa: FBT002 - typer makes a flag of it
    out: _ParametersOutOption = None,
) -> None:
    """Fit M3 to realised liquidations, and say what each part buys.

    Only hours before --train-until are fitted to; those after it are judged. What is kept is chosen by blocks of the
    fitted hours, each judged by a fit to the others.
    """
    from bot.executors import measuring
    from bot.skill_words import fit_document, fit_text
    from bot.tokens import as_symbol
    from engine.skill.fit_m3 import fit_m3, parameters_text
    from engine.skill.hours import read_realised_hours
    from engine.sources.recorded import RecordedSource
    from engine.windows import parse_instant

    market = RecordedSource(recordings).market(as_symbol(symbol))
    realised = read_realised_hours(liquidations)
    until_s = None if train_until is None else parse_instant(train_until)
    with measuring(processes, dask) as executor:
        report = fit_m3(market, realised, until_s=until_s, seed=seed, executor=executor)
    if out is not None:
        out.write_text(parameters_text(report.parameters), encoding="utf-8")
    typer.echo(json.dumps(fit_document(report), indent=2) if as_json else fit_text(report))
    if out is not None and not as_json:
        typer.echo(f"\nParameters: {out}")


@skill.command()
def touch(
    recordings: _RecordingsOption,
    symbols: _SymbolsOption = None,
    since: _FromOption = None,
    seed: _SeedOption = 0,
    processes: _ProcessesOption = 2,
    dask: _DaskOption = None,
    as_json: _JsonOption = False,  # noqa: FBT002 - typer makes a flag of it
) -> None:
    """Say how often the chance of touch was right.

    Forecast at every full hour from what was known then, .3 to 10 % above and below, and held against what came.
    """
    from bot.executors import measuring
    from bot.skill_words import touch_document, touch_text
    from bot.tokens import as_symbol
    from engine.skill.touch_calibration import calibrate
    from engine.sources.recorded import RecordedSource
    from engine.windows import parse_instant

    source = RecordedSource(recordings)
    markets = [source.market(as_symbol(symbol)) for symbol in symbols or source.symbols()]
    from_s = None if since is None else parse_instant(since)
    with measuring(processes, dask) as executor:
        found = calibrate(markets, from_s=from_s, seed=seed, executor=executor)
    typer.echo(json.dumps(touch_document(found), indent=2) if as_json else touch_text(found))


@skill.command()
def zones(
    recordings: _RecordingsOption,
    liquidations: _ZoneLiquidationsOption = None,
    liquidated: _LiquidatedOption = "BTC",
    symbols: _SymbolsOption = None,
    every: _EveryOption = 1,
    seed: _SeedOption = 0,
    processes: _ProcessesOption = 2,
    dask: _DaskOption = None,
    as_json: _JsonOption = False,  # noqa: FBT002 - typer makes a flag of it
    out: _PageOption = None,
) -> None:
    """Say what zones, scores and setups turned out to be worth.

    Publishes an answer at every hour of the recordings, grades each zone once, and holds it against chance.
    """
    from bot.executors import measuring
    from bot.tokens import as_symbol
    from bot.zone_skill_words import zones_document, zones_text
    from engine.skill.forward import walk_forward
    from engine.skill.hours import read_realised_hours
    from engine.sources.recorded import RecordedSource
    from engine.windows import HOUR_S

    source = RecordedSource(recordings)
    markets = [source.market(as_symbol(symbol)) for symbol in symbols or source.symbols()]
    realised = {} if liquidations is None else {as_symbol(liquidated): read_realised_hours(liquidations)}
    with measuring(processes, dask) as executor:
        found = walk_forward(markets, realised, step_s=every * HOUR_S, seed=seed, executor=executor)
    page = zones_text(found, _zones_command(liquidations, liquidated, symbols, every, seed))
    if out is not None:
        out.write_text(page + "\n", encoding="utf-8")
    typer.echo(json.dumps(zones_document(found), indent=2) if as_json else page)


def _zones_command(liquidations: Path | None, liquidated: str, symbols: list[str] | None, every: int, seed: int) -> str:
    """Return the command that finds the same again, without the paths of this machine."""
    words = ["fathom skill zones --recordings DIR"]
    if liquidations is not None:
        words.append("--liquidations FILE" + (f" --liquidated {liquidated}" if liquidated != "BTC" else ""))
    words += [f"--symbol {symbol}" for symbol in symbols or ()]
    words += [f"--every {every}"] if every != 1 else []
    words += [f"--seed {seed}"] if seed else []
    return " ".join(words)
