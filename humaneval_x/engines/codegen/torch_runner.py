"""CodeGen's prefill and decode on a CUDA device: captured graphs over static caches, Triton kernels between products.

Everything that a step needs lies on the device: caches, each slot's books (its last token, how many it has, how many it
may have), random keys. A step is one graph, captured once for each size of batch; the host only says who sits where and
fetches tokens a block of steps behind. With `capture=False` the same kernels run one by one, which Triton's interpreter
can do without a GPU.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from humaneval_x.engines.codegen.batch import Batch
from humaneval_x.engines.codegen.drawing import NO_NUMBERS
from humaneval_x.engines.codegen.memory import DeviceMemoryError, Shape
from humaneval_x.engines.codegen.operations import Tensor
from humaneval_x.engines.codegen.randomness import seed_keys
from humaneval_x.engines.codegen.torch_model import TorchModel, out_of_memory
from humaneval_x.engines.codegen.torch_step import BROKEN, TILE_ROWS, Step, prefill_bytes, rounded_length
from humaneval_x.errors import EngineError
from humaneval_x.records import Sampling

__all__ = ["TorchRunner"]

# A block of steps takes about this long: long enough for the host to read the last one, short enough that a sample
# that has met its stop rule does not run on for many steps.
_BLOCK_S = 0.008
_MOST_STEPS = 16
# What libraries and graphs take on first use.
_MARGIN = 384 << 20


class TorchRunner:
    """See `decoding.Runner`. Use it as a context manager, or call `close`."""

    depth = 2

    def __init__(
        self, model: TorchModel, sampling: Sampling, shape: Shape, end_tokens: frozenset[int], *, capture: bool
    ) -> None:
        """Raises DeviceMemoryError if the device cannot hold caches of that shape."""
        self.shape = shape
        self.sampling = sampling
        self._model = model
        self._capture = capture
        self._stream: Any = torch.cuda.Stream(model.device) if model.device.type == "cuda" else None
        with self._working():
            self._step = Step(model, shape, sampling, end_tokens)
            self._blocks = torch.empty((_MOST_STEPS, shape.slots), dtype=torch.int32, device=model.device)
        self._check_memory()
        self._batch = Batch(shape.slots, shape.seats, TILE_ROWS)
        self._pool: Any = None
        self._graphs: dict[int, Callable[[], None]] = {}
        self._prefills: dict[int, Callable[[], None]] = {}
        self._size = 0
        self._changed = False
        self._placed: list[npt.NDArray[np.int64]] = []
        self._vacated: list[int] = []
        self._prompt_length = np.zeros(shape.seats, dtype=np.int64)
        self._prompt_seen: dict[int, npt.NDArray[np.int32]] = {}
        self._launched: deque[_Block] = deque()
        self._seconds: dict[int, float] = {}

    @property
    def block(self) -> int:
        """So many steps as take about 8 ms, by the last ones of this size."""
        seconds = self._seconds.get(self._size)
        return 4 if seconds is None else max(1, min(_MOST_STEPS, round(_BLOCK_S / seconds)))

    def prefill(self, seat: int, tokens: Sequence[int]) -> None:
        """Compute the prompt's cache after what was launched before."""
        with self._working():
            step, length = self._step, rounded_length(len(tokens))
            step.prompt_tokens[: len(tokens)] = self._sent(np.asarray(tokens, dtype=np.int64))
            step.prompt_last.fill_(len(tokens) - 1)
            if length not in self._prefills:
                self._prefills[length] = self._captured(partial(step.prefill, length))
            self._prefills[length]()
            step.keep_prompt(seat, len(tokens))
        self._prompt_length[seat] = len(tokens)
        if self._step.penalized:
            self._prompt_seen[seat] = _bitmap(tokens, self._model.config.vocab_size)

    def place(self, seat: int, slots: Sequence[int], seeds: Sequence[int], limit: int) -> None:
        """Note it; the device is told with the next launch."""
        if limit > self.shape.suffix:
            raise ValueError(f"a sample of {limit} tokens does not fit into caches for {self.shape.suffix}")
        self._batch.place(seat, slots)
        placed = np.empty((4, len(slots)), dtype=np.int64)
        placed[0], placed[1], placed[2] = slots, limit, seat
        placed[3] = seed_keys(np.asarray(seeds, dtype=np.uint64)).view(np.int64)
        self._placed.append(placed)
        self._changed = True

    def vacate(self, slots: Sequence[int]) -> None:
        """Note it; the device is told with the next launch."""
        if slots:
            self._batch.vacate(slots)
            self._vacated += slots
            self._changed = True

    def forget(self, seat: int) -> None:
        """The seat's cache is written over by the next prompt."""
        self._prompt_seen.pop(seat, None)

    def launch(self, steps: int) -> None:
        """Put the steps, and the fetching of their tokens, into the device's queue."""
        with self._working():
            if self._changed:
                self._tell()
            run = self._graphs[self._size]
            began = torch.cuda.Event(enable_timing=True) if self._stream else None
            if began is not None:
                began.record(self._stream)
            for number in range(steps):
                run()
                self._blocks[number].copy_(self._step.drawn)
            if self._stream is None:
                self._launched.append(_Block(self._blocks[:steps].clone(), self._size))
                return
            host = torch.empty((steps, self.shape.slots), dtype=torch.int32, pin_memory=True)
            host.copy_(self._blocks[:steps], non_blocking=True)
            ended = torch.cuda.Event(enable_timing=True)
            ended.record(self._stream)
            self._launched.append(_Block(host, self._size, began, ended))

    def collect(self) -> npt.NDArray[np.int32]:
        """Wait for the oldest block. Raises EngineError if logits in it were no numbers."""
        block = self._launched.popleft()
        if block.ended is not None:
            with self._working():
                block.ended.synchronize()
            seconds = block.began.elapsed_time(block.ended) / 1000 / len(block.tokens)
            before = self._seconds.get(block.size, seconds)
            self._seconds[block.size] = 0.7 * before + 0.3 * seconds
        tokens: npt.NDArray[np.int32] = block.tokens.numpy()
        if (tokens == BROKEN).any():
            raise EngineError(NO_NUMBERS)
        return tokens

    def fits(self, shape: Shape, sampling: Sampling) -> bool:
        """Whether work of that shape and rule can be done in these caches with these graphs."""
        rule = replace(sampling, seed=0, samples=0, max_tokens=0)
        mine = self.shape
        return (
            rule == replace(self.sampling, seed=0, samples=0, max_tokens=0)
            and shape.slots <= mine.slots
            and shape.suffix <= mine.suffix
            and shape.seats <= mine.seats
            and shape.prompt <= mine.prompt
        )

    def reset(self) -> None:
        """Forget all samples, and tokens that nobody collected; caches and graphs stay for the next work."""
        self._launched.clear()
        self._batch.clear()
        self._placed.clear()
        self._vacated = list(range(self.shape.slots))
        self._changed = True

    def close(self) -> None:
        """Give the device's memory back."""
        self._graphs.clear()
        self._prefills.clear()
        self._launched.clear()
        if self._stream is not None:
            self._stream.synchronize()
        del self._step, self._blocks

    def __enter__(self) -> TorchRunner:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check_memory(self) -> None:
        """Memory that runs out while a graph is captured leaves the device in disorder: better to say so before."""
        if self._stream is None:
            return
        free, _ = torch.cuda.mem_get_info(self._model.device)
        kept = torch.cuda.memory_reserved(self._model.device) - torch.cuda.memory_allocated(self._model.device)
        needed = _MARGIN + prefill_bytes(self._model.config, self.shape, self._model.dtype.itemsize)
        if free + kept < needed:
            raise DeviceMemoryError(
                f"{(free + kept) >> 20} MB are left beside the caches, {needed >> 20} MB are needed"
            )

    def _tell(self) -> None:
        """Bring the device's books and batch up to date."""
        step = self._step
        if self._vacated:
            step.alive[self._sent(np.asarray(self._vacated, dtype=np.int64))] = 0
            self._vacated = []
        if self._placed:
            placed = np.concatenate(self._placed, axis=1)
            slots, limit, seat, key = placed
            self._placed = []
            books = np.zeros((6, len(slots)), dtype=np.int32)
            books[2], books[3], books[4], books[5] = limit, self._prompt_length[seat], seat, 1
            where = self._sent(slots)
            step.books[:, where] = self._sent(books)
            step.key[where] = self._sent(key)
            if step.penalized:
                step.seen[where] = self._sent(np.stack([self._prompt_seen[number] for number in seat.tolist()]))
        rows, tiles = self._batch.layout()
        self._size = len(rows)
        if self._size not in self._graphs:
            self._graphs[self._size] = self._prepared(self._size)
        step.rows[: len(rows)] = self._sent(rows)
        step.tiles[: len(tiles)] = self._sent(tiles)
        self._changed = False

    def _prepared(self, size: int) -> Callable[[], None]:
        """A step of that size. Nobody may sit in its rows yet: it is run once to be made ready."""
        step = self._step
        step.rows.fill_(-1)
        step.tiles.fill_(0)
        return self._captured(partial(step.run, size, self._batch.tiles(size)))

    def _captured(self, run: Callable[[], None]) -> Callable[[], None]:
        """The computation as a graph, which the device runs without the host's help."""
        if not self._capture:
            return run
        run()
        graph: Any = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool, stream=self._stream, capture_error_mode="thread_local"):
            run()
        # One computation follows the other, so all may use the same memory for what lies between.
        self._pool = graph.pool()
        replay: Callable[[], None] = graph.replay
        return replay

    def _sent(self, array: npt.NDArray[Any]) -> Tensor:
        tensor = torch.from_numpy(np.ascontiguousarray(array))
        if self._stream is None:
            return tensor
        return tensor.pin_memory().to(self._model.device, non_blocking=True)

    @contextlib.contextmanager
    def _working(self) -> Iterator[None]:
        """On the runner's own stream; a device without memory left is told as such."""
        try:
            with torch.inference_mode(), torch.cuda.stream(self._stream) if self._stream else contextlib.nullcontext():
                yield
        except RuntimeError as error:
            reason = out_of_memory(error)
            if reason is None:
                raise
            # Without its frames: they hold what had found room, and from Python 3.12 on the frame of this context
            # manager's exit makes a cycle with them.
            raise DeviceMemoryError(reason) from error.with_traceback(None)


class _Block:
    """Steps launched for batches of that size; `tokens` [steps, slots] are there once `ended` has happened."""

    def __init__(self, tokens: Tensor, size: int, began: Any = None, ended: Any = None) -> None:
        self.tokens = tokens
        self.size = size
        self.began = began
        self.ended = ended


def _bitmap(tokens: Sequence[int], vocabulary: int) -> npt.NDArray[np.int32]:
    """Bit t of the words is set for each token t that stands in the text."""
    bits = np.zeros((vocabulary + 31) // 32 * 32, dtype=np.uint8)
    bits[list(tokens)] = 1
    return np.packbits(bits, bitorder="little").view(np.int32)
