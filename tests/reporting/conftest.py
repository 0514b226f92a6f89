"""Run folders written through the package's own writer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from humaneval_x.records import Completion, Verdict
from humaneval_x.rundir import RunFolder, row_of

RunWriter = Callable[..., Path]

LANGUAGES = {"python": "Python", "cpp": "CPP", "java": "Java", "js": "JavaScript", "go": "Go"}


def passes(task: str, number: int, completion_id: int) -> bool:
    """Samples pass that are no further than their problem's number (shifted a little by the task's name)."""
    return completion_id < number + len(task) % 3


def write_run(
    folder: Path,
    *,
    tasks: dict[str, list[str]] | None = None,
    samples: int = 10,
    model: str = "some-model",
    purpose: str = "",
    version: str = "codegeex",
    sampling: dict[str, Any] | None = None,
    truncation: str = "strict",
    prompt_style: str = "plain",
    unjudged: int = 0,
    undrawn: int = 0,
) -> Path:
    """A run whose figures are known: `passes` says which samples pass; `reference` also passes sample 9 always."""
    tasks = tasks or {
        f"generation-{name}": [f"{prefix}/{number}" for number in range(6)] for name, prefix in LANGUAGES.items()
    }
    run = RunFolder(folder)
    settings = {"temperature": 0.8, "top_p": 0.95, "top_k": 0, "max_tokens": 512, "samples": samples, "seed": 42}
    run.begin(
        {
            "harness": "0.1.0",
            "created": "2026-01-01T00:00:00+00:00",
            "engine": {"name": "replay", "model": model, "purpose": purpose},
            "data": {"version": version, "sha256": {name: f"{version}-{name}" for name in LANGUAGES}},
            "task": "generation",
            "prompt": {"style": prompt_style},
            "sampling": {**settings, **(sampling or {})},
            "stop": {"rule": "strict", "patterns": []},
            "limit": None,
            "tasks": tasks,
        }
    )
    run.begin_evaluation(
        {
            "harness": "0.1.0",
            "created": "2026-01-01T00:01:00+00:00",
            "sandbox": {"name": "docker", "images": {"python": "sha256:0"}},
            "limits": {"python": {"run_cpu_s": 5.0}},
            "truncation": truncation,
            "example_tests": False,
        }
    )
    keys = [
        (task, task_id, number) for task, task_ids in tasks.items() for task_id in task_ids for number in range(samples)
    ]
    with ExitStack() as stack:
        samples_of = {task: stack.enter_context(run.open_samples(task)) for task in tasks}
        verdicts_of = {task: stack.enter_context(run.open_verdicts(task)) for task in tasks}
        for position, (task, task_id, number) in enumerate(keys[: len(keys) - undrawn]):
            samples_of[task].append(
                row_of(Completion(task_id=task_id, completion_id=number, text="x", finish="eos", tokens=7, seed=number))
            )
            if position < len(keys) - undrawn - unjudged:
                passed = passes(task, int(task_id.rpartition("/")[2]), number)
                verdicts_of[task].append(
                    row_of(
                        Verdict(
                            task_id=task_id,
                            completion_id=number,
                            sha256="0" * 64,
                            status="passed" if passed else "wrong_answer",
                            reference_passed=passed or number == 9,
                            flags=(),
                            cpu_s=0.25,
                            wall_s=0.5,
                            peak_mb=10.0,
                            detail="",
                        )
                    )
                )
    return folder


@pytest.fixture
def make_run(tmp_path: Path) -> RunWriter:
    """Writes a run under a name; further arguments as for `write_run`."""

    def make(name: str = "one", **settings: Any) -> Path:
        return write_run(tmp_path / "runs" / name, **settings)

    return make
