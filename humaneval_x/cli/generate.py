"""`humaneval-x generate`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from humaneval_x.cli.config import config_option
from humaneval_x.cli.options import data_options, generation_options

__all__ = ["command"]


@click.command(name="generate")
@config_option
@generation_options
@data_options()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    metavar="runs/ID",
    help="The run's folder; one that holds the same run is gone on with. Several temperatures make folders "
    "runs/ID-t0.2 and so on.",
)
def command(out: Path, **options: Any) -> None:
    """Sample completions into a run folder.

    Interrupt it at will: the same command goes on at the first missing sample, and the samples are the same as
    those of an uninterrupted run.

    \b
    humaneval-x generate --engine canonical -n 1 --out runs/canonical
    humaneval-x generate --model Salesforce/codegen-350M-multi -n 200 --out runs/350M-multi
    humaneval-x generate --model Salesforce/codegen-350M-multi --temperature 0.2,0.6,0.8 --out runs/350M-multi
    """
    from humaneval_x.cli.stages import GenerationOptions, generate_stage  # noqa: PLC0415

    folders = generate_stage(GenerationOptions(**options), out)
    click.echo("next: " + " && ".join(f"humaneval-x evaluate {folder}" for folder in folders), err=True)
