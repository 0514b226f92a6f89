"""What the readers of samples files give and what they are given."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from humaneval_x.errors import DataError, UsageError
from humaneval_x.jsonl import read_rows
from humaneval_x.languages import language_names, language_of_task, read_language
from humaneval_x.records import Problem

__all__ = ["GivenSample", "Source", "Stated", "fields_of", "samples_in_rows", "text_field"]

_TO = re.compile(r"(?:^|[^a-z+])(?:(?P<source>[a-z+]+)[-_])?to-(?P<target>[a-z+]+)(?![a-z+])", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z+]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenSample:
    """One sample as a file gives it.

    `task` names the journal it belongs to, `task_id` the problem that judges it. `number` is the file's own completion
    id, None if it has none. `prompt` is the prompt that the file says it answers, empty if it says nothing; `where` is
    the place in the file. The rest is as in `records.Completion`.
    """

    task: str
    task_id: str
    number: int | None
    text: str
    where: str
    prompt: str = ""
    finish: str = "given"
    tokens: int = 0
    seed: int = 0
    response: str = ""
    whole: bool = False
    preamble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What a file says of how its samples were drawn; None where it says nothing."""

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None


@dataclass(frozen=True, kw_only=True)
class Source:
    """A samples file and what is known of it beside: the user's `task` and `languages`, empty if not given.

    `problem_of` gives the problem of a task id and raises DataError for one that the data do not have.
    """

    path: Path
    problem_of: Callable[[str], Problem]
    task: str = ""
    languages: tuple[str, ...] = ()

    @cached_property
    def pair(self) -> tuple[str, str] | None:
        """Source language, empty if the name does not say, and target of a translation; None if this is none.

        It is one if the user says so, or if the file's name holds `-to-<language>`, as CodeGeeX's files do.
        """
        if self.task == "generation":
            return None
        found = [
            (_language_named(match["source"] or ""), target)
            for match in _TO.finditer(self.path.name)
            if (target := _language_named(match["target"]))
        ]
        if found:
            return found[-1]
        if self.task != "translation":
            return None
        if len(self.languages) != 1:
            raise UsageError(
                f"{self.path}: its name does not say which language was translated to: give --languages with that one "
                "language, or name the file as in python-to-cpp.jsonl"
            )
        return "", self.languages[0]

    @property
    def language(self) -> str:
        """The language of a file whose samples do not name theirs: the user's, or that in the file's name.

        Raises UsageError if neither says.
        """
        if len(self.languages) == 1:
            return self.languages[0]
        named = {name for word in _WORD.findall(self.path.name.lower()) if (name := _language_named(word))}
        if len(named) == 1:
            return named.pop()
        raise UsageError(
            f"{self.path}: the samples do not say in which language they are, and the file's name does not either: "
            "give --languages with that one language"
        )

    def task_of(self, task_id: str, where: str) -> tuple[str, str]:
        """The journal and the judging problem's id of a sample with that task id. Raises DataError if it fits none.

        A translation's task id may be the source's, as in CodeGeeX's files, or the target's.
        """
        if task_id not in self._places:
            self._places[task_id] = self._place(task_id, where)
        return self._places[task_id]

    @cached_property
    def _places(self) -> dict[str, tuple[str, str]]:
        return {}

    def _place(self, task_id: str, where: str) -> tuple[str, str]:
        prefix, _, number = task_id.rpartition("/")
        if prefix == "HumanEval":
            task_id = f"{read_language('python').task_prefix}/{number}"
        try:
            language = language_of_task(task_id).name
        except (DataError, UsageError) as error:
            raise DataError(f"{where}: task id {task_id!r} names no language: such as Python/0 is wanted") from error
        pair = self.pair
        if pair is None:
            return f"generation-{language}", task_id
        source, target = pair
        if language != target:
            source = language
        if not source or source == target:
            raise DataError(
                f"{where}: {task_id} is in the language that is translated to, and neither it nor the file's name "
                "says from which"
            )
        return f"translation-{source}-to-{target}", f"{read_language(target).task_prefix}/{number}"


def samples_in_rows(source: Source, field: str) -> Iterator[GivenSample]:
    """The samples of a file of rows that hold a `task_id` and, as `field`, the completion."""
    for line, row in read_rows(source.path):
        where = f"{source.path}:{line}"
        task, task_id = source.task_of(text_field(row, "task_id", where), where)
        yield GivenSample(
            task=task,
            task_id=task_id,
            text=text_field(row, field, where),
            where=where,
            whole=row.get("whole") is True,
            **fields_of(row, where),
        )


def fields_of(row: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Of this harness's further fields those that a row holds and that have the right type; others are left out."""
    kinds = {"finish": str, "tokens": int, "seed": int, "response": str, "preamble": str}
    found = {name: row[name] for name, kind in kinds.items() if type(row.get(name)) is kind}
    number = row.get("completion_id")
    if number is not None and (type(number) is not int or number < 0):
        raise DataError(f"{where}: completion_id is {number!r}, not a whole number from 0 on")
    if isinstance(row.get("prompt"), str):
        found["prompt"] = row["prompt"]
    return {**found, "number": number}


def text_field(row: Mapping[str, Any], name: str, where: str) -> str:
    """A field that must be a string."""
    value = row.get(name)
    if not isinstance(value, str):
        what = f"is {type(value).__name__}, not a string" if name in row else "is missing"
        raise DataError(f"{where}: {name} {what}")
    return value


def _language_named(word: str) -> str:
    """The language that this word means in any case, by its name, its title or its task ids' prefix; else nothing."""
    lower = word.lower()
    for name in language_names():
        language = read_language(name)
        if lower in {name, language.title.lower(), language.task_prefix.lower()}:
            return name
    return ""
