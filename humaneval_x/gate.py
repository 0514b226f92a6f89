"""The regression gate: is a run worse than its baseline, by more than allowed and more than chance explains?

For every group of the baseline (languages or pairs) and overall, and for every k that both runs have, the drop is the
mean over the same problems of baseline pass@k minus candidate pass@k. It is a regression if it exceeds `max_drop` and
chance explains it with a probability of at most `alpha`.

The test permutes: if the candidate is as good, each problem's difference could as well have had the other sign. The
signs of a problem flip in all languages and k together, since these are correlated. A gate asks many questions at once
and one false alarm fails a build, so each drop (in units of its own spread) is held against the largest drop of all
questions in each permutation (Westfall and Young's single-step maximum). `alpha` thus bounds the probability of any
false alarm, and is exact where both runs have the same number of samples for each problem.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from humaneval_x.errors import DataError, IncomparableError, StorageError, UsageError
from humaneval_x.estimates import ALL, KS, pass_rates, problem_numbers
from humaneval_x.summaries import (
    REPORT_FORMAT,
    SEMANTICS,
    RunSummary,
    differences,
    group_of,
    groups_of,
    remarks,
    require_complete,
    summary_from_json,
    summary_to_json,
)
from humaneval_x.text import plain

__all__ = ["Decision", "GateResult", "gate", "read_baseline", "render_gate", "write_baseline"]

_PERMUTATIONS = 9999
_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One question: shares (0 to 1) of both runs, `drop` = baseline - candidate, positive when worse.

    `p` is the probability, over all questions of the gate together, that chance alone shows a drop as large.
    `detectable` is the smallest drop that would have counted as more than chance, given how these problems differed;
    None where none differed, or where no drop could have counted.
    """

    group: str
    k: int
    baseline: float
    candidate: float
    drop: float
    p: float
    detectable: float | None
    problems: int
    regressed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """`passed` is false if any decision is a regression. `notes` are for people."""

    passed: bool
    baseline: str
    candidate: str
    semantics: str
    max_drop: float
    alpha: float
    decisions: tuple[Decision, ...]
    notes: tuple[str, ...]


def gate(
    baseline: Path | RunSummary,
    candidate: RunSummary,
    *,
    run: str | None = None,
    max_drop: float = 0.0,
    alpha: float = 0.05,
    semantics: str = "strict",
    ks: Sequence[int] = KS,
    seed: int = 0,
    permutations: int = _PERMUTATIONS,
) -> GateResult:
    """Compare the candidate with the baseline, a `report.json` (its run named `run` if it holds several).

    `max_drop` is a share: 0.01 allows one point of a hundred. Raises IncomparableError where the runs' scores do not
    compare or their problems differ, IncompleteError where one lacks samples or verdicts, UsageError for settings that
    make no sense, DataError for a file that is no report.
    """
    _check_settings(max_drop, alpha, semantics)
    before = baseline if isinstance(baseline, RunSummary) else read_baseline(baseline, run)
    for summary in (before, candidate):
        require_complete(summary)
    found = differences(before, candidate)
    if found:
        raise IncomparableError(
            f"baseline {before.run_id} and candidate {candidate.run_id} are not comparable, they differ in "
            f"{'; '.join(found)}: repeat the candidate with the baseline's settings, or write a new baseline"
        )
    pairs = _pair(before, candidate, semantics)
    questions = list(_questions(pairs, ks))
    p, critical, spreads = _permute(pairs, questions, alpha, np.random.default_rng(seed), permutations)
    decisions = tuple(
        Decision(
            group=question.group,
            k=question.k,
            baseline=question.before,
            candidate=question.after,
            drop=question.drop,
            p=float(chance),
            problems=question.problems,
            detectable=critical * float(spread) if spread > 0 and critical is not None else None,
            regressed=bool(question.drop > max_drop and chance <= alpha),
        )
        for question, chance, spread in zip(questions, p, spreads, strict=True)
    )
    return GateResult(
        passed=not any(decision.regressed for decision in decisions),
        baseline=before.run_id,
        candidate=candidate.run_id,
        semantics=semantics,
        max_drop=max_drop,
        alpha=alpha,
        decisions=decisions,
        notes=tuple(_notes(before, candidate, pairs, ks)),
    )


def read_baseline(path: Path, run: str | None = None) -> RunSummary:
    """The run of that id in a `report.json`, or its only run.

    Raises UsageError if the file is missing or `run` is needed or unknown, DataError if it is no report.
    """
    try:
        table = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}): name a report.json") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not JSON ({error}): write it with `humaneval-x report`") from error
    if not isinstance(table, dict) or any(table.get(name) != value for name, value in REPORT_FORMAT.items()):
        raise DataError(f"{path}: not a report of this version's format: write it with `humaneval-x report`")
    runs = table.get("runs")
    if not isinstance(runs, list) or not runs:
        raise DataError(f"{path}: holds no run: write it with `humaneval-x report`")
    summaries = {summary.run_id: summary for summary in (summary_from_json(entry, str(path)) for entry in runs)}
    if run is None and len(summaries) > 1:
        raise UsageError(f"{path} holds several runs: choose one with --baseline-run from {', '.join(summaries)}")
    if run is not None and run not in summaries:
        raise UsageError(f"{path} holds no run {run!r}: it holds {', '.join(summaries)}")
    return summaries[run] if run is not None else next(iter(summaries.values()))


def write_baseline(summary: RunSummary, path: Path) -> None:
    """Write the run as a `report.json` that `gate` reads. Raises IncompleteError, StorageError."""
    require_complete(summary)
    text = json.dumps({**REPORT_FORMAT, "runs": [summary_to_json(summary)]}, allow_nan=False, separators=(",", ":"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.draft")
        draft.write_text(text + "\n", encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written ({error.strerror}): name another file or free space") from error


def render_gate(result: GateResult) -> str:
    """The result as plain text for a terminal or a log."""
    verdict = "pass" if result.passed else "REGRESSION"
    lines = [
        f"{verdict}: {plain(result.candidate)} against {plain(result.baseline)}, {result.semantics} verdicts, "
        f"allowed drop {100 * result.max_drop:.1f} points, alpha {result.alpha:g}",
        "",
    ]
    heads = ("group", "k", "baseline", "candidate", "drop", "p", "detectable", "")
    rows = [
        (
            plain(each.group),
            f"{each.k}",
            f"{100 * each.baseline:.1f}",
            f"{100 * each.candidate:.1f}",
            f"{100 * each.drop:+.1f}",
            f"{each.p:.4f}",
            "-" if each.detectable is None else f"{100 * each.detectable:.1f}",
            "regression" if each.regressed else "",
        )
        for each in result.decisions
    ]
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    for row in (heads, *rows):
        figures = [cell.rjust(width) for cell, width in zip(row[1:-1], widths[1:-1], strict=True)]
        lines.append("  ".join([row[0].ljust(widths[0]), *figures, row[-1]]).rstrip())
    return "\n".join([*lines, "", *(f"Note: {plain(note, 400)}" for note in result.notes)]).rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """One drop: `differences` has one value a problem number, summing to the drop; shape (numbers,)."""

    group: str
    k: int
    before: float
    after: float
    problems: int
    differences: _Floats

    @property
    def drop(self) -> float:
        return math.fsum(self.differences)


def _check_settings(max_drop: float, alpha: float, semantics: str) -> None:
    if not 0 <= max_drop < 1:
        raise UsageError(f"--max-drop {max_drop} makes no sense: give a share from 0 to 1, 0.01 for one point")
    if not 0 < alpha < 1:
        raise UsageError(f"--alpha {alpha} makes no sense: give a probability between 0 and 1, such as 0.05")
    if semantics not in SEMANTICS:
        raise UsageError(f"no semantics {semantics!r}: there are {' and '.join(SEMANTICS)}")


def _pair(before: RunSummary, candidate: RunSummary, semantics: str) -> pd.DataFrame:
    """A row for each problem of the baseline, with both runs' n and c."""
    columns = ["task", "task_id", "n", f"c_{semantics}"]
    wanted = set(before.counts["task"])
    there = candidate.counts[candidate.counts["task"].isin(wanted)]
    pairs = before.counts[columns].merge(
        there[columns], on=["task", "task_id"], how="outer", suffixes=("_before", "_after"), indicator="side"
    )
    lone = pairs[pairs["side"] != "both"]
    if len(lone):
        side = "candidate" if lone["side"].iloc[0] == "left_only" else "baseline"
        raise IncomparableError(
            f"{len(lone)} problem(s) stand in one run only: {lone['task_id'].iloc[0]} ({lone['task'].iloc[0]}) is not "
            f"in the {side}; run both on the same languages and problems"
        )
    # Outer merges sort; the baseline's own order of groups is the order of the decisions.
    order = {task: position for position, task in enumerate(dict.fromkeys(before.counts["task"]))}
    pairs = pairs.sort_values("task", key=lambda tasks: tasks.map(order), kind="stable", ignore_index=True)
    names = {f"c_{semantics}_{side}": f"c_{side}" for side in ("before", "after")}
    renamed: pd.DataFrame = pairs.rename(columns=names)
    return renamed


def _questions(pairs: pd.DataFrame, ks: Sequence[int]) -> Iterator[_Question]:
    numbers = problem_numbers(pairs["task_id"])
    places, known = pd.factorize(numbers)
    groups: list[tuple[str, Any]] = [
        (group_of(task), (pairs["task"] == task).to_numpy()) for task in dict.fromkeys(pairs["task"])
    ]
    if len(groups) > 1:
        groups.append((ALL, np.ones(len(pairs), dtype=bool)))
    for group, chosen in groups:
        rows = pairs[chosen]
        for k in (k for k in ks if k <= _smallest(rows)):
            before = pass_rates(rows["n_before"], rows["c_before"], k)
            after = pass_rates(rows["n_after"], rows["c_after"], k)
            # Problems weigh equally; those of one number, in several languages, flip together.
            summed = np.zeros(len(known))
            np.add.at(summed, places[chosen], (before - after) / len(rows))
            yield _Question(
                group=group,
                k=k,
                before=float(before.mean()),
                after=float(after.mean()),
                problems=len(rows),
                differences=summed,
            )


def _smallest(rows: pd.DataFrame) -> int:
    return int(min(rows["n_before"].min(), rows["n_after"].min()))


def _permute(
    pairs: pd.DataFrame, questions: Sequence[_Question], alpha: float, random: np.random.Generator, permutations: int
) -> tuple[_Floats, float | None, _Floats]:
    """Adjusted p of each question, the drop (in units of spread) above which it is at most alpha, the spreads."""
    if not questions:
        raise IncomparableError(f"the runs share no k that both have samples for ({len(pairs)} problems): draw more")
    values = np.stack([question.differences for question in questions], axis=1)  # (numbers, questions)
    spreads = np.sqrt(np.square(values).sum(axis=0))
    scaled = values / np.where(spreads > 0, spreads, 1.0)
    signs = random.choice(np.array([-1.0, 1.0]), size=(permutations, len(values)))
    # Rounding keeps permutations that tie with the observed drop from counting as smaller by the last bit.
    largest = np.round((signs @ scaled).max(axis=1), 12)
    observed = np.round(scaled.sum(axis=0), 12)
    at_least = (largest[:, None] >= observed[None, :]).sum(axis=0)
    allowed = math.floor(alpha * (permutations + 1))  # permutations, the observed one among them, that may be as large
    critical = float(np.sort(largest)[-allowed]) if allowed else None
    return (1 + at_least) / (1 + permutations), critical, spreads


def _notes(before: RunSummary, candidate: RunSummary, pairs: pd.DataFrame, ks: Sequence[int]) -> Iterator[str]:
    for remark in remarks(before, candidate):
        yield f"the runs differ in {remark}"
    extra = [group for group in groups_of(candidate) if group not in groups_of(before)]
    if extra:
        yield f"the baseline has no {', '.join(extra)}: not looked at"
    undefined = [f"{k}" for k in ks if k > _smallest(pairs)]
    if undefined:
        yield f"pass@k is not compared everywhere for k = {', '.join(undefined)}: too few samples"
