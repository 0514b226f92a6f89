"""Problems that one of two runs won: both runs' counts side by side, and whether chance explains them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from humaneval_x.estimates import ALL
from humaneval_x.significance import fisher, holm

__all__ = ["Contrast", "Tally", "contrasts_of", "tallies_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """One problem: c of n samples of each run pass. `p` is Fisher's, `adjusted_p` Holm's over all problems."""

    group: str
    task_id: str
    one_n: int
    one_c: int
    other_n: int
    other_c: int
    p: float
    adjusted_p: float

    @property
    def value(self) -> float:
        """The other run's pass rate minus the one's."""
        return (self.other_c * self.one_n - self.one_c * self.other_n) / (self.one_n * self.other_n)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many problems of the group the other run won, lost and tied; of those how many credibly, each by itself."""

    group: str
    won: int
    lost: int
    tied: int
    won_credibly: int
    lost_credibly: int
    solved_by_one_only: int
    solved_by_other_only: int


def contrasts_of(pairs: pd.DataFrame) -> tuple[Contrast, ...]:
    """The problems, from the one that the other run won most clearly to the one that it lost most clearly.

    `pairs` has a row a problem, with columns `group`, `task_id`, `n_one`, `c_one`, `n_other` and `c_other`.
    """
    columns = ["group", "task_id", "n_one", "c_one", "n_other", "c_other"]
    rows = pairs[columns].to_numpy(dtype=object).tolist()
    chances = [fisher(*row[2:]) for row in rows]
    found = [
        Contrast(group=group, task_id=task_id, one_n=n, one_c=c, other_n=m, other_c=d, p=chance, adjusted_p=adjusted)
        for (group, task_id, n, c, m, d), chance, adjusted in zip(rows, chances, holm(chances), strict=True)
    ]
    return tuple(sorted(found, key=lambda each: (-each.value, each.p if each.value > 0 else -each.p)))


def tallies_of(contrasts: Sequence[Contrast], groups: Sequence[str], alpha: float) -> Iterator[Tally]:
    """A tally for each group, and one of all if there are several. Credible is an adjusted p of at most alpha."""
    for group in [*groups, ALL] if len(groups) > 1 else groups:
        chosen = [each for each in contrasts if group in {each.group, ALL}]
        credible = [each for each in chosen if each.adjusted_p <= alpha]
        yield Tally(
            group=group,
            won=sum(each.value > 0 for each in chosen),
            lost=sum(each.value < 0 for each in chosen),
            tied=sum(each.value == 0 for each in chosen),
            won_credibly=sum(each.value > 0 for each in credible),
            lost_credibly=sum(each.value < 0 for each in credible),
            solved_by_one_only=sum(each.one_c > 0 and not each.other_c for each in chosen),
            solved_by_other_only=sum(each.other_c > 0 and not each.one_c for each in chosen),
        )
