"""pass@k from counts of samples and passes, with intervals over problems. Pure: counts in, figures out.

Definitions. For a problem with n samples of which c pass, pass@k is the probability that k samples drawn from those n
without replacement hold at least one that passes: 1 - C(n-c, k) / C(n, k) (Chen et al. 2021, unbiased). It is
undefined for n < k and then refused, never 0 or 1. A language's figure is the mean over its problems, each with its
own n; the overall figure (`ALL`) is the mean over all problems of all languages.

Intervals say how the figure would vary over other problems of the same kind, so problems are resampled, not samples.
A problem is the same in every language, and a model that finds it hard in one finds it hard in the others; hence the
overall interval resamples problem numbers, each with all its languages. Taking the 820 rows as independent would make
it too narrow by up to the square root of the number of languages.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from humaneval_x.errors import DataError, IncompleteError, UsageError
from humaneval_x.records import Estimate

__all__ = [
    "ALL",
    "KS",
    "RESAMPLES",
    "Estimates",
    "Refusal",
    "coverage",
    "estimate",
    "intervals",
    "pass_at_k",
    "pass_curve",
    "pass_rates",
    "problem_numbers",
]

ALL = "all"
KS = (1, 10, 100)
RESAMPLES = 2000
_TAIL = 0.025  # on either side of a 95 % interval
_COLUMNS = ["task_id", "language", "n", "c"]
_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A figure that is undefined, and why."""

    language: str
    k: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimates:
    """What could be estimated, languages in the order of the counts and `ALL` last, and what was refused."""

    estimates: tuple[Estimate, ...]
    refusals: tuple[Refusal, ...]

    def find(self, language: str, k: int) -> Estimate | None:
        """The estimate for that language (or `ALL`) and k; None if it was refused or never asked for."""
        return next((found for found in self.estimates if found.language == language and found.k == k), None)


def pass_at_k(n: int, c: int, k: int) -> float:
    """The probability that k of n samples, c of which pass, hold one that passes; correctly rounded.

    Raises IncompleteError for n < k (undefined), UsageError for k < 1, DataError for c outside 0..n.
    """
    if k < 1:
        raise UsageError(f"pass@{k} does not exist: k must be at least 1")
    if not 0 <= c <= n:
        raise DataError(f"{c} of {n} samples cannot pass: the counts are wrong; evaluate the run again")
    if n < k:
        raise IncompleteError(f"pass@{k} is undefined for {n} samples: draw at least {k} a problem, or ask for less")
    draws = math.comb(n, k)
    # Division of Python integers rounds once, so the result is exact to double precision for any n.
    return (draws - math.comb(n - c, k)) / draws


def pass_rates(n: npt.ArrayLike, c: npt.ArrayLike, k: int) -> _Floats:
    """`pass_at_k` of every problem: `n` and `c` of shape (problems,) give float64 of shape (problems,)."""
    pairs = np.stack([np.asarray(n, dtype=np.int64), np.asarray(c, dtype=np.int64)], axis=1)
    # A few hundred distinct pairs at most: compute each once, exactly.
    distinct, where = np.unique(pairs, axis=0, return_inverse=True)
    rates = np.array([pass_at_k(int(pair[0]), int(pair[1]), k) for pair in distinct], dtype=np.float64)
    return rates[np.reshape(where, -1)]


def pass_curve(n: npt.ArrayLike, c: npt.ArrayLike) -> _Floats:
    """Mean pass@k over the problems for k = 1 .. the smallest n, shape (ks,); the estimator of `pass_at_k`.

    Each k's chance to miss is that of k - 1 times (n-c-k+1)/(n-k+1), so that a whole curve costs what one k does; the
    result is `pass_at_k`'s to twelve digits.
    """
    samples, passed = np.asarray(n, dtype=np.float64)[:, None], np.asarray(c, dtype=np.float64)[:, None]
    drawn = np.arange(samples.min() if len(samples) else 0)
    misses = np.cumprod(np.clip(samples - passed - drawn, 0, None) / (samples - drawn), axis=1)
    curve: _Floats = 1 - misses.mean(axis=0)
    return curve


def estimate(counts: pd.DataFrame, ks: Sequence[int] = KS, *, seed: int = 0, resamples: int = RESAMPLES) -> Estimates:
    """pass@k per language and overall, each with a 95 % interval by bootstrap over problems.

    `counts` has one row a problem and language, with columns `task_id`, `language` (any label that groups problems,
    such as a pair of languages), `n` and `c`. A k larger than the smallest n of a language is refused for it, and so
    for `ALL`. The result depends on the counts and the seed, not on the order of rows within a language or on which
    other languages stand beside it. Raises DataError for counts that cannot be, UsageError for k < 1.
    """
    _check(counts)
    if not ks or min(ks) < 1:
        raise UsageError(f"pass@k needs k of at least 1, not {list(ks)}")
    groups = [(str(name), part) for name, part in counts.groupby("language", sort=False)]
    estimates: list[Estimate] = []
    refusals: list[Refusal] = []
    for language, rows in [*groups, (ALL, counts)] if groups else []:
        smallest = int(rows["n"].min())
        defined = [k for k in ks if k <= smallest]
        estimates += _estimate_group(language, rows, defined, seed, resamples)
        refusals += [
            Refusal(language=language, k=k, reason=f"a problem has only {smallest} judged sample(s), fewer than {k}")
            for k in ks
            if k > smallest
        ]
    return Estimates(estimates=tuple(estimates), refusals=tuple(refusals))


def coverage(counts: pd.DataFrame, expected: Iterable[str]) -> tuple[str, ...]:
    """Those of the expected task ids that have no judged sample in `counts`, in the order expected."""
    judged = set(counts.loc[counts["n"] > 0, "task_id"])
    return tuple(task_id for task_id in dict.fromkeys(expected) if task_id not in judged)


def problem_numbers(task_ids: pd.Series[str]) -> pd.Series[str]:
    """What follows the last slash of each task id: the problem's number, the same in every language."""
    return task_ids.str.rsplit("/", n=1).str[-1]


def intervals(sums: _Floats, sizes: _Floats, random: np.random.Generator, resamples: int) -> tuple[_Floats, _Floats]:
    """Ends of the 95 % interval of sums / sizes: expanded percentiles over resampled rows, of rates from 0 to 1.

    `sums` has shape (problems, figures), `sizes` (problems,); the ends have shape (figures,). Where no problem differs
    from the others, resampling shows no spread and would claim certainty; there Markov's inequality bounds the mean m
    from P(all of p problems show v) <= (m/v)^p and <= ((1-m)/(1-v))^p, each set to 2.5 %.
    """
    return _ends(sums, sizes, _weights(random, len(sizes), resamples))


def _ends(sums: _Floats, sizes: _Floats, drawn: npt.NDArray[np.integer[Any]]) -> tuple[_Floats, _Floats]:
    problems, weights = len(sizes), drawn.astype(np.float64)
    means = (weights @ sums) / (weights @ sizes)[:, None]
    tail = _expanded_tail(problems)
    low, high = np.quantile(means, [tail, 1 - tail], axis=0)
    rates = sums / sizes[:, None]
    constant = np.ptp(rates, axis=0) < 1e-12
    shrink = _TAIL ** (1 / problems)
    low = np.where(constant, rates[0] * shrink, low)
    high = np.where(constant, 1 - (1 - rates[0]) * shrink, high)
    return np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)


def _weights(random: np.random.Generator, problems: int, resamples: int) -> npt.NDArray[np.integer[Any]]:
    """How often resample r drew problem i, shape (resamples, problems)."""
    drawn = random.multinomial(problems, np.full(problems, 1 / problems), size=resamples)
    return drawn.astype(np.min_scalar_type(problems))


@lru_cache(maxsize=32)
def _weights_of(seed: int, language: str, problems: int, resamples: int) -> npt.NDArray[np.integer[Any]]:
    """The group's weights, which are the same for both semantics and for all runs over so many problems."""
    return _weights(np.random.default_rng([seed, _name(language)]), problems, resamples)


def _check(counts: pd.DataFrame) -> None:
    missing = [name for name in _COLUMNS if name not in counts.columns]
    if missing:
        raise DataError(f"counts lack the column(s) {', '.join(missing)}: they need {', '.join(_COLUMNS)}")
    twice = counts[counts.duplicated(["language", "task_id"])]
    if len(twice):
        raise DataError(f"counts hold {twice['task_id'].iloc[0]} of {twice['language'].iloc[0]} more than once")
    wrong = counts[(counts["c"] < 0) | (counts["c"] > counts["n"])]
    if len(wrong):
        raise DataError(
            f"counts say that {wrong['c'].iloc[0]} of {wrong['n'].iloc[0]} samples of "
            f"{wrong['task_id'].iloc[0]} pass: evaluate the run again"
        )
    if (counts["language"] == ALL).any():
        raise DataError(f"{ALL!r} is the name of the overall figure, so no language can have it")


def _estimate_group(language: str, rows: pd.DataFrame, ks: list[int], seed: int, resamples: int) -> list[Estimate]:
    if not ks:
        return []
    rates = pd.DataFrame({k: pass_rates(rows["n"], rows["c"], k) for k in ks}, index=rows.index)
    # Sums and sizes per problem number, numbers sorted: shapes (numbers, ks) and (numbers,).
    numbers = problem_numbers(rows["task_id"])
    sums = rates.groupby(numbers).sum()
    sizes = rates.groupby(numbers).size().reindex(sums.index).to_numpy(dtype=np.float64)
    lows, highs = _ends(sums.to_numpy(dtype=np.float64), sizes, _weights_of(seed, language, len(sizes), resamples))
    return [
        Estimate(
            language=language,
            k=k,
            value=math.fsum(rates[k]) / len(rates),
            low=float(low),
            high=float(high),
            problems=len(rows),
            samples=int(rows["n"].sum()),
        )
        for k, low, high in zip(ks, lows, highs, strict=True)
    ]


def _name(language: str) -> int:
    """A number for the language's name, so that its random numbers are its own."""
    return zlib.crc32(language.encode())


def _expanded_tail(problems: int) -> float:
    """The tail probability at which a percentile interval is as wide as Student's.

    A plain percentile interval is too narrow for few problems: it forgets that the spread itself is estimated
    (Hesterberg 2015, "What Teachers Should Know About the Bootstrap", section 5.3).
    """
    if problems < 2:
        return 0.0
    wide = _student_quantile(1 - _TAIL, problems - 1) * math.sqrt(problems / (problems - 1))
    return NormalDist().cdf(-wide)


def _student_quantile(probability: float, freedom: int) -> float:
    """Student's quantile by Cornish-Fisher expansion (Abramowitz and Stegun 26.7.5): to 0.1 % from 5 degrees on."""
    z = NormalDist().inv_cdf(probability)
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return math.fsum(term / freedom**power for power, term in enumerate(terms))
