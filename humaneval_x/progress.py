"""How long work says how far it is; the command line gives an implementation, tests the silent one."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Progress", "SilentProgress"]


class Progress(Protocol):
    """Told of the steps of one piece of work."""

    def begin(self, *, total: int, done: int = 0, unit: str) -> None:
        """The work has `total` steps, `done` of them from an earlier run."""

    def advance(self, **facts: float) -> None:
        """One more step is done; `facts` are running totals worth showing."""


class SilentProgress:
    """Says nothing."""

    def begin(self, *, total: int, done: int = 0, unit: str) -> None:
        """Ignore it."""

    def advance(self, **facts: float) -> None:
        """Ignore it."""
