"""The worker threads of an evaluation, each with a sandbox slot of its own."""

from __future__ import annotations

import contextlib
import logging
import math
import queue
import threading
from collections.abc import Iterator

from humaneval_x.errors import HarnessError, SandboxError
from humaneval_x.languages import Language
from humaneval_x.programs import invalid_reason
from humaneval_x.records import Limits, Outcome, Program, Verdict
from humaneval_x.sandbox import Backend, Declined, Slot
from humaneval_x.verdicts import decide, is_beyond_doubt, not_run

__all__ = ["Pool"]

_log = logging.getLogger(__name__)

# A host that fails this many samples of one worker in a row will fail the rest too: stop instead of burning time.
_HOPELESS = 3
# A wall limit that was hit with less than this share of it used as CPU speaks of the host's load as much as of the
# program: such a sample runs once more, alone.
_IDLE_SHARE = 0.5


class Pool:
    """Judges the programs of one language with several slots at once.

    With `fast` the language's fast way judges where it can; where it cannot tell, the plain way does, and its verdict
    stands. `judged_plainly` counts the programs of which that was so.
    """

    def __init__(self, backend: Backend, language: Language, limits: Limits, workers: int, *, fast: bool) -> None:
        self._backend = backend
        self._language = language
        self._limits = limits
        self._workers = workers
        self._batch = language.fast.batch if fast and language.fast else 1
        self._fast = fast and language.fast is not None
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._failures: list[BaseException] = []
        self.judged_plainly = 0

    def judge(self, programs: Iterator[Program | None]) -> Iterator[tuple[Program, Verdict | SandboxError] | None]:
        """Each program with its verdict or with the fault that kept it from one, as they come.

        None among the programs says that there is none at the moment: it is passed on, so that the caller can do what
        it has to do, and the next one is asked for. It is for the iterator to wait a moment before it says so.
        """
        suspects: list[Program] = []
        for item in self._run(programs, self._workers):
            if item is None:
                yield None
                continue
            program, result = item
            if isinstance(result, Outcome) and self._starved(result):
                suspects.append(program)
            else:
                yield program, self._decide(program, result)
        for item in self._run(iter(suspects), 1):
            if item is not None:
                yield item[0], self._decide(*item)

    def _decide(self, program: Program, result: Outcome | SandboxError) -> Verdict | SandboxError:
        return decide(program, result, self._language) if isinstance(result, Outcome) else result

    def _starved(self, outcome: Outcome) -> bool:
        return self._workers > 1 and outcome.limit_hit == "wall" and outcome.cpu_s < _IDLE_SHARE * outcome.wall_s

    def _run(
        self, programs: Iterator[Program | None], workers: int
    ) -> Iterator[tuple[Program, Outcome | SandboxError] | None]:
        jobs: queue.Queue[Program | None] = queue.Queue()
        done: queue.Queue[tuple[Program, Outcome | SandboxError] | None] = queue.Queue()
        threads = [
            threading.Thread(target=self._work, args=(jobs, done, workers), name=f"slot-{number}", daemon=True)
            for number in range(workers)
        ]
        try:
            waiting = 0
            for program in programs:
                if program is None:
                    yield None
                else:
                    waiting += self._accept(program, jobs, done)
                    if threads[0].ident is None:
                        for thread in threads:
                            thread.start()
                # Two batches a worker keep all busy while the journal is written; programs can be large.
                while waiting and (waiting >= 2 * workers * self._batch or not done.empty()):
                    yield self._next(done)
                    waiting -= 1
            while waiting:
                yield self._next(done)
                waiting -= 1
        finally:
            self._stop.set()
            for _ in threads:
                jobs.put(None)
            for thread in threads:
                if thread.ident is not None:
                    thread.join()
            self._stop.clear()

    def _next(
        self, done: queue.Queue[tuple[Program, Outcome | SandboxError] | None]
    ) -> tuple[Program, Outcome | SandboxError]:
        item = done.get()
        if item is None:
            raise self._failures[0]
        return item

    def _accept(
        self,
        program: Program,
        jobs: queue.Queue[Program | None],
        done: queue.Queue[tuple[Program, Outcome | SandboxError] | None],
    ) -> int:
        reason = invalid_reason(program)
        if reason:
            done.put((program, not_run(reason)))
        else:
            jobs.put(program)
        return 1

    def _work(
        self,
        jobs: queue.Queue[Program | None],
        done: queue.Queue[tuple[Program, Outcome | SandboxError] | None],
        workers: int,
    ) -> None:
        hopeless = 0
        try:
            with _Seat(self._backend, self._language) as seat:
                while not self._stop.is_set() and (batch := self._next_batch(jobs, workers)):
                    for program, result in self._results(seat, batch):
                        done.put((program, result))
                        hopeless = hopeless + 1 if isinstance(result, SandboxError) else 0
                        if hopeless == _HOPELESS:
                            raise SandboxError(f"the sandbox failed {_HOPELESS} samples in a row: {result}")
                        if self._stop.is_set():
                            break
        except BaseException as error:  # handed to the calling thread, which raises it
            self._failures.append(error)
            done.put(None)

    def _next_batch(self, jobs: queue.Queue[Program | None], workers: int) -> list[Program]:
        """The programs for one worker to take: one at least, and of what waits its share; none at the end."""
        batch: list[Program] = []
        program = jobs.get()
        share = min(self._batch, 1 + math.ceil(jobs.qsize() / workers))
        while program is not None:
            batch.append(program)
            if len(batch) >= share:
                break
            try:
                program = jobs.get_nowait()
            except queue.Empty:
                break
        else:
            if batch:
                jobs.put(None)  # the end, met too early: it is for the next turn
        return batch

    def _results(self, seat: _Seat, batch: list[Program]) -> Iterator[tuple[Program, Outcome | SandboxError]]:
        """Each program's outcome: the fast way's where it may be trusted, else the plain way's."""
        settled = set()
        if self._fast:
            for program, outcome in self._fast_outcomes(seat, batch):
                settled.add(id(program))
                yield program, outcome
        for program in batch:
            if id(program) not in settled:
                with self._lock:
                    self.judged_plainly += self._fast
                yield program, self._attempt(seat, program)

    def _fast_outcomes(self, seat: _Seat, batch: list[Program]) -> Iterator[tuple[Program, Outcome]]:
        try:
            slot = seat.slot()
            if not slot.fast:
                self._fast = False
                return
            for program, result in slot.execute_fast(batch, self._limits):
                if isinstance(result, Declined):
                    _log.info("%s sample %d: %s", program.task_id, program.completion_id, result.reason)
                elif is_beyond_doubt(result, self._language):
                    yield program, result
        except SandboxError as error:  # those without an outcome go the plain way, which has its own second try
            _log.info("the fast way failed: %s; going on in a fresh sandbox", error)
            seat.leave()

    def _attempt(self, seat: _Seat, program: Program) -> Outcome | SandboxError:
        try:
            return seat.slot().execute(program, self._limits)
        except SandboxError as error:
            _log.info("%s sample %d: %s; trying a fresh sandbox", program.task_id, program.completion_id, error)
            seat.leave()
        try:
            return seat.slot().execute(program, self._limits)
        except SandboxError as error:
            seat.leave()
            return error


class _Seat:
    """A worker's place for one slot, opened when first needed and replaced after a fault."""

    def __init__(self, backend: Backend, language: Language) -> None:
        self._backend = backend
        self._language = language
        self._stack = contextlib.ExitStack()
        self._slot: Slot | None = None

    def slot(self) -> Slot:
        if self._slot is None:
            self._slot = self._stack.enter_context(self._backend.open_slot(self._language))
        return self._slot

    def leave(self) -> None:
        self._slot = None
        try:
            self._stack.close()
        except HarnessError as error:
            # The slot is broken already; whatever its end says adds nothing to the fault that is reported.
            _log.info("closing a broken sandbox: %s", error)

    def __enter__(self) -> _Seat:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()
