"""A slot made of boxes: any place where a supervisor runs and can be talked to, thrown away when in doubt."""

from __future__ import annotations

import contextlib
import itertools
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from humaneval_x.errors import SandboxError
from humaneval_x.languages import Language
from humaneval_x.records import MAX_SOURCE_BYTES, Limits, Outcome, Program
from humaneval_x.sandbox import Declined
from humaneval_x.sandbox.protocol import (
    Connection,
    Reply,
    Usage,
    job_of,
    read_reply,
    wall_budget_s,
)
from humaneval_x.verdicts import not_run

__all__ = ["GRACE_S", "RECYCLE_AFTER", "Box", "Seats", "SupervisedSlot"]

GRACE_S = 30.0
"""How long after the wall limits a supervisor may take to answer before it counts as hung."""

RECYCLE_AFTER = 4000
"""How many programs a box serves: what may pile up in a kernel or a server does not, and starting anew costs little."""

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

    A box is replaced when it is not clean after a sample, when the limits that it was made for change, and after some
    thousand samples; `boxes` counts those opened, `cpu_s` and `peak_mb` what they have used.
    """

    def __init__(
        self,
        language: Language,
        open_box: Callable[[Limits], Box],
        *,
        wrappers: str,
        fast: bool = False,
        grace_s: float = GRACE_S,
    ) -> None:
        self.fast = fast
        self.boxes = 0
        self.peak_mb = 0.0
        self._language = language
        self._open_box = open_box
        self._wrappers = wrappers
        self._grace_s = grace_s
        self._box: Box | None = None
        self._size: tuple[int, int, int] | None = None
        self._served = self._serial = 0
        self._used_s = self._box_used_s = 0.0

    @property
    def cpu_s(self) -> float:
        """CPU seconds that its boxes have used, supervisors and servers included, up to the last job's end."""
        return self._used_s + self._box_used_s

    def execute(self, program: Program, limits: Limits) -> Outcome:
        """Run one program, the plain way. Raises SandboxError as `Slot.execute` says."""
        refused = _refusal(program)
        if refused is not None:
            return refused
        (reply,) = [reply for _, reply in self._converse([program], limits, fast=False)]
        if reply.outcome is None:
            raise SandboxError(f"the sandbox declines to run a program the plain way: {reply.declined}")
        return reply.outcome

    def execute_fast(self, programs: Sequence[Program], limits: Limits) -> Iterator[tuple[Program, Outcome | Declined]]:
        """Run programs the fast way, as `Slot.execute_fast` says."""
        fit = []
        for program in programs:
            refused = _refusal(program)
            if refused is None:
                fit.append(program)
            else:
                yield program, refused
        while fit:
            answered = set()
            for index, reply in self._converse(fit, limits, fast=True):
                answered.add(index)
                yield fit[index], Declined(reply.declined) if reply.outcome is None else reply.outcome
            fit = [program for index, program in enumerate(fit) if index not in answered]

    def close(self) -> None:
        """Close the current box, if any."""
        box, self._box, self._size = self._box, None, None
        self._used_s, self._box_used_s = self.cpu_s, 0.0
        if box is not None:
            box.close()

    def _converse(self, programs: Sequence[Program], limits: Limits, *, fast: bool) -> Iterator[tuple[int, Reply]]:
        """Every program with what the sandbox says of it: all of them, or some where one left something behind."""
        box = self._box_for(limits)
        self._serial += 1
        self._served += len(programs)
        job = job_of(programs, self._language, limits, wrappers=self._wrappers, serial=self._serial, fast=fast)
        # The supervisor may keep an answer back while it runs the next program.
        patience_s = wall_budget_s(self._language, limits) * (2 if fast else 1) + self._grace_s
        ended = clean = False
        try:
            box.connection.send(job, self._grace_s)
            answered: set[int] = set()
            while not ended:
                reply = read_reply(box.connection.receive(patience_s), self._serial)
                if isinstance(reply, Usage):
                    ended = True
                    self._box_used_s, self.peak_mb = reply.cpu_s, max(self.peak_mb, reply.peak_mb)
                    continue
                if reply.index in answered or not 0 <= reply.index < len(programs):
                    raise SandboxError(f"the sandbox answers twice, or for program {reply.index} of {len(programs)}")
                answered.add(reply.index)
                clean = reply.clean
                if not clean:
                    program = programs[reply.index]
                    _log.info("%s sample %d left something behind: its sandbox is replaced", program.task_id,
                              program.completion_id)  # fmt: skip
                yield reply.index, reply
            if not answered:
                raise SandboxError("the sandbox answers for no program")
        finally:
            # After an interrupt, too: replies may still come and must not be taken for another job's.
            if not ended or not clean:
                self.close()

    def _box_for(self, limits: Limits) -> Box:
        size = (limits.memory_mb, limits.processes, limits.disk_mb)
        if size != self._size or self._served >= RECYCLE_AFTER:
            self.close()
        if self._box is None:
            self._box, self._size, self._served = self._open_box(limits), size, 0
            self.boxes += 1
        return self._box


def _refusal(program: Program) -> Outcome | None:
    """The outcome of a program that is too large for a sandbox, else None."""
    size = len(program.source.encode("utf-8", "surrogatepass"))
    if size > MAX_SOURCE_BYTES:
        return not_run(f"the program has {size} bytes; at most {MAX_SOURCE_BYTES} are run", "disk")
    return None
