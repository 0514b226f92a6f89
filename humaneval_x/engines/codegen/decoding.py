"""The sampling loop: a scheduler's slots, a runner's tokens, and each sample's transcript, until all have ended."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from humaneval_x.engines import Request
from humaneval_x.engines.codegen.randomness import sample_seed
from humaneval_x.engines.codegen.scheduler import Scheduler
from humaneval_x.engines.codegen.transcripts import Finished, TokenSigns, Transcripts
from humaneval_x.records import Completion, Prompt, Sampling

__all__ = ["LONG_PROMPTS", "PreparedPrompt", "Runner", "decode", "prepare"]

_log = logging.getLogger(__name__)

LONG_PROMPTS = "keep the last n_positions - min(max_tokens, n_positions / 2) tokens"
"""What becomes of a prompt that leaves too little room, as written into `run.json`."""


class Runner(Protocol):
    """The arithmetic: computes prompt caches and draws tokens for the samples that sit in its slots.

    Tokens are drawn in blocks of steps. `depth` is how many blocks may be launched and not yet collected: a runner on
    a device of its own computes one while the host reads the last. `block` is how many steps are worth launching at
    once just now.
    """

    depth: int

    @property
    def block(self) -> int:
        """How many steps to launch at once; may change from block to block."""

    def prefill(self, seat: int, tokens: Sequence[int]) -> None:
        """Compute a prompt's keys, values and last logits, once for all its samples, and keep them in this seat."""

    def place(self, seat: int, slots: Sequence[int], seeds: Sequence[int], limit: int) -> None:
        """Put samples of the prompt in that seat into free slots; each may draw `limit` tokens."""

    def launch(self, steps: int) -> None:
        """Draw the next `steps` tokens of every sample that is placed now. May return before they are drawn."""

    def collect(self) -> npt.NDArray[np.int32]:
        """The oldest block that was launched and not yet collected: [steps, slots], -1 where nothing was drawn.

        After its last token (an end token, or its limit) a sample draws nothing more.
        """

    def vacate(self, slots: Sequence[int]) -> None:
        """The samples in these slots have ended: nothing more is drawn for them from the next block on."""

    def forget(self, seat: int) -> None:
        """No sample of the prompt in this seat will come any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedPrompt:
    """A request's prompt in tokens, and how many tokens each of its samples may have."""

    request: Request
    tokens: tuple[int, ...]
    limit: int


def prepare(
    requests: Sequence[Request], encoded: Sequence[Sequence[int]], n_positions: int, max_tokens: int, start_token: int
) -> list[PreparedPrompt]:
    """Fit each prompt into the model's positions.

    A prompt keeps its last `n_positions - min(max_tokens, n_positions // 2)` tokens (a warning names those that are
    cut), so that every sample has room; a sample ends at `max_tokens` or at the last position. An empty prompt
    becomes `start_token`.
    """
    room = max(1, min(max_tokens, n_positions // 2))
    prepared = []
    cut = []
    for request, tokens in zip(requests, encoded, strict=True):
        if len(tokens) > n_positions - room:
            cut.append(request.prompt.task_id)
        kept = tuple(tokens[-(n_positions - room) :]) or (start_token,)
        limit = min(max_tokens, n_positions - len(kept))
        prepared.append(PreparedPrompt(request=request, tokens=kept, limit=limit))
    if cut:
        _log.warning(
            "%d prompts are longer than the model's %d positions allow and lose their beginning: %s",
            len(cut),
            n_positions,
            ", ".join(cut[:10]) + (" ..." if len(cut) > 10 else ""),
        )
    return prepared


def decode(
    runner: Runner,
    prompts: Sequence[PreparedPrompt],
    sampling: Sampling,
    *,
    slots: int,
    seats: int,
    signs: TokenSigns,
) -> Iterator[tuple[Prompt, Completion]]:
    """Draw every wanted completion with `slots` running at once; each is given once it is known to have ended."""
    scheduler = Scheduler([len(prompt.request.completion_ids) for prompt in prompts], slots, seats)
    capacity = max((prompt.limit for prompt in prompts), default=0)
    transcripts = Transcripts(signs, slots=slots, capacity=capacity)
    tenants = _Tenants(slots)
    launched: deque[npt.NDArray[np.int64]] = deque()
    ended: list[tuple[_Sample, Callable[[], Finished]]] = []
    while not scheduler.finished:
        for admission in scheduler.admit():
            prompt = prompts[admission.prompt]
            if admission.first:
                runner.prefill(admission.seat, prompt.tokens)
            samples = [_sample(prompt, number, sampling) for number in admission.samples]
            runner.place(admission.seat, admission.slots, [sample.seed for sample in samples], prompt.limit)
            for slot, sample in zip(admission.slots, samples, strict=True):
                tenants.enter(slot, sample, prompt.limit)
                transcripts.begin(slot, prompt.request.is_finished, prompt.request.watch, prompt.limit)
        # No more steps than the longest-lived may still draw: whoever waits for the last tokens waits for no others.
        steps = min(runner.block, tenants.left())
        if steps:
            runner.launch(steps)
            launched.append(tenants.launch(steps))
        # Texts are made, and given away, while the device computes.
        yield from _completions(ended)
        if steps and len(launched) < runner.depth and tenants.left():
            continue
        # A runner may have more slots than are used.
        drawn = tenants.own(runner.collect()[:, :slots], launched.popleft())
        endings = transcripts.read(drawn)
        ended = [(tenants.leave(slot), ending) for slot, ending in endings.items()]
        runner.vacate(list(endings))
        for slot in endings:
            left = scheduler.retire(slot)
            if left is not None:
                runner.forget(left)
    yield from _completions(ended)


def _completions(ended: list[tuple[_Sample, Callable[[], Finished]]]) -> Iterator[tuple[Prompt, Completion]]:
    """The samples that have ended, each once."""
    for sample, ending in ended:
        yield sample.prompt, sample.completion(ending())
    ended.clear()


class _Tenants:
    """Who sits in which slot, and who sat there when a block was launched."""

    def __init__(self, slots: int) -> None:
        self._samples: list[_Sample | None] = [None] * slots
        # A tenancy's number; 0 for an empty slot. Blocks that are under way may hold tokens of former tenants.
        self._number = np.zeros(slots, dtype=np.int64)
        self._left = np.zeros(slots, dtype=np.int64)
        self._entered = 0

    def enter(self, slot: int, sample: _Sample, limit: int) -> None:
        self._entered += 1
        self._samples[slot] = sample
        self._number[slot] = self._entered
        self._left[slot] = limit

    def leave(self, slot: int) -> _Sample:
        sample = self._samples[slot]
        assert sample is not None
        self._samples[slot] = None
        self._number[slot] = self._left[slot] = 0
        return sample

    def left(self) -> int:
        """How many steps it takes at most until all have drawn what they may, launched steps not counted."""
        return max(0, int(self._left.max()))

    def launch(self, steps: int) -> npt.NDArray[np.int64]:
        self._left -= steps
        return self._number.copy()

    def own(self, drawn: npt.NDArray[np.int32], numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        """The block without the tokens of those who have left since it was launched."""
        return np.where((numbers == self._number) & (numbers > 0), drawn, np.int32(-1))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    """A running sample's identity."""

    prompt: Prompt
    completion_id: int
    seed: int

    def completion(self, found: Finished) -> Completion:
        """The finished sample as the record that is journalled."""
        return Completion(
            task_id=self.prompt.task_id,
            completion_id=self.completion_id,
            text=found.text,
            finish=found.finish,
            tokens=found.tokens,
            seed=self.seed,
        )


def _sample(prompt: PreparedPrompt, number: int, sampling: Sampling) -> _Sample:
    identity = prompt.request.prompt
    completion_id = prompt.request.completion_ids[number]
    return _Sample(
        prompt=identity,
        completion_id=completion_id,
        seed=sample_seed(sampling.seed, identity.task, identity.task_id, completion_id),
    )
