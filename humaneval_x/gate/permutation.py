"""How credible drops are: a paired permutation test of many questions at once. Pure.

If the candidate is as good as the baseline in every problem, the two runs' samples of a problem could as well have been
exchanged, so each problem's difference could as well have had the other sign (Fisher's paired randomization test). The
signs of a problem number flip in all languages and k together, since these are correlated: no assumption on how is
needed. Each drop is measured in units of its own spread sqrt(sum of squares), which no flip changes.

A gate asks many questions at once and one false alarm fails a build, so each drop is held against the largest drop of
all questions in each permutation: the single-step maximum of Westfall and Young (1993, "Resampling-Based Multiple
Testing", section 2.3). The probability of any false alarm is then at most alpha, also when some questions have real
drops, for the largest of all questions is at least the largest of those without. This is exact where both runs have the
same number of samples for each problem; with other numbers differences have mean 0 but are not quite symmetric, and
the bound holds approximately.

Where all sign vectors are no more than the permutations asked for, each is taken once and p is exact. Otherwise they
are drawn, and the observed signs count as one of them, without which p could be 0 and alarms too many (Phipson and
Smyth 2010, "Permutation P-values Should Never Be Zero").
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Credibility", "credibility"]

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Credibility:
    """Per question, shape (questions,): the adjusted `p` and the `spreads`.

    `critical` is the drop, in units of spread, above which p is at most alpha; None where no drop can have such a p.
    """

    p: _Floats
    spreads: _Floats
    critical: float | None


def credibility(differences: _Floats, alpha: float, random: np.random.Generator, permutations: int) -> Credibility:
    """Test the drops that are the columns' sums; `differences` has shape (problem numbers, questions)."""
    spreads = np.sqrt(np.square(differences).sum(axis=0))
    scaled = differences / np.where(spreads > 0, spreads, 1.0)
    signs = _signs(len(differences), random, permutations)
    # Rounding keeps permutations that tie with the observed drop from counting as smaller by the last bit.
    largest = np.round((signs @ scaled).max(axis=1), 12)
    observed = np.round(scaled.sum(axis=0), 12)
    at_least = (largest[:, None] >= observed[None, :]).sum(axis=0)
    # So many sign vectors, the observed one among them, may show a drop as large.
    allowed = math.floor(alpha * (len(signs) + 1) * (1 + 1e-12))
    critical = float(np.sort(largest)[-allowed]) if allowed else None
    return Credibility(p=(1 + at_least) / (1 + len(signs)), spreads=spreads, critical=critical)


def _signs(numbers: int, random: np.random.Generator, permutations: int) -> _Floats:
    """Sign vectors beside the observed one: all others if they are few enough, else drawn; (vectors, numbers)."""
    if numbers < 60 and 2**numbers - 1 <= permutations:
        bits = np.arange(1, 2**numbers)[:, None] >> np.arange(numbers) & 1
    else:
        bits = random.integers(0, 2, size=(permutations, numbers), dtype=np.int8)
    signs: _Floats = 1.0 - 2.0 * bits
    return signs
