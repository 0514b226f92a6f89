"""Small files: there whole or not at all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from humaneval_x.errors import StorageError

__all__ = ["append", "write_whole", "write_whole_bytes"]


def write_whole(path: Path, text: str) -> None:
    """`write_whole_bytes` of the text in UTF-8, line ends as they are."""
    write_whole_bytes(path, text.encode())


def write_whole_bytes(path: Path, content: bytes) -> None:
    """Write the file in one step, its folder too if need be. Raises StorageError.

    Whatever is raised, an earlier file stays as it was and no draft stays behind.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}") if path.name else path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(content)
        draft.replace(path)
    except BaseException as error:
        if draft != path:
            with contextlib.suppress(OSError):
                draft.unlink()
        if isinstance(error, OSError):
            raise _unwritable(path, error) from error
        raise


def append(path: Path, text: str) -> None:
    """Add the text to a file that others write to as well. Raises StorageError."""
    try:
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> StorageError:
    return StorageError(f"{path}: cannot be written ({error.strerror}): name another file or free space")
