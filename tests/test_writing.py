from __future__ import annotations

import os
from pathlib import Path

import pytest

from humaneval_x.errors import StorageError
from humaneval_x.writing import write_whole, write_whole_bytes


class InterruptedPath(type(Path())):  # type: ignore[misc]
    """A path at which the user presses Ctrl-C once its draft is written."""

    def replace(self, target: str | os.PathLike[str]) -> Path:
        assert self.exists()
        raise KeyboardInterrupt


def test_text_is_written_as_it_is_into_a_new_folder(tmp_path: Path) -> None:
    write_whole(tmp_path / "a" / "b.txt", "ä\r\nb\n")
    assert (tmp_path / "a" / "b.txt").read_bytes() == "ä\r\nb\n".encode()


def test_bytes_take_the_place_of_an_earlier_file_and_nothing_else_stays(tmp_path: Path) -> None:
    for content in (b"\xff\x00", b"new\r\n"):
        write_whole_bytes(tmp_path / "x.bin", content)
        assert (tmp_path / "x.bin").read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["x.bin"]


def test_what_cannot_be_written_leaves_the_earlier_file_and_no_draft(tmp_path: Path) -> None:
    write_whole(tmp_path / "x.txt", "before")
    with pytest.raises(UnicodeEncodeError):
        write_whole(tmp_path / "x.txt", "\ud800")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"x.txt": "before"}


def test_an_interruption_leaves_the_earlier_file_and_no_draft(tmp_path: Path) -> None:
    write_whole(tmp_path / "x.txt", "before")
    with pytest.raises(KeyboardInterrupt):
        write_whole_bytes(InterruptedPath(tmp_path / "x.txt"), b"after")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"x.txt": "before"}


def test_a_place_that_takes_no_file_is_a_storage_error_and_no_draft_stays(tmp_path: Path) -> None:
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    with pytest.raises(StorageError, match="cannot be written"):
        write_whole_bytes(tmp_path / "folder", b"")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
    with pytest.raises(StorageError, match="cannot be written"):
        write_whole_bytes(tmp_path / f"{'x' * 250}.{os.getpid()}", b"")
