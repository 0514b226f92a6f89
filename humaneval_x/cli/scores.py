"""Printing a run's scores and writing reports, shared by `evaluate`, `report` and `run`."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import click

from humaneval_x.cli.progress import TerminalProgress
from humaneval_x.reporting import Browsed, read_summary, render_table, report
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
    """Write the report on these runs, with `samples` their sample browser too, and print where they lie."""
    chosen = {"formats": formats} if formats else {}
    with TerminalProgress("samples") if samples else nullcontext() as progress:
        paths = report(
            runs,
            out,
            allow_partial=allow_partial,
            judgement=judgement,
            best_temperature=best_temperature,
            samples=Browsed(data=data, progress=progress) if samples else None,
            processes=len(os.sched_getaffinity(0)),
            **chosen,
        )
    for path in paths.values():
        click.echo(f"report: {path}")
    if samples:
        click.echo(f"`humaneval-x browse {shlex.quote(str(out))}` shows every sample")
