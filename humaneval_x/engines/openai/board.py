"""What is to be drawn and what has been, between the threads that ask the server and the one that takes the samples."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from humaneval_x.engines import Request
from humaneval_x.records import Completion, Prompt

__all__ = ["Board", "Piece"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Completions of one prompt that are asked for together."""

    request: Request
    ids: tuple[int, ...]


class Board:
    """Hands out pieces and takes their completions, with a bound on what waits to be taken from it.

    Pieces are about equal, of at most `most` completions, and small enough that each of `workers` has one if there
    are completions enough.
    """

    def __init__(self, requests: Sequence[Request], workers: int, most: int) -> None:
        total = sum(len(request.completion_ids) for request in requests)
        size = max(1, min(most, math.ceil(total / workers)))
        self._left = deque(piece for request in requests for piece in _pieces(request, size))
        self._bound = 2 * workers
        self._under_way = 0
        self._done: deque[list[tuple[Prompt, Completion]]] = deque()
        self._failure: BaseException | None = None
        self._closed = False
        self._changed = threading.Condition()

    def take(self) -> Piece | None:
        """The next piece, waiting for one while others may still give some back; None once there is nothing to do."""
        with self._changed:
            while not (self._closed or self._failure):
                if self._left and len(self._done) < self._bound:
                    self._under_way += 1
                    return self._left.popleft()
                if not self._left and not self._under_way:
                    break
                self._changed.wait()
            return None

    def put(self, piece: Piece, drawn: Sequence[Completion]) -> None:
        """The first completions of a piece that was taken; those that are not among them are handed out again."""
        rest = piece.ids[len(drawn) :]
        with self._changed:
            self._done.append([(piece.request.prompt, completion) for completion in drawn])
            if rest:
                size = max(1, min(len(drawn), len(rest)))
                self._left.extendleft(
                    Piece(request=piece.request, ids=rest[start : start + size])
                    for start in reversed(range(0, len(rest), size))
                )
            self._under_way -= 1
            self._changed.notify_all()

    def fail(self, error: BaseException) -> None:
        """Nothing more is handed out; the thread that takes the completions gets `error` after what is there."""
        with self._changed:
            self._failure = self._failure or error
            self._under_way -= 1
            self._changed.notify_all()

    def close(self) -> None:
        """Nothing more is handed out or taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def completions(self) -> Iterator[tuple[Prompt, Completion]]:
        """All completions as they come. Raises what one of the workers failed with, after those that had come."""
        while (batch := self._next()) is not None:
            yield from batch

    def _next(self) -> list[tuple[Prompt, Completion]] | None:
        with self._changed:
            while not self._done:
                if self._failure:
                    raise self._failure
                if self._closed or not (self._left or self._under_way):
                    return None
                self._changed.wait()
            self._changed.notify_all()
            return self._done.popleft()


def _pieces(request: Request, size: int) -> Iterator[Piece]:
    ids = request.completion_ids
    count = math.ceil(len(ids) / size)
    for number in range(count):
        yield Piece(request=request, ids=ids[number * len(ids) // count : (number + 1) * len(ids) // count])
