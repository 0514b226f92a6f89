"""One contract for every sandbox and every language: each case gets exactly the verdicts that its file states."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from case_files import all_case_ids, case_named, cases_of
from open_slots import BACKENDS, Slots

from humaneval_x.languages import language_names, read_language
from humaneval_x.records import Verdict
from humaneval_x.verdicts import STATUSES, decide

LEAST_CHEATS, LEAST_FLAGGED = 8, 3


@dataclass(frozen=True, kw_only=True)
class Found:
    """What came of a case, and of a right program after one that used something up."""

    verdict: Verdict
    after: Verdict | None


@pytest.fixture(scope="module")
def found(request: pytest.FixtureRequest) -> Iterator[dict[str, Future[Found]]]:
    """What comes of each case that is to be tested, by the test's name; they are judged some at a time."""
    with ExitStack() as stack:
        slots = Slots(stack)
        yield {
            item.name: slots.pool.submit(judged, slots, **item.callspec.params)
            for item in request.session.items
            if getattr(item, "originalname", "") == test_a_case_gets_the_verdicts_that_its_file_states.__name__
        }
        slots.pool.shutdown(cancel_futures=True)


def judged(slots: Slots, *, backend: str, language: str, name: str) -> Found:
    case, described = case_named(language, name), read_language(language)
    with slots.use(backend, language) as slot:
        verdict, after = decide(case.program, slot.execute(case.program, case.limits), described), None
        if case.status.endswith("_limit"):
            right = case_named(language, "correct").program
            after = decide(right, slot.execute(right, case.limits), described)
    return Found(verdict=verdict, after=after)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("language", "name"), all_case_ids())
def test_a_case_gets_the_verdicts_that_its_file_states(
    backend: str, language: str, name: str, found: dict[str, Future[Found]], request: pytest.FixtureRequest
) -> None:
    case, came = case_named(language, name), found[request.node.name].result()
    verdict, after = came.verdict, came.after
    stated = (verdict.status, verdict.reference_passed, frozenset(verdict.flags))
    assert stated == (case.status, case.reference_passed, case.flags), f"{case.why}: {verdict.detail}"
    # What the case used up must not be missing to the next program of the same slot.
    assert after is None or after.status == "passed", f"after {name}: {after.status}: {after.detail}"


@pytest.mark.parametrize("language", language_names())
def test_every_language_has_the_cases_that_every_language_needs(language: str) -> None:
    cases = {case.name: case for case in cases_of(language)}
    wanted = {"passed", "wrong_answer", "compile_error", "runtime_error", "exited_early", "cpu_limit", "wall_limit",
              "memory_limit", "process_limit", "disk_limit", "output_limit"}  # fmt: skip
    assert wanted <= {case.status for case in cases.values()} <= set(STATUSES)
    assert {"correct", "wrong_answer", "prints_and_is_right", "reads_stdin", "prints_non_ascii",
            "forges_the_marker", "recurses_deeply"} <= set(cases)  # fmt: skip
    assert sum(case.status == "exited_early" for case in cases.values()) >= LEAST_CHEATS
    # What cannot be stopped is there to show that it is flagged.
    assert sum(case.status == "passed" and bool(case.flags) for case in cases.values()) >= LEAST_FLAGGED
    assert {flag for case in cases.values() for flag in case.flags} <= {
        "failed_after_tests", *(suspect.flag for suspect in read_language(language).suspects)
    }  # fmt: skip
    assert all(case.why for case in cases.values())
