"""The judging loop: samples become programs, sandboxes run them, verdicts are journalled.

Worker threads own one sandbox slot each; the calling thread alone writes. A fault of a sandbox is never a verdict:
the sample is tried once more in a fresh slot, and if that fails too it is reported and left for the next run.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import queue
import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from humaneval_x.errors import DataError, HarnessError, IncomparableError, SandboxError
from humaneval_x.languages import Language, language_of_task
from humaneval_x.programs import assemble, invalid_reason
from humaneval_x.progress import Progress
from humaneval_x.records import Limits, Outcome, Problem, Program, Verdict
from humaneval_x.rundir import RunFolder, row_of
from humaneval_x.sandbox import Backend, Slot
from humaneval_x.verdicts import decide

__all__ = ["Evaluated", "Rules", "Unjudged", "evaluate", "limits_of"]

_log = logging.getLogger(__name__)

# A host that fails this many samples of one worker in a row will fail the rest too: stop instead of burning time.
_HOPELESS = 3
# A wall limit that was hit with less than this share of it used as CPU speaks of the host's load as much as of the
# program: such a sample runs once more, alone.
_IDLE_SHARE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How samples are judged. `timeout_s` replaces the CPU limit of the run step; None keeps the language's."""

    truncation: str = "strict"
    example_tests: bool = False
    timeout_s: float | None = None

    def limits(self, language: Language) -> Limits:
        """The limits of that language under these rules; the wall limit grows with the CPU limit."""
        if self.timeout_s is None:
            return language.limits
        grown = max(language.limits.wall_s, language.limits.wall_s / language.limits.run_cpu_s * self.timeout_s)
        return replace(language.limits, run_cpu_s=self.timeout_s, wall_s=grown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unjudged:
    """A sample that no sandbox could judge, and why."""

    task: str
    task_id: str
    completion_id: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """What one call judged: `judged` samples; `kept` were judged before, `missing` are not drawn yet."""

    judged: int
    kept: int
    missing: int
    unjudged: tuple[Unjudged, ...]


def evaluate(
    folder: RunFolder,
    backend: Backend,
    problems: Mapping[str, Problem],
    rules: Rules,
    *,
    manifest: Mapping[str, Any],
    workers: int,
    progress: Progress,
) -> Evaluated:
    """Judge every sample of the run that has no verdict yet.

    `problems` maps task ids to problems, `manifest` is what the evaluation's manifest must say. Raises SandboxError
    if the sandboxes fail again and again; what was judged is kept.
    """
    folder.begin_evaluation(manifest, example_tests=rules.example_tests)
    with folder.lock("evaluate"):
        plan = _Plan(folder, problems, rules)
        progress.begin(total=plan.pending + plan.kept, done=plan.kept, unit="sample")
        unjudged: list[Unjudged] = []
        judged = passed = 0
        for task in plan.tasks:
            if not plan.pending_of[task]:
                continue
            pool = _Pool(backend, plan.language(task), rules, workers)
            with folder.open_verdicts(task, example_tests=rules.example_tests) as journal:
                for program, result in pool.judge(plan.programs(task)):
                    if isinstance(result, Verdict):
                        journal.append(row_of(result))
                        judged += 1
                        passed += result.passed
                    else:
                        unjudged.append(_unjudged(task, program, result))
                    progress.advance(passed=passed, unjudged=len(unjudged))
    return Evaluated(judged=judged, kept=plan.kept, missing=plan.missing, unjudged=tuple(unjudged))


def _unjudged(task: str, program: Program, fault: SandboxError) -> Unjudged:
    return Unjudged(
        task=task, task_id=program.task_id, completion_id=program.completion_id, reason=" ".join(str(fault).split())
    )


class _Plan:
    """Which samples lack a verdict, task by task; programs are made when they are asked for."""

    def __init__(self, folder: RunFolder, problems: Mapping[str, Problem], rules: Rules) -> None:
        self._folder = folder
        self._problems = problems
        self._rules = rules
        self._wanted = folder.tasks()
        self.tasks = list(self._wanted)
        self.pending_of: dict[str, int] = {}
        self.kept = 0
        self._judged: dict[str, dict[tuple[str, int], str]] = {}
        samples = folder.manifest()["sampling"]["samples"]
        drawn = 0
        for task in self.tasks:
            self._judged[task] = {
                (verdict.task_id, verdict.completion_id): verdict.sha256
                for verdict in folder.verdicts(task, example_tests=rules.example_tests)
            }
            keys = {(sample.task_id, sample.completion_id) for sample in folder.samples(task)}
            orphans = set(self._judged[task]) - keys
            if orphans:
                raise DataError(
                    f"{folder.path}: {task} has a verdict on {sorted(orphans)[0]} but no such sample: "
                    "the samples' journal was cut or replaced"
                )
            self.pending_of[task] = len(keys) - len(self._judged[task])
            self.kept += len(self._judged[task])
            drawn += len(keys)
        self.pending = sum(self.pending_of.values())
        self.missing = samples * sum(map(len, self._wanted.values())) - drawn

    def language(self, task: str) -> Language:
        return language_of_task(self._wanted[task][0])

    def programs(self, task: str) -> Iterator[Program]:
        """The programs of the samples without a verdict, checking that the others' verdicts are on the same program."""
        judged = self._judged[task]
        known = set(self._wanted[task])
        for sample in self._folder.samples(task):
            if sample.task_id not in known:
                raise DataError(f"{self._folder.samples_path(task)}: {sample.task_id} does not belong to this run")
            program = assemble(
                self._problems[sample.task_id],
                sample,
                task=task,
                truncation=self._rules.truncation,
                example_test=self._rules.example_tests,
            )
            before = judged.get((sample.task_id, sample.completion_id))
            if before is None:
                yield program
            elif before != program.sha256:
                raise IncomparableError(
                    f"{self._folder.path}: sample {sample.completion_id} of {sample.task_id} was judged as another "
                    "program: the data or this harness changed; move verdicts and evaluation.json away to judge anew"
                )


class _Pool:
    """Judges the programs of one language with several slots at once."""

    def __init__(self, backend: Backend, language: Language, rules: Rules, workers: int) -> None:
        self._backend = backend
        self._language = language
        self._limits = rules.limits(language)
        self._workers = workers
        self._stop = threading.Event()
        self._failures: list[BaseException] = []

    def judge(self, programs: Iterator[Program]) -> Iterator[tuple[Program, Verdict | SandboxError]]:
        """Each program with its verdict or with the fault that kept it from one, as they come."""
        suspects: list[Program] = []
        for program, result in self._run(programs, self._workers):
            if isinstance(result, Outcome) and self._starved(result):
                suspects.append(program)
            else:
                yield program, self._decide(program, result)
        for program, result in self._run(iter(suspects), 1):
            yield program, self._decide(program, result)

    def _decide(self, program: Program, result: Outcome | SandboxError) -> Verdict | SandboxError:
        return decide(program, result, self._language) if isinstance(result, Outcome) else result

    def _starved(self, outcome: Outcome) -> bool:
        return self._workers > 1 and outcome.limit_hit == "wall" and outcome.cpu_s < _IDLE_SHARE * outcome.wall_s

    def _run(
        self, programs: Iterator[Program], workers: int
    ) -> Iterator[tuple[Program, Outcome | SandboxError]]:
        jobs: queue.Queue[Program | None] = queue.Queue()
        done: queue.Queue[tuple[Program, Outcome | SandboxError] | None] = queue.Queue()
        threads = [
            threading.Thread(target=self._work, args=(jobs, done), name=f"slot-{number}", daemon=True)
            for number in range(workers)
        ]
        source = iter(programs)
        try:
            waiting = 0
            # Two jobs a worker keep all busy while the journal is written; programs can be large.
            for program in itertools.islice(source, 2 * workers):
                waiting += self._accept(program, jobs, done)
            if not waiting:
                return
            for thread in threads:
                thread.start()
            while waiting:
                item = done.get()
                if item is None:
                    raise self._failures[0]
                waiting -= 1
                yield item
                for program in itertools.islice(source, 1):
                    waiting += self._accept(program, jobs, done)
        finally:
            self._stop.set()
            for _ in threads:
                jobs.put(None)
            for thread in threads:
                if thread.ident is not None:
                    thread.join()
            self._stop.clear()

    def _accept(
        self,
        program: Program,
        jobs: queue.Queue[Program | None],
        done: queue.Queue[tuple[Program, Outcome | SandboxError] | None],
    ) -> int:
        reason = invalid_reason(program)
        if reason:
            done.put((program, _invalid(reason)))
        else:
            jobs.put(program)
        return 1

    def _work(
        self,
        jobs: queue.Queue[Program | None],
        done: queue.Queue[tuple[Program, Outcome | SandboxError] | None],
    ) -> None:
        hopeless = 0
        try:
            with _Seat(self._backend, self._language) as seat:
                while not self._stop.is_set() and (program := jobs.get()) is not None:
                    result = self._attempt(seat, program)
                    done.put((program, result))
                    hopeless = hopeless + 1 if isinstance(result, SandboxError) else 0
                    if hopeless == _HOPELESS:
                        raise SandboxError(f"the sandbox failed {_HOPELESS} samples in a row: {result}")
        except BaseException as error:  # handed to the calling thread, which raises it
            self._failures.append(error)
            done.put(None)

    def _attempt(self, seat: _Seat, program: Program) -> Outcome | SandboxError:
        try:
            return seat.slot().execute(program, self._limits)
        except SandboxError as error:
            _log.info("%s sample %d: %s; trying a fresh sandbox", program.task_id, program.completion_id, error)
            seat.leave()
        try:
            return seat.slot().execute(program, self._limits)
        except SandboxError as error:
            seat.leave()
            return error


class _Seat:
    """A worker's place for one slot, opened when first needed and replaced after a fault."""

    def __init__(self, backend: Backend, language: Language) -> None:
        self._backend = backend
        self._language = language
        self._stack = contextlib.ExitStack()
        self._slot: Slot | None = None

    def slot(self) -> Slot:
        if self._slot is None:
            self._slot = self._stack.enter_context(self._backend.open_slot(self._language))
        return self._slot

    def leave(self) -> None:
        self._slot = None
        try:
            self._stack.close()
        except HarnessError as error:
            # The slot is broken already; whatever its end says adds nothing to the fault that is reported.
            _log.info("closing a broken sandbox: %s", error)

    def __enter__(self) -> _Seat:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()


def _invalid(reason: str) -> Outcome:
    return Outcome(
        stage="input",
        exit_code=None,
        signal=0,
        cpu_s=0.0,
        wall_s=0.0,
        peak_mb=0.0,
        stdout="",
        stderr=reason,
        limit_hit="",
        completed=False,
    )


def limits_of(rules: Rules, languages: Mapping[str, Language]) -> dict[str, dict[str, float]]:
    """Language -> its limits under these rules, for the manifest."""
    return {name: asdict(rules.limits(language)) for name, language in languages.items()}
