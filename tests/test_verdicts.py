"""Verdicts: from facts to what they mean, by both rules."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from humaneval_x.datasets import read_problems
from humaneval_x.languages import language_names, read_language
from humaneval_x.programs import assemble
from humaneval_x.records import Completion, Outcome, Program
from humaneval_x.verdicts import (
    DETAIL_CHARACTERS,
    DISAGREEMENTS,
    REFERENCE_RULES,
    SEARCHED_CHARACTERS,
    STATUSES,
    clean_output,
    decide,
    disagreement,
)

PROGRAM = Program(task_id="Python/0", completion_id=3, language="python", source="", sha256="0" * 64)
PASSING = Outcome(
    stage="run", exit_code=0, signal=0, cpu_s=0.1, wall_s=0.2, peak_mb=10.0, stdout="", stderr="", limit_hit="",
    completed=True, assertions=3,
)  # fmt: skip
LIMITS = ("cpu", "wall", "memory", "process", "disk", "output")

texts = st.text(max_size=200) | st.sampled_from(
    ["AssertionError\n", "--- FAIL: TestAdd\n", "panic: no\n", "MemoryError\n", "\ud800", "\x1b[31mred"]
)
outcomes = st.builds(
    Outcome,
    stage=st.sampled_from(["input", "compile", "run"]) | st.text(max_size=5),
    exit_code=st.none() | st.integers(0, 255),
    signal=st.integers(0, 64),
    cpu_s=st.floats(0, 1e6),
    wall_s=st.floats(0, 1e6),
    peak_mb=st.floats(0, 1e6),
    stdout=texts,
    stderr=texts,
    limit_hit=st.sampled_from(["", *LIMITS]) | st.text(max_size=5),
    completed=st.booleans(),
    assertions=st.integers(0, 10),
    failed_assertions=st.integers(0, 10),
)
languages = st.sampled_from(language_names()).map(read_language)


def status_of(language: str, **changes: object) -> str:
    outcome = dataclasses.replace(PASSING, **changes)  # type: ignore[arg-type]
    return decide(PROGRAM, outcome, read_language(language)).status


@given(outcome=outcomes, language=languages)
def test_every_outcome_has_a_verdict_of_a_known_status(outcome: Outcome, language: object) -> None:
    verdict = decide(PROGRAM, outcome, language)  # type: ignore[arg-type]
    assert verdict.status in STATUSES
    assert len(verdict.detail) <= DETAIL_CHARACTERS
    verdict.detail.encode("utf-8")


@given(outcome=outcomes, language=languages)
def test_nothing_passes_without_proof_a_zero_exit_and_no_limit(outcome: Outcome, language: object) -> None:
    passed = decide(PROGRAM, outcome, language).passed  # type: ignore[arg-type]
    proved = outcome.completed and outcome.failed_assertions == 0
    assert passed == (
        outcome.stage == "run" and proved and outcome.exit_code == 0 and outcome.signal == 0 and not outcome.limit_hit
    )


@given(outcome=outcomes, language=languages)
def test_the_reference_passes_nothing_that_did_not_run_or_hit_a_limit(outcome: Outcome, language: object) -> None:
    verdict = decide(PROGRAM, outcome, language)  # type: ignore[arg-type]
    assert not verdict.reference_passed or (outcome.stage == "run" and not outcome.limit_hit)


@pytest.mark.parametrize("language", language_names())
def test_a_proved_silent_success_passes_by_both_rules(language: str) -> None:
    verdict = decide(PROGRAM, PASSING, read_language(language))
    assert (verdict.status, verdict.reference_passed, verdict.detail, verdict.flags) == ("passed", True, "", ())
    assert (verdict.task_id, verdict.completion_id, verdict.sha256) == ("Python/0", 3, "0" * 64)


@pytest.mark.parametrize("language", language_names())
def test_exit_zero_without_the_marker_is_exited_early(language: str) -> None:
    assert status_of(language, completed=False) == "exited_early"


@pytest.mark.parametrize("language", language_names())
@pytest.mark.parametrize("limit", LIMITS)
def test_a_limit_names_the_status_whatever_else_happened(language: str, limit: str) -> None:
    assert status_of(language, limit_hit=limit) == f"{limit}_limit"
    assert status_of(language, limit_hit=limit, stage="compile", exit_code=1) == f"{limit}_limit"


@pytest.mark.parametrize("language", language_names())
def test_a_failed_compile_step_is_a_compile_error_and_no_program_an_invalid_input(language: str) -> None:
    assert status_of(language, stage="compile", exit_code=1, completed=False) == "compile_error"
    assert status_of(language, stage="input", exit_code=None, limit_hit="disk") == "invalid_input"


ENDINGS = [
    ("python", {"exit_code": 101}, "wrong_answer"),
    ("python", {"exit_code": 102}, "compile_error"),
    ("python", {"exit_code": 1, "stderr": "Traceback ...\nValueError: no\n"}, "runtime_error"),
    ("python", {"exit_code": 1, "stderr": "Traceback ...\nMemoryError\n"}, "memory_limit"),
    ("python", {"exit_code": None, "signal": 11}, "runtime_error"),
    ("cpp", {"signal": 6, "stderr": "main: main.cpp:9: int main(): Assertion `add() == 3' failed.\n"}, "wrong_answer"),
    ("cpp", {"signal": 6, "stderr": "terminate called ...\n  what():  std::bad_alloc\n"}, "memory_limit"),
    ("cpp", {"signal": 6, "stderr": "free(): invalid pointer\n"}, "runtime_error"),
    ("cpp", {"signal": 11, "stderr": "x: Assertion `add(1, 2) == 3' failed.\n"}, "runtime_error"),
    ("java", {"exit_code": 1, "stderr": 'Exception in thread "main" java.lang.AssertionError\n\tat Main.main(M'},
     "wrong_answer"),
    ("java", {"exit_code": 1, "stderr": 'Exception in thread "main" java.lang.AssertionError\n\tat Solution.add(M'},
     "runtime_error"),
    ("java", {"exit_code": 1, "stderr": 'Exception in thread "main" java.lang.OutOfMemoryError: Java heap space\n'},
     "memory_limit"),
    ("js", {"exit_code": 0, "failed_assertions": 1}, "wrong_answer"),
    ("js", {"exit_code": 102}, "compile_error"),
    ("js", {"exit_code": 1, "stderr": "AssertionError [ERR_ASSERTION]: no\n"}, "wrong_answer"),
    ("js", {"exit_code": 1, "stderr": "TypeError: no\n"}, "runtime_error"),
    ("go", {"exit_code": 1, "stdout": "--- FAIL: TestAdd (0.00s)\n"}, "wrong_answer"),
    ("go", {"exit_code": 2, "stdout": "--- FAIL: TestAdd (0.00s)\n", "stderr": "panic: no\n"}, "runtime_error"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "facts", "status"), ENDINGS)
def test_a_failed_run_is_told_apart_by_the_languages_own_rules(
    language: str, facts: dict[str, object], status: str
) -> None:
    completed = "failed_assertions" in facts
    exit_code = None if facts.get("signal") else 1
    assert status_of(language, **{"exit_code": exit_code, "completed": completed, **facts}) == status


def test_failing_after_the_tests_is_flagged() -> None:
    verdict = decide(PROGRAM, dataclasses.replace(PASSING, exit_code=7), read_language("cpp"))
    assert (verdict.status, verdict.flags) == ("runtime_error", ("failed_after_tests",))


def test_a_passed_program_is_flagged_for_what_can_forge_a_pass_and_a_failed_one_is_not() -> None:
    suspect = dataclasses.replace(PROGRAM, source="def add(a, b):\n    return open('/proc/self/mem') or __file__\n")
    assert decide(suspect, PASSING, read_language("python")).flags == ("reads_process", "reads_source")
    assert decide(suspect, dataclasses.replace(PASSING, exit_code=1), read_language("python")).flags == (
        "failed_after_tests",
    )
    assert decide(suspect, dataclasses.replace(PASSING, completed=False), read_language("python")).flags == ()


SUSPECTS = [
    ("python", "gc.get_objects()", "walks_frames"),
    ("python", "import ctypes", "uses_native_code"),
    ("python", "    def __eq__(self, other):", "overrides_equality"),
    ("python", "def abs(x):", "shadows"),
    ("python", "math.floor = lambda x: 0", "shadows"),
    ("python", "exec(text)", "builds_code"),
    ("cpp", '__asm__(".end");', "assembles"),
    ("cpp", "#pragma redefine_extname main other", "assembles"),
    ("cpp", "bool operator == (const T &a, const T &b)", "overrides_equality"),
    ("cpp", "syscall(57)", "forks"),
    ("java", "public boolean equals(Object other) {", "overrides_equality"),
    ("java", "interface List {", "shadows"),
    ("java", "Process p = new ProcessBuilder(all).start();", "builds_code"),
    ("java", "cl\\u0061ss", "builds_code"),
    ("js", "JSON.stringify = () => ''", "shadows"),
    ("js", "Array.prototype.toString = function () {}", "shadows"),
    ("js", "return { toJSON () { return 3 } }", "overrides_equality"),
    ("js", "return { valueOf: () => 3 }", "overrides_equality"),
    ("js", "new Proxy({}, {})", "overrides_equality"),
    ("js", "require('child_process')", "builds_code"),
    ("js", "require('v8')", "inspector"),
    ("go", "const true = false", "shadows"),
    ("go", "func len(x []int) int {", "shadows"),
    ("go", "//go:linkname mine testing.theirs", "uses_unsafe"),
    ("go", 'import "unsafe"', "uses_unsafe"),
    ("go", "testing.Init()", "starts_tests"),
]


@pytest.mark.parametrize(("language", "source", "flag"), SUSPECTS)
def test_what_can_forge_a_pass_has_a_flag(language: str, source: str, flag: str) -> None:
    program = dataclasses.replace(PROGRAM, source=f"first line\n{source}\nlast line\n")
    assert flag in decide(program, PASSING, read_language(language)).flags


HARMLESS = [
    ("python", "absolute = abs(x)\nmaximum = max(sum(y), 2)\nglobal state\npattern = re.compile('x')"),
    ("cpp", "cin >> a; cout << b; // the main operator\nfor (auto it = all.end(); ;) end = it;"),
    ("java", "Arrays.asList(a); String text = list.toString(); if (a.equals(b)) return Integer.compare(a, b);"),
    ("js", "const text = n.toString(2); if (Math.max(a) === b) return String(a); x.prototype; let array = Array(3)"),
    ("go", "ok := true\nvar total = len(all)\nfailed = false\nstrings.NewReplacer(a, b)"),
]


@pytest.mark.parametrize(("language", "source"), HARMLESS)
def test_ordinary_code_has_no_flag(language: str, source: str) -> None:
    program = dataclasses.replace(PROGRAM, source=source)
    assert decide(program, PASSING, read_language(language)).flags == ()


def test_a_program_too_long_to_be_searched_says_so() -> None:
    long = dataclasses.replace(PROGRAM, source="#" * (SEARCHED_CHARACTERS + 1))
    assert decide(long, PASSING, read_language("python")).flags == ("unsearched",)


@pytest.mark.published
@pytest.mark.parametrize("version", ["fixed", "codegeex", "codegeex2"])
def test_no_canonical_solution_is_suspect(version: str, published_data: Path) -> None:
    found = []
    for problem in read_problems(version, language_names(), published_data):
        for task in ("generation", "translation"):
            text = problem.canonical_solution
            given = Completion(task_id=problem.task_id, completion_id=0, text=text, finish="given", tokens=0, seed=0)
            program = assemble(problem, given, task=task, truncation="none")
            outcome = dataclasses.replace(PASSING, assertions=1000)
            flags = decide(program, outcome, read_language(problem.language)).flags
            found += [(problem.task_id, flags)] if flags else []
    assert found == []


def test_the_published_javascript_rule_looks_at_output_only() -> None:
    rule = REFERENCE_RULES["silence"]
    assert rule(dataclasses.replace(PASSING, exit_code=1, completed=False))
    assert not rule(dataclasses.replace(PASSING, stdout="3\n"))
    assert not rule(dataclasses.replace(PASSING, stderr="(node:1) Warning\n"))


def test_the_published_rule_for_compiled_languages_looks_at_the_exit_code_only() -> None:
    rule = REFERENCE_RULES["exit_code"]
    assert rule(dataclasses.replace(PASSING, stdout="debug\n", completed=False))
    assert not rule(dataclasses.replace(PASSING, exit_code=1))
    assert not rule(dataclasses.replace(PASSING, exit_code=None, signal=6))


def test_the_published_python_rule_fails_what_leaves_before_its_last_statement() -> None:
    rule = REFERENCE_RULES["exception"]
    assert rule(dataclasses.replace(PASSING, exit_code=7, stdout="debug\n"))
    assert not rule(dataclasses.replace(PASSING, completed=False))


@pytest.mark.parametrize(
    ("language", "changes", "reason"),
    [
        ("js", {"stdout": "done\n"}, "prints"),
        ("js", {"exit_code": 1, "completed": False}, "fails_silently"),
        ("js", {"completed": False}, "exits_early"),
        ("go", {"completed": False}, "exits_early"),
        ("python", {"exit_code": 1}, "fails_after_tests"),
        ("cpp", {}, ""),
        ("java", {"exit_code": 1, "completed": False}, ""),
    ],
)
def test_a_difference_between_the_semantics_has_its_reason(
    language: str, changes: dict[str, object], reason: str
) -> None:
    known = read_language(language)
    verdict = decide(PROGRAM, dataclasses.replace(PASSING, **changes), known)  # type: ignore[arg-type]
    assert disagreement(verdict, known) == reason


@given(outcome=outcomes, language=languages)
def test_every_difference_between_the_semantics_has_a_known_reason(outcome: Outcome, language: object) -> None:
    verdict = decide(PROGRAM, outcome, language)  # type: ignore[arg-type]
    reason = disagreement(verdict, language)  # type: ignore[arg-type]
    assert (reason in DISAGREEMENTS) == (verdict.passed != verdict.reference_passed)


@pytest.mark.parametrize("language", language_names())
def test_every_language_names_known_rules(language: str) -> None:
    described = read_language(language)
    assert described.reference_rule in REFERENCE_RULES
    assert {failure.status for failure in described.failures} <= set(STATUSES) - {"passed"}
    assert all(failure != type(failure)(status=failure.status) for failure in described.failures), "fits anything"


@given(text=st.text(), cap=st.integers(0, 100))
def test_cleaned_output_is_short_and_holds_nothing_that_a_terminal_acts_on(text: str, cap: int) -> None:
    cleaned = clean_output(text, cap)
    assert len(cleaned) <= cap
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", cleaned)


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("\x1b[1;31merror\x1b[0m: no", "error: no"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]0;never ended\nbut the error is kept", "but the error is kept"),
        ("a\r\nb\tc\n", "a\nb\tc"),
        ("50%\r100%", "50%\ufffd100%"),
        ("evil\u202etxt.exe", "evil\ufffdtxt.exe"),
        ("lone \ud800 surrogate", "lone \ufffd surrogate"),
        ("größer 日本語 🙂", "größer 日本語 🙂"),
    ],
)
def test_terminal_sequences_go_and_text_stays(raw: str, cleaned: str) -> None:
    assert clean_output(raw, 100) == cleaned


def test_long_output_keeps_its_beginning_and_its_end() -> None:
    cleaned = clean_output("first " + "x" * 5000 + " last", 100)
    assert len(cleaned) == 100
    assert cleaned.startswith("first x")
    assert cleaned.endswith("x last")
    assert "[...]" in cleaned
