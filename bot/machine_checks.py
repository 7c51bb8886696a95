"""What a machine must be able to do for answers: draw, keep compiled code, and keep secrets to itself."""

from __future__ import annotations

import time
from pathlib import Path

from bot.checks import Check, Fact
from bot.config import Settings
from bot.secret_values import exposed_files

TYPEFACE = "DejaVu Sans"
"""What charts are written in; it comes with matplotlib."""
_PNG = b"\x89PNG"


def check_drawing(settings: Settings) -> Check:  # noqa: ARG001 - every check is asked the same way
    """Draw a few words in the charts' own letters."""
    from matplotlib.figure import Figure  # half a second that only this check waits for
    from matplotlib.font_manager import FontProperties, findfont

    from charts.png import to_png

    began_s = time.perf_counter()
    try:
        font = findfont(FontProperties(family=TYPEFACE), fallback_to_default=False)
        figure = Figure(figsize=(2, 1))
        figure.text(0.1, 0.5, "BTC 70,412", fontproperties=FontProperties(family=TYPEFACE))
        png = to_png(figure, width_px=200)
    except (ValueError, OSError, RuntimeError) as error:
        advice = "Reinstall matplotlib; its folder for settings (MPLCONFIGDIR) must be writable."
        return Check(name="drawing", status="fail", sentence=f"No picture can be drawn: {error}.", advice=advice)
    took_s = time.perf_counter() - began_s
    return Check(
        name="drawing",
        status="ok" if png.startswith(_PNG) else "fail",
        sentence=f"Pictures can be drawn, in {Path(font).stem}.",
        facts=(Fact("font", font), Fact("took_s", round(took_s, 3))),
    )


def check_compiled_cache(settings: Settings) -> Check:  # noqa: ARG001
    """Say whether compiled code can be kept: without that every process compiles for half a minute."""
    try:
        from engine.kernels import walk
    except RuntimeError as error:  # the compiler found no folder for it
        advice = "Name a folder that can be written in NUMBA_CACHE_DIR."
        return Check(name="compiled cache", status="fail", sentence=f"{error}.".replace("..", "."), advice=advice)
    path = str(walk.stats.cache_path)
    sentence = f"Compiled code is kept in {path}."
    return Check(name="compiled cache", status="ok", sentence=sentence, facts=(Fact("path", path),))


def secret_files_check(settings: Settings, config: Path | None) -> Check:
    """Say whether others on this machine can read tokens and passwords."""
    exposed = exposed_files(settings, config)
    if not exposed:
        sentence = "Nobody else on this machine can read tokens or passwords from the settings."
        return Check(name="secrets", status="ok", sentence=sentence)
    names = ", ".join(map(str, exposed))
    sentence = f"Others on this machine can read the secrets in {names}."
    advice = f"chmod 600 {' '.join(map(str, exposed))}"
    return Check(name="secrets", status="warn", sentence=sentence, advice=advice, facts=(Fact("files", names),))
