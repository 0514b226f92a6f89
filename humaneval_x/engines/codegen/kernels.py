"""Triton kernels of a decode step: what lies between its two matrix products a layer, and the draw of tokens.

Rows are the places in a step's batch, slots the places in the caches: `rows[r]` is the slot that row r computes, or -1.
`row_slot[r]` is that slot if its sample has a token to go through the model in this step, else -1; what such a row
computes is never read. Head sizes that are no power of two are read in two parts (80 = 64 + 16), so that no memory
traffic goes to padding. All arithmetic is float32 whatever is stored.
"""

# Triton compiles these functions from their source: annotations other than constexpr mean something to it.
# mypy: ignore-errors

import triton
import triton.language as tl

__all__ = [
    "attend_one",
    "attend_prompts",
    "attend_suffixes",
    "draw",
    "embed",
    "norm",
    "project_in_one",
    "project_out_one",
    "split",
]

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
def _gelu(value):
    """GELU in its tanh form; tanh(z) = 2 sigmoid(2 z) - 1."""
    inner = 0.7978845608028654 * (value + 0.044715 * value * value * value)
    return value * tl.sigmoid(2.0 * inner)


@triton.jit
def _rotated(source, head, inner, columns, inside, cosines, sines, half):
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
            turned = _rotated(source, head, HEAD, columns, inside, cosines + turn, sines + turn, half)
            tl.store(query + row * n_embd + head * HEAD + columns, turned.to(query.dtype.element_ty), mask=inside)
            turned = _rotated(source + n_embd, head, HEAD, columns, inside, cosines + turn, sines + turn, half)
            cell = ((slot * n_head + head) * capacity + tl.load(row_column + row)) * HEAD + columns
            tl.store(keys + cell, turned.to(keys.dtype.element_ty), mask=inside)
            value = tl.load(source + 2 * n_embd + head * HEAD + columns, mask=inside)
            tl.store(values + cell, value.to(values.dtype.element_ty), mask=inside)
        else:
            place = (part - parts) * BLOCK + tl.arange(0, BLOCK)
            there = place < n_inner
            inner = tl.load(source + 3 * n_embd + place, mask=there, other=0.0).to(tl.float32)
            inner = _gelu(inner + tl.load(bias + place, mask=there, other=0.0))
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
    activated = _gelu(result + tl.load(bias + outputs - gelu_from, mask=active, other=0.0))
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
        query = _rotated(fused, head, HEAD, columns, inside, cosines + turn, sines + turn, half) * scale
        key = _rotated(fused + n_embd, head, HEAD, columns, inside, cosines + turn, sines + turn, half)
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


@triton.jit
def _splitmix(state):
    state += 0x9E3779B97F4A7C15
    state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9
    state = (state ^ (state >> 27)) * 0x94D049BB133111EB
    return state ^ (state >> 31)


@triton.jit
def _exponential(low, high, tokens):
    """-log(1 - u) for the uniform number of `randomness.token_uniforms`."""
    mixed = tokens.to(tl.uint32) * 0x9E3779B1 + low
    mixed ^= mixed >> 16
    mixed *= 0x21F0AAAD
    mixed += high
    mixed ^= mixed >> 15
    mixed *= 0xD35A2D97
    mixed ^= mixed >> 15
    uniform = tl.minimum((mixed.to(tl.float32) + 0.5) * 2.3283064365386963e-10, 0.99999994)
    # The first terms of the series where 1 - u would lose what u holds.
    series = uniform * (1.0 + uniform * (0.5 + uniform * (0.33333334 + uniform * 0.25)))
    return tl.where(uniform < 0.03, series, -tl.log(1.0 - uniform))


@triton.jit
def _logits(source, bias, seen, columns, inside, penalty, PENALTY: tl.constexpr):
    value = tl.load(source + columns, mask=inside, other=_LOWEST).to(tl.float32)
    value += tl.load(bias + columns, mask=inside, other=0.0)
    if PENALTY:
        words = tl.load(seen + (columns >> 5), mask=inside, other=0)
        known = ((words >> (columns & 31)) & 1) != 0
        value = tl.where(known, tl.where(value < 0, value * penalty, value / penalty), value)
    return tl.where(inside, value, _LOWEST)


@triton.jit
def _order(value):
    """Integers in the order of the floats."""
    bits = value.to(tl.int32, bitcast=True)
    return bits ^ ((bits >> 31) & 0x7FFFFFFF)


@triton.jit
def _floor_of_top_k(source, bias, seen, n_vocab, penalty, top_k, PENALTY: tl.constexpr, BLOCK: tl.constexpr):
    """The k-th largest logit as `_order` gives it, by bisection: no sort."""
    low = tl.full([], -2147483648, dtype=tl.int64)
    high = tl.full([], 2147483647, dtype=tl.int64)
    # Invariant: at least k logits reach `low`, fewer reach `high` + 1.
    while low < high:
        middle = (low + high + 1) >> 1
        counts = tl.zeros([BLOCK], dtype=tl.int32)
        for start in range(0, n_vocab, BLOCK):
            columns = start + tl.arange(0, BLOCK)
            value = _logits(source, bias, seen, columns, columns < n_vocab, penalty, PENALTY)
            counts += ((_order(value) >= middle) & (columns < n_vocab)).to(tl.int32)
        reached = tl.sum(counts, 0)
        if reached >= top_k:
            low = middle
            if reached == top_k:
                high = middle
        else:
            high = middle - 1
    return low


@triton.jit
def draw(
    rows, token, count, limit, alive, key, seats, logits, prompt_logits, bias, ends, seen, drawn,
    inverse_temperature, top_p, penalty, top_k, n_vocab, n_ends, seen_words,
    GREEDY: tl.constexpr, TOP_P: tl.constexpr, TOP_K: tl.constexpr, PENALTY: tl.constexpr, BLOCK: tl.constexpr,
    BROKEN: tl.constexpr,
):  # fmt: skip
    """Draw each row's next token as `drawing` defines it, and keep the sample's books. Grid [rows].

    A race over all tokens; where top-p is on, its winner counts if the likelier tokens weigh less than top-p together,
    else the race is run again among those that are likelier than it. Logits that are no numbers draw `BROKEN`.
    """
    row = tl.program_id(0).to(tl.int64)
    slot = tl.load(rows + row)
    place = tl.maximum(slot, 0).to(tl.int64)
    if (slot >= 0) & (tl.load(alive + place) != 0):
        number = tl.load(count + place)
        source = logits + row * n_vocab
        if number == 0:
            source = prompt_logits + tl.load(seats + place).to(tl.int64) * n_vocab
        state = tl.load(key + place).to(tl.uint64, bitcast=True)
        state = _splitmix(state + (number + 1).to(tl.uint64) * 0x9E3779B97F4A7C15)
        low = (state & 0xFFFFFFFF).to(tl.uint32)
        high = (state >> 32).to(tl.uint32)
        marks = seen + place * seen_words
        floor = tl.full([], -2147483648, dtype=tl.int64)
        if TOP_K:
            floor = _floor_of_top_k(source, bias, marks, n_vocab, penalty, top_k, PENALTY, BLOCK)
        best = tl.full([BLOCK], -3e38, dtype=tl.float32)
        which = tl.zeros([BLOCK], dtype=tl.int32)
        tops = tl.full([BLOCK], _LOWEST, dtype=tl.float32)
        sums = tl.zeros([BLOCK], dtype=tl.float32)
        for start in range(0, n_vocab, BLOCK):
            columns = start + tl.arange(0, BLOCK)
            value = _logits(source, bias, marks, columns, columns < n_vocab, penalty, PENALTY)
            if TOP_K:
                value = tl.where(_order(value) >= floor, value, _LOWEST)
            if GREEDY:
                score = value
            else:
                value *= inverse_temperature
                score = value - tl.log(_exponential(low, high, columns))
                if TOP_P:
                    higher = tl.maximum(tops, value)
                    sums = sums * tl.exp(tops - higher) + tl.exp(value - higher)
                    tops = higher
            better = score > best
            which = tl.where(better, columns, which)
            best = tl.where(better, score, best)
        leader = tl.max(best, 0)
        winner = tl.min(tl.where(best == leader, which, n_vocab), 0)
        # No logit is a number, or their sum is none.
        broken = leader < -1e20
        if TOP_P:
            top = tl.max(tops, 0)
            room = top_p * tl.sum(sums * tl.exp(tops - top), 0)
            running = 1
            while running != 0:
                weight = _logits(source, bias, marks, winner, winner < n_vocab, penalty, PENALTY) * inverse_temperature
                sums = tl.zeros([BLOCK], dtype=tl.float32)
                for start in range(0, n_vocab, BLOCK):
                    columns = start + tl.arange(0, BLOCK)
                    value = _logits(source, bias, marks, columns, columns < n_vocab, penalty, PENALTY)
                    value *= inverse_temperature
                    sums += tl.where(value > weight, tl.exp(value - top), 0.0)
                # What is no number compares false: that must end the loop, too.
                if tl.sum(sums, 0) >= room:
                    best = tl.full([BLOCK], -3e38, dtype=tl.float32)
                    for start in range(0, n_vocab, BLOCK):
                        columns = start + tl.arange(0, BLOCK)
                        value = _logits(source, bias, marks, columns, columns < n_vocab, penalty, PENALTY)
                        value *= inverse_temperature
                        score = value - tl.log(_exponential(low, high, columns))
                        better = (value > weight) & (score > best)
                        which = tl.where(better, columns, which)
                        best = tl.where(better, score, best)
                    leader = tl.max(best, 0)
                    winner = tl.min(tl.where(best == leader, which, n_vocab), 0)
                else:
                    running = 0
            broken = (leader < -1e20) | ((room >= 0) == 0)
        ended = number + 1 >= tl.load(limit + place)
        for index in range(0, n_ends):
            ended = ended | (tl.load(ends + index) == winner)
        tl.store(token + place, winner)
        tl.store(count + place, number + 1)
        tl.store(alive + place, tl.where(ended | broken, 0, 1))
        tl.store(drawn + place, tl.where(broken, BROKEN, winner))
        if PENALTY:
            word = marks + (winner >> 5)
            tl.store(word, tl.load(word) | (1 << (winner & 31)))
