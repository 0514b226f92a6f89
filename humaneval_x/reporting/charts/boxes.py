"""How the problems' pass rates are spread, as box plots: the benchmark's paper compares models so."""

from __future__ import annotations

import altair as alt

from humaneval_x.reporting.charts.figures import ROW, Figure, Panel, shares
from humaneval_x.reporting.charts.rates import RateRow, rates
from humaneval_x.reporting.contents import Contents
from humaneval_x.reporting.wording import group_title

__all__ = ["boxes"]


def boxes(contents: Contents, task: str) -> Figure:
    """A panel for each group, with a box for each run."""
    table = rates(contents, task)
    labels = list(dict.fromkeys(row["model"] for rows in table.values() for row in rows))
    return Figure(
        name=f"boxes-{task}",
        title="Spread of the pass rates over problems",
        text=(
            "For each problem the share of its samples that pass, strict verdicts. A box holds the middle half of the "
            "problems, its line is the median, its whiskers reach to the farthest problem within one and a half times "
            "the box's length, dots are problems beyond; the diamond is the mean, which is pass@1."
        ),
        panels=tuple(Panel(title=group_title(group), chart=_boxes(rows, labels)) for group, rows in table.items()),
        pixels=True,
    )


def _boxes(rows: list[RateRow], labels: list[str]) -> alt.LayerChart:
    base = (
        alt.Chart(alt.InlineData(values=rows))
        .transform_flatten(["problem", "rate"])
        .encode(
            x=alt.X("rate:Q", scale=alt.Scale(domain=[0, 1]), axis=shares("Pass rate of a problem")),
            y=alt.Y("model:N", sort=labels, axis=alt.Axis(title=None, labelLimit=150, ticks=False, domain=False)),
        )
    )
    box = base.mark_boxplot(
        size=15,
        extent=1.5,
        box=alt.MarkConfig(fill="var:band", stroke="var:mark", strokeWidth=1),
        median=alt.MarkConfig(stroke="var:ink", strokeWidth=2),
        rule=alt.MarkConfig(stroke="var:mark"),
        ticks=False,
        outliers=alt.MarkConfig(fill="var:mark", stroke=None, size=9, opacity=0.55, filled=True),
    )
    mean = base.mark_point(
        shape="diamond", filled=True, size=55, fill="var:series-1", stroke="var:card", strokeWidth=1, opacity=1
    ).encode(x=alt.X("mean(rate):Q"), tooltip=[alt.Tooltip("model:N", title="Model"), _mean()])
    layers: alt.LayerChart = alt.layer(box, mean).properties(height=ROW * len(rows))
    return layers


def _mean() -> alt.Tooltip:
    return alt.Tooltip("mean(rate):Q", title="Mean (pass@1)", format=".2%")
