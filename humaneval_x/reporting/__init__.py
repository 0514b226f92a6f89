"""Reports on runs: each format is one function from `Contents` to files, in the table `REPORTS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

from humaneval_x.errors import StorageError, UsageError
from humaneval_x.progress import Progress
from humaneval_x.reporting.browser import check_place, remove_browser, write_browser
from humaneval_x.reporting.contents import Contents, build_contents
from humaneval_x.reporting.machine import machine
from humaneval_x.reporting.markdown import markdown
from humaneval_x.reporting.measured import measure
from humaneval_x.reporting.reading import read_runs
from humaneval_x.reporting.spreadsheet import curves_spreadsheet, spreadsheet
from humaneval_x.reporting.summary import read_summary
from humaneval_x.reporting.terminal import render_table
from humaneval_x.rundir import USUAL, Judgement
from humaneval_x.summaries import PARTIAL_HINT, RunSummary, require_complete
from humaneval_x.writing import write_whole_bytes

__all__ = ["REPORTS", "Browsed", "Files", "read_summary", "render_table", "report"]

_MANY_MARKS = 5000
"""Problems and runs whose charts take longer than another process needs to start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Browsed:
    """That a report has a sample browser: the folder of its data, and who is told how far it is."""

    data: Path | None = None
    progress: Progress | None = None


Files = Mapping[str, bytes]
"""Path below the report's folder -> what the file there holds."""


def _page(contents: Contents) -> Files:
    from humaneval_x.reporting.webpage import webpage  # noqa: PLC0415  (heavy)

    return {"report.html": webpage(contents).encode()}


def _parquet(contents: Contents) -> Files:
    from humaneval_x.reporting.parquet import (  # noqa: PLC0415  (heavy)
        curves_parquet,
        figures_parquet,
        problems_parquet,
    )

    return {
        "report.parquet": figures_parquet(contents),
        "curves.parquet": curves_parquet(contents),
        "problems.parquet": problems_parquet(contents),
    }


def _charts(contents: Contents) -> Files:
    from humaneval_x.reporting.charts.files import chart_files  # noqa: PLC0415  (heavy)

    return chart_files(contents)


REPORTS: dict[str, Callable[[Contents], Files]] = {
    "md": lambda contents: {"report.md": markdown(contents).encode()},
    "html": _page,
    "csv": lambda contents: {
        "report.csv": spreadsheet(contents).encode(),
        "curves.csv": curves_spreadsheet(contents).encode(),
    },
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
    samples: Browsed | None = None,
    processes: int = 1,
) -> dict[str, Path]:
    """Write the report on these runs into `out` and say where each format's first file lies.

    Runs are folders, of which `judgement` names the evaluation, or summaries. `best_temperature` adds the best of each
    group of runs that differ in temperature alone, and raises UsageError if there is none. With `samples` their sample
    browser is written beside the page (`browser.write_browser`, whose errors are raised, too), and the page leads to
    it; without, a new page takes the place of an earlier one and its browser. Large runs are read by up to so many
    `processes` (`reading.read_runs`). Raises IncompleteError if one lacks samples or verdicts, unless
    `allow_partial` (the report then says so), UsageError for an unknown format, no run, or two of one name,
    StorageError if `out` cannot be written. Nothing is written unless every format could be made.
    """
    unknown = [name for name in formats if name not in REPORTS]
    if unknown:
        raise UsageError(f"no report format {unknown[0]!r}: the formats are {', '.join(REPORTS)}")
    folders = [run for run in runs if isinstance(run, Path)]
    if samples is not None:
        if len(folders) < len(runs):
            raise UsageError("the samples of a run are in its folder: name that")
        check_place(out)
    read = iter(read_runs(folders, judgement, processes=processes))
    measured = [measure(run) if isinstance(run, RunSummary) else next(read) for run in runs]
    if not allow_partial:
        for run in measured:
            require_complete(run.summary, PARTIAL_HINT)
    contents = build_contents(measured, best_temperature=best_temperature)
    contents = replace(contents, beside=frozenset({*formats, *(["samples"] if samples is not None else [])}))
    files = _made(contents, formats, processes)
    paths = {name: out / next(iter(each)) for name, each in files.items() if each}
    # First, so that no page leads to samples that could not be written.
    if samples is not None:
        again = "html" in files or (out / "report.html").is_file()
        paths["samples"] = write_browser(
            folders, out, judgement, data=samples.data, report=again, progress=samples.progress
        )
    elif "html" in files:
        remove_browser(out)
    for each in files.values():
        for name, content in each.items():
            write_whole_bytes(out / name, content)
    if "charts" in files:
        _remove_pictures(out, keep=files["charts"])
    return paths


def _remove_pictures(out: Path, *, keep: Files) -> None:
    """Those of an earlier report in that folder that this one does not have. Raises StorageError."""
    from humaneval_x.reporting.charts import CHARTS  # noqa: PLC0415  (heavy)

    for path in (f"charts/{name}.{kind}" for name in CHARTS for kind in ("svg", "png")):
        if path not in keep:
            try:
                (out / path).unlink(missing_ok=True)
            except OSError as error:
                raise StorageError(f"{out / path}: cannot be removed ({error.strerror}): give another --out") from error


def _made(contents: Contents, formats: Sequence[str], processes: int) -> dict[str, Files]:
    """Every format's files; page and pictures, which take longest, side by side where that is worth while."""
    marks = sum(len(run.summary.counts) for run in contents.runs)
    if processes < 2 or marks < _MANY_MARKS or not {"html", "charts"} <= set(formats):
        return {name: REPORTS[name](contents) for name in formats}
    from humaneval_x.reporting.charts.files import chart_specs, pictures  # noqa: PLC0415  (heavy)

    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        # The process starts while the charts, which the page shows, too, are made.
        pool.submit(import_module, pictures.__module__)
        drawn = pool.submit(pictures, chart_specs(contents))
        files = {name: REPORTS[name](contents) for name in formats if name != "charts"}
        return {**files, "charts": drawn.result()}
