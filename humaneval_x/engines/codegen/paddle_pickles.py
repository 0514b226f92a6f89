"""The tensors of PaddleNLP's `.pdparams` files, which are pickled numpy arrays, left in the file until they are read.

Unpickling goes past every long byte string and keeps only where it lies. Protocols 3 and later hold an array's bytes
as they are; protocol 2 holds them as text, each byte one character of Latin-1 in UTF-8, decoded when it is read.
"""

from __future__ import annotations

import codecs
import math
import os
import pickle
import struct
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from humaneval_x.engines.codegen.pickles import Pickled, RestrictedUnpickler
from humaneval_x.engines.codegen.stored import StoredTensor, contiguous_tensor, read_elements
from humaneval_x.errors import DataError

__all__ = ["read_paddle_pickle"]

Array = npt.NDArray[Any]

# Byte strings and texts from this length on stay in the file; names of tensors are shorter.
_LONG = 4096
_NUMBERS = {"f2", "f4", "f8", "u1", "u2", "i1", "i2", "i4", "i8", "b1"}


def read_paddle_pickle(path: Path) -> dict[str, StoredTensor]:
    """The tensors of a `.pdparams` file by name, not yet read. Raises DataError if it is none or damaged."""
    try:
        with path.open("rb") as file:
            table = _PaddleUnpickler(file, path).load()
        if not isinstance(table, dict):
            raise DataError(f"{path}: holds a {type(table).__name__}, not named tensors")
        tensors: dict[str, StoredTensor] = {}
        for name, value in table.items():
            # Paddle writes a tensor as its array, or as (its inner name, its array).
            array = value[1] if isinstance(value, tuple) and len(value) == 2 else value
            if isinstance(name, str) and isinstance(array, _PickledArray):
                tensors[name] = array.stored(path)
    except DataError:
        raise
    except Exception as error:  # a damaged pickle can raise nearly anything
        raise DataError(f"{path}: not a readable .pdparams file ({error!r}): fetch it again") from error
    return tensors


@dataclass(frozen=True, slots=True)
class _Span:
    """Where a long byte string lies in the file, `as_text` if as Latin-1 in UTF-8."""

    offset: int
    length: int
    as_text: bool


class _PickledType(Pickled):
    """A numpy dtype."""

    def __init__(self, code: str, *_: object) -> None:
        if code not in _NUMBERS:
            raise ValueError(f"an array of {code!r}")
        self.dtype: np.dtype[Any] = np.dtype(f"<{code}")

    def set_state(self, state: Any) -> None:
        """The second of a dtype's state is its byte order."""
        self.dtype = self.dtype.newbyteorder(state[1])


class _PickledArray(Pickled):
    """A numpy array: what it consists of, and where its bytes are."""

    def __init__(self) -> None:
        self._shape: tuple[int, ...] = ()
        self._dtype = np.dtype("<f4")
        self._in_columns = False
        self._data: _Span | bytes | bytearray = b""

    def set_state(self, state: Any) -> None:
        """As numpy's arrays have it. Raises ValueError if the bytes are not as many as the shape asks for."""
        _, shape, kind, in_columns, data = state
        self._shape, self._dtype, self._in_columns = tuple(map(int, shape)), kind.dtype, bool(in_columns)
        if not isinstance(data, (_Span, bytes, bytearray)):
            raise ValueError(f"an array of {type(data).__name__}")
        self._data = data
        size = math.prod(self._shape) * self._dtype.itemsize
        length = data.length if isinstance(data, _Span) else len(data)
        # In UTF-8 a character of Latin-1 takes one byte or two.
        most = 2 * size if isinstance(data, _Span) and data.as_text else size
        if min(self._shape, default=0) < 0 or not size <= length <= most:
            raise ValueError(f"an array of shape {list(self._shape)} has {length} bytes")

    def stored(self, path: Path) -> StoredTensor:
        """The tensor that it is in this file."""
        if isinstance(self._data, _Span) and not self._data.as_text and not self._in_columns:
            return contiguous_tensor(path, self._data.offset, self._dtype, self._shape)
        return StoredTensor(file=path, shape=self._shape, whole=lambda: self._read(path))

    def _read(self, path: Path) -> Array:
        count = math.prod(self._shape)
        if not isinstance(self._data, _Span):
            flat = np.frombuffer(self._data, dtype=self._dtype).copy()
        elif self._data.as_text:
            flat = _decoded(path, self._data, count * self._dtype.itemsize).view(self._dtype)
        else:
            flat = read_elements(path, self._data.offset, self._dtype, count)
        return flat.reshape(self._shape, order="F" if self._in_columns else "C")


def _decoded(path: Path, span: _Span, size: int) -> npt.NDArray[np.uint8]:
    """The `size` bytes that a text stands for, decoded a block at a time."""
    into = np.empty(size, dtype=np.uint8)
    decoder = codecs.getincrementaldecoder("utf-8")()
    filled, left = 0, span.length
    try:
        with path.open("rb") as file:
            file.seek(span.offset)
            while left:
                block = file.read(min(left, 1 << 20))
                left = left - len(block) if block else 0
                part = decoder.decode(block, final=not left).encode("latin1")
                into[filled : filled + len(part)] = np.frombuffer(part, dtype=np.uint8)
                filled += len(part)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: an array's text cannot be read ({error}): fetch it again") from error
    if filled != size:
        raise DataError(f"{path}: an array's text is {filled} bytes, not {size}: fetch it again")
    return into


def _array_of_state(*_: object) -> _PickledArray:
    return _PickledArray()


def _array_of_buffer(data: Any, kind: _PickledType, shape: Any, order: str) -> _PickledArray:
    if order not in ("C", "F"):
        raise ValueError(f"an array in order {order!r}")
    array = _PickledArray()
    array.set_state((1, shape, kind, order == "F", data))
    return array


def _encoded(text: str | _Span, encoding: str) -> bytes | _Span:
    if encoding != "latin1":
        raise ValueError(f"bytes in {encoding!r}")
    return text if isinstance(text, _Span) else text.encode("latin1")


_NAMES: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): "numpy.ndarray",
    ("numpy", "dtype"): _PickledType,
    ("_codecs", "encode"): _encoded,
    ("collections", "OrderedDict"): OrderedDict,
    ("builtins", "tuple"): tuple,
    ("__builtin__", "tuple"): tuple,
}
# numpy moved its modules between versions; both spellings stand in files.
for _core in ("numpy.core", "numpy._core"):
    _NAMES[f"{_core}.multiarray", "_reconstruct"] = _array_of_state
    _NAMES[f"{_core}.numeric", "_frombuffer"] = _array_of_buffer


class _PaddleUnpickler(RestrictedUnpickler):
    """Goes past long byte strings and texts and puts a `_Span` in their place."""

    def __init__(self, file: Any, path: Path) -> None:
        super().__init__(file, path, _NAMES)
        self._file = file
        self._size = os.fstat(file.fileno()).st_size

    def _pass_over(self, length: int, *, as_text: bool) -> None:
        offset = self._file.tell()
        if offset + length > self._size:
            raise EOFError("the file ends within an array")
        self._file.seek(length, os.SEEK_CUR)
        self.append(_Span(offset, length, as_text))

    def _bytes(self, length: int) -> None:
        if length < _LONG:
            self.append(self.read(length))
        else:
            self._pass_over(length, as_text=False)

    def _text(self, length: int) -> None:
        if length < _LONG:
            self.append(str(self.read(length), "utf-8", "surrogatepass"))
        else:
            self._pass_over(length, as_text=True)

    def _four_bytes_length(self) -> int:
        (length,) = struct.unpack("<I", self.read(4))
        return int(length)

    def _eight_bytes_length(self) -> int:
        (length,) = struct.unpack("<Q", self.read(8))
        return int(length)

    def _frame(self) -> None:
        """A frame only says how much to read ahead; without reading ahead the file's position is the pickle's."""
        self.read(8)

    dispatch: ClassVar[dict[int, Callable[[Any], None]]] = RestrictedUnpickler.dispatch | {
        pickle.FRAME[0]: _frame,
        pickle.BINBYTES[0]: lambda self: self._bytes(self._four_bytes_length()),
        pickle.BINBYTES8[0]: lambda self: self._bytes(self._eight_bytes_length()),
        pickle.BYTEARRAY8[0]: lambda self: self._bytes(self._eight_bytes_length()),
        pickle.BINUNICODE[0]: lambda self: self._text(self._four_bytes_length()),
        pickle.BINUNICODE8[0]: lambda self: self._text(self._eight_bytes_length()),
    }
