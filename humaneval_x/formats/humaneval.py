"""Files of HumanEval's published evaluator (human-eval): `task_id` such as HumanEval/0, and `completion`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from humaneval_x.formats.content import Content, extras_of, result_words, write_rows
from humaneval_x.formats.given import GivenSample, Source, samples_in_rows
from humaneval_x.languages import read_language

__all__ = ["read", "recognises", "their_id", "write_results", "write_samples"]


def recognises(row: Mapping[str, object]) -> bool:
    """Rows with a `completion` and no `solution`."""
    return "completion" in row and "task_id" in row and "solution" not in row


def read(source: Source) -> Iterator[GivenSample]:
    """The samples; HumanEval/7 is Python/7."""
    return samples_in_rows(source, "completion")


def write_samples(out: Path, content: Content) -> Iterator[Path]:
    """`<task>.jsonl`. That evaluator knows Python alone; other languages keep their own task ids."""
    rows = (
        {
            "task_id": their_id(sample.task_id),
            "completion": sample.text,
            "completion_id": sample.completion_id,
            **extras_of(sample),
        }
        for sample in content.samples()
    )
    yield write_rows(out / f"{content.task}.jsonl{content.suffix}", rows)


def write_results(out: Path, content: Content) -> Iterator[Path]:
    """`<task>.jsonl_results.jsonl`, where its evaluator would write it."""
    rows = (
        {
            "task_id": their_id(each.completion.task_id),
            "completion": each.completion.text,
            "completion_id": each.completion.completion_id,
            "result": result_words(each),
            "passed": each.passed,
            **extras_of(each.completion),
        }
        for each in content.judged()
    )
    yield write_rows(out / f"{content.task}.jsonl{content.suffix}_results.jsonl{content.suffix}", rows)


def their_id(task_id: str) -> str:
    """The task id as HumanEval's and EvalPlus' files have it."""
    prefix, _, number = task_id.partition("/")
    return f"HumanEval/{number}" if prefix == read_language("python").task_prefix else task_id
