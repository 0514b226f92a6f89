"""pass@k for many k: the points of the curves that charts draw and that the other files hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from humaneval_x.estimates import ALL, pass_curve
from humaneval_x.reporting.measured import Measured
from humaneval_x.summaries import group_of, groups_of

__all__ = ["CurveRow", "curve", "curve_rows"]

_EVERY = 40
"""Up to this k a curve has a point for each k; beyond, points that stand closer than eyes can tell are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveRow:
    """One point of a run's curve: the share of the group's problems that at least one of k samples solves, strictly."""

    run: str
    model: str
    task: str
    group: str
    k: int
    value: float


# For page, pictures, CSV and Parquet of one report.
@lru_cache(maxsize=2048)
def curve(run: Measured, group: str) -> tuple[list[int], npt.NDArray[np.float64]]:
    """Each k shown, up to the fewest samples of a problem, and the unbiased pass@k; both empty without a problem."""
    counts = run.summary.counts
    chosen = counts if group == ALL else counts[counts["task"].map(group_of) == group]
    if chosen.empty:
        return [], np.empty(0)
    found = pass_curve(chosen["n"], chosen["c_strict"])
    ks = _shown(len(found))
    return ks, found[np.asarray(ks, dtype=np.int64) - 1]


def curve_rows(runs: tuple[Measured, ...]) -> Iterator[CurveRow]:
    """Every point of every run, all groups together first."""
    for run in runs:
        for group in (ALL, *groups_of(run.summary)):
            for k, value in zip(*curve(run, group), strict=True):
                yield CurveRow(
                    run=run.summary.run_id,
                    model=run.summary.model,
                    task=run.summary.task,
                    group=group,
                    k=k,
                    value=float(value),
                )


def _shown(largest: int) -> list[int]:
    """Every small k, then k in steps of 2 %, and the largest."""
    ks = list(range(1, min(largest, _EVERY) + 1))
    while ks and ks[-1] < largest:
        ks.append(min(largest, max(ks[-1] + 1, int(ks[-1] * 1.02))))
    return ks
