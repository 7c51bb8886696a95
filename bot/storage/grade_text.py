"""Grades as text and back, for the database."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from engine.grading import Grade

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def text_of_grade(grade: Grade) -> str:
    """Return a grade as JSON."""
    return _adapter().dump_json(grade).decode()


def grade_of(text: str) -> Grade:
    """Return the grade that `text_of_grade` wrote.

    Raises:
        ValueError: it is no such text.

    """
    return _adapter().validate_json(text)


@cache
def _adapter() -> TypeAdapter[Grade]:
    from pydantic import ConfigDict, TypeAdapter, with_config

    return TypeAdapter(with_config(ConfigDict(ser_json_inf_nan="constants"))(Grade))
