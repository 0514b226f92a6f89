"""The report's figures as CSV: one row for each run, group, semantics and k, and for each published figure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from humaneval_x.estimates import ALL, KS
from humaneval_x.reporting.contents import Contents
from humaneval_x.reporting.leaderboard import Measured
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
                figures = [found.value, found.low, found.high, found.problems, found.samples] if found else [""] * 5
                yield [*head, *figures, summary.sampling.get("temperature", ""), reasons.get((group, k), "")]


def _safe(text: str) -> str:
    """Text that a spreadsheet shows and does not compute: one that could begin a formula is quoted."""
    shown = plain(text)
    return f"'{shown}" if shown.lstrip()[:1] in set("=+-@|%") else shown
