"""Problems of a named data version, read strictly and only from files whose hash is the pinned one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from humaneval_x.datasets.catalogue import (
    DataFile,
    DataVersion,
    data_folder,
    data_version,
    files_of,
    path_of,
    published_files,
    sha256_of,
)
from humaneval_x.datasets.patches import Patch, apply_patches, read_patches
from humaneval_x.errors import DataError
from humaneval_x.jsonl import parse_row
from humaneval_x.languages import language_of_task
from humaneval_x.records import Problem
from humaneval_x.resources import resource_folder

__all__ = ["FileFinding", "data_hashes", "mismatch", "problems_from", "read_problems", "verify"]

_REQUIRED = ("task_id", "prompt", "declaration", "canonical_solution", "test", "example_test")
_OPTIONAL = ("text", "import", "docstring", "test_setup")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFinding:
    """What `verify` found out about one file: `ok`, or what is wrong with it and what to do."""

    name: str
    language: str
    path: Path
    ok: bool
    detail: str


def read_problems(version: str, languages: Sequence[str], folder: Path | None = None) -> list[Problem]:
    """The problems of that version in those languages, language by language, in the file's order.

    `folder` is the data folder (`data_folder`). Raises UsageError for an unknown version or language, DataError for a
    file that is missing, is not the pinned one, or is not a file of problems.
    """
    named = data_version(version)
    found: list[Problem] = []
    patches = read_patches(_patch_list(named)) if named.patches else {}
    for file in files_of(named, tuple(languages)):
        path = path_of(file, named, data_folder(folder))
        content = _checked_content(file, named, path)
        found += problems_from(content, file.language, path, patches=patches, random_tests=named.random_tests)
    return found


def data_hashes(version: str, languages: Sequence[str], folder: Path | None = None) -> dict[str, str]:
    """File name -> SHA-256 of its decompressed JSONL; with it that of the patch list where the version has one.

    Raises what `read_problems` raises for the files, without parsing them.
    """
    named = data_version(version)
    hashes = {}
    for file in files_of(named, tuple(languages)):
        hashes[file.name] = sha256_of(_checked_content(file, named, path_of(file, named, data_folder(folder))))
    if named.patches:
        hashes[named.patches] = sha256_of(_patch_list(named).read_bytes())
    return hashes


def verify(version: str, languages: Sequence[str], folder: Path | None = None) -> list[FileFinding]:
    """Each of the version's files: there and the right one, or not. Raises UsageError for an unknown version."""
    named = data_version(version)
    findings = []
    for file in files_of(named, tuple(languages)):
        path = path_of(file, named, data_folder(folder))
        try:
            digest = sha256_of(_checked_content(file, named, path))
            ok, detail = True, f"SHA-256 {digest}"
        except DataError as error:
            ok, detail = False, str(error)
        findings.append(FileFinding(name=file.name, language=file.language, path=path, ok=ok, detail=detail))
    return findings


def problems_from(
    content: bytes,
    language: str,
    path: Path,
    *,
    patches: dict[str, list[Patch]] | None = None,
    random_tests: Sequence[int] = (),
) -> list[Problem]:
    """The problems in the JSONL text `content`, patched. `path` stands in messages. Raises DataError with the line."""
    found: list[Problem] = []
    seen: dict[str, int] = {}
    for number, row in _rows(content, path):
        where = f"{path}:{number}"
        task_id = _checked_row(row, language, where)
        if task_id in seen:
            raise DataError(f"{where}: task id {task_id} stands already in line {seen[task_id]}: keep one of them")
        seen[task_id] = number
        mended = apply_patches(row, (patches or {}).get(task_id, []), where)
        found.append(_problem(mended, language, random_tests))
    if not found:
        raise DataError(f"{path}: holds no problem: fetch or import the data again")
    return found


def _rows(content: bytes, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(content.split(b"\n"), 1):
        if line.strip():
            yield number, parse_row(line, f"{path}:{number}")


def _checked_row(row: dict[str, Any], language: str, where: str) -> str:
    for name in _REQUIRED:
        if name not in row:
            raise DataError(f"{where}: field {name!r} is missing: a problem has {', '.join(_REQUIRED)}")
    for name, value in row.items():
        if name not in _REQUIRED and name not in _OPTIONAL:
            raise DataError(f"{where}: unknown field {name!r}: known are {', '.join(_REQUIRED + _OPTIONAL)}")
        if not isinstance(value, str):
            raise DataError(f"{where}: field {name!r} is not a string but {type(value).__name__}")
    task_id: str = row["task_id"]
    try:
        of_task = language_of_task(task_id)
    except DataError as error:
        raise DataError(f"{where}: {error}") from error
    if of_task.name != language:
        raise DataError(f"{where}: {task_id} is not a {language} problem: the file holds another language")
    return task_id


def _problem(row: dict[str, str], language: str, random_tests: Sequence[int]) -> Problem:
    return Problem(
        task_id=row["task_id"],
        language=language,
        prompt=row["prompt"],
        declaration=row["declaration"],
        canonical_solution=row["canonical_solution"],
        test=row["test"],
        example_test=row["example_test"],
        text=row.get("text", ""),
        imports=row.get("import", ""),
        docstring=row.get("docstring", ""),
        test_setup=row.get("test_setup", ""),
        random_test=int(row["task_id"].rpartition("/")[2]) in random_tests,
    )


def _checked_content(file: DataFile, version: DataVersion, path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        if version.folder:
            raise DataError(f"{path} is missing: reinstall the package") from error
        raise DataError(
            f"{path} is missing: fetch it with `humaneval-x data pull --data-version {version.name}`, or take it from "
            "a local copy with `humaneval-x data import PATH`"
        ) from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}: check its permissions") from error
    if file.sha256 and (digest := sha256_of(content)) != file.sha256:
        raise DataError(f"{path} is not the file of data version {version.name}: {mismatch(file, digest)}")
    return content


def mismatch(file: DataFile, digest: str) -> str:
    """What to say of contents that are not the pinned ones."""
    for other in published_files().values():
        if other.sha256 == digest:
            return f"it is {other.name}, not {file.name}: put each in its own place, or choose the version that has it"
    return (
        f"its JSONL has SHA-256 {digest}, pinned is {file.sha256}: other files of that name circulate, and a score "
        "on one is not a score on another; fetch it again with `humaneval-x data pull`"
    )


def _patch_list(version: DataVersion) -> Path:
    return resource_folder("benchmark_data") / version.patches
