"""Verdicts across runs: what is taken over, what never is, and that the store can only cost time."""

from __future__ import annotations

import multiprocessing
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from runs import PROBLEMS, SAMPLING, ScriptedBackend, outcome, sampled_run

from humaneval_x.errors import StorageError
from humaneval_x.evaluation import Evaluated, Rules, evaluate
from humaneval_x.evaluation.store import Section, Store, clear_store, is_lasting, store_figures
from humaneval_x.languages import Language, read_language
from humaneval_x.progress import SilentProgress
from humaneval_x.records import Outcome, Problem, Program, Verdict
from humaneval_x.rundir import RunFolder

TASK = "generation-python"
WHOLE = len(PROBLEMS) * SAMPLING.samples
PYTHON = read_language("python")
DOCKER = {
    "name": "docker",
    "engine": "27.0",
    "architecture": "amd64",
    "cgroup": "v2",
    "images": {
        "python": {"id": "sha256:1", "tag": "python:1", "base": "sha256:b"},
        "go": {"id": "sha256:2", "tag": "go:1", "base": "sha256:b"},
    },
    "missing_limits": [],
}
LOCAL = {
    "name": "local",
    "bubblewrap": "bubblewrap 0.8.0",
    "kernel": "6.1",
    "toolchains": {"python": {"python3": "Python 3.11.2"}, "go": {"go": "go1.19"}},
    "missing_limits": ["process"],
}
DATA = {"python": {"humaneval_python.jsonl": "aa"}, "go": {"humaneval_go.jsonl": "bb"}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "verdicts.sqlite3"


def open_store(path: Path, complaints: list[str] | None = None, **changes: Any) -> Store:
    """A store that must work, or whose complaints are wanted."""

    def fail(text: str) -> None:
        raise AssertionError(text)

    settings: dict[str, Any] = {"sandbox": DOCKER, "data": DATA, "patience_s": 20.0, **changes}
    return Store(path, say=fail if complaints is None else complaints.append, **settings)


def judge(
    folder: RunFolder, backend: ScriptedBackend, store: Store | None, problems: dict[str, Problem] = PROBLEMS
) -> Evaluated:
    return evaluate(
        folder,
        backend,
        problems,
        Rules(),
        manifest={},
        workers=2,
        progress=SilentProgress(),
        store=store,
    )


def passes(program: Program) -> Outcome:
    right = program.task_id == f"Python/{program.completion_id}"
    return outcome() if right else outcome(exit_code=1, completed=False, stderr="AssertionError")


def statuses(folder: RunFolder) -> dict[tuple[str, int], str]:
    return {(verdict.task_id, verdict.completion_id): verdict.status for verdict in folder.verdicts(TASK)}


def verdict(**changes: Any) -> Verdict:
    facts: dict[str, Any] = {
        "task_id": "Python/1",
        "completion_id": 4,
        "sha256": "ab" * 32,
        "status": "wrong_answer",
        "reference_passed": False,
        "flags": ("failed_after_tests",),
        "cpu_s": 0.25,
        "wall_s": 0.5,
        "peak_mb": 9.5,
        "detail": "AssertionError: \u00e9\ufffd",
    }
    return Verdict(**{**facts, **changes})


def program(**changes: Any) -> Program:
    facts = {"task_id": "Python/1", "completion_id": 7, "language": "python", "source": "", "sha256": "ab" * 32}
    return Program(**{**facts, **changes})


def section(store: Store, language: Language = PYTHON) -> Section:
    return store.section(language, language.limits)


def test_a_program_that_an_earlier_run_judged_is_not_run_again(tmp_path: Path, path: Path) -> None:
    first, second = sampled_run(tmp_path / "first"), sampled_run(tmp_path / "second")
    with open_store(path) as store:
        assert judge(first, ScriptedBackend(passes), store).stored == 0
    backend = ScriptedBackend(passes)
    with open_store(path) as store:
        evaluated = judge(second, backend, store)
    assert backend.opened == 0
    assert evaluated == Evaluated(judged=WHOLE, shared=WHOLE, stored=WHOLE, kept=0, missing=0, unjudged=())
    assert statuses(second) == statuses(first)
    verdicts = list(second.verdicts(TASK))
    assert {verdict.flags for verdict in verdicts} == {("stored", "shared")}
    assert sum(verdict.cpu_s + verdict.wall_s for verdict in verdicts) == 0
    assert {verdict.detail for verdict in verdicts} == {"", "AssertionError"}


def test_all_but_the_sample_comes_back_as_it_was(path: Path) -> None:
    with open_store(path) as store:
        section(store).keep(verdict())
    with open_store(path) as store:
        assert section(store).find(program()) == replace(verdict(), completion_id=7)


def edited(language: Language, name: str, folder: Path) -> Language:
    """The language with one of its files changed."""
    shutil.copytree(language.folder, folder)
    (folder / name).write_bytes((folder / name).read_bytes() + b"\n# changed\n")
    return replace(language, folder=folder)


def other_image(sandbox: dict[str, Any], name: str, **changes: str) -> dict[str, Any]:
    return {**sandbox, "images": {**sandbox["images"], name: {**sandbox["images"][name], **changes}}}


def found(path: Path, tmp_path: Path, sandbox: dict[str, Any], change: str) -> Verdict | None:
    """What is found, under conditions with that change, of a verdict that was kept without it."""
    language, wanted, there, data = PYTHON, program(), sandbox, DATA
    if change == "limits":
        language = replace(PYTHON, limits=replace(PYTHON.limits, run_cpu_s=7))
    elif change.startswith("file "):
        language = edited(PYTHON, change.removeprefix("file "), tmp_path / "python")
    elif change == "task id":
        wanted = program(task_id="Python/2")
    elif change == "program":
        wanted = program(sha256="cd" * 32)
    elif change == "data":
        data = {**DATA, "python": {"humaneval_python.jsonl": "cc"}}
    elif change == "data of another language":
        data = {**DATA, "go": {"humaneval_go.jsonl": "cc"}}
    elif change == "image":
        there = other_image(sandbox, "python", id="sha256:9")
    elif change == "image's tag":
        there = other_image(sandbox, "python", tag="python:latest")
    elif change == "image of another language":
        there = other_image(sandbox, "go", id="sha256:9")
    elif change == "toolchain":
        there = {**sandbox, "toolchains": {"python": {"python3": "Python 3.11.3"}}}
    elif change:
        there = {**sandbox, change: "another"}
    with open_store(path, sandbox=sandbox) as store:
        section(store).keep(verdict())
    with open_store(path, sandbox=there, data=data) as store:
        return section(store, language).find(wanted)


@pytest.mark.parametrize(
    ("sandbox", "change"),
    [
        *((DOCKER, change) for change in ("limits", "file language.toml", "file runner.py", "task id", "program")),
        *((DOCKER, change) for change in ("data", "image", "name", "architecture", "cgroup", "missing_limits")),
        *((LOCAL, change) for change in ("toolchain", "bubblewrap", "missing_limits")),
    ],
)
def test_a_program_under_other_conditions_is_another(
    path: Path, tmp_path: Path, sandbox: dict[str, Any], change: str
) -> None:
    assert found(path, tmp_path, sandbox, change) is None


@pytest.mark.parametrize(
    ("sandbox", "change"),
    [
        (DOCKER, ""),
        (DOCKER, "engine"),
        (DOCKER, "image's tag"),
        (DOCKER, "image of another language"),
        (DOCKER, "data of another language"),
        (LOCAL, "kernel"),
    ],
)
def test_what_does_not_matter_to_a_program_is_not_looked_at(
    path: Path, tmp_path: Path, sandbox: dict[str, Any], change: str
) -> None:
    assert found(path, tmp_path, sandbox, change) is not None


def test_verdicts_with_and_without_the_fast_way_are_kept_apart(path: Path) -> None:
    with open_store(path) as store:
        section(store).keep(verdict())
        assert store.section(PYTHON, PYTHON.limits, fast=False).find(program()) is None


def test_the_verdict_rules_are_part_of_the_conditions(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(path) as store:
        section(store).keep(verdict())
        rules = Path(evaluate.__code__.co_filename).parents[1] / "verdicts.py"
        read = Path.read_bytes
        monkeypatch.setattr(Path, "read_bytes", lambda file: read(file) + b"#" * (file == rules))
        assert section(store).find(program()) is None


def test_a_problem_with_a_random_test_neither_gives_nor_takes(tmp_path: Path, path: Path) -> None:
    random = {task: replace(problem, random_test=True) for task, problem in PROBLEMS.items()}
    with open_store(path) as store:
        judge(sampled_run(tmp_path / "first"), ScriptedBackend(passes), store, random)
    assert store_figures(path).verdicts == 0
    with open_store(path) as store:
        judge(sampled_run(tmp_path / "second"), ScriptedBackend(passes), store)
        backend = ScriptedBackend(passes)
        assert judge(sampled_run(tmp_path / "third"), backend, store, random).shared == 0
    assert len(backend.executed) == WHOLE


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "wall_limit"},
        {"status": "cpu_limit"},
        {"status": "memory_limit"},
        {"status": "process_limit"},
        {"status": "disk_limit"},
        {"status": "output_limit"},
        {"status": "invalid_input"},
        {"status": "passed", "cpu_s": PYTHON.limits.run_cpu_s * 0.6},
        {"status": "compile_error", "cpu_s": PYTHON.limits.compile_cpu_s * 0.6},
        {"status": "passed", "wall_s": PYTHON.limits.wall_s * 0.6},
        {"status": "compile_error", "detail": "g++: fatal error: Killed signal terminated program cc1plus"},
        {"status": "runtime_error", "detail": "BlockingIOError: [Errno 11] Resource temporarily unavailable"},
        {"status": "runtime_error", "detail": "RuntimeError: can't start: OSError: [Errno 12] Cannot allocate memory"},
        {"status": "runtime_error", "detail": "java.lang.OutOfMemoryError: unable to create native thread"},
    ],
)
def test_what_the_host_may_have_decided_is_not_kept(path: Path, changes: dict[str, Any]) -> None:
    assert not is_lasting(verdict(**changes), PYTHON, PYTHON.limits)
    with open_store(path) as store:
        section(store).keep(verdict(**changes))
        assert section(store).find(program()) is None


@pytest.mark.parametrize("status", ["passed", "wrong_answer", "compile_error", "runtime_error", "exited_early"])
def test_what_a_program_showed_by_itself_is_kept(path: Path, status: str) -> None:
    with open_store(path) as store:
        section(store).keep(verdict(status=status))
        assert section(store).find(program()) == verdict(status=status, completion_id=7)


def test_compiling_has_its_own_cpu_limit() -> None:
    cpp = read_language("cpp")
    slow = verdict(status="compile_error", cpu_s=cpp.limits.run_cpu_s * 0.9)
    assert is_lasting(slow, cpp, cpp.limits)
    assert not is_lasting(replace(slow, status="runtime_error"), cpp, cpp.limits)


def test_a_run_that_was_interrupted_takes_the_rest_from_the_store(tmp_path: Path, path: Path) -> None:
    folder = sampled_run(tmp_path / "run")
    with open_store(path) as store:
        judge(folder, ScriptedBackend(passes), store)
    before = statuses(folder)
    journal = folder.verdicts_path(TASK)
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:5]))
    backend = ScriptedBackend(passes)
    with open_store(path) as store:
        evaluated = judge(folder, backend, store)
    assert (evaluated.judged, evaluated.kept, evaluated.stored) == (WHOLE - 5, 5, WHOLE - 5)
    assert backend.executed == []
    assert statuses(folder) == before


def test_further_samples_with_a_stored_program_are_stored_ones_too(tmp_path: Path, path: Path) -> None:
    with open_store(path) as store:
        judge(sampled_run(tmp_path / "first"), ScriptedBackend(passes), store)
    folder = sampled_run(tmp_path / "second")
    journal = folder.samples_path(TASK)
    journal.write_bytes(journal.read_bytes().replace(b"return 1", b"return 0"))
    backend = ScriptedBackend(passes)
    with open_store(path) as store:
        evaluated = judge(folder, backend, store)
    assert (evaluated.judged, evaluated.shared, evaluated.stored) == (WHOLE, WHOLE, WHOLE)


def test_stored_verdicts_are_journalled_as_they_come(tmp_path: Path, path: Path) -> None:
    with open_store(path) as store:
        judge(sampled_run(tmp_path / "first"), ScriptedBackend(passes), store)
    folder = sampled_run(tmp_path / "second")
    there: list[int] = []

    class Watching(SilentProgress):
        def advance(self, **facts: float) -> None:
            there.append(len(folder.verdicts_path(TASK).read_bytes().splitlines()))

    with open_store(path) as store:
        evaluate(folder, ScriptedBackend(passes), PROBLEMS, Rules(), manifest={}, workers=2,
                 progress=Watching(), store=store)  # fmt: skip
    assert there == list(range(1, WHOLE + 1))


def keep_many(path: Path, barrier: Any, number: int) -> None:
    barrier.wait()
    with open_store(path) as store:
        own = section(store)
        for serial in range(200):
            own.keep(verdict(sha256=f"{number} {serial}"))
            own.keep(verdict(sha256=f"both {serial}"))


def test_processes_that_judge_at_once_lose_nothing(path: Path) -> None:
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(3)
    processes = [context.Process(target=keep_many, args=(path, barrier, number)) for number in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert store_figures(path).verdicts == 800
    with open_store(path) as store:
        for name in ("0", "1", "2", "both"):
            assert all(section(store).find(program(sha256=f"{name} {serial}")) for serial in range(200))


def is_garbage(path: Path) -> None:
    path.write_bytes(b"not a database" * 1000)


def is_cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def is_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def lies_in_a_file(path: Path) -> None:
    shutil.rmtree(path.parent)
    path.parent.write_text("")


def is_newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 2")


def is_another_programs(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")


def lacks_its_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE verdicts")


def has_changed_verdicts(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        turned = "WHEN instr(verdict, '\"passed\"') THEN replace(verdict, '\"passed\"', '\"wrong_answer\"')"
        back = "replace(replace(verdict, 'wrong_answer', 'passed'), 'runtime_error', 'passed')"
        connection.execute(f"UPDATE verdicts SET verdict = CASE {turned} ELSE {back} END")


def has_verdicts_in_each_others_place(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        rows = connection.execute("SELECT key, verdict, checksum FROM verdicts").fetchall()
        connection.execute("DELETE FROM verdicts")
        for (key, _, _), (_, text, checksum) in zip(rows, [*rows[1:], rows[0]], strict=True):
            connection.execute("INSERT INTO verdicts (key, verdict, checksum) VALUES (?, ?, ?)", (key, text, checksum))


@pytest.mark.parametrize(
    "damage",
    [
        is_garbage,
        is_cut,
        is_a_folder,
        lies_in_a_file,
        is_newer,
        is_another_programs,
        lacks_its_table,
        has_changed_verdicts,
        has_verdicts_in_each_others_place,
    ],
)
def test_a_store_that_cannot_be_trusted_is_said_once_and_done_without(
    tmp_path: Path, path: Path, damage: Callable[[Path], None]
) -> None:
    first, second = sampled_run(tmp_path / "first"), sampled_run(tmp_path / "second")
    with open_store(path) as store:
        judge(first, ScriptedBackend(passes), store)
    damage(path)
    complaints: list[str] = []
    backend = ScriptedBackend(passes)
    with open_store(path, complaints) as store:
        judge(second, backend, store)
    assert statuses(second) == statuses(first)
    assert len(backend.executed) == WHOLE
    assert len(complaints) == 1
    assert str(path) in complaints[0]
    assert "cache --clear" in complaints[0]


def test_a_store_that_another_program_locks_is_done_without(tmp_path: Path, path: Path) -> None:
    with open_store(path) as store:
        section(store).keep(verdict())
    complaints: list[str] = []
    folder = sampled_run(tmp_path / "run")
    with closing(sqlite3.connect(path)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        with open_store(path, complaints, patience_s=0.05) as store:
            assert judge(folder, ScriptedBackend(passes), store).judged == WHOLE
    assert ["locked" in complaint for complaint in complaints] == [True]


def test_a_store_that_is_locked_on_the_way_is_done_without(tmp_path: Path, path: Path) -> None:
    complaints: list[str] = []
    backend = ScriptedBackend(passes)
    with open_store(path, complaints, patience_s=0.05) as store, closing(sqlite3.connect(path)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        assert judge(sampled_run(tmp_path / "run"), backend, store).judged == WHOLE
    assert len(backend.executed) == WHOLE
    assert len(complaints) == 1


def test_a_full_store_drops_the_oldest(path: Path) -> None:
    with open_store(path, max_bytes=1 << 19) as store:
        own = section(store)
        for serial in range(4000):
            own.keep(verdict(sha256=str(serial), detail="x" * 400))
        assert own.find(program(sha256="3999")) is not None
        assert own.find(program(sha256="0")) is None
    with open_store(path, max_bytes=1 << 19):
        pass
    kept = store_figures(path).verdicts
    assert 200 < kept < 2000
    with open_store(path) as store:
        assert [section(store).find(program(sha256=str(4000 - kept + shift))) is None for shift in (-1, 0)] == [
            True,
            False,
        ]


def test_clearing_forgets_all_verdicts(path: Path) -> None:
    with open_store(path) as store:
        for serial in range(100):
            section(store).keep(verdict(sha256=str(serial)))
    full = store_figures(path)
    clear_store(path)
    assert full.verdicts == 100
    assert store_figures(path).verdicts == 0
    assert store_figures(path).bytes < full.bytes


@pytest.mark.parametrize("damage", [is_garbage, is_newer, lacks_its_table])
def test_clearing_makes_an_unusable_store_usable(path: Path, damage: Callable[[Path], None]) -> None:
    with open_store(path) as store:
        section(store).keep(verdict())
    damage(path)
    with pytest.raises(StorageError, match="cache --clear"):
        store_figures(path)
    clear_store(path)
    with open_store(path) as store:
        section(store).keep(verdict())
        assert section(store).find(program()) is not None


def test_a_store_that_was_never_made_is_empty(path: Path) -> None:
    clear_store(path)
    assert store_figures(path).verdicts == 0
    assert not path.exists()
