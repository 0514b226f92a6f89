"""The pass rate of each problem, the data of several charts."""

from __future__ import annotations

from typing import TypedDict

from humaneval_x.estimates import pass_rates, problem_numbers
from humaneval_x.reporting.charts.figures import run_labels
from humaneval_x.reporting.contents import Contents
from humaneval_x.summaries import group_of

__all__ = ["RateRow", "rates"]


class RateRow(TypedDict):
    """A run's problems in one group, by ascending number, and the pass rate of each."""

    model: str
    problem: list[int]
    rate: list[float]


def rates(contents: Contents, task: str) -> dict[str, list[RateRow]]:
    """Group -> a row for each run of that task, under the name that charts give the run."""
    runs = [run for run in contents.runs if run.summary.task == task]
    labels = run_labels(runs)
    found: dict[str, list[RateRow]] = {}
    for run in runs:
        counts = run.summary.counts
        numbers = problem_numbers(counts["task_id"])
        values = pass_rates(counts["n"], counts["c_strict"], 1)
        for task_name in dict.fromkeys(counts["task"]):
            chosen = counts["task"] == task_name
            pairs = sorted(zip(map(_numeric, numbers[chosen]), values[chosen].tolist(), strict=True))
            found.setdefault(group_of(task_name), []).append(
                RateRow(
                    model=labels[run.summary.run_id],
                    problem=[number for number, _ in pairs],
                    rate=[round(rate, 4) for _, rate in pairs],
                )
            )
    return found


def _numeric(number: str) -> int:
    return int(number) if number.isdecimal() and number.isascii() else -1
