"""A slot that is used the fast way as others are used the plain way."""

from __future__ import annotations

from humaneval_x.languages import Language
from humaneval_x.records import Limits, Outcome, Program
from humaneval_x.sandbox.slot import SupervisedSlot
from humaneval_x.verdicts import is_beyond_doubt

FAST = "docker, the fast way"
"""What a test's parameter calls it."""


class FastSlot:
    """A slot whose `execute` is the fast way and, where that cannot tell, the plain one, as in an evaluation.

    `declined` are its reasons; `again` are the programs that were judged plainly too.
    """

    def __init__(self, slot: SupervisedSlot, language: Language) -> None:
        self._slot = slot
        self._language = language
        self.declined: list[str] = []
        self.again: list[Program] = []

    @property
    def boxes(self) -> int:
        """How many boxes the slot has opened."""
        return self._slot.boxes

    def execute(self, program: Program, limits: Limits) -> Outcome:
        """The outcome that an evaluation would decide by."""
        ((_, outcome),) = self._slot.execute_fast([program], limits)
        if isinstance(outcome, Outcome):
            if is_beyond_doubt(outcome, self._language):
                return outcome
        else:
            self.declined.append(outcome.reason)
        self.again.append(program)
        return self._slot.execute(program, limits)
