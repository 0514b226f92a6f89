"""What reports are made of: tables of cells, the same for every format."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Cell", "Row", "Section", "Table"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell: `text`, a second line `small`, and for a figure its share and interval (0 to 1)."""

    text: str
    small: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    number: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row; `published` marks figures from the literature, `first` starts a block of rows that belong together."""

    cells: tuple[Cell, ...]
    published: bool = False
    first: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table whose first `heads` columns name the row."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    heads: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Tables under one heading, with a sentence or two that tell how to read them."""

    name: str
    title: str
    text: str
    tables: tuple[Table, ...]
    folded: bool = False
