"""The Docker sandbox: a slot is a container that a supervisor runs in as process 1.

The harness holds the container's stdin. However the harness ends, that stream ends, the supervisor exits, and the
engine removes the container.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from humaneval_x.errors import SandboxError
from humaneval_x.languages import FastWay, Language
from humaneval_x.records import Limits
from humaneval_x.sandbox import Finding, Slot
from humaneval_x.sandbox.images import Image, find_image
from humaneval_x.sandbox.protocol import HELLO, MEMORY_MARGIN_MB, Connection
from humaneval_x.sandbox.slot import GRACE_S, Seats, SupervisedSlot

if TYPE_CHECKING:
    import docker

__all__ = ["DockerBackend", "connect"]

_FIRST_UID = 70000
_FIRST_MAPPED_UID = 10000
_MAPPED_USERS = ("name=userns", "name=rootless")
_SHM_MB = 16
_STORE = "/run/humaneval-x"  # fastpath.py's STORE
_OWNER_LABEL = "humaneval-x.owner"
_SUPERVISOR_NEEDS = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID"]
_START_S = 60.0
_REMOVE_S = 20.0


def connect(timeout_s: float = 60.0) -> docker.DockerClient:
    """A client of the Docker engine that the environment names. Raises SandboxError if none answers."""
    import docker  # noqa: PLC0415 - the SDK is loaded by those who use it only
    import docker.errors  # noqa: PLC0415

    try:
        client = docker.from_env(timeout=int(timeout_s))
        client.ping()
    except (docker.errors.DockerException, OSError) as error:
        where = os.environ.get("DOCKER_HOST", "/var/run/docker.sock")
        raise SandboxError(
            f"no Docker engine answers at {where}: start it (`sudo systemctl start docker`), let this user use it, "
            f"set DOCKER_HOST, or use `--sandbox local` ({type(error).__name__})"
        ) from error
    return client


class DockerBackend:
    """Sandboxes in containers of the images that `humaneval-x sandbox build` makes.

    `grace_s` is how long after the wall limits a container may take to answer before it is killed.
    """

    name = "docker"

    def __init__(self, *, grace_s: float = GRACE_S) -> None:
        self._grace_s = grace_s
        self._lock = threading.Lock()
        self._seats = Seats()
        self._images: dict[str, Image] = {}
        self._swept = False

    def check(self, languages: Sequence[str]) -> list[Finding]:
        """The engine and each language's image. Never raises for a missing part."""
        findings = []
        try:
            with _engine() as client:
                version = client.version()
                detail = f"{version['Version']} ({version['Arch']})"
                findings.append(Finding(subject="Docker engine", ok=True, detail=detail))
                findings.extend(_check_image(client, language) for language in languages)
        except SandboxError as error:
            remedy = "install and start Docker, or use `--sandbox local`"
            findings.append(Finding(subject="Docker engine", ok=False, detail=str(error), remedy=remedy))
        return findings

    def describe(self, languages: Sequence[str]) -> dict[str, object]:
        """Image ids, the engine, and the limits that are missing here, as a supervisor in a container finds them."""
        with _engine() as client:
            version, info = client.version(), client.info()
            images = {language: self._image(client, language) for language in languages}
            first_uid = _first_uid(client)
        missing, cgroup = ([] if info.get("SwapLimit", True) else ["swap"]), "none"
        if languages:
            hello = self._probe(images[languages[0]], first_uid)
            missing, cgroup = [*hello["missing_limits"], *missing], hello["cgroup"]
        return {
            "name": self.name,
            "engine": version["Version"],
            "architecture": version["Arch"],
            "cgroup": cgroup,
            "images": {name: {"id": image.id, "tag": image.tag, "base": image.base} for name, image in images.items()},
            "missing_limits": missing,
        }

    @contextlib.contextmanager
    def open_slot(self, language: Language) -> Iterator[Slot]:
        """A slot whose containers have a user id of their own. Raises SandboxError."""
        with _engine() as client:
            image, first_uid = self._image(client, language.name), _first_uid(client)
        with self._seats.take() as seat:
            slot = SupervisedSlot(
                language,
                lambda limits: _Container(image, limits, first_uid + seat, language.fast),
                wrappers=f"/opt/humaneval-x/{language.name}",
                fast=language.fast is not None,
                grace_s=self._grace_s,
            )
            with contextlib.closing(slot):
                yield slot

    def _image(self, client: docker.DockerClient, language: str) -> Image:
        with self._lock:
            if not self._swept:
                _sweep(client)
                self._swept = True
            if language not in self._images:
                self._images[language] = find_image(client, language)
            return self._images[language]

    def _probe(self, image: Image, first_uid: int) -> dict[str, Any]:
        limits = Limits(compile_cpu_s=1, run_cpu_s=1, wall_s=1, memory_mb=256, processes=16, output_bytes=1, disk_mb=16)
        with self._seats.take() as seat, contextlib.closing(_Container(image, limits, first_uid + seat)) as container:
            return container.hello


@contextlib.contextmanager
def _engine() -> Iterator[docker.DockerClient]:
    """A client for a few requests. Raises SandboxError, also for what goes wrong inside."""
    import docker.errors  # noqa: PLC0415

    with contextlib.closing(connect()) as client:
        try:
            yield client
        except (docker.errors.DockerException, OSError) as error:
            raise SandboxError(f"the Docker engine fails: {error}; see its log (`journalctl -u docker`)") from error


def _first_uid(client: docker.DockerClient) -> int:
    """Slots run as users from here on. An engine with mapped users has 65,536 of them, all its own."""
    mapped = any(name in option for option in client.info().get("SecurityOptions") or [] for name in _MAPPED_USERS)
    return _FIRST_MAPPED_UID if mapped else _FIRST_UID


def _check_image(client: docker.DockerClient, language: str) -> Finding:
    subject = f"image of {language}"
    try:
        return Finding(subject=subject, ok=True, detail=find_image(client, language).tag)
    except SandboxError as error:
        remedy = f"humaneval-x sandbox build --languages {language}"
        return Finding(subject=subject, ok=False, detail=str(error), remedy=remedy)


class _Container:
    """One container with a supervisor in it. Raises SandboxError if it does not come up."""

    def __init__(self, image: Image, limits: Limits, uid: int, fast: FastWay | None = None) -> None:
        import docker.errors  # noqa: PLC0415

        self._client = connect()
        self._container: Any = None
        self._connection: Connection | None = None
        # The SDK's: with it goes the response that it came with, which may close its socket when it is collected.
        self._attached: Any = None
        try:
            self._container = self._client.containers.create(image.id, **_options(limits, uid, fast))
            self._connection = Connection(self._attach(), multiplexed=True)
            self._container.start()
            self.hello = self.connection.receive(_START_S)
            if self.hello.get("hello") != HELLO:
                raise SandboxError(f"{image.tag} runs another supervisor: run `humaneval-x sandbox build`")
        except (docker.errors.DockerException, OSError) as error:
            self.close()
            raise SandboxError(f"cannot start a container of {image.tag}: {error}") from error
        except BaseException:
            self.close()
            raise

    @property
    def connection(self) -> Connection:
        """The conversation with the supervisor."""
        assert self._connection is not None
        return self._connection

    def close(self) -> None:
        """Remove the container and wait until it is gone."""
        connection, self._connection = self._connection, None
        container, self._container = self._container, None
        attached, self._attached = self._attached, None
        if connection is not None:
            connection.close()
        if attached is not None:
            attached.close()
        if container is not None:
            with contextlib.suppress(OSError):
                _remove(container)
        self._client.close()

    def _attach(self) -> socket.socket:
        wanted = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
        self._attached = self._container.attach_socket(params=wanted)
        stream = getattr(self._attached, "_sock", self._attached)  # the SDK hands out a SocketIO around it
        if not isinstance(stream, socket.socket):
            raise SandboxError("this way of reaching Docker has no sockets: use a local or TCP engine (DOCKER_HOST)")
        return stream


def _options(limits: Limits, uid: int, fast: FastWay | None) -> dict[str, Any]:
    """What `docker run` would be told: no network, nothing writable but small tmpfs, every limit, no privilege.

    The tmpfs counts as memory, so it gets a quarter at most. The six capabilities are the supervisor's; samples have
    none. That a sample uses no more than `memory_mb` is for the supervisor to see to; the kernel's limit is a little
    higher, since at that it may kill the supervisor. What a fast way's servers need comes on top.
    """
    from docker.types import LogConfig, Ulimit  # noqa: PLC0415

    memory = f"{limits.memory_mb + MEMORY_MARGIN_MB + (fast.memory_mb + fast.store_mb if fast else 0)}m"
    disk_mb = min(limits.disk_mb, limits.memory_mb // 4)
    tmpfs = {"/tmp": f"rw,exec,nosuid,nodev,mode=1777,size={disk_mb}m,nr_inodes={disk_mb * 256}"}
    if fast and fast.store_mb:
        tmpfs[_STORE] = f"rw,exec,nosuid,nodev,mode=0711,size={fast.store_mb}m"
    return {
        "command": ["--uid", str(uid)],
        "stdin_open": True,
        "auto_remove": True,
        "init": False,  # the supervisor itself must be process 1, whatever the engine's default
        "network_mode": "none",
        "read_only": True,
        "tmpfs": tmpfs,
        "mem_limit": memory,
        "memswap_limit": memory,
        "pids_limit": limits.processes + 1 + (fast.processes if fast else 0),
        "ulimits": [Ulimit(name="nofile", soft=1024, hard=1024), Ulimit(name="core", soft=0, hard=0)],
        "cap_drop": ["ALL"],
        "cap_add": _SUPERVISOR_NEEDS,
        "security_opt": ["no-new-privileges"],
        "log_config": LogConfig(type="none"),
        "ipc_mode": "private",
        "shm_size": f"{_SHM_MB}m",
        "labels": {_OWNER_LABEL: _owner(os.getpid())},
    }


def _remove(container: Any) -> None:
    import docker.errors  # noqa: PLC0415

    deadline = time.monotonic() + _REMOVE_S
    while time.monotonic() < deadline:
        try:
            container.remove(force=True)
            return
        except docker.errors.NotFound:
            return
        except docker.errors.APIError as error:
            if error.status_code != 409:  # 409: the engine is removing it already
                raise SandboxError(f"cannot remove the container {container.name}: {error}") from error
        time.sleep(0.02)
    raise SandboxError(f"the container {container.name} was not removed in {_REMOVE_S:.0f} s: `docker rm -f` it")


def _owner(pid: int) -> str:
    """Identifies a process on a host across reuse of its number, or is empty if there is none."""
    try:
        started = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""
    return f"{socket.gethostname()}/{pid}/{started}"


def _sweep(client: docker.DockerClient) -> None:
    """Remove containers of harnesses of this host that are no more (their engine was down when they ended)."""
    for container in client.containers.list(all=True, ignore_removed=True, filters={"label": _OWNER_LABEL}):
        host, pid, _ = container.labels[_OWNER_LABEL].split("/")
        if host == socket.gethostname() and _owner(int(pid)) != container.labels[_OWNER_LABEL]:
            _remove(container)
