"""The report as JSON: every run with its counts per problem, so that it can serve as a gate's baseline."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from humaneval_x.report_file import REPORT_FORMAT, summary_to_json
from humaneval_x.reporting.best import OPTIMISTIC, BestOf
from humaneval_x.reporting.contents import Contents
from humaneval_x.reporting.measured import Measured
from humaneval_x.summaries import SEMANTICS, labels_of

__all__ = ["machine"]


def machine(contents: Contents) -> str:
    """JSON, one line for each run's counts kept short. The same runs give the same bytes."""
    table = {
        **REPORT_FORMAT,
        "warnings": list(contents.warnings),
        "runs": [_run(run) for run in contents.runs],
        "published": [
            {
                "model": row.model,
                "task": row.task,
                "source": row.source.title,
                "scores": [{"group": group, "k": k, "value": share} for (group, k), share in row.scores.items()],
            }
            for row in contents.published
        ],
    }
    if contents.best:
        table["best"] = [_best(best) for best in contents.best]
    return json.dumps(table, ensure_ascii=True, allow_nan=False, separators=(",", ":")) + "\n"


def _best(best: BestOf) -> dict[str, Any]:
    return {
        "model": best.summary.model,
        "task": best.summary.task,
        "data_version": best.summary.data_version,
        "runs": [run.summary.run_id for run in best.runs],
        "temperatures": list(best.temperatures),
        "label": best.label,
        "note": OPTIMISTIC,
        "estimates": {
            name: [
                {**asdict(found.estimate), "temperature": found.temperature, "run_id": found.run_id}
                for found in best.best[name]
            ]
            for name in SEMANTICS
        },
    }


def _run(run: Measured) -> dict[str, Any]:
    return {
        **summary_to_json(run.summary),
        "labels": list(labels_of(run.summary)),
        "estimates": {name: [asdict(found) for found in run.estimates[name].estimates] for name in SEMANTICS},
        "refusals": [asdict(refusal) for refusal in run.estimates["strict"].refusals],
    }
