"""The judging loop: samples become programs, sandboxes run them, verdicts are journalled.

Worker threads own one sandbox slot each; the calling thread alone writes. A fault of a sandbox is never a verdict:
the sample is tried once more in a fresh slot, and if that fails too it is reported and left for the next run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from humaneval_x.errors import DataError, IncomparableError, SandboxError
from humaneval_x.evaluation.pool import Pool
from humaneval_x.evaluation.sharing import Sharing
from humaneval_x.evaluation.store import Store
from humaneval_x.languages import Language, language_of_task
from humaneval_x.programs import assemble
from humaneval_x.progress import Progress
from humaneval_x.records import SHARED, STORED, Limits, Problem, Program, Verdict
from humaneval_x.rundir import RunFolder, row_of
from humaneval_x.sandbox import Backend

__all__ = ["Evaluated", "Rules", "Unjudged", "evaluate", "limits_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How samples are judged. `timeout_s` replaces the CPU limit of the run step; None keeps the language's.

    `fast` lets the languages' fast ways judge what they can tell beyond doubt; verdicts are the same without.
    """

    truncation: str = "strict"
    example_tests: bool = False
    timeout_s: float | None = None
    fast: bool = True

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
    """What one call judged: `judged` samples, of which `shared` had the program of another sample.

    Of these, `stored` took the verdict of an earlier run. `kept` were judged before, `missing` are not drawn yet.
    """

    judged: int
    shared: int
    kept: int
    missing: int
    unjudged: tuple[Unjudged, ...]
    stored: int = 0


def evaluate(
    folder: RunFolder,
    backend: Backend,
    problems: Mapping[str, Problem],
    rules: Rules,
    *,
    manifest: Mapping[str, Any],
    workers: int,
    progress: Progress,
    store: Store | None = None,
) -> Evaluated:
    """Judge every sample of the run that has no verdict yet.

    `problems` maps task ids to problems, `manifest` is what the evaluation's manifest must say, `store` has the
    verdicts of earlier runs. Raises SandboxError if the sandboxes fail again and again; what was judged is kept.
    """
    folder.begin_evaluation(manifest, example_tests=rules.example_tests)
    with folder.lock("evaluate"):
        plan = _Plan(folder, problems, rules)
        progress.begin(total=plan.pending + plan.kept, done=plan.kept, unit="sample")
        unjudged: list[Unjudged] = []
        judged = passed = shared = stored = 0
        for task in plan.tasks:
            if not plan.pending_of[task]:
                continue
            language = plan.language(task)
            limits = rules.limits(language)
            pool = Pool(backend, language, limits, workers, fast=rules.fast)
            section = store.section(language, limits) if store is not None else None
            sharing = Sharing(plan.verdicts(task), problems, section)
            with folder.open_verdicts(task, example_tests=rules.example_tests) as journal:
                for program, result in sharing.judged_by(pool, plan.programs(task)):
                    if isinstance(result, Verdict):
                        journal.append(row_of(result))
                        judged += 1
                        passed += result.passed
                        shared += SHARED in result.flags
                        stored += STORED in result.flags
                    else:
                        unjudged.append(_unjudged(task, program, result))
                    progress.advance(passed=passed, unjudged=len(unjudged))
    return Evaluated(
        judged=judged,
        shared=shared,
        kept=plan.kept,
        missing=plan.missing,
        unjudged=tuple(unjudged),
        stored=stored,
    )


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
        self._judged: dict[str, dict[tuple[str, int], Verdict]] = {}
        samples = folder.manifest()["sampling"]["samples"]
        drawn = 0
        for task in self.tasks:
            self._judged[task] = {
                (verdict.task_id, verdict.completion_id): verdict
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

    def verdicts(self, task: str) -> Iterable[Verdict]:
        """What earlier calls judged."""
        return self._judged[task].values()

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
            elif before.sha256 != program.sha256:
                raise IncomparableError(
                    f"{self._folder.path}: sample {sample.completion_id} of {sample.task_id} was judged as another "
                    "program: the data or this harness changed; move verdicts and evaluation.json away to judge anew"
                )


def limits_of(rules: Rules, languages: Mapping[str, Language]) -> dict[str, dict[str, float]]:
    """Language -> its limits under these rules, for the manifest."""
    return {name: asdict(rules.limits(language)) for name, language in languages.items()}
