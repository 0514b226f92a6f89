"""What a test needs from its host is a marker; here each marker learns whether the host has it.

A test whose host lacks something is skipped with the reason. `HUMANEVAL_X_REQUIRE=docker,paddle,...` turns such a skip
into a failure: CI sets it, so that nothing is skipped there by accident.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from checkout import published_folder

# Without a GPU Triton's kernels are run by its interpreter, which must be chosen before the first of them is read.
if shutil.which("nvidia-smi") is None:
    os.environ.setdefault("TRITON_INTERPRET", "1")


@cache
def _lacks_docker() -> str:
    import docker

    try:
        client = docker.from_env(timeout=10)
        client.ping()
    except docker.errors.DockerException as error:
        return f"no Docker engine answers ({type(error).__name__}): start one, or see `humaneval-x sandbox check`"
    return ""


@cache
def _lacks_local() -> str:
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed (Debian package bubblewrap)"
    probe = subprocess.run(
        ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"], capture_output=True, check=False, timeout=30
    )
    return "" if probe.returncode == 0 else f"bubblewrap cannot make namespaces here: {probe.stderr.decode()[:100]}"


@cache
def _lacks_paddle() -> str:
    return "" if find_spec("paddle") else "PaddlePaddle is not installed: pip install -e '.[paddle]'"


@cache
def _lacks_torch() -> str:
    return "" if find_spec("torch") else "PyTorch is not installed: pip install -e '.[torch]'"


@cache
def _lacks_gpu() -> str:
    return "" if shutil.which("nvidia-smi") else "no NVIDIA driver on this host"


@cache
def _lacks_browser() -> str:
    if find_spec("playwright") is None:
        return "Playwright is not installed: pip install -e '.[dev]'"
    return "" if shutil.which("chromium") else "Chromium is not installed: `sandboxes/setup browser`"


@cache
def _lacks_published() -> str:
    folder = published_folder()
    here = (folder / "humaneval_python.jsonl.gz").is_file()
    return "" if here else f"the published data are not at {folder}: set HUMANEVAL_X_PUBLISHED to their folder"


NEEDS: dict[str, Callable[[], str]] = {
    "docker": _lacks_docker,
    "local": _lacks_local,
    "paddle": _lacks_paddle,
    "torch": _lacks_torch,
    "gpu": _lacks_gpu,
    "browser": _lacks_browser,
    "published": _lacks_published,
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have one worker run all tests that start sandboxes, one after the other, and start with them.

    They look at what other sandboxes leave behind, and they take longest.
    """
    sandboxed = {id(item) for item in items if any(item.get_closest_marker(name) for name in ("docker", "local"))}
    for item in items:
        if id(item) in sandboxed:
            item.add_marker(pytest.mark.xdist_group("sandbox"))
    items.sort(key=lambda item: id(item) not in sandboxed)


def pytest_runtest_setup(item: pytest.Item) -> None:
    required = set(filter(None, os.environ.get("HUMANEVAL_X_REQUIRE", "").split(",")))
    unknown = required - set(NEEDS)
    if unknown:
        pytest.exit(f"HUMANEVAL_X_REQUIRE names {sorted(unknown)}; known are {sorted(NEEDS)}", returncode=4)
    for mark in item.iter_markers():
        lacks = NEEDS[mark.name]() if mark.name in NEEDS else ""
        if lacks and mark.name in required:
            pytest.fail(f"{mark.name} is required (HUMANEVAL_X_REQUIRE) but: {lacks}", pytrace=False)
        if lacks:
            pytest.skip(f"{mark.name}: {lacks}")


@pytest.fixture(scope="session", autouse=True)
def no_store_of_the_users(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep what fixtures of the whole session judge out of the user's own store of verdicts."""
    os.environ["HUMANEVAL_X_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own, so that every test finds an empty store of verdicts."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("HUMANEVAL_X_CACHE", str(folder))
    return folder


@pytest.fixture(scope="session")
def published_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the published files imported. Use with the marker `published`."""
    from humaneval_x.datasets import import_folder

    folder = tmp_path_factory.mktemp("data")
    import_folder(published_folder(), folder)
    return folder
