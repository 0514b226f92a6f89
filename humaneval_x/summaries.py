"""A run in the numbers that reports and the gate need: what it is, and its counts per problem.

Pure. `comparability` says which of them stand beside each other, `report_file` reads and writes their JSON form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from humaneval_x.errors import IncompleteError, UsageError
from humaneval_x.estimates import KS, Estimates, estimate

__all__ = [
    "COUNTS",
    "PARTIAL_HINT",
    "SEMANTICS",
    "Disagreement",
    "RunSummary",
    "counts_of",
    "estimates_of",
    "gaps_of",
    "group_of",
    "groups_of",
    "labels_of",
    "require_complete",
    "subset_of",
]

SEMANTICS = ("strict", "reference")
"""What counts as a pass: this harness's own verdict, or the published evaluator's rule on the same execution."""

COUNTS = ("task", "task_id", "language", "n", "c_strict", "c_reference")
"""Columns of `RunSummary.counts`."""

PARTIAL_HINT = "give --allow-partial for figures of what is there"
"""The `otherwise` of `require_complete` for commands that have this option."""


class Disagreement(NamedTuple):
    """Samples of one problem on which the semantics differ in one way; `reason` as in `verdicts.DISAGREEMENTS`."""

    task: str
    task_id: str
    status: str
    reason: str
    completion_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunSummary:
    """One run.

    `task` is `generation` or `translation`; `counts` has a row for every problem with at least one judged
    sample (columns `COUNTS`: n judged samples, of which c pass); `statuses` maps a group (`group_of`) to how often
    each strict status occurs. `undrawn` samples were wanted and are not there, `unjudged` ones are there without a
    verdict; `missing` are the problems (`<group> <task id>`) without any judged sample. `purpose` is the engine's own
    statement of what its model is for, empty for ordinary ones. Of the judged samples `shared` have the verdict of
    another one with the same program, `stored` of these that of one in an earlier run. `disagreements` are all samples
    on which strict and reference verdicts differ. `run` and `evaluation` are the manifests, without their lists of task
    ids.
    """

    run_id: str
    model: str
    engine: str
    purpose: str
    data_version: str
    data_hashes: dict[str, str]
    task: str
    sampling: dict[str, Any]
    truncation: str
    example_tests: bool
    sandbox: str
    limits: dict[str, Any]
    counts: pd.DataFrame
    statuses: dict[str, dict[str, int]]
    undrawn: int
    unjudged: int
    missing: tuple[str, ...]
    tokens: int
    cpu_s: float
    run: dict[str, Any]
    evaluation: dict[str, Any]
    shared: int = 0
    stored: int = 0
    disagreements: tuple[Disagreement, ...] = ()


def group_of(task: str) -> str:
    """What a task's figures are filed under: `python` for `generation-python`, `python-to-cpp` for its translation."""
    return task.partition("-")[2]


def groups_of(summary: RunSummary) -> tuple[str, ...]:
    """The groups that have counts, in the run's order."""
    return tuple(map(group_of, summary.counts["task"].unique()))


def estimates_of(summary: RunSummary, semantics: str = "strict", ks: Sequence[int] = KS) -> Estimates:
    """pass@k per group and overall under those semantics. Whether the run is complete is not looked at here."""
    return estimate(counts_of(summary, semantics), ks)


def counts_of(summary: RunSummary, semantics: str = "strict") -> pd.DataFrame:
    """The counts under those semantics as `estimates.estimate` takes them, a group for a language."""
    if semantics not in SEMANTICS:
        raise UsageError(f"no semantics {semantics!r}: there are {' and '.join(SEMANTICS)}")
    counts = summary.counts
    table: pd.DataFrame = pd.DataFrame(
        {
            "task_id": counts["task_id"],
            "language": counts["task"].map(group_of),
            "n": counts["n"],
            "c": counts[f"c_{semantics}"],
        }
    )
    return table


def require_complete(summary: RunSummary, otherwise: str = "") -> None:
    """Raises IncompleteError, saying what is missing, unless every wanted sample has a verdict.

    `otherwise` is what the caller's command can do instead, in words.
    """
    gaps = gaps_of(summary)
    if gaps:
        raise IncompleteError(
            f"run {summary.run_id} has no score yet: {'; '.join(gaps)}. Run `generate` and `evaluate` on it again"
            f"{', or ' if otherwise else ''}{otherwise}"
        )


def gaps_of(summary: RunSummary) -> tuple[str, ...]:
    """What keeps the run from being complete, in words; empty for a complete run."""
    gaps = []
    if summary.undrawn:
        gaps.append(f"{summary.undrawn} sample(s) not drawn")
    if summary.unjudged:
        gaps.append(f"{summary.unjudged} sample(s) not judged")
    if summary.missing:
        shown = ", ".join(summary.missing[:5]) + (", ..." if len(summary.missing) > 5 else "")
        gaps.append(f"{len(summary.missing)} problem(s) without any verdict ({shown})")
    return tuple(gaps)


def labels_of(summary: RunSummary) -> tuple[str, ...]:
    """What a reader must know before reading this run's figures as those of a model on the benchmark."""
    labels = []
    if summary.purpose:
        labels.append(summary.purpose)
    if summary.data_version == "smoke":
        labels.append(
            "The data are the harness's own smoke set, not the benchmark: it exists so that the pipeline "
            "runs out of the box and says nothing of models."
        )
    if summary.engine == "canonical":
        labels.append("These are the data set's own solutions, not a model's.")
    if summary.example_tests:
        labels.append("Judged by the example tests of the problem statements, not by the benchmark's tests.")
    if (subset := subset_of(summary)) and subset.get("problems") != subset.get("of"):
        labels.append(
            f"Measured on a fixed subset of {subset.get('problems')} of the {subset.get('of')} problems: "
            "no score on the whole benchmark."
        )
    labels += _labels_of_given(summary)
    labels += [f"Partial: {gap}." for gap in gaps_of(summary)]
    return tuple(labels)


def subset_of(summary: RunSummary) -> dict[str, Any]:
    """The fixed subset of the problems that the run was asked for (`subsets`): `method`, `problems` and `of`.

    Empty for a run on all problems.
    """
    found = summary.run.get("subset")
    return found if isinstance(found, dict) else {}


def _labels_of_given(summary: RunSummary) -> list[str]:
    """What is odd about samples that came from elsewhere."""
    given, counts = summary.run.get("given"), summary.counts["n"]
    if not isinstance(given, dict):
        return []
    labels = []
    if absent := given.get("absent"):
        labels.append(f"The file holds no sample of {absent} problem(s) of the data; the figures are over the others.")
    if len(counts) and counts.min() != counts.max() and not summary.unjudged:
        labels.append(f"Problems have between {counts.min()} and {counts.max()} samples.")
    if foreign := given.get("foreign"):
        labels.append(f"{foreign} sample(s) name another prompt than the data's: they may answer another data version.")
    return labels
