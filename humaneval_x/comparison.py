"""Two runs side by side: differences of pass@k that are paired by problem, and the problems won and lost. Pure.

For a group (a language or a pair of languages) or all rows together, and for each k that both runs have, the difference
is the mean over the same problems of the other run's pass@k minus the one's (`pairing`). A problem is the same in every
language; hence intervals resample problem numbers, each with both runs and all its languages. docs/statistics.md says
what is assumed.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

import numpy as np
import pandas as pd

from humaneval_x.comparability import differences, remarks
from humaneval_x.contrasts import Contrast, Tally, contrasts_of, tallies_of
from humaneval_x.errors import IncomparableError, UsageError
from humaneval_x.estimates import KS, RESAMPLES, intervals, problem_numbers
from humaneval_x.pairing import Answers, Question, answers_to, questions_of
from humaneval_x.significance import PERMUTATIONS
from humaneval_x.summaries import (
    PARTIAL_HINT,
    SEMANTICS,
    RunSummary,
    group_of,
    groups_of,
    labels_of,
    require_complete,
)

__all__ = ["Comparison", "Difference", "compare"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """pass@k of both runs as shares (0 to 1), `value` = other - one, and its 95 % interval from `low` to `high`.

    `p` answers this question alone, `adjusted_p` it among all questions of the comparison. A true difference as large
    as `detectable` would have had an `adjusted_p` of at most alpha with probability `power.POWER`; None where there is
    none, or where nothing varied that it could be told from.
    """

    group: str
    k: int
    problems: int
    one: float
    other: float
    value: float
    low: float
    high: float
    p: float
    adjusted_p: float
    detectable: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`one` and `other` are the runs. `incomparable` says why they are not comparable, empty for ordinary ones.

    `contrasts` go from the problem that the other run won most clearly to the one that it lost most clearly. `notes`
    are for people.
    """

    one: RunSummary
    other: RunSummary
    semantics: str
    alpha: float
    incomparable: tuple[str, ...]
    differences: tuple[Difference, ...]
    tallies: tuple[Tally, ...]
    contrasts: tuple[Contrast, ...]
    notes: tuple[str, ...]


def compare(
    one: RunSummary,
    other: RunSummary,
    *,
    semantics: str = "strict",
    ks: Sequence[int] = KS,
    alpha: float = 0.05,
    anyway: bool = False,
    allow_partial: bool = False,
    seed: int = 0,
    permutations: int = PERMUTATIONS,
    resamples: int = RESAMPLES,
) -> Comparison:
    """Compare the other run with the one, on the groups that both have.

    Raises IncomparableError where their scores do not compare or their problems differ, unless `anyway`; without a
    common problem or k always. Raises IncompleteError where a run lacks samples or verdicts, unless `allow_partial`,
    and UsageError for settings that make no sense. A problem that only one run has is then left out, and noted.
    """
    _check_settings(semantics, ks, alpha)
    if not allow_partial:
        for summary in (one, other):
            require_complete(summary, PARTIAL_HINT)
    found = differences(one, other)
    if found and not anyway:
        raise IncomparableError(
            f"{one.run_id} and {other.run_id} are not comparable, they differ in {'; '.join(found)}: "
            "repeat one with the other's settings, or give --anyway to see the figures with that said above them"
        )
    pairs, lone = _pair(one, other, semantics)
    if lone and not (anyway or allow_partial):
        raise IncomparableError(
            f"{len(lone)} problem(s) stand in one run only, such as {lone[0]}: run both on the same problems, or give "
            "--anyway to compare the others"
        )
    questions = questions_of(pairs, ks)
    if not questions.each:
        raise IncomparableError(
            f"no group's problems have enough samples in both runs for k = {', '.join(map(str, ks))}: draw more, or "
            "ask for less with --k"
        )
    answers = answers_to(questions, sides=2, alpha=alpha, seed=seed, permutations=permutations)
    ends = [
        end
        for _, same in groupby(questions.each, attrgetter("group"))
        for end in _intervals(list(same), seed, resamples)
    ]
    contrasts = contrasts_of(pairs)
    return Comparison(
        one=one,
        other=other,
        semantics=semantics,
        alpha=alpha,
        incomparable=found,
        differences=tuple(
            Difference(
                group=question.group,
                k=question.k,
                problems=len(question.rows),
                one=question.one,
                other=question.other,
                # No difference is 0.0, not -0.0.
                value=0.0 - question.value,
                low=low,
                high=high,
                p=float(answers.p[place]),
                adjusted_p=float(answers.adjusted_p[place]),
                detectable=_detectable(answers, place),
            )
            for place, (question, (low, high)) in enumerate(zip(questions.each, ends, strict=True))
        ),
        tallies=tuple(tallies_of(contrasts, list(dict.fromkeys(pairs["group"])), alpha)),
        contrasts=contrasts,
        notes=(*_too_few(pairs, alpha), *_notes(one, other, pairs, lone, ks)),
    )


def _check_settings(semantics: str, ks: Sequence[int], alpha: float) -> None:
    if semantics not in SEMANTICS:
        raise UsageError(f"no semantics {semantics!r}: there are {' and '.join(SEMANTICS)}")
    if not ks or min(ks) < 1:
        raise UsageError(f"pass@k needs k of at least 1, not {list(ks)}")
    if not 0 < alpha < 1:
        raise UsageError(f"--alpha {alpha} makes no sense: give a probability between 0 and 1, such as 0.05")


def _pair(one: RunSummary, other: RunSummary, semantics: str) -> tuple[pd.DataFrame, list[str]]:
    """A row for each problem that both runs have, with both n and c; and those of the common groups that one lacks."""
    sides = []
    for run in (one, other):
        columns = (run.counts[name].tolist() for name in ("task", "task_id", "n", f"c_{semantics}"))
        sides.append({(task, task_id): (n, c) for task, task_id, n, c in zip(*columns, strict=True)})
    common = {task for task, _ in sides[0]} & {task for task, _ in sides[1]}
    rows = [(group_of(key[0]), key[1], *sides[0][key], *sides[1][key]) for key in sides[0] if key in sides[1]]
    if not rows:
        raise IncomparableError(
            f"{one.run_id} ({' '.join(groups_of(one))}) and {other.run_id} ({' '.join(groups_of(other))}) have no "
            "problem in common: name runs of the same task, languages and problems"
        )
    alone = [key for side, rest in (sides, sides[::-1]) for key in side if key not in rest and key[0] in common]
    pairs = pd.DataFrame(rows, columns=["group", "task_id", "n_one", "c_one", "n_other", "c_other"])
    return pairs, [f"{task_id} ({group_of(task)})" for task, task_id in alone]


def _intervals(questions: Sequence[Question], seed: int, resamples: int) -> Iterator[tuple[float, float]]:
    """The ends of other minus one, of a group's questions, which stand on the same rows."""
    there, sizes = np.unique(questions[0].places, return_counts=True)
    sums = np.stack([-each.differences[there] * len(each.rows) for each in questions], axis=1)
    # Differences run from -1 to 1; their intervals are made by way of rates from 0 to 1.
    random = np.random.default_rng([seed, zlib.crc32(questions[0].group.encode())])
    lows, highs = intervals((sums + sizes[:, None]) / 2, sizes.astype(np.float64), random, resamples)
    for low, high in zip(lows, highs, strict=True):
        yield 2 * float(low) - 1, 2 * float(high) - 1


def _detectable(answers: Answers, place: int) -> float | None:
    """A difference falls on the problems as the two runs' mean pass@k does, and either run may be the better."""
    question = answers.questions.each[place]
    shape = (question.parts_one + question.parts_other) / 2
    room = max(question.one, 1 - question.one, question.other, 1 - question.other)
    return answers.with_power(place, shape, floor=0.0, ceiling=room)


def _smallest(rows: pd.DataFrame) -> int:
    return int(min(rows["n_one"].min(), rows["n_other"].min()))


def _too_few(pairs: pd.DataFrame, alpha: float) -> Iterator[str]:
    numbers = problem_numbers(pairs["task_id"]).nunique()
    # Of 2^numbers choices of signs, the one seen and its mirror image are as extreme.
    if 2 ** (numbers - 1) * alpha < 1:
        yield (
            f"{numbers} problems can never show a credible difference at alpha {alpha:g}: "
            "take more problems or a larger --alpha"
        )


def _notes(
    one: RunSummary, other: RunSummary, pairs: pd.DataFrame, lone: Sequence[str], ks: Sequence[int]
) -> Iterator[str]:
    for run in (one, other):
        for label in labels_of(run):
            yield f"{run.run_id}: {label}"
    for remark in remarks(one, other):
        # Other languages do not matter here: only those that both runs have are looked at.
        if not remark.startswith("languages"):
            yield f"the runs differ in {remark}"
    alone = [group for run in (one, other) for group in groups_of(run) if group not in set(pairs["group"])]
    if alone:
        yield f"only one of the runs has {', '.join(alone)}: not looked at"
    if lone:
        yield f"{len(lone)} problem(s) stand in one run only and are left out, such as {lone[0]}"
    undefined = [f"{k}" for k in dict.fromkeys(ks) if k > _smallest(pairs)]
    if undefined:
        yield f"pass@k is not compared everywhere for k = {', '.join(undefined)}: too few samples"
