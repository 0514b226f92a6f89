"""Several devices of one host: a process each, the prompts or their samples dealt out among them.

A sample depends on its identity alone, so it is the same wherever it is drawn.
"""

from __future__ import annotations

import logging
import multiprocessing
import multiprocessing.connection
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from humaneval_x.engines import Engine, Request
from humaneval_x.errors import DataError, EngineError, HarnessError, UsageError
from humaneval_x.records import Completion, Prompt, Sampling

__all__ = ["ParallelEngine", "deal"]

_log = logging.getLogger(__name__)

_END_WITHIN_S = 10.0
# So many completions travel together.
_BUNDLE = 32
# With so many prompts for each process the last ones' being longer or shorter weighs little.
_MANY = 8


class ParallelEngine:
    """Draws with one engine a device, each in a process of its own that is started for a `sample` and ends with it."""

    def __init__(self, described: Engine, openers: Sequence[Callable[[], Engine]]) -> None:
        """`openers` are called in the processes and must be picklable; `described` is never sampled."""
        self._described = described
        self._openers = list(openers)

    def describe(self) -> dict[str, Any]:
        """What one of the engines says: how many there are decides no sample."""
        return self._described.describe()

    def sample(self, requests: Sequence[Request], sampling: Sampling) -> Iterator[tuple[Prompt, Completion]]:
        """Each wanted completion once. Raises what the first process to fail raised, or EngineError if one died."""
        context = multiprocessing.get_context("spawn")
        workers: list[_Worker] = []
        try:
            for number, part in enumerate(deal(requests, len(self._openers))):
                if part:
                    results, sender = context.Pipe(duplex=False)
                    arguments = (self._openers[number], part, sampling, sender, number)
                    process = context.Process(target=_work, args=arguments, daemon=True)
                    process.start()
                    # The process alone holds that end now: it closes when the process ends, in whatever way it does.
                    sender.close()
                    workers.append(_Worker(process=process, number=number, requests=part, results=results))
            yield from _gathered(workers)
        finally:
            for worker in workers:
                worker.process.terminate()
            for worker in workers:
                worker.process.join(_END_WITHIN_S)
                if worker.process.is_alive():
                    worker.process.kill()
                    worker.process.join()
                worker.results.close()

    def close(self) -> None:
        """The processes have ended with their `sample`."""
        self._described.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Worker:
    process: Any
    number: int
    requests: list[Request]
    results: Any


def deal(requests: Sequence[Request], hands: int) -> list[list[Request]]:
    """The requests dealt out evenly by their numbers of samples.

    Whole ones where there are many: a prompt is then computed once, and its samples share its attention. Few are split.
    """
    dealt: list[list[Request]] = [[] for _ in range(hands)]
    if len(requests) >= _MANY * hands:
        held = [0] * hands
        for request in requests:
            hand = held.index(min(held))
            dealt[hand].append(request)
            held[hand] += len(request.completion_ids)
        return dealt
    first = 0
    for request in requests:
        ids = request.completion_ids
        for hand in range(hands):
            own = ids[(hand - first) % hands :: hands]
            if own:
                dealt[hand].append(replace(request, completion_ids=own))
        first = (first + len(ids)) % hands
    return dealt


def _gathered(workers: Sequence[_Worker]) -> Iterator[tuple[Prompt, Completion]]:
    working: dict[Any, _Worker] = {worker.results: worker for worker in workers}
    while working:
        results: Any
        for results in multiprocessing.connection.wait(list(working)):
            worker = working[results]
            try:
                kind, content = results.recv()
            # The latter if it ended in the middle of a message.
            except (EOFError, OSError) as error:
                worker.process.join(_END_WITHIN_S)
                raise EngineError(
                    f"the process of GPU {worker.number} of {len(workers)} ended with code {worker.process.exitcode} "
                    "before its samples were drawn (out of main memory?); what was drawn is kept: run the same command "
                    "again"
                ) from error
            if kind == "drawn":
                for place, completion in content:
                    yield worker.requests[place].prompt, completion
            elif kind == "said":
                _log.log(*content)
            elif kind == "failed":
                raise _error_from(worker.number, *content)
            else:
                del working[results]


def _error_from(number: int, name: str, message: str) -> HarnessError:
    kinds = {kind.__name__: kind for kind in (DataError, EngineError, UsageError)}
    return kinds.get(name, EngineError)(f"GPU {number}: {message}")


class _Sender:
    """What a process says to its parent, from any of its threads."""

    def __init__(self, pipe: Any) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def put(self, kind: str, content: Any) -> None:
        """Waits while the parent is far behind."""
        with self._lock:
            self._pipe.send((kind, content))


class _Told(logging.Handler):
    """Passes what a process logs on to its parent."""

    def __init__(self, results: _Sender, number: int) -> None:
        super().__init__(logging.WARNING)
        self._results = results
        self._number = number

    def emit(self, record: logging.LogRecord) -> None:
        self._results.put("said", (record.levelno, f"GPU {self._number}: {record.getMessage()}"))


def _work(opener: Callable[[], Engine], requests: list[Request], sampling: Sampling, pipe: Any, number: int) -> None:
    """The process: draw, hand over in bundles, and say how it ended."""
    # Ctrl-C goes to the whole group of processes; the parent ends its children itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    results = _Sender(pipe)
    logging.getLogger("humaneval_x").addHandler(_Told(results, number))
    places = {request.prompt: place for place, request in enumerate(requests)}
    try:
        engine = opener()
        try:
            bundle: list[tuple[int, Completion]] = []
            for prompt, completion in engine.sample(requests, sampling):
                bundle.append((places[prompt], completion))
                if len(bundle) >= _BUNDLE:
                    results.put("drawn", bundle)
                    bundle = []
            results.put("drawn", bundle)
        finally:
            engine.close()
    except Exception as error:
        message = str(error) if isinstance(error, HarnessError) else f"{type(error).__name__}: {error}"
        results.put("failed", (type(error).__name__, message))
    else:
        results.put("ended", None)
