"""pass@k against k: what more samples buy."""

from __future__ import annotations

import altair as alt
import pandas as pd

from humaneval_x.estimates import ALL, pass_curve
from humaneval_x.reporting.charts.figures import DASHES, Figure, Panel, run_labels, series_keys, shares
from humaneval_x.reporting.contents import Contents
from humaneval_x.reporting.measured import Measured
from humaneval_x.reporting.palette import SERIES
from humaneval_x.reporting.wording import group_title
from humaneval_x.summaries import group_of, groups_of

__all__ = ["curves"]

_EVERY = 40
"""Up to this k a curve has a point for each k; beyond, points that stand closer than eyes can tell are left out."""


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
    counts: pd.DataFrame = run.summary.counts
    chosen = counts if group == ALL else counts[counts["task"].map(group_of) == group]
    if chosen.empty:
        return []
    found = pass_curve(chosen["n"], chosen["c_strict"])
    ks = _shown(len(found))
    return [{"model": label, "k": ks, "value": [round(float(found[k - 1]), 5) for k in ks]}]


def _shown(largest: int) -> list[int]:
    """Every small k, then k in steps of 2 %, and the largest."""
    ks = list(range(1, min(largest, _EVERY) + 1))
    while ks and ks[-1] < largest:
        ks.append(min(largest, max(ks[-1] + 1, int(ks[-1] * 1.02))))
    return ks


def _lines(rows: list[dict[str, object]], labels: list[str]) -> alt.Chart:
    positions = range(len(labels))
    colours = alt.Scale(domain=labels, range=[f"var:series-{position % SERIES}" for position in positions])
    dashes = [list(DASHES[(position + position // SERIES) % len(DASHES)]) for position in positions]
    legend = alt.Legend(
        title=None, orient="bottom", columns=2, labelLimit=320, symbolStrokeWidth=2, symbolType="stroke"
    )
    lines: alt.Chart = (
        alt.Chart(alt.InlineData(values=rows), height=210)
        .transform_flatten(["k", "value"])
        .mark_line(strokeWidth=2, clip=True, point=alt.OverlayMarkDef(size=1, opacity=0))
        .encode(
            x=alt.X("k:Q", scale=alt.Scale(type="log", nice=False), axis=alt.Axis(title="k", grid=False, tickCount=5)),
            y=alt.Y("value:Q", scale=alt.Scale(domain=[0, 1]), axis=shares("pass@k")),
            color=alt.Color("model:N", scale=colours, legend=legend),
            strokeDash=alt.StrokeDash("model:N", scale=alt.Scale(domain=labels, range=dashes), legend=legend),
            tooltip=[
                alt.Tooltip("model:N", title="Model"),
                alt.Tooltip("k:Q", title="k"),
                alt.Tooltip("value:Q", title="pass@k", format=".2%"),
            ],
        )
    )
    return lines
