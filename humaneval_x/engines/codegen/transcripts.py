"""All running samples' tokens as they come in blocks: texts, and whether and why each sample ends.

At 100,000 tokens a second nothing may be done for each token: a block is taken in with a few array operations, and only
samples that ended or may be finished are made text of and shown to their stop rule.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

__all__ = ["Finished", "TokenSigns", "Transcripts"]

_NEVER, _LINES, _BRACES, _ALWAYS = range(4)
_WATCHES = {"never": _NEVER, "lines": _LINES, "braces": _BRACES, "always": _ALWAYS}

# A rule is asked when what its watch looks for has come, but not before the text has grown by this part of itself, and
# then again after twice and four times as many tokens until it comes anew. One that may be met at any time is asked
# whenever the text has so grown, and one whose moment the watch missed after `_UNWATCHED` tokens. All this never
# changes a text, only how soon a slot is free.
_GROWTH = 16
_UNWATCHED = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A sample that has ended: its text, why, and how many tokens were drawn for it."""

    text: str
    finish: str
    tokens: int


class Transcripts:
    """Turns tokens into texts; a sample ends at end-of-text, when its stop rule is met, or at its limit of tokens.

    A character whose bytes are split over tokens appears with its last byte, bytes that are no UTF-8 become U+FFFD.
    When a stop rule is met, the first token that met it is found, so when it is asked never changes the text under a
    rule that stays met once it is.
    """

    def __init__(self, signs: TokenSigns, *, slots: int, capacity: int) -> None:
        """`capacity` is the most tokens that any sample may have."""
        self._signs = signs
        self._tokens = np.zeros((slots, capacity), dtype=np.int32)
        self._count = np.zeros(slots, dtype=np.int64)
        self._limit = np.zeros(slots, dtype=np.int64)
        self._watch = np.zeros(slots, dtype=np.int8)
        self._asked = np.zeros(slots, dtype=np.int64)
        # Tokens after which to ask next; 0: the watch has seen nothing yet.
        self._wait = np.zeros(slots, dtype=np.int64)
        # The bytes of the tokens that the rule was asked about.
        self._heads = [b""] * slots
        self._after_newline = np.zeros(slots, dtype=bool)
        self._balance = np.zeros(slots, dtype=np.int64)
        self._rules: list[Callable[[str], bool] | None] = [None] * slots

    def begin(self, slot: int, rule: Callable[[str], bool], watch: str, limit: int) -> None:
        """A new sample sits in this slot; `watch` says when asking its stop rule is worth while (`Request.watch`)."""
        self._rules[slot] = rule
        self._watch[slot] = _WATCHES[watch]
        self._limit[slot] = limit
        self._count[slot] = self._asked[slot] = self._balance[slot] = self._wait[slot] = 0
        self._heads[slot] = b""
        self._after_newline[slot] = True

    def read(self, drawn: npt.NDArray[np.int32]) -> dict[int, Callable[[], Finished]]:
        """Take in a block [steps, slots], a slot's tokens first and then -1; the slots whose samples have now ended.

        What is called for a slot's text can wait until others sit there. What follows a sample's end in its column is
        ignored.
        """
        block = np.ascontiguousarray(drawn.T)
        came = np.minimum(_leading(block >= 0), self._limit - self._count)
        place = np.arange(block.shape[1])
        inside = place < came[:, None]
        block = np.where(inside, block, 0)
        ends = self._signs.ends[block] & inside
        ended = ends.any(axis=1)
        came = np.where(ended, np.minimum(came, ends.argmax(axis=1) + 1), came)
        inside &= place < came[:, None]
        rows, steps = np.nonzero(inside)
        self._tokens[rows, self._count[rows] + steps] = block[rows, steps]
        self._count += came
        self._look(block, inside, came)
        full = (self._count >= self._limit) & (came > 0)
        over = ended | full
        endings: dict[int, Callable[[], Finished]] = {}
        for slot in np.flatnonzero(over).tolist():
            endings[slot] = self._ending(slot, "eos" if ended[slot] else "length")
        for slot in np.flatnonzero(self._due() & (came > 0) & ~over).tolist():
            ending = self._ending(slot, "")
            stopped = ending.stopped()
            self._asked[slot] = self._count[slot]
            self._wait[slot] *= 2
            self._heads[slot] = ending.data
            if stopped is not None:
                endings[slot] = partial(_same, stopped)
        return endings

    def _ending(self, slot: int, finish: str) -> _Ending:
        rule = self._rules[slot]
        assert rule is not None
        count, asked = int(self._count[slot]), int(self._asked[slot])
        tokens = self._tokens[slot, asked : count - (finish == "eos")].tolist()
        pieces = [self._signs.token_bytes[token] for token in tokens]
        return _Ending(
            head=self._heads[slot],
            pieces=pieces,
            asked=asked,
            count=count,
            rule=None if self._watch[slot] == _NEVER else rule,
            finish=finish,
        )

    def _look(self, block: npt.NDArray[np.int32], inside: npt.NDArray[np.bool_], came: npt.NDArray[np.int64]) -> None:
        """Mark the slots whose new tokens hold what their watch looks for."""
        signs = self._signs
        newline = signs.ends_line[block] & inside
        before = np.concatenate([self._after_newline[:, None], newline[:, :-1]], axis=1)
        lines = ((signs.starts_line[block] | (before & signs.solid[block])) & inside).any(axis=1)
        balance = self._balance[:, None] + np.cumsum(np.where(inside, signs.braces[block], 0), axis=1)
        braces = (np.where(inside, balance, 0) > 0).any(axis=1)
        last = np.maximum(came - 1, 0)[:, None]
        some = came > 0
        self._after_newline = np.where(some, np.take_along_axis(newline, last, axis=1)[:, 0], self._after_newline)
        self._balance = np.where(some, np.take_along_axis(balance, last, axis=1)[:, 0], self._balance)
        # Once it could be met, every line and every closed brace may be what the rule waits for.
        breaks = (signs.breaks[block] & inside).any(axis=1) & (self._wait > 0)
        seen = ((self._watch == _LINES) & lines) | ((self._watch == _BRACES) & braces & ((self._wait == 0) | breaks))
        self._wait = np.where(seen | breaks, np.maximum(1, self._count // _GROWTH), self._wait)

    def _due(self) -> npt.NDArray[np.bool_]:
        new = self._count - self._asked
        wait = np.where(self._watch == _ALWAYS, self._count // _GROWTH, self._wait)
        due: npt.NDArray[np.bool_] = (new >= wait) & ((wait > 0) | (self._watch == _ALWAYS))
        due |= new >= _UNWATCHED
        due &= self._watch != _NEVER
        return due


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ending:
    """A sample's bytes, and what is known of its end; `rule` was not met by `head`, the first `asked` tokens' bytes."""

    head: bytes
    pieces: list[bytes]
    asked: int
    count: int
    rule: Callable[[str], bool] | None
    finish: str

    @property
    def data(self) -> bytes:
        return self.head + b"".join(self.pieces)

    def stopped(self) -> Finished | None:
        """The sample if its stop rule is met by now, with the first token that met it."""
        if self.rule is None or not self.pieces:
            return None
        data = self.data
        whole = _decoded(data, final=False)
        if not self.rule(whole):
            return None
        length = len(self.head)
        for number, piece in enumerate(self.pieces[:-1], 1):
            length += len(piece)
            text = _decoded(data[:length], final=False)
            if self.rule(text):
                return Finished(text=text, finish="stop", tokens=self.asked + number)
        return Finished(text=whole, finish="stop", tokens=self.asked + len(self.pieces))

    def __call__(self) -> Finished:
        text = _decoded(self.data, final=True)
        return self.stopped() or Finished(text=text, finish=self.finish, tokens=self.count)


def _same(finished: Finished) -> Finished:
    return finished


class TokenSigns:
    """What each token tells of a text without making text of it; arrays over the vocabulary, made once for a model."""

    def __init__(self, token_bytes: Sequence[bytes], end_tokens: frozenset[int]) -> None:
        """`token_bytes[t]` is what token t stands for."""
        self.token_bytes = token_bytes
        count = len(token_bytes)
        self.ends = np.zeros(max([count, *(token + 1 for token in end_tokens)]), dtype=bool)
        self.ends[list(end_tokens)] = True
        self.solid = _each(not piece[:1].isspace() and piece != b"" for piece in token_bytes)
        self.ends_line = _each(piece.endswith(b"\n") for piece in token_bytes)
        self.starts_line = _each(_starts_line(piece) for piece in token_bytes)
        self.breaks = _each(b"\n" in piece or b"}" in piece for piece in token_bytes)
        self.braces = np.array([piece.count(b"}") - piece.count(b"{") for piece in token_bytes], dtype=np.int64)


def _each(facts: object) -> npt.NDArray[np.bool_]:
    return np.fromiter(facts, dtype=bool)  # type: ignore[call-overload, no-any-return]


def _starts_line(piece: bytes) -> bool:
    """Whether a line that is not indented starts within the token."""
    return any(line[:1].strip() != b"" for line in piece.split(b"\n")[1:])


def _leading(true: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """How many elements of each row are true before the first false one."""
    count: npt.NDArray[np.int64] = np.where(true.all(axis=1), true.shape[1], true.argmin(axis=1))
    return count


def _decoded(data: bytes, *, final: bool) -> str:
    text, _ = codecs.utf_8_decode(data, "replace", final)
    return text
