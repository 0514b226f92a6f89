"""`humaneval-x export`."""

from __future__ import annotations

from pathlib import Path

import click

from humaneval_x.cli.config import config_option
from humaneval_x.cli.options import data_folder_option, judgement_options, languages_option, semantics_option

__all__ = ["command"]


@click.command(name="export")
@config_option
@click.argument("run", type=click.Path(path_type=Path), metavar="runs/ID")
@click.option(
    "--format",
    "format_name",
    required=True,
    metavar="NAME",
    help="humaneval-x, codegeex, human-eval, evalplus, bigcode or multipl-e.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    metavar="FOLDER",
    help="Where the files go, one or a folder for each task; those of the same names are replaced.",
)
@click.option(
    "--what",
    type=click.Choice(["samples", "results", "both"]),
    default="samples",
    show_default=True,
    help="results: with the verdicts, as that harness writes them.",
)
@semantics_option
@judgement_options
@languages_option
@click.option("--gzip", "packed", is_flag=True, help="Pack the files.")
@data_folder_option
def command(  # noqa: PLR0917  (click passes them by name)
    run: Path,
    format_name: str,
    out: Path,
    what: str,
    semantics: str,
    truncation: str,
    example_tests: bool,
    languages: str,
    packed: bool,
    data_dir: Path | None,
) -> None:
    """Write a run's samples and results in another harness's format.

    Samples are written as they were drawn, whole and uncut. What a format cannot hold is said.
    """
    from humaneval_x.cli.progress import say  # noqa: PLC0415
    from humaneval_x.exporting import PARTS, export_run  # noqa: PLC0415
    from humaneval_x.formats import format_named  # noqa: PLC0415
    from humaneval_x.inspection import languages_of, problems_of  # noqa: PLC0415
    from humaneval_x.languages import parse_languages  # noqa: PLC0415
    from humaneval_x.rundir import Judgement, RunFolder  # noqa: PLC0415

    folder, form = RunFolder(run), format_named(format_name)
    problems = problems_of(folder, languages_of(folder), data_dir)
    paths = export_run(
        folder,
        out,
        form,
        {problem.task_id: problem for problem in problems},
        parts=PARTS if what == "both" else (what,),
        judgement=Judgement(truncation=truncation, example_tests=example_tests),
        semantics=semantics,
        languages=parse_languages(languages),
        packed=packed,
    )
    for path in paths[:20]:
        click.echo(path)
    if len(paths) > 20:
        click.echo(f"... and {len(paths) - 20} more in {out}")
    if form.lost:
        say(f"files of {form.title} cannot hold: {', '.join(form.lost)}")
