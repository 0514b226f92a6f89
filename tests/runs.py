"""Small honest parts for tests of the loops: problems, a run folder, an engine and a backend that do as told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from humaneval_x.engines import Request
from humaneval_x.languages import Language
from humaneval_x.records import Completion, Limits, Outcome, Problem, Program, Prompt, Sampling
from humaneval_x.rundir import RunFolder
from humaneval_x.sandbox import Declined, Finding, Slot

SAMPLING = Sampling(temperature=0.8, top_p=0.95, top_k=0, max_tokens=64, samples=3, seed=1)


def problem(number: int, prefix: str = "Python", language: str = "python") -> Problem:
    return Problem(
        task_id=f"{prefix}/{number}",
        language=language,
        prompt=f"def f{number}():\n",
        declaration=f"def f{number}():\n",
        canonical_solution=f"    return {number}\n",
        test=f"assert f{number}() == {number}\n",
        example_test=f"assert f{number}() > -1\n",
    )


PROBLEMS = {f"Python/{number}": problem(number) for number in range(4)}
PROMPTS = [
    Prompt(task="generation-python", task_id=each.task_id, language="python", text=each.prompt)
    for each in PROBLEMS.values()
]
TASKS = {"generation-python": list(PROBLEMS)}
MANIFEST = {
    "tasks": TASKS,
    "sampling": {"samples": SAMPLING.samples},
    "data": {"version": "smoke", "sha256": {}},
}


class CountingEngine:
    """Completes with the sample's number; may break after some samples."""

    def __init__(self, breaks_after: int | None = None) -> None:
        self.drawn: list[tuple[str, int]] = []
        self._breaks_after = breaks_after

    def describe(self) -> dict[str, object]:
        return {"model": "counting"}

    def sample(self, requests: Sequence[Request], sampling: Sampling) -> Iterator[tuple[Prompt, Completion]]:
        for request in requests:
            for number in request.completion_ids:
                if len(self.drawn) == self._breaks_after:
                    return
                self.drawn.append((request.prompt.task_id, number))
                yield (
                    request.prompt,
                    Completion(
                        task_id=request.prompt.task_id,
                        completion_id=number,
                        text=f"    return {number}\n",
                        finish="stop",
                        tokens=5,
                        seed=sampling.seed + number,
                    ),
                )

    def close(self) -> None:
        pass


def outcome(**changes: object) -> Outcome:
    facts: dict[str, object] = {
        "stage": "run",
        "exit_code": 0,
        "signal": 0,
        "cpu_s": 0.01,
        "wall_s": 0.02,
        "peak_mb": 9.0,
        "stdout": "",
        "stderr": "",
        "limit_hit": "",
        "completed": True,
    }
    return Outcome(**{**facts, **changes})  # type: ignore[arg-type]


class ScriptedBackend:
    """Slots that answer with a function of the program; counts what is open.

    `fast` answers for the fast way: an outcome, or why it declines; without it the slots have none.
    """

    name = "scripted"

    def __init__(
        self, execute: Callable[[Program], Outcome], fast: Callable[[Program], Outcome | Declined] | None = None
    ) -> None:
        self._execute = execute
        self._execute_fast = fast
        self.fast = fast is not None
        self.batches: list[int] = []
        self._lock = threading.Lock()
        self.opened = self.open_now = 0
        self.executed: list[tuple[str, int]] = []
        self.sources: list[str] = []

    def check(self, languages: Sequence[str]) -> list[Finding]:
        return []

    def describe(self, languages: Sequence[str]) -> dict[str, object]:
        return {"name": self.name}

    @contextmanager
    def open_slot(self, language: Language) -> Iterator[Slot]:
        with self._lock:
            self.opened += 1
            self.open_now += 1
        try:
            yield self
        finally:
            with self._lock:
                self.open_now -= 1

    def execute(self, program: Program, limits: Limits) -> Outcome:
        with self._lock:
            self.executed.append((program.task_id, program.completion_id))
            self.sources.append(program.source)
        return self._execute(program)

    def execute_fast(self, programs: Sequence[Program], limits: Limits) -> Iterator[tuple[Program, Outcome | Declined]]:
        assert self._execute_fast is not None
        with self._lock:
            self.batches.append(len(programs))
        for program in programs:
            yield program, self._execute_fast(program)


def sampled_run(path: Path, samples: int = SAMPLING.samples) -> RunFolder:
    """A run folder whose samples are all drawn, with `return <completion id>` each."""
    from humaneval_x.generation import generate
    from humaneval_x.progress import SilentProgress

    folder = RunFolder(path)
    manifest = {**MANIFEST, "sampling": {"samples": samples}}
    generate(
        folder,
        CountingEngine(),
        PROMPTS,
        PROBLEMS,
        Sampling(temperature=0.8, top_p=0.95, top_k=0, max_tokens=64, samples=samples, seed=1),
        manifest=manifest,
        stop="none",
        progress=SilentProgress(),
    )
    return folder
