"""The smoke set, judged for real: its canonical solutions pass by both rules, wrong ones get their stated status."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import pytest
from case_files import program_of
from fast_slot import FastSlot
from open_slots import BACKENDS, Slots

from humaneval_x.datasets import read_problems
from humaneval_x.languages import language_names, read_language
from humaneval_x.records import Problem, Program, Verdict
from humaneval_x.resources import resource_folder
from humaneval_x.sandbox import Slot
from humaneval_x.verdicts import decide

both = pytest.mark.parametrize("backend", BACKENDS)
languages = pytest.mark.parametrize("language", language_names())


@pytest.fixture(scope="module")
def slots() -> Iterator[Slots]:
    with ExitStack() as stack:
        yield Slots(stack)


def verdicts_on(texts: Sequence[tuple[Problem, str]], backend: str, name: str, slots: Slots) -> list[Verdict]:
    language = read_language(name)
    limits = dataclasses.replace(language.limits, run_cpu_s=2)  # all that must pass uses far less

    def judged(slot: Slot | FastSlot, program: Program) -> Verdict:
        return decide(program, slot.execute(program, limits), language)

    return slots.map(backend, name, judged, [program_of(problem, text) for problem, text in texts])


@both
@languages
def test_canonical_solutions_of_the_smoke_set_pass_by_both_rules(backend: str, language: str, slots: Slots) -> None:
    problems = read_problems("smoke", [language])
    verdicts = verdicts_on([(problem, problem.canonical_solution) for problem in problems], backend, language, slots)
    failed = {v.task_id: (v.status, v.detail) for v in verdicts if not (v.passed and v.reference_passed)}
    assert problems
    assert failed == {}


@both
@languages
def test_wrong_solutions_of_the_smoke_set_get_their_stated_status(backend: str, language: str, slots: Slots) -> None:
    problems = {problem.task_id: problem for problem in read_problems("smoke", [language])}
    path = resource_folder("benchmark_data") / "smoke" / f"wrong_{language}.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    verdicts = verdicts_on([(problems[row["task_id"]], row["completion"]) for row in rows], backend, language, slots)
    unlike = [
        (row["task_id"], row["name"], row["status"], verdict.status, verdict.detail)
        for row, verdict in zip(rows, verdicts, strict=True)
        if verdict.status != row["status"]
    ]
    assert rows
    assert unlike == []
