"""A run with every figure that a report shows of it."""

from __future__ import annotations

from dataclasses import dataclass

from humaneval_x.estimates import Estimates
from humaneval_x.summaries import SEMANTICS, RunSummary, estimates_of

__all__ = ["Measured", "measure"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """A run's summary with its estimates under each semantics."""

    summary: RunSummary
    estimates: dict[str, Estimates]


def measure(summary: RunSummary) -> Measured:
    """Estimate every figure that a report shows of the run."""
    return Measured(summary=summary, estimates={name: estimates_of(summary, name) for name in SEMANTICS})
