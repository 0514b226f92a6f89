"""Sandboxes run programs and report facts.

A `Backend` opens `Slot`s; a slot runs one program at a time. Slots of one backend are independent of each other and
may be used from different threads, one thread a slot.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from humaneval_x.languages import Language
from humaneval_x.records import Limits, Outcome, Program

__all__ = ["Backend", "Declined", "Finding", "Slot"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check found out about one part of the host: `ok`, or what is missing and how to get it (`remedy`)."""

    subject: str
    ok: bool
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Declined:
    """A fast way's answer where it cannot tell: the program must be executed the plain way."""

    reason: str


class Slot(Protocol):
    """A place where programs of one language run, one at a time, each finding it as new.

    `fast` says whether `execute_fast` may be used here.
    """

    fast: bool

    def execute(self, program: Program, limits: Limits) -> Outcome:
        """Run one program the plain way (a fresh compiler, a fresh process) and say what happened.

        Raises SandboxError if the sandbox itself failed: nothing is known of the program then, and the slot must be
        closed and replaced.
        """

    def execute_fast(self, programs: Sequence[Program], limits: Limits) -> Iterable[tuple[Program, Outcome | Declined]]:
        """Run programs with the help of servers that are ready, and say of each what happened, in any order.

        Raises SandboxError as `execute` does; nothing is known then of the programs not yet answered for.
        """


class Backend(Protocol):
    """One way of making sandboxes."""

    name: str

    def check(self, languages: Sequence[str]) -> list[Finding]:
        """What this backend needs for those languages, each found or missing. Never raises for a missing part."""

    def describe(self, languages: Sequence[str]) -> dict[str, object]:
        """What decides verdicts: image digests or toolchain versions, and the limits this host cannot set.

        JSON-ready; written into the run's manifest. Raises SandboxError if a language cannot be judged here.
        """

    def open_slot(self, language: Language) -> AbstractContextManager[Slot]:
        """A fresh slot. Leaving the context leaves no process, container or file behind. Raises SandboxError."""
