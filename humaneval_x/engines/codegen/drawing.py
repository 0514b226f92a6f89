"""The next token of each row, by an exponential race over the tokens that temperature, top-k and top-p leave.

Token i wins with probability p_i if it has the smallest E_i / p_i, E_i exponential. Unlike a draw through a running
sum, two batches whose logits differ in the last bits then differ in a token only if two racers are that close: no sum
over the vocabulary carries the rounding of one token to all others.
"""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType

import numpy as np
import numpy.typing as npt

from humaneval_x.engines.codegen.randomness import row_keys, token_uniforms
from humaneval_x.errors import EngineError
from humaneval_x.records import Sampling

__all__ = ["NO_NUMBERS", "Drawer", "draw_tokens", "kept_probabilities", "penalized"]

Floats = npt.NDArray[np.float32]
Sums = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
Tokens = npt.NDArray[np.uint32]
Keys = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]

# Rows are worked on in blocks: small enough for the processor's cache, large enough that threads seldom meet.
_BLOCK_ELEMENTS = 1 << 19
# A thread is given at least so many elements; below, handing over costs what it saves.
_PART_ELEMENTS = 1 << 17
# So many racers of a row are expected to have a chance. That none of them wins has the probability exp(-_HOPEFULS).
_HOPEFULS = 12.0
# Where less than one in so many of a block's tokens can be drawn, the others are put aside first.
_SPARSE = 16
_ROUNDING = 1 + 1e-5
_TINY = np.finfo(np.float32).tiny
NO_NUMBERS = "the model's logits are no numbers (NaN): its weights are damaged, or too large for this --dtype"


class Drawer:
    """`draw_tokens` on several threads, one for each processor unless told otherwise. The tokens are the same."""

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads or len(os.sched_getaffinity(0))
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="drawing")

    def draw(
        self, logits: Floats, sampling: Sampling, seeds: Keys, steps: Keys, *, seen: Flags | None = None
    ) -> Places:
        """As `draw_tokens`."""
        rows, vocabulary = logits.shape
        parts = min(self._threads, rows, rows * vocabulary // _PART_ELEMENTS)
        if parts < 2:
            return draw_tokens(logits, sampling, seeds, steps, seen=seen)

        def draw_part(start: int, end: int) -> Places:
            part = slice(start, end)
            return draw_tokens(
                logits[part], sampling, seeds[part], steps[part], seen=None if seen is None else seen[part]
            )

        bounds = [rows * part // parts for part in range(parts + 1)]
        return np.concatenate(list(self._pool.map(draw_part, bounds[:-1], bounds[1:])))

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()

    def __enter__(self) -> Drawer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def draw_tokens(logits: Floats, sampling: Sampling, seeds: Keys, steps: Keys, *, seen: Flags | None = None) -> Places:
    """One token for each row of `logits` [rows, vocabulary], float32; `seeds` and `steps` are of shape [rows].

    `seen` [rows, vocabulary] marks the tokens that stand in a row's prompt or in its completion so far; only a
    repetition penalty needs it. Temperature 0 takes the largest logit, the lowest token among equals. Raises
    ValueError for a penalty without `seen`, EngineError for logits that are NaN.
    """
    rows, vocabulary = logits.shape
    drawn = np.empty(rows, dtype=np.int64)
    keys = row_keys(seeds, steps)
    block = max(1, _BLOCK_ELEMENTS // vocabulary)
    race = None if sampling.temperature == 0 else _Race(sampling, min(block, rows), vocabulary)
    for start in range(0, rows, block):
        part = slice(start, start + block)
        wanted = penalized(logits[part], None if seen is None else seen[part], sampling)
        drawn[part] = race.winners(wanted, keys[part]) if race else _largest(wanted)
    return drawn


def _largest(logits: Floats) -> Places:
    tokens: Places = logits.argmax(axis=-1)
    if np.isnan(logits[np.arange(len(logits)), tokens]).any():
        raise EngineError(NO_NUMBERS)
    return tokens


def penalized(logits: Floats, seen: Flags | None, sampling: Sampling) -> Floats:
    """The logits [rows, vocabulary] under the repetition penalty: a new array, or `logits` itself if that is 1.

    As in Hugging Face transformers: the logit of a token that was seen is divided by the penalty if it is positive,
    multiplied if it is negative. Raises ValueError for a penalty without `seen`.
    """
    penalty = np.float32(sampling.repetition_penalty)
    if penalty == 1:
        return logits
    if seen is None:
        raise ValueError("a repetition penalty needs the tokens that were seen")
    result = np.array(logits, order="C")
    flat, places = result.reshape(-1), np.flatnonzero(seen)
    values = flat[places]
    flat[places] = np.where(values < 0, values * penalty, values / penalty)
    return result


def kept_probabilities(logits: Floats, sampling: Sampling) -> Floats:
    """Weights proportional to the distribution drawn from, [rows, vocabulary]; 0 for what top-k and top-p exclude.

    As in Hugging Face transformers: divide by the temperature, keep the k largest logits (and what equals the last
    of them), then of the distribution over those keep the most likely tokens up to and including the one at which
    their sum reaches top-p. What equals that one is kept too, so that no order among equals decides. This is the
    definition, of logits that are `penalized`; `draw_tokens` draws from it without sorting.
    """
    weights = np.empty_like(logits, order="C")
    _weigh(logits, sampling, weights)
    if sampling.top_p < 1:
        ordered = np.sort(weights, axis=-1)[:, ::-1]
        sums = np.cumsum(ordered, axis=-1, dtype=np.float64)
        crossing = (sums >= sampling.top_p * sums[:, -1:]).argmax(axis=-1)
        weights[weights < np.take_along_axis(ordered, crossing[:, None], axis=-1)] = 0
    return weights


def _weigh(logits: Floats, sampling: Sampling, weights: Floats) -> None:
    """Into `weights`: exp of what temperature and top-k leave, relative to the largest; 0 elsewhere."""
    np.subtract(logits, logits.max(axis=-1, keepdims=True), out=weights)
    weights *= np.float32(1 / sampling.temperature)
    if 0 < sampling.top_k < logits.shape[-1]:
        weights[weights < _kth_largest(weights, sampling.top_k)] = -np.inf
    np.exp(weights, out=weights)


def _kth_largest(values: Floats, k: int) -> Floats:
    """Of each row, [rows, 1]."""
    rows, size = values.shape
    pieces, width = 4 * k, size // (4 * k)
    if width >= _SPARSE:
        # At least k values reach the kth largest of the pieces' maxima, and few do.
        maxima = values[:, : pieces * width].reshape(rows, pieces, width).max(axis=-1)
        values, _ = _gathered(values, ~(values < _kth_largest(maxima, k)), -np.inf)
    return np.partition(values, -k, axis=-1)[:, -k, None]


def _gathered(values: Floats, wanted: Flags, filler: float) -> tuple[Floats, Tokens]:
    """The wanted values of each row, moved to its start, and their columns; `filler` fills the shorter rows up."""
    rows, columns = np.divmod(np.flatnonzero(wanted), values.shape[1])
    counts = np.bincount(rows, minlength=len(values))
    places = np.arange(len(rows)) - (np.cumsum(counts) - counts)[rows]
    gathered = np.full((len(values), counts.max()), filler, dtype=np.float32)
    tokens = np.zeros(gathered.shape, dtype=np.uint32)
    gathered[rows, places] = values[rows, columns]
    tokens[rows, places] = columns
    return gathered, tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """Who races in a block of rows: `weights` and `tokens` [rows, size], the weights' `totals` and `keys` [rows].

    A weight of 0 does not race. The totals are those of all tokens, whether they are still in the field or not.
    """

    weights: Floats
    tokens: Tokens
    totals: Sums
    keys: Keys

    def row(self, number: int) -> _Field:
        one = slice(number, number + 1)
        return _Field(weights=self.weights[one], tokens=self.tokens[one], totals=self.totals[one], keys=self.keys[one])


class _Race:
    """The race in blocks of rows. Its arrays are made once: what costs most is memory that is new each time."""

    def __init__(self, sampling: Sampling, rows: int, vocabulary: int) -> None:
        self._sampling = sampling
        self._weights = np.empty((rows, vocabulary), dtype=np.float32)
        self._bits = np.empty((rows, vocabulary), dtype=np.uint32)
        self._scratch = np.empty((rows, vocabulary), dtype=np.uint32)
        self._tokens = np.arange(vocabulary, dtype=np.uint32)[None, :]

    def winners(self, logits: Floats, keys: Keys) -> Places:
        """The drawn token of each row of a block."""
        rows, vocabulary = logits.shape
        weights, tokens = self._weights[:rows], self._tokens
        _weigh(logits, self._sampling, weights)
        totals = weights.sum(axis=-1, dtype=np.float64)
        # Tokens below this weigh less than 1 - top_p together, so none is kept. Half of it leaves room for rounding.
        floor = np.maximum(totals * (0.5 * (1 - self._sampling.top_p) / vocabulary), _TINY).astype(np.float32)
        wanted = ~(weights < floor[:, None])
        if np.count_nonzero(wanted) * _SPARSE < wanted.size:
            weights, tokens = _gathered(weights, wanted, 0)
        field = _Field(weights=weights, tokens=np.broadcast_to(tokens, weights.shape), totals=totals, keys=keys)
        return self._raced(field, self._bits_of(keys, tokens, weights.shape))

    def _bits_of(self, keys: Keys, tokens: Tokens, shape: tuple[int, ...]) -> Tokens:
        """What `token_uniforms` makes its numbers of: but for rounding, these are the bits times 2**-32."""
        bits, scratch = _part(self._bits, shape), _part(self._scratch, shape)
        np.multiply(tokens, np.uint32(0x9E3779B1), out=bits)
        bits += (keys & np.uint64(0xFFFFFFFF)).astype(np.uint32)[:, None]
        np.right_shift(bits, np.uint32(16), out=scratch)
        bits ^= scratch
        bits *= np.uint32(0x21F0AAAD)
        bits += (keys >> np.uint64(32)).astype(np.uint32)[:, None]
        np.right_shift(bits, np.uint32(15), out=scratch)
        bits ^= scratch
        bits *= np.uint32(0xD35A2D97)
        np.right_shift(bits, np.uint32(15), out=scratch)
        bits ^= scratch
        return bits

    def _raced(self, field: _Field, bits: Tokens) -> Places:
        """The first of each row's race that top-p keeps.

        A racer's score is weight / -log(1 - u), and -log(1 - u) >= u: if u > weight * bar, the score is below 1 / bar.
        So only the few with less are looked at, and if one of them that is kept reaches 1 / bar, it has won.
        """
        bars = _HOPEFULS / min(self._sampling.top_p, 1.0) / field.totals
        numbers = _part(self._scratch, bits.shape).view(np.float32)
        np.copyto(numbers, bits)
        limits = bits.view(np.float32)
        np.multiply(field.weights, (bars * (2.0**32 * _ROUNDING)).astype(np.float32)[:, None], out=limits)
        drawn = self._first_kept(field, np.flatnonzero(numbers < limits), 1 / bars)
        for lost in np.flatnonzero(drawn < 0):
            if not np.isfinite(field.totals[lost]):
                raise EngineError(NO_NUMBERS)
            row = field.row(lost)
            drawn[lost] = self._first_kept(row, np.flatnonzero(row.weights), np.zeros(1))[0]
        return drawn

    def _first_kept(self, field: _Field, racers: Places, least: Sums) -> Places:
        """Of the racers, by their places in the field, each row's best that top-p keeps; -1 if none reaches `least`.

        A token is kept if the likelier ones together weigh less than top-p; if it is not, no less likely one is either.
        Among equals the lowest token is first.
        """
        row, place = np.divmod(racers, field.weights.shape[1])
        weight, token = field.weights[row, place], field.tokens[row, place]
        score = weight / -np.log1p(-token_uniforms(field.keys[row], token).astype(np.float64))
        order = np.lexsort((token, -score, row))
        order = order[~(score[order] < least[row[order]])]
        row, token, weight = row[order], token[order], weight[order]
        drawn = np.full(len(least), -1, dtype=np.int64)
        while row.size:
            racing, first = np.unique(row, return_index=True)
            kept = self._are_kept(field, racing, weight[first])
            drawn[racing[kept]] = token[first[kept]]
            bar = np.full(len(least), np.inf, dtype=np.float32)
            bar[racing[~kept]] = weight[first[~kept]]
            left = weight > bar[row]
            row, token, weight = row[left], token[left], weight[left]
        return drawn

    def _are_kept(self, field: _Field, rows: Places, weight: Floats) -> Flags:
        """Whether top-p keeps a token of this weight, one for each of the rows."""
        if self._sampling.top_p >= 1:
            return np.ones(len(rows), dtype=bool)
        weights = field.weights if len(rows) == len(field.weights) else field.weights[rows]
        likelier = _part(self._scratch, weights.shape).view(np.float32)
        np.multiply(weights, weights > weight[:, None], out=likelier)
        sums = likelier.sum(axis=-1, dtype=np.float64)
        kept: Flags = (sums < self._sampling.top_p * field.totals[rows]) | (sums == 0)
        return kept


def _part(array: Tokens, shape: tuple[int, ...]) -> Tokens:
    """The beginning of the array, in a smaller shape."""
    return array.reshape(-1)[: math.prod(shape)].reshape(shape)
