"""Sections that are charts alone, with the numbers in the other files of the report."""

from __future__ import annotations

from collections.abc import Sequence

from humaneval_x.reporting.measured import Measured
from humaneval_x.reporting.tables import Section

__all__ = ["drawn_sections"]


def drawn_sections(runs: Sequence[Measured]) -> list[Section]:
    """pass@k against k where a problem has more than one sample, and the problems' pass rates, for each task."""
    several = {
        task: any(run.summary.counts["n"].min() > 1 for run in runs if run.summary.task == task)
        for task in ("generation", "translation")
        if any(run.summary.task == task and len(run.summary.counts) for run in runs)
    }
    sections = []
    for name, title, tasks in (
        ("curves", "What more samples buy", [task for task, more in several.items() if more]),
        ("boxes", "How even the problems are", list(several)),
        ("problems", "Problem by problem", list(several)),
    ):
        if tasks:
            charts = tuple(f"{name}-{task}" for task in tasks)
            sections.append(Section(name=name, title=title, text="", tables=(), charts=charts))
    return sections
