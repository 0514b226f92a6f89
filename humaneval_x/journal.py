"""Append-only journals of JSON rows: what survives `kill -9`, a full disk and a second writer.

One row is one `write` of one line. A journal that a crash left with half a line is trimmed when it is opened for
writing, and read without that half line. A lock keeps a second writer out of a folder.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from humaneval_x.errors import DataError, StorageError, UsageError
from humaneval_x.jsonl import parse_row, read_rows

__all__ = ["JournalFollower", "JournalWriter", "existing_journal", "read_journal", "writer_lock"]

_TAIL_BLOCK = 1 << 16


class JournalWriter:
    """Appends rows to one `.jsonl` file; use it as a context manager.

    Opening trims a torn last line. A row that cannot be written whole is taken back before StorageError is raised,
    so the file holds whole rows at all times but within a crash.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._size = _whole_lines(self._descriptor)
        os.ftruncate(self._descriptor, self._size)

    def append(self, row: Mapping[str, Any]) -> None:
        """Write one row. Raises StorageError if it does not fit on the disk; the journal is then as before."""
        # ensure_ascii keeps lone surrogates, U+2028 and terminal escapes of a completion on one plain line.
        line = json.dumps(row, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii") + b"\n"
        try:
            written = os.write(self._descriptor, line)
            if written != len(line):
                raise OSError(errno.ENOSPC, f"only {written} of {len(line)} bytes were written")
        except OSError as error:
            os.ftruncate(self._descriptor, self._size)
            raise StorageError(
                f"{self.path}: cannot write a row: {error.strerror}; free some space and run the same command again, "
                "it goes on where it stopped"
            ) from error
        self._size += len(line)

    def __enter__(self) -> JournalWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            os.fsync(self._descriptor)
        finally:
            os.close(self._descriptor)


def existing_journal(path: Path) -> Path | None:
    """`path`, or its `.gz` twin, whichever is there; None if neither. Raises UsageError if both are."""
    packed = path.with_name(path.name + ".gz")
    if path.exists() and packed.exists():
        raise UsageError(f"both {path} and {packed.name} exist: keep the one that holds the run, move the other away")
    if path.exists():
        return path
    return packed if packed.exists() else None


def read_journal(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a journal or of its `.gz` twin, in order; none if neither exists. A torn last line is left out.

    Raises DataError for a line that is not a JSON object.
    """
    found = existing_journal(path)
    if found is None:
        return
    for _, row in read_rows(found, drop_torn=True):
        yield row


class JournalFollower:
    """Reads a plain journal while another thread or process appends to it: each reading goes on where the last ended.

    A last line without its newline is one that is being written, or one that a crash left and the writer will trim:
    either way it is not looked at yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = self._line = 0

    def new(self) -> Iterator[dict[str, Any]]:
        """The whole rows that came since the last reading; none if there is no journal. Raises as `read_journal`."""
        try:
            with self.path.open("rb") as file:
                file.seek(self._offset)
                while (line := file.readline()).endswith(b"\n"):
                    self._offset += len(line)
                    self._line += 1
                    if line.strip():
                        yield parse_row(line, f"{self.path}:{self._line}")
        except FileNotFoundError:
            return
        except OSError as error:
            raise DataError(f"{self.path}: cannot be read: {error.strerror}: check its permissions") from error


@contextmanager
def writer_lock(path: Path) -> Iterator[None]:
    """Hold the lock file `path` for one writer. Raises UsageError if another process holds it.

    The kernel drops the lock with the process, so a crash leaves nothing to clean up.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 64, 0).decode("ascii", "replace").strip() or "unknown"
            raise UsageError(
                f"{path.parent} is being written by another harness (process {holder}): wait for it or stop it"
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _whole_lines(descriptor: int) -> int:
    """Bytes up to and including the last newline."""
    end = os.fstat(descriptor).st_size
    while end > 0:
        start = max(0, end - _TAIL_BLOCK)
        block = os.pread(descriptor, end - start, start)
        newline = block.rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0
