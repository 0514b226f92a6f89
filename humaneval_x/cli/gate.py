"""`humaneval-x gate`."""

from __future__ import annotations

from pathlib import Path

import click

from humaneval_x.cli.config import config_option
from humaneval_x.cli.options import judgement_options

__all__ = ["command"]

_REGRESSION = 1


@click.command(name="gate")
@config_option
@click.option(
    "--baseline", type=click.Path(path_type=Path), required=True, metavar="FILE", help="A report's report.json."
)
@click.option(
    "--candidate", type=click.Path(path_type=Path), required=True, metavar="runs/ID", help="The judged run to compare."
)
@click.option("--baseline-run", metavar="ID", help="Which run of the baseline, if it holds several.")
@click.option(
    "--max-drop",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Largest drop of pass@k to let pass, as a share: 0.01 is one point of a hundred.",
)
@click.option(
    "--alpha",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.05,
    show_default=True,
    help="Probability of a false alarm, at most.",
)
@click.option(
    "--semantics",
    type=click.Choice(["strict", "reference"]),
    default="strict",
    show_default=True,
    help="Which verdict counts as a pass: ours, or the published evaluator's.",
)
@judgement_options
@click.option("--update-baseline", is_flag=True, help="Write the candidate as the new baseline if it passes.")
def command(  # noqa: PLR0917  (click passes them by name)
    baseline: Path,
    candidate: Path,
    baseline_run: str | None,
    max_drop: float,
    alpha: float,
    semantics: str,
    truncation: str,
    example_tests: bool,
    update_baseline: bool,
) -> None:
    """Compare a run with a baseline; exit 1 on a regression.

    A regression is a drop of pass@k, in a language or overall, larger than --max-drop and statistically credible at
    --alpha, paired by problem. Runs that do not compare, or are not complete, end with other codes.
    """
    from humaneval_x.gate import gate, render_gate, write_baseline  # noqa: PLC0415
    from humaneval_x.reporting import read_summary  # noqa: PLC0415
    from humaneval_x.rundir import Judgement  # noqa: PLC0415

    summary = read_summary(candidate, Judgement(truncation=truncation, example_tests=example_tests))
    result = gate(baseline, summary, run=baseline_run, max_drop=max_drop, alpha=alpha, semantics=semantics)
    click.echo(render_gate(result))
    if not result.passed:
        raise click.exceptions.Exit(_REGRESSION)
    if update_baseline:
        write_baseline(summary, baseline)
        click.echo(f"{baseline} now holds {summary.run_id}")
