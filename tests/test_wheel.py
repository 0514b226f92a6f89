from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from checkout import ROOT


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel, unpacked as pip would."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([*build, str(ROOT)], check=True, capture_output=True, timeout=300)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(site)}
    command = [sys.executable, "-m", "humaneval_x", *arguments]
    return subprocess.run(command, cwd=site.parent, env=environment, capture_output=True, text=True, check=False)


def test_the_wheel_runs_away_from_the_checkout(installed: Path) -> None:
    where = [sys.executable, "-c", "import humaneval_x; print(humaneval_x.__file__)"]
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run(where, cwd=installed.parent, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(str(installed))


def test_the_wheel_carries_languages_problems_model_and_templates(installed: Path) -> None:
    done = run(installed, "data", "verify", "--data-version", "smoke")
    assert done.returncode == 0, done.stderr
    assert "80 problems in 5 languages" in done.stdout
    resources = installed / "humaneval_x" / "_resources"
    assert (resources / "sandboxes" / "supervisor.py").is_file()
    assert (resources / "benchmark_data" / "smoke" / "model" / "model_state.pdparams").is_file()
    assert list((resources / "reports").rglob("*.html*"))


def test_the_wheel_generates_without_a_model(installed: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = run(installed, "generate", "--engine", "canonical", "--data-version", "smoke", "-n", "1", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert sum(len(path.read_bytes().splitlines()) for path in (out / "samples").iterdir()) == 80
