"""`humaneval-x data`: the benchmark's problems on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from humaneval_x.cli.options import data_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from humaneval_x.datasets import FileFinding

__all__ = ["command"]


@click.group(name="data")
def command() -> None:
    """Fetch, import and verify the benchmark's problems.

    The published files are not part of this package: `pull` downloads them from their publisher, `import` takes them
    from a folder; both accept only the published contents, told by their SHA-256.
    """


@command.command(name="list")
@data_options(default=None)
def list_command(data_version: str | None, data_dir: Path | None) -> None:
    """Show the named data versions and what is here of each."""
    from humaneval_x.datasets import data_folder, data_versions, verify  # noqa: PLC0415
    from humaneval_x.languages import language_names  # noqa: PLC0415

    folder = data_folder(data_dir)
    click.echo(f"data folder: {folder}")
    for version in data_versions():
        if data_version in (None, version.name):
            findings = verify(version.name, language_names(), folder)
            here = sum(finding.ok for finding in findings)
            click.echo(f"{version.name:10} {here} of {len(findings)} files here   {version.description}")


@command.command(name="pull")
@data_options()
def pull_command(data_version: str, data_dir: Path | None) -> None:
    """Download a version's files from their publisher and check their SHA-256."""
    from humaneval_x.datasets import pull  # noqa: PLC0415

    def progress(name: str, done: int, total: int) -> None:
        if done == total:
            click.echo(f"{name}: {done} bytes", err=True)

    _say(pull(data_version, None, data_dir, progress=progress))


@command.command(name="import")
@click.argument("path", type=click.Path(path_type=Path), metavar="PATH")
@data_options(default=None)
def import_command(path: Path, data_version: str | None, data_dir: Path | None) -> None:
    """Take the published files from a folder and check their SHA-256.

    PATH is laid out as the publisher's repository, or holds the files side by side, plain or .gz. With --data-version
    all files of that version must be there, else those that are there are taken.
    """
    from humaneval_x.datasets import import_folder  # noqa: PLC0415

    _say(import_folder(path, data_dir, version=data_version))


@command.command(name="verify")
@data_options()
def verify_command(data_version: str, data_dir: Path | None) -> None:
    """Check that a version's files are here, are the published ones, and read as problems."""
    from humaneval_x.datasets import read_problems, verify  # noqa: PLC0415
    from humaneval_x.errors import DataError  # noqa: PLC0415
    from humaneval_x.languages import language_names  # noqa: PLC0415

    findings = verify(data_version, language_names(), data_dir)
    _say(findings)
    wrong = [finding.name for finding in findings if not finding.ok]
    if wrong:
        raise DataError(
            f"{len(wrong)} of {len(findings)} files of {data_version} are missing or wrong ({', '.join(wrong)}): "
            "run `humaneval-x data pull`, or `humaneval-x data import PATH`"
        )
    problems = read_problems(data_version, language_names(), data_dir)
    click.echo(f"{data_version}: {len(problems)} problems in {len(language_names())} languages")


def _say(findings: Sequence[FileFinding]) -> None:
    for finding in findings:
        click.echo(f"{'ok     ' if finding.ok else 'missing'} {finding.name:28} {finding.detail}")
