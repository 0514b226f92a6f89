"""What a report needs of each row of a journal, several times as fast as the records would be read.

A row as this harness writes it is told by patterns that are a part of strict JSON: what they take, the strict reader
takes too, with the same values. Any other row goes to the strict reader, which says what is wrong with it or knows it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]
from pathlib import Path
from typing import NamedTuple

from humaneval_x.journal import existing_journal
from humaneval_x.jsonl import parse_row, read_lines
from humaneval_x.records import Completion, Verdict
from humaneval_x.rundir import record_from, repeated

__all__ = ["SampleFacts", "VerdictFacts", "read_sample_facts", "read_verdict_facts"]


class SampleFacts(NamedTuple):
    """Of a `Completion`."""

    task_id: str
    completion_id: int
    tokens: int


class VerdictFacts(NamedTuple):
    """Of a `Verdict`."""

    task_id: str
    completion_id: int
    status: str
    reference_passed: bool
    flags: tuple[str, ...]
    cpu_s: float

    @property
    def passed(self) -> bool:
        """Whether the strict verdict is a pass."""
        return self.status == "passed"


# Names need no escape: a row with another one is the strict reader's.
_NAME = r'"([ !#-\[\]-~]*)"'
_INTEGER = "(?:0|-?[1-9][0-9]{0,29})"
# Too few digits to overflow.
_NUMBER = r"-?(?:0|[1-9][0-9]{0,29})(?:\.[0-9]{1,40})?(?:[eE][-+]?[0-9]{1,2})?"
_FLAGS = r'\[((?:"[ !#-\[\]-~]*"(?:,"[ !#-\[\]-~]*")*)?)\]'
# Between head and tail of a row stands a text: the parser's own function for strings reads it.
_SAMPLE_HEAD = re.compile(r'\{"task_id":' + _NAME + r',"completion_id":(' + _INTEGER + r'),"text":"')
_SAMPLE_TAIL = re.compile(r',"finish":' + _NAME + r',"tokens":(' + _INTEGER + r'),"seed":' + _INTEGER + r"\}\n")
_VERDICT_HEAD = re.compile(
    r'\{"task_id":' + _NAME + r',"completion_id":(' + _INTEGER + r'),"sha256":' + _NAME + r',"status":' + _NAME
    + r',"reference_passed":(true|false),"flags":' + _FLAGS + r',"cpu_s":(' + _NUMBER + r'),"wall_s":' + _NUMBER
    + r',"peak_mb":' + _NUMBER + r',"detail":"'
)  # fmt: skip


def read_sample_facts(path: Path) -> Iterator[SampleFacts]:
    """Of each sample in the journal `path` or its `.gz` twin. Raises DataError as `RunFolder.samples` does."""
    seen: dict[str, set[int]] = defaultdict(set)
    for number, line in _lines(path):
        facts = _sample_facts(line)
        if facts is None:
            record = record_from(Completion, parse_row(line, f"{path}:{number}"), path)
            facts = SampleFacts(record.task_id, record.completion_id, record.tokens)
        numbers = seen[facts.task_id]
        if facts.completion_id in numbers:
            raise repeated(path, facts.task_id, facts.completion_id, "stands")
        numbers.add(facts.completion_id)
        yield facts


def read_verdict_facts(path: Path) -> Iterator[VerdictFacts]:
    """Of each verdict in the journal `path` or its `.gz` twin. Raises DataError as `RunFolder.verdicts` does."""
    seen: dict[str, set[int]] = defaultdict(set)
    for number, line in _lines(path):
        facts = _verdict_facts(line)
        if facts is None:
            record = record_from(Verdict, parse_row(line, f"{path}:{number}"), path)
            facts = VerdictFacts(
                record.task_id,
                record.completion_id,
                record.status,
                record.reference_passed,
                record.flags,
                record.cpu_s,
            )
        numbers = seen[facts.task_id]
        if facts.completion_id in numbers:
            raise repeated(path, facts.task_id, facts.completion_id, "is judged")
        numbers.add(facts.completion_id)
        yield facts


def _sample_facts(line: bytes) -> SampleFacts | None:
    try:
        row = line.decode("ascii")
        head = _SAMPLE_HEAD.match(row)
        tail = head and _SAMPLE_TAIL.fullmatch(row, scanstring(row, head.end())[1])
    except ValueError:  # not ASCII, or no string
        return None
    return SampleFacts(head[1], int(head[2]), int(tail[2])) if head and tail else None


def _verdict_facts(line: bytes) -> VerdictFacts | None:
    try:
        row = line.decode("ascii")
        head = _VERDICT_HEAD.match(row)
        if head is None or row[scanstring(row, head.end())[1] :] != "}\n":
            return None
    except ValueError:
        return None
    task_id, completion_id, _, status, reference_passed, flags, cpu_s = head.groups()
    return VerdictFacts(
        task_id,
        int(completion_id),
        status,
        reference_passed == "true",
        tuple(flags[1:-1].split('","')) if flags else (),
        float(cpu_s),
    )


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    found = existing_journal(path)
    return read_lines(found, drop_torn=True) if found is not None else iter(())
