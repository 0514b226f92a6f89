"""One sample's tokens as they come: its text so far, and whether and why it ends."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Sequence

__all__ = ["Transcript"]


class Transcript:
    """Turns tokens into text and stops at end-of-text, at a stop rule, or at `limit` tokens.

    `token_bytes[t]` is what token t stands for; a character whose bytes are split over tokens appears with its last
    byte, bytes that are no UTF-8 become U+FFFD. The stop rule reads the whole text, so it is asked whenever the tokens
    have grown by a `checks`-th, which is after each of the first ones; when it is met, the first token that met it is
    found, so this never changes the text of a rule that stays met once it is.
    """

    def __init__(
        self,
        token_bytes: Sequence[bytes],
        end_tokens: frozenset[int],
        is_finished: Callable[[str], bool],
        limit: int,
        *,
        checks: int = 16,
    ) -> None:
        self._token_bytes = token_bytes
        self._end_tokens = end_tokens
        self._is_finished = is_finished
        self._limit = limit
        self._checks = checks
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._unchecked: list[tuple[int, int]] = []  # tokens and characters so far, after each token
        self.text = ""
        self.tokens = 0
        self.finish = ""

    def append(self, token: int) -> bool:
        """Take the next token; true if the sample has now ended (`finish` says why). Later tokens are ignored."""
        if self.finish:
            return True
        self.tokens += 1
        if token in self._end_tokens:
            self._end("eos")
        else:
            self.text += self._decoder.decode(self._token_bytes[token])
            self._unchecked.append((self.tokens, len(self.text)))
            if self.tokens >= self._limit:
                self._end("length")
            elif len(self._unchecked) * self._checks >= self.tokens:
                self._check()
        return bool(self.finish)

    def _end(self, finish: str) -> None:
        if self._check():
            return
        self.text += self._decoder.decode(b"", final=True)
        self.finish = finish

    def _check(self) -> bool:
        places, self._unchecked = self._unchecked, []
        if not places or not self._is_finished(self.text):
            return False
        self.tokens, length = next(place for place in places if self._is_finished(self.text[: place[1]]))
        self.text = self.text[:length]
        self.finish = "stop"
        return True
