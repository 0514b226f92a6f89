"""Packed JSON, which the page unpacks itself."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

__all__ = ["write_packed"]


def write_packed(path: Path, content: Any) -> None:
    """Write the value, with the same bytes whenever it is written; lone surrogates stay what they are."""
    text = json.dumps(content, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    path.write_bytes(gzip.compress(text.encode("ascii"), compresslevel=6, mtime=0))
