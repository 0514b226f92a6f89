"""Small files of text: there whole or not at all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from humaneval_x.errors import StorageError

__all__ = ["append", "write_whole"]


def write_whole(path: Path, text: str) -> None:
    """Write the file in one step, its folder too if need be. Raises StorageError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}") if path.name else path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8", newline="\n")
        draft.replace(path)
    except OSError as error:
        if draft != path:
            with contextlib.suppress(OSError):
                draft.unlink()
        raise _unwritable(path, error) from error


def append(path: Path, text: str) -> None:
    """Add the text to a file that others write to as well. Raises StorageError."""
    try:
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> StorageError:
    return StorageError(f"{path}: cannot be written ({error.strerror}): name another file or free space")
