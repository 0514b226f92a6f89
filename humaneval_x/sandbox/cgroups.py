"""A control group around a local sandbox, where this user may make one.

Version 1 has a hierarchy for each controller, version 2 one for all. Either way the group is bound into the sandbox so
that the supervisor finds it as it would find a container's: at /sys/fs/cgroup.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from humaneval_x.records import Limits
from humaneval_x.sandbox.protocol import MEMORY_MARGIN_MB

__all__ = ["Cgroup", "make_cgroup", "sweep_cgroups"]

_ROOT = Path("/sys/fs/cgroup")
_PREFIX = "humaneval-x-"
_OVERHEAD_PROCESSES = 3  # the supervisor, and the two that namespaces of a step cost
_REMOVE_S = 5.0


class Cgroup:
    """A group: one folder per controller in version 1 (`memory`, `pids`, `cpuacct`), one of all (`""`) in version 2."""

    def __init__(self, folders: dict[str, Path]) -> None:
        self._folders = folders

    def limit(self, limits: Limits) -> None:
        """Set memory, swap and process limits. Raises OSError."""
        memory = str(limits.memory_mb + MEMORY_MARGIN_MB << 20)
        processes = str(limits.processes + _OVERHEAD_PROCESSES)
        if "" in self._folders:
            folder = self._folders[""]
            (folder / "memory.max").write_text(memory)
            (folder / "pids.max").write_text(processes)
            with contextlib.suppress(OSError):  # absent without swap accounting
                (folder / "memory.swap.max").write_text("0")
        else:
            (self._folders["memory"] / "memory.limit_in_bytes").write_text(memory)
            (self._folders["pids"] / "pids.max").write_text(processes)
            with contextlib.suppress(OSError):
                (self._folders["memory"] / "memory.memsw.limit_in_bytes").write_text(memory)

    def add(self, pid: int) -> None:
        """Move a process into the group. Raises OSError."""
        for folder in self._folders.values():
            (folder / "cgroup.procs").write_text(str(pid))

    def mounts(self) -> list[str]:
        """The bubblewrap arguments that show it, read-only, inside."""
        return [
            word
            for controller, folder in self._folders.items()
            for word in ("--ro-bind", str(folder), str(_ROOT / controller))
        ]

    def remove(self) -> None:
        """Remove the group; its processes are dead, but the kernel may need a moment. Never raises."""
        deadline = time.monotonic() + _REMOVE_S
        for folder in self._folders.values():
            while folder.exists() and time.monotonic() < deadline:
                try:
                    folder.rmdir()
                except OSError:
                    time.sleep(0.01)


def make_cgroup(name: str, limits: Limits) -> Cgroup | None:
    """A new group with those limits, or None where this user may not make one. `name` holds the owner's process id."""
    for parents in _candidates():
        folders = {controller: parent / f"{_PREFIX}{name}" for controller, parent in parents.items()}
        group = Cgroup(folders)
        try:
            for folder in folders.values():
                folder.mkdir()
            group.limit(limits)
            return group
        except OSError:
            group.remove()
    return None


def sweep_cgroups() -> None:
    """Remove the groups of harnesses that are no more. Never raises."""
    for parents in _candidates():
        for parent in parents.values():
            for folder in parent.glob(f"{_PREFIX}*"):
                pid = folder.name.removeprefix(_PREFIX).split("-")[0]
                if pid.isdigit() and not Path(f"/proc/{pid}").exists():
                    with contextlib.suppress(OSError):
                        folder.rmdir()


def _candidates() -> list[dict[str, Path]]:
    """Where a group might be made, best first: controller -> parent folder."""
    own = dict(_own_paths())
    if {"memory", "pids", "cpuacct"} <= set(own):
        return [{name: _inside(_ROOT / name, own[name]) for name in ("memory", "pids", "cpuacct")}]
    if "" not in own:
        return []
    found = []
    for folder in _inside(_ROOT, own[""]).parents:  # its siblings: a group with processes may not limit its children
        if not folder.is_relative_to(_ROOT):
            break
        with contextlib.suppress(OSError):
            active = (folder / "cgroup.subtree_control").read_text().split()
            if {"memory", "pids"} <= set(active) and os.access(folder, os.W_OK):
                found.append({"": folder})
    return found


def _own_paths() -> list[tuple[str, str]]:
    """Controller -> path of this process's group in its hierarchy; the controller of version 2 is the empty one."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    return [(controller, path) for _, names, path in (line.split(":", 2) for line in lines)
            for controller in names.split(",")]  # fmt: skip


def _inside(root: Path, path: str) -> Path:
    folder = root / path.lstrip("/")
    return folder if folder.is_dir() else root
