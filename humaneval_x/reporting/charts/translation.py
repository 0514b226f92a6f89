"""pass@1 of translation as a map of sources against targets, one for each run and published model."""

from __future__ import annotations

from collections.abc import Iterator

import altair as alt

from humaneval_x.languages import language_names
from humaneval_x.reporting.charts.figures import Figure, Panel, run_labels
from humaneval_x.reporting.contents import Contents
from humaneval_x.reporting.palette import HEAT
from humaneval_x.reporting.wording import group_title
from humaneval_x.summaries import groups_of
from humaneval_x.text import plain

__all__ = ["translation"]

_STRONG = 0.6
"""Above this share a cell is so strong in colour that its figure is written in the other ink, in either theme."""


def translation(contents: Contents) -> Figure:
    """A panel for each run, then one for each published model, all with the same languages."""
    maps = list(_maps(contents))
    names = [
        name for name in language_names() if any(name in pair.split("-to-") for _, scores in maps for pair in scores)
    ]
    titles = [group_title(name) for name in names]
    return Figure(
        name="translation",
        title="pass@1 from each language to each other",
        text=(
            "Rows are the languages translated from, columns those translated to; per cent, strict verdicts. Published "
            "models, named as such, stand beside the runs for orientation."
        ),
        panels=tuple(Panel(title=title, chart=_map(scores, titles), ours=False, width=250) for title, scores in maps),
        columns=3,
        heat=True,
    )


def _maps(contents: Contents) -> Iterator[tuple[str, dict[str, float]]]:
    runs = [run for run in contents.runs if run.summary.task == "translation"]
    labels = run_labels(runs)
    for run in runs:
        found = {group: run.estimates["strict"].find(group, 1) for group in groups_of(run.summary)}
        yield (
            labels[run.summary.run_id],
            {group: estimate.value for group, estimate in found.items() if estimate is not None},
        )
    for row in contents.published:
        if row.task == "translation":
            yield (
                f"{plain(row.model, 60)} (published)",
                {group: share for (group, k), share in row.scores.items() if k == 1},
            )


def _map(scores: dict[str, float], titles: list[str]) -> alt.LayerChart:
    rows = []
    for pair, share in scores.items():
        source, _, target = pair.partition("-to-")
        rows.append({"source": group_title(source), "target": group_title(target), "value": round(share, 5)})
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X(
            "target:N",
            scale=alt.Scale(domain=titles),
            axis=alt.Axis(title="to", labelAngle=0, orient="top", ticks=False, domain=False, labelOverlap=False),
        ),
        y=alt.Y("source:N", scale=alt.Scale(domain=titles), axis=alt.Axis(title="from", ticks=False, domain=False)),
        tooltip=[
            alt.Tooltip("source:N", title="From"),
            alt.Tooltip("target:N", title="To"),
            alt.Tooltip("value:Q", title="pass@1", format=".2%"),
        ],
    )
    cells = base.mark_rect(stroke="var:card", strokeWidth=2, cornerRadius=2).encode(
        color=alt.Color(
            "value:Q",
            scale=alt.Scale(domain=[0, 1], range=list(HEAT)),
            legend=alt.Legend(title="pass@1", format=".0%"),
        )
    )
    figures = (
        base.transform_calculate(figure="format(100 * datum.value, '.1f')")
        .mark_text(fontSize=11)
        .encode(
            text=alt.Text("figure:N"),
            color=alt.condition(f"datum.value > {_STRONG}", alt.value("var:on-strong"), alt.value("var:on-dim")),
        )
    )
    layers: alt.LayerChart = alt.layer(cells, figures).properties(height=34 * len(titles))
    return layers
