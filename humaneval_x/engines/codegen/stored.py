"""A tensor that lies in a file: read when it is asked for, whole or some rows at a time, without what lies around it.

Files are read, not mapped: pages of a mapped file would count as this process's memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from humaneval_x.errors import DataError

__all__ = ["StoredTensor", "contiguous_tensor", "read_elements", "row_chunks", "widen", "widened"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTensor:
    """A tensor in a file: its shape, and how to read it in the numbers that it is stored in (uint16 is bfloat16).

    `part` reads the rows from one number up to another; None where they do not lie one after another in the file.
    """

    file: Path
    shape: tuple[int, ...]
    whole: Callable[[], Array]
    part: Callable[[int, int], Array] | None = None

    def read(self) -> Floats:
        """All of it as float32."""
        return widened(self.whole())

    def rows(self, count: int) -> Iterator[tuple[int, Floats]]:
        """Its rows as float32, at most `count` at a time, each time with the first one's number."""
        if self.part is None:
            yield from row_chunks(self.whole(), count)
            return
        for start in range(0, self.shape[0], count):
            yield start, widened(self.part(start, min(start + count, self.shape[0])))


def contiguous_tensor(file: Path, offset: int, dtype: np.dtype[Any], shape: tuple[int, ...]) -> StoredTensor:
    """A tensor whose elements lie one after another, row by row, from byte `offset` on."""
    row = math.prod(shape[1:])

    def whole() -> Array:
        return read_elements(file, offset, dtype, math.prod(shape)).reshape(shape)

    def part(start: int, stop: int) -> Array:
        flat = read_elements(file, offset + start * row * dtype.itemsize, dtype, (stop - start) * row)
        return flat.reshape(stop - start, *shape[1:])

    return StoredTensor(file=file, shape=shape, whole=whole, part=part)


def read_elements(file: Path, offset: int, dtype: np.dtype[Any], count: int) -> Array:
    """So many elements from byte `offset` on. Raises DataError if the file cannot be read or ends before."""
    try:
        elements: Array = np.fromfile(file, dtype=dtype, count=count, offset=offset)
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error})") from error
    if elements.size != count:
        raise DataError(f"{file}: ends before its tensors do: fetch it again")
    return elements


def row_chunks(stored: Array, count: int) -> Iterator[tuple[int, Floats]]:
    """As `StoredTensor.rows`, of a tensor that was read whole; only a chunk is widened at a time."""
    for start in range(0, len(stored), count):
        yield start, widened(stored[start : start + count])


def widened(stored: Array) -> Floats:
    """Stored numbers as float32, row by row; the same array where it is that already."""
    if stored.dtype == np.float32:
        return np.ascontiguousarray(stored)
    floats = np.empty(stored.shape, dtype=np.float32)
    widen(stored, floats)
    return floats


def widen(stored: Array, into: Floats) -> None:
    """Write stored numbers as float32 into an array or view of the same shape, without a copy between."""
    if stored.dtype.kind == "u" and stored.dtype.itemsize == 2:
        # A bfloat16 is the upper half of a float32.
        bits = into.view(np.uint32)
        bits[...] = stored
        np.left_shift(bits, 16, out=bits)
    else:
        into[...] = stored
