"""The report's figures as CSV."""

from __future__ import annotations

import csv
import io
from dataclasses import astuple, fields

from humaneval_x.reporting.contents import Contents
from humaneval_x.reporting.rows import FigureRow, figure_rows
from humaneval_x.text import plain

__all__ = ["spreadsheet"]


def spreadsheet(contents: Contents) -> str:
    """CSV with a heading, a line for each `FigureRow`; what is undefined is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(FigureRow))
    for row in figure_rows(contents):
        writer.writerow(_safe(value) if isinstance(value, str) else value for value in astuple(row))
    return text.getvalue()


def _safe(text: str) -> str:
    """Text that a spreadsheet shows and does not compute: one that could begin a formula is quoted."""
    shown = plain(text, 400)
    return f"'{shown}" if shown.lstrip()[:1] in set("=+-@|%") else shown
