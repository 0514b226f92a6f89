"""The eager way as a backend: one device, float32."""

from __future__ import annotations

import os
from collections.abc import Callable

from humaneval_x.engines.codegen.checkpoint import Checkpoint
from humaneval_x.engines.codegen.drawing import Drawer
from humaneval_x.engines.codegen.eager import EagerModel, EagerRunner
from humaneval_x.engines.codegen.memory import Shape, free_host_memory
from humaneval_x.engines.codegen.operations import Operations
from humaneval_x.records import Sampling

__all__ = ["EagerBackend"]

_MOST_SLOTS = 128


class EagerBackend:
    """See `engine.Backend`."""

    dtype = "float32"
    most_slots = _MOST_SLOTS
    grows = True

    def __init__(self, operations: Callable[[], Operations], *, device: str, versions: dict[str, str]) -> None:
        """`operations` opens the tensor library, which takes seconds."""
        self.device = device
        self.versions = versions
        self._operations = operations
        self._model: EagerModel | None = None
        self._drawer = Drawer(len(os.sched_getaffinity(0)))

    def load(self, checkpoint: Checkpoint) -> None:
        """Put the weights on the device, once."""
        if self._model is None:
            self._model = EagerModel(checkpoint, self._operations())

    def free_bytes(self) -> int:
        """Half of the free main memory: the other half is for what is computed between."""
        return free_host_memory() // 2

    def bytes_for(self, shape: Shape, sampling: Sampling) -> int:
        """Caches and logits; of the prompts' caches those that run at once."""
        assert self._model is not None
        config = self._model.config
        cache = 4 * config.cache_elements_per_token
        row = cache * shape.suffix + config.vocab_size * (16 + (sampling.repetition_penalty != 1))
        return shape.slots * row + min(shape.slots, shape.seats) * cache * shape.prompt

    def open_runner(self, shape: Shape, sampling: Sampling, end_tokens: frozenset[int]) -> EagerRunner:  # noqa: ARG002
        """A new runner; the loop ends samples itself, so it needs no end tokens."""
        assert self._model is not None
        return EagerRunner(self._model, sampling, self._drawer, slots=shape.slots, suffix=shape.suffix)

    def release(self) -> None:
        """Nothing is kept from one runner to the next."""

    def close(self) -> None:
        """Give back the weights and the threads."""
        self._model = None
        self._drawer.close()
