"""`kill -9` at any point: the same command goes on, and the files end up as if nothing had happened."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest
from runs import MANIFEST, PROBLEMS, PROMPTS, SAMPLING, CountingEngine, ScriptedBackend, outcome, sampled_run

from humaneval_x.cli.beside import HeardProgress, judged_beside
from humaneval_x.engines import Request
from humaneval_x.evaluation import Rules, begin_evaluation, evaluate
from humaneval_x.evaluation.drawing import Drawing
from humaneval_x.generation import generate
from humaneval_x.progress import SilentProgress
from humaneval_x.records import Completion, Outcome, Program, Prompt, Sampling
from humaneval_x.rundir import RunFolder

TASK = "generation-python"
WHOLE = len(PROBLEMS) * SAMPLING.samples


def in_a_process(work: Callable[[], None]) -> int:
    """Run the work in a process of its own; its exit code, negative for a signal."""
    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


class DyingEngine(CountingEngine):
    """Ends its process without warning before the sample with that number."""

    def __init__(self, dies_at: int) -> None:
        super().__init__()
        self._dies_at = dies_at

    def sample(self, requests: Sequence[Request], sampling: Sampling) -> Iterator[tuple[Prompt, Completion]]:
        for number, pair in enumerate(super().sample(requests, sampling)):
            if number == self._dies_at:
                os.kill(os.getpid(), signal.SIGKILL)
            yield pair


def draw(path: Path, dies_at: int) -> None:
    generate(
        RunFolder(path),
        DyingEngine(dies_at),
        PROMPTS,
        PROBLEMS,
        SAMPLING,
        manifest=MANIFEST,
        stop="none",
        progress=SilentProgress(),
    )


@pytest.mark.parametrize("dies_at", range(WHOLE))
def test_sampling_that_is_killed_again_and_again_ends_with_the_same_file(tmp_path: Path, dies_at: int) -> None:
    left = WHOLE
    while left > dies_at:
        assert in_a_process(lambda: draw(tmp_path / "run", dies_at)) == -signal.SIGKILL
        left -= dies_at
        if dies_at == 0:
            break
    assert in_a_process(lambda: draw(tmp_path / "run", WHOLE)) == 0
    whole = sampled_run(tmp_path / "whole").samples_path(TASK)
    assert RunFolder(tmp_path / "run").samples_path(TASK).read_bytes() == whole.read_bytes()


def judge(path: Path, dies_at: int) -> None:
    executed = 0

    def execute(program: Program) -> Outcome:
        nonlocal executed
        executed += 1
        if executed > dies_at:
            os.kill(os.getpid(), signal.SIGKILL)
        right = program.task_id == f"Python/{program.completion_id}"
        return outcome() if right else outcome(exit_code=1, completed=False)

    evaluate(
        RunFolder(path),
        ScriptedBackend(execute),
        PROBLEMS,
        Rules(),
        manifest={},
        workers=1,
        progress=SilentProgress(),
    )


def draw_and_judge(path: Path, dies_at: int) -> None:
    folder, drawing = RunFolder(path), Drawing()
    folder.begin(MANIFEST)

    def draw() -> None:
        heard = HeardProgress(SilentProgress(), drawing)
        generate(folder, DyingEngine(dies_at), PROMPTS, PROBLEMS, SAMPLING, manifest=MANIFEST, stop="none",
                 progress=heard)  # fmt: skip

    backend = ScriptedBackend(lambda program: outcome())
    with begin_evaluation(folder, PROBLEMS, Rules(fast=False), manifest={}, drawing=drawing) as evaluation:
        judge = partial(evaluation.judge, backend, workers=2, progress=SilentProgress())
        judged_beside(drawing, draw, judge, say=print)


@pytest.mark.parametrize("dies_at", range(0, WHOLE, 3))
def test_a_run_that_is_killed_has_every_sample_and_every_verdict_once_in_the_end(tmp_path: Path, dies_at: int) -> None:
    path = tmp_path / "run"
    assert in_a_process(lambda: draw_and_judge(path, dies_at)) == -signal.SIGKILL
    assert in_a_process(lambda: draw_and_judge(path, WHOLE)) == 0
    keys = sorted((task, number) for task in PROBLEMS for number in range(SAMPLING.samples))
    for records in (RunFolder(path).samples(TASK), RunFolder(path).verdicts(TASK)):
        assert sorted((each.task_id, each.completion_id) for each in records) == keys


@pytest.mark.parametrize("dies_at", range(WHOLE))
def test_judging_that_is_killed_ends_with_every_verdict_once(tmp_path: Path, dies_at: int) -> None:
    folder = sampled_run(tmp_path / "run")
    assert in_a_process(lambda: judge(tmp_path / "run", dies_at)) == -signal.SIGKILL
    assert in_a_process(lambda: judge(tmp_path / "run", WHOLE)) == 0
    verdicts = {(verdict.task_id, verdict.completion_id): verdict.passed for verdict in folder.verdicts(TASK)}
    assert verdicts == {(task, n): task == f"Python/{n}" for task in PROBLEMS for n in range(SAMPLING.samples)}
    assert len(folder.verdicts_path(TASK).read_bytes().splitlines()) == WHOLE
