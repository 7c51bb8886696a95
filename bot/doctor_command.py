"""`fathom doctor`: what is wrong with this installation, as a table or as JSON. Exit 0 when nothing failed, else 1.

What it needs is imported inside, so that `fathom --help` does not wait for it.
"""

from __future__ import annotations

import json
import textwrap
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.options import ConfigOption
from engine.windows import iso

if TYPE_CHECKING:
    from bot.checks import Check
    from bot.config import Settings

SOUND = 0
SOMETHING_FAILED = 1
TEXT_WIDTH = 100
_WORDS = {"ok": "ok", "warn": "WARN", "fail": "FAIL", "off": "off"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with the numbers.")] = False,  # noqa: FBT002
    config: ConfigOption = None,
) -> int:
    """Check venues, chats, model, clock, history, machine.

    Each failure comes with what to do.

    Exit status 0 when nothing failed (warnings are no failure), 1 when something did.
    """
    import asyncio  # forty milliseconds that no other command's help waits for

    from bot.config import load_settings
    from bot.redaction import redacted
    from bot.secret_values import secret_values

    file = None if config is None else Path(config)
    settings = load_settings(config=file)
    redacted.learn(secret_values(settings))
    checks = asyncio.run(examined(settings, time.time, config=file))
    typer.echo(redacted(json_text(checks, int(time.time())) if as_json else table_text(checks)))
    return SOMETHING_FAILED if any(check.status == "fail" for check in checks) else SOUND


async def examined(settings: Settings, clock: Callable[[], float], *, config: Path | None = None) -> tuple[Check, ...]:
    """Return every check, made side by side; `clock` gives this machine's Unix seconds, config: the file named."""
    import asyncio

    from bot.chat_checks import check_chats
    from bot.checks import LOCAL_CHECKS
    from bot.language_model_check import check_language_model
    from bot.machine_checks import check_compiled_cache, check_drawing, secret_files_check
    from bot.storage_check import check_database

    local = [asyncio.to_thread(check, settings) for check in (*LOCAL_CHECKS, check_drawing, check_compiled_cache)]
    found, database, chats, model, venues = await asyncio.gather(
        asyncio.gather(*local),
        check_database(settings),
        check_chats(settings),
        check_language_model(settings),
        _venues(settings, clock),
    )
    return (*found, database, secret_files_check(settings, config), *chats, model, *venues)


async def _venues(settings: Settings, clock: Callable[[], float]) -> tuple[Check, ...]:
    from bot.app import has_live_extra

    if not has_live_extra():
        return ()  # the check of the extra says so
    from bot.venue_checks import check_venues

    return await check_venues(settings, clock)


def table_text(checks: Sequence[Check]) -> str:
    """Return the checks as a table, advice below each, and the sum at the end."""
    width = max(len(check.name) for check in checks)
    lines = [line for check in checks for line in _rows(check, width)]
    failed = [check.name for check in checks if check.status == "fail"]
    warned = [check.name for check in checks if check.status == "warn"]
    verdict = f"Failed: {', '.join(failed)}." if failed else "Nothing failed."
    worth = f" Worth a look: {', '.join(warned)}." if warned else ""
    return "\n".join([*lines, "", verdict + worth])


def _rows(check: Check, width: int) -> list[str]:
    head = f"{_WORDS[check.status]:<4}  {check.name:<{width}}  "
    indent = " " * len(head)
    told = textwrap.wrap(
        check.sentence, TEXT_WIDTH, initial_indent=head, subsequent_indent=indent, break_long_words=False
    )
    if check.advice is None:
        return told
    advice = textwrap.wrap(check.advice, TEXT_WIDTH, initial_indent=f"{indent}→ ", subsequent_indent=f"{indent}  ")
    return [*told, *advice]


def json_text(checks: Sequence[Check], as_of_s: int) -> str:
    """Return the checks as JSON; times are ISO 8601 in UTC, units in the names of the facts."""
    listed = [
        {
            "name": check.name,
            "status": check.status,
            "sentence": check.sentence,
            "advice": check.advice,
            "facts": {fact.name: fact.value for fact in check.facts},
        }
        for check in checks
    ]
    failed = any(check.status == "fail" for check in checks)
    return json.dumps({"as_of": iso(as_of_s), "failed": failed, "checks": listed}, indent=2, ensure_ascii=False)
