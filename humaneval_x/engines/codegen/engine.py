"""What the engines for CodeGen checkpoints have in common, whatever computes: slots, and going on with fewer."""

from __future__ import annotations

import importlib.metadata
import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Protocol

from humaneval_x.engines import EngineOptions, Request
from humaneval_x.engines.codegen.checkpoint import Checkpoint
from humaneval_x.engines.codegen.decoding import LONG_PROMPTS, PreparedPrompt, Runner, decode, prepare
from humaneval_x.engines.codegen.memory import DeviceMemoryError, Shape, fewer_slots, most_slots
from humaneval_x.engines.codegen.scheduler import seats_for
from humaneval_x.engines.codegen.tokenizer import CodeTokenizer
from humaneval_x.engines.codegen.transcripts import TokenSigns
from humaneval_x.engines.codegen.zoo import purpose_of
from humaneval_x.errors import EngineError
from humaneval_x.records import Completion, Prompt, Sampling

__all__ = ["Backend", "CodeGenEngine", "package_version"]

_log = logging.getLogger(__name__)


class Backend(Protocol):
    """One device with one tensor library: holds a checkpoint's weights and opens runners over them."""

    device: str
    dtype: str
    versions: dict[str, str]
    most_slots: int
    grows: bool
    """Whether prompt caches are made as they are needed, so that any number of prompts may have samples running."""

    def load(self, checkpoint: Checkpoint) -> None:
        """Put the weights on the device, once. Raises DeviceMemoryError."""

    def free_bytes(self) -> int:
        """Memory that caches may take, the weights being loaded."""

    def bytes_for(self, shape: Shape, sampling: Sampling) -> int:
        """What caches and buffers of that shape take."""

    def open_runner(self, shape: Shape, sampling: Sampling, end_tokens: frozenset[int]) -> Runner:
        """A runner with nobody in its slots. Raises DeviceMemoryError. The last one is not used any more."""

    def release(self) -> None:
        """Give back the caches: the next runner is made anew."""

    def close(self) -> None:
        """Give back weights and caches."""


class CodeGenEngine:
    """Draws completions from one checkpoint; weights go to the device at the first `sample`."""

    def __init__(self, checkpoint: Checkpoint, tokenizer: CodeTokenizer, options: EngineOptions, backend: Backend):
        self._checkpoint = checkpoint
        self._tokenizer = tokenizer
        self._options = options
        self._backend = backend
        ends = set(checkpoint.config.end_tokens)
        if tokenizer.end_of_text is not None:
            ends.add(tokenizer.end_of_text)
        self._end_tokens = frozenset(ends)
        self._signs = TokenSigns(tokenizer.token_bytes, self._end_tokens)

    def describe(self) -> dict[str, Any]:
        """Model, hashes of weights and tokenizer, shape, arithmetic and versions."""
        config = self._checkpoint.config
        return {
            "model": self._options.model,
            "purpose": purpose_of(self._checkpoint.folder),
            "weights_sha256": self._checkpoint.sha256,
            "tokenizer_sha256": self._tokenizer.sha256,
            "config": {
                name: getattr(config, name)
                for name in ("vocab_size", "n_positions", "n_embd", "n_layer", "n_head", "n_inner", "rotary_dim")
            },
            "parameters": config.parameters,
            "end_tokens": sorted(self._end_tokens),
            "dtype": self._backend.dtype,
            "device": self._backend.device,
            "long_prompts": LONG_PROMPTS,
            "versions": self._backend.versions,
        }

    def sample(self, requests: Sequence[Request], sampling: Sampling) -> Iterator[tuple[Prompt, Completion]]:
        """Each wanted completion once, as soon as it has ended.

        When the device's memory runs out, what was drawn is given, and the rest is drawn with fewer slots: the samples
        are the same. Raises EngineError if even one slot does not fit.
        """
        prompts = self._prepared(requests, sampling)
        try:
            if prompts:
                self._backend.load(self._checkpoint)
        except DeviceMemoryError as error:
            raise EngineError(
                f"the weights of {self._options.model} do not fit on the device ({error}): `humaneval-x models` lists "
                "what each model needs; take a device with more memory or --dtype float16"
            ) from error
        slots: int | None = self._options.slots or None
        while prompts:
            slots = self._slots(prompts, sampling) if slots is None else slots
            left = {(prompt.request.prompt, number) for prompt in prompts for number in prompt.request.completion_ids}
            slots = min(slots, len(left))
            try:
                for prompt, completion in self._draw(prompts, sampling, slots):
                    left.remove((prompt, completion.completion_id))
                    yield prompt, completion
                return
            except DeviceMemoryError as error:
                fewer = fewer_slots(slots)
                if fewer is None:
                    raise EngineError(
                        f"not even one sample at a time fits into the device's memory ({error}): lower --max-tokens, "
                        "or take a device with more memory; what was drawn is kept"
                    ) from error
                # In words: whoever keeps the error keeps all that had found room before it.
                _log.warning("out of memory with %d slots (%s): going on with %d", slots, str(error), fewer)
                slots = fewer
            # Not above: what failed is held until its error is done with.
            self._backend.release()
            prompts = _remaining(prompts, left)

    def close(self) -> None:
        """Give back weights and caches."""
        self._backend.close()

    def _prepared(self, requests: Sequence[Request], sampling: Sampling) -> list[PreparedPrompt]:
        wanted = [request for request in requests if request.completion_ids]
        encoded = [self._tokenizer.encode(request.prompt.text) for request in wanted]
        positions = self._checkpoint.config.n_positions
        return prepare(wanted, encoded, positions, sampling.max_tokens, min(self._end_tokens, default=0))

    def _slots(self, prompts: Sequence[PreparedPrompt], sampling: Sampling) -> int:
        wanted = sum(len(prompt.request.completion_ids) for prompt in prompts)

        def bytes_for(slots: int) -> int:
            return self._backend.bytes_for(self._shape(prompts, slots), sampling)

        slots = most_slots(wanted, self._backend.free_bytes(), bytes_for, self._backend.most_slots)
        _log.debug("%d samples of %d prompts in %d slots", wanted, len(prompts), slots)
        return slots

    def _draw(
        self, prompts: Sequence[PreparedPrompt], sampling: Sampling, slots: int
    ) -> Iterator[tuple[Prompt, Completion]]:
        shape = self._shape(prompts, slots)
        runner = self._backend.open_runner(shape, sampling, self._end_tokens)
        return decode(
            runner,
            prompts,
            sampling,
            slots=slots,
            seats=shape.seats,
            signs=self._signs,
        )

    def _shape(self, prompts: Sequence[PreparedPrompt], slots: int) -> Shape:
        counts = [len(prompt.request.completion_ids) for prompt in prompts]
        return Shape(
            slots=slots,
            suffix=max(prompt.limit for prompt in prompts),
            seats=len(counts) if self._backend.grows else seats_for(counts, slots),
            prompt=max(len(prompt.tokens) for prompt in prompts),
        )


def _remaining(prompts: Sequence[PreparedPrompt], left: set[tuple[Prompt, int]]) -> list[PreparedPrompt]:
    """The prompts with those of their samples that are left."""
    remaining = []
    for prompt in prompts:
        request = prompt.request
        ids = tuple(number for number in request.completion_ids if (request.prompt, number) in left)
        if ids:
            remaining.append(replace(prompt, request=replace(request, completion_ids=ids)))
    return remaining


def package_version(package: str) -> str:
    """The installed version of a package, empty if there is none."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
