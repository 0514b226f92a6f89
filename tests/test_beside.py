"""Judging beside sampling: as samples come, each once, and whatever becomes of the other."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from runs import MANIFEST, PROBLEMS, PROMPTS, SAMPLING, CountingEngine, ScriptedBackend, outcome, sampled_run

from humaneval_x.cli.beside import HeardProgress, judged_beside
from humaneval_x.engines import Engine, Request
from humaneval_x.errors import DataError, EngineError, IncomparableError, SandboxError
from humaneval_x.evaluation import Evaluated, Rules, begin_evaluation, evaluate
from humaneval_x.evaluation.drawing import Drawing
from humaneval_x.generation import generate, tasks_of
from humaneval_x.progress import Progress, SilentProgress
from humaneval_x.records import Completion, Outcome, Program, Prompt, Sampling
from humaneval_x.rundir import RunFolder

TASK = "generation-python"
WHOLE = len(PROBLEMS) * SAMPLING.samples
KEYS = [(task_id, number) for task_id in PROBLEMS for number in range(SAMPLING.samples)]

pytestmark = pytest.mark.timeout(60)


class StepEngine(CountingEngine):
    """Calls a function with the number of each sample before it draws it."""

    def __init__(self, before: Callable[[int], object]) -> None:
        super().__init__()
        self._before = before

    def sample(self, requests: Sequence[Request], sampling: Sampling) -> Iterator[tuple[Prompt, Completion]]:
        self._before(0)
        for number, pair in enumerate(super().sample(requests, sampling), 1):
            yield pair
            self._before(number)


def judge_beside(
    path: Path,
    engine: Engine,
    backend: ScriptedBackend,
    *,
    prompts: Sequence[Prompt] = PROMPTS,
    progress: Progress | None = None,
    said: list[str] | None = None,
    manifest: dict[str, Any] | None = None,
    fast: bool = False,
) -> Evaluated:
    """What the command `run` does, with parts of the tests' own."""
    folder, drawing = RunFolder(path), Drawing()
    run = {**MANIFEST, "tasks": tasks_of(prompts)}
    folder.begin(run)

    def draw() -> None:
        heard = HeardProgress(SilentProgress(), drawing)
        generate(folder, engine, prompts, PROBLEMS, SAMPLING, manifest=run, stop="none", progress=heard)

    rules = Rules(fast=fast)
    with begin_evaluation(folder, PROBLEMS, rules, manifest=manifest or {}, drawing=drawing) as evaluation:
        return judged_beside(
            drawing,
            draw,
            lambda: evaluation.judge(backend, workers=2, progress=progress or SilentProgress()),
            say=(said if said is not None else []).append,
        )


def passes(program: Program) -> Outcome:
    right = program.task_id == f"Python/{program.completion_id}"
    return outcome() if right else outcome(exit_code=1, completed=False, stderr="AssertionError")


def judged(path: Path, task: str = TASK) -> list[tuple[str, int]]:
    return [(verdict.task_id, verdict.completion_id) for verdict in RunFolder(path).verdicts(task)]


class Counted(SilentProgress):
    """Lets others wait until so many samples are judged and journalled."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._done = 0

    def advance(self, **facts: float) -> None:
        with self._changed:
            self._done += 1
            self._changed.notify_all()

    def wait_for(self, count: int) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._done >= count)


def test_each_sample_is_judged_and_journalled_before_the_next_is_drawn(tmp_path: Path) -> None:
    progress, backend = Counted(), ScriptedBackend(passes)
    # Draws no sample before the verdicts on all earlier ones are there: anything else would wait for ever.
    evaluated = judge_beside(tmp_path / "run", StepEngine(progress.wait_for), backend, progress=progress)
    assert evaluated == Evaluated(judged=WHOLE, shared=0, kept=0, missing=0, unjudged=())
    assert backend.executed == KEYS
    assert judged(tmp_path / "run") == KEYS
    assert backend.open_now == 0


def test_the_verdicts_are_those_of_judging_afterwards(tmp_path: Path) -> None:
    judge_beside(tmp_path / "beside", CountingEngine(), ScriptedBackend(passes))
    after = sampled_run(tmp_path / "after")
    evaluate(after, ScriptedBackend(passes), PROBLEMS, Rules(), manifest={}, workers=2,
             progress=SilentProgress())  # fmt: skip
    verdicts = [sorted(RunFolder(tmp_path / name).verdicts_path(TASK).read_bytes().splitlines())
                for name in ("beside", "after")]  # fmt: skip
    assert verdicts[0] == verdicts[1]


def test_tasks_are_judged_in_their_order_whatever_the_engine_draws_first(tmp_path: Path) -> None:
    other = "translation-js-to-python"
    prompts = [*PROMPTS, *(Prompt(task=other, task_id=each.task_id, language="python", text="") for each in PROMPTS)]

    class Backwards(CountingEngine):
        def sample(self, requests: Sequence[Request], sampling: Sampling) -> Iterator[tuple[Prompt, Completion]]:
            return super().sample(requests[::-1], sampling)

    backend = ScriptedBackend(passes)
    assert judge_beside(tmp_path / "run", Backwards(), backend, prompts=prompts).judged == 2 * WHOLE
    assert sorted(judged(tmp_path / "run")) == sorted(judged(tmp_path / "run", other)) == sorted(KEYS)
    assert sorted(backend.executed[:WHOLE]) == sorted(backend.executed[WHOLE:]) == sorted(KEYS)


def test_a_run_that_was_drawn_and_judged_in_part_is_finished(tmp_path: Path) -> None:
    with pytest.raises(EngineError):
        judge_beside(tmp_path / "run", CountingEngine(breaks_after=7), ScriptedBackend(passes))
    folder = RunFolder(tmp_path / "run")
    journal = folder.verdicts_path(TASK)
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:3]))
    there = len(judged(folder.path))
    backend = ScriptedBackend(passes)
    evaluated = judge_beside(folder.path, CountingEngine(), backend)
    assert (evaluated.judged, evaluated.kept, evaluated.missing) == (WHOLE - there, there, 0)
    assert sorted(judged(folder.path)) == sorted(KEYS)
    assert len(backend.executed) == WHOLE - there
    again = ScriptedBackend(passes)
    assert judge_beside(folder.path, CountingEngine(), again).kept == WHOLE
    assert again.opened == 0


def test_samples_wait_for_those_that_they_are_judged_with(tmp_path: Path) -> None:
    folder, drawing = sampled_run(tmp_path / "run"), Drawing()
    whole = folder.samples_path(TASK).read_bytes().splitlines(keepends=True)
    growing = folder.samples_path(TASK)
    growing.write_bytes(b"")
    samples = drawing.samples(folder.follow_samples(TASK), WHOLE, at_once=3)

    def draw(count: int) -> None:
        for _ in range(count):
            with growing.open("ab") as file:
                file.write(whole.pop(0))
            drawing.more()

    def come() -> int:
        """How many samples come before there is nothing for a moment."""
        return sum(1 for _ in iter(samples.__next__, None))

    counts = []
    for count in (0, 2, 1, 4):
        draw(count)
        counts.append(come())
    draw(len(whole) - 1)
    drawing.end()
    assert counts == [0, 0, 3, 4]
    assert len(list(samples)) == WHOLE - 3 - 4 - 1


class TerminatedError(BaseException):
    """As the command line raises on SIGTERM."""


@pytest.mark.parametrize("error", [EngineError("out of memory"), TerminatedError(), ZeroDivisionError("a defect")])
def test_sampling_that_fails_ends_the_judging_and_what_was_judged_is_kept(tmp_path: Path, error: BaseException) -> None:
    progress = Counted()

    def fail_late(number: int) -> None:
        progress.wait_for(number)
        if number == 5:
            raise error

    backend = ScriptedBackend(passes)
    with pytest.raises(type(error)) as raised:
        judge_beside(tmp_path / "run", StepEngine(fail_late), backend, progress=progress)
    assert raised.value is error
    assert judged(tmp_path / "run") == KEYS[:5]
    assert backend.open_now == 0
    assert judge_beside(tmp_path / "run", CountingEngine(), ScriptedBackend(passes)).judged == WHOLE - 5


def test_an_interrupt_ends_both_and_leaves_what_waits_to_be_judged(tmp_path: Path) -> None:
    progress = Counted()

    def interrupt(number: int) -> None:
        progress.wait_for(min(number, 2))
        if number == 8:
            signal.raise_signal(signal.SIGINT)

    interrupted = threading.Event()

    def slow(program: Program) -> Outcome:
        if program.task_id != "Python/0":
            interrupted.wait()
        return passes(program)

    class Late(Drawing):
        def abandon(self) -> None:
            super().abandon()
            interrupted.set()

    folder, drawing = RunFolder(tmp_path / "run"), Late()
    folder.begin(MANIFEST)
    backend = ScriptedBackend(slow)

    def draw() -> None:
        heard = HeardProgress(SilentProgress(), drawing)
        generate(folder, StepEngine(interrupt), PROMPTS, PROBLEMS, SAMPLING, manifest=MANIFEST, stop="none",
                 progress=heard)  # fmt: skip

    with (
        begin_evaluation(folder, PROBLEMS, Rules(fast=False), manifest={}, drawing=drawing) as evaluation,
        pytest.raises(KeyboardInterrupt),
    ):
        judged_beside(drawing, draw, lambda: evaluation.judge(backend, workers=1, progress=progress), say=print)
    assert len(list(folder.samples(TASK))) == 8
    # The one that ran when the interrupt came may have ended; those that waited never began.
    assert len(backend.executed) <= 5
    assert set(judged(folder.path)) <= set(backend.executed)
    assert judge_beside(folder.path, CountingEngine(), ScriptedBackend(passes)).missing == 0
    assert sorted(judged(folder.path)) == sorted(KEYS)


def test_judging_that_fails_lets_sampling_go_on_to_its_end(tmp_path: Path) -> None:
    stopped = threading.Event()

    class Said(list[str]):
        def append(self, text: str) -> None:
            super().append(text)
            stopped.set()

    def wait_until_stopped(number: int) -> None:
        if number == 9:
            stopped.wait()

    def fail(program: Program) -> Outcome:
        raise SandboxError("the engine is gone")

    said, engine, backend = Said(), StepEngine(wait_until_stopped), ScriptedBackend(fail)
    with pytest.raises(SandboxError, match="in a row: the engine is gone"):
        judge_beside(tmp_path / "run", engine, backend, said=said)
    assert len(engine.drawn) == WHOLE
    assert len(list(RunFolder(tmp_path / "run").samples(TASK))) == WHOLE
    assert ["sampling goes on" in text and "the engine is gone" in text for text in said] == [True]
    assert backend.open_now == 0
    again = CountingEngine()
    assert judge_beside(tmp_path / "run", again, ScriptedBackend(passes)).judged == WHOLE
    assert again.drawn == []


def test_sampling_that_fails_after_judging_did_is_what_is_raised(tmp_path: Path) -> None:
    def fail(program: Program) -> Outcome:
        raise SandboxError("the engine is gone")

    with pytest.raises(EngineError, match="7 of 12"):
        judge_beside(tmp_path / "run", CountingEngine(breaks_after=7), ScriptedBackend(fail))


def test_a_sample_that_no_sandbox_can_judge_is_reported(tmp_path: Path) -> None:
    def breaks_on_one(program: Program) -> Outcome:
        if (program.task_id, program.completion_id) == ("Python/2", 1):
            raise SandboxError("lost contact")
        return passes(program)

    evaluated = judge_beside(tmp_path / "run", CountingEngine(), ScriptedBackend(breaks_on_one))
    assert [(each.task_id, each.completion_id) for each in evaluated.unjudged] == [("Python/2", 1)]
    assert evaluated.judged == WHOLE - 1


def test_samples_with_the_same_program_are_run_once(tmp_path: Path) -> None:
    class SameEngine(CountingEngine):
        def sample(self, requests: Sequence[Request], sampling: Sampling) -> Iterator[tuple[Prompt, Completion]]:
            for prompt, each in super().sample(requests, sampling):
                yield prompt, Completion(
                    task_id=each.task_id, completion_id=each.completion_id, text="    pass\n", finish="stop", tokens=1,
                    seed=1,
                )  # fmt: skip

    backend = ScriptedBackend(passes)
    evaluated = judge_beside(tmp_path / "run", SameEngine(), backend)
    assert (evaluated.judged, evaluated.shared) == (WHOLE, WHOLE - len(PROBLEMS))
    assert len(backend.executed) == len(PROBLEMS)


def test_other_rules_are_refused_before_anything_is_drawn(tmp_path: Path) -> None:
    with pytest.raises(EngineError):
        judge_beside(tmp_path / "run", CountingEngine(breaks_after=2), ScriptedBackend(passes))
    engine = CountingEngine()
    with pytest.raises(IncomparableError, match="truncation"):
        judge_beside(tmp_path / "run", engine, ScriptedBackend(passes), manifest={"truncation": "strict"})
    assert engine.drawn == []


def test_a_verdict_whose_sample_was_lost_stands_when_the_sample_is_drawn_again(tmp_path: Path) -> None:
    path = tmp_path / "run"
    judge_beside(path, CountingEngine(), ScriptedBackend(passes))
    journal = RunFolder(path).samples_path(TASK)
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-2]))
    backend = ScriptedBackend(passes)
    assert judge_beside(path, CountingEngine(), backend).kept == WHOLE
    assert backend.executed == []
    assert sorted(judged(path)) == sorted(KEYS)


def test_a_verdict_on_a_sample_that_no_run_draws_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "run"
    judge_beside(path, CountingEngine(), ScriptedBackend(passes))
    verdicts = RunFolder(path).verdicts_path(TASK)
    lines = verdicts.read_bytes().splitlines(keepends=True)
    verdicts.write_bytes(b"".join(lines[:-2]) + lines[-1].replace(b'"completion_id":2', b'"completion_id":9'))
    with pytest.raises(DataError, match="no such sample"):
        judge_beside(path, CountingEngine(), ScriptedBackend(passes))
