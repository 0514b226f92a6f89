"""The report's figures as rows: one for each run or best temperature, group, semantics and k, and published figure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from humaneval_x.estimates import ALL, KS
from humaneval_x.records import Estimate
from humaneval_x.reporting.best import OPTIMISTIC, BestOf
from humaneval_x.reporting.contents import Contents
from humaneval_x.reporting.measured import Measured
from humaneval_x.summaries import SEMANTICS, groups_of

__all__ = ["FigureRow", "figure_rows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureRow:
    """One figure. Shares are 0 to 1 in full precision, None where undefined; `note` then says why.

    `kind` is `measured`, `best` (then `run` and `temperature` are the chosen ones) or `published`.
    """

    kind: str
    model: str
    run: str = ""
    data: str = ""
    task: str
    group: str
    verdicts: str
    k: int
    value: float | None = None
    low: float | None = None
    high: float | None = None
    problems: int | None = None
    samples: int | None = None
    temperature: float | None = None
    note: str = ""


def figure_rows(contents: Contents) -> Iterator[FigureRow]:
    """All rows, runs first, then best temperatures, then what is published."""
    for run in contents.runs:
        yield from _run_rows(run)
    for best in contents.best:
        yield from _best_rows(best)
    for row in contents.published:
        for (group, k), share in row.scores.items():
            yield FigureRow(
                kind="published",
                model=row.model,
                task=row.task,
                group=group,
                verdicts="published",
                k=k,
                value=share,
                note=row.source.title,
            )


def _run_rows(run: Measured) -> Iterator[FigureRow]:
    summary = run.summary
    temperature = summary.sampling.get("temperature")
    for semantics in SEMANTICS:
        estimates = run.estimates[semantics]
        reasons = {(refusal.language, refusal.k): refusal.reason for refusal in estimates.refusals}
        for group in (*groups_of(summary), ALL):
            for k in KS:
                yield FigureRow(
                    kind="measured",
                    model=summary.model,
                    run=summary.run_id,
                    data=summary.data_version,
                    task=summary.task,
                    group=group,
                    verdicts=semantics,
                    k=k,
                    **_figures(estimates.find(group, k)),  # type: ignore[arg-type]
                    temperature=temperature if isinstance(temperature, (int, float)) else None,
                    note=reasons.get((group, k), ""),
                )


def _best_rows(best: BestOf) -> Iterator[FigureRow]:
    summary = best.summary
    for semantics in SEMANTICS:
        for group in (*groups_of(summary), ALL):
            for k in KS:
                found = best.find(semantics, group, k)
                yield FigureRow(
                    kind="best",
                    model=summary.model,
                    run=found.run_id if found else "",
                    data=summary.data_version,
                    task=summary.task,
                    group=group,
                    verdicts=semantics,
                    k=k,
                    **_figures(found.estimate if found else None),  # type: ignore[arg-type]
                    temperature=found.temperature if found else None,
                    note=f"{best.label}. {OPTIMISTIC}" if found else "undefined at one of the temperatures",
                )


def _figures(found: Estimate | None) -> dict[str, float | int]:
    if found is None:
        return {}
    return {
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "problems": found.problems,
        "samples": found.samples,
    }
