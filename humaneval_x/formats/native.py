"""This harness's own samples files: a run's journals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from humaneval_x.formats.content import Content, write_rows
from humaneval_x.formats.given import GivenSample, Source, samples_in_rows
from humaneval_x.rundir import row_of

__all__ = ["read", "recognises", "write_results", "write_samples"]


def recognises(row: Mapping[str, object]) -> bool:
    """Rows with a `text`."""
    return "text" in row and "task_id" in row


def read(source: Source) -> Iterator[GivenSample]:
    """The samples; a translation is told by the file's name, as in `translation-python-to-cpp.jsonl`."""
    return samples_in_rows(source, "text")


def write_samples(out: Path, content: Content) -> Iterator[Path]:
    """`<task>.jsonl`, as in a run's folder."""
    yield write_rows(out / f"{content.task}.jsonl{content.suffix}", map(row_of, content.samples()))


def write_results(out: Path, content: Content) -> Iterator[Path]:
    """`<task>_results.jsonl`: sample and verdict in one row, with the program."""
    rows = (
        {
            **row_of(each.completion),
            **asdict(each.verdict),
            "passed": each.passed,
            "program": each.program.source,
        }
        for each in content.judged()
    )
    yield write_rows(out / f"{content.task}_results.jsonl{content.suffix}", rows)
