"""Samples from elsewhere become a run: read twice, once to know what there is, once to write it down."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from humaneval_x.errors import DataError, StorageError
from humaneval_x.formats import Format, GivenSample, Source
from humaneval_x.hashing import sha256_of_file, sha256_of_files
from humaneval_x.journal import JournalWriter
from humaneval_x.languages import language_names
from humaneval_x.programs import start_of
from humaneval_x.progress import Progress
from humaneval_x.records import Completion, Problem
from humaneval_x.rundir import RunFolder, row_of

__all__ = ["Found", "Imported", "import_samples", "look_through"]

_LARGEST = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a samples file holds, as a first reading found out.

    `counts` maps task -> task id -> number of samples, in the data's order; `foreign` counts samples that name another
    prompt than the data's, `named` those that name one.
    """

    format: Format
    source: Source
    sha256: str
    counts: Mapping[str, Mapping[str, int]]
    foreign: int
    named: int

    @property
    def samples(self) -> int:
        """All samples."""
        return sum(sum(counts.values()) for counts in self.counts.values())

    @property
    def most(self) -> int:
        """Samples of the problem that has most."""
        return max(max(counts.values()) for counts in self.counts.values())

    @property
    def fewer(self) -> dict[str, dict[str, int]]:
        """Task -> task id -> number of samples, where it is not `most`."""
        most = self.most
        lacking = {
            task: {task_id: count for task_id, count in counts.items() if count != most}
            for task, counts in self.counts.items()
        }
        return {task: counts for task, counts in lacking.items() if counts}


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What one call wrote: `written` samples; `kept` were there before."""

    written: int
    kept: int


def look_through(found: Format, source: Source, problems: Mapping[str, Problem]) -> Found:
    """Read the whole file once and check every sample. `problems` maps the data's task ids, in their order.

    Raises DataError, with the place, for what is no sample of that format, for a problem that the data do not have, and
    for a completion id that comes twice.
    """
    tally = _Tally(problems)
    for sample in found.read(source):
        tally.add(sample)
    if not tally.ids:
        raise DataError(f"{source.path}: holds no sample")
    order = {task_id: position for position, task_id in enumerate(problems)}
    tasks = sorted(tally.ids, key=_task_order)
    return Found(
        format=found,
        source=source,
        sha256=_hash_of(source.path),
        counts={
            task: {task_id: len(tally.ids[task][task_id]) for task_id in sorted(tally.ids[task], key=order.__getitem__)}
            for task in tasks
        },
        foreign=tally.foreign,
        named=tally.named,
    )


def import_samples(folder: RunFolder, found: Found, manifest: Mapping[str, Any], progress: Progress) -> Imported:
    """Write the samples into the run, going on where an earlier call stopped. `manifest` is what `run.json` must say.

    Raises as `look_through`, IncomparableError if the run holds something else, StorageError if the disk refuses.
    """
    folder.begin(manifest)
    with folder.lock("generate"), contextlib.ExitStack() as stack:
        there = {task: _Ids.of(folder.samples(task)) for task in found.counts}
        kept = sum(ids.count for ids in there.values())
        journals: dict[str, JournalWriter] = {
            task: stack.enter_context(folder.open_samples(task)) for task in found.counts
        }
        progress.begin(total=found.samples, done=kept, unit="sample")
        written = 0
        numbers = _Numbers()
        for sample in found.format.read(found.source):
            number = numbers.of(sample)
            if (sample.task_id, number) in there[sample.task]:
                continue
            journals[sample.task].append(row_of(_completion(sample, number)))
            written += 1
            progress.advance()
    if written + kept != found.samples:
        raise StorageError(f"{found.source.path} changed while it was read: import it again into another folder")
    return Imported(written=written, kept=kept)


class _Numbers:
    """Completion ids: the file's own, or the order in which a problem's samples come."""

    def __init__(self) -> None:
        self._seen: Counter[tuple[str, str]] = Counter()

    def of(self, sample: GivenSample) -> int:
        key = sample.task, sample.task_id
        number = self._seen[key] if sample.number is None else sample.number
        self._seen[key] += 1
        return number


class _Bits:
    """A set of small whole numbers in a few bytes."""

    def __init__(self) -> None:
        self._bits = bytearray()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, number: int) -> bool:
        byte, bit = divmod(number, 8)
        return byte < len(self._bits) and bool(self._bits[byte] >> bit & 1)

    def add(self, number: int) -> None:
        byte, bit = divmod(number, 8)
        if byte >= len(self._bits):
            self._bits.extend(bytes(byte + 1 - len(self._bits)))
        self._bits[byte] |= 1 << bit
        self._count += 1


class _Ids:
    """Keys (task id, completion id) of one task."""

    def __init__(self) -> None:
        self._of: dict[str, _Bits] = {}
        self.count = 0

    @classmethod
    def of(cls, samples: Iterator[Completion]) -> _Ids:
        ids = cls()
        for sample in samples:
            ids._of.setdefault(sample.task_id, _Bits()).add(sample.completion_id)
            ids.count += 1
        return ids

    def __contains__(self, key: tuple[str, int]) -> bool:
        return key[0] in self._of and key[1] in self._of[key[0]]


@dataclass(slots=True)
class _Tally:
    """What a first reading has seen so far."""

    problems: Mapping[str, Problem]
    ids: dict[str, dict[str, _Bits]] = field(default_factory=dict)
    foreign: int = 0
    named: int = 0
    numbers: _Numbers = field(default_factory=_Numbers)
    numbered: bool | None = None

    def add(self, sample: GivenSample) -> None:
        problem = self.problems.get(sample.task_id)
        if problem is None:
            raise DataError(
                f"{sample.where}: {sample.task_id} is no problem of these data: name the right --data-version"
            )
        self._check_number(sample)
        number = self.numbers.of(sample)
        ids = self.ids.setdefault(sample.task, {}).setdefault(sample.task_id, _Bits())
        if number in ids:
            raise DataError(
                f"{sample.where}: sample {number} of {sample.task_id} stands in the file twice: renumber them, or "
                "leave completion_id out of all rows"
            )
        ids.add(number)
        if sample.prompt:
            self.named += 1
            self.foreign += not _same_prompt(sample, problem)

    def _check_number(self, sample: GivenSample) -> None:
        numbered = sample.number is not None
        if self.numbered is None:
            self.numbered = numbered
        if self.numbered != numbered:
            raise DataError(
                f"{sample.where}: some samples have a completion_id and some have none: give all or none of them one"
            )
        if sample.number is not None and sample.number > _LARGEST:
            raise DataError(f"{sample.where}: completion_id {sample.number} is too large: number them from 0 on")


def _same_prompt(sample: GivenSample, problem: Problem) -> bool:
    """Whether the prompt holds what the program starts with: styles put a tag line or an instruction before it."""
    return start_of(problem, sample.task).strip() in sample.prompt


def _completion(sample: GivenSample, number: int) -> Completion:
    return Completion(
        task_id=sample.task_id,
        completion_id=number,
        text=sample.text,
        finish=sample.finish,
        tokens=sample.tokens,
        seed=sample.seed,
        response=sample.response,
        whole=sample.whole,
        preamble=sample.preamble,
    )


def _task_order(task: str) -> tuple[str, list[int]]:
    kind, _, group = task.partition("-")
    names = language_names()
    return kind, [names.index(name) for name in reversed(group.split("-to-"))]


def _hash_of(path: Path) -> str:
    """SHA-256 of a file, or of all files in a folder."""
    try:
        if path.is_file():
            return sha256_of_file(path)
        files = ((file.relative_to(path).as_posix(), file) for file in sorted(path.rglob("*")) if file.is_file())
        return sha256_of_files(files)
    except OSError as error:
        raise DataError(f"{error.filename or path}: cannot be read: {error.strerror}") from error
