"""`humaneval-x data`: the benchmark's problems on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from humaneval_x.cli.options import data_options, languages_option

__all__ = ["command"]


@click.group(name="data")
def command() -> None:
    """Fetch, import and verify the benchmark's problems.

    The published files are not part of this package: `pull` downloads them from their publisher, `import` takes them
    from a folder; both accept only the published contents, told by their SHA-256.
    """


@command.command(name="list")
@data_options()
def list_command(data_version: str, data_dir: Path | None) -> None:  # noqa: ARG001
    """Show the named data versions and what is here of each."""
    from humaneval_x.datasets import data_folder, data_versions, verify  # noqa: PLC0415
    from humaneval_x.languages import language_names  # noqa: PLC0415

    folder = data_folder(data_dir)
    click.echo(f"data folder: {folder}")
    for version in data_versions():
        findings = verify(version.name, language_names(), folder)
        here = sum(finding.ok for finding in findings)
        click.echo(f"{version.name:10} {here}/{len(findings)} files here  {version.description}")
