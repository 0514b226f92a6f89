"""Strict reading of JSON Lines: a line is a UTF-8 JSON object that means one thing, or an error that says where.

Python's `json` accepts more than JSON (NaN, repeated keys) and fails in many ways on hostile text; both end here, in
`DataError`. Lines end at "\\n" alone, so U+2028 inside a string is text.
"""

from __future__ import annotations

import codecs
import gzip
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from humaneval_x.errors import DataError

__all__ = ["MAX_LINE_BYTES", "open_bytes", "parse_row", "parse_value", "read_items", "read_lines", "read_rows"]

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
    for number, line in read_lines(path, max_line_bytes=max_line_bytes, drop_torn=drop_torn):
        yield number, parse_row(line, f"{path}:{number}")


def read_lines(
    path: Path, *, max_line_bytes: int = MAX_LINE_BYTES, drop_torn: bool = False
) -> Iterator[tuple[int, bytes]]:
    """Line number (from 1) and bytes of each line that is not blank, read as `read_rows` reads them."""
    number = 0
    with _readable(path) as file:
        while line := file.readline(max_line_bytes + 1):
            number += 1
            if len(line) > max_line_bytes:
                raise DataError(
                    f"{path}:{number}: longer than {max_line_bytes} bytes: not a record; "
                    "check where the file comes from"
                )
            if drop_torn and not line.endswith(b"\n"):
                return
            if not line.isspace():
                yield number, line


@contextmanager
def _readable(path: Path) -> Iterator[IO[bytes]]:
    """The file's bytes; what goes wrong while they are read is a DataError."""
    try:
        with open_bytes(path) as file:
            yield file
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"{path}: not a complete gzip file ({error}): fetch it again, or drop the suffix .gz if it is plain text"
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
    row = parse_value(line, where)
    if not isinstance(row, dict):
        raise DataError(f"{where}: a JSON {_KINDS.get(type(row), 'value')}, not an object: one object a line is wanted")
    return row


def parse_value(content: bytes, where: str) -> Any:
    """The JSON value in `content`; refuses as `parse_row` does, but for what kind of value it is."""
    if content.startswith(_BOM):
        raise DataError(f"{where}: starts with a byte order mark: save the file as UTF-8 without one")
    try:
        return _DECODER.decode(content.decode("utf-8"))
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


def read_items(path: Path) -> Iterator[Any]:
    """The items of the one JSON list that the file holds, each in turn, so that a long list needs little memory.

    Raises DataError for a file that is anything else, or cannot be read, as `read_rows` does.
    """
    with _readable(path) as file:
        items = _Items(file, path)
        items.expect("[")
        if items.next_is("]"):
            return
        while True:
            yield items.value()
            if not items.next_is(","):
                items.expect("]")
                return


class _Items:
    """The characters of a file, taken from the front as they are needed."""

    _PART = 1 << 16

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file, self._path = file, path
        self._decode = codecs.getincrementaldecoder("utf-8")()
        self._text, self._taken, self._ended = "", 0, False

    def value(self) -> Any:
        """The next value. What cannot be read yet is tried again with twice as much text."""
        while True:
            self._skip_blank()
            try:
                value, end = _DECODER.raw_decode(self._text)
            except json.JSONDecodeError as error:
                if self._ended:
                    raise self._error(f"not JSON: {error.msg}", error.pos) from error
                self._grow()
                continue
            except (ValueError, RecursionError) as error:
                raise self._error(str(error)) from error
            # A number may go on in what is not read yet.
            if end < len(self._text) or self._ended:
                self._take(end)
                return value
            self._grow()

    def next_is(self, character: str) -> bool:
        """Whether the next character but blanks is that one; it is then taken."""
        self._skip_blank()
        found = self._text.startswith(character)
        if found:
            self._take(1)
        return found

    def expect(self, character: str) -> None:
        if not self.next_is(character):
            raise self._error(f"{character} is wanted here: not one JSON list")

    def _skip_blank(self) -> None:
        while True:
            blank = len(self._text) - len(self._text.lstrip(" \t\r\n"))
            self._take(blank)
            if self._text or self._ended:
                return
            self._grow()

    def _take(self, count: int) -> None:
        self._text = self._text[count:]
        self._taken += count

    def _grow(self) -> None:
        part = self._file.read(max(self._PART, len(self._text)))
        self._ended = not part
        if len(self._text) > MAX_LINE_BYTES:
            raise self._error(f"longer than {MAX_LINE_BYTES} characters: not a record")
        try:
            self._text += self._decode.decode(part, self._ended)
        except UnicodeDecodeError as error:
            raise self._error("not UTF-8: save the file as UTF-8") from error

    def _error(self, reason: str, offset: int = 0) -> DataError:
        return DataError(f"{self._path}: at character {self._taken + offset}: {reason}")


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
