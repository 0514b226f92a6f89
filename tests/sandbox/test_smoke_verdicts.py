"""The smoke set, judged for real: its canonical solutions pass by both rules, wrong ones get their stated status."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from case_files import program_of
from open_slots import BACKENDS, Slots

from humaneval_x.datasets import read_problems
from humaneval_x.languages import language_names, read_language
from humaneval_x.records import Problem, Verdict
from humaneval_x.resources import resource_folder
from humaneval_x.verdicts import decide

both = pytest.mark.parametrize("backend", BACKENDS)
languages = pytest.mark.parametrize("language", language_names())


@pytest.fixture(scope="module")
def slots() -> Iterator[Slots]:
    with ExitStack() as stack:
        yield Slots(stack)


def verdict_on(problem: Problem, text: str, backend: str, slots: Slots) -> Verdict:
    language = read_language(problem.language)
    program = program_of(problem, text)
    limits = dataclasses.replace(language.limits, run_cpu_s=2)  # all that must pass uses far less
    return decide(program, slots.slot(backend, language.name).execute(program, limits), language)


@both
@languages
def test_canonical_solutions_of_the_smoke_set_pass_by_both_rules(backend: str, language: str, slots: Slots) -> None:
    problems = read_problems("smoke", [language])
    verdicts = [verdict_on(problem, problem.canonical_solution, backend, slots) for problem in problems]
    failed = {v.task_id: (v.status, v.detail) for v in verdicts if not (v.passed and v.reference_passed)}
    assert problems
    assert failed == {}


@both
@languages
def test_wrong_solutions_of_the_smoke_set_get_their_stated_status(backend: str, language: str, slots: Slots) -> None:
    problems = {problem.task_id: problem for problem in read_problems("smoke", [language])}
    path = resource_folder("benchmark_data") / "smoke" / f"wrong_{language}.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    found = [(row, verdict_on(problems[row["task_id"]], row["completion"], backend, slots)) for row in rows]
    unlike = [
        (row["task_id"], row["name"], row["status"], verdict.status, verdict.detail)
        for row, verdict in found
        if verdict.status != row["status"]
    ]
    assert rows
    assert unlike == []
