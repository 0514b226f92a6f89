"""The sampling loop: a scheduler's slots, a runner's tokens, and each sample's transcript, until all have ended."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from humaneval_x.engines import Request
from humaneval_x.engines.codegen.randomness import sample_seed
from humaneval_x.engines.codegen.scheduler import Scheduler
from humaneval_x.engines.codegen.transcript import Transcript
from humaneval_x.records import Completion, Prompt, Sampling

__all__ = ["LONG_PROMPTS", "PreparedPrompt", "Runner", "decode", "prepare"]

_log = logging.getLogger(__name__)

LONG_PROMPTS = "keep the last n_positions - min(max_tokens, n_positions / 2) tokens"
"""What becomes of a prompt that leaves too little room, as written into `run.json`."""


class Runner(Protocol):
    """The arithmetic: computes prompt caches and draws tokens for the samples that sit in its slots."""

    def prefill(self, prompt: int, tokens: Sequence[int]) -> None:
        """Compute and keep a prompt's keys, values and last logits, once for all its samples."""

    def place(self, prompt: int, slots: Sequence[int], seeds: Sequence[int]) -> npt.NDArray[np.int64]:
        """Put samples of a prefilled prompt into free slots; their first tokens, in the slots' order."""

    def advance(self) -> npt.NDArray[np.int64]:
        """Draw the next token or tokens of every placed sample: [steps, slots], -1 in empty slots.

        A runner may draw several steps at once; what follows a sample's end in its column is ignored.
        """

    def vacate(self, slot: int) -> None:
        """The sample in this slot has ended."""

    def forget(self, prompt: int) -> None:
        """No sample of this prompt will come any more: give its cache back."""


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
    token_bytes: Sequence[bytes],
    end_tokens: frozenset[int],
) -> Iterator[tuple[Prompt, Completion]]:
    """Draw every wanted completion with `slots` running at once; each is given as soon as it has ended."""
    scheduler = Scheduler([len(prompt.request.completion_ids) for prompt in prompts], slots)
    running: dict[int, _Sample] = {}
    while not scheduler.finished:
        ended = []
        for admission in scheduler.admit():
            prompt = prompts[admission.prompt]
            if admission.first:
                runner.prefill(admission.prompt, prompt.tokens)
            samples = [_Sample(prompt, number, sampling, token_bytes, end_tokens) for number in admission.samples]
            tokens = runner.place(admission.prompt, admission.slots, [sample.seed for sample in samples])
            for slot, sample, token in zip(admission.slots, samples, tokens.tolist(), strict=True):
                running[slot] = sample
                if sample.transcript.append(token):
                    ended.append(slot)
        if not ended:
            drawn = runner.advance()
            for slot, sample in running.items():
                if any(sample.transcript.append(token) for token in drawn[:, slot].tolist()):
                    ended.append(slot)
        for slot in ended:
            runner.vacate(slot)
            exhausted = scheduler.retire(slot)
            if exhausted is not None:
                runner.forget(exhausted)
            sample = running.pop(slot)
            yield sample.prompt, sample.completion()


class _Sample:
    """A running sample: its identity and its transcript."""

    def __init__(
        self,
        prompt: PreparedPrompt,
        number: int,
        sampling: Sampling,
        token_bytes: Sequence[bytes],
        end_tokens: frozenset[int],
    ) -> None:
        self.prompt = prompt.request.prompt
        self.completion_id = prompt.request.completion_ids[number]
        self.seed = sample_seed(sampling.seed, self.prompt.task, self.prompt.task_id, self.completion_id)
        self.transcript = Transcript(token_bytes, end_tokens, prompt.request.is_finished, prompt.limit)

    def completion(self) -> Completion:
        """The finished sample as the record that is journalled."""
        return Completion(
            task_id=self.prompt.task_id,
            completion_id=self.completion_id,
            text=self.transcript.text,
            finish=self.transcript.finish,
            tokens=self.transcript.tokens,
            seed=self.seed,
        )
