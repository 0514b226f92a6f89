"""From problems to a gate's exit code through every real part, as the README tells it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

LIMIT = 2


def cli(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "humaneval_x", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=600)


def done(*arguments: str, cwd: Path) -> str:
    finished = cli(*arguments, cwd=cwd)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


@pytest.mark.parametrize(
    "sandbox", [pytest.param("docker", marks=pytest.mark.docker), pytest.param("local", marks=pytest.mark.local)]
)
def test_canonical_solutions_go_all_the_way_and_a_worse_run_fails_the_gate(tmp_path: Path, sandbox: str) -> None:
    smoke = ("--data-version", "smoke", "--limit", str(LIMIT), "-n", "2")
    right = done("run", "--engine", "canonical", *smoke, "--sandbox", sandbox, "--out", "runs/right", cwd=tmp_path)
    assert right.count("100.0") >= 6
    report = json.loads((tmp_path / "runs/right/report/report.json").read_text())
    assert report["runs"][0]["run_id"] == "right"
    for suffix in ("md", "html", "csv"):
        assert "right" in (tmp_path / f"runs/right/report/report.{suffix}").read_text()

    # The same samples, but every Python one raises.
    samples = tmp_path / "samples.jsonl"
    rows = [json.loads(line) for path in sorted((tmp_path / "runs/right/samples").iterdir()) for line in path.open()]
    for row in rows:
        if row["task_id"].startswith("Python/"):
            row["text"] = "    raise ValueError\n"
    samples.write_text("".join(json.dumps(row) + "\n" for row in rows))
    done("generate", "--engine", "replay", "--model", "samples.jsonl", *smoke, "--out", "runs/worse", cwd=tmp_path)
    worse = done("evaluate", "runs/worse", "--sandbox", sandbox, cwd=tmp_path)
    assert "0.0" in worse
    verdicts = (tmp_path / "runs/worse/verdicts/generation-python.jsonl").read_text().splitlines()
    assert {json.loads(line)["status"] for line in verdicts} == {"runtime_error"}

    baseline = ("gate", "--baseline", "runs/right/report/report.json", "--candidate")
    # Two problems are too few for a credible drop at 5 %, so nothing is compared; at 60 % they are enough.
    assert cli(*baseline, "runs/right", cwd=tmp_path).returncode == 7
    assert cli(*baseline, "runs/right", "--alpha", "0.6", cwd=tmp_path).returncode == 0
    assert cli(*baseline, "runs/worse", "--alpha", "0.6", cwd=tmp_path).returncode == 1


@pytest.mark.parametrize(
    "sandbox", [pytest.param("docker", marks=pytest.mark.docker), pytest.param("local", marks=pytest.mark.local)]
)
def test_a_second_run_takes_the_verdicts_of_the_first_unless_told_not_to(tmp_path: Path, sandbox: str) -> None:
    canonical = ("--engine", "canonical", "--data-version", "smoke", "--languages", "python", "--limit", "3", "-n", "2")
    said = []
    for name, extra in (("one", ()), ("two", ()), ("three", ("--no-cache",))):
        finished = cli("run", *canonical, "--sandbox", sandbox, "--out", f"runs/{name}", *extra, cwd=tmp_path)
        assert finished.returncode == 0, finished.stderr
        said.append(finished.stderr)
    assert "judged 6 samples, 3 of them by the verdict on the same program" in said[0]
    assert "judged 6 samples, 6 of them by the verdict on the same program (6 in earlier runs)" in said[1]
    assert "in earlier runs" not in said[0] + said[2]
    assert "6, 6 of them in earlier runs" in (tmp_path / "runs/two/report/report.md").read_text()
    assert "verdicts.sqlite3: 3 verdicts" in done("sandbox", "cache", cwd=tmp_path)


@pytest.mark.docker
@pytest.mark.paddle
@pytest.mark.slow
def test_the_small_model_solves_some_and_not_all_problems_in_every_language(tmp_path: Path) -> None:
    done("run", "--config", "demo", "--samples", "5", "--sandbox", "docker", cwd=tmp_path)
    report = json.loads((tmp_path / "runs/demo/report/report.json").read_text())
    passes: dict[str, list[int]] = {}
    for _, _, language, n, strict, _ in report["runs"][0]["counts"]:
        passes.setdefault(language, []).append(strict)
        assert n == 5
    assert len(passes) == 5
    for language, counts in passes.items():
        assert 0 < sum(counts) < 5 * len(counts), language


@pytest.mark.docker
def test_an_interrupted_harness_leaves_no_container_and_goes_on(tmp_path: Path) -> None:
    import docker

    smoke = ("--data-version", "smoke", "--languages", "go", "-n", "1")
    done("generate", "--engine", "canonical", *smoke, "--out", "run", cwd=tmp_path)
    evaluate = [sys.executable, "-m", "humaneval_x", "-v", "evaluate", "run", "--sandbox", "docker"]
    unbuffered = {**os.environ, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(evaluate, cwd=tmp_path, stderr=subprocess.PIPE, env=unbuffered)
    assert process.stderr is not None
    for line in process.stderr:  # the first verdicts are being made once this is said
        if b"16 samples" in line:
            break
    process.terminate()
    process.communicate(timeout=120)
    assert process.returncode == 143
    client = docker.from_env()
    mine = [box for box in client.containers.list(all=True) if f"/{process.pid}/" in str(box.labels)]
    assert mine == []
    assert "100.0" in done("evaluate", "run", "--sandbox", "docker", cwd=tmp_path)
