"""`humaneval-x report`."""

from __future__ import annotations

from pathlib import Path

import click

from humaneval_x.cli.config import config_option
from humaneval_x.cli.options import data_folder_option, judgement_options

__all__ = ["command"]


@click.command(name="report")
@config_option
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="runs/ID...")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    metavar="reports/NAME",
    help="Folder of the report; files of an earlier report in it are replaced, its samples.html too.",
)
@click.option(
    "--format",
    "formats",
    type=click.Choice(["md", "html", "csv", "json", "parquet", "charts"]),
    multiple=True,
    help="Write only this format; may be repeated.  [default: all]",
)
@judgement_options
@click.option(
    "--best-temperature",
    is_flag=True,
    help="Of runs that differ in temperature alone also show the best figure for each k and language, with its "
    "temperature. Chosen on the same samples, it is optimistic.",
)
@click.option("--allow-partial", is_flag=True, help="Report figures of what is there where a run is not complete.")
@click.option(
    "--samples",
    is_flag=True,
    help="Also write samples.html, which shows every sample; `humaneval-x browse` opens it.",
)
@data_folder_option
def command(  # noqa: PLR0917  (click passes them by name)
    runs: tuple[Path, ...],
    out: Path,
    formats: tuple[str, ...],
    truncation: str,
    example_tests: bool,
    best_temperature: bool,
    allow_partial: bool,
    samples: bool,
    data_dir: Path | None,
) -> None:
    """Write a report on runs: a page (HTML), Markdown, CSV, JSON, Parquet, and the charts as SVG and PNG.

    The page opens without a network. The JSON holds the counts of every problem and serves `humaneval-x gate` as a
    baseline.

    \b
    humaneval-x report runs/350M-multi-t* --best-temperature --out reports/350M-multi
    """
    from humaneval_x.cli.scores import write_report  # noqa: PLC0415
    from humaneval_x.rundir import Judgement  # noqa: PLC0415

    judgement = Judgement(truncation=truncation, example_tests=example_tests)
    write_report(
        runs,
        out,
        judgement,
        allow_partial=allow_partial,
        formats=formats,
        best_temperature=best_temperature,
        samples=samples,
        data=data_dir,
    )
