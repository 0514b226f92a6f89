"""What a gate answers: a result with its decisions, or a refusal to compare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union

from humaneval_x.errors import HarnessError, IncomparableError, IncompleteError

__all__ = ["Answer", "Decision", "GateResult", "Refusal", "exceeds"]


def exceeds(drop: float, max_drop: float) -> bool:
    """Whether the drop is larger than allowed. Shares are sums of fractions, so equal ones may differ by rounding."""
    return drop > max_drop + 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One question: shares (0 to 1) of both runs, `drop` = baseline - candidate, positive when worse.

    `p` is the probability, over all questions of the gate together, that chance alone shows a drop as large.
    `detectable` is the drop above which it would have counted as more than chance, given how these problems differed;
    None where none differed, or where no drop could have counted. `power_drop` is the true drop that a comparison with
    these numbers of problems and samples reports in 80 of 100 cases (`power`); None where there is none, or where
    nothing varied that it could be told from.
    """

    group: str
    k: int
    baseline: float
    candidate: float
    drop: float
    p: float
    detectable: float | None
    power_drop: float | None
    problems: int
    regressed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """`passed` is false if any decision is a regression. `notes` are for people."""

    passed: bool
    baseline: str
    candidate: str
    semantics: str
    max_drop: float
    alpha: float
    decisions: tuple[Decision, ...]
    notes: tuple[str, ...]

    @property
    def outcome(self) -> str:
        """`pass` or `regression`."""
        return "pass" if self.passed else "regression"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why the runs were not compared: the error's message, class and exit code, and the paths that were given."""

    message: str
    kind: str
    exit_code: int
    baseline: str
    candidate: str

    @property
    def outcome(self) -> str:
        """`incomparable`, `incomplete`, or `error` for whatever else kept the gate from an answer."""
        words = {IncomparableError.exit_code: "incomparable", IncompleteError.exit_code: "incomplete"}
        return words.get(self.exit_code, "error")

    @classmethod
    def of(cls, error: Exception, baseline: str, candidate: str) -> Refusal:
        """The refusal that this error is; one that the harness did not raise on purpose is a defect of it."""
        message, code = f"internal error, a defect of the harness: {type(error).__name__}: {error}", 70
        if isinstance(error, HarnessError):
            message, code = str(error), error.exit_code
        return cls(
            message=message,
            kind=type(error).__name__,
            exit_code=code,
            baseline=baseline,
            candidate=candidate,
        )


# `|` between classes at run time needs no quotes from Python 3.10 on, but type checkers know this form as an alias.
Answer = Union[GateResult, Refusal]  # noqa: UP007
