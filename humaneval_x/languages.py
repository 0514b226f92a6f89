"""The languages that the harness judges: one folder `sandboxes/<name>/` each, described by its `language.toml`.

Differences between languages are data here, or a function that the data name.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from humaneval_x.errors import DataError, UsageError
from humaneval_x.records import Limits
from humaneval_x.resources import resource_folder

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = [
    "Failure",
    "FastWay",
    "Language",
    "Step",
    "Suspect",
    "language_names",
    "language_of_task",
    "parse_languages",
    "read_language",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command of a judgement: `argv` runs in the sample's folder; `task_arguments` appends per task id."""

    argv: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    task_arguments: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """How a program that ran and failed is told apart: the `status` it gets if everything given here fits.

    `exit_code` and `signal` are those of the outcome; `pattern` is searched in its stderr and stdout, `^` and `$`
    meaning a line's ends. What is None fits anything.
    """

    status: str
    exit_code: int | None = None
    signal: int | None = None
    pattern: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FastWay:
    """What `fast.py` in the language's folder needs and may decide; where it may not, a program is judged plainly too.

    `batch` programs are given to it at once. `trusts` are the statuses that stand, unless `distrusts` is found in the
    program's output; an outcome by a limit never does, one by a signal only for what a test decided. Its servers hold
    `memory_mb` and `processes` (threads counted) beside a sample at most, and files of `store_mb` in all.
    """

    batch: int
    trusts: tuple[str, ...]
    memory_mb: int
    processes: int
    store_mb: int = 0
    distrusts: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A `flag` for programs that passed and in whose source `pattern` is found, `^` and `$` meaning a line's ends."""

    flag: str
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """One language's rules.

    `task_prefix` is the first part of its task ids, `title` its name in prompts and reports, `tag_line` what may
    precede a prompt. `open_braces` are those open at the end of a prompt (0: indentation ends a function).
    `assembly` and `truncation` name functions of `programs` and `truncation`, `reference_rule` one of `verdicts`.
    `source_name` is the program's file. `compile` is None where nothing is compiled. `executables` maps a command
    that the local sandbox needs to the Debian package that brings it. Of `failures` the first that fits says what a
    failed run means; `runtime_error` where none does. `fast` is None where there is only the plain way. `suspects` name
    what a program that passed may have cheated with.
    """

    name: str
    title: str
    task_prefix: str
    tag_line: str
    open_braces: int
    assembly: str
    truncation: str
    reference_rule: str
    source_name: str
    compile: Step | None
    run: Step
    limits: Limits
    executables: dict[str, str]
    folder: Path
    failures: tuple[Failure, ...] = ()
    fast: FastWay | None = None
    suspects: tuple[Suspect, ...] = ()


def language_names() -> tuple[str, ...]:
    """Names of all languages, in the benchmark's order (`order` in `language.toml`)."""
    return tuple(_all_languages())


def read_language(name: str) -> Language:
    """The language of that folder name. Raises UsageError if there is none."""
    try:
        return _all_languages()[name]
    except KeyError as error:
        raise UsageError(f"no language {name!r}: the languages are {', '.join(language_names())}") from error


def parse_languages(text: str) -> tuple[str, ...]:
    """Names in a comma-separated list, or all of them for `all`; benchmark order, each once. Raises UsageError."""
    wanted = {part.strip() for part in text.split(",") if part.strip()}
    if not wanted:
        raise UsageError(f"no language named: give 'all' or some of {','.join(language_names())}")
    if wanted == {"all"}:
        return language_names()
    for name in sorted(wanted):
        read_language(name)
    return tuple(name for name in language_names() if name in wanted)


def language_of_task(task_id: str) -> Language:
    """The language that a task id such as `CPP/12` belongs to. Raises DataError for an unknown or malformed id."""
    prefix, slash, number = task_id.partition("/")
    for language in _all_languages().values():
        if language.task_prefix == prefix and slash and number.isascii() and number.isdigit():
            return language
    known = ", ".join(f"{language.task_prefix}/N" for language in _all_languages().values())
    raise DataError(f"unknown task id {task_id!r}: known are {known}")


@cache
def _all_languages() -> dict[str, Language]:
    found = []
    for path in resource_folder("sandboxes").glob("*/language.toml"):
        with path.open("rb") as file:
            table = tomllib.load(file)
        try:
            found.append((table["order"], _language_from(table, path.parent)))
        except (KeyError, TypeError, re.error) as error:
            raise DataError(f"{path}: not a language description: {error!r}; see CONTRIBUTING.md") from error
    return {language.name: language for _, language in sorted(found, key=lambda pair: pair[0])}


def _language_from(table: dict[str, Any], folder: Path) -> Language:
    return Language(
        name=folder.name,
        title=table["title"],
        task_prefix=table["task_prefix"],
        tag_line=table["tag_line"],
        open_braces=table["open_braces"],
        assembly=table["assembly"],
        truncation=table["truncation"],
        reference_rule=table["reference_rule"],
        source_name=table["source_name"],
        compile=_step_from(table["compile"]) if "compile" in table else None,
        run=_step_from(table["run"]),
        limits=Limits(**table["limits"]),
        executables=table["executables"],
        folder=folder,
        failures=tuple(_failure_from(entry) for entry in table.get("failures", [])),
        fast=_fast_from(table["fast"]) if "fast" in table else None,
        suspects=tuple(
            Suspect(flag=entry["flag"], pattern=re.compile(entry["pattern"], re.MULTILINE))
            for entry in table.get("suspects", [])
        ),
    )


def _failure_from(table: dict[str, Any]) -> Failure:
    return Failure(**{**table, "pattern": _pattern(table.get("pattern"))})


def _fast_from(table: dict[str, Any]) -> FastWay:
    return FastWay(**{**table, "trusts": tuple(table["trusts"]), "distrusts": _pattern(table.get("distrusts"))})


def _pattern(text: str | None) -> re.Pattern[str] | None:
    return None if text is None else re.compile(text, re.MULTILINE)


def _step_from(table: dict[str, Any]) -> Step:
    return Step(
        argv=tuple(table["argv"]),
        environment=table.get("environment", {}),
        task_arguments={task: tuple(extra) for task, extra in table.get("task_arguments", {}).items()},
    )
