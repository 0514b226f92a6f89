from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from runs import PROBLEMS, ScriptedBackend, outcome, sampled_run

from humaneval_x.errors import DataError, IncomparableError, SandboxError
from humaneval_x.evaluation import Evaluated, Rules, evaluate
from humaneval_x.languages import read_language
from humaneval_x.progress import SilentProgress
from humaneval_x.records import Outcome, Program
from humaneval_x.rundir import Judgement, RunFolder

TASK = "generation-python"
KEYS = {(task_id, number) for task_id in PROBLEMS for number in range(3)}


def judge(
    folder: RunFolder, backend: ScriptedBackend, rules: Rules | None = None, workers: int = 2, **changes: object
) -> Evaluated:
    rules = rules or Rules()
    return evaluate(
        folder,
        backend,
        PROBLEMS,
        rules,
        manifest={"truncation": rules.truncation, **changes},
        workers=workers,
        progress=SilentProgress(),
    )


def passes(program: Program) -> Outcome:
    right = program.task_id == f"Python/{program.completion_id}"
    return outcome() if right else outcome(exit_code=1, completed=False, stderr="AssertionError")


def statuses(folder: RunFolder) -> dict[tuple[str, int], bool]:
    return {(verdict.task_id, verdict.completion_id): verdict.passed for verdict in folder.verdicts(TASK)}


def test_every_sample_gets_its_own_verdict(tmp_path: Path) -> None:
    folder = sampled_run(tmp_path / "run")
    evaluated = judge(folder, ScriptedBackend(passes))
    assert evaluated == Evaluated(judged=12, shared=0, kept=0, missing=0, unjudged=())
    assert statuses(folder) == {(task, number): task == f"Python/{number}" for task, number in KEYS}


def test_a_second_evaluation_runs_nothing(tmp_path: Path) -> None:
    folder = sampled_run(tmp_path / "run")
    judge(folder, ScriptedBackend(passes))
    again = ScriptedBackend(passes)
    assert judge(folder, again).kept == 12
    assert again.opened == 0


def test_a_cut_verdicts_journal_is_completed_without_judging_twice(tmp_path: Path) -> None:
    folder = sampled_run(tmp_path / "run")
    judge(folder, ScriptedBackend(passes))
    journal = folder.verdicts_path(TASK)
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:5]) + lines[5][:10])
    again = ScriptedBackend(passes)
    assert judge(folder, again).judged == 7
    assert set(statuses(folder)) == KEYS


def test_a_sandbox_fault_is_retried_in_a_fresh_slot(tmp_path: Path) -> None:
    folder = sampled_run(tmp_path / "run")
    failed: set[tuple[str, int]] = set()
    lock = threading.Lock()

    def fail_once(program: Program) -> Outcome:
        with lock:
            first = program.completion_id == 1 and (program.task_id, 1) not in failed
            failed.add((program.task_id, program.completion_id))
        if first:
            raise SandboxError("the container died")
        return passes(program)

    backend = ScriptedBackend(fail_once)
    assert judge(folder, backend, workers=1).unjudged == ()
    assert statuses(folder) == {(task, number): task == f"Python/{number}" for task, number in KEYS}
    assert backend.opened == 1 + len(PROBLEMS)
    assert backend.open_now == 0


def test_a_sample_that_no_sandbox_can_judge_has_no_verdict_and_is_left_for_the_next_run(tmp_path: Path) -> None:
    folder = sampled_run(tmp_path / "run")

    def breaks_on_one(program: Program) -> Outcome:
        if (program.task_id, program.completion_id) == ("Python/2", 1):
            raise SandboxError("lost contact")
        return passes(program)

    backend = ScriptedBackend(breaks_on_one)
    evaluated = judge(folder, backend)
    assert [(each.task_id, each.completion_id, each.reason) for each in evaluated.unjudged] == [
        ("Python/2", 1, "lost contact")
    ]
    assert backend.executed.count(("Python/2", 1)) == 2
    assert set(statuses(folder)) == KEYS - {("Python/2", 1)}
    assert judge(folder, ScriptedBackend(passes)).judged == 1
    assert set(statuses(folder)) == KEYS


def test_a_host_that_fails_every_sample_stops_the_evaluation(tmp_path: Path) -> None:
    folder = sampled_run(tmp_path / "run", samples=20)

    def fail(program: Program) -> Outcome:
        raise SandboxError("the engine is gone")

    backend = ScriptedBackend(fail)
    with pytest.raises(SandboxError, match="in a row: the engine is gone"):
        judge(folder, backend, workers=1)
    assert len(backend.executed) == 6
    assert backend.open_now == 0
    assert list(folder.verdicts(TASK)) == []


def test_a_defect_in_a_worker_reaches_the_caller(tmp_path: Path) -> None:
    folder = sampled_run(tmp_path / "run")

    def defect(program: Program) -> Outcome:
        raise ZeroDivisionError("a bug")

    backend = ScriptedBackend(defect)
    with pytest.raises(ZeroDivisionError):
        judge(folder, backend)
    assert backend.open_now == 0


def test_a_wall_limit_hit_while_idle_is_tried_again_alone_and_the_second_outcome_stands(tmp_path: Path) -> None:
    folder = sampled_run(tmp_path / "run")
    running = threading.Semaphore(0)
    seen: dict[tuple[str, int], int] = {}
    alone: list[bool] = []

    def starved_once(program: Program) -> Outcome:
        running.release()
        key = (program.task_id, program.completion_id)
        seen[key] = seen.get(key, 0) + 1
        if seen[key] == 2:
            alone.append(threading.active_count() == before + 1)
        if key == ("Python/1", 1) and seen[key] == 1:
            return outcome(exit_code=None, signal=9, limit_hit="wall", wall_s=30.0, cpu_s=0.1, completed=False)
        return passes(program)

    before = threading.active_count()
    judge(folder, ScriptedBackend(starved_once))
    assert statuses(folder)["Python/1", 1]
    assert alone == [True]
    assert sum(seen.values()) == 13


def test_a_cpu_limit_is_not_tried_again(tmp_path: Path) -> None:
    folder = sampled_run(tmp_path / "run")
    backend = ScriptedBackend(
        lambda program: outcome(exit_code=None, signal=9, limit_hit="cpu", wall_s=5.1, cpu_s=5.0, completed=False)
    )
    judge(folder, backend)
    assert len(backend.executed) == 12
    assert {verdict.status for verdict in folder.verdicts(TASK)} == {"cpu_limit"}


def test_a_program_that_cannot_be_given_to_a_sandbox_is_invalid_input_without_running(tmp_path: Path) -> None:
    folder = sampled_run(tmp_path / "run")
    journal = folder.samples_path(TASK)
    journal.write_bytes(journal.read_bytes().replace(b"return 0", b"return \\u0000", 1))
    backend = ScriptedBackend(passes)
    judge(folder, backend)
    verdicts = {(verdict.task_id, verdict.completion_id): verdict for verdict in folder.verdicts(TASK)}
    assert verdicts["Python/0", 0].status == "invalid_input"
    assert ("Python/0", 0) not in backend.executed
    assert len(verdicts) == 12


def same_text(folder: RunFolder) -> None:
    """Give all samples of a problem the same text."""
    journal = folder.samples_path(TASK)
    journal.write_bytes(journal.read_bytes().replace(b"return 1", b"return 0").replace(b"return 2", b"return 0"))


def test_the_same_program_runs_once_and_every_sample_gets_its_verdict(tmp_path: Path) -> None:
    folder = sampled_run(tmp_path / "run")
    same_text(folder)
    backend = ScriptedBackend(lambda program: outcome() if program.task_id == "Python/0" else outcome(exit_code=1))
    evaluated = judge(folder, backend)
    assert (evaluated.judged, evaluated.shared) == (12, 8)
    assert sorted(task for task, _ in backend.executed) == sorted(PROBLEMS)
    assert statuses(folder) == {(task, number): task == "Python/0" for task, number in KEYS}
    verdicts = list(folder.verdicts(TASK))
    assert sum("shared" in verdict.flags for verdict in verdicts) == 8
    assert sum(verdict.cpu_s for verdict in verdicts) == pytest.approx(4 * 0.01)


def test_a_verdict_from_before_an_interruption_is_shared_too(tmp_path: Path) -> None:
    folder = sampled_run(tmp_path / "run")
    same_text(folder)
    judge(folder, ScriptedBackend(passes), workers=1)
    journal = folder.verdicts_path(TASK)
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:1]))
    again = ScriptedBackend(passes)
    assert judge(folder, again).judged == 11
    assert len(again.executed) == 3
    assert set(statuses(folder)) == KEYS


def test_a_problem_with_a_random_test_shares_nothing(tmp_path: Path) -> None:
    folder = sampled_run(tmp_path / "run")
    same_text(folder)
    problems = {task: replace(problem, random_test=True) for task, problem in PROBLEMS.items()}
    backend = ScriptedBackend(passes)
    evaluated = evaluate(folder, backend, problems, Rules(), manifest={}, workers=2, progress=SilentProgress())
    assert (evaluated.judged, evaluated.shared) == (12, 0)
    assert len(backend.executed) == 12


def test_samples_that_share_a_program_no_sandbox_can_judge_are_all_left(tmp_path: Path) -> None:
    folder = sampled_run(tmp_path / "run")
    same_text(folder)

    def breaks_on_one(program: Program) -> Outcome:
        if program.task_id == "Python/2":
            raise SandboxError("lost contact")
        return passes(program)

    evaluated = judge(folder, ScriptedBackend(breaks_on_one))
    assert {(each.task_id, each.completion_id) for each in evaluated.unjudged} == {("Python/2", n) for n in range(3)}
    assert set(statuses(folder)) == {key for key in KEYS if key[0] != "Python/2"}


def test_other_rules_on_the_same_run_are_refused(tmp_path: Path) -> None:
    folder = sampled_run(tmp_path / "run")
    judge(folder, ScriptedBackend(passes))
    with pytest.raises(IncomparableError, match="limits"):
        judge(folder, ScriptedBackend(passes), limits={"python": {"run_cpu_s": 9}})


def test_another_truncation_is_judged_beside_the_first_without_new_samples(tmp_path: Path) -> None:
    folder = sampled_run(tmp_path / "run")
    judge(folder, ScriptedBackend(passes))
    before = folder.verdicts_path(TASK).read_bytes()
    backend = ScriptedBackend(lambda program: outcome())
    assert judge(folder, backend, Rules(truncation="none")).judged == len(KEYS)
    assert all("\n\n\npass" in source for source in backend.sources)
    assert all(verdict.passed for verdict in folder.verdicts(TASK, Judgement(truncation="none")))
    assert folder.verdicts_path(TASK).read_bytes() == before


def test_another_image_on_the_same_run_is_refused(tmp_path: Path) -> None:
    folder = sampled_run(tmp_path / "run")
    judge(folder, ScriptedBackend(passes), sandbox={"images": {"python": "sha256:1"}})
    with pytest.raises(IncomparableError, match=r"sandbox\.images\.python"):
        judge(folder, ScriptedBackend(passes), sandbox={"images": {"python": "sha256:2"}})


def test_a_verdict_on_another_program_is_refused(tmp_path: Path) -> None:
    folder = sampled_run(tmp_path / "run")
    judge(folder, ScriptedBackend(passes))
    journal = folder.samples_path(TASK)
    journal.write_bytes(journal.read_bytes().replace(b"return 0", b"return 9", 1))
    cut = folder.verdicts_path(TASK)
    cut.write_bytes(b"".join(cut.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(IncomparableError, match="another program"):
        judge(folder, ScriptedBackend(passes))


def test_a_verdict_without_its_sample_is_an_error(tmp_path: Path) -> None:
    folder = sampled_run(tmp_path / "run")
    judge(folder, ScriptedBackend(passes))
    journal = folder.samples_path(TASK)
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(DataError, match="no such sample"):
        judge(folder, ScriptedBackend(passes))


def test_example_tests_are_judged_beside_the_tests(tmp_path: Path) -> None:
    folder = sampled_run(tmp_path / "run")
    judge(folder, ScriptedBackend(passes))
    example = ScriptedBackend(lambda program: outcome() if "> -1" in program.source else passes(program))
    judge(folder, example, Rules(example_tests=True))
    assert all(verdict.passed for verdict in folder.verdicts(TASK, Judgement(example_tests=True)))
    assert statuses(folder)["Python/1", 0] is False


def test_missing_samples_are_counted(tmp_path: Path) -> None:
    folder = sampled_run(tmp_path / "run")
    journal = folder.samples_path(TASK)
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-2]))
    assert judge(folder, ScriptedBackend(passes)).missing == 2


def test_a_timeout_replaces_the_cpu_limit_and_never_shortens_the_wall_limit() -> None:
    language = read_language("python")
    assert Rules().limits(language) == language.limits
    longer = Rules(timeout_s=language.limits.run_cpu_s * 4).limits(language)
    assert longer == replace(
        language.limits, run_cpu_s=language.limits.run_cpu_s * 4, wall_s=language.limits.wall_s * 4
    )
    assert Rules(timeout_s=0.1).limits(language).wall_s == language.limits.wall_s
