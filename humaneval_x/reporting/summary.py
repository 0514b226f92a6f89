"""Reads a run's folder into its summary."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas as pd

from humaneval_x.errors import DataError, IncompleteError
from humaneval_x.languages import language_of_task
from humaneval_x.records import SHARED, STORED
from humaneval_x.report_file import check_summary
from humaneval_x.reporting.facts import read_sample_facts, read_verdict_facts
from humaneval_x.rundir import USUAL, Judgement, RunFolder
from humaneval_x.summaries import COUNTS, Disagreement, RunSummary, group_of
from humaneval_x.truncation import TRUNCATIONS
from humaneval_x.verdicts import disagreement

__all__ = ["read_summary"]


def read_summary(run: Path, judgement: Judgement = USUAL) -> RunSummary:
    """The summary of the run in that folder, complete or not, by that one of its evaluations.

    Raises UsageError if the folder is no run, IncompleteError if it was not judged so, DataError if a file is damaged.
    """
    folder = RunFolder(run)
    manifest = folder.manifest()
    evaluation = folder.evaluation(judgement)
    if evaluation is None:
        raise IncompleteError(_not_judged(folder, judgement))
    tally = _Tally(folder, judgement)
    try:
        engine, data, sampling = manifest["engine"], manifest["data"], manifest["sampling"]
        wanted = sum(folder.wanted().values())
        summary = RunSummary(
            run_id=folder.name,
            model=str(engine.get("model") or engine["name"]),
            engine=str(engine["name"]),
            purpose=str(engine.get("purpose", "")),
            data_version=str(data["version"]),
            data_hashes=dict(data["sha256"]),
            task=_task_kind(folder),
            sampling=dict(sampling),
            truncation=str(evaluation["truncation"]),
            example_tests=judgement.example_tests,
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
            disagreements=tuple(
                Disagreement(*way, completion_ids=tuple(sorted(numbers)))
                for way, numbers in tally.disagreements.items()
            ),
        )
        check_summary(summary)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise DataError(
            f"{run}: a manifest lacks what a report needs ({error!r}): another version wrote it, or it was edited"
        ) from error
    return summary


def _not_judged(folder: RunFolder, judgement: Judgement) -> str:
    others = [
        other
        for truncation in TRUNCATIONS
        for example_tests in (False, True)
        if folder.evaluation_path(other := Judgement(truncation=truncation, example_tests=example_tests)).is_file()
    ]
    so = f" with{judgement.options}" if others else ""
    instead = "".join(f", or give{other.options or ' neither of these options'} here" for other in others)
    return f"{folder.path} was not judged{so} yet: run `humaneval-x evaluate {folder.path}{judgement.options}`{instead}"


class _Tally:
    """What the journals of a run hold."""

    def __init__(self, folder: RunFolder, judgement: Judgement) -> None:
        self.rows: list[tuple[str, str, str, int, int, int]] = []
        self.statuses: dict[str, dict[str, int]] = {}
        self.disagreements: dict[tuple[str, str, str, str], list[int]] = {}
        self.missing: list[str] = []
        self.drawn = self.judged = self.tokens = 0
        self.shared = self.stored = 0
        self.cpu_s = 0.0
        for task, task_ids in folder.tasks().items():
            self._samples(folder, task, set(task_ids))
            self._verdicts(folder, task, task_ids, judgement)

    def _samples(self, folder: RunFolder, task: str, known: set[str]) -> None:
        for task_id, _, tokens in read_sample_facts(folder.samples_path(task)):
            if task_id not in known:
                raise DataError(f"{folder.samples_path(task)}: {task_id} does not belong to this run")
            self.drawn += 1
            self.tokens += tokens

    def _verdicts(self, folder: RunFolder, task: str, task_ids: list[str], judgement: Judgement) -> None:
        n: Counter[str] = Counter()
        strict: Counter[str] = Counter()
        reference: Counter[str] = Counter()
        statuses: Counter[str] = Counter()
        for verdict in read_verdict_facts(folder.verdicts_path(task, judgement)):
            task_id, _, status, reference_passed, flags, cpu_s = verdict
            passed = status == "passed"
            n[task_id] += 1
            strict[task_id] += passed
            reference[task_id] += reference_passed
            statuses[status] += 1
            if flags:
                self.shared += SHARED in flags
                self.stored += STORED in flags
            self.cpu_s += cpu_s
            if passed != reference_passed:
                reason = disagreement(verdict, language_of_task(verdict.task_id))
                way = (task, verdict.task_id, verdict.status, reason)
                self.disagreements.setdefault(way, []).append(verdict.completion_id)
        strangers = n.keys() - set(task_ids)
        if strangers:
            path = folder.verdicts_path(task, judgement)
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
