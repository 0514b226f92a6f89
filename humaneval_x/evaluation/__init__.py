"""The judging loop: samples become programs, sandboxes run them, verdicts are journalled.

Worker threads own one sandbox slot each; the calling thread alone writes. A fault of a sandbox is never a verdict:
the sample is tried once more in a fresh slot, and if that fails too it is reported and left for the next run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from humaneval_x.errors import SandboxError
from humaneval_x.evaluation.drawing import Drawing
from humaneval_x.evaluation.plan import Plan
from humaneval_x.evaluation.pool import Pool
from humaneval_x.evaluation.rules import Rules, limits_of
from humaneval_x.evaluation.sharing import Sharing
from humaneval_x.evaluation.store import Store
from humaneval_x.progress import Progress
from humaneval_x.records import SHARED, STORED, Problem, Program, Verdict
from humaneval_x.rundir import RunFolder, row_of
from humaneval_x.sandbox import Backend

__all__ = ["Evaluated", "Evaluation", "Rules", "Unjudged", "begin_evaluation", "evaluate", "limits_of"]


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
    `plainly` were judged the plain way since the fast one could not tell.
    """

    judged: int
    shared: int
    kept: int
    missing: int
    unjudged: tuple[Unjudged, ...]
    stored: int = 0
    plainly: int = 0


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
    with begin_evaluation(folder, problems, rules, manifest=manifest) as evaluation:
        return evaluation.judge(backend, workers=workers, progress=progress, store=store)


@contextmanager
def begin_evaluation(
    folder: RunFolder,
    problems: Mapping[str, Problem],
    rules: Rules,
    *,
    manifest: Mapping[str, Any],
    drawing: Drawing | None = None,
) -> Iterator[Evaluation]:
    """The evaluation of the run, which nobody else can evaluate meanwhile; parameters as for `evaluate`.

    With a `drawing` it is of all samples that the run is to have, and goes on until that ends. Raises what keeps the
    run from being judged so.
    """
    folder.begin_evaluation(manifest, rules.judgement)
    with folder.lock("evaluate"):
        yield Evaluation(folder, problems, rules, drawing)


class Evaluation:
    """An evaluation that has begun (`begin_evaluation`)."""

    def __init__(
        self, folder: RunFolder, problems: Mapping[str, Problem], rules: Rules, drawing: Drawing | None
    ) -> None:
        self._folder = folder
        self._problems = problems
        self._rules = rules
        self._drawing = drawing
        self._plan = Plan(folder, problems, rules, drawing)

    def judge(self, backend: Backend, *, workers: int, progress: Progress, store: Store | None = None) -> Evaluated:
        """Judge every sample that has no verdict yet. Raises as `evaluate`, and AbandonedError if the drawing was."""
        plan, rules = self._plan, self._rules
        progress.begin(total=plan.pending + plan.kept, done=plan.kept, unit="sample")
        unjudged: list[Unjudged] = []
        judged = passed = shared = stored = plainly = 0
        for task in plan.tasks:
            if not plan.pending_of[task]:
                continue
            language = plan.language(task)
            limits = rules.limits(language)
            pool = Pool(backend, language, limits, workers, fast=rules.fast)
            section = store.section(language, limits, fast=rules.fast) if store is not None else None
            sharing = Sharing(plan.verdicts(task), self._problems, section)
            with self._folder.open_verdicts(task, rules.judgement) as journal:
                for program, result in sharing.judged_by(pool, plan.programs(task, workers)):
                    if isinstance(result, Verdict):
                        journal.append(row_of(result))
                        judged += 1
                        passed += result.passed
                        shared += SHARED in result.flags
                        stored += STORED in result.flags
                    else:
                        unjudged.append(_unjudged(task, program, result))
                    progress.advance(passed=passed, unjudged=len(unjudged))
                    if self._drawing is not None:
                        self._drawing.check()
            plainly += pool.judged_plainly
        return Evaluated(
            judged=judged,
            shared=shared,
            kept=plan.kept,
            missing=plan.missing,
            unjudged=tuple(unjudged),
            stored=stored,
            plainly=plainly,
        )


def _unjudged(task: str, program: Program, fault: SandboxError) -> Unjudged:
    return Unjudged(
        task=task, task_id=program.task_id, completion_id=program.completion_id, reason=" ".join(str(fault).split())
    )
