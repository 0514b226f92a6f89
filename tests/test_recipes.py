"""The recipes of CONTRIBUTING.md, followed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import ROOT

from humaneval_x.engines import EngineOptions, open_engine
from humaneval_x.errors import UsageError

ENGINE = """
from humaneval_x.records import Completion


class Parrot:
    def describe(self):
        return {"model": "parrot"}

    def sample(self, requests, sampling):
        for request in requests:
            for number in request.completion_ids:
                yield request.prompt, Completion(
                    task_id=request.prompt.task_id,
                    completion_id=number,
                    text=f"    return {number}  # {sampling.seed}\\n",
                    finish="eos",
                    tokens=4,
                    seed=number,
                )

    def close(self):
        pass


def open_parrot(options):
    return Parrot()
"""
PROJECT = """
[build-system]
requires = ["hatchling>=1.24"]
build-backend = "hatchling.build"

[project]
name = "humaneval-x-parrot"
version = "1.0"

[project.entry-points."humaneval_x.engines"]
parrot = "parrot:open_parrot"

[tool.hatch.build.targets.wheel]
include = ["parrot.py"]
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the package of a third party's engine is installed."""
    source = tmp_path_factory.mktemp("parrot")
    (source / "pyproject.toml").write_text(PROJECT)
    (source / "parrot.py").write_text(ENGINE)
    folder = tmp_path_factory.mktemp("site")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*install, "--target", str(folder), str(source)], check=True, capture_output=True, timeout=300)
    return folder


def cli(site: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "humaneval_x", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(site), str(ROOT)])},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_an_engine_that_another_package_brings_is_sampled_from_by_its_name(site: Path, tmp_path: Path) -> None:
    chosen = ("--engine", "parrot", "--data-version", "smoke", "--languages", "python", "--limit", "1", "-n", "2")
    done = cli(site, "generate", *chosen, "--seed", "5", "--out", "run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "run" / "samples" / "generation-python.jsonl").read_text().splitlines()
    assert [(row["task_id"], row["completion_id"], row["text"]) for row in map(json.loads, lines)] == [
        ("Python/5", 0, "    return 0  # 5\n"),
        ("Python/5", 1, "    return 1  # 5\n"),
    ]
    assert json.loads((tmp_path / "run" / "run.json").read_text())["engine"] == {"name": "parrot", "model": "parrot"}


def test_an_unknown_engine_is_refused_with_the_names_of_those_there_are(site: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="canonical"):
        open_engine("gpt", EngineOptions())
    done = cli(site, "generate", "--engine", "gpt", "--data-version", "smoke", "--out", "run", cwd=tmp_path)
    assert done.returncode == 2
    assert "parrot" in done.stderr
