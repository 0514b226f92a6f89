"""Two runs side by side: differences of pass@k that are paired by problem, and the problems won and lost. Pure.

For a group (a language or a pair of languages) or all rows together, and for each k that both runs have, the difference
is the mean over the same problems of the other run's pass@k minus the one's. Both runs saw the same problems, so most
of what makes problems differ cancels. A problem is the same in every language; hence intervals resample problem
numbers, each with both runs and all its languages, and tests flip the sign of a number's differences in all languages
and k at once (`significance.flip_signs`). docs/statistics.md says what is assumed.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from humaneval_x.contrasts import Contrast, Tally, contrasts_of, tallies_of
from humaneval_x.errors import IncomparableError, UsageError
from humaneval_x.estimates import ALL, KS, RESAMPLES, intervals, pass_rates, problem_numbers
from humaneval_x.significance import PERMUTATIONS, flip_signs
from humaneval_x.summaries import (
    SEMANTICS,
    RunSummary,
    differences,
    group_of,
    groups_of,
    labels_of,
    remarks,
    require_complete,
)

__all__ = ["POWER", "Comparison", "Difference", "compare"]

POWER = 0.8
"""The probability with which a difference as large as `Difference.detectable` is found."""

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """pass@k of both runs as shares (0 to 1), `value` = other - one, and its 95 % interval from `low` to `high`.

    `p` answers this question alone, `adjusted_p` it among all questions of the comparison. A true difference as large
    as `detectable` would have had an `adjusted_p` of at most alpha with probability `POWER`; None where no problem
    differs from another in its difference, or so few permutations cannot say.
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
            require_complete(summary)
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
    questions = list(_questions(pairs, ks, seed, resamples))
    if not questions:
        raise IncomparableError(
            f"no group's problems have enough samples in both runs for k = {', '.join(map(str, ks))}: draw more, or "
            "ask for less with --k"
        )
    contrasts = contrasts_of(pairs)
    return Comparison(
        one=one,
        other=other,
        semantics=semantics,
        alpha=alpha,
        incomparable=found,
        differences=tuple(_differences(questions, alpha, np.random.default_rng(seed), permutations)),
        tallies=tuple(tallies_of(contrasts, list(dict.fromkeys(pairs["group"])), alpha)),
        contrasts=contrasts,
        notes=tuple(_notes(one, other, pairs, lone, ks)),
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


def _groups(pairs: pd.DataFrame) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
    names = list(dict.fromkeys(pairs["group"]))
    for name in names:
        yield name, (pairs["group"] == name).to_numpy()
    if len(names) > 1:
        yield ALL, np.ones(len(pairs), dtype=bool)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """A difference before its test: `parts` has one value a problem number, 0 where the group lacks it."""

    fields: dict[str, Any]
    parts: _Floats
    spread: float


def _questions(pairs: pd.DataFrame, ks: Sequence[int], seed: int, resamples: int) -> Iterator[_Question]:
    places, known = pd.factorize(problem_numbers(pairs["task_id"]))
    for group, chosen in _groups(pairs):
        rows = pairs[chosen]
        sizes = np.bincount(places[chosen], minlength=len(known)).astype(np.float64)
        there = sizes > 0
        defined = [k for k in dict.fromkeys(ks) if k <= _smallest(rows)]
        if not defined:
            continue
        before, after = (
            np.stack([pass_rates(rows[f"n_{side}"], rows[f"c_{side}"], k) for k in defined], axis=1)
            for side in ("one", "other")
        )
        sums = np.zeros((len(known), len(defined)))
        np.add.at(sums, places[chosen], after - before)
        # Differences run from -1 to 1; their intervals are made by way of rates from 0 to 1.
        random = np.random.default_rng([seed, zlib.crc32(group.encode())])
        lows, highs = intervals((sums[there] + sizes[there, None]) / 2, sizes[there], random, resamples)
        for place, k in enumerate(defined):
            one, other = (math.fsum(rates[:, place]) / len(rows) for rates in (before, after))
            fields = {
                "group": group,
                "k": k,
                "problems": len(rows),
                "one": one,
                "other": other,
                "value": math.fsum(after[:, place] - before[:, place]) / len(rows),
                "low": 2 * float(lows[place]) - 1,
                "high": 2 * float(highs[place]) - 1,
            }
            parts = sums[:, place] / len(rows)
            yield _Question(fields=fields, parts=parts, spread=_spread(parts[there]))


def _differences(
    questions: Sequence[_Question], alpha: float, random: np.random.Generator, permutations: int
) -> Iterator[Difference]:
    values = np.stack([question.parts for question in questions], axis=1)
    flips = flip_signs(values, random, alpha=alpha, permutations=permutations)
    for question, p, adjusted_p in zip(questions, flips.p, flips.adjusted_p, strict=True):
        known = flips.critical is not None and question.spread > 0
        yield Difference(
            **question.fields,
            p=float(p),
            adjusted_p=float(adjusted_p),
            detectable=((flips.critical or 0.0) + _POWER_SPREADS) * question.spread if known else None,
        )


_POWER_SPREADS = NormalDist().inv_cdf(POWER)


def _spread(parts: _Floats) -> float:
    """The standard error of the sum of the numbers' parts, about their own mean; 0 where none differs from another."""
    if len(parts) < 2 or np.ptp(parts) < 1e-12:
        return 0.0
    return float(np.std(parts, ddof=1)) * math.sqrt(len(parts))


def _smallest(rows: pd.DataFrame) -> int:
    return int(min(rows["n_one"].min(), rows["n_other"].min()))


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
