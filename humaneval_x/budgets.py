"""A budget of k samples split over languages: the share of problems that any of the samples solves. Pure.

The paper of the benchmark (Zheng et al. 2023, arXiv 2303.17568) asks what a user gains who lets a model write in
several languages. Of k samples, k_i are drawn in language i, and a problem is solved if any of them passes in its
language. With n_i samples of which c_i pass there, drawn without replacement and independently for each language,

    pass under a split = 1 - prod_i C(n_i - c_i, k_i) / C(n_i, k_i),

and the figure is the mean over problem numbers. With all of k in one language that is pass@k. It is undefined where a
k_i exceeds n_i, and then refused.

How k becomes whole k_i: each language's quota is k times its share of the weights; it gets the whole part, and what
remains goes, one each, to the largest remainders, of equals to the language named first (largest remainder method).
docs/statistics.md has an example.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pandas as pd

from humaneval_x.errors import DataError, IncompleteError, UsageError
from humaneval_x.estimates import RESAMPLES, Refusal, intervals, problem_numbers
from humaneval_x.splits import FOLDS, SEARCHED, best_splits, splits_of

__all__ = [
    "BEST",
    "BOUND",
    "HELD_OUT",
    "UNIFORM",
    "WEIGHTED",
    "Board",
    "Budget",
    "BudgetTable",
    "board_of",
    "budgets",
    "pass_under_split",
    "split_budget",
    "weights_by_pass_at_1",
]

UNIFORM = "uniform"
WEIGHTED = "weighted"
BEST = "best"
HELD_OUT = "held-out"
BOUND = "bound"

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Board:
    """Counts of the problems that every language has: `n` and `c` have shape (numbers, languages).

    `left_out` are the problem numbers that some language lacks.
    """

    languages: tuple[str, ...]
    numbers: tuple[str, ...]
    n: _Ints
    c: _Ints
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The share of problems solved by k samples in one way to spend them, with its 95 % interval.

    `name` is a language (all of k in it) or one of `UNIFORM`, `WEIGHTED`, `BEST` (the split with the highest figure,
    chosen on the same problems and so optimistic), `HELD_OUT` (for each fifth of the problems the split that is best on
    the others) and `BOUND` (for each problem its own best language, which no split exceeds). `split` are the k_i in the
    order of the languages, empty where it differs from problem to problem.
    """

    name: str
    k: int
    split: tuple[int, ...]
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetTable:
    """What could be computed, by k and then by name, and what was refused (`Refusal.language` is the name)."""

    languages: tuple[str, ...]
    problems: int
    left_out: tuple[str, ...]
    weights: tuple[Fraction, ...]
    budgets: tuple[Budget, ...]
    refusals: tuple[Refusal, ...] = field(default=())

    def find(self, name: str, k: int) -> Budget | None:
        """The figure of that name and k; None if it was refused or never asked for."""
        return next((each for each in self.budgets if (each.name, each.k) == (name, k)), None)


def pass_under_split(n: Sequence[int], c: Sequence[int], split: Sequence[int]) -> float:
    """The probability that `split[i]` of the n[i] samples of each language i, c[i] of which pass, hold one that passes.

    Correctly rounded. Raises IncompleteError where a k_i exceeds n_i, UsageError for k_i < 0 or none above 0,
    DataError for a c outside 0..n.
    """
    if min(split, default=0) < 0 or not any(split):
        raise UsageError(f"a budget of {list(split)} samples does not exist: give each language 0 or more, and one any")
    ways = failures = 1
    for samples, passes, drawn in zip(n, c, split, strict=True):
        if not 0 <= passes <= samples:
            raise DataError(f"{passes} of {samples} samples cannot pass: the counts are wrong; evaluate the run again")
        if drawn > samples:
            raise IncompleteError(f"a budget of {drawn} is undefined for {samples} samples: draw more, or ask for less")
        ways *= math.comb(samples, drawn)
        failures *= math.comb(samples - passes, drawn)
    # Division of Python integers rounds once, so the result is exact to double precision.
    return (ways - failures) / ways


def split_budget(k: int, weights: Sequence[Fraction]) -> tuple[int, ...]:
    """k in whole parts by weights, by largest remainder. Raises UsageError for k < 1, negative weights, or none."""
    if k < 1:
        raise UsageError(f"a budget of {k} samples does not exist: k must be at least 1")
    if not weights or min(weights) < 0 or not sum(weights):
        raise UsageError("weights must not be negative, and one of them must be above 0")
    total = sum(weights)
    quotas = [k * weight / total for weight in weights]
    split = [math.floor(quota) for quota in quotas]
    by_remainder = sorted(range(len(quotas)), key=lambda place: split[place] - quotas[place])
    for place in by_remainder[: k - sum(split)]:
        split[place] += 1
    return tuple(split)


def board_of(counts: pd.DataFrame) -> Board:
    """The counts (columns `task_id`, `language`, `n`, `c` as `estimates.estimate` takes them) by problem number.

    Raises IncompleteError if no number has samples in every language, DataError for a problem that stands there twice.
    """
    languages = tuple(str(name) for name in dict.fromkeys(counts["language"]))
    counted = counts[counts["n"] > 0]
    if not len(counted):
        raise IncompleteError("there are no judged samples to spend a budget on: draw and judge some")
    rows = counted.assign(number=problem_numbers(counted["task_id"]))
    if rows.duplicated(["language", "number"]).any():
        raise DataError("counts hold a problem more than once in a language")
    tables = [
        rows.pivot(index="number", columns="language", values=name).reindex(columns=list(languages))
        for name in ("n", "c")
    ]
    whole = tables[0].notna().all(axis=1)
    if not whole.any():
        raise IncompleteError(f"no problem has samples in all of {', '.join(languages)}: run all on the same problems")
    n, c = (table[whole].to_numpy(dtype=np.int64) for table in tables)
    return Board(
        languages=languages,
        numbers=tuple(map(str, tables[0].index[whole])),
        n=n,
        c=c,
        left_out=tuple(map(str, tables[0].index[~whole])),
    )


def weights_by_pass_at_1(board: Board) -> tuple[Fraction, ...]:
    """Each language's pass@1 as its weight; equal weights where nothing passes. Chosen on the same samples."""
    shares = tuple(
        sum((Fraction(int(c), int(n)) for n, c in zip(board.n[:, place], board.c[:, place], strict=True)), Fraction(0))
        / len(board.numbers)
        for place in range(len(board.languages))
    )
    return shares if any(shares) else (Fraction(1),) * len(shares)


def budgets(
    board: Board,
    ks: Sequence[int],
    weights: Mapping[str, Fraction] | None = None,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    searched: int = SEARCHED,
) -> BudgetTable:
    """All ways to spend each k: each language alone, uniform, weighted (by default by pass@1), best, and the bound.

    Intervals resample problem numbers and take the splits as given; a language's own is that of `estimates.estimate`.
    `BEST` and `HELD_OUT` look at every split, and are refused where these are more than `searched`. Raises UsageError
    for k < 1 or weights that make no sense.
    """
    given = _weights(board, weights)
    found: list[Budget] = []
    refusals: list[Refusal] = []
    for k in dict.fromkeys(ks):
        for name, split, rates in _ways(board, k, given, searched):
            if isinstance(rates, str):
                refusals.append(Refusal(language=name, k=k, reason=rates))
                continue
            random = np.random.default_rng([seed, zlib.crc32(name.encode())])
            low, high = intervals(rates[:, None], np.ones(len(rates)), random, resamples)
            value = math.fsum(rates) / len(rates)
            found.append(Budget(name=name, k=k, split=split, value=value, low=float(low[0]), high=float(high[0])))
    return BudgetTable(
        languages=board.languages,
        problems=len(board.numbers),
        left_out=board.left_out,
        weights=given,
        budgets=tuple(found),
        refusals=tuple(refusals),
    )


def _weights(board: Board, weights: Mapping[str, Fraction] | None) -> tuple[Fraction, ...]:
    if weights is None:
        return weights_by_pass_at_1(board)
    unknown = [name for name in weights if name not in board.languages]
    if unknown:
        raise UsageError(f"the run has no {unknown[0]!r} to weigh: it has {', '.join(board.languages)}")
    return tuple(weights.get(name, Fraction(0)) for name in board.languages)


def _ways(
    board: Board, k: int, weights: tuple[Fraction, ...], searched: int
) -> Iterator[tuple[str, tuple[int, ...], _Floats | str]]:
    """Name, split, and the problems' probabilities (shape (numbers,)) or why they are undefined."""
    size = len(board.languages)
    even = split_budget(k, (Fraction(1),) * size)
    fixed = {name: tuple(k * (place == own) for place in range(size)) for own, name in enumerate(board.languages)}
    for name, split in {**fixed, UNIFORM: even, WEIGHTED: split_budget(k, weights)}.items():
        yield name, split, _rates(board, split)
    alone = [_rates(board, split) for split in fixed.values()]
    short = next((reason for reason in alone if isinstance(reason, str)), "")
    yield from _searched(board, k, searched)
    yield BOUND, (), short or np.max(np.stack([each for each in alone if not isinstance(each, str)]), axis=0)


def _searched(board: Board, k: int, searched: int) -> Iterator[tuple[str, tuple[int, ...], _Floats | str]]:
    limits = board.n.min(axis=0)
    if k > limits.sum():
        reason = f"the languages have only {limits.sum()} samples of a problem together, fewer than {k}"
    elif (many := splits_of(k, len(limits))) > searched:
        reason = f"{many:,} splits are more than are looked at ({searched:,})"
    else:
        best, others = best_splits(board.n, board.c, k)
        yield BEST, best, _rates(board, best)
        if not others:
            yield HELD_OUT, (), "one problem alone leaves no others to choose the split on"
            return
        rates = np.empty(len(board.numbers))
        for fold, split in enumerate(others):
            chosen = _rates(board, split, slice(fold, None, FOLDS))
            if not isinstance(chosen, str):
                rates[fold::FOLDS] = chosen
        yield HELD_OUT, (), rates
        return
    yield BEST, (), reason
    yield HELD_OUT, (), reason


def _rates(board: Board, split: tuple[int, ...], chosen: slice = slice(None)) -> _Floats | str:
    """`pass_under_split` of the chosen numbers; in words why not, where a language has too few samples."""
    limits = board.n.min(axis=0)
    short = [place for place, drawn in enumerate(split) if drawn > limits[place]]
    if short:
        return (
            f"a problem has only {limits[short[0]]} judged sample(s) in {board.languages[short[0]]}, fewer than "
            f"{split[short[0]]}"
        )
    rows = zip(board.n[chosen].tolist(), board.c[chosen].tolist(), strict=True)
    return np.array([pass_under_split(n, c, split) for n, c in rows], dtype=np.float64)
