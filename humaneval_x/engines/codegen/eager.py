"""CodeGen's prefill and decode, operation by operation, over whichever tensor library gives the operations.

Made for processors with few cores, where the arithmetic and not its launching costs time. A step's attention has two
parts, merged by log-sum-exp: over the prompt's keys and values, kept once for all samples of the prompt and multiplied
as one dense product for each prompt, and over each sample's own suffix (`eager_attention`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from humaneval_x.engines.codegen.checkpoint import Checkpoint
from humaneval_x.engines.codegen.config import CodeGenConfig
from humaneval_x.engines.codegen.drawing import Drawer
from humaneval_x.engines.codegen.eager_attention import MASKED, Groups, SuffixCache, merged
from humaneval_x.engines.codegen.operations import Operations, Tensor
from humaneval_x.engines.codegen.rotary import rotary_tables
from humaneval_x.records import Sampling

__all__ = ["EagerModel", "EagerRunner", "PromptCache"]

Floats = npt.NDArray[np.float32]


class EagerModel:
    """A checkpoint's weights as tensors on one device, float32, with the rotary tables."""

    def __init__(self, checkpoint: Checkpoint, operations: Operations) -> None:
        """Raises DeviceMemoryError if memory does not hold them."""
        self.ops = operations
        self.config: CodeGenConfig = checkpoint.config
        config = self.config
        with operations.computing():
            self.layers: list[tuple[Tensor, ...]] = []
            scale = np.float32(config.head_size**-0.5)
            for layer in checkpoint.layers():
                # Scores are divided by the square root of the head size: the queries' columns carry that.
                layer.w_in[:, : config.n_embd] *= scale
                parts = (layer.norm_weight, layer.norm_bias, layer.w_in, layer.b_in, layer.w_out, layer.b_out)
                self.layers.append(tuple(operations.tensor(part) for part in parts))
                # The next layer is read while these names live: without them only one is in memory twice.
                del layer, parts
            self.embedding = operations.zeros([config.vocab_size, config.n_embd])
            for start, rows in checkpoint.embedding_rows():
                self.embedding[start : start + len(rows)] = operations.tensor(rows)
            self.head = operations.zeros([config.n_embd, config.vocab_size])
            for start, rows in checkpoint.head_rows():
                self.head[:, start : start + len(rows)] = operations.tensor(np.ascontiguousarray(rows.T))
            self.norm = (operations.tensor(checkpoint.norm_weight()), operations.tensor(checkpoint.norm_bias()))
            self.head_bias = operations.tensor(checkpoint.head_bias())
        self._cosines, self._sines = rotary_tables(config)

    def project(self, hidden: Tensor, layer: int, cosines: Tensor, sines: Tensor) -> tuple[Tensor, ...]:
        """Rotated q and k, v (each [rows, heads, head size]) and the MLP's inner part [rows, n_inner]."""
        norm_weight, norm_bias, w_in, b_in, _, _ = self.layers[layer]
        config, ops = self.config, self.ops
        normed = ops.norm(hidden, norm_weight, norm_bias, config.layer_norm_epsilon)
        fused = ops.linear(normed, w_in, b_in)
        query_key, value, inner = ops.split(fused, [2 * config.n_embd, config.n_embd, config.n_inner], -1)
        query_key = query_key.reshape([-1, 2 * config.n_head, config.head_size])
        half, rest = config.rotary_dim // 2, config.head_size - config.rotary_dim
        even, odd, *others = ops.split(query_key, [half, half] + ([rest] if rest else []), -1)
        turned = ops.concat([even * cosines - odd * sines, odd * cosines + even * sines, *others], -1)
        query, key = ops.split(turned, [config.n_head, config.n_head], 1)
        return query, key, value.reshape([-1, config.n_head, config.head_size]), ops.gelu(inner)

    def combine(self, hidden: Tensor, layer: int, attention: Tensor, inner: Tensor) -> Tensor:
        """The block's output from attention [rows, heads, head size] and the MLP's inner part."""
        _, _, _, _, w_out, b_out = self.layers[layer]
        joined = self.ops.concat([attention.reshape([-1, self.config.n_embd]), inner], -1)
        return hidden + self.ops.linear(joined, w_out, b_out)

    def logits(self, hidden: Tensor) -> Floats:
        """Logits [rows, vocabulary] of the last block's output."""
        normed = self.ops.norm(hidden, *self.norm, self.config.layer_norm_epsilon)
        logits: Floats = self.ops.array(self.ops.linear(normed, self.head, self.head_bias))
        return logits

    def rotary(self, positions: npt.NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Cosines and sines [rows, 1, rotary / 2] at these positions."""
        return self.ops.tensor(self._cosines[positions, None]), self.ops.tensor(self._sines[positions, None])

    def prefill(self, tokens: npt.NDArray[np.int64]) -> PromptCache:
        """A prompt's keys, values and last logits."""
        config, ops, count = self.config, self.ops, len(tokens)
        cosines, sines = self.rotary(np.arange(count))
        mask = ops.tensor(np.triu(np.full((count, count), MASKED), 1))
        hidden = ops.rows(self.embedding, ops.tensor(tokens))
        layers = []
        for layer in range(config.n_layer):
            query, key, value, inner = self.project(hidden, layer, cosines, sines)
            keys, values = ops.permuted(key, [1, 2, 0]), ops.permuted(value, [1, 0, 2])
            layers.append((keys, values))
            if layer == config.n_layer - 1:
                # Only the last position has a successor to predict.
                query, inner, hidden, mask = query[-1:], inner[-1:], hidden[-1:], mask[-1:]
            scores = ops.matmul(ops.permuted(query, [1, 0, 2]), keys) + mask
            weights = ops.exp(scores - ops.last_max(scores))
            attended = ops.matmul(weights, values) / ops.last_sum(weights)
            hidden = self.combine(hidden, layer, ops.permuted(attended, [1, 0, 2]), inner)
        return PromptCache(layers=layers, logits=self.logits(hidden), length=count)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptCache:
    """One prompt's keys [heads, head size, tokens] and values [heads, tokens, head size] by layer, and last logits."""

    layers: list[tuple[Tensor, Tensor]]
    logits: Floats
    length: int


class EagerRunner:
    """Prompt caches, suffix cache and the state of each slot; see `decoding.Runner`. A block is one step."""

    depth = 1
    block = 1

    def __init__(self, model: EagerModel, sampling: Sampling, drawer: Drawer, *, slots: int, suffix: int) -> None:
        """`suffix` is the most tokens that a sample may have."""
        self._model = model
        self._sampling = sampling
        self._drawer = drawer
        self._prompts: dict[int, PromptCache] = {}
        self._cache = SuffixCache(model.config, model.ops, slots, suffix)
        self._rows = _Rows(slots, model.config.vocab_size, remember=sampling.repetition_penalty != 1)
        self._prompt_tokens: dict[int, list[int]] = {}
        self._step = 0
        self._drawn: npt.NDArray[np.int32] | None = None

    def prefill(self, seat: int, tokens: Sequence[int]) -> None:
        """Compute the prompt's keys, values and last logits."""
        with self._model.ops.computing():
            self._prompts[seat] = self._model.prefill(np.asarray(tokens, dtype=np.int64))
        self._prompt_tokens[seat] = list(tokens)

    def place(self, seat: int, slots: Sequence[int], seeds: Sequence[int], limit: int) -> None:  # noqa: ARG002
        """Put samples into free slots; the caller takes them out at their limit."""
        length = self._prompts[seat].length
        self._rows.place(seat, slots, seeds, length=length, step=self._step, known=self._prompt_tokens[seat])

    def launch(self, steps: int) -> None:
        """Draw one token for every sample."""
        if steps != 1:
            raise ValueError(f"this runner draws one step at a time, not {steps}")
        rows = self._rows
        with self._model.ops.computing():
            kept = rows.shrink()
            if kept is not None:
                self._cache.keep_rows(kept)
            started = rows.live & (rows.drawn > 0)
            tokens = np.full(len(rows.live), -1, dtype=np.int64)
            if started.any():
                logits = self._logits()
                where = np.flatnonzero(started)
                tokens[where] = self._draw(logits if len(where) == len(logits) else logits[where], where)
                self._step += 1
        for seat in np.unique(rows.seat[rows.live & ~started]).tolist():
            where = np.flatnonzero(rows.live & ~started & (rows.seat == seat))
            logits = self._prompts[seat].logits
            tokens[where] = self._draw(np.broadcast_to(logits, (len(where), logits.shape[-1])), where)
            # Its first own column is that of the next step.
            rows.began[where] = self._step
        rows.note(tokens)
        self._drawn = rows.by_slot(tokens)[None]

    def collect(self) -> npt.NDArray[np.int32]:
        """What `launch` drew: [1, slots]."""
        drawn, self._drawn = self._drawn, None
        if drawn is None:
            raise ValueError("nothing was launched that is not collected")
        return drawn

    def vacate(self, slots: Sequence[int]) -> None:
        """The slots' rows compute on, unread, until they are placed anew or dropped."""
        self._rows.vacate(slots)

    def forget(self, seat: int) -> None:
        """Give a prompt's cache back."""
        del self._prompts[seat], self._prompt_tokens[seat]

    def _draw(self, logits: Floats, where: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        rows = self._rows
        seen = None if rows.seen is None else rows.seen[where]
        steps = rows.drawn[where].astype(np.uint64)
        return self._drawer.draw(logits, self._sampling, rows.seed[where], steps, seen=seen)

    def _logits(self) -> Floats:
        model, rows, ops = self._model, self._rows, self._model.ops
        idle = ~(rows.live & (rows.drawn > 0))
        # Idle rows need some prompt that is still there and a window of their own; what they compute is not read.
        seats = np.where(idle, rows.seat[~idle][0], rows.seat)
        began = np.where(idle, self._step, rows.began)
        groups = Groups(seats, ops)
        mask = self._cache.open_step(self._step, began)
        cosines, sines = model.rotary(np.where(idle, 0, rows.position))
        hidden = ops.rows(model.embedding, ops.tensor(np.where(idle, 0, rows.token)))
        for layer in range(model.config.n_layer):
            query, key, value, inner = model.project(hidden, layer, cosines, sines)
            self._cache.write(layer, key, value)
            prompt = groups.attend(query, [self._prompts[number].layers[layer] for number in groups.seats])
            suffix = self._cache.attend(layer, query, mask)
            hidden = model.combine(hidden, layer, merged(prompt, suffix, ops), inner)
        return model.logits(hidden)


class _Rows:
    """The state of each row of the batch. Rows are the slots at first; empty ones are dropped as the work runs out."""

    def __init__(self, slots: int, vocabulary: int, *, remember: bool) -> None:
        self._row_of_slot = np.arange(slots)
        self.live = np.zeros(slots, dtype=bool)
        self.seat = np.zeros(slots, dtype=np.int64)
        self.token = np.zeros(slots, dtype=np.int64)
        self.position = np.zeros(slots, dtype=np.int64)
        self.began = np.zeros(slots, dtype=np.int64)
        self.drawn = np.zeros(slots, dtype=np.int64)
        self.seed = np.zeros(slots, dtype=np.uint64)
        self.seen = np.zeros((slots, vocabulary), dtype=bool) if remember else None

    def place(
        self, seat: int, slots: Sequence[int], seeds: Sequence[int], *, length: int, step: int, known: Sequence[int]
    ) -> None:
        rows = self._row_of_slot[np.asarray(slots)]
        if rows.min() < 0:
            raise ValueError("a slot was filled after the last samples were placed and its row was dropped")
        self.live[rows] = True
        self.seat[rows] = seat
        self.position[rows] = length - 1
        self.began[rows] = step
        self.drawn[rows] = 0
        self.seed[rows] = np.asarray(seeds, dtype=np.uint64)
        if self.seen is not None:
            self.seen[rows] = False
            self.seen[np.ix_(rows, known)] = True

    def vacate(self, slots: Sequence[int]) -> None:
        self.live[self._row_of_slot[np.asarray(slots, dtype=np.int64)]] = False

    def note(self, tokens: npt.NDArray[np.int64]) -> None:
        """Each live row's new token."""
        rows = np.flatnonzero(self.live)
        self.token[rows] = tokens[rows]
        self.position[rows] += 1
        self.drawn[rows] += 1
        if self.seen is not None:
            self.seen[rows, tokens[rows]] = True

    def by_slot(self, tokens: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        found = np.where(self._row_of_slot >= 0, tokens[self._row_of_slot], -1)
        return found.astype(np.int32)

    def shrink(self) -> npt.NDArray[np.int64] | None:
        """Drop the empty rows once they are half of all; the rows that stay, or None if all do.

        Whoever waits has been placed before a step is made, so an empty row stays empty.
        """
        live = np.flatnonzero(self.live)
        if len(live) > len(self.live) // 2:
            return None
        place = np.full(len(self.live) + 1, -1)
        place[live] = np.arange(len(live))
        self._row_of_slot = place[self._row_of_slot]
        for name in ("seat", "token", "position", "began", "drawn", "seed", "live", "seen"):
            state = getattr(self, name)
            setattr(self, name, None if state is None else state[live])
        return live
