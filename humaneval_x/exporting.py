"""A run written down in other harnesses' formats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean

from humaneval_x.errors import IncompleteError, UsageError
from humaneval_x.estimates import KS, pass_at_k
from humaneval_x.formats import Content, Format, Judged
from humaneval_x.languages import language_of_task
from humaneval_x.programs import assemble, start_of
from humaneval_x.records import Completion, Problem, Verdict
from humaneval_x.rundir import Judgement, RunFolder

__all__ = ["PARTS", "export_run"]

PARTS = ("samples", "results")
"""What of a run can be written."""


def export_run(
    folder: RunFolder,
    out: Path,
    form: Format,
    problems: Mapping[str, Problem],
    *,
    parts: Sequence[str],
    judgement: Judgement,
    semantics: str,
    languages: Sequence[str],
    packed: bool,
) -> list[Path]:
    """Write the run's samples, results or both (`PARTS`) in that format into the folder `out`; gives the paths.

    `problems` maps the run's task ids to problems; only tasks whose target is one of `languages` are written. Results
    are those of the evaluation `judgement` under `semantics`. Raises IncompleteError for results if a sample of these
    tasks was not judged so, UsageError for what the format cannot hold, StorageError if `out` cannot be written.
    """
    tasks = {
        task: task_ids for task, task_ids in folder.tasks().items() if language_of_task(task_ids[0]).name in languages
    }
    if not tasks:
        raise UsageError(f"{folder.path} holds no samples in {', '.join(languages)}: name other --languages")
    if "results" in parts and folder.evaluation(judgement) is None:
        raise IncompleteError(
            f"{folder.path} was not judged so yet: run `humaneval-x evaluate {folder.path}{judgement.options}` first, "
            "or export samples alone"
        )
    paths: list[Path] = []
    for task, task_ids in tasks.items():
        view = _TaskView(folder, task, [problems[task_id] for task_id in task_ids], judgement, semantics)
        content = view.content(packed=packed)
        if "samples" in parts:
            paths += form.write_samples(out, content)
        if "results" in parts:
            paths += form.write_results(out, content)
    return paths


class _TaskView:
    """One task of a run, read anew whenever a writer asks."""

    def __init__(
        self, folder: RunFolder, task: str, problems: Sequence[Problem], judgement: Judgement, semantics: str
    ) -> None:
        self._folder, self._task, self._judgement, self._semantics = folder, task, judgement, semantics
        self._problems = {problem.task_id: problem for problem in problems}

    def content(self, *, packed: bool) -> Content:
        manifest = self._folder.manifest()
        return Content(
            task=self._task,
            model=str(manifest["engine"].get("model") or manifest["engine"]["name"]),
            sampling=manifest["sampling"],
            problems=tuple(self._problems.values()),
            start=lambda problem: start_of(problem, self._task),
            samples=lambda: self._folder.samples(self._task),
            judged=self._judged,
            pass_at=self._pass_at,
            packed=packed,
        )

    def _judged(self) -> Iterator[Judged]:
        verdicts = {
            (verdict.task_id, verdict.completion_id): verdict
            for verdict in self._folder.verdicts(self._task, self._judgement)
        }
        for completion in self._folder.samples(self._task):
            verdict = verdicts.get((completion.task_id, completion.completion_id))
            if verdict is None:
                raise IncompleteError(
                    f"{self._folder.path}: sample {completion.completion_id} of {completion.task_id} is not judged: "
                    f"run `humaneval-x evaluate {self._folder.path}{self._judgement.options}` first"
                )
            yield self._with_program(completion, verdict)

    def _with_program(self, completion: Completion, verdict: Verdict) -> Judged:
        program = assemble(
            self._problems[completion.task_id],
            completion,
            task=self._task,
            truncation=self._judgement.truncation,
            example_test=self._judgement.example_tests,
        )
        passed = verdict.passed if self._semantics == "strict" else verdict.reference_passed
        return Judged(completion=completion, program=program, verdict=verdict, passed=passed)

    def _pass_at(self) -> dict[int, float]:
        drawn: Counter[str] = Counter()
        passed: Counter[str] = Counter()
        for verdict in self._folder.verdicts(self._task, self._judgement):
            drawn[verdict.task_id] += 1
            passed[verdict.task_id] += verdict.passed if self._semantics == "strict" else verdict.reference_passed
        fewest = min(drawn.values(), default=0)
        return {k: fmean(pass_at_k(n, passed[task_id], k) for task_id, n in drawn.items()) for k in KS if k <= fewest}
