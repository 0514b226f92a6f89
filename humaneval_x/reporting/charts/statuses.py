"""What became of the samples of each group, as stacked bars."""

from __future__ import annotations

from collections import Counter

import altair as alt

from humaneval_x.reporting.charts.figures import ROW, Figure, Key, Panel, run_labels, shares
from humaneval_x.reporting.contents import Contents
from humaneval_x.reporting.measured import Measured
from humaneval_x.reporting.wording import group_title, status_title
from humaneval_x.verdicts import STATUSES

__all__ = ["statuses"]

_OTHER = "other"  # what another version of the harness may have written


def statuses(contents: Contents) -> Figure:
    """A panel for each run, with a bar for each group."""
    labels = run_labels(contents.runs)
    present = [
        status
        for status in (*STATUSES, _OTHER)
        if any(counts[status] for run in contents.runs for counts in _known(run).values())
    ]
    return Figure(
        name="statuses",
        title="Kinds of failure",
        text=(
            "What became of the judged samples, strict verdicts. Each bar is all samples of a language or pair of "
            "languages; a limit is one that the sandbox set and the program met."
        ),
        panels=tuple(
            Panel(title=labels[run.summary.run_id], chart=_bars(run, present), ours=False)
            for run in contents.runs
            if run.summary.statuses
        ),
        keys=tuple(Key(name=status_title(status), colour=status, ours=True) for status in present),
        columns=2,
        ours=("status",),
    )


def _known(run: Measured) -> dict[str, Counter[str]]:
    """The run's counts, statuses that this version does not know taken together."""
    found: dict[str, Counter[str]] = {}
    for group, counts in run.summary.statuses.items():
        found[group] = Counter()
        for status, count in counts.items():
            found[group][status if status in STATUSES else _OTHER] += count
    return found


def _bars(run: Measured, present: list[str]) -> alt.Chart:
    rows = [
        {
            "group": group_title(group),
            "status": status_title(status),
            "order": present.index(status),
            "samples": count,
            "share": round(count / max(counts.total(), 1), 5),
        }
        for group, counts in _known(run).items()
        for status, count in counts.items()
    ]
    titles = [group_title(group) for group in run.summary.statuses]
    names = [status_title(status) for status in present]
    bars: alt.Chart = (
        alt.Chart(alt.InlineData(values=rows), height=ROW * len(titles))
        .mark_bar(stroke="var:card", strokeWidth=0.6, height=17)
        .encode(
            x=alt.X("share:Q", stack="zero", scale=alt.Scale(domain=[0, 1], nice=False), axis=shares("Samples")),
            y=alt.Y("group:N", sort=titles, axis=alt.Axis(title=None, ticks=False, domain=False, labelLimit=160)),
            color=alt.Color(
                "status:N",
                scale=alt.Scale(domain=names, range=[f"var:{status}" for status in present]),
                legend=alt.Legend(title=None, orient="bottom", columns=4),
            ),
            order=alt.Order("order:Q"),
            tooltip=[
                alt.Tooltip("group:N", title="Language"),
                alt.Tooltip("status:N", title="Status"),
                alt.Tooltip("samples:Q", title="Samples", format=","),
                alt.Tooltip("share:Q", title="Share", format=".2%"),
            ],
        )
    )
    return bars
