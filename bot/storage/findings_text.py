"""Findings as text and back, for the database: every number as it was, to the last digit."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from engine.findings import Findings

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def text_of(findings: Findings) -> str:
    """Return findings as JSON; NaN and infinities stay what they are."""
    return _adapter().dump_json(findings).decode()


def findings_of(text: str) -> Findings:
    """Return the findings that `text_of` wrote, also those of an older program where it knew fewer facts.

    Raises:
        ValueError: it is no such text.

    """
    return _adapter().validate_json(text)


@cache
def _adapter() -> TypeAdapter[Findings]:
    from pydantic import ConfigDict, TypeAdapter, with_config

    return TypeAdapter(with_config(ConfigDict(ser_json_inf_nan="constants"))(Findings))
