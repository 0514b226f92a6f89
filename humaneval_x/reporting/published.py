"""The published figures that reports show as reference rows, from `benchmark_data/published.toml`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from humaneval_x.errors import DataError
from humaneval_x.resources import resource_folder

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["PublishedRow", "Source", "read_published"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where figures were published; `conditions` is how samples were drawn and cut, as `comparability` looks at it."""

    name: str
    title: str
    conditions: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedRow:
    """One model's published figures on one task; `scores` maps a group and k to pass@k as a share (0 to 1)."""

    model: str
    task: str
    source: Source
    scores: dict[tuple[str, int], float]


@cache
def read_published() -> tuple[PublishedRow, ...]:
    """All published rows, in the file's order. Raises DataError if the file is damaged."""
    path = resource_folder("benchmark_data") / "published.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        sources = {key: _source_from(source) for key, source in table["sources"].items()}
        return tuple(_row_from(row, sources) for row in table["rows"])
    except (OSError, ArithmeticError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: not a table of published figures ({error!r}): reinstall or restore it") from error


def _source_from(source: dict[str, Any]) -> Source:
    conditions = {
        name: float(value) if isinstance(value, Decimal) else value for name, value in source["conditions"].items()
    }
    return Source(name=source["name"], title=source["title"], conditions=conditions)


def _row_from(row: dict[str, Any], sources: dict[str, Source]) -> PublishedRow:
    scores = {
        (group, int(k)): float(Decimal(percent) / 100)
        for group, figures in row["scores"].items()
        for k, percent in figures.items()
    }
    wrong = [key for key, share in scores.items() if not 0 <= share <= 1]
    if wrong:
        raise ValueError(f"{row['model']} has a score of {scores[wrong[0]]:.2%} for {wrong[0]}")
    return PublishedRow(model=row["model"], task=row["task"], source=sources[row["source"]], scores=scores)
