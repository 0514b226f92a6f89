"""The best temperature for each figure, as the literature reports it. Pure: measured runs in, best estimates out.

Chen et al. (2021) sample at several temperatures and give, for each k, the pass@k of the temperature that does best at
that k. Such a figure is chosen on the samples that it is computed from. It is thus optimistic, and its interval, that
of the chosen run, does not cover the choice; no gate compares it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from humaneval_x.comparability import apart_from_temperature
from humaneval_x.errors import UsageError
from humaneval_x.estimates import ALL, KS
from humaneval_x.records import Estimate
from humaneval_x.reporting.measured import Measured
from humaneval_x.summaries import SEMANTICS, RunSummary, groups_of
from humaneval_x.text import brief, plain

__all__ = ["OPTIMISTIC", "Best", "BestOf", "best_of"]

OPTIMISTIC = (
    "The choice was made on the same samples, so the figure is optimistic, and its interval does not cover the choice."
)
"""What must be said beside every such figure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """The highest estimate among the temperatures, and the temperature and run that it is of."""

    estimate: Estimate
    temperature: float
    run_id: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BestOf:
    """Runs that differ in nothing but the temperature, from the lowest on, and for each semantics their best."""

    runs: tuple[Measured, ...]
    temperatures: tuple[float, ...]
    best: dict[str, tuple[Best, ...]]

    @property
    def summary(self) -> RunSummary:
        """That of the first run, which but for temperature and counts is that of all."""
        return self.runs[0].summary

    @property
    def label(self) -> str:
        """What the figures are, so that nobody takes them for those of one run."""
        each = "pair of languages" if self.summary.task == "translation" else "language"
        return f"best of T = {', '.join(map(brief, self.temperatures))} for each k and {each}"

    def find(self, semantics: str, group: str, k: int) -> Best | None:
        """The best figure for that group (or `ALL`) and k; None if it is undefined at one of the temperatures."""
        return next(
            (best for best in self.best[semantics] if best.estimate.language == group and best.estimate.k == k), None
        )


def best_of(runs: Sequence[Measured]) -> tuple[BestOf, ...]:
    """The best of each group of runs that differ in the temperature alone, in the order of their first runs.

    For each semantics, group and k on its own that is the highest estimate, on a tie the lowest temperature's. Raises
    UsageError if there is no such group, or if one has two runs of one temperature.
    """
    alike: list[list[Measured]] = []
    for run in runs:
        if _temperature(run) is None:
            continue
        for group in alike:
            if not apart_from_temperature(group[0].summary, run.summary):
                group.append(run)
                break
        else:
            alike.append([run])
    found = tuple(_best_of(group) for group in alike if len({_temperature(run) for run in group}) > 1)
    if not found:
        raise UsageError(f"--best-temperature chooses among runs that differ in temperature alone; {_lacking(runs)}")
    return found


def _best_of(group: Sequence[Measured]) -> BestOf:
    by_temperature: dict[float, Measured] = {}
    for run in group:
        temperature = _temperature(run)
        assert temperature is not None
        twin = by_temperature.setdefault(temperature, run)
        if twin is not run:
            raise UsageError(
                f"{twin.summary.run_id} and {run.summary.run_id} both have temperature {brief(temperature)} and are "
                "alike: name one of them, since --best-temperature is to choose among temperatures alone"
            )
    ordered = dict(sorted(by_temperature.items()))
    return BestOf(
        runs=tuple(ordered.values()),
        temperatures=tuple(ordered),
        best={semantics: _best(ordered, semantics) for semantics in SEMANTICS},
    )


def _best(runs: dict[float, Measured], semantics: str) -> tuple[Best, ...]:
    chosen = []
    groups = groups_of(next(iter(runs.values())).summary)
    for group in (*groups, ALL):
        for k in KS:
            candidates = []
            for temperature, run in runs.items():
                estimate = run.estimates[semantics].find(group, k)
                if estimate is not None:
                    candidates.append(Best(estimate=estimate, temperature=temperature, run_id=run.summary.run_id))
            if len(candidates) == len(runs):
                chosen.append(max(candidates, key=lambda best: best.estimate.value))  # the first of equal ones
    return tuple(chosen)


def _temperature(run: Measured) -> float | None:
    value = run.summary.sampling.get("temperature")
    return float(value) if isinstance(value, (int, float)) else None


def _lacking(runs: Sequence[Measured]) -> str:
    if len(runs) < 2:
        return "here is one run: name those of several temperatures (`generate --temperature 0.2,0.8` makes them)"
    for one, other in combinations(runs, 2):
        if _temperature(one) != _temperature(other):
            apart = "; ".join(apart_from_temperature(one.summary, other.summary)) or "a temperature that is not known"
            names = f"{plain(one.summary.run_id)} and {plain(other.summary.run_id)}"
            return plain(f"of these no two do: {names} differ also in {apart}", 600)
    temperature = _temperature(runs[0])
    return (
        f"all of these have temperature {brief(temperature)}" if temperature is not None else "none of these says its"
    )
