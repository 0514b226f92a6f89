"""Which slots a step computes, as the device is told: rows ordered by prompt, and tiles of rows of one prompt."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["Batch", "batch_sizes"]

Ints = npt.NDArray[np.int32]


class Batch:
    """The rows of the next steps. A step is computed for one of a few sizes, the smallest that holds all live slots."""

    def __init__(self, slots: int, seats: int, tile_rows: int) -> None:
        self.sizes = batch_sizes(slots)
        self._seats = seats
        self._tile_rows = tile_rows
        self._seat = np.full(slots, -1, dtype=np.int32)

    def place(self, seat: int, slots: Sequence[int]) -> None:
        """Samples of the prompt in that seat sit in these slots."""
        self._seat[list(slots)] = seat

    def vacate(self, slots: Sequence[int]) -> None:
        """Nobody sits in these slots."""
        self._seat[list(slots)] = -1

    def clear(self) -> None:
        """Nobody sits anywhere."""
        self._seat[:] = -1

    def tiles(self, size: int) -> int:
        """The most tiles that a batch of that size needs."""
        return min(size, -(-size // self._tile_rows) + self._seats)

    def layout(self) -> tuple[Ints, Ints]:
        """`rows` [size], a slot each or -1; `tiles` [tiles(size), 3]: first row, rows, seat (0 rows: no tile)."""
        live = np.flatnonzero(self._seat >= 0)
        live = live[np.argsort(self._seat[live], kind="stable")]
        size = next(size for size in self.sizes if size >= len(live))
        rows = np.full(size, -1, dtype=np.int32)
        rows[: len(live)] = live
        tiles = np.zeros((self.tiles(size), 3), dtype=np.int32)
        seats, starts, counts = np.unique(self._seat[live], return_index=True, return_counts=True)
        number = 0
        for seat, start, count in zip(seats.tolist(), starts.tolist(), counts.tolist(), strict=True):
            for first in range(0, count, self._tile_rows):
                tiles[number] = start + first, min(self._tile_rows, count - first), seat
                number += 1
        return rows, tiles


def batch_sizes(slots: int) -> tuple[int, ...]:
    """Sizes of batch for which steps are made ready when first needed: steps of an eighth to a half, then all."""
    sizes = {1, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192}
    sizes |= set(range(256, 1024, 128)) | set(range(1024, slots, 256))
    return (*sorted(size for size in sizes if size < slots), slots)
