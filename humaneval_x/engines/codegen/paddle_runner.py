"""CodeGen's prefill and decode in PaddlePaddle, over the internal layout of `checkpoint`.

A step's attention has two parts, merged by log-sum-exp: over the prompt's keys and values, kept once for all samples
of the prompt and multiplied as one dense product for each prompt, and over each sample's own suffix.

The suffix cache is a ring of blocks [slots, heads, block, head size] that all slots write at the same column, the
step's number: a sample that began at step b owns the columns b to now, wherever it is in its text. Writing is thus one
copy, nothing grows or moves, and only the blocks since the oldest running sample began are read.
"""

from __future__ import annotations

import zlib  # noqa: F401  (before paddle: its library exports its own zlib, which crashes Python's if that comes later)
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import paddle
import paddle.nn.functional as F

from humaneval_x.engines.codegen.checkpoint import Checkpoint
from humaneval_x.engines.codegen.config import CodeGenConfig
from humaneval_x.engines.codegen.drawing import draw_tokens
from humaneval_x.records import Sampling

__all__ = ["PaddleModel", "PaddleRunner"]

Tensor = Any
Floats = npt.NDArray[np.float32]

_BLOCK = 32
_MASKED = np.float32(-1e30)


class PaddleModel:
    """A checkpoint's weights as tensors on one device, float32, with the rotary tables."""

    def __init__(self, checkpoint: Checkpoint, device: str) -> None:
        paddle.set_device(device)
        self.config: CodeGenConfig = checkpoint.config
        ends = checkpoint.ends()
        self.embedding = paddle.to_tensor(ends.embedding)
        self.norm = (paddle.to_tensor(ends.norm_weight), paddle.to_tensor(ends.norm_bias))
        self.head = paddle.to_tensor(ends.head)
        self.head_bias = paddle.to_tensor(ends.head_bias)
        self.layers: list[tuple[Tensor, ...]] = []
        scale = np.float32(self.config.head_size**-0.5)
        for layer in checkpoint.layers():
            # Scores are divided by the square root of the head size: the queries' columns carry that.
            layer.w_in[:, : self.config.n_embd] *= scale
            parts = (layer.norm_weight, layer.norm_bias, layer.w_in, layer.b_in, layer.w_out, layer.b_out)
            self.layers.append(tuple(paddle.to_tensor(part) for part in parts))
        self.cosines, self.sines = _rotary_tables(self.config)

    def normalize(self, hidden: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Layer norm over the last dimension."""
        return F.layer_norm(hidden, self.config.n_embd, weight, bias, self.config.layer_norm_epsilon)

    def project(self, hidden: Tensor, layer: int, cosines: Tensor, sines: Tensor) -> tuple[Tensor, ...]:
        """Rotated q and k, v (each [rows, heads, head size]) and the MLP's inner part [rows, n_inner]."""
        norm_weight, norm_bias, w_in, b_in, _, _ = self.layers[layer]
        config = self.config
        fused = paddle.matmul(self.normalize(hidden, norm_weight, norm_bias), w_in) + b_in
        query_key, value, inner = paddle.split(fused, [2 * config.n_embd, config.n_embd, config.n_inner], axis=-1)
        query_key = query_key.reshape([-1, 2 * config.n_head, config.head_size])
        half, rest = config.rotary_dim // 2, config.head_size - config.rotary_dim
        parts = paddle.split(query_key, [half, half] + ([rest] if rest else []), axis=-1)
        even, odd = parts[0], parts[1]
        turned = [even * cosines - odd * sines, odd * cosines + even * sines, *parts[2:]]
        query, key = paddle.split(paddle.concat(turned, axis=-1), 2, axis=1)
        return query, key, value.reshape([-1, config.n_head, config.head_size]), F.gelu(inner, approximate=True)

    def combine(self, hidden: Tensor, layer: int, attention: Tensor, inner: Tensor) -> Tensor:
        """The block's output from attention [rows, heads, head size] and the MLP's inner part."""
        _, _, _, _, w_out, b_out = self.layers[layer]
        attention = attention.reshape([-1, self.config.n_embd])
        return hidden + paddle.matmul(paddle.concat([attention, inner], axis=-1), w_out) + b_out

    def logits(self, hidden: Tensor) -> Tensor:
        """Logits [rows, vocabulary] of the last block's output."""
        return paddle.matmul(self.normalize(hidden, *self.norm), self.head) + self.head_bias

    def rotary(self, positions: npt.NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Cosines and sines [rows, 1, rotary / 2] at these positions."""
        return paddle.to_tensor(self.cosines[positions, None]), paddle.to_tensor(self.sines[positions, None])


class PaddleRunner:
    """Prompt caches, suffix cache and the state of each slot; see `decoding.Runner`."""

    def __init__(self, model: PaddleModel, sampling: Sampling, *, slots: int, suffix: int) -> None:
        """`suffix` is the most tokens that a sample may have."""
        self._model = model
        self._sampling = sampling
        self._prompts: dict[int, _PromptCache] = {}
        self._cache = _SuffixCache(model.config, slots, suffix)
        self._row_of_slot = np.arange(slots)
        self._step = 0
        self._live = np.zeros(slots, dtype=bool)
        self._prompt = np.zeros(slots, dtype=np.int64)
        self._token = np.zeros(slots, dtype=np.int64)
        self._position = np.zeros(slots, dtype=np.int64)
        self._began = np.zeros(slots, dtype=np.int64)
        self._drawn = np.zeros(slots, dtype=np.uint64)
        self._seed = np.zeros(slots, dtype=np.uint64)

    def prefill(self, prompt: int, tokens: Sequence[int]) -> None:
        """Compute the prompt's keys, values and last logits."""
        with paddle.no_grad():
            self._prompts[prompt] = _prefilled(self._model, np.asarray(tokens, dtype=np.int64))

    def place(self, prompt: int, slots: Sequence[int], seeds: Sequence[int]) -> npt.NDArray[np.int64]:
        """Put samples into free slots and draw their first tokens from the prompt's logits."""
        rows = self._row_of_slot[np.asarray(slots)]
        if rows.min() < 0:
            raise ValueError("a slot was filled after the last samples were placed and its row was dropped")
        cache = self._prompts[prompt]
        seed = np.asarray(seeds, dtype=np.uint64)
        logits = np.broadcast_to(cache.logits, (len(rows), cache.logits.shape[-1]))
        tokens = draw_tokens(logits, self._sampling, seed, np.zeros(len(rows), dtype=np.uint64))
        self._live[rows] = True
        self._prompt[rows] = prompt
        self._token[rows] = tokens
        self._position[rows] = cache.length
        self._began[rows] = self._step
        self._drawn[rows] = 1
        self._seed[rows] = seed
        return tokens

    def advance(self) -> npt.NDArray[np.int64]:
        """One decode step: [1, slots]."""
        with paddle.no_grad():
            self._shrink()
        live = np.flatnonzero(self._live)
        drawn = np.full((1, len(self._row_of_slot)), -1, dtype=np.int64)
        with paddle.no_grad():
            logits = self._logits().numpy()
        if len(live) < len(logits):
            logits = logits[live]
        tokens = draw_tokens(logits, self._sampling, self._seed[live], self._drawn[live])
        self._token[live] = tokens
        self._position[live] += 1
        self._drawn[live] += np.uint64(1)
        self._step += 1
        slots = np.flatnonzero(self._row_of_slot >= 0)
        slots = slots[self._live[self._row_of_slot[slots]]]
        drawn[0, slots] = self._token[self._row_of_slot[slots]]
        return drawn

    def vacate(self, slot: int) -> None:
        """The slot's row computes on, unread, until it is placed anew or dropped."""
        row = self._row_of_slot[slot]
        self._live[row] = False
        self._token[row] = self._position[row] = 0

    def forget(self, prompt: int) -> None:
        """Give a prompt's cache back."""
        del self._prompts[prompt]

    def _logits(self) -> Tensor:
        model, live = self._model, self._live
        self._began[~live] = self._step
        # Empty rows need some prompt that is still there; what they compute is not read.
        self._prompt[~live] = self._prompt[live][0]
        groups = _Groups(self._prompt)
        mask = self._cache.open_step(self._step, self._began)
        cosines, sines = model.rotary(self._position)
        hidden = F.embedding(paddle.to_tensor(self._token), model.embedding)
        for layer in range(model.config.n_layer):
            query, key, value, inner = model.project(hidden, layer, cosines, sines)
            self._cache.write(layer, key, value)
            prompt = groups.attend(query, [self._prompts[number].layers[layer] for number in groups.prompts])
            suffix = self._cache.attend(layer, query, mask)
            hidden = model.combine(hidden, layer, _merge(prompt, suffix), inner)
        return model.logits(hidden)

    def _shrink(self) -> None:
        """Drop the empty rows once they are half of all: whoever waits has been placed before a step is made."""
        live = np.flatnonzero(self._live)
        if len(live) > len(self._live) // 2:
            return
        self._cache.keep_rows(live)
        place = np.full(len(self._live) + 1, -1)
        place[live] = np.arange(len(live))
        self._row_of_slot = place[self._row_of_slot]
        for name in ("_prompt", "_token", "_position", "_began", "_drawn", "_seed", "_live"):
            setattr(self, name, getattr(self, name)[live])


class _PromptCache:
    """One prompt's keys [heads, head size, tokens] and values [heads, tokens, head size] by layer, and last logits."""

    def __init__(self, layers: list[tuple[Tensor, Tensor]], logits: Floats, length: int) -> None:
        self.layers = layers
        self.logits = logits
        self.length = length


class _Groups:
    """Rows by prompt: each prompt's rows become one dense product with its keys and values."""

    def __init__(self, prompt_of_row: npt.NDArray[np.int64]) -> None:
        order = np.argsort(prompt_of_row, kind="stable")
        prompts, starts = np.unique(prompt_of_row[order], return_index=True)
        self.prompts: list[int] = prompts.tolist()
        self._bounds = [*starts.tolist(), len(order)]
        self._sorted = bool((order == np.arange(len(order))).all())
        self._order = paddle.to_tensor(order)
        self._back = paddle.to_tensor(np.argsort(order))

    def attend(self, query: Tensor, caches: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor, Tensor]:
        """Unnormalized output [rows, heads, head size], largest score and sum of weights [rows, heads, 1]."""
        if not self._sorted:
            query = paddle.gather(query, self._order)
        by_head = query.transpose([1, 0, 2])
        parts = []
        for number, (keys, values) in enumerate(caches):
            rows = by_head[:, self._bounds[number] : self._bounds[number + 1]] if len(caches) > 1 else by_head
            scores = paddle.matmul(rows, keys)
            top = scores.max(axis=-1, keepdim=True)
            weights = paddle.exp(scores - top)
            parts.append((paddle.matmul(weights, values), top, weights.sum(axis=-1, keepdim=True)))
        joined = [paddle.concat(part, axis=1) if len(parts) > 1 else part[0] for part in zip(*parts, strict=True)]
        joined = [part.transpose([1, 0, 2]) for part in joined]
        if not self._sorted:
            joined = [paddle.gather(part, self._back) for part in joined]
        return joined[0], joined[1], joined[2]


class _SuffixCache:
    """The ring of blocks; see the module's head."""

    def __init__(self, config: CodeGenConfig, rows: int, suffix: int) -> None:
        self._config = config
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
        return paddle.to_tensor(np.where(seen, np.float32(0), _MASKED)[:, None])

    def write(self, layer: int, key: Tensor, value: Tensor) -> None:
        """Store keys and values [rows, heads, head size] in the current column."""
        keys, values = self._blocks[-1][layer]
        keys[:, :, self._column] = key
        values[:, :, self._column] = value

    def attend(self, layer: int, query: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """As `_Groups.attend`, over each row's own columns."""
        heads, size = self._config.n_head, self._config.head_size
        query = query.reshape([-1, 1, size])
        flat = [
            (keys.reshape([-1, _BLOCK, size]), values.reshape([-1, _BLOCK, size]))
            for keys, values in (block[layer] for block in self._blocks)
        ]
        scores = [paddle.matmul(query, keys, transpose_y=True) for keys, _ in flat]
        joined = scores[0] if len(scores) == 1 else paddle.concat(scores, axis=-1)
        joined = joined.reshape([self._rows, heads, -1]) + mask
        top = joined.max(axis=-1, keepdim=True)
        weights = paddle.exp(joined - top)
        total = weights.sum(axis=-1, keepdim=True)
        by_block = weights.reshape([self._rows * heads, 1, -1]).split(len(flat), axis=-1)
        output = paddle.matmul(by_block[0], flat[0][1])
        for part, (_, values) in zip(by_block[1:], flat[1:], strict=True):
            output = output + paddle.matmul(part, values)
        return output.reshape([self._rows, heads, size]), top, total

    def keep_rows(self, rows: npt.NDArray[np.int64]) -> None:
        """Keep only these rows, in this order."""
        index = paddle.to_tensor(rows)
        self._rows = len(rows)
        for place, block in enumerate(self._ring):
            if block is not None:
                self._ring[place] = [
                    (paddle.gather(keys, index), paddle.gather(values, index)) for keys, values in block
                ]

    def _block(self, place: int) -> list[tuple[Tensor, Tensor]]:
        block = self._ring[place]
        if block is None:
            shape = [self._rows, self._config.n_head, _BLOCK, self._config.head_size]
            block = [(paddle.zeros(shape), paddle.zeros(shape)) for _ in range(self._config.n_layer)]
            self._ring[place] = block
        return block


def _prefilled(model: PaddleModel, tokens: npt.NDArray[np.int64]) -> _PromptCache:
    count = len(tokens)
    cosines, sines = model.rotary(np.arange(count))
    mask = paddle.to_tensor(np.triu(np.full((count, count), _MASKED), 1))
    hidden = F.embedding(paddle.to_tensor(tokens), model.embedding)
    layers = []
    for layer in range(model.config.n_layer):
        query, key, value, inner = model.project(hidden, layer, cosines, sines)
        keys, values = key.transpose([1, 2, 0]), value.transpose([1, 0, 2])
        layers.append((keys, values))
        if layer == model.config.n_layer - 1:
            # Only the last position has a successor to predict.
            query, inner, hidden, mask = query[-1:], inner[-1:], hidden[-1:], mask[-1:]
        weights = F.softmax(paddle.matmul(query.transpose([1, 0, 2]), keys) + mask, axis=-1)
        hidden = model.combine(hidden, layer, paddle.matmul(weights, values).transpose([1, 0, 2]), inner)
    return _PromptCache(layers, model.logits(hidden).numpy(), count)


def _merge(prompt: tuple[Tensor, Tensor, Tensor], suffix: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """Attention over both parts, [rows, heads, head size], from each part's output, largest score and sum."""
    top = paddle.maximum(prompt[1], suffix[1])
    of_prompt, of_suffix = paddle.exp(prompt[1] - top), paddle.exp(suffix[1] - top)
    total = prompt[2] * of_prompt + suffix[2] * of_suffix
    return prompt[0] * (of_prompt / total) + suffix[0] * (of_suffix / total)


def _rotary_tables(config: CodeGenConfig) -> tuple[Floats, Floats]:
    """Cosines and sines, [n_positions, rotary / 2], in float32 throughout as in the published implementation."""
    exponents = np.arange(0, config.rotary_dim, 2, dtype=np.float32) / np.float32(config.rotary_dim)
    frequencies = (np.float32(1) / np.float32(10000) ** exponents).astype(np.float32)
    angles = np.arange(config.n_positions, dtype=np.float32)[:, None] * frequencies
    return np.cos(angles), np.sin(angles)
