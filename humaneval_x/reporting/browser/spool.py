"""Records in a temporary file, by problem: a journal has them as they came, and memory does not hold them all."""

from __future__ import annotations

import marshal
import tempfile
from collections.abc import Iterator
from dataclasses import fields
from operator import attrgetter
from pathlib import Path
from typing import Generic, TypeVar

from humaneval_x.records import Completion, Verdict

__all__ = ["Spool"]

Record = TypeVar("Record", Completion, Verdict)


class Spool(Generic[Record]):
    """Holds where each record of that kind lies.

    The file has no name, so that nothing but this process can write into it.
    """

    def __init__(self, folder: Path, kind: type[Record]) -> None:
        self._kind: type[Record] = kind
        self._names = tuple(field.name for field in fields(kind))
        self._values = attrgetter(*self._names)
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  (closed in __exit__)
        self._places: dict[str, dict[int, int]] = {}
        self._end = 0

    def add(self, record: Record) -> None:
        """Put the record at the end. Raises OSError."""
        self._places.setdefault(record.task_id, {})[record.completion_id] = self._end
        self._end += self._file.write(marshal.dumps(self._values(record)))

    def numbers(self, task_id: str) -> list[int]:
        """The completion ids that there are of the problem, ascending."""
        return sorted(self._places.get(task_id, ()))

    def of(self, task_id: str) -> Iterator[Record]:
        """The problem's records in the order of their numbers, one at a time."""
        places = self._places.get(task_id, {})
        for number in sorted(places):
            self._file.seek(places[number])
            yield self._kind(**dict(zip(self._names, marshal.load(self._file), strict=True)))

    @property
    def task_ids(self) -> set[str]:
        """The problems that there are records of."""
        return set(self._places)

    def __enter__(self) -> Spool[Record]:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
