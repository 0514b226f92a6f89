"""Baselines: runs in a `report.json`."""

from __future__ import annotations

import json
import re
from pathlib import Path

from humaneval_x.errors import DataError, UsageError
from humaneval_x.summaries import REPORT_FORMAT, RunSummary, read_report, require_complete, summary_to_json
from humaneval_x.text import plain
from humaneval_x.writing import write_whole

__all__ = ["read_baseline", "write_baseline"]

_TASK = re.compile(r"[a-z0-9_]+(-[a-z0-9_]+)+")


def read_baseline(path: Path, run: str | None = None) -> RunSummary:
    """The run of that id in a `report.json`, or its only run.

    Raises UsageError if the file is missing or `run` is needed or unknown, DataError if it is no report.
    """
    summaries = read_report(path)
    if run is None and len(summaries) > 1:
        raise UsageError(f"{path} holds several runs: choose one with --baseline-run from {', '.join(summaries)}")
    if run is not None and run not in summaries:
        raise UsageError(f"{path} holds no run {run!r}: it holds {', '.join(summaries)}")
    return _checked(summaries[run] if run is not None else next(iter(summaries.values())), path)


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
