"""Sandboxes to try programs in: every backend, opened once per module, with small limits."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator

import pytest
from fast_slot import FAST, FastSlot

from humaneval_x.languages import read_language
from humaneval_x.records import Limits, Program
from humaneval_x.sandbox import Backend
from humaneval_x.sandbox.docker import DockerBackend, connect
from humaneval_x.sandbox.images import build_image
from humaneval_x.sandbox.local import LocalBackend
from humaneval_x.sandbox.slot import SupervisedSlot

LIMITS = Limits(compile_cpu_s=1, run_cpu_s=1, wall_s=20, memory_mb=256, processes=32, output_bytes=1 << 20, disk_mb=32)


@pytest.fixture(scope="session")
def limits() -> Limits:
    return LIMITS


@pytest.fixture(scope="session")
def program() -> Callable[[str], Program]:
    """Makes a Python program of its source."""

    def make(source: str) -> Program:
        sha256 = hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()
        return Program(task_id="Python/0", completion_id=0, language="python", source=source, sha256=sha256)

    return make


@pytest.fixture(scope="session")
def python_image() -> str:
    """The id of the Python sandbox's image, built if it is not there."""
    with contextlib.closing(connect()) as client:
        return build_image(client, "python", say=lambda _: None).id


WAYS = [
    pytest.param("docker", marks=pytest.mark.docker),
    pytest.param("local", marks=pytest.mark.local),
    pytest.param("local without control groups", marks=pytest.mark.local),
]


def _backend(kind: str, request: pytest.FixtureRequest) -> Backend:
    if kind.startswith("docker"):
        request.getfixturevalue("python_image")
        return DockerBackend()
    return LocalBackend(cgroups=kind == "local")


@pytest.fixture(scope="module", params=WAYS)
def backend(request: pytest.FixtureRequest) -> Backend:
    return _backend(request.param, request)


@pytest.fixture(scope="module", params=[*WAYS, pytest.param(FAST, marks=pytest.mark.docker)])
def slot(request: pytest.FixtureRequest) -> Iterator[SupervisedSlot | FastSlot]:
    """A slot for Python programs, in every kind of sandbox and by both ways."""
    python = read_language("python")
    with _backend(request.param, request).open_slot(python) as opened:
        assert isinstance(opened, SupervisedSlot)
        yield FastSlot(opened, python) if request.param == FAST else opened
