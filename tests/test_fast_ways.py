"""Which of the fast way's outcomes stand, and that the plain way judges the others."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from runs import PROBLEMS, ScriptedBackend, outcome, sampled_run

from humaneval_x.errors import SandboxError
from humaneval_x.evaluation import Evaluated, Rules, evaluate
from humaneval_x.languages import FastWay, language_names, read_language
from humaneval_x.progress import SilentProgress
from humaneval_x.records import Outcome, Program
from humaneval_x.rundir import RunFolder
from humaneval_x.sandbox import Declined
from humaneval_x.verdicts import STATUSES, is_beyond_doubt

TASK = "generation-python"
WRONG = outcome(exit_code=101, completed=False)


def judged(folder: RunFolder, backend: ScriptedBackend, *, fast: bool = True, workers: int = 2) -> Evaluated:
    return evaluate(
        folder,
        backend,
        PROBLEMS,
        Rules(fast=fast),
        manifest={},
        workers=workers,
        progress=SilentProgress(),
    )


def passed(folder: RunFolder) -> set[tuple[str, int]]:
    return {(verdict.task_id, verdict.completion_id) for verdict in folder.verdicts(TASK) if verdict.passed}


def test_what_the_fast_way_can_tell_is_not_judged_again(tmp_path: Path) -> None:
    folder = sampled_run(tmp_path / "run")
    backend = ScriptedBackend(lambda _: WRONG, fast=lambda _: outcome())
    found = judged(folder, backend)
    assert found == Evaluated(judged=12, shared=0, kept=0, missing=0, unjudged=(), plainly=0)
    assert len(passed(folder)) == 12 and backend.executed == [] and sum(backend.batches) == 12


@pytest.mark.parametrize(
    "told",
    [
        Declined("no server"),
        outcome(exit_code=None, signal=11, completed=False),
        outcome(limit_hit="cpu", completed=False),
        outcome(limit_hit="wall"),
    ],
)
def test_what_it_cannot_tell_the_plain_way_decides(told: Outcome | Declined, tmp_path: Path) -> None:
    folder = sampled_run(tmp_path / "run")

    def fast(program: Program) -> Outcome | Declined:
        return told if program.completion_id == 1 else WRONG

    backend = ScriptedBackend(lambda _: outcome(), fast=fast)
    found = judged(folder, backend)
    assert found.plainly == 4 and found.judged == 12
    assert passed(folder) == {(task_id, 1) for task_id in PROBLEMS} == set(backend.executed)


def test_when_the_fast_way_breaks_the_rest_is_judged_plainly_and_once(tmp_path: Path) -> None:
    folder = sampled_run(tmp_path / "run")

    def breaks(program: Program) -> Outcome:
        if program.completion_id == 2:
            raise SandboxError("the box is gone")
        return outcome()

    backend = ScriptedBackend(lambda _: outcome(), fast=breaks)
    found = judged(folder, backend, workers=1)
    assert found.judged == 12 and len(passed(folder)) == 12 and not found.unjudged
    assert len(set(backend.executed)) == len(backend.executed) == found.plainly >= 4
    assert backend.opened > 1, "what broke is not used again"


def test_plain_mode_and_slots_without_a_fast_way_judge_plainly_without_saying_again(tmp_path: Path) -> None:
    plain = ScriptedBackend(lambda _: outcome(), fast=lambda _: WRONG)
    assert judged(sampled_run(tmp_path / "plain"), plain, fast=False).plainly == 0
    assert len(plain.executed) == 12 and plain.batches == []
    slow = ScriptedBackend(lambda _: outcome())
    assert judged(sampled_run(tmp_path / "slow"), slow).plainly == 0
    assert len(slow.executed) == 12


def test_batches_are_no_larger_than_the_language_says_and_shared_between_workers(tmp_path: Path) -> None:
    folder = sampled_run(tmp_path / "run", samples=40)
    backend = ScriptedBackend(lambda _: WRONG, fast=lambda _: outcome())
    judged(folder, backend)
    python = read_language("python")
    assert python.fast is not None
    assert sum(backend.batches) == 160 and max(backend.batches) <= python.fast.batch
    assert len(backend.batches) < 60, "programs are sent one by one"


FAST = FastWay(batch=4, trusts=("passed", "wrong_answer", "runtime_error"), memory_mb=1, processes=1)


@pytest.mark.parametrize(
    ("told", "stands"),
    [
        (outcome(), True),
        (outcome(completed=False), False),  # exited_early, not among the trusted
        (outcome(exit_code=101, completed=False), True),
        (outcome(exit_code=102, completed=False), False),  # compile_error
        (outcome(exit_code=1, completed=False), True),
        (outcome(exit_code=None, signal=11, completed=False), False),
        (outcome(exit_code=1, completed=False, stderr="note\nOutOfMemory here\n"), False),
        (outcome(exit_code=1, completed=False, stdout="OutOfMemory"), False),
        *((outcome(limit_hit=limit), False) for limit in ("cpu", "wall", "memory", "process", "disk", "output")),
        (outcome(stage="input"), False),
    ],
)
def test_an_outcome_stands_only_beyond_doubt(told: Outcome, stands: bool) -> None:
    language = replace(read_language("python"), fast=replace(FAST, distrusts=re.compile("^OutOfMemory", re.MULTILINE)))
    assert is_beyond_doubt(told, language) is stands
    assert not is_beyond_doubt(told, replace(language, fast=None))


def test_a_signal_stands_as_a_tests_own_way_to_fail() -> None:
    cpp = replace(read_language("cpp"), fast=FAST)
    aborted = outcome(
        exit_code=None, signal=6, completed=False, stderr="main: x.cpp:1: int main(): Assertion `0' failed.\n"
    )
    assert is_beyond_doubt(aborted, cpp)
    assert not is_beyond_doubt(replace(aborted, stderr=""), cpp)


@pytest.mark.parametrize("name", language_names())
def test_every_language_has_a_fast_way_that_trusts_no_limit(name: str) -> None:
    language = read_language(name)
    assert language.fast is not None and (language.folder / "fast.py").is_file()
    assert {"passed", "wrong_answer"} <= set(language.fast.trusts) <= set(STATUSES)
    assert not [status for status in language.fast.trusts if status.endswith("_limit") or status == "invalid_input"]
