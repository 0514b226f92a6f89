"""The report's figures as CSV: a row for each run or best temperature, group, semantics and k, and published figure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from humaneval_x.estimates import ALL, KS
from humaneval_x.records import Estimate
from humaneval_x.reporting.best import OPTIMISTIC, BestOf
from humaneval_x.reporting.contents import Contents
from humaneval_x.reporting.measured import Measured
from humaneval_x.summaries import SEMANTICS, groups_of
from humaneval_x.text import plain

__all__ = ["spreadsheet"]

_COLUMNS = (
    "kind",
    "model",
    "run",
    "data",
    "task",
    "group",
    "verdicts",
    "k",
    "value",
    "low",
    "high",
    "problems",
    "samples",
    "temperature",
    "note",
)


def spreadsheet(contents: Contents) -> str:
    """CSV with a heading. Shares are 0 to 1 in full precision, empty where undefined; `note` then says why."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for run in contents.runs:
        writer.writerows(_run_rows(run))
    for best in contents.best:
        writer.writerows(_best_rows(best))
    for row in contents.published:
        for (group, k), share in row.scores.items():
            writer.writerow(
                [
                    "published",
                    _safe(row.model),
                    "",
                    "",
                    row.task,
                    group,
                    "published",
                    k,
                    share,
                    "",
                    "",
                    "",
                    "",
                    "",
                    _safe(row.source),
                ]
            )
    return text.getvalue()


def _run_rows(run: Measured) -> Iterator[list[object]]:
    summary = run.summary
    for semantics in SEMANTICS:
        estimates = run.estimates[semantics]
        reasons = {(refusal.language, refusal.k): refusal.reason for refusal in estimates.refusals}
        for group in (*groups_of(summary), ALL):
            for k in KS:
                head = [
                    "measured",
                    _safe(summary.model),
                    _safe(summary.run_id),
                    _safe(summary.data_version),
                    summary.task,
                    _safe(group),
                    semantics,
                    k,
                ]
                found = estimates.find(group, k)
                figures = _figures(found) if found else [""] * 5
                yield [*head, *figures, summary.sampling.get("temperature", ""), reasons.get((group, k), "")]


def _best_rows(best: BestOf) -> Iterator[list[object]]:
    """`run` and `temperature` are the chosen ones."""
    summary = best.summary
    for semantics in SEMANTICS:
        for group in (*groups_of(summary), ALL):
            for k in KS:
                found = best.find(semantics, group, k)
                yield [
                    "best",
                    _safe(summary.model),
                    _safe(found.run_id) if found else "",
                    _safe(summary.data_version),
                    summary.task,
                    _safe(group),
                    semantics,
                    k,
                    *(_figures(found.estimate) if found else [""] * 5),
                    found.temperature if found else "",
                    f"{best.label}. {OPTIMISTIC}" if found else "undefined at one of the temperatures",
                ]


def _figures(found: Estimate) -> list[object]:
    return [found.value, found.low, found.high, found.problems, found.samples]


def _safe(text: str) -> str:
    """Text that a spreadsheet shows and does not compute: one that could begin a formula is quoted."""
    shown = plain(text)
    return f"'{shown}" if shown.lstrip()[:1] in set("=+-@|%") else shown
