"""The two parts of a step's attention: over prompts that rows share, and over each row's own suffix.

The suffix cache is a ring of blocks [rows, heads, block, head size] that all rows write at the same column, the
step's number: a sample that began at step b owns the columns b to now, wherever it is in its text. Writing is thus one
copy, nothing grows or moves, and only the blocks since the oldest running sample began are read.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from humaneval_x.engines.codegen.config import CodeGenConfig
from humaneval_x.engines.codegen.operations import Operations, Tensor

__all__ = ["MASKED", "Groups", "SuffixCache", "merged"]

MASKED = np.float32(-1e30)
"""Added to the score of what may not be seen."""

_BLOCK = 32


class Groups:
    """Rows by seat: each prompt's rows become one dense product with its keys and values."""

    def __init__(self, seat_of_row: npt.NDArray[np.int64], operations: Operations) -> None:
        self._ops = operations
        order = np.argsort(seat_of_row, kind="stable")
        seats, starts = np.unique(seat_of_row[order], return_index=True)
        self.seats: list[int] = seats.tolist()
        self._bounds = [*starts.tolist(), len(order)]
        self._sorted = bool((order == np.arange(len(order))).all())
        self._order = operations.tensor(order)
        self._back = operations.tensor(np.argsort(order))

    def attend(self, query: Tensor, caches: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor, Tensor]:
        """Unnormalized output [rows, heads, head size], largest score and sum of weights [rows, heads, 1]."""
        ops = self._ops
        if not self._sorted:
            query = ops.rows(query, self._order)
        by_head = ops.permuted(query, [1, 0, 2])
        parts = []
        for number, (keys, values) in enumerate(caches):
            rows = by_head[:, self._bounds[number] : self._bounds[number + 1]] if len(caches) > 1 else by_head
            scores = ops.matmul(rows, keys)
            top = ops.last_max(scores)
            weights = ops.exp(scores - top)
            parts.append((ops.matmul(weights, values), top, ops.last_sum(weights)))
        joined = [ops.concat(part, 1) if len(parts) > 1 else part[0] for part in zip(*parts, strict=True)]
        joined = [ops.permuted(part, [1, 0, 2]) for part in joined]
        if not self._sorted:
            joined = [ops.rows(part, self._back) for part in joined]
        return joined[0], joined[1], joined[2]


class SuffixCache:
    """The ring of blocks; see the module's head."""

    def __init__(self, config: CodeGenConfig, operations: Operations, rows: int, suffix: int) -> None:
        self._config = config
        self._ops = operations
        self._rows = rows
        # The window of `suffix` columns may begin and end within blocks. Blocks are made when first reached.
        self._ring: list[list[tuple[Tensor, Tensor]] | None] = [None] * (-(-suffix // _BLOCK) + 1)
        self._blocks: list[list[tuple[Tensor, Tensor]]] = []
        self._column = 0

    def open_step(self, step: int, began: npt.NDArray[np.int64]) -> Tensor:
        """Make this step's column current; what to add to the scores, [rows, 1, columns in the window]."""
        first = int(began.min()) // _BLOCK
        window = range(first, step // _BLOCK + 1)
        self._column = step % _BLOCK
        self._blocks = [self._block(number % len(self._ring)) for number in window]
        columns = np.arange(first * _BLOCK, window.stop * _BLOCK)
        seen = (columns >= began[:, None]) & (columns <= step)
        return self._ops.tensor(np.where(seen, np.float32(0), MASKED)[:, None])

    def write(self, layer: int, key: Tensor, value: Tensor) -> None:
        """Store keys and values [rows, heads, head size] in the current column."""
        keys, values = self._blocks[-1][layer]
        keys[:, :, self._column] = key
        values[:, :, self._column] = value

    def attend(self, layer: int, query: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """As `Groups.attend`, over each row's own columns."""
        heads, size, ops = self._config.n_head, self._config.head_size, self._ops
        query = query.reshape([-1, 1, size])
        flat = [
            (keys.reshape([-1, _BLOCK, size]), values.reshape([-1, _BLOCK, size]))
            for keys, values in (block[layer] for block in self._blocks)
        ]
        scores = [ops.matmul_transposed(query, keys) for keys, _ in flat]
        joined = scores[0] if len(scores) == 1 else ops.concat(scores, -1)
        joined = joined.reshape([self._rows, heads, -1]) + mask
        top = ops.last_max(joined)
        weights = ops.exp(joined - top)
        total = ops.last_sum(weights)
        by_block = ops.split(weights.reshape([self._rows * heads, 1, -1]), [_BLOCK] * len(flat), -1)
        output = ops.matmul(by_block[0], flat[0][1])
        for part, (_, values) in zip(by_block[1:], flat[1:], strict=True):
            output = output + ops.matmul(part, values)
        return output.reshape([self._rows, heads, size]), top, total

    def keep_rows(self, rows: npt.NDArray[np.int64]) -> None:
        """Keep only these rows, in this order."""
        ops = self._ops
        index = ops.tensor(rows)
        self._rows = len(rows)
        for place, block in enumerate(self._ring):
            if block is not None:
                self._ring[place] = [(ops.rows(keys, index), ops.rows(values, index)) for keys, values in block]

    def _block(self, place: int) -> list[tuple[Tensor, Tensor]]:
        block = self._ring[place]
        if block is None:
            shape = [self._rows, self._config.n_head, _BLOCK, self._config.head_size]
            block = [(self._ops.zeros(shape), self._ops.zeros(shape)) for _ in range(self._config.n_layer)]
            self._ring[place] = block
        return block


def merged(
    prompt: tuple[Tensor, Tensor, Tensor], suffix: tuple[Tensor, Tensor, Tensor], operations: Operations
) -> Tensor:
    """Attention over both parts, [rows, heads, head size], from each part's output, largest score and sum."""
    top = operations.maximum(prompt[1], suffix[1])
    of_prompt, of_suffix = operations.exp(prompt[1] - top), operations.exp(suffix[1] - top)
    total = prompt[2] * of_prompt + suffix[2] * of_suffix
    return prompt[0] * (of_prompt / total) + suffix[0] * (of_suffix / total)
