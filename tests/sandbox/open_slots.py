"""Slots of both backends for contract tests, opened when first asked for."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import cache
from typing import TypeVar

import pytest
from fast_slot import FAST, FastSlot

from humaneval_x.languages import read_language
from humaneval_x.sandbox import Slot
from humaneval_x.sandbox.choice import backend_named
from humaneval_x.sandbox.slot import SupervisedSlot

T = TypeVar("T")
R = TypeVar("R")

BACKENDS = [
    pytest.param("docker", marks=pytest.mark.docker),
    pytest.param("local", marks=pytest.mark.local),
    pytest.param(FAST, marks=pytest.mark.docker),
]
"""Parameters for a test that every backend must pass, the fast way where there is one included."""


STREAMS = min(2, len(os.sched_getaffinity(0)))
"""How many programs of a language are run at a time where many are to be."""


class Slots:
    """Open slots of each parameter and language; a test that asks for one skips where the host lacks something.

    It fails instead where `HUMANEVAL_X_REQUIRE` names the backend. `pool` has a thread for each program at a time.
    """

    def __init__(self, stack: ExitStack) -> None:
        # They must outlive the slots: a local box ends with the thread that has started it.
        self.pool = stack.enter_context(ThreadPoolExecutor(STREAMS))
        self._stack = stack
        self._lock = threading.Lock()
        self._free: dict[tuple[str, str], list[Slot | FastSlot]] = defaultdict(list)
        self._lacks: dict[tuple[str, str], str] = {}
        self._backend = cache(backend_named)

    @contextlib.contextmanager
    def use(self, kind: str, language: str) -> Iterator[Slot | FastSlot]:
        """A slot for that language that nobody else uses meanwhile."""
        key = kind, language
        with self._lock:
            slot = self._free[key].pop() if self._free[key] else self._lacks.get(key) or self._open(kind, language)
        if isinstance(slot, str):
            self._lacks[key] = slot
            required = kind.partition(",")[0] in os.environ.get("HUMANEVAL_X_REQUIRE", "").split(",")
            (pytest.fail if required else pytest.skip)(slot)
        try:
            yield slot
        finally:
            self._free[key].append(slot)

    def map(self, kind: str, language: str, run: Callable[[Slot | FastSlot, T], R], items: Sequence[T]) -> list[R]:
        """What `run` returns for each item, some at a time, each in a slot of its own."""

        def run_one(item: T) -> R:
            with self.use(kind, language) as slot:
                return run(slot, item)

        return list(self.pool.map(run_one, items))

    def _open(self, kind: str, language: str) -> Slot | FastSlot | str:
        backend = self._backend(kind.partition(",")[0])
        missing = [found.detail for found in backend.check([language]) if not found.ok]
        if missing:
            return f"{kind}: " + "; ".join(missing)
        slot = self._stack.enter_context(backend.open_slot(read_language(language)))
        if kind != FAST:
            return slot
        assert isinstance(slot, SupervisedSlot)
        return FastSlot(slot, read_language(language))
