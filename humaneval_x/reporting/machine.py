"""The report as JSON: every run with its counts per problem, so that it can serve as a gate's baseline."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from humaneval_x.reporting.contents import Contents
from humaneval_x.reporting.leaderboard import Measured
from humaneval_x.summaries import REPORT_FORMAT, SEMANTICS, labels_of, summary_to_json

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
                "source": row.source,
                "scores": [{"group": group, "k": k, "value": share} for (group, k), share in row.scores.items()],
            }
            for row in contents.published
        ],
    }
    return json.dumps(table, ensure_ascii=True, allow_nan=False, separators=(",", ":")) + "\n"


def _run(run: Measured) -> dict[str, Any]:
    return {
        **summary_to_json(run.summary),
        "labels": list(labels_of(run.summary)),
        "estimates": {name: [asdict(found) for found in run.estimates[name].estimates] for name in SEMANTICS},
        "refusals": [asdict(refusal) for refusal in run.estimates["strict"].refusals],
    }
