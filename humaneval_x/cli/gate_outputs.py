"""Where `gate` tells its answer: the terminal, files, GitHub."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from humaneval_x.errors import StorageError, UsageError
from humaneval_x.writing import append, write_whole

if TYPE_CHECKING:
    from humaneval_x.gate import Answer

__all__ = ["Outputs", "output_options"]

_FILE = click.Path(path_type=Path)

_OPTIONS = (
    click.option("--junit", type=_FILE, metavar="FILE", help="Write the answer as JUnit XML, a test for each figure."),
    click.option("--json", "json_file", type=_FILE, metavar="FILE", help="Write the answer as JSON."),
    click.option("--summary", type=_FILE, metavar="FILE", help="Write the answer as Markdown."),
    click.option("--github-summary", is_flag=True, help="Append the Markdown to the file in GITHUB_STEP_SUMMARY."),
    click.option("--annotations", is_flag=True, help="Print workflow commands of GitHub Actions, which annotate."),
    click.option(
        "--github/--no-github",
        default=None,
        help="Both of these, or neither.  [default: both where GITHUB_ACTIONS is true]",
    ),
)


def output_options(function: Any) -> Any:
    """Give a command the options that `Outputs.taken_from` takes."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """Where the answer goes beside the terminal; `github_summary` is GITHUB_STEP_SUMMARY's file, if it is wanted.

    `fault` says what in the options does not fit: told as an answer, to those outputs that can be.
    """

    junit: Path | None
    json_file: Path | None
    summary: Path | None
    github_summary: Path | None
    annotations: bool
    fault: str = ""

    @classmethod
    def taken_from(cls, options: dict[str, Any]) -> Outputs:
        """Take what belongs here out of the command's options."""
        chosen = options.pop("github")
        found = os.environ.get("GITHUB_ACTIONS") == "true" if chosen is None else bool(chosen)
        annotations, summary = options.pop("annotations"), options.pop("github_summary")
        file = os.environ.get("GITHUB_STEP_SUMMARY", "")
        fault = ""
        if (summary or chosen) and not file:
            fault = "GITHUB_STEP_SUMMARY names no file here: give --summary FILE instead of GitHub's summary"
        if chosen is False and (annotations or summary):
            fault = "--no-github contradicts --annotations and --github-summary: leave one of them out"
        return cls(
            junit=options.pop("junit"),
            json_file=options.pop("json_file"),
            summary=options.pop("summary"),
            github_summary=Path(file) if (summary or found) and file else None,
            annotations=annotations or found,
            fault=fault,
        )

    def require_fit(self) -> None:
        """Raise UsageError if these outputs were asked for in a way that does not fit."""
        if self.fault:
            raise UsageError(self.fault)

    def tell(self, answer: Answer) -> None:
        """Print a result (a refusal is an error, which the command line prints) and write every file that is wanted.

        Raises StorageError for a file that cannot be written, after all others were.
        """
        from humaneval_x.gate import GateResult, render_gate, workflow_commands  # noqa: PLC0415

        if isinstance(answer, GateResult):
            self._print(render_gate(answer))
        if self.annotations:
            for line in workflow_commands(answer):
                click.echo(line)
        self._write(answer)

    def _print(self, text: str) -> None:
        # GitHub's runner obeys lines that look like its commands, also `##[...]` within a line; names are foreign.
        token = secrets.token_hex(16)
        click.echo(f"::stop-commands::{token}\n{text}\n::{token}::" if self.annotations else text)

    def _write(self, answer: Answer) -> None:
        from humaneval_x.gate import junit, machine, step_summary  # noqa: PLC0415

        wanted = (
            (self.junit, junit, write_whole),
            (self.json_file, machine, write_whole),
            (self.summary, step_summary, write_whole),
            (self.github_summary, step_summary, append),
        )
        failed: list[StorageError] = []
        for path, form, write in wanted:
            try:
                if path is not None:
                    write(path, form(answer))
            except StorageError as error:
                failed.append(error)
        if failed:
            raise failed[0]
