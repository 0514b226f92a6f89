"""One contract for every sandbox and every language: each case gets exactly the verdicts that its file states."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from case_files import Case, all_case_ids, case_named, cases_of

from humaneval_x.languages import language_names, read_language
from humaneval_x.records import Verdict
from humaneval_x.sandbox import Backend, Slot
from humaneval_x.verdicts import STATUSES, decide

BACKENDS = [pytest.param("docker", marks=pytest.mark.docker), pytest.param("local", marks=pytest.mark.local)]
LEAST_CHEATS = 4


def backend_of_kind(kind: str) -> Backend:
    if kind == "docker":
        from humaneval_x.sandbox.docker import DockerBackend

        return DockerBackend()
    from humaneval_x.sandbox.local import LocalBackend

    return LocalBackend()


class Slots:
    """One open slot a language and backend, opened when first asked for, skipping where the host lacks something."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._slots: dict[tuple[str, str], Slot | str] = {}

    def slot(self, kind: str, language: str) -> Slot:
        if (kind, language) not in self._slots:
            self._slots[kind, language] = self._open(kind, language)
        found = self._slots[kind, language]
        if isinstance(found, str):
            required = kind in os.environ.get("HUMANEVAL_X_REQUIRE", "").split(",")
            (pytest.fail if required else pytest.skip)(found)
        return found

    def _open(self, kind: str, language: str) -> Slot | str:
        backend = backend_of_kind(kind)
        missing = [found.detail for found in backend.check([language]) if not found.ok]
        if missing:
            return f"{kind}: " + "; ".join(missing)
        return self._stack.enter_context(backend.open_slot(read_language(language)))


@pytest.fixture(scope="module")
def slots() -> Iterator[Slots]:
    with ExitStack() as stack:
        yield Slots(stack)


def judged(slot: Slot, case: Case, language: str) -> Verdict:
    return decide(case.program, slot.execute(case.program, case.limits), read_language(language))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("language", "name"), all_case_ids())
def test_a_case_gets_the_verdicts_that_its_file_states(backend: str, language: str, name: str, slots: Slots) -> None:
    slot, case = slots.slot(backend, language), case_named(language, name)
    verdict = judged(slot, case, language)
    assert (verdict.status, verdict.reference_passed) == (case.status, case.reference_passed), (
        f"{case.why}: {verdict.detail}"
    )
    if case.status.endswith("_limit"):
        # What the case used up must not be missing to the next program of the same slot.
        right = case_named(language, "correct").program
        after = decide(right, slot.execute(right, case.limits), read_language(language))
        assert after.status == "passed", f"after {name}: {after.status}: {after.detail}"


@pytest.mark.parametrize("language", language_names())
def test_every_language_has_the_cases_that_every_language_needs(language: str) -> None:
    cases = {case.name: case for case in cases_of(language)}
    wanted = {"passed", "wrong_answer", "compile_error", "runtime_error", "exited_early", "cpu_limit", "wall_limit",
              "memory_limit", "process_limit", "disk_limit", "output_limit"}  # fmt: skip
    assert wanted <= {case.status for case in cases.values()} <= set(STATUSES)
    assert {"correct", "wrong_answer", "prints_and_is_right", "reads_stdin", "prints_non_ascii",
            "forges_the_marker", "recurses_deeply"} <= set(cases)  # fmt: skip
    assert sum(case.status == "exited_early" for case in cases.values()) >= LEAST_CHEATS
    assert all(case.why for case in cases.values())
