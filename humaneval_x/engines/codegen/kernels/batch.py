"""A step of many rows: what lies between its two matrix products a layer."""

# Triton compiles these functions from their source: annotations other than constexpr mean something to it.
# mypy: ignore-errors

import triton
import triton.language as tl

__all__ = ["attend_prompts", "attend_suffixes", "embed", "gelu", "norm", "rotated", "split"]

_LOWEST = tl.constexpr(-1e30)


@triton.jit
def embed(
    rows, token, count, length, alive, embedding, hidden, row_slot, row_column, row_position, n_embd,
    BLOCK: tl.constexpr,
):  # fmt: skip
    """Begin a step: each row's last token as a vector, and where its key and value go. Grid [rows]."""
    row = tl.program_id(0)
    slot = tl.load(rows + row)
    place = tl.maximum(slot, 0)
    drawn = tl.load(count + place)
    has_token = (slot >= 0) & (tl.load(alive + place) != 0) & (drawn > 0)
    number = tl.where(has_token, tl.load(token + place), 0)
    tl.store(row_slot + row, tl.where(has_token, slot, -1))
    tl.store(row_column + row, drawn - 1)
    tl.store(row_position + row, tl.load(length + place) + drawn - 1)
    columns = tl.arange(0, BLOCK)
    inside = columns < n_embd
    vector = tl.load(embedding + number.to(tl.int64) * n_embd + columns, mask=inside)
    tl.store(hidden + row * n_embd + columns, vector.to(tl.float32), mask=inside)


@triton.jit
def norm(hidden, added, bias, weight, shift, out, n_embd, epsilon, ADD: tl.constexpr, BLOCK: tl.constexpr):
    """Add a block's output to the hidden state, then layer norm for the next. Grid [rows]."""
    row = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    inside = columns < n_embd
    place = row.to(tl.int64) * n_embd + columns
    vector = tl.load(hidden + place, mask=inside, other=0.0)
    if ADD:
        vector += tl.load(added + place, mask=inside, other=0.0).to(tl.float32)
        vector += tl.load(bias + columns, mask=inside, other=0.0)
        tl.store(hidden + place, vector, mask=inside)
    mean = tl.sum(vector, 0) / n_embd
    centred = tl.where(inside, vector - mean, 0.0)
    scale = 1.0 / tl.sqrt_rn(tl.sum(centred * centred, 0) / n_embd + epsilon)
    normed = centred * scale * tl.load(weight + columns, mask=inside) + tl.load(shift + columns, mask=inside)
    tl.store(out + place, normed.to(out.dtype.element_ty), mask=inside)


@triton.jit
def gelu(value):
    """GELU in its tanh form; tanh(z) = 2 sigmoid(2 z) - 1."""
    inner = 0.7978845608028654 * (value + 0.044715 * value * value * value)
    return value * tl.sigmoid(2.0 * inner)


@triton.jit
def rotated(source, head, inner, columns, inside, cosines, sines, half):
    """A head's query or key turned by its position; the rotary elements come first, even ones before odd ones."""
    partner = tl.where(columns < half, columns + half, tl.where(columns < 2 * half, columns - half, columns))
    vector = tl.load(source + head * inner + columns, mask=inside, other=0.0).to(tl.float32)
    other = tl.load(source + head * inner + partner, mask=inside, other=0.0).to(tl.float32)
    turns = columns < 2 * half
    angle = tl.where(columns < half, columns, columns - half)
    cosine = tl.load(cosines + angle, mask=inside & turns, other=1.0)
    sine = tl.load(sines + angle, mask=inside & turns, other=0.0)
    return vector * cosine + tl.where(columns < half, -other, other) * sine


@triton.jit
def split(
    fused, query, keys, values, row_slot, row_column, row_position, cosines, sines, bias, joined,
    n_embd, n_inner, n_head, capacity, half,
    HEAD: tl.constexpr, HEADS: tl.constexpr, PADDED: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Take a layer's first product apart: q and k turned, k and v into the cache, the MLP's part through GELU.

    `fused` [rows, 3 n_embd + n_inner]; `keys`, `values` [slots, heads, capacity, head size]; `query` [rows, n_embd];
    the MLP's part goes to `joined` [rows, n_embd + n_inner] from column n_embd on. Grid [rows, parts of heads, then
    parts of the MLP].
    """
    row = tl.program_id(0).to(tl.int64)
    part = tl.program_id(1)
    parts = tl.cdiv(n_head, HEADS)
    source = fused + row * (3 * n_embd + n_inner)
    slot = tl.load(row_slot + row).to(tl.int64)
    if slot >= 0:
        if part < parts:
            head = (part * HEADS + tl.arange(0, HEADS))[:, None]
            columns = tl.arange(0, PADDED)[None, :]
            inside = (head < n_head) & (columns < HEAD)
            position = tl.load(row_position + row)
            turn = position.to(tl.int64) * half
            turned = rotated(source, head, HEAD, columns, inside, cosines + turn, sines + turn, half)
            tl.store(query + row * n_embd + head * HEAD + columns, turned.to(query.dtype.element_ty), mask=inside)
            turned = rotated(source + n_embd, head, HEAD, columns, inside, cosines + turn, sines + turn, half)
            cell = ((slot * n_head + head) * capacity + tl.load(row_column + row)) * HEAD + columns
            tl.store(keys + cell, turned.to(keys.dtype.element_ty), mask=inside)
            value = tl.load(source + 2 * n_embd + head * HEAD + columns, mask=inside)
            tl.store(values + cell, value.to(values.dtype.element_ty), mask=inside)
        else:
            place = (part - parts) * BLOCK + tl.arange(0, BLOCK)
            there = place < n_inner
            inner = tl.load(source + 3 * n_embd + place, mask=there, other=0.0).to(tl.float32)
            inner = gelu(inner + tl.load(bias + place, mask=there, other=0.0))
            target = joined + row * (n_embd + n_inner) + n_embd + place
            tl.store(target, inner.to(joined.dtype.element_ty), mask=there)


@triton.jit
def attend_prompts(
    query, keys, values, tiles, seat_length, partial, weight, n_embd, n_head, capacity, scale,
    HEAD: tl.constexpr, FIRST: tl.constexpr, SECOND: tl.constexpr, ROWS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Attention over the prompts: rows of one prompt lie together, so it is a dense product. Grid [tiles, heads].

    `tiles` [tiles, 3]: first row, number of rows (0: nothing to do), seat. `partial` [rows, n_embd] is the normalised
    output, `weight` [rows, heads] the logarithm of its sum of weights.
    """
    tile = tl.program_id(0)
    head = tl.program_id(1)
    number = tl.load(tiles + 3 * tile + 1)
    if number > 0:
        seat = tl.load(tiles + 3 * tile + 2).to(tl.int64)
        known = tl.load(seat_length + seat)
        rows = tl.load(tiles + 3 * tile) + tl.arange(0, ROWS)
        own = tl.arange(0, ROWS) < number
        first = tl.arange(0, FIRST)
        second = FIRST + tl.arange(0, SECOND)
        source = query + rows[:, None].to(tl.int64) * n_embd + head * HEAD
        query_first = tl.load(source + first[None, :], mask=own[:, None] & (first < HEAD)[None, :], other=0.0)
        output_first = tl.zeros([ROWS, FIRST], dtype=tl.float32)
        if FIRST < HEAD:
            query_second = tl.load(source + second[None, :], mask=own[:, None] & (second < HEAD)[None, :], other=0.0)
            output_second = tl.zeros([ROWS, SECOND], dtype=tl.float32)
        top = tl.full([ROWS], _LOWEST, dtype=tl.float32)
        total = tl.zeros([ROWS], dtype=tl.float32)
        cache = (seat * n_head + head) * capacity * HEAD
        for start in range(0, known, BLOCK):
            column = start + tl.arange(0, BLOCK)
            there = column < known
            cells = cache + column[:, None] * HEAD
            inside = there[:, None] & (first < HEAD)[None, :]
            key = tl.load(keys + cells + first[None, :], mask=inside, other=0.0)
            scores = tl.dot(query_first, tl.trans(key), input_precision="ieee")
            if FIRST < HEAD:
                beyond = there[:, None] & (second < HEAD)[None, :]
                key = tl.load(keys + cells + second[None, :], mask=beyond, other=0.0)
                scores += tl.dot(query_second, tl.trans(key), input_precision="ieee")
            scores = tl.where(there[None, :], scores * scale, _LOWEST)
            higher = tl.maximum(top, tl.max(scores, 1))
            weights = tl.exp(scores - higher[:, None])
            faded = tl.exp(top - higher)
            total = total * faded + tl.sum(weights, 1)
            weights = weights.to(values.dtype.element_ty)
            value = tl.load(values + cells + first[None, :], mask=inside, other=0.0)
            output_first = output_first * faded[:, None] + tl.dot(weights, value, input_precision="ieee")
            if FIRST < HEAD:
                value = tl.load(values + cells + second[None, :], mask=beyond, other=0.0)
                output_second = output_second * faded[:, None] + tl.dot(weights, value, input_precision="ieee")
            top = higher
        target = partial + rows[:, None].to(tl.int64) * n_embd + head * HEAD
        inside = own[:, None] & (first < HEAD)[None, :]
        tl.store(target + first[None, :], (output_first / total[:, None]).to(partial.dtype.element_ty), mask=inside)
        if FIRST < HEAD:
            inside = own[:, None] & (second < HEAD)[None, :]
            tl.store(
                target + second[None, :], (output_second / total[:, None]).to(partial.dtype.element_ty), mask=inside
            )
        tl.store(weight + rows * n_head + head, top + tl.log(total), mask=own)


@triton.jit
def _suffix_part(cells, values, weights, output, faded, there, inside):
    value = tl.load(values + cells, mask=there[:, None] & inside[None, :], other=0.0).to(tl.float32)
    return output * faded + weights[:, None] * value


@triton.jit
def attend_suffixes(
    query, keys, values, row_slot, row_column, partial, weight, joined, n_embd, n_inner, n_head, capacity, scale,
    HEAD: tl.constexpr, FIRST: tl.constexpr, SECOND: tl.constexpr, BLOCK: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    """Attention of each row over its own suffix, merged with that over its prompt. Grid [heads, rows]."""
    head = tl.program_id(0)
    row = tl.program_id(1).to(tl.int64)
    slot = tl.load(row_slot + row).to(tl.int64)
    if slot >= 0:
        known = tl.load(row_column + row) + 1
        first = tl.arange(0, FIRST)
        second = FIRST + tl.arange(0, SECOND)
        source = query + row * n_embd + head * HEAD
        query_first = tl.load(source + first, mask=first < HEAD, other=0.0).to(tl.float32) * scale
        output_first = tl.zeros([BLOCK, FIRST], dtype=tl.float32)
        if FIRST < HEAD:
            query_second = tl.load(source + second, mask=second < HEAD, other=0.0).to(tl.float32) * scale
            output_second = tl.zeros([BLOCK, SECOND], dtype=tl.float32)
        top = tl.full([], _LOWEST, dtype=tl.float32)
        totals = tl.zeros([BLOCK], dtype=tl.float32)
        cache = (slot * n_head + head) * capacity * HEAD
        for start in tl.range(0, known, BLOCK, num_stages=STAGES):
            column = start + tl.arange(0, BLOCK)
            there = column < known
            cells = cache + column[:, None] * HEAD + first[None, :]
            key = tl.load(keys + cells, mask=there[:, None] & (first < HEAD)[None, :], other=0.0)
            scores = tl.sum(key.to(tl.float32) * query_first[None, :], 1)
            if FIRST < HEAD:
                more = cache + column[:, None] * HEAD + second[None, :]
                key = tl.load(keys + more, mask=there[:, None] & (second < HEAD)[None, :], other=0.0)
                scores += tl.sum(key.to(tl.float32) * query_second[None, :], 1)
            scores = tl.where(there, scores, _LOWEST)
            higher = tl.maximum(top, tl.max(scores, 0))
            weights = tl.where(there, tl.exp(scores - higher), 0.0)
            faded = tl.exp(top - higher)
            totals = totals * faded + weights
            output_first = _suffix_part(cells, values, weights, output_first, faded, there, first < HEAD)
            if FIRST < HEAD:
                output_second = _suffix_part(more, values, weights, output_second, faded, there, second < HEAD)
            top = higher
        of_prompt = tl.load(weight + row * n_head + head)
        higher = tl.maximum(top, of_prompt)
        mine, others = tl.exp(top - higher), tl.exp(of_prompt - higher)
        total = tl.sum(totals, 0) * mine + others
        source = partial + row * n_embd + head * HEAD
        target = joined + row * (n_embd + n_inner) + head * HEAD
        inside = first < HEAD
        output = tl.sum(output_first, 0) * mine + tl.load(source + first, mask=inside).to(tl.float32) * others
        tl.store(target + first, (output / total).to(joined.dtype.element_ty), mask=inside)
        if FIRST < HEAD:
            inside = second < HEAD
            output = tl.sum(output_second, 0) * mine + tl.load(source + second, mask=inside).to(tl.float32) * others
            tl.store(target + second, (output / total).to(joined.dtype.element_ty), mask=inside)
