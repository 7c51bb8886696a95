"""Measured skill → tables in text and documents in JSON."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Sequence
from typing import Any

from engine.skill.fit_m3 import FitReport, FitScore
from engine.skill.resampling import Interval
from engine.skill.scores import RecipeScore, SkillTable
from engine.skill.touch_calibration import TouchCalibration
from engine.text import venue_text
from engine.windows import iso

_BETWEEN = "  "


def score_text(table: SkillTable) -> str:
    """Return the scores as a table, best first, with what they stand on above it."""
    months = [month for month, _ in table.recipes[0].r2_by_month]
    header = ("", "R²", "95 %", "rank", "95 %", "longs", "shorts", *months)
    rows = [header, *(_row(recipe) for recipe in table.recipes)]
    best = next((recipe for recipe in table.recipes if recipe.kind == "baseline"), None)
    spans = (
        f"Lines fitted on {table.train_hours:,} hours from {iso(table.train_from_s)} on, judged on "
        f"{table.test_hours:,} from {iso(table.test_from_s)} to {iso(table.end_s)}."
    )
    intervals = (
        "R² and rank correlation of swept mass with realised liquidations per hour, mean of both sides; intervals from "
        f"{table.draws:,} draws of whole days (seed {table.seed})."
    )
    lines = [
        f"{table.symbol} at {', '.join(map(venue_text, table.venues))}, liquidations of {table.realised}",
        spans,
        "",
        *aligned(rows),
        "",
        intervals,
        "The map is told where price went. It says what was liquidated there, not where price goes.",
    ]
    if best is not None:
        lines.append(f"The best baseline is “{best.name}”: a map that does not beat it adds nothing.")
    lines += [
        f"{recipe.name} was fitted to part of these hours: they are no test of it."
        for recipe in table.recipes
        if recipe.saw_test
    ]
    lines += [f"Not scored: {name} ({why})" for name, why in table.missing]
    return "\n".join(lines)


def _row(recipe: RecipeScore) -> tuple[str, ...]:
    name = f"{recipe.name} {recipe.title}" if recipe.kind == "model" else f"· {recipe.name}"
    return (
        name,
        share_text(recipe.r2.estimate),
        range_text(recipe.r2),
        share_text(recipe.rank.estimate),
        range_text(recipe.rank),
        share_text(recipe.longs.r2.estimate),
        share_text(recipe.shorts.r2.estimate),
        *(share_text(value) for _, value in recipe.r2_by_month),
    )


def share_text(value: float) -> str:
    """Return a statistic between -1 and 1 with two decimals, n/a where it is unknown."""
    return "n/a" if math.isnan(value) else re.sub(r"^(-?)0\.", r"\1.", f"{value:.2f}")


def range_text(interval: Interval) -> str:
    """Return an interval, such as .71 to .78."""
    return f"{share_text(interval.low)} to {share_text(interval.high)}"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows of cells as lines: the first column to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        _BETWEEN.join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def fit_text(report: FitReport) -> str:
    """Return what was fitted, and what each part of it buys, as a table."""
    origin = report.parameters.provenance
    header = ("", "held out", "worst", "fitted", "after", "buys", "rungs")
    whole = report.score.cross_validated_r2
    rows = [header, *(_fit_row(score, whole) for score in (report.score, *report.ablations))]
    fitted_to = (
        f"M3 fitted to liquidations of {origin.symbol} ({origin.liquidations}) at {venue_text(origin.venue)}, "
        f"{iso(origin.from_s)} to {iso(origin.until_s)}"
    )
    columns = (
        f"R², mean of both sides. Held out: {len(report.score.blocks_r2)} blocks of the fitted hours, each judged by a "
        "fit to the others; worst: the worst of them; after: hours after the fit."
    )
    lines = [
        fitted_to,
        "",
        *aligned(rows),
        "",
        columns,
        "Buys: what held-out R² loses without that part.",
        "On other symbols the leverage limits are taken over and nothing else; their liquidations were not fitted to.",
    ]
    return "\n".join(lines)


def _fit_row(score: FitScore, whole: float) -> tuple[str, ...]:
    held_out = score.cross_validated_r2
    return (
        score.name,
        f"{held_out:.3f}",
        f"{min(score.blocks_r2):.3f}",
        f"{score.fitted_r2:.3f}",
        "n/a" if math.isnan(score.after_r2) else f"{score.after_r2:.3f}",
        f"{whole - held_out:+.3f}" if held_out != whole else "",
        str(score.kept),
    )


def fit_document(report: FitReport) -> dict[str, Any]:
    """Return a fit as JSON values; moments are ISO 8601."""
    document: dict[str, Any] = known(dataclasses.asdict(report))
    origin = document["parameters"]["provenance"]
    for name in ("from", "until"):
        origin[name] = iso(origin.pop(f"{name}_s"))
    for score, values in zip(
        (report.score, *report.ablations), (document["score"], *document["ablations"]), strict=True
    ):
        values["cross_validated_r2"] = score.cross_validated_r2
    return document


def touch_text(found: TouchCalibration) -> str:
    """Return a calibration as tables, one a horizon."""
    asked = (
        f"Chance of touch of {', '.join(found.symbols)}, forecast every hour from {iso(found.from_s)} to "
        f"{iso(found.until_s)}, .3 to 10 % above and below"
    )
    lines = [asked]
    for horizon in found.horizons:
        better = "better" if horizon.gain.low > 0 else "not proven better"
        error = (
            f"{horizon.hours} h: expected calibration error {horizon.error:.3f}; Brier {horizon.brier:.4f}, driftless "
            f"formula {horizon.driftless_brier:.4f}: gain {horizon.gain.estimate:+.4f} "
            f"({horizon.gain.low:+.4f} to {horizon.gain.high:+.4f}, {better})"
        )
        rows = [("chance", "touched", "gap", "95 %", "forecasts")]
        rows += [
            (
                f"{each.chance:.1%}",
                f"{each.touched:.1%}",
                f"{100 * each.gap.estimate:+.1f}",
                f"{100 * each.gap.low:+.1f} to {100 * each.gap.high:+.1f}",
                f"{each.forecasts:,}",
            )
            for each in horizon.deciles
        ]
        drawn = f"Intervals: {found.draws:,} draws of {horizon.blocks} blocks of {horizon.block_s // 86_400} d."
        lines += ["", error, *aligned(rows), drawn]
    return "\n".join([*lines, "", "Gaps in points of 100. Frequencies of the past, not forecasts of a direction."])


def touch_document(found: TouchCalibration) -> dict[str, Any]:
    """Return a calibration as JSON values; moments are ISO 8601."""
    document: dict[str, Any] = known(dataclasses.asdict(found))
    for name in ("from", "until"):
        document[name] = iso(document.pop(f"{name}_s"))
    return document


def score_document(table: SkillTable) -> dict[str, Any]:
    """Return the scores as JSON values; what is unknown is null, moments are ISO 8601."""
    document: dict[str, Any] = known(dataclasses.asdict(table))
    for name in ("train_from", "test_from", "end"):
        document[name] = iso(document.pop(f"{name}_s"))
    for recipe in document["recipes"]:
        for part in (recipe, recipe["longs"], recipe["shorts"]):
            part["r2_by_month"] = dict(part["r2_by_month"])
    document["missing"] = dict(document["missing"])
    return document


def known(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value that JSON knows: numbers that are none become null."""
    if isinstance(value, dict):
        return {name: known(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [known(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
