"""Runs with samples that are hard to write down, over the smoke data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from humaneval_x.records import Completion, Verdict
from humaneval_x.rundir import RunFolder, row_of

TEXTS = [
    "    return 1\n",
    "",
    "\n\n  x = '\u2028'\n",
    "\ud800 lone",
    "é ☃ \U0001f600\t\r\n",
    'a "quoted" \\ text\n#\n',
    "\0",
]


def sample_of(task_id: str, number: int, text: str, **more: object) -> Completion:
    known: dict[str, object] = {"finish": "eos", "tokens": 7 * number + 1, "seed": 1000 + number}
    return Completion(task_id=task_id, completion_id=number, text=text, **{**known, **more})  # type: ignore[arg-type]


def write_run(
    folder: Path, tasks: dict[str, Sequence[str]], texts: Sequence[str] = TEXTS, *, judged: bool = False, **more: object
) -> RunFolder:
    """A run whose problems each have `texts` as samples; judged, every other one passes strictly, all by reference."""
    run = RunFolder(folder)
    run.begin(
        {
            "engine": {"name": "replay", "model": "some-model"},
            "data": {"version": "smoke", "sha256": {}},
            "task": next(iter(tasks)).partition("-")[0],
            "sampling": {"temperature": 0.8, "top_p": 0.95, "max_tokens": 99, "samples": len(texts)},
            "tasks": {task: list(ids) for task, ids in tasks.items()},
        }
    )
    if judged:
        run.begin_evaluation({"truncation": "strict", "sandbox": {}, "limits": {}})
    for task, task_ids in tasks.items():
        with run.open_samples(task) as samples, run.open_verdicts(task) as verdicts:
            for task_id in task_ids:
                for number, text in enumerate(texts):
                    samples.append(row_of(sample_of(task_id, number, text, **more)))
                    if judged:
                        verdicts.append(row_of(_verdict(task_id, number)))
    return run


def _verdict(task_id: str, number: int) -> Verdict:
    return Verdict(
        task_id=task_id, completion_id=number, sha256="0" * 64, status="cpu_limit" if number % 2 else "passed",
        reference_passed=True, flags=(), cpu_s=0.1, wall_s=0.2, peak_mb=1.0, detail="said" if number % 2 else "",
    )  # fmt: skip
