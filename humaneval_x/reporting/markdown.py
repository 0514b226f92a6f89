"""The report as Markdown (GitHub's tables)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from humaneval_x.reporting.contents import Contents
from humaneval_x.reporting.tables import Cell, Row, Table

__all__ = ["markdown"]

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|&~!$])")


def markdown(contents: Contents) -> str:
    """The whole report. Foreign text is escaped: no markup or link in a name takes effect."""
    lines = ["# HumanEval-X report", ""]
    lines += _notices("Read this first", (f"**{_escape(name)}**: {_escape(label)}" for name, label in contents.labels))
    lines += _notices("Warnings", map(_escape, contents.warnings))
    for section in contents.sections:
        pictures = [f"![{_escape(section.title)}](charts/{name}.svg)" for name in section.charts if contents.pictures]
        if not (section.tables or pictures):
            continue
        lines += [f"## {_escape(section.title)}", ""]
        lines += [line for text in filter(None, [_escape(section.text), *pictures]) for line in (text, "")]
        for table in section.tables:
            lines += [f"### {_escape(table.title)}", "", *_table(table), ""]
    lines += _notices("Undefined figures", (f"{_escape(name)}: {_escape(text)}" for name, text in contents.refusals))
    lines += _notices("Sources of the published rows", map(_escape, contents.sources))
    return "\n".join(lines).rstrip() + "\n"


def _notices(title: str, items: Iterable[str]) -> list[str]:
    bullets = [f"- {item}" for item in items]
    return [f"## {title}", "", *bullets, ""] if bullets else []


def _table(table: Table) -> list[str]:
    numeric = [any(row.cells[column].number for row in table.rows) for column in range(len(table.columns))]
    return [
        _line(_escape(column) for column in table.columns),
        _line("---:" if number else "---" for number in numeric),
        *(_row(row) for row in table.rows),
    ]


def _row(row: Row) -> str:
    return _line(_cell(cell, row.published) for cell in row.cells)


def _cell(cell: Cell, published: bool) -> str:
    text = _escape(cell.text)
    if published and cell.text:
        text = f"*{text}*"
    small = " · ".join(filter(None, (cell.small, cell.mark)))
    return f"{text} ({_escape(small)})" if small and not published else text


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _escape(text: str) -> str:
    escaped = _SPECIAL.sub(r"\\\1", text)
    # GitHub makes links of bare addresses; a backslash before the colon or dot keeps them text.
    return re.sub(r"(?i)\bwww\.", r"www\\.", escaped.replace("://", "\\://"))
