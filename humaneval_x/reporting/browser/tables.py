"""The table of a run's samples of one task: a few bytes for each sample, enough to list, count and choose them.

```
{"problems": [{"task_id": "CPP/3", "rows": 200, "numbers": null, "parts": [0]}, ...],
 "kinds":    [{"status": "passed", "reference": true, "reason": "", "flags": [], "repeat": false}, ...],
 "kind": [0, 0, 2, ...], "tokens": [...], "cpu_ms": [...]}
```
Rows stand problem by problem, in the order of the completions' numbers; `numbers` is null where these are 0, 1, 2 and
so on. `parts` are the rows, within the problem, that the files of its texts begin with. A `kind` is what rows have in
common; `reference` is null of a sample that is not judged, `repeat` says that an earlier sample is the same program.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from humaneval_x.errors import DataError
from humaneval_x.inspection import problems_of, prompt_text
from humaneval_x.languages import language_names, language_of_task
from humaneval_x.progress import Progress
from humaneval_x.records import Completion, Problem, Verdict
from humaneval_x.reporting.browser.packed import write_packed
from humaneval_x.reporting.browser.spool import Spool
from humaneval_x.reporting.browser.texts import Texts, TextsWriter
from humaneval_x.rundir import Judgement, RunFolder
from humaneval_x.summaries import group_of
from humaneval_x.verdicts import disagreement

__all__ = ["write_table"]


def write_table(
    folder: RunFolder, task: str, path: Path, judgement: Judgement, *, data: Path | None, progress: Progress
) -> dict[str, int]:
    """Write the task's table and texts into the folder `path` and count how often each status occurs.

    Raises as `browser.write_browser`.
    """
    task_ids = folder.tasks()[task]
    problems = problems_of(folder, _languages(task, task_ids), data)
    by_id = {problem.task_id: problem for problem in problems}
    manifest = folder.manifest()
    table = _Table()
    with Spool(path, Verdict) as verdicts, Spool(path, Completion) as samples:
        # Verdicts first: of a run that is going on each has its sample in the journal by then.
        for verdict in folder.verdicts(task, judgement):
            verdicts.add(verdict)
        for sample in folder.samples(task):
            samples.add(sample)
        _check(folder, task, set(task_ids), samples, verdicts)
        for position, task_id in enumerate(task_ids):
            problem = _problem(by_id, task_id, folder)
            texts = Texts(
                problem=problem, prompt=prompt_text(manifest, task, problem, problems), task=task, judgement=judgement
            )
            _write_problem(texts, samples, verdicts, path / str(position), table)
            progress.advance()
    write_packed(path / "rows.json.gz", table.content())
    return dict(table.statuses.most_common())


class _Table:
    """The columns, as they grow."""

    def __init__(self) -> None:
        self.statuses: Counter[str] = Counter()
        self._problems: list[dict[str, Any]] = []
        self._kinds: dict[tuple[Any, ...], int] = {}
        self._kind: list[int] = []
        self._tokens: list[int] = []
        self._cpu_ms: list[int] = []

    def add(self, sample: Completion, verdict: Verdict | None, *, repeat: bool) -> None:
        if verdict is None:
            kind: tuple[Any, ...] = ("not_judged", None, "", (), False)
        else:
            reason = disagreement(verdict, language_of_task(verdict.task_id))
            kind = (verdict.status, verdict.reference_passed, reason, verdict.flags, repeat)
        self.statuses[kind[0]] += 1
        self._kind.append(self._kinds.setdefault(kind, len(self._kinds)))
        self._tokens.append(sample.tokens)
        self._cpu_ms.append(0 if verdict is None else round(1000 * verdict.cpu_s))

    def end_problem(self, task_id: str, numbers: Sequence[int], parts: Sequence[int]) -> None:
        plain = list(numbers) == list(range(len(numbers)))
        self._problems.append(
            {
                "task_id": task_id,
                "rows": len(numbers),
                "numbers": None if plain else list(numbers),
                "parts": list(parts),
            }
        )

    def content(self) -> dict[str, Any]:
        names = ("status", "reference", "reason", "flags", "repeat")
        return {
            "problems": self._problems,
            "kinds": [dict(zip(names, kind, strict=True)) for kind in self._kinds],
            "kind": self._kind,
            "tokens": self._tokens,
            "cpu_ms": self._cpu_ms,
        }


def _write_problem(
    texts: Texts, samples: Spool[Completion], verdicts: Spool[Verdict], stem: Path, table: _Table
) -> None:
    task_id = texts.problem.task_id
    judged = {verdict.completion_id: verdict for verdict in verdicts.of(task_id)}
    first: dict[str, int] = {}
    for number in sorted(judged):
        first.setdefault(judged[number].sha256, number)
    writer = TextsWriter(texts, stem)
    for sample in samples.of(task_id):
        verdict = judged.get(sample.completion_id)
        same_as = sample.completion_id if verdict is None else first[verdict.sha256]
        table.add(sample, verdict, repeat=same_as != sample.completion_id)
        writer.add(sample, verdict, same_as)
    table.end_problem(task_id, samples.numbers(task_id), writer.end())


def _check(folder: RunFolder, task: str, known: set[str], samples: Spool[Completion], verdicts: Spool[Verdict]) -> None:
    strangers = (samples.task_ids | verdicts.task_ids) - known
    if strangers:
        raise DataError(f"{folder.samples_path(task)}: {min(strangers)} does not belong to this run")
    for task_id in verdicts.task_ids:
        orphans = set(verdicts.numbers(task_id)) - set(samples.numbers(task_id))
        if orphans:
            raise DataError(
                f"{folder.path}: {task} has a verdict on sample {min(orphans)} of {task_id} but no such sample: "
                "the samples' journal was cut or replaced"
            )


def _languages(task: str, task_ids: Sequence[str]) -> list[str]:
    """The task's languages, in the benchmark's order: a translation's source, and the target."""
    wanted = {*_sources(task), *(language_of_task(task_id).name for task_id in task_ids[:1])}
    return [name for name in language_names() if name in wanted]


def _sources(task: str) -> Iterator[str]:
    source, _, _ = group_of(task).rpartition("-to-")
    if source:
        yield source


def _problem(by_id: dict[str, Problem], task_id: str, folder: RunFolder) -> Problem:
    if task_id not in by_id:
        raise DataError(f"{folder.path / 'run.json'}: the run's data have no {task_id}: the file was edited or damaged")
    return by_id[task_id]
