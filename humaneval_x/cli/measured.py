"""Judged runs that are named on the command line, and files of figures: shared by `compare` and `budget`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from humaneval_x.cli.options import words_in
from humaneval_x.errors import UsageError
from humaneval_x.text import plain
from humaneval_x.writing import write_whole

if TYPE_CHECKING:
    from humaneval_x.rundir import Judgement
    from humaneval_x.summaries import RunSummary

__all__ = ["ks_option", "measured_run", "write_json"]


def _ks(context: click.Context, parameter: click.Parameter, value: Any) -> tuple[int, ...]:
    """Whole numbers, comma-separated; from a configuration file also one number or a list."""
    words = words_in(value)
    odd = [word for word in words if not (word.isascii() and word.isdigit() and 1 <= int(word) <= 1_000_000)]
    if odd or not words:
        reason = f"{odd[0] if odd else ''!r} is no k: give whole numbers from 1 on, such as 1,10,100"
        raise click.BadParameter(reason, context, parameter)
    return tuple(dict.fromkeys(map(int, words)))


ks_option = click.option(
    "--k",
    "ks",
    type=click.UNPROCESSED,
    default="1,10,100",
    show_default=True,
    callback=_ks,
    metavar="K[,K...]",
    help="The k of pass@k.",
)


def measured_run(name: str, judgement: Judgement) -> RunSummary:
    """The run in that folder, or in that `report.json`: its only one, or the one of `report.json:RUN_ID`.

    Of a folder `judgement` names the evaluation; a report holds one of each run. Raises UsageError for what is not
    there or several runs without an id, DataError for a damaged file, IncompleteError for a run that was not judged so.
    """
    try:
        path, run_id = _split(name)
        folder = path.is_dir() or not path.exists()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(
            f"{plain(name)}: cannot be looked for ({reason}): name a run's folder or a report.json"
        ) from error
    if folder:
        from humaneval_x.reporting import read_summary  # noqa: PLC0415

        return read_summary(Path(name), judgement)
    from humaneval_x.report_file import run_of_report  # noqa: PLC0415

    return run_of_report(path, run_id, f"{path}:RUN_ID")


def write_json(path: Path, table: Mapping[str, Any]) -> None:
    """Write the table. Raises StorageError."""
    # In ASCII, since the name of a run or a model may hold a lone surrogate, which UTF-8 cannot.
    write_whole(path, json.dumps(table, allow_nan=False, indent=1) + "\n")


def _split(name: str) -> tuple[Path, str | None]:
    """The file and the run's id behind the colon. Both may hold colons: the longest name that exists is the file."""
    places = [len(name), *(place for place in range(len(name) - 1, 0, -1) if name[place] == ":")]
    place = next((place for place in places if _is_file(Path(name[:place]))), len(name))
    return Path(name[:place]), name[place + 1 :] if place < len(name) else None


def _is_file(path: Path) -> bool:
    # With its id behind it a good name can be too long for a file system.
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
