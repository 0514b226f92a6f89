"""pass@k against k: what more samples buy."""

from __future__ import annotations

import altair as alt

from humaneval_x.estimates import ALL
from humaneval_x.reporting.charts.figures import (
    AnyChart,
    Figure,
    Panel,
    run_labels,
    series_colour,
    series_dashes,
    series_keys,
    shares,
)
from humaneval_x.reporting.contents import Contents
from humaneval_x.reporting.curves import curve
from humaneval_x.reporting.measured import Measured
from humaneval_x.reporting.wording import group_title
from humaneval_x.summaries import groups_of

__all__ = ["curves"]

_HEIGHT = 210


def curves(contents: Contents, task: str) -> Figure:
    """A panel for all groups together and one for each, with a line for each run of that task."""
    runs = [run for run in contents.runs if run.summary.task == task]
    labels = run_labels(runs)
    groups = list(dict.fromkeys(group for run in runs for group in groups_of(run.summary)))
    panels = []
    for group in [ALL, *groups]:
        rows = [row for run in runs for row in _rows(run, group, labels[run.summary.run_id])]
        panels.append(Panel(title=group_title(group), chart=_lines(rows, list(labels.values()))))
    return Figure(
        name=f"curves-{task}",
        title="pass@k against k",
        text=(
            "The share of problems that at least one of k samples solves, strict verdicts, for every k up to the "
            "fewest samples of a problem. Each point is the unbiased estimate from all samples. The axis of k is "
            "logarithmic: a straight line means that each doubling of the samples buys as much as the one before."
        ),
        panels=tuple(panels),
        keys=series_keys(list(labels.values())),
    )


def _rows(run: Measured, group: str, label: str) -> list[dict[str, object]]:
    ks, values = curve(run, group)
    return [{"model": label, "k": ks, "value": [round(float(value), 5) for value in values]}] if ks else []


def _lines(rows: list[dict[str, object]], labels: list[str]) -> AnyChart:
    positions = range(len(labels))
    colours = alt.Scale(domain=labels, range=[f"var:{series_colour(position)}" for position in positions])
    dashes = [list(series_dashes(position)) for position in positions]
    legend = alt.Legend(
        title=None, orient="bottom", columns=2, labelLimit=320, symbolStrokeWidth=2, symbolType="stroke"
    )
    base = (
        alt.Chart(alt.InlineData(values=rows))
        .transform_flatten(["k", "value"])
        .encode(
            x=alt.X("k:Q", scale=alt.Scale(type="log", nice=False), axis=alt.Axis(title="k", grid=False, tickCount=5)),
            y=alt.Y("value:Q", scale=alt.Scale(domain=[0, 1]), axis=shares("pass@k")),
            color=alt.Color("model:N", scale=colours, legend=legend),
            tooltip=[
                alt.Tooltip("model:N", title="Model"),
                alt.Tooltip("k:Q", title="k"),
                alt.Tooltip("value:Q", title="pass@k", format=".2%"),
            ],
        )
    )
    lines: alt.Chart = base.mark_line(strokeWidth=2, clip=True, point=alt.OverlayMarkDef(size=1, opacity=0)).encode(
        strokeDash=alt.StrokeDash("model:N", scale=alt.Scale(domain=labels, range=dashes), legend=legend)
    )
    # A run of one sample a problem has one point, of which no line is seen.
    alone = [row for row in rows if row["k"] == [1]]
    if alone:
        points = base.properties(data=alt.InlineData(values=alone)).mark_point(filled=True, size=50, opacity=1)
        both: alt.LayerChart = alt.layer(lines, points).properties(height=_HEIGHT)
        return both
    tall: alt.Chart = lines.properties(height=_HEIGHT)
    return tall
