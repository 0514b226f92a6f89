"""Two runs, their browser on loopback, and pages of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from samples_page import CPP, HOSTILE, PYTHON, TRANSLATION, Page, serving
from test_inspection import FAILED, RIGHT, WRONG, judge, smoke_problem, written_run

from humaneval_x.reporting.browser import write_browser
from humaneval_x.rundir import RunFolder, row_of

DIFFERS = {"status": "exited_early", "reference_passed": True, "flags": ("some_flag",), "detail": "bye"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The browser of two runs: 4 problems with some samples each, and a run with what is hostile."""
    root = tmp_path_factory.mktemp("browser")
    of_cpp = [smoke_problem(task_id).canonical_solution for task_id in ("CPP/0", "CPP/1")]
    some = written_run(
        root / "some",
        {
            PYTHON: {"Python/0": [RIGHT + "\n\nprint('more')\n", WRONG, RIGHT, "    return 1"], "Python/1": [WRONG]},
            CPP: {"CPP/0": [of_cpp[0], "    return 1;\n"], "CPP/1": [of_cpp[1]] * 3},
        },
    )
    judge(
        some,
        {
            (PYTHON, "Python/0"): {0: {}, 1: FAILED, 2: {"flags": ("shared",)}, 3: DIFFERS},
            (PYTHON, "Python/1"): {0: FAILED},
            (CPP, "CPP/0"): {0: {}, 1: {**FAILED, "status": "compile_error", "detail": "error: expected '}'"}},
        },
    )
    bad = written_run(root / "<script>bad<b>\u202e", {TRANSLATION: {"Python/0": HOSTILE}}, engine=_engine())
    odd = {"status": "</b><script>", "flags": ("<i>", "\x1b[0m\u202e"), "detail": HOSTILE[0] + HOSTILE[2]}
    judge(bad, {(TRANSLATION, "Python/0"): {number: {**FAILED, **odd} for number in range(7)}})
    _say(bad, HOSTILE[0])
    (root / "out").mkdir()
    (root / "out" / "report.html").write_text("<!DOCTYPE html><title>Report</title><h1>Report</h1>")
    write_browser([some.path, bad.path], root / "out")
    return root / "out"


def _engine() -> dict[str, str]:
    return {"name": "replay", "model": "<img src=x onerror=alert(1)>\u202e"}


def _say(folder: RunFolder, response: str) -> None:
    """Let the run's first sample be a chat model's."""
    samples = list(folder.samples(TRANSLATION))
    samples[0] = replace(samples[0], response=response, preamble="import os\n")
    folder.samples_path(TRANSLATION).unlink()
    with folder.open_samples(TRANSLATION) as journal:
        for sample in samples:
            journal.append(row_of(sample))


@pytest.fixture(scope="module")
def origin(folder: Path) -> Iterator[str]:
    with serving(folder) as address:
        yield address


@pytest.fixture
def new(new_page: Any, origin: str) -> Iterator[Any]:
    made: list[Page] = []

    def make(**settings: Any) -> Page:
        made.append(Page(new_page(**settings), origin))
        return made[-1]

    yield make
    for each in made:
        each.check()


@pytest.fixture
def page(new: Any) -> Any:
    return new().open()
