"""Which problems which runs solve: problems across, runs down."""

from __future__ import annotations

import altair as alt

from humaneval_x.reporting.charts.figures import Figure, Panel
from humaneval_x.reporting.charts.rates import RateRow, rates
from humaneval_x.reporting.contents import Contents
from humaneval_x.reporting.palette import HEAT
from humaneval_x.reporting.wording import group_title

__all__ = ["problems"]

_MANY = 40
"""From so many problems on only every tenth is named, and cells stand closer."""


def problems(contents: Contents, task: str) -> Figure:
    """A panel for each group."""
    table = rates(contents, task)
    labels = list(dict.fromkeys(row["model"] for rows in table.values() for row in rows))
    return Figure(
        name=f"problems-{task}",
        title="Pass rate of each problem",
        text=(
            "A column is a problem, by its number, a row is a run; the colour is the share of the problem's samples "
            "that pass, strict verdicts. A column that is faint throughout is a problem that is hard for all; the same "
            "number is the same problem in every language."
        ),
        panels=tuple(
            Panel(title=group_title(group), chart=_cells(rows, labels), width=900) for group, rows in table.items()
        ),
        columns=1,
        heat=True,
        wide=True,
        pixels=True,
    )


def _cells(rows: list[RateRow], labels: list[str]) -> alt.Chart:
    numbers = sorted({number for row in rows for number in row["problem"]})
    marked = [number for number in numbers if len(numbers) < _MANY or number % 10 == 0]
    cells: alt.Chart = (
        alt.Chart(alt.InlineData(values=rows), height=20 * len(rows))
        .transform_flatten(["problem", "rate"])
        .mark_rect(stroke="var:card", strokeWidth=0 if len(numbers) > _MANY else 1)
        .encode(
            x=alt.X(
                "problem:O",
                axis=alt.Axis(
                    title="Problem", values=marked, labelAngle=0, ticks=False, domain=False, labelOverlap="greedy"
                ),
            ),
            y=alt.Y("model:N", sort=labels, axis=alt.Axis(title=None, labelLimit=150, ticks=False, domain=False)),
            color=alt.Color(
                "rate:Q",
                scale=alt.Scale(domain=[0, 1], range=list(HEAT)),
                legend=alt.Legend(title="Pass rate", format=".0%"),
            ),
            tooltip=[
                alt.Tooltip("model:N", title="Model"),
                alt.Tooltip("problem:O", title="Problem"),
                alt.Tooltip("rate:Q", title="Pass rate", format=".1%"),
            ],
        )
    )
    return cells
