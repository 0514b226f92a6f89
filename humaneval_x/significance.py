"""Tests of significance that comparisons need: by sign flips, Fisher's exact one, Holm's adjustment. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

__all__ = ["PERMUTATIONS", "Flips", "fisher", "flip_signs", "holm"]

PERMUTATIONS = 9999
_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flips:
    """What flipping signs said of several questions: shapes (questions,).

    `p` answers each question alone. `adjusted_p` is the probability that chance alone shows, in any of the questions, a
    sum as far from 0 in units of its own spread. `critical` is the number of spreads from which on `adjusted_p` is at
    most alpha, None if so few permutations cannot say.
    """

    p: _Floats
    adjusted_p: _Floats
    critical: float | None


def flip_signs(
    values: _Floats, random: np.random.Generator, *, alpha: float = 0.05, permutations: int = PERMUTATIONS
) -> Flips:
    """Two-sided tests that the columns of `values`, shape (clusters, questions), sum to 0 but for chance.

    If two runs are as good as each other, each cluster's difference could as well have had the other sign; the signs of
    a cluster flip in all questions together, since these are correlated. p is the share of flips, the observed one
    among them, whose sum is as far from 0. Adjusted is Westfall and Young's single-step maximum.
    """
    spreads = np.sqrt(np.square(values).sum(axis=0))
    scaled = values / np.where(spreads > 0, spreads, 1.0)
    signs = random.choice(np.array([-1.0, 1.0]), size=(permutations, len(values)))
    # Rounding keeps flips that tie with the observed sum from counting as smaller by the last bit.
    flipped = np.round(np.abs(signs @ scaled), 12)
    observed = np.round(np.abs(scaled.sum(axis=0)), 12)
    largest = flipped.max(axis=1)
    allowed = math.floor(alpha * (permutations + 1))
    return Flips(
        p=(1 + (flipped >= observed).sum(axis=0)) / (1 + permutations),
        adjusted_p=(1 + (largest[:, None] >= observed).sum(axis=0)) / (1 + permutations),
        critical=float(np.sort(largest)[-allowed]) if allowed else None,
    )


@lru_cache(maxsize=100_000)
def fisher(n_one: int, c_one: int, n_other: int, c_other: int) -> float:
    """Fisher's exact two-sided p that c of n samples of two runs are draws from one pass rate.

    With the passes of both together given, the sum over all ways to share them out that are at most as probable as the
    one seen; in whole numbers, so that ways of equal probability are equal.
    """
    passes = c_one + c_other
    first, last = max(0, passes - n_other), min(n_one, passes)
    # The number of ways in which x of the passes are of the first run, for every x.
    ways = [math.comb(n_one, first) * math.comb(n_other, passes - first)]
    for x in range(first, last):
        ways.append(ways[-1] * (n_one - x) * (passes - x) // ((x + 1) * (n_other - passes + x + 1)))
    seen = ways[c_one - first]
    return sum(count for count in ways if count <= seen) / sum(ways)


def holm(p: Sequence[float]) -> list[float]:
    """Holm's adjustment: each p with the probability of any false alarm among all of them bounded by it."""
    adjusted = [1.0] * len(p)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(p)), key=lambda place: p[place])):
        largest = max(largest, min(1.0, (len(p) - rank) * p[place]))
        adjusted[place] = largest
    return adjusted
