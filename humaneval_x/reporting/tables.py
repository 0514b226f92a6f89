"""What reports are made of: tables of cells, the same for every format."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Cell", "Row", "Section", "Table"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell: `text`, a second line `small`, and for a figure its share or count `value` and interval (0 to 1).

    `ours` names those of `text` and `small` that are words of the interface, which a page translates; `mark` follows
    `small` and is one. `link` is the address of the samples that the cell speaks of, for a page with those beside it.
    """

    text: str
    small: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    number: bool = False
    ours: tuple[str, ...] = ()
    mark: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row; `published` marks figures from the literature, `first` starts a block of rows that belong together."""

    cells: tuple[Cell, ...]
    published: bool = False
    first: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table whose first `heads` columns name the row.

    Sorting keeps `blocks` together. `named` says that the title is a name, not a word of the interface,
    `folded` that a page shows the rows when asked.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    heads: int = 1
    blocks: bool = False
    named: bool = False
    folded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Tables and charts (named as in `charts.CHARTS`) under one heading, with what tells how to read the tables."""

    name: str
    title: str
    text: str
    tables: tuple[Table, ...]
    charts: tuple[str, ...] = ()
