"""CodeGeeX's files: `task_id`, `prompt`, `generation`; a translation is told by the file's name.

Its task ids are then those of the source language. Source of the facts: the CodeGeeX repository's
`evaluate_humaneval_x.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from humaneval_x.formats.content import Content, extras_of, result_words, write_rows
from humaneval_x.formats.given import GivenSample, Source, samples_in_rows
from humaneval_x.languages import read_language

__all__ = ["read", "recognises", "write_results", "write_samples"]


def recognises(row: Mapping[str, object]) -> bool:
    """Rows with a `generation`."""
    return "generation" in row and "task_id" in row


def read(source: Source) -> Iterator[GivenSample]:
    """The samples of a samples or a results file."""
    return samples_in_rows(source, "generation")


def write_samples(out: Path, content: Content) -> Iterator[Path]:
    """`<task>-samples.jsonl`: its evaluator looks for the target between `-to-` and another dash.

    `prompt` is what the judged program starts with, as that evaluator puts it before the generation.
    """
    starts = {problem.task_id: content.start(problem) for problem in content.problems}
    rows = (
        {
            "task_id": _their_id(content.task, sample.task_id),
            "prompt": sample.preamble + starts[sample.task_id],
            "generation": sample.text,
            "completion_id": sample.completion_id,
            **extras_of(sample),
        }
        for sample in content.samples()
    )
    yield write_rows(out / f"{content.task}-samples.jsonl{content.suffix}", rows)


def write_results(out: Path, content: Content) -> Iterator[Path]:
    """`<task>-samples_results.jsonl`, where its evaluator would write it; task ids are then the target's, as there."""
    starts = {problem.task_id: content.start(problem) for problem in content.problems}
    name = f"{content.task}-samples"
    rows = (
        {
            "task_id": each.completion.task_id,
            "completion_id": each.completion.completion_id,
            "test_code": each.program.source,
            "prompt": each.completion.preamble + starts[each.completion.task_id],
            "generation": each.completion.text,
            "result": result_words(each),
            "passed": each.passed,
            "file": f"{name}.jsonl{content.suffix}",
            "output": [],
            **extras_of(each.completion),
        }
        for each in content.judged()
    )
    yield write_rows(out / f"{name}_results.jsonl{content.suffix}", rows)


def _their_id(task: str, task_id: str) -> str:
    kind, _, group = task.partition("-")
    if kind != "translation":
        return task_id
    return f"{read_language(group.partition('-to-')[0]).task_prefix}/{task_id.rpartition('/')[2]}"
