"""Strict reading of JSON Lines: a line is a UTF-8 JSON object that means one thing, or an error that says where.

Python's `json` accepts more than JSON (NaN, repeated keys) and fails in many ways on hostile text; both end here, in
`DataError`. Lines end at "\\n" alone, so U+2028 inside a string is text.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

from humaneval_x.errors import DataError

__all__ = ["MAX_LINE_BYTES", "open_bytes", "parse_row", "read_rows"]

MAX_LINE_BYTES = 512 * 1024 * 1024
"""The longest line that is read: far above a real record, far below what a gzip bomb expands to."""

_MAX_DIGITS = 100
_BOM = b"\xef\xbb\xbf"


def read_rows(
    path: Path, *, max_line_bytes: int = MAX_LINE_BYTES, drop_torn: bool = False
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line number (from 1) and object of each line that is not blank; a path that ends in `.gz` is decompressed.

    `drop_torn` leaves out a last line that lacks its newline, as a crash leaves one in a journal.

    Raises DataError, with file and line, for whatever is not strict JSON Lines, and for a file that cannot be read.
    """
    number = 0
    try:
        with open_bytes(path) as file:
            while line := file.readline(max_line_bytes + 1):
                number += 1
                if len(line) > max_line_bytes:
                    raise DataError(
                        f"{path}:{number}: longer than {max_line_bytes} bytes: not a record; "
                        "check where the file comes from"
                    )
                if drop_torn and not line.endswith(b"\n"):
                    return
                if line.strip():
                    yield number, parse_row(line, f"{path}:{number}")
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"{path}: not a complete gzip file ({error}), after line {number}: fetch it again, or drop "
            "the suffix .gz if it is plain text"
        ) from error
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read: {error.strerror or error}: check the path and its permissions"
        ) from error


def open_bytes(path: Path) -> IO[bytes]:
    """The file's bytes, decompressed if its name ends in `.gz`. Raises OSError."""
    if path.suffix == ".gz":
        return cast("IO[bytes]", gzip.open(path, "rb"))
    return path.open("rb")


def parse_row(line: bytes, where: str) -> dict[str, Any]:
    """The JSON object in `line`; `where` (`file:line`) opens every message.

    Refused with DataError: bad UTF-8, a byte order mark, anything but one JSON object, repeated keys, NaN and
    infinities (also as overflow, 1e999), integers of more than 100 digits, nesting too deep for the parser. Lone
    surrogates in `\\u` escapes pass: models draw them, and a program that holds one gets a verdict.
    """
    if line.startswith(_BOM):
        raise DataError(f"{where}: starts with a byte order mark: save the file as UTF-8 without one")
    try:
        row = _DECODER.decode(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: byte {error.start} is not UTF-8: save the file as UTF-8") from error
    except json.JSONDecodeError as error:
        raise DataError(
            f"{where}: not JSON at column {error.colno}: {error.msg}: one object a line is wanted"
        ) from error
    except RecursionError as error:
        raise DataError(f"{where}: nested too deeply for a record: remove the line") from error
    except ValueError as error:
        raise DataError(f"{where}: {error}") from error
    if not isinstance(row, dict):
        raise DataError(f"{where}: a JSON {_KINDS.get(type(row), 'value')}, not an object: one object a line is wanted")
    return row


_KINDS = {list: "list", str: "string", int: "number", float: "number", bool: "truth value", type(None): "null"}


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"key {twice!r} stands twice in one object: keep one of them")
    return row


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise ValueError(f"an integer of {len(text)} digits: no field needs more than {_MAX_DIGITS}")
    return int(text)


def _float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"the number {text[:20]} overflows: write a finite one")
    return value


def _constant(text: str) -> float:
    raise ValueError(f"{text} is not JSON: write a finite number or null")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant)
