"""Two runs paired by problem: the questions asked of them, how credible the answers are, what could be told. Pure.

For a group (a language or a pair of languages) or all rows together, and for each k that both runs have samples for, a
question asks for the mean over the same problems of the one run's pass@k minus the other's. Both runs saw the same
problems, so most of what makes problems differ cancels. A problem is the same in every language, so the tests take
problem numbers, not rows, as what varies.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import pandas as pd

from humaneval_x.estimates import ALL, pass_rates, problem_numbers
from humaneval_x.exchange import Exchanges, exchange_samples, exchanges_of
from humaneval_x.power import difference_with_power, scatter, unevenness
from humaneval_x.significance import Credibility, Sides, flip_signs, permutations_for

__all__ = ["Answers", "Question", "Questions", "answers_to", "questions_of"]

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """One difference: `parts_one`, `parts_other` have one value a problem number, summing to the run's pass@k.

    `rows` are the group's rows and `places` their problem numbers, among all of these; `sampling` is the variance that
    sampling alone gives the difference.
    """

    group: str
    k: int
    rows: npt.NDArray[np.intp]
    places: npt.NDArray[np.intp]
    parts_one: _Floats
    parts_other: _Floats
    sampling: float

    @property
    def one(self) -> float:
        """The one run's pass@k, a share."""
        return math.fsum(self.parts_one)

    @property
    def other(self) -> float:
        """The other run's."""
        return math.fsum(self.parts_other)

    @property
    def differences(self) -> _Floats:
        """One minus other, shape (problem numbers,)."""
        return self.parts_one - self.parts_other

    @property
    def value(self) -> float:
        """The sum of the differences."""
        return math.fsum(self.differences)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Questions:
    """All questions of a comparison. `exchanges` are of its rows; `equal` is whether both runs drew as many samples."""

    each: tuple[Question, ...]
    exchanges: Exchanges
    equal: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """How credible the differences are: `p` of each alone, `adjusted_p` among all, both of shape (questions,).

    `exchanges` is None where both runs drew as many samples of every problem.
    """

    questions: Questions
    p: _Floats
    adjusted_p: _Floats
    flips: Credibility
    exchanges: Credibility | None
    usual: float

    def threshold(self, place: int) -> float | None:
        """The difference above which that question's adjusted p is at most alpha, None where there is none."""
        found = [each.threshold(place) for each in (self.flips, self.exchanges) if each is not None]
        known = [each for each in found if each is not None]
        return max(known) if self.flips.spreads[place] > 0 and len(known) == len(found) else None

    def with_power(self, place: int, shape: _Floats, *, floor: float, ceiling: float) -> float | None:
        """The true difference that is told with `power.POWER` if it falls on the problem numbers as `shape` does.

        A share; None if there is none up to `ceiling`. It exceeds `floor` with that probability, too.
        """
        question = self.questions.each[place]
        sigma = math.sqrt(max(question.sampling, scatter(question.differences, shape)))
        flips, exchanged = self.flips.critical, self.exchanges
        if flips is None or (exchanged is not None and exchanged.critical is None):
            return None
        # Questions in which nothing differed take no part in the largest difference; other runs' would.
        if exchanged is not None and exchanged.critical is not None:
            floor = max(floor, max(exchanged.critical, self.usual) * float(exchanged.spreads[place]))
        return difference_with_power(sigma, max(flips, self.usual), unevenness(shape), floor=floor, ceiling=ceiling)


def questions_of(pairs: pd.DataFrame, ks: Sequence[int]) -> Questions:
    """The questions of paired counts: group by group in their order, then overall if there are several groups.

    `pairs` has a row a problem, with columns `group`, `task_id`, `n_one`, `c_one`, `n_other` and `c_other`.
    """
    ks = list(dict.fromkeys(ks))
    places, known = pd.factorize(problem_numbers(pairs["task_id"]))
    n_one, c_one, n_other, c_other = (pairs[name].to_numpy() for name in ("n_one", "c_one", "n_other", "c_other"))
    exchanges = exchanges_of(n_one, n_other, c_one + c_other, ks)
    names = list(dict.fromkeys(pairs["group"]))
    groups = [(name, np.flatnonzero(pairs["group"] == name)) for name in names]
    if len(names) > 1:
        groups.append((ALL, np.arange(len(pairs))))
    found = []
    for group, rows in groups:
        for k in (k for k in ks if k <= min(n_one[rows].min(), n_other[rows].min())):
            # Problems weigh equally.
            parts_one, parts_other = (
                _summed(pass_rates(n[rows], c[rows], k) / len(rows), places[rows], len(known))
                for n, c in ((n_one, c_one), (n_other, c_other))
            )
            question = Question(
                group=group,
                k=k,
                rows=rows,
                places=places[rows],
                parts_one=parts_one,
                parts_other=parts_other,
                sampling=float(exchanges.variances(k)[rows].sum()) / len(rows) ** 2,
            )
            found.append(question)
    return Questions(each=tuple(found), exchanges=exchanges, equal=bool((n_one == n_other).all()))


def _summed(values: _Floats, places: npt.NDArray[np.intp], count: int) -> _Floats:
    sums = np.zeros(count)
    np.add.at(sums, places, values)
    return sums


def answers_to(questions: Questions, *, sides: Sides, alpha: float, seed: int, permutations: int) -> Answers:
    """Test all questions together, for differences above 0 or, with two sides, away from it.

    p is that of flipped signs, by problem number and in all groups and k at once. Where the runs' numbers of samples
    differ, flips alone give false alarms too often, and p is the larger of it and that of exchanged samples: so the
    probability of a false alarm is at most alpha between runs that are equally good at every problem. Chance is drawn
    at least `permutations` times. Raises UsageError for an alpha that is too small for such a test.
    """
    drawn = permutations_for(alpha, permutations)
    values = np.stack([each.differences for each in questions.each], axis=1)
    flips = flip_signs(values, np.random.default_rng(seed), sides=sides, alpha=alpha, permutations=drawn)
    exchanged = None
    if not questions.equal:
        exchanged = exchange_samples(
            questions.exchanges,
            [(each.rows, each.k) for each in questions.each],
            values.sum(axis=0),
            np.random.default_rng([seed, 1]),
            sides=sides,
            alpha=alpha,
            permutations=drawn,
        )
    return Answers(
        questions=questions,
        p=flips.p if exchanged is None else np.maximum(flips.p, exchanged.p),
        adjusted_p=flips.adjusted_p if exchanged is None else np.maximum(flips.adjusted_p, exchanged.adjusted_p),
        flips=flips,
        exchanges=exchanged,
        usual=NormalDist().inv_cdf(1 - alpha / sides),
    )
