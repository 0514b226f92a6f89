"""Samples with the same program share one verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from humaneval_x.errors import SandboxError
from humaneval_x.evaluation.pool import Pool
from humaneval_x.records import Problem, Program, Verdict

__all__ = ["SHARED", "Sharing"]

SHARED = "shared"
"""Flag of a verdict that was taken over from another sample of the same problem with the same program."""


class Sharing:
    """Has each distinct program run once; samples with the same one share its verdict, with the flag `SHARED`.

    A problem whose test is random is left out: there each run says something of its own.
    """

    def __init__(self, programs: Iterator[Program], before: Iterable[Verdict], problems: Mapping[str, Problem]) -> None:
        self._programs = programs
        self._problems = problems
        self._settled = {(verdict.task_id, verdict.sha256): verdict for verdict in before}
        self._followers: dict[tuple[str, str], list[Program]] = {}
        self._ready: list[tuple[Program, Verdict]] = []

    def judged_by(self, pool: Pool) -> Iterator[tuple[Program, Verdict | SandboxError]]:
        """Every program with its verdict or fault."""
        for program, result in pool.judge(self._distinct()):
            yield program, result
            yield from self._settle(program, result)
            yield from self._drain()
        yield from self._drain()

    def _distinct(self) -> Iterator[Program]:
        for program in self._programs:
            key = (program.task_id, program.sha256)
            if self._problems[program.task_id].random_test:
                yield program
            elif key in self._settled:
                self._ready.append((program, _copied(self._settled[key], program)))
            elif key in self._followers:
                self._followers[key].append(program)
            else:
                self._followers[key] = []
                yield program

    def _settle(
        self, program: Program, result: Verdict | SandboxError
    ) -> Iterator[tuple[Program, Verdict | SandboxError]]:
        key = (program.task_id, program.sha256)
        for follower in self._followers.pop(key, []):
            yield follower, _copied(result, follower) if isinstance(result, Verdict) else result
        if isinstance(result, Verdict):
            self._settled[key] = result

    def _drain(self) -> Iterator[tuple[Program, Verdict]]:
        ready, self._ready = self._ready, []
        yield from ready


def _copied(verdict: Verdict, program: Program) -> Verdict:
    """The verdict for another sample with the same program: it has cost nothing."""
    flags = tuple(dict.fromkeys((*verdict.flags, SHARED)))
    return replace(verdict, completion_id=program.completion_id, flags=flags, cpu_s=0.0, wall_s=0.0)
