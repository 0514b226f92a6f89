"""`humaneval-x gate`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from humaneval_x.cli.config import config_option
from humaneval_x.cli.gate_outputs import Outputs, output_options
from humaneval_x.cli.options import judgement_options, semantics_option
from humaneval_x.errors import HarnessError, StorageError
from humaneval_x.text import plain

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
    type=click.FloatRange(0, 1, max_open=True),
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
@semantics_option
@judgement_options
@click.option("--update-baseline", is_flag=True, help="Write the candidate as the new baseline if it passes.")
@output_options
def command(baseline: Path, candidate: Path, *, update_baseline: bool, **options: Any) -> None:
    """Compare a run with a baseline; exit 1 on a regression.

    A regression is a drop of pass@k, in a language or overall, larger than --max-drop and statistically credible at
    --alpha, paired by problem. Runs that do not compare, or are not complete, end with other codes. What --junit and
    the like ask for is written whatever the answer is.
    """
    from humaneval_x.gate import (  # noqa: PLC0415
        Refusal,
        gate,
        read_baseline,
        require_as_many_samples,
        require_own_file,
        write_baseline,
    )
    from humaneval_x.reporting import read_summary  # noqa: PLC0415
    from humaneval_x.rundir import Judgement  # noqa: PLC0415

    outputs = Outputs.taken_from(options)
    judgement = Judgement(truncation=options.pop("truncation"), example_tests=options.pop("example_tests"))
    try:
        outputs.require_fit()
        if update_baseline:
            require_own_file(baseline)
        before = read_baseline(baseline, options.pop("baseline_run"))
        summary = read_summary(candidate, judgement)
        if update_baseline:
            require_as_many_samples(before, summary)
        result = gate(before, summary, **options)
    except HarnessError as error:
        _tell_refusal(outputs, Refusal.of(error, str(baseline), str(candidate)))
        # One line, so that nothing in a foreign name opens a line of a CI system's log.
        raise type(error)(plain(str(error), 4000)) from error
    except Exception as error:
        _tell_refusal(outputs, Refusal.of(error, str(baseline), str(candidate)))
        raise
    outputs.tell(result)
    if not result.passed:
        raise click.exceptions.Exit(_REGRESSION)
    if update_baseline:
        write_baseline(summary, baseline)
        click.echo(f"{baseline} now holds {plain(summary.run_id)}")


def _tell_refusal(outputs: Outputs, refusal: Any) -> None:
    """Write it where it is wanted; why the runs were not compared matters more than a file that cannot be written."""
    try:
        outputs.tell(refusal)
    except StorageError as error:
        click.echo(f"humaneval-x: {error}", err=True)
