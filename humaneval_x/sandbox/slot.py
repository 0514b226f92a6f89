"""A slot made of boxes: any place where a supervisor runs and can be talked to, thrown away when in doubt."""

from __future__ import annotations

import contextlib
import itertools
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Protocol

from humaneval_x.languages import Language
from humaneval_x.records import MAX_SOURCE_BYTES, Limits, Outcome, Program
from humaneval_x.sandbox.protocol import (
    Connection,
    job_of,
    outcome_of,
    wall_budget_s,
)
from humaneval_x.verdicts import not_run

__all__ = ["GRACE_S", "Box", "Seats", "SupervisedSlot"]

GRACE_S = 30.0
"""How long after the wall limits a supervisor may take to answer before it counts as hung."""

_RECYCLE_AFTER = 1000
_log = logging.getLogger(__name__)


class Box(Protocol):
    """A running supervisor."""

    @property
    def connection(self) -> Connection:
        """The conversation with it; its hello has been read."""

    def close(self) -> None:
        """End it and everything in it. Never raises for a box that is gone; does nothing the second time."""


class Seats:
    """Numbers for the slots of one backend, each held by one slot at a time; the smallest free one is given."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: set[int] = set()

    @contextlib.contextmanager
    def take(self) -> Iterator[int]:
        """Hold a number."""
        with self._lock:
            seat = next(number for number in itertools.count() if number not in self._taken)
            self._taken.add(seat)
        try:
            yield seat
        finally:
            with self._lock:
                self._taken.discard(seat)


class SupervisedSlot:
    """Runs programs of one language in boxes made by `open_box`, each box for the limits given to it.

    A box is replaced when it is not clean after a sample, when the limits that it was made for change, and after
    a thousand samples; `boxes` counts those opened.
    """

    def __init__(
        self, language: Language, open_box: Callable[[Limits], Box], *, wrappers: str, grace_s: float = GRACE_S
    ) -> None:
        self._language = language
        self._open_box = open_box
        self._wrappers = wrappers
        self._grace_s = grace_s
        self.boxes = 0
        self._box: Box | None = None
        self._size: tuple[int, int, int] | None = None
        self._served = 0

    def execute(self, program: Program, limits: Limits) -> Outcome:
        """Run one program and say what happened. Raises SandboxError as `Slot.execute` says."""
        size = len(program.source.encode("utf-8", "surrogatepass"))
        if size > MAX_SOURCE_BYTES:
            return not_run(f"the program has {size} bytes; at most {MAX_SOURCE_BYTES} are run", "disk")
        box = self._box_for(limits)
        self._served += 1
        job = job_of(program, self._language, limits, wrappers=self._wrappers, serial=self._served)
        try:
            box.connection.send(job, self._grace_s)
            reply = box.connection.receive(wall_budget_s(self._language, limits) + self._grace_s)
            outcome, clean = outcome_of(reply, self._served)
        except BaseException:  # after an interrupt, too: the reply may still come and must not be taken for the next
            self.close()
            raise
        if not clean:
            _log.info("%s sample %d left something behind: its sandbox is replaced", program.task_id,
                      program.completion_id)  # fmt: skip
            self.close()
        return outcome

    def close(self) -> None:
        """Close the current box, if any."""
        box, self._box, self._size = self._box, None, None
        if box is not None:
            box.close()

    def _box_for(self, limits: Limits) -> Box:
        size = (limits.memory_mb, limits.processes, limits.disk_mb)
        if size != self._size or self._served >= _RECYCLE_AFTER:
            self.close()
        if self._box is None:
            self._box, self._size, self._served = self._open_box(limits), size, 0
            self.boxes += 1
        return self._box
