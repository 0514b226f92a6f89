"""`humaneval-x evaluate`."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from humaneval_x.cli.config import config_option
from humaneval_x.cli.importing import ImportOptions, default_folder, import_stage
from humaneval_x.cli.options import data_options, evaluation_options, import_options

__all__ = ["command"]


@click.command(name="evaluate")
@config_option
@click.argument("run", type=click.Path(path_type=Path), metavar="runs/ID|FILE")
@evaluation_options
@import_options
@data_options()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="runs/ID",
    help="Of a samples file: the run that is made of it.  [default: runs/ and FILE's name]",
)
def command(run: Path, out: Path | None, **options: Any) -> None:
    """Judge a run's samples in sandboxes and print pass@k.

    Only samples without a verdict are judged, so it can be interrupted and repeated. A sample that the host failed to
    judge is reported (exit code 4) and tried again next time; it never counts as wrong. A samples file of another
    harness is made a run first, as by `import`, whose options it takes.

    \b
    humaneval-x evaluate runs/350M-multi
    humaneval-x evaluate runs/350M-multi --truncation reference
    humaneval-x evaluate codegeex_python-to-cpp.jsonl.gz --truncation reference
    """
    from humaneval_x.cli.scores import print_scores  # noqa: PLC0415
    from humaneval_x.cli.stages import EvaluationOptions, evaluate_stage  # noqa: PLC0415

    parsed = EvaluationOptions(**{field.name: options[field.name] for field in fields(EvaluationOptions)})
    if not (run / "run.json").is_file():
        file, run = run, out or default_folder(run)
        import_stage(ImportOptions(**{field.name: options[field.name] for field in fields(ImportOptions)}), file, run)
    evaluate_stage(parsed, run)
    print_scores(run, parsed.judgement, allow_partial=parsed.allow_partial)
