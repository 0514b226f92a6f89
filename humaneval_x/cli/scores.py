"""Printing a run's scores and writing reports, shared by `evaluate`, `report` and `run`."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

import click

from humaneval_x.cli.progress import TerminalProgress
from humaneval_x.reporting import read_summary, render_table, report
from humaneval_x.reporting.browser import remove_browser, write_browser
from humaneval_x.rundir import Judgement

__all__ = ["print_scores", "write_report"]


def print_scores(run: Path, judgement: Judgement, *, allow_partial: bool) -> None:
    """Print the run's table of pass@k. Raises IncompleteError if samples or verdicts are missing."""
    click.echo(render_table(read_summary(run, judgement), allow_partial=allow_partial))


def write_report(
    runs: Sequence[Path],
    out: Path,
    judgement: Judgement,
    *,
    allow_partial: bool,
    formats: Sequence[str] = (),
    best_temperature: bool = False,
    samples: bool = False,
    data: Path | None = None,
) -> None:
    """Write the report on these runs, with `samples` their sample browser too, and print where they lie.

    Without `samples` an earlier report's browser goes with that report.
    """
    chosen = {"formats": formats} if formats else {}
    paths = report(
        runs,
        out,
        allow_partial=allow_partial,
        judgement=judgement,
        best_temperature=best_temperature,
        samples=samples,
        processes=len(os.sched_getaffinity(0)),
        **chosen,
    )
    for path in paths.values():
        click.echo(f"report: {path}")
    if samples:
        _write_samples(runs, out, judgement, data)
    elif "html" in paths:
        remove_browser(out)


def _write_samples(runs: Sequence[Path], out: Path, judgement: Judgement, data: Path | None) -> None:
    with TerminalProgress("samples") as progress:
        page = write_browser(runs, out, judgement, data=data, progress=progress)
    click.echo(f"samples: {page}   (`humaneval-x browse {shlex.quote(str(out))}` opens it)")
