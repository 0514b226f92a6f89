"""Samples with the same program share one verdict, within a run and, by the store, with earlier runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from humaneval_x.errors import SandboxError
from humaneval_x.evaluation.pool import Pool
from humaneval_x.evaluation.store import Section
from humaneval_x.records import SHARED, STORED, Problem, Program, Verdict

__all__ = ["Sharing"]


class Sharing:
    """Has each distinct program run once; samples with the same one share its verdict, with the flag `SHARED`.

    `before` are the run's verdicts of earlier calls, `section` those of earlier runs. A problem whose test is random is
    left out: there each run says something of its own.
    """

    def __init__(
        self, before: Iterable[Verdict], problems: Mapping[str, Problem], section: Section | None = None
    ) -> None:
        self._problems = problems
        self._section = section
        self._settled = {(verdict.task_id, verdict.sha256): verdict for verdict in before}
        self._followers: dict[tuple[str, str], list[Program]] = {}
        self._ready: list[tuple[Program, Verdict]] = []

    def judged_by(
        self, pool: Pool, programs: Iterator[Program | None]
    ) -> Iterator[tuple[Program, Verdict | SandboxError]]:
        """Every program with its verdict or fault. None among the programs: there is none at the moment."""
        for judged in pool.judge(self._distinct(programs)):
            if judged is not None:
                yield judged
                yield from self._settle(*judged)
            yield from self._drain()
        yield from self._drain()

    def _distinct(self, programs: Iterator[Program | None]) -> Iterator[Program | None]:
        for program in programs:
            if program is None or self._problems[program.task_id].random_test:
                yield program
                continue
            key = (program.task_id, program.sha256)
            if key in self._followers:
                self._followers[key].append(program)
            elif self._is_settled(program):
                self._ready.append((program, _copied(self._settled[key], program)))
                yield None  # what is ready must not wait for the next program that runs
            else:
                self._followers[key] = []
                yield program

    def _is_settled(self, program: Program) -> bool:
        key = (program.task_id, program.sha256)
        if key not in self._settled and self._section is not None:
            stored = self._section.find(program)
            if stored is not None:
                self._settled[key] = replace(stored, flags=(*stored.flags, STORED))
        return key in self._settled

    def _settle(
        self, program: Program, result: Verdict | SandboxError
    ) -> Iterator[tuple[Program, Verdict | SandboxError]]:
        if self._problems[program.task_id].random_test:
            return
        key = (program.task_id, program.sha256)
        if isinstance(result, Verdict):
            self._settled[key] = result
            if self._section is not None:
                self._section.keep(result)
        for follower in self._followers.pop(key, []):
            yield follower, _copied(result, follower) if isinstance(result, Verdict) else result

    def _drain(self) -> Iterator[tuple[Program, Verdict]]:
        ready, self._ready = self._ready, []
        yield from ready


def _copied(verdict: Verdict, program: Program) -> Verdict:
    """The verdict for another sample with the same program: it has cost nothing."""
    flags = tuple(dict.fromkeys((*verdict.flags, SHARED)))
    return replace(verdict, completion_id=program.completion_id, flags=flags, cpu_s=0.0, wall_s=0.0)
