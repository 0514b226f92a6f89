"""Two runs compared: the questions, their drops, and the decision on each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from humaneval_x.comparability import differences, remarks
from humaneval_x.errors import IncomparableError, UsageError
from humaneval_x.estimates import KS, problem_numbers
from humaneval_x.gate.baselines import read_baseline
from humaneval_x.gate.results import Decision, GateResult, exceeds
from humaneval_x.pairing import answers_to, questions_of
from humaneval_x.significance import PERMUTATIONS
from humaneval_x.summaries import SEMANTICS, RunSummary, group_of, groups_of, require_complete

__all__ = ["decisions_on", "gate"]


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
    permutations: int = PERMUTATIONS,
) -> GateResult:
    """Compare the candidate with the baseline, a `report.json` (its run named `run` if it holds several).

    `max_drop` is a share: 0.01 allows one point of a hundred. Raises IncomparableError where the runs' scores do not
    compare, their problems differ, or they could not show a drop whatever the candidate did; IncompleteError where one
    lacks samples or verdicts, UsageError for settings that make no sense, DataError for a file that is no report.
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
    decide = partial(decisions_on, ks=ks, max_drop=max_drop, alpha=alpha, seed=seed, permutations=permutations)
    decisions = decide(pairs)
    if not any(decision.regressed or decision.power_drop for decision in decisions):
        # A pass says nothing where even a candidate that fails every sample would have passed.
        worst = decide(pairs.assign(c_other=0))
        if not any(decision.regressed for decision in worst):
            raise _toothless(pairs, max_drop, alpha)
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
        raise UsageError(f"--max-drop {max_drop} makes no sense: give a share from 0 to below 1, 0.01 for one point")
    if not 0 < alpha < 1:
        raise UsageError(f"--alpha {alpha} makes no sense: give a probability between 0 and 1, such as 0.05")
    if semantics not in SEMANTICS:
        raise UsageError(f"no semantics {semantics!r}: there are {' and '.join(SEMANTICS)}")


def _pair(before: RunSummary, candidate: RunSummary, semantics: str) -> pd.DataFrame:
    """A row for each problem of the baseline, with both runs' n and c: the baseline's are `n_one` and `c_one`."""
    columns = ["task", "task_id", "n", f"c_{semantics}"]
    wanted = set(before.counts["task"])
    there = candidate.counts[candidate.counts["task"].isin(wanted)]
    pairs = before.counts[columns].merge(
        there[columns], on=["task", "task_id"], how="outer", suffixes=("_one", "_other"), indicator="side"
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
    names = {f"c_{semantics}_{side}": f"c_{side}" for side in ("one", "other")}
    numbers = ["n_one", "n_other", *names]
    renamed: pd.DataFrame = pairs.astype(dict.fromkeys(numbers, "int64")).rename(columns=names)
    renamed["group"] = renamed["task"].map(group_of)
    return renamed


def decisions_on(
    pairs: pd.DataFrame,
    *,
    ks: Sequence[int] = KS,
    max_drop: float = 0.0,
    alpha: float = 0.05,
    seed: int = 0,
    permutations: int = PERMUTATIONS,
) -> tuple[Decision, ...]:
    """The decisions on paired counts, with the columns that `pairing.questions_of` takes; the baseline is the one run.

    Raises IncomparableError if no k can be asked for, UsageError for an alpha that is too small for the test.
    """
    questions = questions_of(pairs, ks)
    if not questions.each:
        raise IncomparableError(f"the runs share no k that both have samples for ({len(pairs)} problems): draw more")
    answers = answers_to(questions, sides=1, alpha=alpha, seed=seed, permutations=permutations)
    return tuple(
        Decision(
            group=question.group,
            k=question.k,
            baseline=question.one,
            candidate=question.other,
            drop=question.value,
            p=float(answers.adjusted_p[place]),
            detectable=answers.threshold(place),
            # A drop takes the same share of every problem's pass@k, and cannot take more than there is.
            power_drop=answers.with_power(place, question.parts_one, floor=max_drop, ceiling=question.one),
            problems=len(question.rows),
            regressed=exceeds(question.value, max_drop) and bool(answers.adjusted_p[place] <= alpha * (1 + 1e-12)),
        )
        for place, question in enumerate(questions.each)
    )


def _toothless(pairs: pd.DataFrame, max_drop: float, alpha: float) -> IncomparableError:
    numbers = problem_numbers(pairs["task_id"])
    solved = numbers[pairs["c_one"] > 0].nunique()
    return IncomparableError(
        f"{numbers.nunique()} problems ({solved} solved by the baseline) can never show a drop at alpha {alpha:g} "
        f"beyond {100 * max_drop:g} allowed points, not even of a candidate that fails every sample: take more "
        "problems or samples, a larger --alpha or a smaller --max-drop"
    )


def _notes(before: RunSummary, candidate: RunSummary, pairs: pd.DataFrame, ks: Sequence[int]) -> Iterator[str]:
    for remark in remarks(before, candidate):
        # The candidate's other languages do not matter: overall is of the baseline's.
        if not remark.startswith("languages"):
            yield f"the runs differ in {remark}"
    extra = [group for group in groups_of(candidate) if group not in groups_of(before)]
    if extra:
        yield f"the baseline has no {', '.join(extra)}: not looked at"
    undefined = [f"{k}" for k in ks if k > pairs[["n_one", "n_other"]].min(axis=None)]
    if undefined:
        yield f"pass@k is not compared everywhere for k = {', '.join(undefined)}: too few samples"
