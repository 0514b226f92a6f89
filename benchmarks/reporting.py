"""What a report over many large runs costs: `humaneval-x report` against plain `json.loads` over the same rows.

    python benchmarks/reporting.py [--runs 20] [--samples 200] [--problems 164] [--formats html ...] [--keep FOLDER]

Writes run folders with journals as `humaneval_x/rundir.py` writes them, for five languages, `samples` a problem (200
make 164,000 a run), rows of samples of 0.8 kB, then alternately in fresh processes

    report      `humaneval-x report runs/* --out ...`
    reference   json.loads of every line of the same journals, one process after the other for each run, nothing kept

and prints seconds (wall), CPU seconds and peak memory (the largest sum of the resident sets of the process and its
children, looked at twenty times a second) of each, and the ratio. `--keep` leaves runs and report in FOLDER, and takes
runs that lie there already.
"""

from __future__ import annotations

import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from humaneval_x.records import Completion, Verdict
from humaneval_x.rundir import RunFolder, row_of

LANGUAGES = {"python": "Python", "cpp": "CPP", "java": "Java", "js": "JavaScript", "go": "Go"}
DISTINCT = 5
FAILURES = {
    "python": {"wrong_answer": 7, "runtime_error": 6, "cpu_limit": 1, "exited_early": 0.2},
    "cpp": {"compile_error": 4, "wrong_answer": 7, "runtime_error": 1, "cpu_limit": 0.7, "memory_limit": 0.2},
    "java": {"compile_error": 6, "wrong_answer": 6, "runtime_error": 2, "cpu_limit": 0.5},
    "js": {"wrong_answer": 8, "runtime_error": 3, "cpu_limit": 1, "output_limit": 0.1},
    "go": {"compile_error": 9, "wrong_answer": 5, "runtime_error": 1, "wall_limit": 0.1},
}
REFERENCE = """
import json, sys
from pathlib import Path
for path in sorted(Path(sys.argv[1]).glob("*/*/*.jsonl")):
    with path.open("rb") as file:
        for line in file:
            json.loads(line)
"""


def text_of(source: random.Random) -> str:
    """Some 0.6 kB that look like code."""
    words = ["for", "if", "return", "x", "result", "=", "+", "(", ")", '"text"', "len", "\\", "range", "in"]
    lines = [" " * 4 * source.randint(1, 3) + " ".join(source.choices(words, k=9)) for _ in range(14)]
    return "\n".join(lines)


def write_runs(folder: Path, options: Namespace) -> None:
    """Runs of models that get better, in which some problems are hard for all; from the sixth on copies of those."""
    for number in range(options.runs):
        path = folder / f"run-{number:02}"
        if (path / "evaluation.json").exists():
            continue
        if number >= DISTINCT:
            shutil.copytree(folder / f"run-{number % DISTINCT:02}", path)
        else:
            tasks = {
                f"generation-{name}": [f"{prefix}/{problem}" for problem in range(options.problems)]
                for name, prefix in LANGUAGES.items()
            }
            write_run(path, f"lab/model-{number:02}", tasks, options.samples, skill=0.15 + 0.15 * number)


def write_run(path: Path, model: str, tasks: dict[str, list[str]], samples: int, skill: float) -> None:
    """One run; `skill` (0 to 1) decides how much passes."""
    source = random.Random(model)
    run = RunFolder(path)
    run.begin(
        {
            "harness": "0.1.0",
            "created": "2026-01-01T00:00:00+00:00",
            "engine": {"name": "replay", "model": model, "purpose": ""},
            "data": {"version": "codegeex", "sha256": {name: f"{name:0<64}" for name in LANGUAGES}},
            "task": next(iter(tasks)).partition("-")[0],
            "sampling": {
                "temperature": 0.8,
                "top_p": 0.95,
                "top_k": 0,
                "max_tokens": 512,
                "samples": samples,
                "seed": 42,
            },
            "stop": {"rule": "strict", "patterns": []},
            "limit": None,
            "tasks": tasks,
        }
    )
    texts = [text_of(source) for _ in range(200)]
    for task, task_ids in tasks.items():
        write_task(run, task, task_ids, samples=samples, skill=skill, source=source, texts=texts)
    run.begin_evaluation(
        {
            "harness": "0.1.0",
            "created": "2026-01-01T00:01:00+00:00",
            "sandbox": {"name": "docker", "images": {name: f"sha256:{name:0<64}" for name in LANGUAGES}},
            "limits": {name: {"run_cpu_s": 5.0, "memory_mb": 1024} for name in LANGUAGES},
            "truncation": "strict",
            "example_tests": False,
        }
    )


def write_task(
    run: RunFolder,
    task: str,
    task_ids: list[str],
    *,
    samples: int,
    skill: float,
    source: random.Random,
    texts: list[str],
) -> None:
    """The journals of one task, whole, since a row a time would take minutes."""
    language = task.rpartition("-")[2]
    # Some of the rows pass by one rule alone.
    odd = {"python": 0.0, "cpp": 0.002, "java": 0.001, "js": 0.02, "go": 0.001}[language]
    failures = FAILURES[language]
    ease = {"python": 1.0, "cpp": 0.85, "java": 0.8, "js": 0.9, "go": 0.6}[language]
    run.samples_path(task).parent.mkdir(parents=True, exist_ok=True)
    run.verdicts_path(task).parent.mkdir(parents=True, exist_ok=True)
    with run.samples_path(task).open("w") as drawn, run.verdicts_path(task).open("w") as judged:
        for task_id in task_ids:
            hardness = random.Random(task_id.rpartition("/")[2]).random()
            rate = source.betavariate(0.3 + 2.2 * skill * ease * (1 - hardness), 0.4 + 2.5 * hardness)
            for number in range(samples):
                tokens = source.randint(20, 512)
                sample = Completion(
                    task_id=task_id,
                    completion_id=number,
                    text=source.choice(texts),
                    finish="stop",
                    tokens=tokens,
                    seed=source.getrandbits(63),
                )
                passed = source.random() < rate
                status = "passed" if passed else source.choices(list(failures), list(failures.values()))[0]
                verdict = Verdict(
                    task_id=task_id,
                    completion_id=number,
                    sha256=f"{source.getrandbits(256):064x}",
                    status=status,
                    reference_passed=passed != (source.random() < odd),
                    flags=("shared",) if source.random() < 0.2 else (),
                    cpu_s=round(source.expovariate(5), 3),
                    wall_s=0.25,
                    peak_mb=12.5,
                    detail="" if passed else "AssertionError\n  at line 12 of the program\n" * 3,
                )
                for file, record in ((drawn, sample), (judged, verdict)):
                    file.write(json.dumps(row_of(record), separators=(",", ":")) + "\n")


def resident_mb(process: int) -> float:
    """Of the process and all below it; a page that several share counts once for each."""
    total = 0.0
    todo = [process]
    while todo:
        one = todo.pop()
        try:
            total += int(Path(f"/proc/{one}/statm").read_text().split()[1]) * resource.getpagesize() / 1e6
            todo += [int(child) for child in Path(f"/proc/{one}/task/{one}/children").read_text().split()]
        except (OSError, ValueError):
            continue  # it has ended
    return total


def measure(command: list[str]) -> dict[str, float]:
    """Run the command; seconds, CPU seconds and megabytes at the peak."""
    before, start, peak = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter(), 0.0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            peak = max(peak, resident_mb(process.pid))
            time.sleep(0.05)
    if process.returncode:
        raise SystemExit(f"{' '.join(command[:4])} ended with {process.returncode}")
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": seconds, "cpu_s": cpu, "peak_mb": peak}


def compare(folder: Path, options: Namespace) -> None:
    """Write the runs and measure both sides."""
    runs = folder / "runs"
    write_runs(runs, options)
    size = sum(path.stat().st_size for path in runs.glob("*/*/*.jsonl")) / 1e9
    print(f"{options.runs} runs of {options.problems * 5 * options.samples:,} samples, {size:.2f} GB of journals")
    paths = [str(path) for path in sorted(runs.iterdir())][: options.runs]
    formats = [word for name in options.formats for word in ("--format", name)]
    report = [sys.executable, "-m", "humaneval_x", "report", *paths, "--out", str(folder / "report"), *formats]
    for round_number in range(options.rounds):
        reference = measure([sys.executable, "-c", REFERENCE, str(runs)])
        ours = measure(report)
        for name, figures in (("report", ours), ("reference", reference)):
            print(
                f"{round_number + 1}. {name:<10} {figures['seconds']:7.1f} s {figures['cpu_s']:7.1f} CPU s "
                f"{figures['peak_mb']:7.0f} MB at the peak"
            )
        print(
            f"   ratio      {ours['seconds'] / reference['seconds']:7.2f}   {ours['cpu_s'] / reference['cpu_s']:7.2f}"
        )


def main() -> None:
    """Read the options, compare."""
    parser = ArgumentParser(description="What a report over many large runs costs.")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--problems", type=int, default=164)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--formats", nargs="*", default=[])
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    if options.keep:
        compare(options.keep, options)
    else:
        with tempfile.TemporaryDirectory() as folder:
            compare(Path(folder), options)


if __name__ == "__main__":
    main()
