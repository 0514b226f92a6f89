"""The report as Markdown (GitHub's tables)."""

from __future__ import annotations

from collections.abc import Iterable

from humaneval_x.reporting.contents import Contents
from humaneval_x.reporting.tables import Cell, Row, Table
from humaneval_x.text import markdown as escaped

__all__ = ["markdown"]


def markdown(contents: Contents) -> str:
    """The whole report. Foreign text is escaped: no markup or link in a name takes effect."""
    lines = ["# HumanEval-X report", ""]
    lines += _notices("Read this first", (f"**{escaped(name)}**: {escaped(label)}" for name, label in contents.labels))
    lines += _notices("Warnings", map(escaped, contents.warnings))
    for section in contents.sections:
        pictures = [
            f"![{escaped(section.title)}](charts/{name}.svg)" for name in section.charts if "charts" in contents.beside
        ]
        if not (section.tables or pictures):
            continue
        lines += [f"## {escaped(section.title)}", ""]
        lines += [line for text in filter(None, [escaped(section.text), *pictures]) for line in (text, "")]
        for table in section.tables:
            lines += [f"### {escaped(table.title)}", "", *_table(table), ""]
    lines += _notices("Undefined figures", (f"{escaped(name)}: {escaped(text)}" for name, text in contents.refusals))
    lines += _notices("Sources of the published rows", map(escaped, contents.sources))
    return "\n".join(lines).rstrip() + "\n"


def _notices(title: str, items: Iterable[str]) -> list[str]:
    bullets = [f"- {item}" for item in items]
    return [f"## {title}", "", *bullets, ""] if bullets else []


def _table(table: Table) -> list[str]:
    numeric = [any(row.cells[column].number for row in table.rows) for column in range(len(table.columns))]
    return [
        _line(escaped(column) for column in table.columns),
        _line("---:" if number else "---" for number in numeric),
        *(_row(row) for row in table.rows),
    ]


def _row(row: Row) -> str:
    return _line(_cell(cell, row.published) for cell in row.cells)


def _cell(cell: Cell, published: bool) -> str:
    text = escaped(cell.text)
    if published and cell.text:
        text = f"*{text}*"
    small = " · ".join(filter(None, (cell.small, cell.mark)))
    return f"{text} ({escaped(small)})" if small and not published else text


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
