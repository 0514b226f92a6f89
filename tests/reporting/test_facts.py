"""The fast reading of journals against the strict one: the same facts or the same complaint, for any bytes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from humaneval_x.errors import DataError
from humaneval_x.journal import JournalWriter
from humaneval_x.records import Completion, Verdict
from humaneval_x.reporting import facts
from humaneval_x.reporting.facts import SampleFacts, VerdictFacts, read_sample_facts, read_verdict_facts
from humaneval_x.rundir import RunFolder, row_of

TEXTS = st.text(st.sampled_from('a" \\n\n\t/u0{}[],:é\u2028\ud800\U0001f600'), max_size=25)
SAMPLES = st.builds(
    Completion,
    task_id=st.sampled_from(["Go/0", "Go/1"]) | TEXTS,
    completion_id=st.integers(-2, 10**20),
    text=TEXTS,
    finish=st.sampled_from(["stop", "eos"]) | TEXTS,
    tokens=st.integers(),
    seed=st.integers(),
    response=st.just("") | TEXTS,
    whole=st.booleans(),
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
VERDICTS = st.builds(
    Verdict,
    task_id=st.sampled_from(["Go/0", "Go/1"]) | TEXTS,
    completion_id=st.integers(-2, 10**20),
    sha256=st.just("0" * 64) | TEXTS,
    status=st.sampled_from(["passed", "wrong_answer"]) | TEXTS,
    reference_passed=st.booleans(),
    flags=st.lists(TEXTS | st.just("shared"), max_size=3).map(tuple),
    cpu_s=NUMBERS,
    wall_s=NUMBERS,
    peak_mb=NUMBERS,
    detail=TEXTS,
)


def strict(folder: RunFolder, kind: type) -> list[tuple[Any, ...]]:
    if kind is Completion:
        return [SampleFacts(row.task_id, row.completion_id, row.tokens) for row in folder.samples("generation-go")]
    return [
        VerdictFacts(row.task_id, row.completion_id, row.status, row.reference_passed, row.flags, row.cpu_s)
        for row in folder.verdicts("generation-go")
    ]


def both(path: Path, kind: type, content: bytes) -> tuple[Any, Any]:
    folder = RunFolder(path)
    journal = (folder.samples_path if kind is Completion else folder.verdicts_path)("generation-go")
    journal.parent.mkdir(parents=True, exist_ok=True)
    journal.write_bytes(content)
    read = read_sample_facts if kind is Completion else read_verdict_facts
    results: list[Any] = []
    for reading in (lambda: list(read(journal)), lambda: strict(folder, kind)):
        try:
            results.append(reading())
        except DataError as error:
            results.append(str(error))
    return results[0], results[1]


def row(record: Completion | Verdict) -> bytes:
    return json.dumps(row_of(record), separators=(",", ":")).encode() + b"\n"


SLOW = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SLOW
@given(records=st.lists(SAMPLES, max_size=4) | st.lists(VERDICTS, max_size=4), torn=st.booleans())
def test_rows_as_the_harness_writes_them_give_the_strict_readers_facts(
    tmp_path: Path, records: list[Any], torn: bool
) -> None:
    kind = type(records[0]) if records else Completion
    content = b"".join(map(row, records))
    fast, slow = both(tmp_path, kind, content[:-1] if torn else content)
    assert fast == slow


@SLOW
@given(
    record=SAMPLES | VERDICTS,
    place=st.integers(0, 400),
    removed=st.integers(0, 3),
    added=st.sampled_from(
        [b"", b'"', b"\\", b",", b"0", b"\\u12", b"\x00", b"\xc3\xa9", b"\xff", b" ", b"\n", b"1e999"]
    ),
)
def test_a_damaged_row_is_refused_as_the_strict_reader_refuses_it(
    tmp_path: Path, record: Any, place: int, removed: int, added: bytes
) -> None:
    line = row(record)
    place %= len(line)
    fast, slow = both(tmp_path, type(record), line[:place] + added + line[place + removed :])
    assert fast == slow


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"flags":[]', b'"flags":["a""b"]'),
        (b'"flags":[]', b'"flags":["a",]'),
        (b'"cpu_s":0.5', b'"cpu_s":00.5'),
        (b'"cpu_s":0.5', b'"cpu_s":1e999'),
        (b'"cpu_s":0.5', b'"cpu_s":true'),
        (b'"detail":""', b'"detail":"\\u12\\"34"'),
        (b'"detail":""', b'"detail":"","detail":""'),
        (b'"detail":""', b'"detail":"\\\\""'),
        (b'"completion_id":3', b'"completion_id":-0'),
        (b'"completion_id":3', b'"completion_id":3.0'),
    ],
)
def test_what_looks_almost_like_a_row_is_not_taken_for_one(tmp_path: Path, old: bytes, new: bytes) -> None:
    verdict = Verdict(
        task_id="Go/0",
        completion_id=3,
        sha256="0",
        status="passed",
        reference_passed=True,
        flags=(),
        cpu_s=0.5,
        wall_s=0.5,
        peak_mb=1.0,
        detail="",
    )
    line = row(verdict)
    assert old in line
    fast, slow = both(tmp_path, Verdict, line.replace(old, new))
    assert fast == slow


def test_ordinary_rows_do_take_the_fast_way(tmp_path: Path) -> None:
    sample = Completion(
        task_id="Go/0", completion_id=1, text='if x == "é":\n\treturn \\n', finish="eos", tokens=7, seed=2**62
    )
    assert facts._sample_facts(row(sample)) == SampleFacts("Go/0", 1, 7)
    line = b'{"task_id":"Go/0","completion_id":1,"sha256":"00","status":"passed","reference_passed":true,'
    line += b'"flags":["a","b"],"cpu_s":1e-05,"wall_s":2,"peak_mb":3.5,"detail":"a\\n\\u20ac"}\n'
    assert facts._verdict_facts(line) == VerdictFacts("Go/0", 1, "passed", True, ("a", "b"), 1e-05)


def test_a_sample_that_stands_twice_and_a_packed_journal_are_told(make_run: Callable[..., Path]) -> None:
    folder = RunFolder(make_run(tasks={"generation-go": ["Go/0"]}))
    path = folder.samples_path("generation-go")
    packed = path.with_name(path.name + ".gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    assert len(list(read_sample_facts(path))) == 10
    verdicts = folder.verdicts_path("generation-go")
    with JournalWriter(verdicts) as journal:
        journal.append(json.loads(verdicts.read_text().splitlines()[4]))
    with pytest.raises(DataError, match="sample 4 of Go/0 is judged twice"):
        list(read_verdict_facts(verdicts))
