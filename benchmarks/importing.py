"""Importing a samples file: seconds and peak memory, against reading the same file's JSON and nothing else.

python benchmarks/importing.py [--samples 100000]

Writes a CodeGeeX file of that many samples over the 16 problems of the smoke data in each language, imports it in a
process of its own, and does so with a tenth of the samples too: memory that is constant is the same for both.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from humaneval_x.datasets import read_problems
from humaneval_x.languages import language_names

READING = """
import json, sys
for line in open(sys.argv[1], encoding="utf-8"):
    json.loads(line)
"""


def main() -> None:
    """Print a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=100_000)
    samples = parser.parse_args().samples
    print("samples  file MB  reading s  import s  ratio  import's peak MB")
    for count in (samples // 10, samples):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "codegeex.jsonl"
            _write(path, count)
            reading, _ = _timed([sys.executable, "-c", READING, str(path)])
            command = [sys.executable, "-m", "humaneval_x", "import", str(path), "--data-version", "smoke"]
            importing, peak_mb = _timed([*command, "--out", str(Path(folder) / "run")])
            size = path.stat().st_size / 1e6
            ratio = importing / reading
            print(f"{count:7d}  {size:7.1f}  {reading:9.2f}  {importing:8.2f}  {ratio:5.1f}  {peak_mb:16.0f}")


def _write(path: Path, count: int) -> None:
    problems = read_problems("smoke", language_names())
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            problem = problems[number % len(problems)]
            text = problem.canonical_solution + f"// {number} " + "x" * 500
            row = {"task_id": problem.task_id, "prompt": problem.prompt, "generation": text, "scores": 0.5}
            file.write(json.dumps(row) + "\n")


def _timed(command: list[str]) -> tuple[float, float]:
    """Seconds that the command took, and its peak memory in MB."""
    watched = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stderr=subprocess.DEVNULL);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", watched, *command], check=True, capture_output=True, text=True)
    return time.perf_counter() - start, int(done.stdout.split()[-1]) / 1024


if __name__ == "__main__":
    main()
