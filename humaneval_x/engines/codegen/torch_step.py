"""One decode step on the device: static buffers, each slot's books, and the launches that make up a step."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from humaneval_x.engines.codegen import kernels
from humaneval_x.engines.codegen.config import CodeGenConfig
from humaneval_x.engines.codegen.memory import Shape
from humaneval_x.engines.codegen.torch_model import TorchLayer, TorchModel
from humaneval_x.records import Sampling

__all__ = ["BROKEN", "TILE_ROWS", "Step", "bytes_for", "prefill_bytes", "rounded_length"]

Tensor = Any

TILE_ROWS = 64
"""Rows of one prompt that are multiplied with its keys and values at once."""

BROKEN = -2
"""Stands for a token where the logits are no numbers; -1 stands where nothing is drawn."""

# Block sizes and numbers of warps, here and below, are those that were fastest on an H100 (docs/engine.md).
_DRAW_BLOCK = 4096
# Outputs that each program of a batch of one computes.
_OUTPUTS = 4


def bytes_for(config: CodeGenConfig, shape: Shape, itemsize: int, penalty: bool) -> int:
    """Device memory of caches and buffers for that shape."""
    hidden, inner, vocabulary = config.n_embd, config.n_inner, config.vocab_size
    row = itemsize * (3 * hidden + inner + hidden + inner + 3 * hidden) + 4 * (2 * hidden + config.n_head + vocabulary)
    row += 4 * ((vocabulary + 31) // 32) * penalty
    cache = itemsize * config.cache_elements_per_token
    prompt = rounded_length(shape.prompt)
    prefill = prefill_bytes(config, shape, itemsize)
    seats = (shape.seats + 1) * (cache * prompt + 4 * vocabulary)
    return shape.slots * (row + cache * shape.suffix) + seats + prefill


def prefill_bytes(config: CodeGenConfig, shape: Shape, itemsize: int) -> int:
    """The activations of the longest prompt's prefill, its attention included."""
    return rounded_length(shape.prompt) * (itemsize * (12 * config.n_embd + 3 * config.n_inner) + 8 * config.n_embd)


def rounded_length(length: int) -> int:
    """Prompts are computed as if they had a multiple of 32 tokens, long ones of 128: few computations to capture."""
    unit = 32 if length <= 512 else 128
    return -(-length // unit) * unit


class Step:
    """Caches, buffers and books of `shape`; `run(size)` computes a step of the first `size` rows."""

    def __init__(self, model: TorchModel, shape: Shape, sampling: Sampling, end_tokens: frozenset[int]) -> None:
        """Raises torch.OutOfMemoryError if the device cannot hold them."""
        self.shape = shape
        self._model = model
        self._sampling = sampling
        config, device, dtype = model.config, model.device, model.dtype
        slots, rows = shape.slots, shape.slots
        hidden, inner, heads, size = config.n_embd, config.n_inner, config.n_head, config.head_size

        def stored(*dimensions: int) -> Tensor:
            return torch.empty(dimensions, dtype=dtype, device=device)

        def floats(*dimensions: int) -> Tensor:
            return torch.empty(dimensions, dtype=torch.float32, device=device)

        def ints(*dimensions: int) -> Tensor:
            return torch.zeros(dimensions, dtype=torch.int32, device=device)

        layers = config.n_layer
        # A spare seat is where prompts are computed, so that a captured computation fits every seat.
        self.prompt_capacity = rounded_length(shape.prompt)
        self.prompt_keys = stored(layers, shape.seats + 1, heads, self.prompt_capacity, size)
        self.prompt_values = stored(layers, shape.seats + 1, heads, self.prompt_capacity, size)
        self.prompt_logits = floats(shape.seats + 1, config.vocab_size)
        self.prompt_tokens = torch.zeros(self.prompt_capacity, dtype=torch.int64, device=device)
        self.prompt_last = torch.zeros(1, dtype=torch.int64, device=device)
        self._positions = torch.arange(self.prompt_capacity, dtype=torch.int32, device=device)
        # A prompt that is rounded up may reach beyond the model's last position, for which there are angles.
        self._turns = self._positions.clamp(max=config.n_positions - 1)
        self._spare_rows = torch.full_like(self._positions, shape.seats)
        self.seat_length = ints(shape.seats)
        self.keys = stored(layers, slots, heads, shape.suffix, size)
        self.values = stored(layers, slots, heads, shape.suffix, size)
        # A slot's books: last token, tokens drawn, most tokens, prompt's length, seat, whether it goes on.
        self.books = ints(6, slots)
        self.token, self.count, self.limit, self.length, self.seat, self.alive = self.books
        self.key = torch.zeros(slots, dtype=torch.int64, device=device)
        self.penalized = sampling.repetition_penalty != 1
        self.seen = ints(slots if self.penalized else 1, (config.vocab_size + 31) // 32)
        self.ends = torch.tensor(sorted(end_tokens) or [-1], dtype=torch.int32, device=device)
        self.drawn = ints(slots)
        self.rows = ints(rows)
        self.tiles = ints(rows + shape.seats, 3)
        self._row_slot, self._row_column, self._row_position = ints(rows), ints(rows), ints(rows)
        self._hidden, self._normed, self._added = floats(rows, hidden), stored(rows, hidden), stored(rows, hidden)
        self._fused, self._joined = stored(rows, 3 * hidden + inner), stored(rows, hidden + inner)
        self._query, self._partial, self._weight = stored(rows, hidden), floats(rows, hidden), floats(rows, heads)
        self._logits = floats(rows, config.vocab_size)
        self._fused_one = floats(3 * hidden + inner)

    def run(self, size: int, tiles: int) -> None:
        """Compute a step: the last tokens through the model, then each row's next token."""
        model, config = self._model, self._model.config
        self.drawn.fill_(-1)
        kernels.embed[(size,)](
            self.rows, self.token, self.count, self.length, self.alive, model.embedding, self._hidden,
            self._row_slot, self._row_column, self._row_position, config.n_embd,
            BLOCK=_power_of_two(config.n_embd), num_warps=4,
        )  # fmt: skip
        if size == 1:
            self._run_one()
        else:
            self._run_many(size, tiles)
        self._draw(size)

    def prefill(self, length: int) -> None:
        """The keys, values and last logits of the prompt in `prompt_tokens` into the spare seat, the last one.

        `length` is the prompt's, rounded up; what stands beyond its end comes after all that is read.
        """
        model, config = self._model, self._model.config
        spare = self.shape.seats
        position = self._positions[:length]
        hidden = F.embedding(self.prompt_tokens[:length], model.embedding).float()
        normed = torch.empty(hidden.shape, dtype=model.dtype, device=model.device)
        query = torch.empty_like(normed)
        joined = torch.empty((length, config.n_embd + config.n_inner), dtype=model.dtype, device=model.device)
        places = (self._spare_rows, position, self._turns[:length])
        self._norm(hidden, model.layers[0].norm, normed)
        for number, layer in enumerate(model.layers):
            fused = F.linear(normed, layer.w_in)
            keys, values = self.prompt_keys[number], self.prompt_values[number]
            self._split(fused, layer, query=query, joined=joined, cache=(keys, values), places=places)
            heads = query.view(length, config.n_head, config.head_size).transpose(0, 1)
            attended = F.scaled_dot_product_attention(
                heads[None], keys[spare, None, :, :length], values[spare, None, :, :length], is_causal=True
            )
            joined[:, : config.n_embd] = attended[0].transpose(0, 1).reshape(length, config.n_embd)
            self._norm(hidden, self._next_norm(number), normed, add=(F.linear(joined, layer.w_out), layer.bias_out))
        last = torch.index_select(normed, 0, self.prompt_last)
        self.prompt_logits[spare] = self._product(last, model.head)[0]

    def keep_prompt(self, seat: int, length: int) -> None:
        """Move what `prefill` computed for a prompt of that length into its seat."""
        for cache in (self.prompt_keys, self.prompt_values):
            cache[:, seat, :, :length] = cache[:, self.shape.seats, :, :length]
        self.prompt_logits[seat] = self.prompt_logits[self.shape.seats]
        self.seat_length[seat] = length

    def _run_many(self, size: int, tiles: int) -> None:
        model = self._model
        hidden, normed, added = self._hidden[:size], self._normed[:size], self._added[:size]
        fused, joined, query = self._fused[:size], self._joined[:size], self._query[:size]
        places = (self._row_slot, self._row_column, self._row_position)
        self._norm(hidden, model.layers[0].norm, normed)
        for number, layer in enumerate(model.layers):
            torch.mm(normed, layer.w_in.t(), out=fused)
            cache = self.keys[number], self.values[number]
            self._split(fused, layer, query=query, joined=joined, cache=cache, places=places)
            self._attend(number, size, tiles)
            torch.mm(joined, layer.w_out.t(), out=added)
            self._norm(hidden, self._next_norm(number), normed, add=(added, layer.bias_out))
        self._product(normed, model.head, out=self._logits[:size])

    def _run_one(self) -> None:
        """A batch of one reads every weight once and does little else: few launches, each as wide as the device."""
        model, config = self._model, self._model.config
        n_embd, n_inner, fused = config.n_embd, config.n_inner, self._fused_one
        size, padded = config.head_size, _power_of_two(config.head_size)
        for number, layer in enumerate(model.layers):
            self._project_in(layer.norm, layer.w_in, layer.bias_in, fused, 3 * n_embd)
            # Attention's output takes the place of v: beside the MLP's part, which has been through GELU.
            kernels.attend_one[(config.n_head,)](
                fused, self.prompt_keys[number], self.prompt_values[number], self.keys[number], self.values[number],
                self._row_slot, self._row_column, self._row_position, self.seat, self.seat_length,
                model.cosines, model.sines, fused[2 * n_embd :],
                n_embd, config.n_head, self.prompt_capacity, self.shape.suffix, config.rotary_dim // 2, size**-0.5,
                HEAD=size, PADDED=padded, BLOCK=max(16, 4096 // padded), num_warps=4,
            )  # fmt: skip
            kernels.project_out_one[(-(-n_embd // _OUTPUTS),)](
                fused[2 * n_embd :], layer.w_out, layer.bias_out, self._hidden, n_embd + n_inner, n_embd,
                OUTPUTS=_OUTPUTS, BLOCK=1024, num_warps=4,
            )  # fmt: skip
        logits = self._logits[0]
        self._project_in(model.norm, model.head, model.head_bias, logits, config.vocab_size)

    def _project_in(
        self, norm: tuple[Tensor, Tensor], weights: Tensor, bias: Tensor, out: Tensor, gelu_from: int
    ) -> None:
        config = self._model.config
        kernels.project_in_one[(-(-len(weights) // _OUTPUTS),)](
            self._hidden, *norm, weights, bias, out,
            config.n_embd, len(weights), gelu_from, config.layer_norm_epsilon,
            PADDED=_power_of_two(config.n_embd), OUTPUTS=_OUTPUTS, BLOCK=512, num_warps=4,
        )  # fmt: skip

    def _attend(self, layer: int, size: int, tiles: int) -> None:
        config, shape = self._model.config, self.shape
        head, heads, scale = config.head_size, config.n_head, config.head_size**-0.5
        first = max(16, _power_of_two(head + 1) // 2)
        second = max(16, _power_of_two(head - first)) if first < head else 16
        kernels.attend_prompts[(tiles, heads)](
            self._query, self.prompt_keys[layer], self.prompt_values[layer], self.tiles, self.seat_length,
            self._partial, self._weight, config.n_embd, heads, self.prompt_capacity, scale,
            HEAD=head, FIRST=first, SECOND=second, ROWS=TILE_ROWS, BLOCK=64 if head <= 128 else 32,
            num_warps=4 if head <= 128 else 8,
        )  # fmt: skip
        kernels.attend_suffixes[(heads, size)](
            self._query, self.keys[layer], self.values[layer], self._row_slot, self._row_column,
            self._partial, self._weight, self._joined,
            config.n_embd, config.n_inner, heads, shape.suffix, scale,
            HEAD=head, FIRST=first, SECOND=second, BLOCK=32 if head <= 128 else 16, STAGES=2,
            num_warps=1 if head <= 128 else 2,
        )  # fmt: skip

    def _split(
        self, fused: Tensor, layer: TorchLayer, *,
        query: Tensor, joined: Tensor, cache: tuple[Tensor, Tensor], places: tuple[Tensor, ...],
    ) -> None:  # fmt: skip
        """Take a layer's first product apart; `places` are each row's slot, column and position in the cache."""
        model, config = self._model, self._model.config
        padded = _power_of_two(config.head_size)
        heads, block = min(_power_of_two(config.n_head), max(1, 1024 // padded)), 1024
        kernels.split[(len(fused), -(-config.n_head // heads) + -(-config.n_inner // block))](
            fused, query, *cache, *places, model.cosines, model.sines, layer.bias_in, joined,
            config.n_embd, config.n_inner, config.n_head, cache[0].shape[-2], config.rotary_dim // 2,
            HEAD=config.head_size, HEADS=heads, PADDED=padded, BLOCK=block, num_warps=4,
        )  # fmt: skip

    def _norm(
        self, hidden: Tensor, norm: tuple[Tensor, Tensor], out: Tensor, *, add: tuple[Tensor, Tensor] | None = None
    ) -> None:
        """Add a product and its bias, if there is one, to the hidden state; its layer norm goes to `out`."""
        config = self._model.config
        added, bias = add or (None, None)
        kernels.norm[(len(hidden),)](
            hidden, added, bias, *norm, out, config.n_embd, config.layer_norm_epsilon,
            ADD=add is not None, BLOCK=_power_of_two(config.n_embd), num_warps=4,
        )  # fmt: skip

    def _next_norm(self, layer: int) -> tuple[Tensor, Tensor]:
        model = self._model
        return model.norm if layer + 1 == model.config.n_layer else model.layers[layer + 1].norm

    def _product(self, normed: Tensor, head: Tensor, out: Tensor | None = None) -> Tensor:
        """Logits without their bias, in float32: the sums of a half-precision product are not rounded to it."""
        if normed.dtype == torch.float32 or not normed.is_cuda:
            return torch.mm(normed.float(), head.float().t(), out=out)
        return torch.mm(normed, head.t(), out_dtype=torch.float32, out=out)

    def _draw(self, size: int) -> None:
        rule, config = self._sampling, self._model.config
        greedy = rule.temperature == 0
        kernels.draw[(size,)](
            self.rows, self.token, self.count, self.limit, self.alive, self.key, self.seat,
            self._logits, self.prompt_logits, self._model.head_bias, self.ends, self.seen, self.drawn,
            1.0 if greedy else 1 / rule.temperature, rule.top_p, rule.repetition_penalty, rule.top_k,
            config.vocab_size, len(self.ends), self.seen.shape[1],
            GREEDY=greedy, TOP_P=not greedy and rule.top_p < 1, PENALTY=self.penalized,
            TOP_K=not greedy and 0 < rule.top_k < config.vocab_size,
            BLOCK=min(_DRAW_BLOCK, _power_of_two(config.vocab_size)), BROKEN=BROKEN, num_warps=16,
        )  # fmt: skip


def _power_of_two(count: int) -> int:
    """The least power of two that is not below."""
    return 1 << max(0, count - 1).bit_length()
