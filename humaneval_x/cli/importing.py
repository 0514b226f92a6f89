"""`humaneval-x import`, and the same for `evaluate FILE`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from humaneval_x.cli.config import config_option
from humaneval_x.cli.options import data_options, import_options

if TYPE_CHECKING:
    from humaneval_x.importing import Found

__all__ = ["ImportOptions", "command", "default_folder", "import_stage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """The options of `import`, as parsed. None and empty mean: not said."""

    format_name: str
    task: str
    languages: str
    model: str
    temperature: float | None
    top_p: float | None
    top_k: int | None
    repetition_penalty: float | None
    max_tokens: int | None
    data_version: str
    data_dir: Path | None


@click.command(name="import")
@config_option
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@import_options
@data_options()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="runs/ID",
    help="The run's folder; one that holds a part of the same file is gone on with.  [default: runs/ and FILE's name]",
)
def command(file: Path, out: Path | None, **options: Any) -> None:
    """Make a run of a samples file from elsewhere, to be judged by `evaluate`.

    Reads files of CodeGeeX, human-eval, EvalPlus, the bigcode evaluation harness and MultiPL-E, and this harness's own.
    `evaluate FILE` does this and judges.
    """
    folder = out or default_folder(file)
    import_stage(ImportOptions(**options), file, folder)
    click.echo(f"next: humaneval-x evaluate {folder}", err=True)


def default_folder(file: Path) -> Path:
    """`runs/` and the file's name without its suffixes."""
    name = file.resolve().name
    for suffix in (".gz", ".jsonl", ".json"):
        name = name.removesuffix(suffix)
    return Path("runs") / name


def import_stage(options: ImportOptions, file: Path, out: Path) -> None:
    """Write the file's samples into the run `out`, going on where an earlier call stopped."""
    from humaneval_x.cli.progress import TerminalProgress, say  # noqa: PLC0415
    from humaneval_x.datasets import data_folder, read_problems  # noqa: PLC0415
    from humaneval_x.formats import Source, format_named, recognised  # noqa: PLC0415
    from humaneval_x.importing import import_samples, look_through  # noqa: PLC0415
    from humaneval_x.languages import language_names, parse_languages  # noqa: PLC0415
    from humaneval_x.rundir import RunFolder  # noqa: PLC0415

    known = recognised(file) if options.format_name == "auto" else format_named(options.format_name)
    problems = {
        problem.task_id: problem
        for problem in read_problems(options.data_version, language_names(), data_folder(options.data_dir))
    }
    source = Source(
        path=file,
        problem_of=lambda task_id: _problem_of(problems, task_id, file),
        task="" if options.task == "auto" else options.task,
        languages=parse_languages(options.languages) if options.languages else (),
    )
    found = look_through(known, source, problems)
    if found.foreign:
        say(
            f"warning: {found.foreign} of {found.named} samples name another prompt than the data's: they may answer "
            "another data version (--data-version)"
        )
    with TerminalProgress("import") as progress:
        imported = import_samples(RunFolder(out), found, _manifest(options, found, file, problems), progress)
    kept = f", {imported.kept} were there" if imported.kept else ""
    say(f"{out}: imported {imported.written} samples of {known.title}{kept}")


def _problem_of(problems: dict[str, Any], task_id: str, file: Path) -> Any:
    from humaneval_x.errors import DataError  # noqa: PLC0415

    try:
        return problems[task_id]
    except KeyError as error:
        raise DataError(f"{file}: {task_id} is no problem of these data: name the right --data-version") from error


def _manifest(options: ImportOptions, found: Found, file: Path, problems: dict[str, Any]) -> dict[str, Any]:
    from humaneval_x import __version__  # noqa: PLC0415
    from humaneval_x.datasets import data_folder, data_hashes  # noqa: PLC0415
    from humaneval_x.languages import language_names, language_of_task  # noqa: PLC0415

    stated = found.format.stated(file)
    names = {language_of_task(task_id).name for ids in found.counts.values() for task_id in ids}
    absent = sum(
        sum(problem.language == language_of_task(next(iter(ids))).name for problem in problems.values()) - len(ids)
        for ids in found.counts.values()
    )
    return {
        "harness": __version__,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "engine": {"name": "given", "model": options.model or default_folder(file).name, "format": found.format.name},
        "given": {"file": file.name, "sha256": found.sha256, "absent": absent, "foreign": found.foreign},
        "data": {
            "version": options.data_version,
            "sha256": data_hashes(
                options.data_version,
                [name for name in language_names() if name in names],
                data_folder(options.data_dir),
            ),
        },
        "task": next(iter(found.counts)).partition("-")[0],
        "sampling": {
            "temperature": stated.temperature if options.temperature is None else options.temperature,
            "top_p": stated.top_p if options.top_p is None else options.top_p,
            "top_k": options.top_k,
            "max_tokens": stated.max_tokens if options.max_tokens is None else options.max_tokens,
            "samples": found.most,
            "seed": None,
            "repetition_penalty": options.repetition_penalty,
        },
        "stop": {"rule": "none", "patterns": []},
        "limit": None,
        "tasks": {task: list(ids) for task, ids in found.counts.items()},
        **({"fewer": found.fewer} if found.fewer else {}),
    }
