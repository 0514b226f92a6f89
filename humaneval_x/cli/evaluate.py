"""`humaneval-x evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from humaneval_x.cli.config import config_option
from humaneval_x.cli.options import data_folder_option, evaluation_options

__all__ = ["command"]


@click.command(name="evaluate")
@config_option
@click.argument("run", type=click.Path(path_type=Path), metavar="runs/ID")
@evaluation_options
@data_folder_option
def command(run: Path, **options: Any) -> None:
    """Judge a run's samples in sandboxes and print pass@k.

    Only samples without a verdict are judged, so it can be interrupted and repeated. A sample that the host failed to
    judge is reported (exit code 4) and tried again next time; it never counts as wrong.
    """
    from humaneval_x.cli.scores import print_scores  # noqa: PLC0415
    from humaneval_x.cli.stages import EvaluationOptions, evaluate_stage  # noqa: PLC0415

    parsed = EvaluationOptions(**options)
    evaluate_stage(parsed, run)
    print_scores(run, parsed.judgement, allow_partial=parsed.allow_partial)
