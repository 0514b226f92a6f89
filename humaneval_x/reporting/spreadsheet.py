"""The report's figures as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import astuple, fields

from humaneval_x.reporting.contents import Contents
from humaneval_x.reporting.curves import CurveRow, curve_rows
from humaneval_x.reporting.rows import FigureRow, figure_rows
from humaneval_x.text import plain

__all__ = ["curves_spreadsheet", "spreadsheet"]

# Spreadsheets of East Asia take the wide forms for the same.
_STARTERS = frozenset("=+-@|%\uff1d\uff0b\uff0d\uff20")


def spreadsheet(contents: Contents) -> str:
    """CSV with a heading, a line for each `FigureRow`; what is undefined is empty."""
    return _lines(FigureRow, figure_rows(contents))


def curves_spreadsheet(contents: Contents) -> str:
    """CSV with a heading, a line for each `CurveRow`."""
    return _lines(CurveRow, curve_rows(contents.runs))


def _lines(kind: type[FigureRow | CurveRow], rows: Iterable[FigureRow | CurveRow]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(kind))
    for row in rows:
        writer.writerow(_safe(value) if isinstance(value, str) else value for value in astuple(row))
    return text.getvalue()


def _safe(text: str) -> str:
    """Text that a spreadsheet shows and does not compute: one that could begin a formula is quoted."""
    shown = plain(text, 400)
    return f"'{shown}" if shown.lstrip()[:1] in _STARTERS else shown
