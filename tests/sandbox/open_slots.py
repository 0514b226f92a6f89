"""Slots of both backends for contract tests, opened when first asked for."""

from __future__ import annotations

import os
from contextlib import ExitStack

import pytest
from fast_slot import FAST, FastSlot

from humaneval_x.languages import read_language
from humaneval_x.sandbox import Backend, Slot
from humaneval_x.sandbox.slot import SupervisedSlot

BACKENDS = [
    pytest.param("docker", marks=pytest.mark.docker),
    pytest.param("local", marks=pytest.mark.local),
    pytest.param(FAST, marks=pytest.mark.docker),
]
"""Parameters for a test that every backend must pass, the fast way where there is one included."""


class Slots:
    """One open slot a parameter and language; a test that asks for one skips where the host lacks something.

    It fails instead where `HUMANEVAL_X_REQUIRE` names the backend.
    """

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._slots: dict[tuple[str, str], Slot | FastSlot | str] = {}

    def slot(self, kind: str, language: str) -> Slot | FastSlot:
        """The slot for that language."""
        if (kind, language) not in self._slots:
            self._slots[kind, language] = self._open(kind, language)
        found = self._slots[kind, language]
        if isinstance(found, str):
            required = kind.partition(",")[0] in os.environ.get("HUMANEVAL_X_REQUIRE", "").split(",")
            (pytest.fail if required else pytest.skip)(found)
        return found

    def _open(self, kind: str, language: str) -> Slot | FastSlot | str:
        backend = _backend(kind.partition(",")[0])
        missing = [found.detail for found in backend.check([language]) if not found.ok]
        if missing:
            return f"{kind}: " + "; ".join(missing)
        slot = self._stack.enter_context(backend.open_slot(read_language(language)))
        if kind != FAST:
            return slot
        assert isinstance(slot, SupervisedSlot)
        return FastSlot(slot, read_language(language))


def _backend(kind: str) -> Backend:
    from humaneval_x.sandbox.choice import backend_named

    return backend_named(kind)
