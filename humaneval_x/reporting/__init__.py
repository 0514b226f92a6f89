"""Reports on runs: each format is one function from `Contents` to files, in the table `REPORTS`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

from humaneval_x.errors import StorageError, UsageError
from humaneval_x.reporting.contents import Contents, build_contents
from humaneval_x.reporting.machine import machine
from humaneval_x.reporting.markdown import markdown
from humaneval_x.reporting.measured import measure
from humaneval_x.reporting.reading import read_runs
from humaneval_x.reporting.spreadsheet import spreadsheet
from humaneval_x.reporting.summary import read_summary
from humaneval_x.reporting.terminal import render_table
from humaneval_x.rundir import USUAL, Judgement
from humaneval_x.summaries import RunSummary, require_complete

__all__ = ["REPORTS", "Files", "read_summary", "render_table", "report"]

_MANY_MARKS = 5000
"""Problems and runs whose charts take longer than another process needs to start."""

Files = Mapping[str, bytes]
"""Path below the report's folder -> what the file there holds."""


def _page(contents: Contents) -> Files:
    from humaneval_x.reporting.webpage import webpage  # noqa: PLC0415  (heavy)

    return {"report.html": webpage(contents).encode()}


def _parquet(contents: Contents) -> Files:
    from humaneval_x.reporting.parquet import figures_parquet, problems_parquet  # noqa: PLC0415  (heavy)

    return {"report.parquet": figures_parquet(contents), "problems.parquet": problems_parquet(contents)}


def _charts(contents: Contents) -> Files:
    from humaneval_x.reporting.charts.files import chart_files  # noqa: PLC0415  (heavy)

    return chart_files(contents)


REPORTS: dict[str, Callable[[Contents], Files]] = {
    "md": lambda contents: {"report.md": markdown(contents).encode()},
    "html": _page,
    "csv": lambda contents: {"report.csv": spreadsheet(contents).encode()},
    "json": lambda contents: {"report.json": machine(contents).encode()},
    "parquet": _parquet,
    "charts": _charts,
}
"""Format -> the function that makes its files."""


def report(
    runs: Sequence[Path | RunSummary],
    out: Path,
    formats: Sequence[str] = tuple(REPORTS),
    *,
    allow_partial: bool = False,
    judgement: Judgement = USUAL,
    best_temperature: bool = False,
    samples: bool = False,
    processes: int = 1,
) -> dict[str, Path]:
    """Write the report on these runs into `out` and say where each format's first file lies.

    Runs are folders, of which `judgement` names the evaluation, or summaries. `best_temperature` adds the best of each
    group of runs that differ in temperature alone, and raises UsageError if there is none. With `samples` the page
    leads to the sample browser, which is not written here. Large runs are read by up to so many `processes`
    (`reading.read_runs`). Raises IncompleteError if one lacks samples or verdicts, unless
    `allow_partial` (the report then says so), UsageError for an unknown format, no run, or two of one name,
    StorageError if `out` cannot be written. Nothing is written unless every format could be made.
    """
    unknown = [name for name in formats if name not in REPORTS]
    if unknown:
        raise UsageError(f"no report format {unknown[0]!r}: the formats are {', '.join(REPORTS)}")
    read = iter(read_runs([run for run in runs if isinstance(run, Path)], judgement, processes=processes))
    measured = [measure(run) if isinstance(run, RunSummary) else next(read) for run in runs]
    if not allow_partial:
        for run in measured:
            require_complete(run.summary)
    contents = build_contents(measured, best_temperature=best_temperature)
    contents = replace(contents, pictures="charts" in formats, samples=samples)
    files = _made(contents, formats, processes)
    try:
        for path, content in ((out / path, content) for each in files.values() for path, content in each.items()):
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f".{path.name}.{os.getpid()}")
            draft.write_bytes(content)
            draft.replace(path)
        if "charts" in files:
            _remove_pictures(out, keep=files["charts"])
    except OSError as error:
        raise StorageError(
            f"{error.filename or out}: cannot be written ({error.strerror}): give another --out or free space"
        ) from error
    return {name: out / next(iter(each)) for name, each in files.items() if each}


def _remove_pictures(out: Path, *, keep: Files) -> None:
    """Those of an earlier report in that folder that this one does not have."""
    from humaneval_x.reporting.charts import CHARTS  # noqa: PLC0415  (heavy)

    for path in (f"charts/{name}.{kind}" for name in CHARTS for kind in ("svg", "png")):
        if path not in keep:
            (out / path).unlink(missing_ok=True)


def _made(contents: Contents, formats: Sequence[str], processes: int) -> dict[str, Files]:
    """Every format's files; page and pictures, which take longest, side by side where that is worth while."""
    marks = sum(len(run.summary.counts) for run in contents.runs)
    if processes < 2 or marks < _MANY_MARKS or not {"html", "charts"} <= set(formats):
        return {name: REPORTS[name](contents) for name in formats}
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        pictures = pool.submit(_charts, contents)
        files = {name: REPORTS[name](contents) for name in formats if name != "charts"}
        return {**files, "charts": pictures.result()}
