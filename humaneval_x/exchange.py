"""Two runs' samples of a problem exchanged: what chance alone makes of their difference in pass@k. Pure.

If two runs have a problem's pass rate in common, then given that C of all its N = n + m samples pass, every choice of n
of these samples is as likely to be the one run's, so the number of its passes is hypergeometric, whatever the rate is.
Drawing it again, in each problem and language by itself, shows what differences chance alone makes.

Flipping signs (`significance.flip_signs`) needs less of two runs, only that each difference could as well have had the
other sign, but where n and m differ it could not: with 200 samples of a weak model one run's rate of 0.5 % is 0.5 % on
most problems, and with 10 samples the other's is 0 on most and 10 % on a few. Such a sum is skewed; flipped signs do
not show that, and call twice as many of them credible as they should.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from humaneval_x.estimates import pass_rates
from humaneval_x.significance import Credibility, Sides, credibility

__all__ = ["Exchanges", "exchange_samples", "exchanges_of"]

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Exchanges:
    """All ways to share out each problem's passes among two runs.

    `kinds` names for each problem the row of `chances` and of each k's `differences`, of shape (kinds, outcomes): how
    probable an outcome is, and what the one run's pass@k minus the other's then is.
    """

    kinds: npt.NDArray[np.intp]
    chances: _Floats
    differences: dict[int, _Floats]

    def variances(self, k: int) -> _Floats:
        """Per problem the variance of the difference in pass@k, shape (problems,).

        It estimates without bias what sampling alone does to the difference (Rao-Blackwell), from what both runs say of
        the rate; for k = 1 it is C (N - C) / (n m (N - 1)).
        """
        variances: _Floats = (self.chances * np.square(self.differences[k])).sum(axis=1)[self.kinds]
        return variances


def exchanges_of(n: _Ints, m: _Ints, passes: _Ints, ks: Sequence[int]) -> Exchanges:
    """The ways for problems of which one run has n samples, the other m, and both together so many passes.

    All of shape (problems,). A k is defined for problems with at least k samples in both runs, and 0 for others.
    """
    rows, kinds = np.unique(np.stack([n, m, passes], axis=1), axis=0, return_inverse=True)
    n, m, both = (rows[:, [column]] for column in range(3))
    # A column for each number of passes that could be the one run's.
    mine = np.arange(int(n.max()) + 1)[None, :]
    theirs = both - mine
    possible = (mine <= n) & (theirs >= 0) & (theirs <= m)
    mine, theirs = np.where(possible, mine, 0), np.where(possible, theirs, 0)
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, max(int(n.max()), int(m.max())) + 1)))])
    ways = -(logs[mine] + logs[n - mine] + logs[theirs] + logs[m - theirs])
    ways = np.where(possible, ways, -np.inf)
    chances = np.exp(ways - ways.max(axis=1, keepdims=True))
    differences = {}
    for k in ks:
        rates = _rates_by_passes(tuple(np.unique(rows[:, :2]).tolist()), k)
        differences[k] = np.where(possible, rates[n, mine] - rates[m, theirs], 0.0)
    return Exchanges(
        kinds=np.reshape(kinds, -1), chances=chances / chances.sum(axis=1, keepdims=True), differences=differences
    )


@lru_cache(maxsize=64)
def _rates_by_passes(sizes: tuple[int, ...], k: int) -> _Floats:
    """pass@k by number of samples and of passes, for the numbers of samples in `sizes` from k on; 0 elsewhere."""
    table = np.zeros((max(sizes) + 1, max(sizes) + 1))
    for size in (size for size in sizes if size >= k):
        table[size, : size + 1] = pass_rates(np.full(size + 1, size), np.arange(size + 1), k)
    return table


def exchange_samples(
    exchanges: Exchanges,
    questions: Sequence[tuple[npt.NDArray[np.intp], int]],
    observed: _Floats,
    random: np.random.Generator,
    *,
    sides: Sides,
    alpha: float,
    permutations: int,
) -> Credibility:
    """Test that two runs have every problem's pass rate in common.

    A question is the problems that it is about and its k; `observed` says by how much the one run's mean pass@k over
    these exceeds the other's, shape (questions,). One drawing serves all questions, in each of which a difference is
    measured in units of its standard deviation under exchange. Given the passes of both runs together, p is exact: the
    probability of a p of at most alpha is at most alpha.
    """
    spreads = np.array(
        [np.sqrt(exchanges.variances(k)[problems].sum()) / len(problems) for problems, k in questions], dtype=np.float64
    )
    asked: list[list[int]] = [[] for _ in exchanges.kinds]
    for place, (problems, _) in enumerate(questions):
        for problem in problems:
            asked[problem].append(place)
    ends = np.cumsum(exchanges.chances, axis=1)
    sums = np.zeros((len(questions), permutations))
    for problem, kind in enumerate(exchanges.kinds):
        # Rounding may leave the last end below 1; what is drawn above it is the last outcome.
        drawn = np.minimum(np.searchsorted(ends[kind], random.random(permutations)), ends.shape[1] - 1)
        for place in asked[problem]:
            sums[place] += exchanges.differences[questions[place][1]][kind][drawn]
    sizes = np.array([len(problems) for problems, _ in questions])
    units = np.where(spreads > 0, spreads, 1.0)
    return credibility((sums.T / sizes) / units, observed / units, spreads, sides=sides, alpha=alpha)
