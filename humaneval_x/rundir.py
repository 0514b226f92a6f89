"""A run's folder: its manifests, written first and never edited, and its journals of samples and verdicts.

```
run.json                     what was asked for: model, data, task, sampling, engine, the task ids of each task
evaluation.json              how it is judged: sandbox, limits, truncation, data (written by the first `evaluate`)
samples/<task>.jsonl[.gz]    rows of Completion
verdicts/<task>.jsonl[.gz]   rows of Verdict
```
Judging with another truncation or by the example tests stands beside that: `evaluation-reference.json` and
`verdicts-reference/`, `evaluation-example.json` and `verdicts-example/`, `-example-reference` for both.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from humaneval_x.errors import DataError, IncomparableError, StorageError, UsageError
from humaneval_x.journal import JournalFollower, JournalWriter, existing_journal, read_journal, writer_lock
from humaneval_x.records import Completion, Verdict

__all__ = [
    "FORMAT",
    "USUAL",
    "FollowedSamples",
    "Judgement",
    "RunFolder",
    "record_from",
    "repeated",
    "row_of",
]

FORMAT = 1
"""Version of the manifests and rows; a reader refuses another."""

# What says when and by what a manifest was written, not what the run is.
_INCIDENTAL = frozenset({"created", "host"})
_TASK_NAME = re.compile(r"generation-[a-z0-9_]+|translation-[a-z0-9_]+-to-[a-z0-9_]+")

# What JSON makes of each annotation of the records that journals hold.
_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "tuple[str, ...]": (list,),
}
_FIELD_TYPES: dict[type, dict[str, tuple[type, ...]]] = {
    kind: {field.name: _JSON_TYPES[str(field.type)] for field in fields(kind)} for kind in (Completion, Verdict)
}
# A row leaves out what has its default.
_DEFAULTS: dict[type, dict[str, Any]] = {
    kind: {field.name: field.default for field in fields(kind) if field.default is not MISSING}
    for kind in (Completion, Verdict)
}

Record = TypeVar("Record", Completion, Verdict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Which of a run's evaluations: samples cut by that truncation, judged by the tests or the example tests."""

    truncation: str = "strict"
    example_tests: bool = False

    @property
    def suffix(self) -> str:
        """What the names of its files end with: nothing for the usual one."""
        example = "-example" if self.example_tests else ""
        return example if self.truncation == "strict" else f"{example}-{self.truncation}"

    @property
    def options(self) -> str:
        """The options of a command that ask for it, each after a space."""
        truncation = "" if self.truncation == "strict" else f" --truncation {self.truncation}"
        return truncation + (" --example-tests" if self.example_tests else "")


USUAL = Judgement()


class RunFolder:
    """Reads and writes one run's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def name(self) -> str:
        """The run's id: the folder's name."""
        return self.path.resolve().name

    def manifest(self) -> dict[str, Any]:
        """`run.json`. Raises UsageError if this is no run, DataError if the file is damaged."""
        if not (self.path / "run.json").is_file():
            raise UsageError(f"{self.path} is not a run: it holds no run.json; `humaneval-x generate --out` makes one")
        return _read_manifest(self.path / "run.json")

    def evaluation(self, judgement: Judgement = USUAL) -> dict[str, Any] | None:
        """The evaluation's manifest, or None if the run was not judged so yet. Raises DataError if it is damaged."""
        path = self.evaluation_path(judgement)
        return _read_manifest(path) if path.is_file() else None

    def begin(self, manifest: Mapping[str, Any]) -> None:
        """Write `run.json`, or check that the one there says the same.

        Raises IncomparableError that names the first differing entries, DataError if the folder holds something else.
        """
        if not (self.path / "run.json").exists() and self.path.is_dir():
            strangers = [entry.name for entry in self.path.iterdir() if not entry.name.startswith(".")]
            if strangers:
                raise UsageError(
                    f"{self.path} holds {sorted(strangers)[0]} but no run.json: give --out a new or empty folder"
                )
        _begin_manifest(self.path / "run.json", manifest)

    def begin_evaluation(self, manifest: Mapping[str, Any], judgement: Judgement = USUAL) -> None:
        """Write the evaluation's manifest, or check that the one there says the same. Raises as `begin`."""
        _begin_manifest(self.evaluation_path(judgement), manifest)

    def lock(self, stage: str) -> AbstractContextManager[None]:
        """Hold the run for one writer of that stage. Raises UsageError if another process holds it."""
        return writer_lock(self.path / f".{stage}.lock")

    def tasks(self) -> dict[str, list[str]]:
        """Task -> the task ids that the run is to hold, from the manifest. Raises DataError if it does not fit."""
        tasks = self.manifest().get("tasks")
        if not isinstance(tasks, dict) or not all(_TASK_NAME.fullmatch(name) for name in tasks):
            raise DataError(f"{self.path / 'run.json'}: 'tasks' is not a table of tasks: the file was edited")
        return tasks

    def wanted(self) -> dict[str, int]:
        """Task -> how many samples the run is to hold; of some problems fewer, where they came from elsewhere so."""
        manifest = self.manifest()
        each, fewer = int(manifest["sampling"]["samples"]), manifest.get("fewer", {})
        return {
            task: sum(int(fewer.get(task, {}).get(task_id, each)) for task_id in task_ids)
            for task, task_ids in self.tasks().items()
        }

    def samples_path(self, task: str) -> Path:
        """The journal of that task's samples."""
        return self.path / "samples" / f"{task}.jsonl"

    def evaluation_path(self, judgement: Judgement = USUAL) -> Path:
        """The evaluation's manifest."""
        return self.path / f"evaluation{judgement.suffix}.json"

    def verdicts_path(self, task: str, judgement: Judgement = USUAL) -> Path:
        """The journal of that task's verdicts."""
        return self.path / f"verdicts{judgement.suffix}" / f"{task}.jsonl"

    def samples(self, task: str) -> Iterator[Completion]:
        """The task's samples, in the order they were drawn. Raises DataError for a damaged or repeated row."""
        path = self.samples_path(task)
        return _once_each(Completion, read_journal(path), path, "stands", set())

    def follow_samples(self, task: str) -> FollowedSamples:
        """The task's samples while they are being drawn."""
        return FollowedSamples(self.samples_path(task))

    def verdicts(self, task: str, judgement: Judgement = USUAL) -> Iterator[Verdict]:
        """The task's verdicts. Raises DataError for a damaged or repeated row."""
        path = self.verdicts_path(task, judgement)
        return _once_each(Verdict, read_journal(path), path, "is judged", set())

    def open_samples(self, task: str) -> JournalWriter:
        """The journal of that task's samples, for appending. Raises UsageError if it is packed."""
        return _open_journal(self.samples_path(task))

    def open_verdicts(self, task: str, judgement: Judgement = USUAL) -> JournalWriter:
        """The journal of that task's verdicts, for appending. Raises UsageError if it is packed."""
        return _open_journal(self.verdicts_path(task, judgement))


class FollowedSamples:
    """The samples in a journal that grows: each reading gives those that came since the last.

    `keys` are those of all samples that were read.
    """

    def __init__(self, path: Path) -> None:
        self._journal = JournalFollower(path)
        self.keys: set[tuple[str, int]] = set()

    def new(self) -> Iterator[Completion]:
        """Samples in the order they were drawn. Raises DataError for a damaged or repeated row."""
        return _once_each(Completion, self._journal.new(), self._journal.path, "stands", self.keys)


def _open_journal(path: Path) -> JournalWriter:
    found = existing_journal(path)
    if found is not None and found.suffix == ".gz":
        raise UsageError(f"{found} is packed: run `gunzip {found}` before more rows are added")
    return JournalWriter(path)


def _once_each(
    kind: type[Record], rows: Iterator[dict[str, Any]], path: Path, verb: str, seen: set[tuple[str, int]]
) -> Iterator[Record]:
    """The rows as records; `seen` gets the key of each."""
    for row in rows:
        record = record_from(kind, row, path)
        key = (record.task_id, record.completion_id)
        if key in seen:
            raise repeated(path, *key, verb)
        seen.add(key)
        yield record


def repeated(path: Path, task_id: str, completion_id: int, verb: str) -> DataError:
    """What is wrong with a journal in which a sample `verb` (stands, is judged) twice."""
    return DataError(f"{path}: sample {completion_id} of {task_id} {verb} twice: the journal was edited")


def record_from(kind: type[Record], row: dict[str, Any], path: Path) -> Record:
    """The record that a row of the journal `path` holds. Raises DataError if its fields are not the record's."""
    types = _FIELD_TYPES[kind]
    lacking = types.keys() - row.keys() - _DEFAULTS[kind].keys()
    odd = sorted(lacking | (row.keys() - types.keys())) or [
        name for name, value in row.items() if type(value) not in types[name]
    ]
    if odd:
        raise DataError(
            f"{path}: a row of {kind.__name__} has fields that are missing, unknown or of the wrong type "
            f"({', '.join(odd)}): another version wrote it, or it was edited"
        )
    if "flags" in row:
        row["flags"] = tuple(row["flags"])
    return kind(**row)


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: not a readable manifest ({error}): restore it or start a new run") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise DataError(f"{path}: not a manifest of format {FORMAT}: another version of the harness wrote it")
    return manifest


def _begin_manifest(path: Path, manifest: Mapping[str, Any]) -> None:
    wanted = json.loads(json.dumps({"format": FORMAT, **manifest}, allow_nan=False))
    if path.exists():
        differences = [
            name for name in _differences(_read_manifest(path), wanted) if name.split(".")[0] not in _INCIDENTAL
        ]
        if differences:
            raise IncomparableError(
                f"{path} was written with other settings ({', '.join(differences[:5])}): "
                "repeat them as they were to resume, or give another folder to start anew"
            )
        return
    _write_whole(path, json.dumps(wanted, indent=1, sort_keys=False) + "\n")


def _differences(there: Any, wanted: Any, name: str = "") -> Iterator[str]:
    if isinstance(there, dict) and isinstance(wanted, dict):
        for key in sorted(set(there) | set(wanted)):
            yield from _differences(there.get(key), wanted.get(key), f"{name}.{key}" if name else str(key))
    elif there != wanted:
        yield name


def _write_whole(path: Path, text: str) -> None:
    """The file is there whole or not at all, also after a crash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise StorageError(f"{path}: cannot be written ({error.strerror}): free space or fix permissions") from error


def row_of(record: Completion | Verdict) -> dict[str, Any]:
    """The journal's row for a record: its fields, but for those that have their default."""
    defaults = _DEFAULTS[type(record)]
    return {name: value for name, value in asdict(record).items() if name not in defaults or value != defaults[name]}
