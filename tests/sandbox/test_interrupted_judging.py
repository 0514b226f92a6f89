"""Judging in real containers that is interrupted or loses its engine, and is gone on with: nothing lost or left."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from humaneval_x.rundir import RunFolder
from humaneval_x.sandbox.docker import connect

pytestmark = pytest.mark.docker

OWNER = "humaneval-x.owner"
PROBLEMS, SAMPLES = 8, 4
TASK = "generation-python"


@pytest.fixture
def run(tmp_path: Path, python_image: str) -> Path:
    """A run of samples that take a moment each and all fail, no two of them the same program."""
    del python_image
    rows = [
        {"task_id": f"Python/{problem}", "completion": f"    import time\n    time.sleep(0.25)\n    return {number}j\n"}
        for problem in range(16)
        for number in range(SAMPLES)
    ]
    (tmp_path / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    folder = tmp_path / "run"
    arguments = ["--engine", "replay", "--model", str(tmp_path / "samples.jsonl"), "-n", str(SAMPLES)]
    arguments += ["--data-version", "smoke", "--languages", "python", "--limit", str(PROBLEMS), "--out", str(folder)]
    subprocess.run([sys.executable, "-m", "humaneval_x", "generate", *arguments], check=True, capture_output=True)
    return folder


@contextlib.contextmanager
def judging(run: Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "humaneval_x", "evaluate", str(run), "--sandbox", "docker", "--no-cache"]
    with subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as harness:
        try:
            yield harness
        finally:
            harness.kill()


def statuses(run: Path) -> list[str]:
    return [verdict.status for verdict in RunFolder(run).verdicts(TASK)]


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not so after {seconds} s"
        time.sleep(0.05)


def containers_of(pid: int) -> list[str]:
    with contextlib.closing(connect()) as client:
        found = client.containers.list(all=True, ignore_removed=True, filters={"label": OWNER})
        return [container.id for container in found if f"/{pid}/" in container.labels[OWNER]]


def is_gone_on_with(run: Path) -> None:
    """Judge to the end: every sample has its verdict, once."""
    before = len(statuses(run))
    with judging(run) as harness:
        _, said = harness.communicate(timeout=120)
    assert harness.returncode == 0 and f"{before} were judged before" in said, said
    assert statuses(run) == ["wrong_answer"] * (PROBLEMS * SAMPLES)
    assert containers_of(harness.pid) == []


@pytest.mark.parametrize(
    ("numbers", "code"),
    [([signal.SIGINT], 130), ([signal.SIGTERM], 143), ([signal.SIGINT, signal.SIGINT], 130), ([signal.SIGKILL], -9)],
)
def test_an_interrupted_judging_leaves_nothing_and_is_gone_on_with(
    numbers: list[signal.Signals], code: int, run: Path
) -> None:
    with judging(run) as harness:
        wait_until(lambda: len(statuses(run)) >= 3)
        for number in numbers:
            harness.send_signal(number)
            time.sleep(0.05)
        _, said = harness.communicate(timeout=60)
    assert harness.returncode == code, said
    assert "Traceback" not in said
    assert 3 <= len(statuses(run)) < PROBLEMS * SAMPLES
    wait_until(lambda: containers_of(harness.pid) == [])
    is_gone_on_with(run)


class Gate:
    """A socket that leads to the engine until it is shut."""

    def __init__(self, path: Path, engine: str) -> None:
        self._engine = engine
        self._ends: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def shut(self) -> None:
        """Break every connection and take no further one."""
        for end in (self._listener, *self._ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                ours, _ = self._listener.accept()
                theirs = socket.socket(socket.AF_UNIX)
                theirs.connect(self._engine)
                self._ends += [ours, theirs]
                for source, sink in ((ours, theirs), (theirs, ours)):
                    threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    @staticmethod
    def _pass_on(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while part := source.recv(1 << 16):
                sink.sendall(part)
            sink.shutdown(socket.SHUT_WR)


def test_an_engine_that_goes_away_is_the_hosts_fault_and_costs_no_verdict(run: Path, tmp_path: Path) -> None:
    engine = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if not engine.startswith("unix://"):
        pytest.skip(f"docker: the engine is at {engine}, not at a local socket that can be shut off")
    gate = Gate(tmp_path / "engine", engine.removeprefix("unix://"))
    with judging(run, DOCKER_HOST=f"unix://{tmp_path}/engine") as harness:
        wait_until(lambda: len(statuses(run)) >= 3)
        gate.shut()
        _, said = harness.communicate(timeout=120)
    assert harness.returncode == 4 and "Docker" in said and "Traceback" not in said, said
    kept = statuses(run)
    assert set(kept) == {"wrong_answer"} and 3 <= len(kept) < PROBLEMS * SAMPLES
    wait_until(lambda: containers_of(harness.pid) == [])
    is_gone_on_with(run)
