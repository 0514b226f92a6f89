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
        drawn[part] = _draw_block(logits[part], sampling, keys[part])
    return drawn


def kept_probabilities(logits: Floats, sampling: Sampling) -> Floats:
    """Weights proportional to the distribution drawn from, [rows, vocabulary]; 0 for what top-k and top-p exclude.

    As in Hugging Face transformers: divide by the temperature, keep the k largest logits (and what equals the last
    of them), then of the distribution over those keep the most likely tokens up to and including the one at which
    their sum reaches top-p. What equals that one is kept too, so that no order among equals decides. This is the
    definition; `draw_tokens` draws from it without sorting.
    """
    weights = _weights(logits, sampling)
    if sampling.top_p < 1:
        ordered = np.sort(weights, axis=-1)[:, ::-1]
        sums = np.cumsum(ordered, axis=-1, dtype=np.float64)
        crossing = (sums >= sampling.top_p * sums[:, -1:]).argmax(axis=-1)
        weights[weights < np.take_along_axis(ordered, crossing[:, None], axis=-1)] = 0
    return weights


def _weights(logits: Floats, sampling: Sampling) -> Floats:
    """exp of what temperature and top-k leave, relative to the largest; 0 elsewhere."""
    weights: Floats = logits - logits.max(axis=-1, keepdims=True)
    weights *= np.float32(1 / sampling.temperature)
    if 0 < sampling.top_k < logits.shape[-1]:
        floor = np.partition(weights, -sampling.top_k, axis=-1)[:, -sampling.top_k, None]
        weights[weights < floor] = -np.inf
    np.exp(weights, out=weights)
    return weights


def _draw_block(logits: Floats, sampling: Sampling, keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """The race over all tokens, its winner taken if top-p keeps it, else run again without what top-p excludes.

    The first of the kept tokens in the order of one race is the winner of the race among the kept ones. A token is
    kept if the likelier ones together weigh less than top-p; if it is not, no less likely one is either.
    """
    weights = _weights(logits, sampling)
    if sampling.top_p >= 1:
        return _race(weights, keys)
    rows, vocabulary = weights.shape
    total = weights.sum(axis=-1, dtype=np.float64)
    # Tokens below this weigh less than 1 - top_p together, so none is kept. Half of it leaves room for rounding.
    weights[weights < (total * (0.5 * (1 - sampling.top_p) / vocabulary)).astype(np.float32)[:, None]] = 0
    drawn = np.empty(rows, dtype=np.int64)
    pending = np.arange(rows)
    while pending.size:
        winners = _race(weights, keys[pending])
        weight = weights[np.arange(len(pending)), winners, None]
        likelier = np.where(weights > weight, weights, np.float32(0)).sum(axis=-1, dtype=np.float64)
        kept = (likelier < sampling.top_p * total[pending]) | (likelier == 0)
        drawn[pending[kept]] = winners[kept]
        pending, weights, weight = pending[~kept], weights[~kept], weight[~kept]
        weights[weights <= weight] = 0
    return drawn


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
