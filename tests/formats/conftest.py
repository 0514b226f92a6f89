"""A run with samples that are hard to write down, over the smoke data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from written_runs import write_run

from humaneval_x.datasets import read_problems
from humaneval_x.languages import language_names
from humaneval_x.records import Problem
from humaneval_x.rundir import RunFolder


@pytest.fixture(scope="session")
def smoke() -> dict[str, Problem]:
    return {problem.task_id: problem for problem in read_problems("smoke", language_names())}


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., RunFolder]:
    def make(tasks: dict[str, Sequence[str]], *args: object, **more: object) -> RunFolder:
        return write_run(tmp_path / "run", tasks, *args, **more)  # type: ignore[arg-type]

    return make
