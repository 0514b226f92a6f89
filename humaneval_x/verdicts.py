"""Verdicts: pure functions from what an execution showed to what it means.

Two rules look at the same facts. `strict` gives the status: a program passes only if the harness's own entry point
proved that the tests had returned. `reference` is what the published evaluator would have said; each language names
its rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from types import MappingProxyType
from typing import Protocol

from humaneval_x.languages import Failure, Language
from humaneval_x.records import Outcome, Program, Verdict

__all__ = [
    "DETAIL_CHARACTERS",
    "DISAGREEMENTS",
    "REFERENCE_RULES",
    "SEARCHED_CHARACTERS",
    "STATUSES",
    "Judged",
    "clean_output",
    "decide",
    "disagreement",
    "is_beyond_doubt",
    "not_run",
]

STATUSES = (
    "passed",
    "wrong_answer",
    "compile_error",
    "runtime_error",
    "exited_early",
    "cpu_limit",
    "wall_limit",
    "memory_limit",
    "process_limit",
    "disk_limit",
    "output_limit",
    "invalid_input",
)
"""Every status of the strict rule. A failure of the harness or its host is none of them: it is an exception."""

DETAIL_CHARACTERS = 2000
"""How much of a program's output a verdict keeps; of one that passes by both rules it keeps none."""

SEARCHED_CHARACTERS = 100_000
"""The longest program that is searched for suspects; the longest published one has some 10,000 characters."""

_GAP = "\n[...]\n"
# Terminal control sequences (CSI, strings such as OSC, two-character escapes), with 7-bit or 8-bit introducers.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
)
# Control characters but for tab and newline; marks that reorder or hide text; lone surrogates, which no file can hold.
_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


def decide(program: Program, outcome: Outcome, language: Language) -> Verdict:
    """What `outcome` means for `program`, by both rules. Total: every outcome has a verdict."""
    status = _strict_status(outcome, language)
    reference_passed = REFERENCE_RULES[language.reference_rule](outcome)
    passed = status == "passed" and reference_passed
    return Verdict(
        task_id=program.task_id,
        completion_id=program.completion_id,
        sha256=program.sha256,
        status=status,
        reference_passed=reference_passed,
        flags=_flags(program, outcome, status, language),
        cpu_s=outcome.cpu_s,
        wall_s=outcome.wall_s,
        peak_mb=outcome.peak_mb,
        detail="" if passed else clean_output(outcome.stderr or outcome.stdout, DETAIL_CHARACTERS),
    )


class Judged(Protocol):
    """What of a `Verdict` tells whether and why the rules differ."""

    @property
    def status(self) -> str: ...  # noqa: D102
    @property
    def reference_passed(self) -> bool: ...  # noqa: D102
    @property
    def flags(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def passed(self) -> bool: ...  # noqa: D102


DISAGREEMENTS: MappingProxyType[str, str] = MappingProxyType(
    {
        "prints": "the tests hold, but the program prints something, and the published rule wants silence",
        "exits_early": "the program ends with exit code 0 before its tests returned, and the published rule looks no "
        "further",
        "fails_silently": "the program fails without a word, and the published rule takes silence for a pass",
        "fails_after_tests": "the tests returned, then something failed, and the published rule had stopped looking",
        "other": "the rules differ",
    }
)
"""Why strict and reference verdicts on one execution differ, in words."""


def disagreement(verdict: Judged, language: Language) -> str:
    """Which of `DISAGREEMENTS` holds; empty if both rules say the same."""
    if verdict.passed == verdict.reference_passed:
        return ""
    if verdict.passed:
        return "prints" if language.reference_rule == "silence" else "other"
    if verdict.status == "exited_early":
        return "exits_early"
    if "failed_after_tests" in verdict.flags:
        return "fails_after_tests"
    return "fails_silently" if language.reference_rule == "silence" else "other"


def is_beyond_doubt(outcome: Outcome, language: Language) -> bool:
    """Whether what the language's fast way saw stands, or the program must be judged the plain way too.

    A limit never stands: the fast way's servers may have used some of it. A signal stands only as a test's own way to
    say that an assertion failed: a process forked from a server may have died of where it came from.
    """
    fast = language.fast
    if fast is None or outcome.limit_hit:
        return False
    status = _strict_status(outcome, language)
    if status not in fast.trusts or (outcome.signal and status != "wrong_answer"):
        return False
    doubts = fast.distrusts
    return doubts is None or not (doubts.search(outcome.stderr) or doubts.search(outcome.stdout))


def not_run(reason: str, limit_hit: str = "") -> Outcome:
    """The outcome of a program that no sandbox can be given; its status is `invalid_input`."""
    return Outcome(
        stage="input",
        exit_code=None,
        signal=0,
        cpu_s=0.0,
        wall_s=0.0,
        peak_mb=0.0,
        stdout="",
        stderr=reason,
        limit_hit=limit_hit,
        completed=False,
    )


def clean_output(text: str, cap: int) -> str:
    """`text` fit for a terminal, a journal and a report: at most `cap` characters, beginning and end kept.

    Terminal sequences are removed, other control characters, direction marks and lone surrogates become U+FFFD.
    """
    text = _UNPRINTABLE.sub("\ufffd", _ESCAPES.sub("", text).replace("\r\n", "\n")).strip()
    if len(text) <= cap:
        return text
    kept = max(cap - len(_GAP), 0)
    head = kept // 2
    return (text[:head] + _GAP + text[len(text) - (kept - head) :])[:cap]


def _strict_status(outcome: Outcome, language: Language) -> str:
    if outcome.stage == "input":
        return "invalid_input"
    if outcome.limit_hit:
        status = f"{outcome.limit_hit}_limit"
        return status if status in STATUSES else "runtime_error"
    if outcome.stage != "run":
        return "compile_error"
    if outcome.failed_assertions > 0:
        return "wrong_answer"
    if outcome.exit_code == 0 and outcome.signal == 0:
        return "passed" if outcome.completed else "exited_early"
    return next((failure.status for failure in language.failures if _fits(failure, outcome)), "runtime_error")


def _fits(failure: Failure, outcome: Outcome) -> bool:
    if failure.exit_code is not None and failure.exit_code != outcome.exit_code:
        return False
    if failure.signal is not None and failure.signal != outcome.signal:
        return False
    pattern = failure.pattern
    return pattern is None or any(pattern.search(text) for text in (outcome.stderr, outcome.stdout))


def _flags(program: Program, outcome: Outcome, status: str, language: Language) -> tuple[str, ...]:
    """What a reader may want to look at.

    `failed_after_tests`: the tests returned, then something failed. A program that passed gets the flags of its
    language's `suspects`: it holds what can forge a pass from inside; `unsearched` if it is too long to be searched.
    """
    if status != "passed":
        return ("failed_after_tests",) if outcome.completed and status != "wrong_answer" else ()
    if len(program.source) > SEARCHED_CHARACTERS:
        return ("unsearched",)
    found = {suspect.flag: None for suspect in language.suspects if suspect.pattern.search(program.source)}
    return tuple(found)


def _exit_code(outcome: Outcome) -> bool:
    """The published rule for C++, Java and Go: the program exits with 0."""
    return outcome.stage == "run" and not outcome.limit_hit and outcome.exit_code == 0


def _silence(outcome: Outcome) -> bool:
    """The published rule for JavaScript: nothing is printed, whatever the exit code."""
    return outcome.stage == "run" and not outcome.limit_hit and not outcome.stdout and not outcome.stderr


def _exception(outcome: Outcome) -> bool:
    """The published rule for Python: the program's last statement is reached without an exception."""
    return outcome.stage == "run" and not outcome.limit_hit and outcome.completed


REFERENCE_RULES: MappingProxyType[str, Callable[[Outcome], bool]] = MappingProxyType(
    {"exit_code": _exit_code, "silence": _silence, "exception": _exception}
)
"""The published evaluator's rules, by the name that a language's `reference_rule` gives."""
