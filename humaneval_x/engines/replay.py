"""The engine that answers from a samples file, so that anybody's completions can be judged.

`--model` is a file of JSON lines (`.jsonl` or `.jsonl.gz`), or a run's folder, or the folder of its samples. A row
holds `task_id` and the completion as `text` (this harness), `completion` (as for HumanEval's published evaluator) or
`generation` (as in CodeGeeX's files); `completion_id` may be left out of a whole file: rows of one task id are then
numbered in their order. `HumanEval/7` means `Python/7`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from humaneval_x.engines import EngineOptions, Request
from humaneval_x.errors import DataError, UsageError
from humaneval_x.hashing import sha256_of_file, sha256_of_files
from humaneval_x.jsonl import read_rows
from humaneval_x.records import Completion, Prompt, Sampling

__all__ = ["ReplayEngine", "open_engine"]

_TEXT_FIELDS = ("text", "completion", "generation")
_SUFFIXES = (".jsonl", ".jsonl.gz")
_NAMED = 5


class ReplayEngine:
    """Replays the completions of a samples file, or of a folder with one file for each task."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._files = _files_by_task(path)

    def describe(self) -> dict[str, Any]:
        """The file and its SHA-256; for a folder, that of each file's line `<sha256>  <name>`."""
        if self._path.is_file():
            return {"engine": "replay", "model": self._path.name, "samples_sha256": sha256_of_file(self._path)}
        files = ((file.name, file) for _, file in sorted(self._files.items()))
        return {"engine": "replay", "model": str(self._path), "samples_sha256": sha256_of_files(files)}

    def sample(self, requests: Sequence[Request], sampling: Sampling) -> Iterator[tuple[Prompt, Completion]]:  # noqa: ARG002
        """The wanted completions in the order asked for.

        Raises DataError, before the first one is given, if the file lacks some: it says how many and which.
        """
        by_file: dict[Path, list[Request]] = defaultdict(list)
        for request in requests:
            by_file[self._file_of(request.prompt.task)].append(request)
        for file, asked in by_file.items():
            wanted = {(request.prompt.task_id, number) for request in asked for number in request.completion_ids}
            found = _read_completions(file, wanted)
            missing = sorted(wanted - set(found), key=lambda key: (key[0].partition("/")[0], _number(key[0]), key[1]))
            if missing:
                named = ", ".join(f"{task_id} sample {number}" for task_id, number in missing[:_NAMED])
                more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
                raise DataError(
                    f"{file} lacks {len(missing)} of {len(wanted)} wanted samples: {named}{more}; "
                    "add them, or ask for fewer with -n, --languages or --limit"
                )
            for request in asked:
                for number in request.completion_ids:
                    yield request.prompt, found[request.prompt.task_id, number]

    def close(self) -> None:
        """Nothing is held."""

    def _file_of(self, task: str) -> Path:
        try:
            return self._files.get("") or self._files[task]
        except KeyError as error:
            raise DataError(
                f"{self._path} holds no samples of {task}; it has {', '.join(sorted(self._files))}"
            ) from error


def open_engine(options: EngineOptions) -> ReplayEngine:
    """The replay engine on the file or folder `options.model`. Raises UsageError without one, DataError if absent."""
    if not options.model:
        raise UsageError("the replay engine needs a samples file: give --model FILE.jsonl, or a run's folder")
    return ReplayEngine(Path(options.model))


def _files_by_task(path: Path) -> dict[str, Path]:
    """Task -> its file; a single file stands under the empty name, for every task."""
    if path.is_file():
        return {"": path}
    if not path.is_dir():
        raise DataError(f"{path} does not exist: give a samples file (.jsonl or .jsonl.gz) or a run's folder")
    folder = path / "samples" if (path / "samples").is_dir() else path
    files: dict[str, Path] = {}
    for file in sorted(folder.iterdir()):
        suffix = next((suffix for suffix in _SUFFIXES if file.name.endswith(suffix)), None)
        if suffix is None or not file.is_file():
            continue
        task = file.name.removesuffix(suffix)
        if task in files:
            raise DataError(f"{folder} holds both {files[task].name} and {file.name}: remove one")
        files[task] = file
    if not files:
        raise DataError(f"{folder} holds no samples file (.jsonl or .jsonl.gz)")
    return files


def _read_completions(file: Path, wanted: set[tuple[str, int]]) -> dict[tuple[str, int], Completion]:
    found: dict[tuple[str, int], Completion] = {}
    lines: dict[tuple[str, int], int] = {}
    counts: dict[str, int] = defaultdict(int)
    numbered: bool | None = None
    for line, row in read_rows(file):
        where = f"{file}:{line}"
        task_id = _task_id(row, where)
        if numbered is None:
            numbered = "completion_id" in row
        elif numbered != ("completion_id" in row):
            raise DataError(f"{where}: some rows have a completion_id and some have none: give all or none of them one")
        number = _whole(row, "completion_id", where) if numbered else counts[task_id]
        counts[task_id] += 1
        key = task_id, number
        if key in lines:
            raise DataError(f"{where}: sample {number} of {task_id} stands already in line {lines[key]}")
        lines[key] = line
        text = _text(row, where)
        if key in wanted:
            found[key] = Completion(
                task_id=task_id,
                completion_id=number,
                text=text,
                finish="given",
                tokens=_whole(row, "tokens", where),
                seed=_whole(row, "seed", where),
            )
    return found


def _task_id(row: Mapping[str, Any], where: str) -> str:
    task_id = row.get("task_id")
    if not isinstance(task_id, str) or not task_id:
        raise DataError(f"{where}: no task_id (a string such as Python/0)")
    return "Python/" + task_id.removeprefix("HumanEval/") if task_id.startswith("HumanEval/") else task_id


def _text(row: Mapping[str, Any], where: str) -> str:
    for name in _TEXT_FIELDS:
        if name in row:
            if not isinstance(row[name], str):
                raise DataError(f"{where}: {name} is {type(row[name]).__name__}, not a string")
            return str(row[name])
    raise DataError(f"{where}: holds no completion: one of {', '.join(_TEXT_FIELDS)} is needed")


def _whole(row: Mapping[str, Any], name: str, where: str) -> int:
    value = row.get(name, 0)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise DataError(f"{where}: {name} is {value!r}, not a whole number from 0 on")
    return value


def _number(task_id: str) -> int:
    tail = task_id.rpartition("/")[2]
    return int(tail) if tail.isascii() and tail.isdigit() else -1
