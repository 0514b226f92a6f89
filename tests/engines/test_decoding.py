"""The sampling loop over an honest runner without a model: its tokens are a function of prompt, seed and step."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import pytest
from engine_requests import make_request

from humaneval_x.engines import Request
from humaneval_x.engines.codegen.decoding import decode, prepare
from humaneval_x.records import Completion, Sampling

SAMPLING = Sampling(temperature=0.8, top_p=0.95, top_k=0, max_tokens=12, samples=5, seed=42)
BYTES = [bytes([byte]) for byte in range(256)]
END = 0


class ArithmeticRunner:
    """Draws letters by a fixed function; ends a text about every sixth token. Checks what the loop asks of it."""

    def __init__(self, slots: int, steps: int = 1) -> None:
        self.seats: list[tuple[int, int, int] | None] = [None] * slots
        self.prompts: dict[int, int] = {}
        self.prefills: list[int] = []
        self.steps = steps

    def prefill(self, prompt: int, tokens: Sequence[int]) -> None:
        assert prompt not in self.prompts
        self.prompts[prompt] = sum(tokens)
        self.prefills.append(prompt)

    def place(self, prompt: int, slots: Sequence[int], seeds: Sequence[int]) -> np.ndarray:
        for slot, seed in zip(slots, seeds, strict=True):
            assert self.seats[slot] is None
            self.seats[slot] = prompt, seed, 0
        return np.array([self._draw(slot) for slot in slots])

    def advance(self) -> np.ndarray:
        assert any(seat is not None for seat in self.seats)
        drawn = np.full((self.steps, len(self.seats)), -1)
        for step in range(self.steps):
            for slot, seat in enumerate(self.seats):
                if seat is not None:
                    drawn[step, slot] = self._draw(slot)
        return drawn

    def vacate(self, slot: int) -> None:
        assert self.seats[slot] is not None
        self.seats[slot] = None

    def forget(self, prompt: int) -> None:
        assert all(seat is None or seat[0] != prompt for seat in self.seats)
        del self.prompts[prompt]

    def _draw(self, slot: int) -> int:
        seat = self.seats[slot]
        assert seat is not None
        prompt, seed, step = seat
        self.seats[slot] = prompt, seed, step + 1
        value = (self.prompts[prompt] * 31 + seed // 7 + step * step * 17) % 156
        return END if value % 6 == 0 else 97 + value % 26


def requests() -> list[Request]:
    return [
        make_request(f"Python/{number}", ids=tuple(range(count)), text="x" * (number + 1))
        for number, count in enumerate([5, 1, 3, 0, 4])
    ]


def drawn(wanted: list[Request], slots: int, steps: int = 1) -> tuple[dict[tuple[str, int], Completion], list[int]]:
    prompts = prepare(wanted, [list(request.prompt.text.encode()) for request in wanted], 64, SAMPLING.max_tokens, END)
    runner = ArithmeticRunner(slots, steps)
    completions = [
        completion
        for _, completion in decode(
            runner, prompts, SAMPLING, slots=slots, token_bytes=BYTES, end_tokens=frozenset({END})
        )
    ]
    assert not runner.prompts
    found = {(completion.task_id, completion.completion_id): completion for completion in completions}
    assert len(found) == len(completions)
    return found, runner.prefills


@pytest.mark.parametrize("slots", [1, 2, 7, 200])
@pytest.mark.parametrize("steps", [1, 4])
def test_samples_are_the_same_for_any_number_of_slots_and_steps_at_once(slots: int, steps: int) -> None:
    expected, _ = drawn(requests(), slots=3)
    found, prefills = drawn(requests(), slots, steps)
    assert found == expected
    assert sorted(prefills) == [0, 1, 2, 4]


def test_samples_are_the_same_for_any_order_of_the_prompts() -> None:
    assert drawn(requests()[::-1], slots=3)[0] == drawn(requests(), slots=3)[0]


def test_a_resumed_run_draws_what_the_whole_one_would_have_drawn() -> None:
    whole, _ = drawn(requests(), slots=3)
    part, _ = drawn(
        [make_request("Python/0", ids=(1, 4), text="x"), make_request("Python/4", ids=(2,), text="xxxxx")], slots=3
    )
    assert part == {key: whole[key] for key in [("Python/0", 1), ("Python/0", 4), ("Python/4", 2)]}


def test_a_sample_whose_first_token_ends_it_takes_no_step() -> None:
    runner = ArithmeticRunner(1)
    wanted = [make_request("Python/0", ids=(0, 1), text="x")]
    prompts = prepare(wanted, [[1]], 64, 1, END)
    texts = [
        completion.tokens
        for _, completion in decode(runner, prompts, SAMPLING, slots=1, token_bytes=BYTES, end_tokens=frozenset({END}))
    ]
    assert texts == [1, 1]


def test_a_sample_ends_at_the_last_position() -> None:
    [prompt] = prepare([make_request("Python/0", ids=(0,))], [list(range(1, 41))], 64, 512, END)
    assert (len(prompt.tokens), prompt.limit) == (32, 32)
    [prompt] = prepare([make_request("Python/0", ids=(0,))], [list(range(1, 31))], 64, 512, END)
    assert (len(prompt.tokens), prompt.limit) == (30, 34)


def test_a_prompt_that_is_too_long_keeps_its_end_and_is_named(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        [prompt] = prepare([make_request("Python/9", ids=(0,))], [list(range(100))], 64, 10, END)
    assert prompt.tokens == tuple(range(46, 100))
    assert prompt.limit == 10
    assert "Python/9" in caplog.text


def test_an_empty_prompt_becomes_the_start_token() -> None:
    [prompt] = prepare([make_request("Python/0", ids=(0,))], [[]], 64, 10, 5)
    assert prompt.tokens == (5,)
