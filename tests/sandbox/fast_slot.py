"""A slot that is used the fast way as others are used the plain way."""

from __future__ import annotations

from humaneval_x.records import Limits, Outcome, Program
from humaneval_x.sandbox.slot import SupervisedSlot


class FastSlot:
    """A slot whose `execute` is the fast way and, where that declines, the plain one; `declined` are its reasons."""

    def __init__(self, slot: SupervisedSlot) -> None:
        self._slot = slot
        self.declined: list[str] = []

    @property
    def boxes(self) -> int:
        return self._slot.boxes

    def execute(self, program: Program, limits: Limits) -> Outcome:
        ((_, outcome),) = self._slot.execute_fast([program], limits)
        if isinstance(outcome, Outcome):
            return outcome
        self.declined.append(outcome.reason)
        return self._slot.execute(program, limits)
