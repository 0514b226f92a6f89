"""`humaneval-x compare`."""

from __future__ import annotations

from pathlib import Path

import click

from humaneval_x.cli.config import config_option
from humaneval_x.cli.measured import ks_option, measured_run, write_json
from humaneval_x.cli.options import judgement_options, semantics_option
from humaneval_x.writing import write_whole

__all__ = ["command"]


@click.command(name="compare")
@config_option
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
@ks_option
@semantics_option
@judgement_options
@click.option(
    "--alpha",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.05,
    show_default=True,
    help="Call a difference credible if chance explains it, among all that are asked about, at most so often.",
)
@click.option(
    "--problems",
    type=click.IntRange(0),
    default=10,
    show_default=True,
    metavar="N",
    help="List N problems that B won and N that it lost.",
)
@click.option("--anyway", is_flag=True, help="Compare runs that are not comparable; what they differ in is said first.")
@click.option("--allow-partial", is_flag=True, help="Compare what is there where a run is not complete.")
@click.option(
    "--json", "json_path", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write all figures."
)
@click.option(
    "--markdown",
    "markdown_path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write what is printed, as Markdown.",
)
def command(  # noqa: PLR0917  (click passes them by name)
    one: str,
    other: str,
    ks: tuple[int, ...],
    semantics: str,
    truncation: str,
    example_tests: bool,
    alpha: float,
    problems: int,
    anyway: bool,
    allow_partial: bool,
    json_path: Path | None,
    markdown_path: Path | None,
) -> None:
    """Compare two runs: what B gains and loses against A, and whether chance explains it.

    A and B are judged runs' folders, or report.json files, with :RUN_ID behind the name where a report holds several
    runs. Differences of pass@k are paired by problem; docs/statistics.md says how they are tested.

    \b
    humaneval-x compare runs/350M-multi runs/2B-multi
    humaneval-x compare reports/all/report.json:350M-multi runs/new --k 1,10 --json comparison.json
    """
    from humaneval_x.cli.compared import comparison_to_json, render_comparison  # noqa: PLC0415
    from humaneval_x.comparison import compare  # noqa: PLC0415
    from humaneval_x.rundir import Judgement  # noqa: PLC0415

    judgement = Judgement(truncation=truncation, example_tests=example_tests)
    result = compare(
        measured_run(one, judgement),
        measured_run(other, judgement),
        semantics=semantics,
        ks=ks,
        alpha=alpha,
        anyway=anyway,
        allow_partial=allow_partial,
    )
    click.echo(render_comparison(result, problems))
    if json_path:
        write_json(json_path, comparison_to_json(result))
    if markdown_path:
        write_whole(markdown_path, render_comparison(result, problems, markdown=True) + "\n")
