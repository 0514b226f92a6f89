"""Reports on runs: each format is one function from `Contents` to text, in the table `REPORTS`."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from humaneval_x.errors import StorageError, UsageError
from humaneval_x.reporting.contents import Contents, build_contents
from humaneval_x.reporting.machine import machine
from humaneval_x.reporting.markdown import markdown
from humaneval_x.reporting.spreadsheet import spreadsheet
from humaneval_x.reporting.summary import read_summary
from humaneval_x.reporting.terminal import render_table
from humaneval_x.reporting.webpage import webpage
from humaneval_x.rundir import USUAL, Judgement
from humaneval_x.summaries import RunSummary, require_complete

__all__ = ["REPORTS", "read_summary", "render_table", "report"]

REPORTS: dict[str, Callable[[Contents], str]] = {
    "md": markdown,
    "html": webpage,
    "csv": spreadsheet,
    "json": machine,
}
"""Format, which is also the file's suffix -> the function that writes it."""


def report(
    runs: Sequence[Path | RunSummary],
    out: Path,
    formats: Sequence[str] = tuple(REPORTS),
    *,
    allow_partial: bool = False,
    judgement: Judgement = USUAL,
    best_temperature: bool = False,
) -> dict[str, Path]:
    """Write the report on these runs to `out`/report.<format> and say where each format lies.

    Runs are folders, of which `judgement` names the evaluation, or summaries. `best_temperature` adds the best of each
    group of runs that differ in temperature alone, and raises UsageError if there is none. Raises IncompleteError if
    one lacks samples or verdicts, unless `allow_partial` (the report then says so), UsageError for an unknown format,
    no run, or two of one name, StorageError if `out` cannot be written. Nothing is written unless every format could
    be made.
    """
    unknown = [name for name in formats if name not in REPORTS]
    if unknown:
        raise UsageError(f"no report format {unknown[0]!r}: the formats are {', '.join(REPORTS)}")
    summaries = [run if isinstance(run, RunSummary) else read_summary(run, judgement) for run in runs]
    if not allow_partial:
        for summary in summaries:
            require_complete(summary)
    contents = build_contents(summaries, best_temperature=best_temperature)
    texts = {name: REPORTS[name](contents) for name in formats}
    paths = {name: out / f"report.{name}" for name in formats}
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, path in paths.items():
            draft = path.with_name(f".{path.name}.{os.getpid()}")
            draft.write_text(texts[name], encoding="utf-8", newline="\n")
            draft.replace(path)
    except OSError as error:
        raise StorageError(
            f"{error.filename or out}: cannot be written ({error.strerror}): give another --out or free space"
        ) from error
    return paths
