"""How large a drop a comparison could have detected: the drop that it reports with a probability of 80 %. Pure.

Let D be the observed drop, the mean of paired differences d, and S = sqrt(sum of squares) its spread in the gate's
test, which reports D > c S, with c the test's critical value (adjusted for all questions). Let the true drop be X and
take the same share of every problem's pass@k. D then has mean X and standard deviation sigma, and S^2 is about
sigma^2 + h X^2, where h = sum g^2 / (sum g)^2 over problem numbers and g is a number's part of the baseline's score: a
drop of its own widens the spread that it is measured by, the more the fewer problems carry the score. With z = 0.84,
the normal's 80 % quantile, D exceeds c S with 80 % if X - z sigma = c sqrt(sigma^2 + h X^2), that is

    X = sigma (z + c sqrt(1 + h (z^2 - c^2))) / (1 - c^2 h)

and D exceeds the allowed drop as well if X >= max_drop + z sigma; the answer is the larger. For h = 0 it is the
textbook's minimum detectable effect (z + c) sigma (Bloom 1995, "Minimum Detectable Effects"). It is None if it exceeds
the baseline's own score, since no run can drop by more.

sigma^2 is the larger of two estimates. One is what sampling alone does to the difference: if both runs have a problem's
rate in common, then given that C of all its N = n + m samples pass, how many of these are the baseline's is
hypergeometric, so the mean of d^2 over that distribution estimates the variance of d without bias, from what both runs
say of the rate (Rao-Blackwell); for k = 1 it is C (N - C) / (n m (N - 1)). The other is the sum of squares that these
differences show about the drop: it is larger where the runs truly differ from problem to problem, as other checkpoints
do, and then counts the problems as a sample of their kind.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from humaneval_x.estimates import pass_rates

__all__ = ["POWER", "drop_with_power", "sampling_variances", "scatter", "unevenness"]

POWER = 0.8
"""The probability with which the drop is detected."""

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]


def drop_with_power(
    sigma: float, critical: float | None, uneven: float, *, max_drop: float, baseline: float
) -> float | None:
    """X of the module's docstring, a share; `uneven` is h. None if there is none up to `baseline`, or sigma is 0."""
    if critical is None or sigma <= 0:
        return None
    z = NormalDist().inv_cdf(POWER)
    left, inside = 1 - critical**2 * uneven, 1 + uneven * (z**2 - critical**2)
    if left <= 0 or inside < 0:
        return None
    drop = max(sigma * (z + critical * math.sqrt(inside)) / left, max_drop + z * sigma)
    return drop if drop <= baseline else None


def sampling_variances(n_before: _Ints, n_after: _Ints, passes: _Ints, k: int) -> _Floats:
    """Per problem the variance of the difference in pass@k that sampling makes, given the passes of both runs together.

    All of shape (problems,); k is at most the smallest n.
    """
    rows, where = np.unique(np.stack([n_before, n_after, passes], axis=1), axis=0, return_inverse=True)
    n, m, both = (rows[:, [column]] for column in range(3))
    # A row for each distinct problem, a column for each number of passes that could be the baseline's.
    mine = np.arange(int(n.max()) + 1)[None, :]
    theirs = both - mine
    possible = (mine <= n) & (theirs >= 0) & (theirs <= m)
    mine, theirs = np.where(possible, mine, 0), np.where(possible, theirs, 0)
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, max(int(n.max()), int(m.max())) + 1)))])
    ways = -(logs[mine] + logs[n - mine] + logs[theirs] + logs[m - theirs])
    ways = np.where(possible, ways, -np.inf)
    chances = np.exp(ways - ways.max(axis=1, keepdims=True))
    rates = _rates_by_passes(np.unique(rows[:, :2]), k)
    squares = np.square(rates[n, mine] - rates[m, theirs])
    variances: _Floats = ((chances * squares).sum(axis=1) / chances.sum(axis=1))[np.reshape(where, -1)]
    return variances


def _rates_by_passes(sizes: _Ints, k: int) -> _Floats:
    """pass@k by number of samples and of passes, for the numbers of samples in `sizes`; 0 elsewhere."""
    largest = int(sizes.max())
    table = np.zeros((largest + 1, largest + 1))
    for size in sizes:
        table[size, : size + 1] = pass_rates(np.full(size + 1, size), np.arange(size + 1), k)
    return table


def unevenness(parts: _Floats) -> float:
    """The h of the module's docstring; `parts` says how much of the score each number carries, shape (numbers,)."""
    total = float(parts.sum())
    return float(np.square(parts).sum()) / total**2 if total > 0 else 1.0


def scatter(differences: _Floats, parts: _Floats) -> float:
    """The sum of squared differences about the drop, which falls on the numbers as `parts` do; shapes (numbers,)."""
    total = float(parts.sum())
    expected = differences.sum() * parts / total if total > 0 else np.zeros_like(parts)
    return float(np.square(differences - expected).sum())
