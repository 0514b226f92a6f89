"""Slots used the fast way: as others are used the plain way, by itself, and with its servers killed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence

from humaneval_x.languages import Language
from humaneval_x.records import Limits, Outcome, Program
from humaneval_x.sandbox import Slot
from humaneval_x.sandbox.docker import connect
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


def fast_answers(slot: Slot, programs: Sequence[Program], limits: Limits) -> list[Outcome | str]:
    """What the fast way by itself says of each program: an outcome, or why it declines."""
    found = {
        id(program): answer if isinstance(answer, Outcome) else answer.reason
        for program, answer in slot.execute_fast(programs, limits)
    }
    return [found[id(program)] for program in programs]


_KILL = """
for folder in /proc/[0-9]*; do
    [ "$(cat $folder/comm)" = "$0" ] && kill -KILL "${folder#/proc/}" && echo killed
done
"""


def kill_server(name: str) -> str:
    """What comes of killing the processes of that name in this process's containers: a line `killed` for each."""
    with contextlib.closing(connect()) as client:
        found = client.containers.list(filters={"label": "humaneval-x.owner"})
        mine = [container for container in found if f"/{os.getpid()}/" in container.labels["humaneval-x.owner"]]
        said = [container.exec_run(["sh", "-c", _KILL, name]).output for container in mine]
    return b"".join(part for part in said if isinstance(part, bytes)).decode()
