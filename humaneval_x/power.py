"""How large a difference a comparison could have told: the one that it reports with a probability of 80 %. Pure.

Let D be the observed difference, the mean of paired differences d, and S = sqrt(sum of squares) its spread in the test
by sign flips, which reports D > c S, with c the test's critical value (adjusted for all questions). Let the true
difference be X and fall on the problems as the scores do. D then has mean X and standard deviation sigma, and S^2 is
about sigma^2 + h X^2, where h = sum g^2 / (sum g)^2 over problem numbers and g is a number's part of the score: a
difference of its own widens the spread that it is measured by, the more the fewer problems carry the score. With
z = 0.84, the normal's 80 % quantile, D exceeds c S with 80 % if X - z sigma = c sqrt(sigma^2 + h X^2), that is

    X = sigma (z + c sqrt(1 + h (z^2 - c^2))) / (1 - c^2 h)

and D exceeds some `floor` as well (what a gate allows, what exchanged samples show) if X >= floor + z sigma; the answer
is the larger. For h = 0 it is the textbook's minimum detectable effect (z + c) sigma (Bloom 1995, "Minimum Detectable
Effects"). It is None if it exceeds `ceiling`, the largest difference that there could be.

sigma^2 is the larger of two estimates. One is what sampling alone does to the difference (`Exchanges.variances`). The
other is the sum of squares that these differences show about their mean shape: it is larger where the runs truly differ
from problem to problem, as other checkpoints do, and then counts the problems as a sample of their kind.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

__all__ = ["POWER", "difference_with_power", "scatter", "unevenness"]

POWER = 0.8
"""The probability with which the difference is told."""

_Floats = npt.NDArray[np.float64]


def difference_with_power(
    sigma: float, critical: float | None, uneven: float, *, floor: float, ceiling: float
) -> float | None:
    """X of the module's docstring, a share; `uneven` is h. None if there is none up to `ceiling`, or sigma is 0."""
    if critical is None or sigma <= 0:
        return None
    z = NormalDist().inv_cdf(POWER)
    left, inside = 1 - critical**2 * uneven, 1 + uneven * (z**2 - critical**2)
    if left <= 0 or inside < 0:
        return None
    least = max(sigma * (z + critical * math.sqrt(inside)) / left, floor + z * sigma)
    return least if least <= ceiling else None


def unevenness(parts: _Floats) -> float:
    """The h of the module's docstring; `parts` says how much of the score each number carries, shape (numbers,)."""
    total = float(parts.sum())
    return float(np.square(parts).sum()) / total**2 if total > 0 else 1.0


def scatter(differences: _Floats, parts: _Floats) -> float:
    """The sum of squared differences about their sum, which falls on the numbers as `parts` do; shapes (numbers,)."""
    total = float(parts.sum())
    expected = differences.sum() * parts / total if total > 0 else np.zeros_like(parts)
    return float(np.square(differences - expected).sum())
