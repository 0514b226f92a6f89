"""The report's charts: each is one function from `Contents` to a `Figure`, in the table `CHARTS`.

They get their figures from `humaneval_x/summaries.py` and `humaneval_x/estimates.py` and compute none of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial

from humaneval_x.reporting.charts.boxes import boxes
from humaneval_x.reporting.charts.curves import curves
from humaneval_x.reporting.charts.figures import Figure
from humaneval_x.reporting.charts.problems import problems
from humaneval_x.reporting.charts.statuses import statuses
from humaneval_x.reporting.charts.translation import translation
from humaneval_x.reporting.contents import Contents

__all__ = ["CHARTS", "figures_of"]

CHARTS: dict[str, Callable[[Contents], Figure]] = {
    "translation": translation,
    "statuses": statuses,
    **{
        f"{name}-{task}": partial(chart, task=task)
        for name, chart in (("curves", curves), ("boxes", boxes), ("problems", problems))
        for task in ("generation", "translation")
    },
}
"""Name, by which a section asks for it -> the function that draws it."""


@lru_cache(maxsize=1)
def figures_of(contents: Contents) -> dict[str, Figure]:
    """Every chart that the report's sections ask for, in their order."""
    return {name: CHARTS[name](contents) for section in contents.sections for name in section.charts}
