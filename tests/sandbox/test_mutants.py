"""Mutants of the canonical solutions: the fast way says of each what the plain way says, or leaves it to that.

A fixed sample is judged, chosen by hash, 30 in each language; `HUMANEVAL_X_MUTANTS=200` takes that many in each, and
`HUMANEVAL_X_MUTANTS=all` all 3,185, which takes hours. To see how they fare in an evaluation: `tests/mutants.py`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from mutants import Mutant, mutants_of, rank
from open_slots import Slots

from humaneval_x.datasets import read_problems
from humaneval_x.languages import Language, language_names, read_language
from humaneval_x.programs import assemble
from humaneval_x.records import Completion, Outcome, Program, Verdict
from humaneval_x.sandbox import Slot
from humaneval_x.verdicts import decide, is_beyond_doubt

pytestmark = [pytest.mark.docker, pytest.mark.published, pytest.mark.slow]

WANTED = os.environ.get("HUMANEVAL_X_MUTANTS", "30")
RIGHT_EVERY = 5
"""Of every so many mutants' problems the canonical solution is judged too."""
LEAST_JUDGED_FAST = 0.4
"""Mutants that do not compile, or do not end, are left to the plain way; the others are not."""


@pytest.fixture(scope="module")
def slots() -> Iterator[Slots]:
    with ExitStack() as stack:
        yield Slots(stack)


def chosen(language: str, folder: Path) -> dict[Program, Mutant]:
    """The sample's programs; `none` is the kind of a canonical solution."""
    problems = {problem.task_id: problem for problem in read_problems("fixed", [language], folder)}
    mutants = sorted((mutant for problem in problems.values() for mutant in mutants_of(problem)), key=rank)
    if WANTED != "all":
        mutants = mutants[: int(WANTED)]
    for mutant in mutants[::RIGHT_EVERY]:
        mutants.append(replace(mutant, kind="none", text=problems[mutant.task_id].canonical_solution))
    programs = {}
    for number, mutant in enumerate(mutants):
        sample = Completion(
            task_id=mutant.task_id, completion_id=number, text=mutant.text, finish="given", tokens=0, seed=0
        )
        task = f"generation-{language}"
        programs[assemble(problems[mutant.task_id], sample, task=task, truncation="none")] = mutant
    return programs


def plain(slots: Slots, programs: Sequence[Program], language: Language) -> dict[Program, tuple[Verdict, Outcome]]:
    limits = replace(language.limits, run_cpu_s=2)
    outcomes = slots.map("docker", language.name, lambda slot, program: slot.execute(program, limits), programs)
    return {
        program: (decide(program, outcome, language), outcome)
        for program, outcome in zip(programs, outcomes, strict=True)
    }


def fast(slot: Slot, programs: Sequence[Program], language: Language) -> dict[Program, Verdict]:
    """The verdicts of the fast way that stand."""
    assert language.fast
    limits, found = replace(language.limits, run_cpu_s=2), {}
    for start in range(0, len(programs), language.fast.batch):
        for program, outcome in slot.execute_fast(programs[start : start + language.fast.batch], limits):
            if isinstance(outcome, Outcome) and is_beyond_doubt(outcome, language):
                found[program] = decide(program, outcome, language)
    return found


def rules_may_differ(verdict: Verdict, outcome: Outcome, language: Language) -> bool:
    """Whether strict and reference may say different things of this, as docs/sandbox.md has it."""
    if verdict.passed:  # the published rule wants silence of JavaScript
        return language.reference_rule == "silence" and bool(outcome.stdout or outcome.stderr)
    if verdict.status == "exited_early":
        return True
    if language.reference_rule == "exception":  # Python: something failed after the tests had returned
        return outcome.completed
    return language.reference_rule == "silence" and not (outcome.stdout or outcome.stderr)


@pytest.mark.parametrize("name", language_names())
def test_mutants_get_the_same_status_the_fast_way_and_the_plain_way(
    name: str, slots: Slots, published_data: Path
) -> None:
    language = read_language(name)
    programs = chosen(name, published_data)
    by_plain = plain(slots, list(programs), language)
    statuses = {verdict.status for verdict, _ in by_plain.values()}
    assert {"passed", "wrong_answer"} <= statuses, statuses
    assert all(by_plain[program][0].passed for program, mutant in programs.items() if mutant.kind == "none")
    differ = {
        program.task_id: (programs[program].kind, verdict.status, verdict.reference_passed)
        for program, (verdict, outcome) in by_plain.items()
        if verdict.passed != verdict.reference_passed and not rules_may_differ(verdict, outcome, language)
    }
    assert differ == {}
    if language.fast is None:
        return
    with slots.use("docker", name) as slot:
        by_fast = fast(slot, list(programs), language)
    wrong = [
        (program.task_id, programs[program], f"fast {verdict.status}, plain {by_plain[program][0].status}")
        for program, verdict in by_fast.items()
        if (verdict.status, verdict.reference_passed)
        != (by_plain[program][0].status, by_plain[program][0].reference_passed)
    ]
    assert wrong == []
    assert len(by_fast) >= LEAST_JUDGED_FAST * len(programs), f"{len(by_fast)} of {len(programs)}"
