"""Options that several commands of `fathom` share, each with its one sentence of help."""

from typing import Annotated

import typer

ConfigOption = Annotated[
    str | None, typer.Option("--config", metavar="FILE", help="Settings (default: ./config.toml).")
]
HistoryOption = Annotated[
    str | None, typer.Option("--path", metavar="DIR", help="Another history than [history] path.")
]
