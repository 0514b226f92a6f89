"""Judging for the commands: their options, and a run's evaluation with the sandbox checked."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from humaneval_x import __version__
from humaneval_x.cli.progress import say as _say
from humaneval_x.datasets import data_folder, data_hashes
from humaneval_x.evaluation import Evaluated, Evaluation, Rules, begin_evaluation, limits_of
from humaneval_x.evaluation.drawing import Drawing
from humaneval_x.evaluation.store import Store, store_path
from humaneval_x.inspection import problems_of
from humaneval_x.languages import read_language
from humaneval_x.progress import Progress
from humaneval_x.rundir import Judgement, RunFolder
from humaneval_x.sandbox import Backend

__all__ = ["EvaluationOptions", "Judge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationOptions:
    """The options of `evaluate`, as parsed."""

    sandbox: str
    workers: int | None
    example_tests: bool
    timeout: float | None
    truncation: str
    mode: str
    no_cache: bool
    allow_partial: bool
    data_dir: Path | None

    @property
    def judgement(self) -> Judgement:
        """Which of the run's evaluations these options ask for."""
        return Judgement(truncation=self.truncation, example_tests=self.example_tests)


class Judge:
    """What `evaluate` needs, with the sandbox checked."""

    def __init__(
        self, options: EvaluationOptions, folder: RunFolder, names: list[str], backend: Callable[[], Backend]
    ) -> None:
        problems = problems_of(folder, names, options.data_dir)
        data = data_folder(options.data_dir)
        version = folder.manifest()["data"]["version"]
        self._options = options
        self._folder = folder
        self._problems = {problem.task_id: problem for problem in problems}
        self._data = {name: data_hashes(version, [name], data) for name in names}
        self._backend = backend()
        self._sandbox = self._backend.describe(names)
        self._rules = Rules(
            truncation=options.truncation,
            example_tests=options.example_tests,
            timeout_s=options.timeout,
            fast=options.mode == "fast",
        )
        self._manifest = _evaluation_manifest(self._rules, self._sandbox, names)

    def check(self) -> None:
        """Raises IncomparableError if the run is being judged in another way."""
        self._folder.begin_evaluation(self._manifest, self._rules.judgement)

    def begin(self, drawing: Drawing | None = None) -> contextlib.AbstractContextManager[Evaluation]:
        """The evaluation, which nobody else can make meanwhile; with a `drawing` of all that is drawn until it ends."""
        return begin_evaluation(self._folder, self._problems, self._rules, manifest=self._manifest, drawing=drawing)

    def judge(self, evaluation: Evaluation, progress: Progress) -> Evaluated:
        """Judge every sample without a verdict. Raises SandboxError if the sandboxes fail again and again."""
        workers = self._options.workers or len(os.sched_getaffinity(0))
        with contextlib.ExitStack() as stack:
            store = None if self._options.no_cache else stack.enter_context(self._store())
            return evaluation.judge(self._backend, workers=workers, progress=progress, store=store)

    def _store(self) -> Store:
        return Store(store_path(), sandbox=self._sandbox, data=self._data, say=_say)


def _evaluation_manifest(rules: Rules, sandbox: dict[str, object], names: list[str]) -> dict[str, Any]:
    return {
        "harness": __version__,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "sandbox": sandbox,
        "limits": limits_of(rules, {name: read_language(name) for name in names}),
        "mode": "fast" if rules.fast else "plain",
        "truncation": rules.truncation,
        "example_tests": rules.example_tests,
    }
