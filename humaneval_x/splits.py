"""The split of a budget over languages that solves most problems, found by looking at every split. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["FOLDS", "SEARCHED", "best_splits", "splits_of"]

FOLDS = 5
"""Parts of the problems for choosing a split on the others: problem i is in part i modulo `FOLDS`."""

SEARCHED = 20_000_000
"""Splits that are looked at, at most: five languages up to k = 145."""

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]


def splits_of(k: int, languages: int) -> int:
    """In how many ways k samples can be shared out over so many languages, not looking at how many each has."""
    return math.comb(k + languages - 1, languages - 1)


def best_splits(n: _Ints, c: _Ints, k: int) -> tuple[tuple[int, ...], tuple[tuple[int, ...], ...]]:
    """The split of k with the highest mean over all problems, and for each of `FOLDS` parts that over the others.

    `n` and `c` have shape (problems, languages). A split never asks a language for more than its smallest n. Of splits
    that are equal to twelve digits the one that comes first is taken, the first language's part counting up. Fewer
    problems than `FOLDS` make fewer parts, one problem none. k must not exceed the languages' smallest n together.
    """
    tables = [_failures(n[:, place], c[:, place], min(k, int(n[:, place].min()))) for place in range(n.shape[1])]
    parts = [np.arange(len(n)) % FOLDS == part for part in range(min(FOLDS, len(n)))]
    # The sum over problems of a product over languages is, for halves of the languages, a product of matrices.
    half = len(tables) // 2
    best: list[tuple[float, tuple[int, ...]]] = [(math.inf, ())] * (1 + len(parts))
    for first in range(k + 1):
        left, right = _compositions(tables[:half], first), _compositions(tables[half:], k - first)
        if not len(left) or not len(right):
            continue
        one, other = _products(tables[:half], left, len(n)), _products(tables[half:], right, len(n))
        sums = [one[:, part] @ other[:, part].T for part in parts]
        total = np.add.reduce(sums)
        for place, failures in enumerate([total, *(total - each for each in sums)]):
            found = int(np.argmin(np.round(failures, 12)))
            row, column = divmod(found, len(right))
            value = round(float(failures[row, column]), 12)
            if value < best[place][0]:
                best[place] = value, (*map(int, left[row]), *map(int, right[column]))
    splits = [split for _, split in best]
    return splits[0], tuple(splits[1:]) if len(parts) > 1 else ()


def _failures(n: _Ints, c: _Ints, most: int) -> _Floats:
    """The probability C(n - c, j) / C(n, j) that none of j samples passes, j = 0 to `most`: (problems, most + 1)."""
    drawn = np.arange(most)
    steps = np.clip((n - c)[:, None] - drawn, 0, None) / (n[:, None] - drawn)
    return np.hstack([np.ones((len(n), 1)), np.cumprod(steps, axis=1)])


def _compositions(tables: Sequence[_Floats], total: int) -> _Ints:
    """All ways to share `total` over the tables, each within its columns: shape (ways, tables), in rising order."""
    rows = list(_shared([table.shape[1] - 1 for table in tables], total))
    return np.concatenate(rows) if rows else np.empty((0, len(tables)), dtype=np.int64)


def _shared(limits: Sequence[int], total: int) -> Iterator[_Ints]:
    if total > sum(limits):
        return
    if not limits:
        yield np.empty((1, 0), dtype=np.int64)
    elif len(limits) == 1:
        yield np.array([[total]], dtype=np.int64)
    elif len(limits) == 2:
        first = np.arange(max(0, total - limits[1]), min(limits[0], total) + 1)
        yield np.stack([first, total - first], axis=1)
    else:
        for drawn in range(min(limits[0], total) + 1):
            for rest in _shared(limits[1:], total - drawn):
                yield np.hstack([np.full((len(rest), 1), drawn), rest])


def _products(tables: Sequence[_Floats], ways: _Ints, problems: int) -> _Floats:
    """For each way and problem the probability that none of its samples passes: shape (ways, problems)."""
    product = np.ones((len(ways), problems))
    for place, table in enumerate(tables):
        product *= table.T[ways[:, place]]
    return product
