"""A device that runs out of memory: an honest stand-in, whose samples are a function of their seeds alone."""

from __future__ import annotations

import gc
import logging
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine_requests import make_request
from small_model import write_model

from humaneval_x.engines import EngineOptions
from humaneval_x.engines.codegen.checkpoint import open_checkpoint
from humaneval_x.engines.codegen.engine import CodeGenEngine
from humaneval_x.engines.codegen.memory import DeviceMemoryError, Shape
from humaneval_x.engines.codegen.tokenizer import read_tokenizer
from humaneval_x.errors import EngineError
from humaneval_x.records import Completion, Sampling

pytest.importorskip("tokenizers", reason="neither the [paddle] nor the [torch] extra is installed")

SAMPLING = Sampling(temperature=0.9, top_p=0.95, top_k=0, max_tokens=9, samples=10, seed=42)


class Cache:
    """What a runner that does not fit had taken by then."""


class Device:
    """A backend and its runner in one. `room` slots fit; with more than `later` it is full at the `calls`-th `call`."""

    device, dtype, grows, most_slots = "none", "float32", False, 64

    def __init__(
        self, *, room: int = 64, later: int = 64, call: str = "launch", calls: int = 0, weights: bool = True,
        depth: int = 1, block: int = 1,
    ) -> None:  # fmt: skip
        self.versions: dict[str, str] = {}
        self.opened: list[int] = []
        self.depth, self.block = depth, block
        self._room, self._later, self._call, self._calls, self._weights = room, later, call, calls, weights
        self._is_open = False
        self._taken: weakref.ref[Cache] | None = None

    def load(self, checkpoint: Any) -> None:
        if not self._weights:
            raise DeviceMemoryError("7 GB asked for, 6 GB there")

    def free_bytes(self) -> int:
        return 1000

    def bytes_for(self, shape: Shape, sampling: Sampling) -> int:
        return shape.slots

    def open_runner(self, shape: Shape, sampling: Sampling, end_tokens: frozenset[int]) -> Device:
        # What the last runner held is given back before the next one asks for memory.
        assert not self._is_open
        assert self._taken is None or self._taken() is None, "what did not fit is still held"
        self.opened.append(shape.slots)
        cache = Cache()
        self._taken = weakref.ref(cache)
        if shape.slots > self._room:
            raise DeviceMemoryError("full at once")
        self._is_open = True
        self._seats: list[tuple[int, int, int] | None] = [None] * shape.slots
        self._launched: list[np.ndarray] = []
        self._left = self._calls
        return self

    def release(self) -> None:
        self._is_open = False

    def close(self) -> None:
        return None

    def _asked(self, call: str) -> None:
        self._left -= call == self._call
        if self._left == 0 and len(self._seats) > self._later:
            raise DeviceMemoryError("full later")

    def prefill(self, seat: int, tokens: Sequence[int]) -> None:
        self._asked("prefill")

    def place(self, seat: int, slots: Sequence[int], seeds: Sequence[int], limit: int) -> None:
        for slot, seed in zip(slots, seeds, strict=True):
            self._seats[slot] = seed, 0, limit

    def launch(self, steps: int) -> None:
        self._asked("launch")
        drawn = np.full((steps, len(self._seats)), -1, dtype=np.int32)
        for step in range(steps):
            for slot, seat in enumerate(self._seats):
                if seat is not None and seat[1] < seat[2]:
                    drawn[step, slot] = 1 + (seat[0] // 7 + seat[1]) % 250
                    self._seats[slot] = seat[0], seat[1] + 1, seat[2]
        self._launched.append(drawn)

    def collect(self) -> np.ndarray:
        self._asked("collect")
        return self._launched.pop(0)

    def vacate(self, slots: Sequence[int]) -> None:
        for slot in slots:
            self._seats[slot] = None

    def forget(self, seat: int) -> None:
        return None


@pytest.fixture(autouse=True)
def no_collector() -> Iterator[None]:
    """What is held by a cycle alone is held: on a device nothing makes the collector run in time."""
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model"))


def drawn(folder: Path, device: Any, slots: int = 0) -> dict[tuple[str, int], Completion]:
    checkpoint = open_checkpoint(folder)
    tokenizer = read_tokenizer(folder, checkpoint.config.vocab_size)
    engine = CodeGenEngine(checkpoint, tokenizer, EngineOptions(model="a model", slots=slots), device)
    requests = [make_request(f"Python/{number}", ids=tuple(range(10)), text="x" * (number + 1)) for number in range(4)]
    found = [completion for _, completion in engine.sample(requests, SAMPLING)]
    keyed = {(completion.task_id, completion.completion_id): completion for completion in found}
    assert len(keyed) == len(found) == 40
    return keyed


def test_a_device_that_is_full_at_once_draws_the_same_samples_with_fewer_slots(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    device = Device(room=12)
    with caplog.at_level(logging.WARNING):
        assert drawn(folder, device) == drawn(folder, Device())
    assert device.opened == [40, 30, 22, 16, 12]
    assert "out of memory with 40 slots (full at once): going on with 30" in caplog.text


@pytest.mark.parametrize(
    ("call", "calls", "depth", "block"),
    # A text has nine tokens: the first slots' texts take nine launches of one step, or three of up to four.
    [*(("launch", calls, 1, 1) for calls in (1, 5, 9, 10, 15)), *(("launch", calls, 2, 4) for calls in (1, 2, 3, 4, 6)),
     ("collect", 1, 1, 1), ("collect", 9, 1, 1), ("collect", 1, 2, 4), ("collect", 3, 2, 4), ("collect", 4, 2, 4),
     ("prefill", 1, 1, 1), ("prefill", 2, 2, 4)],
)  # fmt: skip
def test_a_device_that_is_full_in_the_middle_loses_and_repeats_no_sample(
    folder: Path, caplog: pytest.LogCaptureFixture, *, call: str, calls: int, depth: int, block: int
) -> None:
    device = Device(later=9, call=call, calls=calls, depth=depth, block=block)
    with caplog.at_level(logging.WARNING):
        assert drawn(folder, device, slots=16) == drawn(folder, Device())
    assert device.opened == [16, 12, 9]
    assert "out of memory with 12 slots (full later): going on with 9" in caplog.text


def test_not_even_one_slot_is_an_error_that_says_what_to_do(folder: Path) -> None:
    with pytest.raises(EngineError, match="lower --max-tokens"):
        drawn(folder, Device(room=0))


def test_weights_that_do_not_fit_are_an_error_that_says_what_to_do(folder: Path) -> None:
    with pytest.raises(EngineError, match="humaneval-x models"):
        drawn(folder, Device(weights=False))
