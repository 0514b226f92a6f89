"""What the writers of other harnesses' files are given, and how they write."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, cast

from humaneval_x.errors import StorageError
from humaneval_x.records import Completion, Problem, Program, Verdict

__all__ = ["Content", "Judged", "extras_of", "opened", "result_words", "write_json", "write_rows"]

_EXTRAS = ("finish", "tokens", "seed", "response", "whole", "preamble")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A sample with the program that was judged and what came of it; `passed` under the semantics asked for."""

    completion: Completion
    program: Program
    verdict: Verdict
    passed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One task of a run, as the writers see it.

    `problems` are those that the run asks for, in their order; `start` gives what a problem's completions go on from.
    `samples` and `judged` read the journals anew at each call, in their order. `pass_at` gives the task's pass@k by k,
    where it is defined.
    """

    task: str
    model: str
    sampling: Mapping[str, Any]
    problems: tuple[Problem, ...]
    start: Callable[[Problem], str]
    samples: Callable[[], Iterator[Completion]]
    judged: Callable[[], Iterator[Judged]]
    pass_at: Callable[[], Mapping[int, float]]
    packed: bool

    @property
    def suffix(self) -> str:
        """What the names of packed files end with."""
        return ".gz" if self.packed else ""


def extras_of(completion: Completion) -> dict[str, Any]:
    """This harness's further fields, which a JSON object of any format may hold beside its own."""
    fields = asdict(completion)
    return {name: fields[name] for name in _EXTRAS if fields[name] not in {"", False}}


def result_words(judged: Judged) -> str:
    """The outcome in the words of HumanEval's published evaluator, which CodeGeeX's uses too."""
    if judged.passed:
        return "passed"
    if judged.verdict.status in {"cpu_limit", "wall_limit"}:
        return "timed out"
    detail = judged.verdict.detail or judged.verdict.status.replace("_", " ")
    return f"failed: {detail}"


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write JSON Lines, packed if the name ends in `.gz`; the file is there whole or not at all."""
    with opened(path) as file:
        for row in rows:
            file.write(_encoded(row) + b"\n")
    return path


def write_json(path: Path, value: object) -> Path:
    """Write one JSON value, packed if the name ends in `.gz`; the file is there whole or not at all."""
    with opened(path) as file:
        file.write(_encoded(value))
    return path


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """A file for writing that takes its name when it is whole. Raises StorageError if the disk refuses it."""
    draft = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            if path.suffix == ".gz":
                # Neither a name nor a time in the header: the same samples give the same bytes.
                with draft.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed:
                    yield cast("IO[bytes]", packed)
            else:
                with draft.open("wb") as plain:
                    yield plain
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written ({error.strerror}): give another --out or free space") from error


def _encoded(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=True, allow_nan=False).encode("ascii")
