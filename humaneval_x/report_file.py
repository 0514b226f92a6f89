"""Runs in a `report.json`, which can serve as a baseline: written, read and checked.

A report may come from anywhere and may have been edited. What is read here holds values of the right kind and size, so
that nothing behind it has to ask.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd

from humaneval_x.errors import DataError, UsageError
from humaneval_x.summaries import COUNTS, Disagreement, RunSummary
from humaneval_x.text import plain

__all__ = ["REPORT_FORMAT", "check_summary", "read_report", "run_of_report", "summary_from_json", "summary_to_json"]

REPORT_FORMAT = {"format": "humaneval-x report", "version": 1}
"""What a `report.json` begins with."""

# As many samples of a problem as can be asked for; sums over all problems then fit into 64 bits.
_MOST_SAMPLES = 1_000_000
_LARGEST = 2**63 - 1
_AGAIN = "write it with `humaneval-x report`"


def summary_to_json(summary: RunSummary) -> dict[str, Any]:
    """The JSON form: every field by name, `counts` as a list of rows in the order of `COUNTS`."""
    table = {field.name: getattr(summary, field.name) for field in fields(RunSummary)}
    table["counts"] = summary.counts[list(COUNTS)].to_numpy(dtype=object).tolist()
    table["missing"] = list(summary.missing)
    return table


def run_of_report(path: Path, run_id: str | None, choice: str) -> RunSummary:
    """The run of that id in a `report.json`, or its only run.

    `choice` is how the caller's command names a run, in words. Raises UsageError if the file cannot be read, or holds
    several runs or none of that id; DataError if it is no report.
    """
    summaries = read_report(path)
    there = plain(", ".join(summaries), 400)
    if run_id is None:
        if len(summaries) > 1:
            raise UsageError(f"{path} holds several runs: choose one with {choice} from {there}")
        return next(iter(summaries.values()))
    if run_id not in summaries:
        raise UsageError(f"{path} holds no run {run_id!r}: it holds {there}")
    return summaries[run_id]


def read_report(path: Path) -> dict[str, RunSummary]:
    """The runs of a `report.json`, by their ids. Raises UsageError if it cannot be read, DataError if it is none."""
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{path}: cannot be read ({reason}): name a report.json") from error
    try:
        table = json.loads(content, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not JSON ({error}): {_AGAIN}") from error
    if not isinstance(table, dict) or any(
        type(table.get(name)) is not type(value) or table[name] != value for name, value in REPORT_FORMAT.items()
    ):
        raise DataError(f"{path}: not a report of this version's format: {_AGAIN}")
    runs = table.get("runs")
    if not isinstance(runs, list) or not runs:
        raise DataError(f"{path}: holds no run: {_AGAIN}")
    found: dict[str, RunSummary] = {}
    for summary in (summary_from_json(entry, str(path)) for entry in runs):
        if found.setdefault(summary.run_id, summary) is not summary:
            raise DataError(f"{path}: holds two runs named {plain(summary.run_id)!r}: {_AGAIN}")
    return found


def summary_from_json(table: Mapping[str, Any], where: str) -> RunSummary:
    """The summary that `summary_to_json` wrote, further keys ignored. `where` names the file in the DataError."""
    try:
        # Fields with a default came later: a baseline from before does not have them.
        lacking = [field.name for field in fields(RunSummary) if field.default is MISSING and field.name not in table]
        if lacking:
            raise ValueError(f"it lacks {', '.join(lacking)}")
        values = {field.name: table[field.name] for field in fields(RunSummary) if field.name in table}
        values["counts"] = _counts_from(table["counts"])
        if not _is_list(table["missing"], _is_text):
            raise ValueError(f"missing is {_shown(table['missing'])}")
        values["missing"] = tuple(table["missing"])
        values["disagreements"] = tuple(map(_disagreement_from, table.get("disagreements", ())))
        summary = RunSummary(**values)
        check_summary(summary)
    except (TypeError, ValueError) as error:
        raise DataError(f"{where}: not a run of a report ({error}): {_AGAIN}") from error
    return summary


def check_summary(summary: RunSummary) -> None:
    """Raises ValueError, naming field and value, for what no run can say of itself.

    Rows of `counts` are not looked at.
    """
    for name, fits in _FIELDS.items():
        if not fits(getattr(summary, name)):
            raise ValueError(f"{name} is {_shown(getattr(summary, name))}")
    for name, fits in _SETTINGS.items():
        value = summary.sampling.get(name)
        if value is not None and not fits(value):
            raise ValueError(f"sampling.{name} is {_shown(value)}")
    for path, fits in _ENTRIES.items():
        value = _entry(summary, path)
        if value is not None and not fits(value):
            raise ValueError(f"{path} is {_shown(value)}")
    if summary.counts.empty and not summary.missing:
        raise ValueError("it is of no problem")


def _entry(summary: RunSummary, path: str) -> Any:
    """What a manifest holds there, None for nothing."""
    manifest, *names = path.split(".")
    found = getattr(summary, manifest)
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _counts_from(rows: Sequence[Sequence[Any]]) -> pd.DataFrame:
    counts = pd.DataFrame(list(rows), columns=list(COUNTS))
    for name in COUNTS:
        wanted = str if name in COUNTS[:3] else int
        odd = [value for value in counts[name] if type(value) is not wanted]
        if odd:
            raise ValueError(f"counts hold {_shown(odd[0])} as {name}")
    if counts.duplicated(["task", "task_id"]).any():
        raise ValueError("counts hold a problem twice")
    passes = counts[["c_strict", "c_reference"]]
    if (counts["n"].lt(1) | passes.lt(0).any(axis=1) | passes.gt(counts["n"], axis=0).any(axis=1)).any():
        raise ValueError("counts hold more passes than samples, or none")
    if counts["n"].gt(_MOST_SAMPLES).any():
        raise ValueError(f"counts hold more than {_MOST_SAMPLES} samples of a problem")
    typed: pd.DataFrame = counts.astype(dict.fromkeys(COUNTS[3:], "int64"))
    return typed


def _disagreement_from(row: Sequence[Any]) -> Disagreement:
    task, task_id, status, reason, numbers = row
    if not _is_list([task, task_id, status, reason], _is_text) or not _is_list(numbers, _is_count):
        raise ValueError(f"a disagreement is {_shown(row)}")
    return Disagreement(task, task_id, status, reason, tuple(numbers))


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _shown(value: object) -> str:
    return plain(repr(value), 80)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_truth(value: object) -> bool:
    return isinstance(value, bool)


def _is_count(value: object) -> bool:
    # A bool is an int, but no count.
    return type(value) is int and 0 <= value <= _LARGEST


def _is_number(value: object) -> bool:
    # NaN is in no range.
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= _LARGEST


def _is_list(value: object, fits: Callable[[Any], bool]) -> bool:
    return isinstance(value, (list, tuple)) and all(map(fits, value))


def _is_table(value: object, fits: Callable[[Any], bool] = lambda _: True) -> bool:
    return isinstance(value, dict) and all(map(fits, value.values()))


_FIELDS: dict[str, Callable[[Any], bool]] = {
    "example_tests": _is_truth,
    "cpu_s": _is_number,
    **dict.fromkeys(("undrawn", "unjudged", "shared", "stored", "tokens"), _is_count),
    **dict.fromkeys(
        ("run_id", "model", "engine", "purpose", "data_version", "task", "truncation", "sandbox"), _is_text
    ),
    "data_hashes": lambda value: _is_table(value, _is_text),
    "limits": lambda value: _is_table(value, _is_table),
    "statuses": lambda value: _is_table(value, lambda statuses: _is_table(statuses, _is_count)),
    **dict.fromkeys(("sampling", "run", "evaluation"), _is_table),
}
# What is None or absent is not stated.
_SETTINGS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("temperature", "top_p", "repetition_penalty"), _is_number),
    **dict.fromkeys(("top_k", "max_tokens", "samples", "seed"), _is_count),
}
# Those entries of the manifests that decide what is said of a run; the others are only shown.
_ENTRIES: dict[str, Callable[[Any], bool]] = {
    "run.harness": _is_text,
    "run.engine": _is_table,
    "run.prompt": _is_table,
    "run.stop": lambda value: _is_text(value) or _is_table(value),
    "run.stop.patterns": lambda value: _is_list(value, _is_text),
    "run.subset": _is_table,
    "run.subset.problems": _is_count,
    "run.subset.of": _is_count,
    "run.given": _is_table,
    "run.given.absent": _is_count,
    "run.given.foreign": _is_count,
    "evaluation.harness": _is_text,
    "evaluation.sandbox": _is_table,
    "evaluation.sandbox.images": _is_table,
}
