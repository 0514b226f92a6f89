"""A batch of one reads every weight once: a launch for each product, and one for all of a layer's attention."""

# Triton compiles these functions from their source: annotations other than constexpr mean something to it.
# mypy: ignore-errors

import triton
import triton.language as tl

from humaneval_x.engines.codegen.kernels.batch import gelu, rotated

__all__ = ["attend_one", "project_in_one", "project_out_one"]

_LOWEST = tl.constexpr(-1e30)


@triton.jit
def project_in_one(
    hidden, norm_weight, norm_bias, weights, bias, out, n_embd, n_out, gelu_from, epsilon,
    PADDED: tl.constexpr, OUTPUTS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """For a batch of one: layer norm, a product with `weights` [n_out, n_embd], bias, and GELU from a column on."""
    outputs = tl.program_id(0) * OUTPUTS + tl.arange(0, OUTPUTS)
    wanted = outputs < n_out
    columns = tl.arange(0, BLOCK)
    cells = outputs[:, None].to(tl.int64) * n_embd
    # The first weights are on their way while the norm is computed.
    weight = tl.load(weights + cells + columns[None, :], mask=wanted[:, None] & (columns < n_embd)[None, :], other=0.0)
    every = tl.arange(0, PADDED)
    vector = tl.load(hidden + every, mask=every < n_embd, other=0.0)
    mean = tl.sum(vector, 0) / n_embd
    centred = tl.where(every < n_embd, vector - mean, 0.0)
    inverse = 1.0 / tl.sqrt_rn(tl.sum(centred * centred, 0) / n_embd + epsilon)
    sums = tl.zeros([OUTPUTS, BLOCK], dtype=tl.float32)
    for start in range(0, n_embd, BLOCK):
        inside = columns < n_embd - start
        ahead = start + BLOCK + columns
        following = tl.load(
            weights + cells + ahead[None, :], mask=wanted[:, None] & (ahead < n_embd)[None, :], other=0.0
        )
        part = (tl.load(hidden + start + columns, mask=inside, other=0.0) - mean) * inverse
        part = part * tl.load(norm_weight + start + columns, mask=inside, other=0.0)
        part += tl.load(norm_bias + start + columns, mask=inside, other=0.0)
        sums += weight.to(tl.float32) * part[None, :]
        weight = following
    result = tl.sum(sums, 1)
    active = wanted & (outputs >= gelu_from)
    activated = gelu(result + tl.load(bias + outputs - gelu_from, mask=active, other=0.0))
    tl.store(out + outputs, tl.where(active, activated, result), mask=wanted)


@triton.jit
def project_out_one(
    joined, weights, bias, hidden, n_in, n_embd, OUTPUTS: tl.constexpr, BLOCK: tl.constexpr
):  # fmt: skip
    """For a batch of one: add the product with `weights` [n_embd, n_in], and the bias, to the hidden state."""
    outputs = tl.program_id(0) * OUTPUTS + tl.arange(0, OUTPUTS)
    wanted = outputs < n_embd
    columns = tl.arange(0, BLOCK)
    cells = outputs[:, None].to(tl.int64) * n_in
    weight = tl.load(weights + cells + columns[None, :], mask=wanted[:, None] & (columns < n_in)[None, :], other=0.0)
    sums = tl.zeros([OUTPUTS, BLOCK], dtype=tl.float32)
    for start in range(0, n_in, BLOCK):
        ahead = start + BLOCK + columns
        following = tl.load(weights + cells + ahead[None, :], mask=wanted[:, None] & (ahead < n_in)[None, :], other=0.0)
        part = tl.load(joined + start + columns, mask=columns < n_in - start, other=0.0)
        sums += weight.to(tl.float32) * part[None, :]
        weight = following
    result = tl.sum(sums, 1) + tl.load(bias + outputs, mask=wanted, other=0.0)
    tl.store(hidden + outputs, tl.load(hidden + outputs, mask=wanted) + result, mask=wanted)


@triton.jit
def _attended(keys, values, cells, there, inside, query, top, totals, output):
    """One block of keys and values more: the running maximum, sums of weights and output."""
    mask = there[:, None] & inside[None, :]
    key = tl.load(keys + cells, mask=mask, other=0.0).to(tl.float32)
    scores = tl.where(there, tl.sum(key * query[None, :], 1), _LOWEST)
    higher = tl.maximum(top, tl.max(scores, 0))
    weights = tl.where(there, tl.exp(scores - higher), 0.0)
    faded = tl.exp(top - higher)
    value = tl.load(values + cells, mask=mask, other=0.0).to(tl.float32)
    return higher, totals * faded + weights, output * faded + weights[:, None] * value


@triton.jit
def attend_one(
    fused, prompt_keys, prompt_values, keys, values, row_slot, row_column, row_position, seats, seat_length,
    cosines, sines, joined, n_embd, n_head, prompt_capacity, capacity, half, scale,
    HEAD: tl.constexpr, PADDED: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """For a batch of one, all of a layer's attention: turn, keep, attend to prompt and suffix. Grid [heads].

    `fused` holds q, k, v and the MLP's part in float32; the attention's output goes to `joined` [n_embd + n_inner].
    """
    head = tl.program_id(0)
    slot = tl.load(row_slot).to(tl.int64)
    if slot >= 0:
        columns = tl.arange(0, PADDED)
        inside = columns < HEAD
        turn = tl.load(row_position).to(tl.int64) * half
        now = tl.load(row_column)
        query = rotated(fused, head, HEAD, columns, inside, cosines + turn, sines + turn, half) * scale
        key = rotated(fused + n_embd, head, HEAD, columns, inside, cosines + turn, sines + turn, half)
        key = key.to(keys.dtype.element_ty)
        value = tl.load(fused + 2 * n_embd + head * HEAD + columns, mask=inside, other=0.0).to(values.dtype.element_ty)
        cache = (slot * n_head + head) * capacity * HEAD
        tl.store(keys + cache + now * HEAD + columns, key, mask=inside)
        tl.store(values + cache + now * HEAD + columns, value, mask=inside)
        top = tl.full([], _LOWEST, dtype=tl.float32)
        totals = tl.zeros([BLOCK], dtype=tl.float32)
        output = tl.zeros([BLOCK, PADDED], dtype=tl.float32)
        seat = tl.load(seats + slot).to(tl.int64)
        known = tl.load(seat_length + seat)
        shared = (seat * n_head + head) * prompt_capacity * HEAD
        for start in range(0, known, BLOCK):
            column = start + tl.arange(0, BLOCK)
            cells = shared + column[:, None] * HEAD + columns[None, :]
            top, totals, output = _attended(
                prompt_keys, prompt_values, cells, column < known, inside, query, top, totals, output
            )
        for start in range(0, now, BLOCK):
            column = start + tl.arange(0, BLOCK)
            cells = cache + column[:, None] * HEAD + columns[None, :]
            top, totals, output = _attended(keys, values, cells, column < now, inside, query, top, totals, output)
        # The newest key and value come from registers: another thread's store need not be visible yet.
        score = tl.sum(query * key.to(tl.float32), 0)
        higher = tl.maximum(top, score)
        mine, others = tl.exp(score - higher), tl.exp(top - higher)
        total = tl.sum(totals, 0) * others + mine
        result = tl.sum(output, 0) * others + value.to(tl.float32) * mine
        tl.store(joined + head * HEAD + columns, result / total, mask=inside)
