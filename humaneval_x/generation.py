"""The sampling loop: wanted samples minus those in the journals go to an engine, what comes back is journalled."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from humaneval_x.engines import Engine, Request
from humaneval_x.errors import EngineError, IncomparableError
from humaneval_x.journal import JournalWriter
from humaneval_x.languages import read_language
from humaneval_x.programs import start_of
from humaneval_x.progress import Progress
from humaneval_x.records import Completion, Problem, Prompt, Sampling
from humaneval_x.rundir import RunFolder, row_of
from humaneval_x.truncation import StopRule, stop_rule

__all__ = ["Generated", "generate", "tasks_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """What one call drew: `drawn` samples of `tokens` tokens; `kept` were there before."""

    drawn: int
    tokens: int
    kept: int


def tasks_of(prompts: Sequence[Prompt]) -> dict[str, list[str]]:
    """Task -> its task ids, in prompt order: the manifest's list of what the run is to hold."""
    tasks: dict[str, list[str]] = {}
    for prompt in prompts:
        tasks.setdefault(prompt.task, []).append(prompt.task_id)
    return tasks


def generate(
    folder: RunFolder,
    engine: Engine,
    prompts: Sequence[Prompt],
    problems: Mapping[str, Problem],
    sampling: Sampling,
    *,
    manifest: Mapping[str, Any],
    stop: str,
    patterns: Sequence[str] = (),
    progress: Progress,
) -> Generated:
    """Draw every wanted sample that the run's journals do not hold yet.

    `problems` maps task ids to problems, `stop` names the truncation rule that ends a sample early. A sample also ends
    where one of `patterns` is found, and is cut before it (`truncation.stop_rule`). `manifest` is what `run.json` must
    say. Raises EngineError if the engine ended without drawing all; what it drew is kept.
    """
    rules = {
        (prompt.task, prompt.task_id): stop_rule(
            read_language(prompt.language), stop, start_of(problems[prompt.task_id], prompt.task), patterns
        )
        for prompt in prompts
    }
    folder.begin(manifest)
    with folder.lock("generate"):
        requests, kept = _requests(folder, prompts, problems, sampling, rules)
        wanted = sum(len(request.completion_ids) for request in requests)
        drawn = tokens = 0
        progress.begin(total=wanted + kept, done=kept, unit="sample")
        with contextlib.ExitStack() as stack:
            journals: dict[str, JournalWriter] = {}
            for task in tasks_of(prompts):
                journals[task] = stack.enter_context(folder.open_samples(task))
            for prompt, completion in engine.sample(requests, sampling) if requests else ():
                cut = _cut(completion, rules[prompt.task, prompt.task_id])
                journals[prompt.task].append(row_of(cut))
                drawn += 1
                tokens += completion.tokens
                progress.advance(tokens=tokens)
    if drawn != wanted:
        raise EngineError(
            f"the engine drew {drawn} of {wanted} samples and stopped; they are kept: run the same command again"
        )
    return Generated(drawn=drawn, tokens=tokens, kept=kept)


def _cut(completion: Completion, rule: StopRule) -> Completion:
    return replace(completion, text=rule.cut(completion.text)) if completion.finish == "stop" else completion


def _requests(
    folder: RunFolder,
    prompts: Sequence[Prompt],
    problems: Mapping[str, Problem],
    sampling: Sampling,
    rules: Mapping[tuple[str, str], StopRule],
) -> tuple[list[Request], int]:
    there: dict[tuple[str, str], set[int]] = defaultdict(set)
    for task, task_ids in tasks_of(prompts).items():
        known = set(task_ids)
        for sample in folder.samples(task):
            if sample.task_id not in known or not 0 <= sample.completion_id < sampling.samples:
                raise IncomparableError(
                    f"{folder.samples_path(task)} holds sample {sample.completion_id} of {sample.task_id}, which this "
                    "run does not ask for: give another --out"
                )
            there[task, sample.task_id].add(sample.completion_id)
    requests = []
    for prompt in prompts:
        have = there[prompt.task, prompt.task_id]
        missing = tuple(number for number in range(sampling.samples) if number not in have)
        if missing:
            rule = rules[prompt.task, prompt.task_id]
            requests.append(
                Request(
                    prompt=prompt,
                    problem=problems[prompt.task_id],
                    completion_ids=missing,
                    is_finished=rule,
                    watch=rule.watch,
                )
            )
    return requests, sum(map(len, there.values()))
