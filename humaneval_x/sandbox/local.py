"""The local sandbox: a slot is a bubblewrap sandbox on the host's own toolchains, with the same supervisor in it.

Nothing here runs as root: an ordinary user's samples are that user's, root's are those of a user of their own, and each
step has namespaces of its own in which it has no capability and can make no further namespace. There is no system
call filter, and what limits the kernel enforces depends on the host (`missing_limits`): Docker is the better sandbox.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from humaneval_x.errors import SandboxError
from humaneval_x.languages import Language, read_language
from humaneval_x.records import Limits
from humaneval_x.sandbox import Finding, Slot
from humaneval_x.sandbox.bubble import FIRST_UID, INSIDE, Bubble
from humaneval_x.sandbox.cgroups import sweep_cgroups
from humaneval_x.sandbox.prepared import SCRIPT, prepare
from humaneval_x.sandbox.slot import GRACE_S, Seats, SupervisedSlot

__all__ = ["LocalBackend"]

_PROBE = Limits(compile_cpu_s=1, run_cpu_s=1, wall_s=1, memory_mb=256, processes=16, output_bytes=1, disk_mb=16)


class LocalBackend:
    """Sandboxes made by bubblewrap.

    `python` runs the supervisor; it has to lie in /usr. With `cgroups` the kernel enforces limits where this user may
    make control groups; without, and where not, they are polled. `grace_s` is how long after the wall limits a sandbox
    may take to answer before it is killed. A slot belongs to the thread that uses it first: bubblewrap ends with it.
    """

    name = "local"

    def __init__(self, *, python: str = "/usr/bin/python3", cgroups: bool = True, grace_s: float = GRACE_S) -> None:
        self._python = python
        self._cgroups = cgroups
        self._grace_s = grace_s
        self._lock = threading.Lock()
        self._seats = Seats()
        self._swept = False
        self._prepared: dict[str, Path | None] = {}

    def check(self, languages: Sequence[str]) -> list[Finding]:
        """Bubblewrap, namespaces, and each language's toolchain. Never raises for a missing part."""
        findings = [self._check_bubblewrap(), _check_python(self._python)]
        for language in map(read_language, languages):
            found = [_check_command(command, language) for command in language.executables]
            findings += found
            if all(finding.ok for finding in found):
                findings += self._check_prepared(language)
        return findings

    def describe(self, languages: Sequence[str]) -> dict[str, object]:
        """Versions of bubblewrap and the toolchains, and the limits that are missing here."""
        missing = [finding for finding in self.check(languages) if not finding.ok]
        if missing:
            raise SandboxError(
                "the local sandbox lacks " + "; ".join(f"{finding.detail} ({finding.remedy})" for finding in missing)
            )
        hello = self._probe()
        return {
            "name": self.name,
            "bubblewrap": _version("bwrap"),
            "kernel": os.uname().release,
            "architecture": os.uname().machine,
            "cgroup": hello["cgroup"],
            "toolchains": {
                language.name: {command: _version(str(_which(command, language))) for command in language.executables}
                for language in map(read_language, languages)
            },
            "missing_limits": hello["missing_limits"],
        }

    @contextlib.contextmanager
    def open_slot(self, language: Language) -> Iterator[Slot]:
        """A slot; where root runs it, its samples have a user id of their own. Raises SandboxError.

        Its box ends with the thread that has run the first program: no thread that uses a slot may end before it does.
        """
        prepared = self._prepare(language)
        with self._seat() as seat:
            slot = SupervisedSlot(
                language,
                lambda limits: self._bubble(language, limits, seat, prepared),
                wrappers=f"{INSIDE}/{language.name}",
                grace_s=self._grace_s,
            )
            with contextlib.closing(slot):
                yield slot

    @contextlib.contextmanager
    def _seat(self) -> Iterator[int]:
        with self._lock:
            if not self._swept:
                sweep_cgroups()
                self._swept = True
        with self._seats.take() as seat:
            yield seat

    def _bubble(self, language: Language | None, limits: Limits, seat: int, prepared: Path | None = None) -> Bubble:
        return Bubble(self._python, language, limits, uid=FIRST_UID + seat, cgroups=self._cgroups, prepared=prepared)

    def _prepare(self, language: Language) -> Path | None:
        """What the language's prepare.sh made, made once. Raises SandboxError if something that it needs is missing."""
        with self._lock:
            if language.name not in self._prepared:
                versions = [_version(str(_which(command, language))) for command in language.executables]
                self._prepared[language.name] = prepare(language, "\n".join(versions))
            return self._prepared[language.name]

    def _check_prepared(self, language: Language) -> list[Finding]:
        if not (language.folder / SCRIPT).is_file():
            return []
        subject = f"what {language.title} programs use"
        try:
            return [Finding(subject=subject, ok=True, detail=f"prepared in {self._prepare(language)}")]
        except SandboxError as error:
            said, _, remedy = str(error).rpartition(": ")
            return [Finding(subject=subject, ok=False, detail=str(error), remedy=remedy if said else "")]

    def _probe(self) -> dict[str, Any]:
        """What a supervisor says of this host."""
        with self._seat() as seat, contextlib.closing(self._bubble(None, _PROBE, seat)) as bubble:
            return bubble.hello

    def _check_bubblewrap(self) -> Finding:
        subject = "bubblewrap"
        if shutil.which("bwrap") is None:
            remedy = "sudo apt-get install bubblewrap"
            return Finding(subject=subject, ok=False, detail="bubblewrap is not installed", remedy=remedy)
        try:
            missing = self._probe()["missing_limits"]
        except SandboxError as error:
            remedy = "allow unprivileged user namespaces (sysctl, AppArmor), or use Docker"
            return Finding(subject=subject, ok=False, detail=str(error), remedy=remedy)
        lacks = f"; the kernel does not limit {', '.join(missing)} here, it is only polled" if missing else ""
        return Finding(subject=subject, ok=True, detail=_version("bwrap") + lacks)


def _check_python(python: str) -> Finding:
    ok = Path(python).exists() and Path(python).resolve().is_relative_to("/usr")
    detail = python if ok else f"{python} is not there, or outside /usr"
    return Finding(subject="Python for the supervisor", ok=ok, detail=detail,
                   remedy="" if ok else "sudo apt-get install python3")  # fmt: skip


def _check_command(command: str, language: Language) -> Finding:
    found = _which(command, language)
    return Finding(
        subject=f"{command} for {language.title}",
        ok=found is not None,
        detail=found or f"{command} is not installed",
        remedy="" if found else f"sudo apt-get install {language.executables[command]}",
    )


def _which(command: str, language: Language) -> str | None:
    """Where the sandbox would find a command: on the language's own PATH, and not outside what it is shown."""
    return shutil.which(command, path=language.run.environment.get("PATH", "/usr/local/bin:/usr/bin:/bin"))


def _version(command: str) -> str:
    """The first line that a command says about its version, or that it says nothing."""
    for argument in ("--version", "version"):
        try:
            told = subprocess.run([command, argument], capture_output=True, check=False, timeout=30)
        except (OSError, subprocess.SubprocessError):
            continue
        lines = told.stdout.decode("utf-8", "replace").splitlines()
        if told.returncode == 0 and lines:
            return lines[0]
    return "unknown"
