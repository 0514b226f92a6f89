"""Which sandbox is picked, and what is said about it."""

from __future__ import annotations

import pytest

from humaneval_x.errors import SandboxError, UsageError
from humaneval_x.sandbox import choice
from humaneval_x.sandbox.choice import backend_named, open_backend
from humaneval_x.sandbox.local import LocalBackend


def test_an_unknown_sandbox_is_a_usage_error_that_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="auto, docker, local"):
        backend_named("cloud")


@pytest.mark.docker
def test_auto_picks_docker_when_its_images_are_there(python_image: str) -> None:
    assert python_image
    said: list[str] = []
    assert open_backend("auto", ["python"], say=said.append).name == "docker"
    assert said == ["judging in the docker sandbox"]


@pytest.mark.local
def test_auto_without_an_engine_picks_local_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    said: list[str] = []
    assert open_backend("auto", ["python"], say=said.append).name == "local"
    assert "/nonexistent/docker.sock" in said[0] and said[-1] == "judging in the local sandbox"


def test_a_sandbox_that_is_asked_for_is_never_replaced_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    with pytest.raises(SandboxError, match="docker sandbox is not ready"):
        open_backend("docker", ["python"])


def test_where_no_sandbox_is_ready_each_ones_lack_and_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(SandboxError) as caught:
        open_backend("auto", ["python"])
    assert "start it" in str(caught.value) and "apt-get install bubblewrap" in str(caught.value)


def test_a_toolchain_that_is_missing_is_found_missing_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from humaneval_x.languages import read_language
    from humaneval_x.sandbox import local

    python = replace(read_language("python"), executables={"no-such-snake": "snake-tools"})
    monkeypatch.setattr(local, "read_language", lambda _: python)
    missing = [finding for finding in LocalBackend().check(["python"]) if "snake" in finding.subject]
    assert [(finding.ok, finding.remedy) for finding in missing] == [(False, "sudo apt-get install snake-tools")]


def test_auto_tries_docker_first() -> None:
    assert list(choice.BACKENDS) == ["docker", "local"]


@pytest.mark.local
def test_the_local_sandbox_describes_what_decides_its_verdicts() -> None:
    told = LocalBackend(cgroups=False).describe(["python"])
    assert told["name"] == "local" and told["missing_limits"] == ["memory", "processes", "cpu"]
    assert str(told["toolchains"]["python"]["python3"]).startswith("Python 3")  # type: ignore[index]
