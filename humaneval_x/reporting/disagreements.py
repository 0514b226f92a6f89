"""Where the strict and the reference verdicts on the same execution differ, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from humaneval_x.reporting.leaderboard import model_cell
from humaneval_x.reporting.links import samples_link
from humaneval_x.reporting.measured import Measured
from humaneval_x.reporting.tables import Cell, Row, Section, Table
from humaneval_x.reporting.wording import group_title, status_title
from humaneval_x.summaries import Disagreement, group_of
from humaneval_x.text import plain
from humaneval_x.verdicts import DISAGREEMENTS

__all__ = ["LISTED", "disagreement_sections", "ranges"]

LISTED = 200
"""So many rows of samples are listed for each run; `report.json` has all."""


def disagreement_sections(runs: Sequence[Measured]) -> list[Section]:
    """How often each way of differing occurs and on which samples; no section where all verdicts agree."""
    differing = [run for run in runs if run.summary.disagreements]
    if not differing:
        return []
    text = (
        "Both semantics judge the same execution of the same program. `humaneval-x show` prints a sample with its "
        f"output. Of each run {LISTED} problems are listed at most; report.json has all."
    )
    return [
        Section(
            name="disagreements",
            title="Where strict and reference verdicts differ",
            text=text,
            tables=(_counts(differing), *map(_samples, differing)),
        )
    ]


def ranges(numbers: Sequence[int]) -> str:
    """Ascending numbers in few characters: `0-3, 7`."""
    return ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in _runs_of_neighbours(numbers))


def _runs_of_neighbours(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    start = 0
    for position, number in enumerate(numbers, 1):
        if position == len(numbers) or numbers[position] != number + 1:
            yield numbers[start], number
            start = position


def _counts(runs: Sequence[Measured]) -> Table:
    rows = []
    for run in runs:
        counted: Counter[tuple[str, str, str]] = Counter()
        for found in run.summary.disagreements:
            counted[group_of(found.task), found.status, found.reason] += len(found.completion_ids)
        for position, ((group, status, reason), count) in enumerate(counted.most_common()):
            cells = (
                model_cell(run.summary),
                Cell(text=group_title(group)),
                *_both(status),
                Cell(text=f"{count}", value=count, number=True),
                _why(reason),
            )
            rows.append(Row(cells=cells, first=position == 0))
    return Table(
        title="How often and why",
        columns=("Model", "Language", "Strict", "Reference", "Samples", "Why"),
        rows=tuple(rows),
        heads=2,
    )


def _samples(run: Measured) -> Table:
    rows = [
        Row(cells=(_problem(run, found), Cell(text=ranges(found.completion_ids)), *_cells(found)))
        for found in islice(run.summary.disagreements, LISTED)
    ]
    return Table(
        title=f"The samples of {plain(run.summary.model)} ({plain(run.summary.run_id)})",
        columns=("Problem", "Samples", "Task", "Strict", "Reference", "Why"),
        rows=tuple(rows),
        folded=True,
    )


def _problem(run: Measured, found: Disagreement) -> Cell:
    filters = {"task": found.task, "problem": found.task_id, "status": found.status, "reference": "differs"}
    return Cell(text=plain(found.task_id), link=samples_link(run.summary.run_id, **filters))


def _cells(found: Disagreement) -> tuple[Cell, ...]:
    return (Cell(text=group_title(group_of(found.task))), *_both(found.status), _why(found.reason))


def _both(status: str) -> tuple[Cell, Cell]:
    other = "failed" if status == "passed" else "passed"
    return Cell(text=status_title(status), ours=("text",)), Cell(text=other, ours=("text",))


def _why(reason: str) -> Cell:
    return Cell(text=plain(DISAGREEMENTS.get(reason, reason), 200), ours=("text",))
