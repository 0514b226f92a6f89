"""The table of one run that the command line prints."""

from __future__ import annotations

from collections.abc import Sequence

from humaneval_x.estimates import ALL, KS
from humaneval_x.reporting.leaderboard import refusals_of
from humaneval_x.reporting.measured import measure
from humaneval_x.reporting.wording import DASH, group_title, interval, percent
from humaneval_x.summaries import PARTIAL_HINT, SEMANTICS, RunSummary, groups_of, labels_of, require_complete
from humaneval_x.text import padded, plain

__all__ = ["render_table"]


def render_table(summary: RunSummary, *, allow_partial: bool = False) -> str:
    """pass@k of the run as plain text: per language and overall, strict with intervals, reference beside it.

    Raises IncompleteError if samples or verdicts are missing, unless `allow_partial`; then the text says so.
    """
    if not allow_partial:
        require_complete(summary, PARTIAL_HINT)
    run = measure(summary)
    ks = [k for k in KS if any(found.k == k for found in run.estimates["strict"].estimates)]
    lines = [["", "problems", "samples", *(f"pass@{k}" for k in ks), *(f"ref. @{k}" for k in ks)]]
    for group in [*groups_of(summary), ALL]:
        strict, reference = (run.estimates[name] for name in SEMANTICS)
        one = strict.find(group, 1)
        if one is None:
            continue
        cells = [group_title(group), f"{one.problems}", f"{one.samples}"]
        for k in ks:
            found = strict.find(group, k)
            cells.append(f"{percent(found.value)} [{interval(found)}]" if found else DASH)
        for k in ks:
            found = reference.find(group, k)
            cells.append(percent(found.value) if found else DASH)
        lines.append(cells)
    notes = [*(plain(f"Note: {label}", 400) for label in labels_of(summary)), *refusals_of(run)]
    return "\n".join([_title(summary), "", *_rows(lines), "", *notes]).rstrip()


def _title(summary: RunSummary) -> str:
    said = {name: "not stated" if value is None else value for name, value in summary.sampling.items()}
    return plain(
        f"{summary.model} on {summary.data_version}, {summary.task}: n = {said.get('samples')}, temperature "
        f"{said.get('temperature')}, top-p {said.get('top_p')}. Per cent; [95 % interval]; ref.: reference verdicts",
        400,
    )


def _rows(lines: Sequence[Sequence[str]]) -> list[str]:
    return ["  ".join(cells).rstrip() for cells in padded(lines)]
