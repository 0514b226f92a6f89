"""The draw of tokens, as `codegen.drawing` defines it, and each sample's books."""

# Triton compiles these functions from their source: annotations other than constexpr mean something to it.
# mypy: ignore-errors

import triton
import triton.language as tl

__all__ = ["draw"]

_LOWEST = tl.constexpr(-1e30)


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
        strange = tl.zeros([BLOCK], dtype=tl.int32)
        for start in range(0, n_vocab, BLOCK):
            columns = start + tl.arange(0, BLOCK)
            value = _logits(source, bias, marks, columns, columns < n_vocab, penalty, PENALTY)
            strange |= (value != value).to(tl.int32)  # noqa: PLR0124  (what is no number is unlike itself)
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
        # A logit is no number, or none is more than minus infinity.
        broken = (leader < -1e20) | (tl.max(strange, 0) != 0)
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
            # Infinite logits have no sum.
            broken = broken | (leader < -1e20) | ((room >= 0) == 0)
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
