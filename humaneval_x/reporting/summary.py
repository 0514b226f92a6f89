"""Reads a run's folder into its summary."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas as pd

from humaneval_x.errors import DataError, IncompleteError
from humaneval_x.languages import language_of_task
from humaneval_x.records import SHARED, STORED
from humaneval_x.rundir import RunFolder
from humaneval_x.summaries import COUNTS, RunSummary, group_of

__all__ = ["read_summary"]


def read_summary(run: Path, *, example_tests: bool = False) -> RunSummary:
    """The summary of the run in that folder, complete or not.

    `example_tests` takes the verdicts by example tests instead of those by the benchmark's tests. Raises UsageError if
    the folder is no run, IncompleteError if it was not judged at all, DataError if a file is damaged.
    """
    folder = RunFolder(run)
    manifest = folder.manifest()
    evaluation = folder.evaluation(example_tests=example_tests)
    if evaluation is None:
        option = " --example-tests" if example_tests else ""
        raise IncompleteError(f"{run} was not judged yet: run `humaneval-x evaluate {run}{option}` first")
    tally = _Tally(folder, example_tests)
    try:
        engine, data, sampling = manifest["engine"], manifest["data"], manifest["sampling"]
        wanted = sum(map(len, folder.tasks().values())) * sampling["samples"]
        return RunSummary(
            run_id=folder.name,
            model=str(engine.get("model") or engine["name"]),
            engine=str(engine["name"]),
            purpose=str(engine.get("purpose", "")),
            data_version=str(data["version"]),
            data_hashes=dict(data["sha256"]),
            task=_task_kind(folder),
            sampling=dict(sampling),
            truncation=str(evaluation["truncation"]),
            example_tests=example_tests,
            sandbox=str(evaluation["sandbox"].get("name", "unknown")),
            limits=dict(evaluation["limits"]),
            counts=pd.DataFrame(tally.rows, columns=list(COUNTS)),
            statuses=tally.statuses,
            undrawn=wanted - tally.drawn,
            unjudged=tally.drawn - tally.judged,
            missing=tuple(tally.missing),
            tokens=tally.tokens,
            cpu_s=round(tally.cpu_s, 3),
            run={name: value for name, value in manifest.items() if name != "tasks"},
            evaluation=evaluation,
            shared=tally.shared,
            stored=tally.stored,
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise DataError(
            f"{run}: a manifest lacks what a report needs ({error!r}): another version wrote it, or it was edited"
        ) from error


class _Tally:
    """What the journals of a run hold."""

    def __init__(self, folder: RunFolder, example_tests: bool) -> None:
        self.rows: list[tuple[str, str, str, int, int, int]] = []
        self.statuses: dict[str, dict[str, int]] = {}
        self.missing: list[str] = []
        self.drawn = self.judged = self.tokens = 0
        self.shared = self.stored = 0
        self.cpu_s = 0.0
        for task, task_ids in folder.tasks().items():
            self._samples(folder, task, set(task_ids))
            self._verdicts(folder, task, task_ids, example_tests)

    def _samples(self, folder: RunFolder, task: str, known: set[str]) -> None:
        for sample in folder.samples(task):
            if sample.task_id not in known:
                raise DataError(f"{folder.samples_path(task)}: {sample.task_id} does not belong to this run")
            self.drawn += 1
            self.tokens += sample.tokens

    def _verdicts(self, folder: RunFolder, task: str, task_ids: list[str], example_tests: bool) -> None:
        n: Counter[str] = Counter()
        strict: Counter[str] = Counter()
        reference: Counter[str] = Counter()
        statuses: Counter[str] = Counter()
        for verdict in folder.verdicts(task, example_tests=example_tests):
            n[verdict.task_id] += 1
            strict[verdict.task_id] += verdict.passed
            reference[verdict.task_id] += verdict.reference_passed
            statuses[verdict.status] += 1
            self.shared += SHARED in verdict.flags
            self.stored += STORED in verdict.flags
            self.cpu_s += verdict.cpu_s
        strangers = n.keys() - set(task_ids)
        if strangers:
            path = folder.verdicts_path(task, example_tests=example_tests)
            raise DataError(f"{path}: {min(strangers)} does not belong to this run")
        for task_id in task_ids:
            if n[task_id]:
                self.rows.append(
                    (task, task_id, language_of_task(task_id).name, n[task_id], strict[task_id], reference[task_id])
                )
            else:
                self.missing.append(f"{group_of(task)} {task_id}")
        self.statuses[group_of(task)] = dict(statuses.most_common())
        self.judged += n.total()


def _task_kind(folder: RunFolder) -> str:
    kinds = {task.partition("-")[0] for task in folder.tasks()}
    if len(kinds) != 1:
        raise DataError(f"{folder.path / 'run.json'}: names {len(kinds)} kinds of tasks, not one: the file was edited")
    return kinds.pop()
