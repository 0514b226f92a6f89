"""A gate: seconds of its comparison, against reading its two runs from a report.json and nothing else.

python benchmarks/gating.py [--problems 164]

Five languages of so many problems with 200 samples each, against as many and against 10, whose samples are exchanged
too.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from humaneval_x.gate import gate, read_baseline, write_baseline
from humaneval_x.summaries import COUNTS, RunSummary

LANGUAGES = {"python": "Python", "cpp": "CPP", "java": "Java", "js": "JavaScript", "go": "Go"}


def main() -> None:
    """Print a line for each number of samples."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=int, default=164)
    problems = parser.parse_args().problems
    rates = np.random.default_rng(0).beta(0.6, 0.9, problems)
    print("samples  reading s  gate s  ratio")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.json"
        for samples in (200, 10):
            write_baseline(_run("base", rates, 200), path)
            candidate = _run("new", rates, samples)
            start = time.perf_counter()
            baseline = read_baseline(path)
            read = time.perf_counter()
            gate(baseline, candidate)
            reading, gating = read - start, time.perf_counter() - read
            print(f"{samples:7d}  {reading:9.3f}  {gating:6.2f}  {gating / reading:5.1f}")


def _run(name: str, rates: np.ndarray, samples: int) -> RunSummary:
    """A run of a model with these pass rates in every language."""
    random = np.random.default_rng([len(name), samples])
    rows = [
        (f"generation-{language}", f"{prefix}/{number}", language, samples, int(passed), int(passed))
        for language, prefix in LANGUAGES.items()
        for number, passed in enumerate(random.binomial(samples, rates))
    ]
    return replace(_EMPTY, run_id=name, counts=pd.DataFrame(rows, columns=list(COUNTS)))


_EMPTY = RunSummary(
    run_id="",
    model="simulated",
    engine="replay",
    purpose="",
    data_version="codegeex",
    data_hashes={},
    task="generation",
    sampling={},
    truncation="strict",
    example_tests=False,
    sandbox="docker",
    limits={},
    counts=pd.DataFrame(columns=list(COUNTS)),
    statuses={},
    undrawn=0,
    unjudged=0,
    missing=(),
    tokens=0,
    cpu_s=0.0,
    run={},
    evaluation={},
)


if __name__ == "__main__":
    main()
