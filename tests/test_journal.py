from __future__ import annotations

import multiprocessing
import os
import resource
import signal
from pathlib import Path

import pytest

from humaneval_x.errors import DataError, StorageError, UsageError
from humaneval_x.journal import JournalFollower, JournalWriter, existing_journal, read_journal, writer_lock


def write(path: Path, *rows: dict[str, object]) -> None:
    with JournalWriter(path) as journal:
        for row in rows:
            journal.append(row)


def test_rows_come_back_as_they_were_written(tmp_path: Path) -> None:
    rows = [{"text": "a\u2028b\x1b[31m\ud800\n\r\0"}, {"n": 1, "x": 0.25, "flags": []}]
    write(tmp_path / "j.jsonl", *rows)
    assert list(read_journal(tmp_path / "j.jsonl")) == rows


def test_each_row_is_one_line(tmp_path: Path) -> None:
    write(tmp_path / "j.jsonl", {"text": "a\nb\u2028\x85"}, {"text": ""})
    assert (tmp_path / "j.jsonl").read_bytes().count(b"\n") == 2


def test_a_journal_cut_at_any_byte_reads_as_its_whole_rows_and_goes_on(tmp_path: Path) -> None:
    rows = [{"id": number, "text": "é" * number} for number in range(4)]
    write(tmp_path / "whole.jsonl", *rows)
    content = (tmp_path / "whole.jsonl").read_bytes()
    for end in range(len(content) + 1):
        cut = tmp_path / "cut.jsonl"
        cut.write_bytes(content[:end])
        whole = content[:end].count(b"\n")
        assert list(read_journal(cut)) == rows[:whole]
        write(cut, {"id": 99})
        assert list(read_journal(cut)) == [*rows[:whole], {"id": 99}]


def test_a_follower_gets_each_row_once_as_it_comes(tmp_path: Path) -> None:
    follower = JournalFollower(tmp_path / "j.jsonl")
    assert list(follower.new()) == []
    with JournalWriter(tmp_path / "j.jsonl") as journal:
        assert list(follower.new()) == []
        journal.append({"id": 1})
        journal.append({"id": 2})
        assert list(follower.new()) == [{"id": 1}, {"id": 2}]
        journal.append({"id": 3})
        assert list(follower.new()) == [{"id": 3}]
    assert list(follower.new()) == []


def test_a_follower_that_stops_midway_goes_on_there(tmp_path: Path) -> None:
    write(tmp_path / "j.jsonl", {"id": 1}, {"id": 2}, {"id": 3})
    follower = JournalFollower(tmp_path / "j.jsonl")
    assert next(follower.new()) == {"id": 1}
    assert list(follower.new()) == [{"id": 2}, {"id": 3}]


def test_a_follower_waits_for_the_end_of_a_line(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    path.write_bytes(b'{"id":1}\n{"i')
    follower = JournalFollower(path)
    assert list(follower.new()) == [{"id": 1}]
    with path.open("ab") as file:
        file.write(b'd":2}\n')
    assert list(follower.new()) == [{"id": 2}]


def test_a_follower_survives_the_trimming_of_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    path.write_bytes(b'{"id":1}\n{"id":2,"text":"torn')
    follower = JournalFollower(path)
    assert list(follower.new()) == [{"id": 1}]
    write(path, {"id": 3})
    assert list(follower.new()) == [{"id": 3}]


def test_a_follower_does_not_read_again_what_it_has_read(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    write(path, {"id": 1})
    follower = JournalFollower(path)
    list(follower.new())
    path.write_bytes(b"x" * (path.stat().st_size - 1) + b"\n")
    write(path, {"id": 2})
    assert list(follower.new()) == [{"id": 2}]


def test_a_follower_names_the_line_that_is_no_row(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    path.write_bytes(b'{"id":1}\n')
    follower = JournalFollower(path)
    list(follower.new())
    path.write_bytes(b'{"id":1}\n\n{"id":\n')
    with pytest.raises(DataError, match=r"j\.jsonl:3"):
        list(follower.new())


def test_a_long_torn_line_is_trimmed(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    path.write_bytes(b'{"id":1}\n{"text":"' + b"x" * 300_000)
    write(path, {"id": 2})
    assert path.read_bytes() == b'{"id":1}\n{"id":2}\n'


def test_a_damaged_line_in_the_middle_is_an_error_that_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    path.write_bytes(b'{"id":1}\n{"id":\n{"id":3}\n')
    with pytest.raises(DataError, match=r"j\.jsonl:2"):
        list(read_journal(path))


def _fill(path: Path, size_limit: int) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_limit, size_limit))
    with JournalWriter(path) as journal:
        journal.append({"text": "x" * 50})
        try:
            journal.append({"text": "y" * 500})
        except StorageError:
            journal.append({"text": "z"})
            os._exit(7)
    os._exit(0)


def test_a_row_that_does_not_fit_on_the_disk_is_taken_back_and_said(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    process = multiprocessing.get_context("fork").Process(target=_fill, args=(path, 200))
    process.start()
    process.join()
    assert process.exitcode == 7
    assert [row["text"][0] for row in read_journal(path)] == ["x", "z"]


def test_a_packed_journal_reads_like_a_plain_one(tmp_path: Path) -> None:
    import gzip

    with gzip.open(tmp_path / "j.jsonl.gz", "wb") as file:
        file.write(b'{"id":1}\n')
    assert list(read_journal(tmp_path / "j.jsonl")) == [{"id": 1}]


def test_a_journal_that_is_there_both_plain_and_packed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "j.jsonl").touch()
    (tmp_path / "j.jsonl.gz").touch()
    with pytest.raises(UsageError, match="both"):
        existing_journal(tmp_path / "j.jsonl")


def test_no_journal_holds_no_rows(tmp_path: Path) -> None:
    assert list(read_journal(tmp_path / "none.jsonl")) == []


def test_a_second_writer_is_kept_out_until_the_first_ends(tmp_path: Path) -> None:
    lock = tmp_path / ".lock"
    with writer_lock(lock), pytest.raises(UsageError, match=str(os.getpid())), writer_lock(lock):
        pass
    with writer_lock(lock):
        pass
