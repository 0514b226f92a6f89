"""Runs of simulated models, for tests of what is computed of runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from humaneval_x.report_file import REPORT_FORMAT, summary_to_json
from humaneval_x.summaries import COUNTS, RunSummary

LANGUAGES = {"python": "Python", "cpp": "CPP", "java": "Java", "js": "JavaScript", "go": "Go"}
SAMPLING = {"temperature": 0.8, "top_p": 0.95, "top_k": 0, "max_tokens": 512, "samples": 20, "seed": 1}


def simulated_run(passes: np.ndarray, n: int = 20, **changes: Any) -> RunSummary:
    """A run from passes of shape (languages, problems); reference verdicts pass half as often."""
    rows = [
        (f"generation-{name}", f"{prefix}/{number}", name, n, int(c), int(c) // 2)
        for (name, prefix), line in zip(LANGUAGES.items(), passes, strict=False)
        for number, c in enumerate(line)
    ]
    values: dict[str, Any] = {
        "run_id": "one",
        "model": "m",
        "engine": "replay",
        "purpose": "",
        "data_version": "codegeex",
        "data_hashes": {name: name for name in LANGUAGES},
        "task": "generation",
        "sampling": SAMPLING,
        "truncation": "strict",
        "example_tests": False,
        "sandbox": "docker",
        "limits": {},
        "counts": pd.DataFrame(rows, columns=list(COUNTS)),
        "statuses": {},
        "undrawn": 0,
        "unjudged": 0,
        "missing": (),
        "tokens": 5,
        "cpu_s": 1.5,
        "run": {},
        "evaluation": {},
    }
    return RunSummary(**{**values, **changes})


def small_run(**changes: Any) -> RunSummary:
    """A run on four problems in Go, of which a sample more passes each and by the reference rule one more."""
    rows = [("generation-go", f"Go/{number}", "go", 10, number, number + 1) for number in range(4)]
    values: dict[str, Any] = {
        "run_id": "r",
        "model": "m",
        "engine": "replay",
        "purpose": "",
        "data_version": "codegeex",
        "data_hashes": {"humaneval_go.jsonl": "aa"},
        "task": "generation",
        "sampling": {"temperature": 0.8, "top_p": 0.95, "top_k": 0, "max_tokens": 512, "samples": 10, "seed": 1},
        "truncation": "strict",
        "example_tests": False,
        "sandbox": "docker",
        "limits": {"go": {"run_cpu_s": 5}},
        "counts": pd.DataFrame(rows, columns=list(COUNTS)),
        "statuses": {"go": {"passed": 6, "wrong_answer": 34}},
        "undrawn": 0,
        "unjudged": 0,
        "missing": (),
        "tokens": 5,
        "cpu_s": 1.5,
        "run": {"a": 1},
        "evaluation": {"b": 2},
    }
    return RunSummary(**{**values, **changes})


def write_report(path: Path, runs: Sequence[RunSummary]) -> Path:
    """A `report.json` that holds these runs."""
    path.write_text(json.dumps({**REPORT_FORMAT, "runs": [summary_to_json(run) for run in runs]}))
    return path
