"""`fathom init`: a commented settings file to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EXAMPLE = "config.example.toml"
_OWN_ONLY = 0o600
"""It will hold tokens: nobody else may read it."""


def init(
    force: Annotated[bool, typer.Option("--force", help="Replace a config.toml that is there.")] = False,  # noqa: FBT002
) -> None:
    """Write config.toml into this folder, every setting explained.

    Only you may read it. Put your tokens in, then run fathom serve.
    """
    from bot.config import CONFIG_FILE, ConfigError  # not needed by who asks for help

    text = example_text()
    if force:
        CONFIG_FILE.unlink(missing_ok=True)
    try:
        CONFIG_FILE.touch(_OWN_ONLY, exist_ok=False)
    except FileExistsError:
        raise ConfigError(f"{CONFIG_FILE} is there already. Replace it with fathom init --force.") from None
    CONFIG_FILE.write_text(text, encoding="utf-8")
    typer.echo(f"Wrote {CONFIG_FILE}. Put a token under [telegram] or [discord], then run fathom serve.")


def example_text() -> str:
    """Return the settings with all their defaults: shipped inside the package, beside it where it is developed."""
    package = Path(__file__).parent
    shipped = package / EXAMPLE
    return (shipped if shipped.is_file() else package.parent / EXAMPLE).read_text(encoding="utf-8")
