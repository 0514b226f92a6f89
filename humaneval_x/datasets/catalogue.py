"""The named data versions and the files they are made of, as `benchmark_data/manifest.toml` lists them."""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from humaneval_x.errors import DataError, UsageError
from humaneval_x.resources import resource_folder

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = [
    "DataFile",
    "DataVersion",
    "data_folder",
    "data_version",
    "data_versions",
    "files_of",
    "path_of",
    "published_files",
    "sha256_of",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFile:
    """One file of problems in one language.

    `name` is its path in the data folder; `sha256` that of the decompressed JSONL, empty where it is not pinned;
    `url` is the publisher's; `places` are its paths, without `.gz`, in a copy of the publisher's folder.
    """

    name: str
    language: str
    sha256: str = ""
    url: str = ""
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DataVersion:
    """A named set of files.

    `random_tests` are the numbers of the problems whose tests draw random input. `patches` is the patch list, a path
    in `benchmark_data`, or empty. `folder` is where in `benchmark_data` the files lie, empty for published ones.
    """

    name: str
    description: str
    files: tuple[str, ...] = ()
    random_tests: tuple[int, ...] = ()
    patches: str = ""
    folder: str = ""


def data_versions() -> tuple[DataVersion, ...]:
    """All named versions, the default first."""
    return tuple(
        DataVersion(
            name=name,
            description=table["description"],
            files=tuple(table.get("files", ())),
            random_tests=tuple(table.get("random_tests", ())),
            patches=table.get("patches", ""),
            folder=table.get("folder", ""),
        )
        for name, table in _manifest()["versions"].items()
    )


def data_version(name: str) -> DataVersion:
    """The version of that name. Raises UsageError if there is none."""
    for version in data_versions():
        if version.name == name:
            return version
    known = ", ".join(version.name for version in data_versions())
    raise UsageError(f"no data version {name!r}: the versions are {known}")


def published_files() -> dict[str, DataFile]:
    """The published files by name."""
    return {
        name: DataFile(
            name=name,
            language=table["language"],
            sha256=table["sha256"],
            url=table["url"],
            places=tuple(table["places"]),
        )
        for name, table in _manifest()["files"].items()
    }


def files_of(version: DataVersion, languages: tuple[str, ...]) -> list[DataFile]:
    """That version's files of those languages, in the order of `languages`. Raises UsageError for one it lacks."""
    if version.folder:
        return [DataFile(name=f"{version.folder}/humaneval_{name}.jsonl", language=name) for name in languages]
    known = published_files()
    by_language = {known[name].language: known[name] for name in version.files}
    for name in languages:
        if name not in by_language:
            raise UsageError(f"data version {version.name} has no {name}: it has {', '.join(by_language)}")
    return [by_language[name] for name in languages]


def path_of(file: DataFile, version: DataVersion, folder: Path) -> Path:
    """Where that file of that version lies, or would lie once fetched."""
    return (resource_folder("benchmark_data") if version.folder else folder) / file.name


def data_folder(override: Path | None = None) -> Path:
    """Where published files are kept: `override`, else `HUMANEVAL_X_DATA`, else the user's cache folder."""
    if override is not None:
        return override
    if from_environment := os.environ.get("HUMANEVAL_X_DATA"):
        return Path(from_environment)
    import platformdirs  # noqa: PLC0415  (only wanted here, and `--help` must be quick)

    return Path(platformdirs.user_cache_dir("humaneval-x")) / "data"


def sha256_of(content: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


def _manifest() -> dict[str, Any]:
    path = resource_folder("benchmark_data") / "manifest.toml"
    try:
        manifest: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, OSError) as error:
        raise DataError(f"{path}: cannot be read: {error}: reinstall the package") from error
    return manifest
