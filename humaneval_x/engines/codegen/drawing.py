"""The next token of each row, by an exponential race over the tokens that temperature, top-k and top-p leave.

Token i wins with probability p_i if it has the smallest E_i / p_i, E_i exponential. Unlike a draw through a running
sum, two batches whose logits differ in the last bits then differ in a token only if two racers are that close: no sum
over the vocabulary carries the rounding of one token to all others.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from humaneval_x.engines.codegen.randomness import row_keys, token_uniforms
from humaneval_x.records import Sampling

__all__ = ["draw_tokens", "kept_probabilities"]

Floats = npt.NDArray[np.float32]

# Rows are worked on in blocks that stay in the processor's cache.
_BLOCK_ELEMENTS = 1 << 18
_ROUNDING = np.float32(1 - 1e-5)


def draw_tokens(
    logits: Floats,
    sampling: Sampling,
    seeds: npt.NDArray[np.uint64],
    steps: npt.NDArray[np.uint64],
) -> npt.NDArray[np.int64]:
    """One token for each row of `logits` [rows, vocabulary], float32; `seeds` and `steps` are of shape [rows].

    Temperature 0 takes the largest logit, the lowest token among equals.
    """
    rows, vocabulary = logits.shape
    if sampling.temperature == 0:
        greedy: npt.NDArray[np.int64] = np.argmax(logits, axis=-1)
        return greedy
    drawn = np.empty(rows, dtype=np.int64)
    keys = row_keys(seeds, steps)
    block = max(1, _BLOCK_ELEMENTS // vocabulary)
    for start in range(0, rows, block):
        part = slice(start, start + block)
        drawn[part] = _race(kept_probabilities(logits[part], sampling), keys[part])
    return drawn


def kept_probabilities(logits: Floats, sampling: Sampling) -> Floats:
    """Weights proportional to the distribution drawn from, [rows, vocabulary]; 0 for what top-k and top-p exclude.

    As in Hugging Face transformers: divide by the temperature, keep the k largest logits (and what equals the last
    of them), then of the distribution over those keep the most likely tokens up to and including the one at which
    their sum reaches top-p. What equals that one is kept too, so that no order among equals decides.
    """
    weights: Floats = logits - logits.max(axis=-1, keepdims=True)
    weights *= np.float32(1 / sampling.temperature)
    if 0 < sampling.top_k < logits.shape[-1]:
        floor = np.partition(weights, -sampling.top_k, axis=-1)[:, -sampling.top_k, None]
        weights[weights < floor] = -np.inf
    np.exp(weights, out=weights)
    if sampling.top_p < 1:
        weights[weights < _nucleus_floor(weights, sampling.top_p)] = 0
    return weights


def _nucleus_floor(weights: Floats, top_p: float) -> Floats:
    """The smallest weight that top-p keeps, for each row, [rows, 1]."""
    rows, vocabulary = weights.shape
    total = weights.sum(axis=-1, dtype=np.float64, keepdims=True)
    # All tokens below this together weigh less than 1 - top_p: the crossing token is not among them. Half of it
    # leaves room for rounding.
    candidates = weights >= (total * (0.5 * (1 - top_p) / vocabulary)).astype(np.float32)
    counts = candidates.sum(axis=-1)
    width = int(counts.max())
    if width < vocabulary // 2:
        packed = np.zeros((rows, width), dtype=np.float32)
        packed[np.arange(width) < counts[:, None]] = weights[candidates]
        ordered = np.sort(packed, axis=-1)[:, ::-1]
    else:
        ordered = np.sort(weights, axis=-1)[:, ::-1]
    reached = np.cumsum(ordered, axis=-1, dtype=np.float64) >= top_p * total
    # Rounding may keep the sum just below: then all candidates are kept.
    crossing = np.where(reached.any(axis=-1), reached.argmax(axis=-1), np.maximum(counts, 1) - 1)
    floor: Floats = np.take_along_axis(ordered, crossing[:, None], axis=-1)
    # A weight of 0 is excluded whatever the floor; the floor of a row is at least its smallest positive number.
    np.maximum(floor, np.finfo(np.float32).tiny, out=floor)
    return floor


def _race(weights: Floats, keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """The winner of each row's race: the largest weight / -log(1 - u), the lowest token among equals."""
    rows, vocabulary = weights.shape
    alive = np.flatnonzero(weights)
    if alive.size * 2 < weights.size:
        row, token = np.divmod(alive, vocabulary)
        weight = weights.reshape(-1)[alive]
        uniform = token_uniforms(keys[row], token.astype(np.uint32))
        # u <= -log(1 - u) <= u / (1 - u): few can win, and only for these the logarithm is taken.
        above = weight / uniform
        below = np.maximum.reduceat(above * (1 - uniform), np.searchsorted(row, np.arange(rows)))
        close = above >= below[row] * _ROUNDING
        row, token, weight, uniform = row[close], token[close], weight[close], uniform[close]
    else:
        uniforms = token_uniforms(keys[:, None], np.arange(vocabulary, dtype=np.uint32)[None, :])
        above = weights / uniforms
        below = (above * (1 - uniforms)).max(axis=-1)
        row, token = np.nonzero(above >= below[:, None] * _ROUNDING)
        weight, uniform = weights[row, token], uniforms[row, token]
    score = weight / -np.log1p(-uniform.astype(np.float64))
    order = np.lexsort((-token, score, row))
    last = np.searchsorted(row[order], np.arange(rows), side="right") - 1
    winners: npt.NDArray[np.int64] = token[order][last].astype(np.int64)
    return winners
