"""Tests of significance that comparisons need: by sign flips, Fisher's exact one, Holm's adjustment. Pure.

A comparison asks many questions at once, and one false alarm is one too many. So each sum is held against the largest
sum of all questions where chance alone acts: the single-step maximum of Westfall and Young (1993, "Resampling-Based
Multiple Testing", section 2.3). The probability of any false alarm is then at most alpha, also when some questions have
real differences, for the largest of all questions is at least the largest of those without.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from humaneval_x.errors import UsageError

__all__ = ["PERMUTATIONS", "Credibility", "Sides", "credibility", "fisher", "flip_signs", "holm", "permutations_for"]

PERMUTATIONS = 9999
"""How often chance is drawn where nothing else is asked for."""

_Floats = npt.NDArray[np.float64]
Sides = Literal[1, 2]
"""1 asks for sums above 0, 2 for sums away from 0."""

# An alpha is told from others by so many patterns that are as extreme, the observed one among them.
_PATTERNS_AT_ALPHA = 20
_MOST_PATTERNS = 200_000
# Sign vectors made at once: 8 bytes a number and vector.
_CHUNK = 8192


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Credibility:
    """What chance alone makes of several questions; arrays have shape (questions,).

    `p` answers each question alone. `adjusted_p` is the probability that chance alone shows, in any of the questions, a
    sum as large in units of its own spread. `spreads` are these units. `critical` is the number of spreads above which
    `adjusted_p` is at most alpha; None where no sum can have such a one.
    """

    p: _Floats
    adjusted_p: _Floats
    spreads: _Floats
    critical: float | None

    def threshold(self, question: int) -> float | None:
        """The sum above which that question's `adjusted_p` is at most alpha, None where there is none."""
        return None if self.critical is None else self.critical * float(self.spreads[question])


def permutations_for(alpha: float, permutations: int = PERMUTATIONS) -> int:
    """How often to draw chance for a test at alpha: `permutations`, or more where alpha is smaller than these can tell.

    Raises UsageError if that would be too many.
    """
    patterns = math.ceil(_PATTERNS_AT_ALPHA / alpha)
    if patterns > _MOST_PATTERNS:
        raise UsageError(
            f"--alpha {alpha:g} is smaller than a test by permutations can tell: give at least "
            f"{_PATTERNS_AT_ALPHA / _MOST_PATTERNS:g}"
        )
    # The observed pattern is one of them.
    return max(permutations, patterns - 1)


def credibility(drawn: _Floats, observed: _Floats, spreads: _Floats, *, sides: Sides, alpha: float) -> Credibility:
    """Hold the sums `observed`, shape (questions,), against those of chance, `drawn`, shape (draws, questions).

    Both are in units of `spreads`. The observed sums count as one draw, without which p could be 0 and alarms too many
    (Phipson and Smyth 2010, "Permutation P-values Should Never Be Zero").
    """
    # Rounding keeps draws that tie with the observed sum from counting as smaller by the last bit.
    drawn, observed = (np.round(sums if sides == 1 else np.abs(sums), 12) for sums in (drawn, observed))
    largest = drawn.max(axis=1)
    draws = len(drawn)
    # So many draws, the observed one among them, may show a sum as large.
    allowed = min(draws, math.floor(alpha * (draws + 1) * (1 + 1e-12)))
    return Credibility(
        p=(1 + (drawn >= observed).sum(axis=0)) / (1 + draws),
        adjusted_p=(1 + (largest[:, None] >= observed).sum(axis=0)) / (1 + draws),
        spreads=spreads,
        critical=float(np.sort(largest)[-allowed]) if allowed else None,
    )


def flip_signs(
    values: _Floats,
    random: np.random.Generator,
    *,
    sides: Sides = 2,
    alpha: float = 0.05,
    permutations: int = PERMUTATIONS,
) -> Credibility:
    """Test that the columns of `values`, shape (clusters, questions), sum to 0 but for chance.

    If two runs are as good as each other, each cluster's difference could as well have had the other sign (Fisher's
    paired randomization test); the signs of a cluster flip in all questions together, since these are correlated: no
    assumption on how is needed. A sum is measured in units of its own spread, the root of its parts' sum of squares,
    which no flip changes. Where all choices of signs are no more than `permutations`, each is taken once and p is
    exact, otherwise they are drawn.
    """
    spreads = np.sqrt(np.square(values).sum(axis=0))
    scaled = values / np.where(spreads > 0, spreads, 1.0)
    sums = [signs @ scaled for signs in _signs(len(values), random, sides, permutations)]
    drawn = np.concatenate([np.empty((0, scaled.shape[1])), *sums])
    return credibility(drawn, scaled.sum(axis=0), spreads, sides=sides, alpha=alpha)


def _signs(clusters: int, random: np.random.Generator, sides: Sides, permutations: int) -> Iterator[_Floats]:
    """Sign vectors beside the observed one, (vectors, clusters): all others if they are few enough, else drawn."""
    # To both sides a vector and its mirror image say the same, so that the last sign may stay.
    free = clusters - (sides - 1)
    every = 2**free - 1 <= permutations
    count = 2**free - 1 if every else permutations
    for first in range(0, count, _CHUNK):
        several = min(_CHUNK, count - first)
        if every:
            bits = np.arange(first + 1, first + 1 + several)[:, None] >> np.arange(clusters) & 1
        else:
            bits = random.integers(0, 2, size=(several, clusters), dtype=np.int8)
        yield 1.0 - 2.0 * bits


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
