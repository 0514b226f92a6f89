"""Two runs compared: the questions, their drops, and the decision on each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import pandas as pd

from humaneval_x.errors import IncomparableError, UsageError
from humaneval_x.estimates import ALL, KS, pass_rates, problem_numbers
from humaneval_x.gate.baselines import read_baseline
from humaneval_x.gate.permutation import credibility
from humaneval_x.gate.power import drop_with_power, sampling_variances, scatter, unevenness
from humaneval_x.gate.results import Decision, GateResult
from humaneval_x.summaries import SEMANTICS, RunSummary, differences, group_of, groups_of, remarks, require_complete

__all__ = ["decisions_on", "gate"]

_PERMUTATIONS = 9999
_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Question:
    """One drop: `differences` has one value a problem number, summing to the drop; shape (numbers,).

    `parts` likewise sums to the baseline's score; `sampling` is the variance that sampling alone gives the drop.
    """

    group: str
    k: int
    before: float
    after: float
    problems: int
    differences: _Floats
    parts: _Floats
    sampling: float

    @property
    def drop(self) -> float:
        return math.fsum(self.differences)

    @property
    def sigma(self) -> float:
        """The standard deviation of the drop over repetitions of the comparison."""
        return math.sqrt(max(self.sampling, scatter(self.differences, self.parts)))


def gate(
    baseline: Path | RunSummary,
    candidate: RunSummary,
    *,
    run: str | None = None,
    max_drop: float = 0.0,
    alpha: float = 0.05,
    semantics: str = "strict",
    ks: Sequence[int] = KS,
    seed: int = 0,
    permutations: int = _PERMUTATIONS,
) -> GateResult:
    """Compare the candidate with the baseline, a `report.json` (its run named `run` if it holds several).

    `max_drop` is a share: 0.01 allows one point of a hundred. Raises IncomparableError where the runs' scores do not
    compare or their problems differ, IncompleteError where one lacks samples or verdicts, UsageError for settings that
    make no sense, DataError for a file that is no report.
    """
    _check_settings(max_drop, alpha, semantics)
    before = baseline if isinstance(baseline, RunSummary) else read_baseline(baseline, run)
    for summary in (before, candidate):
        require_complete(summary)
    found = differences(before, candidate)
    if found:
        raise IncomparableError(
            f"baseline {before.run_id} and candidate {candidate.run_id} are not comparable, they differ in "
            f"{'; '.join(found)}: repeat the candidate with the baseline's settings, or write a new baseline with "
            "`humaneval-x report --format json`"
        )
    pairs = _pair(before, candidate, semantics)
    decisions = decisions_on(pairs, ks=ks, max_drop=max_drop, alpha=alpha, seed=seed, permutations=permutations)
    return GateResult(
        passed=not any(decision.regressed for decision in decisions),
        baseline=before.run_id,
        candidate=candidate.run_id,
        semantics=semantics,
        max_drop=max_drop,
        alpha=alpha,
        decisions=decisions,
        notes=tuple(_notes(before, candidate, pairs, ks)),
    )


def _check_settings(max_drop: float, alpha: float, semantics: str) -> None:
    if not 0 <= max_drop < 1:
        raise UsageError(f"--max-drop {max_drop} makes no sense: give a share from 0 to 1, 0.01 for one point")
    if not 0 < alpha < 1:
        raise UsageError(f"--alpha {alpha} makes no sense: give a probability between 0 and 1, such as 0.05")
    if semantics not in SEMANTICS:
        raise UsageError(f"no semantics {semantics!r}: there are {' and '.join(SEMANTICS)}")


def _pair(before: RunSummary, candidate: RunSummary, semantics: str) -> pd.DataFrame:
    """A row for each problem of the baseline, with both runs' n and c."""
    columns = ["task", "task_id", "n", f"c_{semantics}"]
    wanted = set(before.counts["task"])
    there = candidate.counts[candidate.counts["task"].isin(wanted)]
    pairs = before.counts[columns].merge(
        there[columns], on=["task", "task_id"], how="outer", suffixes=("_before", "_after"), indicator="side"
    )
    lone = pairs[pairs["side"] != "both"]
    if len(lone):
        side = "candidate" if lone["side"].iloc[0] == "left_only" else "baseline"
        raise IncomparableError(
            f"{len(lone)} problem(s) stand in one run only: {lone['task_id'].iloc[0]} ({lone['task'].iloc[0]}) is not "
            f"in the {side}; run both on the same languages and problems (--languages, --limit, --sample-budget)"
        )
    # Outer merges sort; the baseline's own order of groups is the order of the decisions.
    order = {task: position for position, task in enumerate(dict.fromkeys(before.counts["task"]))}
    pairs = pairs.sort_values("task", key=lambda tasks: tasks.map(order), kind="stable", ignore_index=True)
    names = {f"c_{semantics}_{side}": f"c_{side}" for side in ("before", "after")}
    numbers = ["n_before", "n_after", *names]
    renamed: pd.DataFrame = pairs.astype(dict.fromkeys(numbers, "int64")).rename(columns=names)
    return renamed


def _questions(pairs: pd.DataFrame, ks: Sequence[int]) -> Iterator[_Question]:
    places, known = pd.factorize(problem_numbers(pairs["task_id"]))
    tasks = list(dict.fromkeys(pairs["task"]))
    groups = [(group_of(task), np.flatnonzero(pairs["task"] == task)) for task in tasks]
    if len(groups) > 1:
        groups.append((ALL, np.arange(len(pairs))))
    n_before, n_after, c_before, c_after = (
        pairs[name].to_numpy() for name in ("n_before", "n_after", "c_before", "c_after")
    )
    for group, rows in groups:
        for k in (k for k in ks if k <= min(n_before[rows].min(), n_after[rows].min())):
            before = pass_rates(n_before[rows], c_before[rows], k)
            after = pass_rates(n_after[rows], c_after[rows], k)
            sampling = sampling_variances(n_before[rows], n_after[rows], (c_before + c_after)[rows], k)
            # Problems weigh equally; those of one number, in several languages, flip together.
            yield _Question(
                group=group,
                k=k,
                before=float(before.mean()),
                after=float(after.mean()),
                problems=len(rows),
                differences=_summed((before - after) / len(rows), places[rows], len(known)),
                parts=_summed(before / len(rows), places[rows], len(known)),
                sampling=float(sampling.sum()) / len(rows) ** 2,
            )


def _summed(values: _Floats, places: npt.NDArray[np.intp], count: int) -> _Floats:
    sums = np.zeros(count)
    np.add.at(sums, places, values)
    return sums


def decisions_on(
    pairs: pd.DataFrame,
    *,
    ks: Sequence[int] = KS,
    max_drop: float = 0.0,
    alpha: float = 0.05,
    seed: int = 0,
    permutations: int = _PERMUTATIONS,
) -> tuple[Decision, ...]:
    """The decisions on paired counts: a row a problem, columns task, task_id, n_before, n_after, c_before, c_after.

    Raises IncomparableError if no k can be asked for.
    """
    questions = list(_questions(pairs, ks))
    if not questions:
        raise IncomparableError(f"the runs share no k that both have samples for ({len(pairs)} problems): draw more")
    values = np.stack([question.differences for question in questions], axis=1)
    found = credibility(values, alpha, np.random.default_rng(seed), permutations)
    # Questions in which nothing differed take no part in the largest drop; other runs' would.
    critical = None if found.critical is None else max(found.critical, NormalDist().inv_cdf(1 - alpha))
    return tuple(
        Decision(
            group=question.group,
            k=question.k,
            baseline=question.before,
            candidate=question.after,
            drop=question.drop,
            p=float(p),
            detectable=found.critical * float(spread) if spread > 0 and found.critical is not None else None,
            power_drop=drop_with_power(
                question.sigma,
                critical,
                unevenness(question.parts),
                max_drop=max_drop,
                baseline=question.before,
            ),
            problems=question.problems,
            regressed=bool(question.drop > max_drop and p <= alpha * (1 + 1e-12)),
        )
        for question, p, spread in zip(questions, found.p, found.spreads, strict=True)
    )


def _notes(before: RunSummary, candidate: RunSummary, pairs: pd.DataFrame, ks: Sequence[int]) -> Iterator[str]:
    for remark in remarks(before, candidate):
        yield f"the runs differ in {remark}"
    extra = [group for group in groups_of(candidate) if group not in groups_of(before)]
    if extra:
        yield f"the baseline has no {', '.join(extra)}: not looked at"
    undefined = [f"{k}" for k in ks if k > pairs[["n_before", "n_after"]].min(axis=None)]
    if undefined:
        yield f"pass@k is not compared everywhere for k = {', '.join(undefined)}: too few samples"
