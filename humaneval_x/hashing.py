"""SHA-256 of files, in hex."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

__all__ = ["sha256_of_file", "sha256_of_files"]


def sha256_of_file(path: Path) -> str:
    """That of the file's bytes. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def sha256_of_files(files: Iterable[tuple[str, Path]]) -> str:
    """Of several named files: that of their lines `<sha256>  <name>`, in the order given. Raises OSError."""
    lines = "".join(f"{sha256_of_file(path)}  {name}\n" for name, path in files)
    return hashlib.sha256(lines.encode()).hexdigest()
