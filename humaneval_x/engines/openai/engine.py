"""The engine: threads that ask a server for completions, and the samples made of its answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from humaneval_x.engines import Request
from humaneval_x.engines.codegen.randomness import sample_seed
from humaneval_x.engines.openai.answers import Taken, completion_in
from humaneval_x.engines.openai.board import Board, Piece
from humaneval_x.engines.openai.dialect import MOST_CHOICES, Dialect
from humaneval_x.engines.openai.instruction import Instruction
from humaneval_x.engines.openai.replies import Choice, Reply
from humaneval_x.engines.openai.server import ClosedError, Place, Server, Wait
from humaneval_x.engines.openai.usage import Tally, Usage
from humaneval_x.languages import read_language
from humaneval_x.records import Completion, Prompt, Sampling

__all__ = ["OpenAIEngine", "seed_of"]


# A thread that is still connecting cannot be woken up; it ends by itself, unheard.
_FAREWELL_S = 2.0


def seed_of(run_seed: int, task: str, task_id: str, completion_id: int) -> int:
    """A request's seed: the upper 31 bits of its first completion's own; not every server reads more."""
    return sample_seed(run_seed, task, task_id, completion_id) >> 32


class OpenAIEngine:
    """Samples from a server that speaks OpenAI's protocol.

    `instruction` makes a chat's message and is None for plain completions. `wait` and `now` are how the engine waits
    and what time it is (seconds since the epoch).
    """

    def __init__(
        self,
        place: Place,
        instruction: Instruction | None,
        *,
        wait: Wait = threading.Event.wait,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._place = place
        self._instruction = instruction
        self._wait = wait
        self._now = now
        self._tally = Tally()
        self._ends: list[Callable[[], None]] = []

    @property
    def usage(self) -> Usage:
        """What all sampling with this engine has cost so far."""
        return self._tally.usage

    def describe(self) -> dict[str, Any]:
        """The model's name, the server's address and, for a chat, the SHA-256 of the instruction's template."""
        said = {"model": self._place.model, "base_url": self._place.base_url, "api": self._place.api}
        return {**said, "instruction_sha256": self._instruction.sha256} if self._instruction else said

    def sample(self, requests: Sequence[Request], sampling: Sampling) -> Iterator[tuple[Prompt, Completion]]:
        """Each wanted completion once, as the server answers.

        A server draws what it likes: that a completion depends on its identity alone is as true as it honours the
        seed. Raises EngineError if it refuses or its faults do not pass, UsageError if the instruction cannot be
        rendered; what was answered before has been given then.
        """
        wanted = sum(len(request.completion_ids) for request in requests)
        workers = max(1, min(self._place.connections, wanted))
        board = Board(requests, workers, MOST_CHOICES)
        dialect = Dialect(self._place.model, self._place.api, sampling)
        with Server(self._place, dialect, self._tally, self._wait, self._now) as server:
            drawing = _Drawing(board, dialect, server, self._instruction, sampling)
            threads = [
                threading.Thread(target=drawing.work, name=f"server-{number}", daemon=True) for number in range(workers)
            ]
            self._ends.append(drawing.end)
            try:
                for thread in threads:
                    thread.start()
                yield from board.completions()
            finally:
                drawing.end()
                self._ends.remove(drawing.end)
                deadline = time.monotonic() + _FAREWELL_S
                for thread in threads:
                    if thread.ident is not None:
                        thread.join(max(0.0, deadline - time.monotonic()))

    def close(self) -> None:
        """End whatever sampling is under way."""
        for end in list(self._ends):
            end()


class _Drawing:
    """What the threads of one call of `sample` do."""

    def __init__(
        self, board: Board, dialect: Dialect, server: Server, instruction: Instruction | None, sampling: Sampling
    ) -> None:
        self._board = board
        self._dialect = dialect
        self._server = server
        self._instruction = instruction
        self._sampling = sampling

    def work(self) -> None:
        """Draw pieces until there are none."""
        while (piece := self._board.take()) is not None:
            try:
                self._board.put(piece, self._draw(piece))
            except ClosedError:
                return
            except BaseException as error:  # handed to the thread that takes the completions, which raises it
                self._board.fail(error)
                return

    def end(self) -> None:
        """Let the threads end, whatever they wait for."""
        self._board.close()
        self._server.interrupt()

    def _draw(self, piece: Piece) -> list[Completion]:
        """The first completions of the piece, one at least."""
        request = piece.request
        prompt = request.prompt
        seed = seed_of(self._sampling.seed, prompt.task, prompt.task_id, piece.ids[0])
        text = self._instruction.message(prompt, request.problem) if self._instruction else prompt.text
        reply, body = self._server.ask(text, seed, len(piece.ids))
        self._dialect.counted(body.get("n", 1), len(reply.choices))
        return [
            self._completion(request, number, choice, tokens, body.get("seed", 0))
            for number, choice, tokens in zip(piece.ids, reply.choices, _shares(reply), strict=False)
        ]

    def _completion(self, request: Request, number: int, choice: Choice, tokens: int, seed: int) -> Completion:
        taken = Taken(text=choice.text)
        if self._instruction:
            task, language = request.prompt.task, read_language(request.prompt.language)
            taken = completion_in(choice.text, request.problem, task, language)
        return Completion(
            task_id=request.prompt.task_id,
            completion_id=number,
            text=taken.text,
            finish="stop" if request.is_finished(taken.text) else choice.finish,
            tokens=tokens,
            seed=seed,
            response="" if taken.text == choice.text else choice.text,
            preamble=taken.preamble,
        )


def _shares(reply: Reply) -> list[int]:
    """The request's completion tokens, evenly over its completions, the first with what is left over."""
    share, over = divmod(reply.usage.completion_tokens, len(reply.choices))
    return [share + over, *[share] * (len(reply.choices) - 1)]
