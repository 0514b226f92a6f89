"""The engine and its containers fail: an error for the person in charge, never a verdict, and nothing is left."""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import urllib3

from humaneval_x.errors import SandboxError
from humaneval_x.languages import read_language
from humaneval_x.records import Limits, Program
from humaneval_x.sandbox.docker import DockerBackend, connect
from humaneval_x.sandbox.images import build_image, context_files, find_image
from humaneval_x.sandbox.slot import SupervisedSlot

OWNER = "humaneval-x.owner"


@pytest.fixture
def client() -> Iterator[Any]:
    with contextlib.closing(connect()) as opened:
        yield opened


@pytest.fixture
def opened(python_image: str) -> Iterator[SupervisedSlot]:
    """A slot that gives its containers two seconds beyond the limits."""
    del python_image
    with DockerBackend(grace_s=2).open_slot(read_language("python")) as slot:
        assert isinstance(slot, SupervisedSlot)
        yield slot


def containers_of(client: Any, pid: int) -> list[Any]:
    found = client.containers.list(all=True, ignore_removed=True, filters={"label": OWNER})
    return [container for container in found if f"/{pid}/" in container.labels[OWNER]]


@pytest.mark.docker
def test_a_killed_container_is_an_error_and_the_next_program_gets_a_fresh_one(
    opened: SupervisedSlot, client: Any, program: Callable[[str], Program], limits: Limits
) -> None:
    assert opened.execute(program("pass"), limits).completed
    (container,) = containers_of(client, os.getpid())
    container.kill()
    with pytest.raises(SandboxError):
        opened.execute(program("pass"), limits)
    assert opened.execute(program("pass"), limits).completed
    (fresh,) = containers_of(client, os.getpid())
    assert fresh.id != container.id


@pytest.mark.docker
def test_a_stopped_supervisor_is_noticed_and_its_container_removed(
    opened: SupervisedSlot, client: Any, program: Callable[[str], Program], limits: Limits
) -> None:
    assert opened.execute(program("pass"), limits).completed
    (container,) = containers_of(client, os.getpid())
    container.kill(signal="STOP")
    started = time.monotonic()
    with pytest.raises(SandboxError, match="in time"):
        opened.execute(program("pass"), replace(limits, wall_s=1))
    assert time.monotonic() - started < 15
    assert containers_of(client, os.getpid()) == []


@pytest.mark.docker
def test_a_supervisor_that_is_killed_from_outside_is_an_error(
    opened: SupervisedSlot, client: Any, program: Callable[[str], Program], limits: Limits
) -> None:
    assert opened.execute(program("pass"), limits).completed
    (container,) = containers_of(client, os.getpid())
    os.kill(client.api.inspect_container(container.id)["State"]["Pid"], signal.SIGKILL)
    with pytest.raises(SandboxError):
        opened.execute(program("pass"), limits)


@pytest.mark.docker
def test_other_limits_get_another_container(
    opened: SupervisedSlot, client: Any, program: Callable[[str], Program], limits: Limits
) -> None:
    takes_100_mb = program("taken = bytearray(100 << 20)\n")
    assert opened.execute(takes_100_mb, limits).completed
    assert opened.execute(takes_100_mb, replace(limits, memory_mb=64)).limit_hit == "memory"
    assert opened.execute(takes_100_mb, limits).completed
    assert len(containers_of(client, os.getpid())) == 1


@pytest.mark.docker
def test_a_container_has_every_limit_of_the_design(
    opened: SupervisedSlot, client: Any, program: Callable[[str], Program], limits: Limits
) -> None:
    opened.execute(program("pass"), limits)
    (container,) = containers_of(client, os.getpid())
    facts = client.api.inspect_container(container.id)
    host = facts["HostConfig"]
    assert host["NetworkMode"] == "none" and host["ReadonlyRootfs"] and host["IpcMode"] == "private"
    fast = read_language("python").fast
    assert fast is not None
    assert host["Memory"] == host["MemorySwap"] == limits.memory_mb + 64 + fast.memory_mb << 20
    assert host["PidsLimit"] == limits.processes + 1 + fast.processes
    assert host["CapDrop"] == ["ALL"] and "SYS_ADMIN" not in host["CapAdd"] and host["Privileged"] is False
    assert host["SecurityOpt"] == ["no-new-privileges"] and host["LogConfig"]["Type"] == "none"
    assert host["ShmSize"] <= 16 << 20 and host["AutoRemove"] and not host["Binds"]
    assert f"size={limits.disk_mb}m" in host["Tmpfs"]["/tmp"] and "nr_inodes=" in host["Tmpfs"]["/tmp"]
    assert facts["Image"].startswith("sha256:") and facts["Config"]["Image"].startswith("sha256:")


@pytest.mark.docker
def test_memory_that_no_process_owns_ends_the_sample_and_not_the_supervisor(
    opened: SupervisedSlot, program: Callable[[str], Program], limits: Limits
) -> None:
    fills_sockets = """
import os, socket, time
try:
    with open('/proc/self/oom_score_adj', 'w') as file:
        file.write('0')
except PermissionError:
    pass
for _ in range(4):
    if os.fork() == 0:
        kept = []
        for _ in range(500):
            kept.append(socket.socketpair())
            kept[-1][0].setblocking(False)
            try:
                while True:
                    kept[-1][0].send(bytearray(65536))
            except BlockingIOError:
                pass
        time.sleep(1000)
time.sleep(1000)
"""
    outcome = opened.execute(program(fills_sockets), replace(limits, run_cpu_s=20))
    assert outcome.limit_hit == "memory"
    assert opened.execute(program("pass"), limits).completed and opened.boxes == 1


HARNESS = """
import sys
from humaneval_x.languages import read_language
from humaneval_x.records import Program
from humaneval_x.sandbox.{module} import {backend}
language = read_language("python")
with {backend}().open_slot(language) as slot:
    for source in ("pass", "while True: pass"):
        program = Program(task_id="Python/0", completion_id=0, language="python", source=source, sha256="")
        slot.execute(program, language.limits)
        print("judged", flush=True)
"""


@pytest.mark.docker
def test_kill_minus_nine_of_the_harness_leaves_no_container(client: Any, python_image: str) -> None:
    del python_image
    source = HARNESS.format(module="docker", backend="DockerBackend")
    with subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE) as harness:
        assert harness.stdout is not None and harness.stdout.readline() == b"judged\n"
        assert len(containers_of(client, harness.pid)) == 1
        harness.kill()
    wait_until(lambda: not containers_of(client, harness.pid))


@pytest.mark.local
def test_kill_minus_nine_of_the_harness_leaves_no_local_process() -> None:
    source = HARNESS.format(module="local", backend="LocalBackend")
    with subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE) as harness:
        assert harness.stdout is not None and harness.stdout.readline() == b"judged\n"
        family = descendants(harness.pid)
        assert len(family) >= 2, "bubblewrap and the supervisor"
        harness.kill()
    wait_until(lambda: not any(is_alive(pid, started) for pid, started in family))


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "still there after 20 s"


def descendants(pid: int) -> set[tuple[int, str]]:
    listed = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    children: dict[int, list[int]] = {}
    for line in listed.splitlines():
        child, parent = map(int, line.split())
        children.setdefault(parent, []).append(child)
    found, pending = set(), [pid]
    while pending:
        for child in children.get(pending.pop(), []):
            found.add((child, start_of(child)))
            pending.append(child)
    return found


def start_of(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def is_alive(pid: int, started: str) -> bool:
    return start_of(pid) == started


@pytest.mark.docker
def test_a_container_whose_harness_is_dead_is_swept_when_the_next_one_opens(client: Any, python_image: str) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    owner = f"{os.uname().nodename}/{ended.pid}/{start_of(ended.pid)}"
    ended.wait()
    stray = client.containers.create(python_image, labels={OWNER: owner})
    with DockerBackend().open_slot(read_language("python")):
        left = client.containers.list(all=True, ignore_removed=True, filters={"label": f"{OWNER}={owner}"})
    assert stray.id not in [container.id for container in left]


@pytest.mark.docker
def test_a_running_container_of_a_living_harness_is_not_swept(
    opened: SupervisedSlot, program: Callable[[str], Program], limits: Limits
) -> None:
    opened.execute(program("pass"), limits)
    with DockerBackend().open_slot(read_language("python")) as other:
        assert other.execute(program("pass"), limits).completed
    assert opened.execute(program("pass"), limits).completed
    assert opened.boxes == 1


def test_an_unreachable_engine_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    backend = DockerBackend()
    opening = backend.open_slot(read_language("python"))
    for action in (lambda: backend.describe(["python"]), opening.__enter__):
        with pytest.raises(SandboxError, match=r"/nonexistent/docker\.sock.*start it"):
            action()
    (finding,) = backend.check(["python"])
    assert not finding.ok and finding.remedy


@pytest.mark.docker
def test_an_image_that_is_not_built_is_named_with_the_command_that_builds_it(
    client: Any, own_language: Callable[[str], str]
) -> None:
    language = own_language("FROM scratch\n")
    with pytest.raises(SandboxError, match=f"sandbox build --languages {language}"):
        find_image(client, language)


@pytest.mark.docker
def test_an_image_of_another_architecture_is_refused(client: Any, own_language: Callable[[str], str]) -> None:
    from humaneval_x.sandbox import images

    language = own_language("FROM scratch\n")
    labels = {"humaneval-x.language": language, "humaneval-x.context": images._digest(context_files(language))}
    loaded = load_empty_image(client, f"humaneval-x-{language}:foreign", labels, architecture="s390x")
    try:
        with pytest.raises(SandboxError, match="s390x"):
            find_image(client, language)
    finally:
        client.images.remove(loaded.id, force=True)


@pytest.mark.docker
def test_an_image_is_built_once_and_again_when_its_files_change(
    client: Any, python_image: str, own_language: Callable[[str], str]
) -> None:
    base = client.images.get(python_image).tags[0]
    language = own_language("ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY supervisor.py /opt/\n")
    said: list[str] = []
    first = build_image(client, language, base=base, say=said.append)
    assert find_image(client, language) == first and any("Step 3" in line for line in said)
    said.clear()
    assert build_image(client, language, base=base, say=said.append) == first
    assert said == [f"{first.tag} is up to date"]
    own_language("ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY supervisor.py /opt/\nLABEL x=y\n")
    with pytest.raises(SandboxError, match="other files"):
        find_image(client, language)
    second = build_image(client, language, base=base, say=said.append)
    assert second.tag != first.tag and second.base == first.base
    for image in (first, second):
        client.images.remove(image.tag, force=True)


@pytest.mark.docker
def test_a_failing_build_says_the_last_lines_of_its_log(
    client: Any, python_image: str, own_language: Callable[[str], str]
) -> None:
    base = client.images.get(python_image).tags[0]
    language = own_language("ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nRUN echo this-went-wrong && exit 7\n")
    with pytest.raises(SandboxError, match=r"(?s)returned a non-zero code: 7.*this-went-wrong"):
        build_image(client, language, base=base, say=lambda _: None)


@pytest.mark.docker
def test_a_base_image_that_cannot_be_had_names_the_script_that_makes_one(
    client: Any, own_language: Callable[[str], str]
) -> None:
    language = own_language("ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n")
    with pytest.raises(SandboxError, match="make-base-image"):
        build_image(client, language, base="localhost:1/nothing:here", say=lambda _: None)


@pytest.fixture
def own_language(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Makes a language folder with that Dockerfile, found instead of the project's: its name."""
    from humaneval_x.sandbox import images

    name = f"trial{os.getpid()}"
    (tmp_path / name).mkdir()
    for shared in images.SHARED_FILES:
        (tmp_path / shared).write_text("")

    def make(dockerfile: str) -> str:
        (tmp_path / name / "Dockerfile").write_text(dockerfile)
        return name

    monkeypatch.setattr(images, "resource_folder", lambda _: tmp_path)
    return make


def load_empty_image(client: Any, tag: str, labels: dict[str, str], *, architecture: str) -> Any:
    config = {
        "architecture": architecture,
        "os": "linux",
        "config": {"Labels": labels},
        "rootfs": {"type": "layers", "diff_ids": []},
        "created": "2024-01-01T00:00:00Z",
    }
    manifest = [{"Config": "config.json", "RepoTags": [tag], "Layers": []}]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in (("config.json", config), ("manifest.json", manifest)):
            data = json.dumps(content).encode()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    (loaded,) = client.images.load(buffer.getvalue())
    return loaded


@pytest.mark.docker
def test_what_the_sdk_lets_go_of_does_not_close_a_conversation_under_way(
    monkeypatch: pytest.MonkeyPatch, opened: SupervisedSlot, program: Callable[[str], Program], limits: Limits
) -> None:
    # A collected response closes its socket, or not: that depends on the order in which its parts are finalized.
    def close_connection(response: Any) -> None:
        if response._connection is not None:
            with contextlib.suppress(ValueError):  # its file may be finalized already
                response._connection.close()

    monkeypatch.setattr(urllib3.HTTPResponse, "__del__", close_connection, raising=False)
    assert opened.execute(program("pass"), limits).completed
    gc.collect()
    assert opened.execute(program("pass"), limits).completed
    assert opened.boxes == 1
