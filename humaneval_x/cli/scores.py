"""Printing a run's scores and writing reports, shared by `evaluate`, `report` and `run`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from humaneval_x.reporting import read_summary, render_table, report
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
) -> None:
    """Write the report on these runs and print where it lies."""
    chosen = {"formats": formats} if formats else {}
    paths = report(
        runs,
        out,
        allow_partial=allow_partial,
        judgement=judgement,
        best_temperature=best_temperature,
        processes=len(os.sched_getaffinity(0)),
        **chosen,
    )
    for path in paths.values():
        click.echo(f"report: {path}")
