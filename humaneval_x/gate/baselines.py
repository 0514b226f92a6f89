"""Baselines: runs in a `report.json`."""

from __future__ import annotations

import json
import re
from pathlib import Path

from humaneval_x.errors import DataError, UsageError
from humaneval_x.estimates import KS
from humaneval_x.report_file import REPORT_FORMAT, read_report, run_of_report, summary_to_json
from humaneval_x.summaries import RunSummary, require_complete
from humaneval_x.text import plain
from humaneval_x.writing import write_whole

__all__ = ["read_baseline", "require_as_many_samples", "require_own_file", "write_baseline"]

_TASK = re.compile(r"[a-z0-9_]+(-[a-z0-9_]+)+")


def read_baseline(path: Path, run: str | None = None) -> RunSummary:
    """The run of that id in a `report.json`, or its only run.

    Raises UsageError if the file is missing or `run` is needed or unknown, DataError if it is no report.
    """
    return _checked(run_of_report(path, run, "--baseline-run"), path)


def require_own_file(path: Path) -> None:
    """Refuse to put one run in the place of a report of several. Raises UsageError, DataError if it is no report."""
    runs = read_report(path)
    if len(runs) > 1:
        raise UsageError(
            f"{path} holds several runs ({plain(', '.join(runs), 400)}), and --update-baseline would leave one: "
            "give the baseline a file of its own with `humaneval-x report RUN --format json --out FOLDER`"
        )


def require_as_many_samples(before: RunSummary, candidate: RunSummary) -> None:
    """Refuse a candidate that as the next baseline would leave out a k of this one. Raises UsageError.

    Runs that do not have the same problems are not looked at: these do not compare anyway.
    """
    had, has = (_defined(summary) for summary in (before, candidate))
    lost = sorted({k for task, k in had if (task, k) not in has and (task, 1) in has})
    if lost:
        raise UsageError(
            f"{candidate.run_id} has too few samples of a problem for k = {', '.join(map(str, lost))}, which the "
            f"baseline {before.run_id} has: --update-baseline would end that comparison for good; draw as many "
            "samples, or replace the baseline on purpose with `humaneval-x report`"
        )


def _defined(summary: RunSummary) -> set[tuple[str, int]]:
    smallest = summary.counts.groupby("task")["n"].min()
    return {(str(task), k) for task, n in smallest.items() for k in KS if k <= n}


def _checked(summary: RunSummary, path: Path) -> RunSummary:
    # Groups open lines of logs, where a name such as `::error::` would be a command to whoever reads these.
    odd = [task for task in dict.fromkeys(summary.counts["task"]) if not _TASK.fullmatch(task)]
    if odd:
        raise DataError(f"{path}: {plain(odd[0])!r} is no task's name: write it again with `humaneval-x report`")
    return summary


def write_baseline(summary: RunSummary, path: Path) -> None:
    """Write the run as a `report.json` that `gate` reads. Raises IncompleteError, StorageError."""
    require_complete(summary)
    table = {**REPORT_FORMAT, "runs": [summary_to_json(summary)]}
    write_whole(path, json.dumps(table, allow_nan=False, separators=(",", ":")) + "\n")
