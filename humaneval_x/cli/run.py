"""`humaneval-x run`."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from humaneval_x.cli.config import config_option
from humaneval_x.cli.options import data_options, evaluation_options, generation_options
from humaneval_x.errors import UsageError

__all__ = ["command"]


@click.command(name="run")
@config_option
@generation_options
@data_options()
@evaluation_options
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    metavar="runs/ID",
    help="The run's folder; one that holds the same run is gone on with. Several temperatures make folders "
    "runs/ID-t0.2 and so on.",
)
@click.option(
    "--report",
    "report_out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="reports/NAME",
    help="Folder of the report.  [default: OUT/report]",
)
@click.option("--report-samples", is_flag=True, help="Write samples.html, too, as `report --samples`.")
def command(out: Path, report_out: Path | None, report_samples: bool, **options: Any) -> None:
    """Generate, evaluate and report in one; samples are judged while others are drawn.

    `humaneval-x run --config demo` samples the small problem set that comes with the package with the small model that
    comes with it, judges every sample and writes a report, in minutes on two cores. Of several temperatures there is
    one report on all runs.
    """
    from humaneval_x.cli.scores import print_scores, write_report  # noqa: PLC0415
    from humaneval_x.cli.stages import (  # noqa: PLC0415
        EvaluationOptions,
        GenerationOptions,
        run_stages,
    )

    generation = GenerationOptions(**{field.name: options[field.name] for field in fields(GenerationOptions)})
    evaluation = EvaluationOptions(**{field.name: options[field.name] for field in fields(EvaluationOptions)})
    several = len(generation.temperatures) > 1
    if several and report_out is None and (out / "run.json").exists():
        raise UsageError(f"{out} is a run itself, whose report may lie there too: give --report or another --out")
    if report_samples:
        # Not after hours of sampling.
        from humaneval_x.reporting.browser import check_place  # noqa: PLC0415

        place = report_out or out / "report"
        check_place(place)
        if place.resolve() in {path.resolve() for path in generation.folders(out).values()}:
            raise UsageError(f"{place} is the run's own folder: give the report with its samples another --report")
    folders = run_stages(generation, evaluation, out)
    for folder in folders:
        print_scores(folder, evaluation.judgement, allow_partial=evaluation.allow_partial)
    write_report(
        folders,
        report_out or out / "report",
        evaluation.judgement,
        allow_partial=evaluation.allow_partial,
        samples=report_samples,
        data=generation.data_dir,
    )
