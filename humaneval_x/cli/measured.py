"""Judged runs that are named on the command line, and files of figures: shared by `compare` and `budget`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from humaneval_x.cli.options import words_in
from humaneval_x.errors import UsageError
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
    path, run_id = _split(name)
    if path.is_dir() or not path.exists():
        from humaneval_x.reporting import read_summary  # noqa: PLC0415

        return read_summary(Path(name), judgement)
    from humaneval_x.summaries import read_report  # noqa: PLC0415

    summaries = read_report(path)
    if run_id is None and len(summaries) > 1:
        raise UsageError(f"{path} holds several runs: choose one, such as {path}:{next(iter(summaries))}")
    if run_id is not None and run_id not in summaries:
        raise UsageError(f"{path} holds no run {run_id!r}: it holds {', '.join(summaries)}")
    return summaries[run_id] if run_id is not None else next(iter(summaries.values()))


def write_json(path: Path, table: Mapping[str, Any]) -> None:
    """Write the table. Raises StorageError."""
    write_whole(path, json.dumps(table, allow_nan=False, indent=1, ensure_ascii=False) + "\n")


def _split(name: str) -> tuple[Path, str | None]:
    """The file and the run's id behind the colon. Both may hold colons: the longest name that exists is the file."""
    places = [len(name), *(place for place in range(len(name) - 1, 0, -1) if name[place] == ":")]
    place = next((place for place in places if Path(name[:place]).is_file()), len(name))
    return Path(name[:place]), name[place + 1 :] if place < len(name) else None
