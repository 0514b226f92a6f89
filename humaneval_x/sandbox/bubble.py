"""One bubblewrap sandbox with a supervisor in it."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import select
import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import IO, Any

from humaneval_x.errors import SandboxError
from humaneval_x.languages import Language
from humaneval_x.records import Limits
from humaneval_x.resources import resource_folder
from humaneval_x.sandbox.cgroups import Cgroup, make_cgroup
from humaneval_x.sandbox.protocol import Connection

__all__ = ["FIRST_UID", "INSIDE", "Bubble"]

FIRST_UID = 70000
"""Where root makes the sandbox, slots run as users from here on; inside, every sample has this id."""

INSIDE = "/opt/humaneval-x"
"""The folder of supervisor and wrapper files inside, as in the images."""

_SHM_BYTES = 16 << 20
_NOT_WRAPPERS = ("cases", "language.toml", "Dockerfile", "__pycache__")
_SHOWN_FROM_ETC = ("alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "ssl/openssl.cnf", "java*", "nodejs")
_START_S = 30.0
_END_S = 10.0
_serials = itertools.count()


class Bubble:
    """The sandbox for one language (None: no wrapper files) and those limits. Raises SandboxError if it does not start.

    `prepared` is what the language's prepare.sh made, if any. `uid` is whom it runs as if this process is root's;
    else it runs as this user. With `cgroups` it gets a control group if one can be made.
    """

    def __init__(
        self,
        python: str,
        language: Language | None,
        limits: Limits,
        *,
        uid: int,
        cgroups: bool,
        prepared: Path | None = None,
    ) -> None:
        self._cgroup = make_cgroup(f"{os.getpid()}-{next(_serials)}", limits) if cgroups else None
        self._process: subprocess.Popen[bytes] | None = None
        self._handle: int | None = None
        ours, theirs = socket.socketpair()
        self.connection = Connection(ours, multiplexed=False)
        try:
            with tempfile.TemporaryFile() as complaints, theirs:
                try:
                    argv = [python, "-I", "-S", "-u", f"{INSIDE}/supervisor.py", "--nested"]
                    arguments = _arguments(limits, self._cgroup)
                    if language is not None and prepared is not None:
                        arguments += ["--ro-bind", str(prepared), f"{INSIDE}/{language.name}/prepared"]
                    self._start(argv, arguments, _shown(language), uid, (theirs, complaints))
                    theirs.close()
                    self.hello: dict[str, Any] = self.connection.receive(_START_S)
                except (SandboxError, OSError, ValueError, subprocess.SubprocessError) as error:
                    complaints.seek(0)
                    said = complaints.read(2000).decode("utf-8", "replace").strip() or str(error)
                    raise SandboxError(f"bubblewrap cannot make a sandbox here: {said}") from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Kill the sandbox's process 1, with which the kernel ends all others, and wait for that."""
        self.connection.close()
        handle, self._handle = self._handle, None
        if handle is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
            poll = select.poll()
            poll.register(handle, select.POLLIN)
            poll.poll(_END_S * 1000)
            os.close(handle)
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
        cgroup, self._cgroup = self._cgroup, None
        if cgroup is not None:
            cgroup.remove()

    def _start(
        self,
        command: list[str],
        arguments: list[str],
        shown: dict[str, Path],
        uid: int,
        streams: tuple[socket.socket, IO[bytes]],
    ) -> None:
        """Start it, held back until it is in its control group. `streams` are its stdin and stdout, and its stderr."""
        user = uid if os.getuid() == 0 else None
        with contextlib.ExitStack() as stack:
            info, info_theirs = _pipe(stack)
            go_theirs, go = _pipe(stack)
            passed = [info_theirs.fileno(), go_theirs.fileno()]
            arguments = [*arguments, "--info-fd", str(info_theirs.fileno()), "--block-fd", str(go_theirs.fileno())]
            for inside, path in shown.items():
                passed.append(stack.enter_context(path.open("rb")).fileno())
                arguments += ["--perms", "0444", "--ro-bind-data", str(passed[-1]), inside]
            self._process = subprocess.Popen(
                ["bwrap", *arguments, "--remount-ro", "/", "--", *command],
                stdin=streams[0].fileno(),
                stdout=streams[0].fileno(),
                stderr=streams[1],
                cwd="/",
                pass_fds=passed,
                start_new_session=True,
                user=user,
                group=user,
                extra_groups=None if user is None else [],
            )
            info_theirs.close()
            child = json.loads(info.read())["child-pid"]
            self._handle = os.pidfd_open(child)
            if self._cgroup is not None:
                self._cgroup.add(child)
            go.write(b".")


def _arguments(limits: Limits, cgroup: Cgroup | None) -> list[str]:
    """What bubblewrap is told: all namespaces, no capability, the host's system folders read-only, small tmpfs."""
    disk = str(min(limits.disk_mb, limits.memory_mb // 4) << 20)
    arguments = [
        *("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"),
        *("--unshare-cgroup-try", "--uid", str(FIRST_UID), "--gid", str(FIRST_UID), "--as-pid-1"),
        *("--cap-drop", "ALL", "--die-with-parent", "--new-session", "--clearenv"),
        *("--ro-bind", "/usr", "/usr"),
    ]
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        path = Path("/", name)
        if path.is_symlink():
            arguments += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            arguments += ["--ro-bind", str(path), str(path)]
    for pattern in _SHOWN_FROM_ETC:
        for path in sorted(Path("/etc").glob(pattern)):
            arguments += ["--ro-bind", str(path), str(path)]
    return [
        *arguments,
        *("--proc", "/proc", "--dev", "/dev", "--size", str(_SHM_BYTES), "--tmpfs", "/dev/shm", "--remount-ro", "/dev"),
        *("--size", disk, "--tmpfs", "/tmp"),
        *(cgroup.mounts() if cgroup is not None else []),
    ]


def _shown(language: Language | None) -> dict[str, Path]:
    """The supervisor with what it loads, and the language's wrapper files: path inside -> path here.

    They are handed over open, so that the sandbox's user need not be able to read the folders that they are in.
    """
    shown = {f"{INSIDE}/{path.name}": path for path in resource_folder("sandboxes").glob("*.py")}
    if language is not None:
        for path in sorted(language.folder.rglob("*")):
            relative = path.relative_to(language.folder)
            if path.is_file() and not set(relative.parts) & set(_NOT_WRAPPERS):
                shown[f"{INSIDE}/{language.name}/{relative}"] = path
    return shown


def _pipe(stack: contextlib.ExitStack) -> tuple[IO[bytes], IO[bytes]]:
    """A pipe's reading and writing end, closed with `stack`."""
    read, write = os.pipe()
    return stack.enter_context(os.fdopen(read, "rb")), stack.enter_context(os.fdopen(write, "wb", buffering=0))
