"""The sampling loop over an honest runner without a model: its tokens are a function of prompt, seed and step."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import pytest
from engine_requests import make_request

from humaneval_x.engines import Request
from humaneval_x.engines.codegen.decoding import decode, prepare
from humaneval_x.engines.codegen.transcripts import TokenSigns
from humaneval_x.records import Completion, Sampling

SAMPLING = Sampling(temperature=0.8, top_p=0.95, top_k=0, max_tokens=12, samples=5, seed=42)
BYTES = [bytes([byte]) for byte in range(256)]
END = 0
SIGNS = TokenSigns(BYTES, frozenset({END}))


class ArithmeticRunner:
    """Draws letters by a fixed function; ends a text about every sixth token. Checks what the loop asks of it.

    Like a device, it computes a block when it is launched and gives it out when it is collected.
    """

    def __init__(self, slots: int, seats: int, steps: int = 1, depth: int = 1) -> None:
        self.seats: list[tuple[int, int, int, int] | None] = [None] * slots
        self.prompts: dict[int, int] = {}
        self.prefills = 0
        self.most_seats = seats
        self.block = steps
        self.depth = depth
        self.launched: list[np.ndarray] = []
        self.launches: list[int] = []

    def prefill(self, seat: int, tokens: Sequence[int]) -> None:
        assert seat not in self.prompts
        assert 0 <= seat < self.most_seats
        self.prompts[seat] = sum(tokens)
        self.prefills += 1

    def place(self, seat: int, slots: Sequence[int], seeds: Sequence[int], limit: int) -> None:
        for slot, seed in zip(slots, seeds, strict=True):
            assert self.seats[slot] is None
            self.seats[slot] = self.prompts[seat], seed, 0, limit

    def launch(self, steps: int) -> None:
        assert 1 <= steps <= self.block
        assert len(self.launched) < self.depth
        assert any(seat is not None for seat in self.seats)
        drawn = np.full((steps, len(self.seats)), -1, dtype=np.int32)
        for step in range(steps):
            for slot, seat in enumerate(self.seats):
                if seat is not None and seat[2] < seat[3]:
                    drawn[step, slot] = self._draw(slot)
        self.launched.append(drawn)
        self.launches.append(steps)

    def collect(self) -> np.ndarray:
        return self.launched.pop(0)

    def vacate(self, slots: Sequence[int]) -> None:
        for slot in slots:
            assert self.seats[slot] is not None
            self.seats[slot] = None

    def forget(self, seat: int) -> None:
        del self.prompts[seat]

    def _draw(self, slot: int) -> int:
        seat = self.seats[slot]
        assert seat is not None
        prompt, seed, step, limit = seat
        self.seats[slot] = prompt, seed, step + 1, limit
        value = (prompt * 31 + seed // 7 + step * step * 17) % 156
        return END if value % 6 == 0 else 97 + value % 26


def requests() -> list[Request]:
    return [
        make_request(f"Python/{number}", ids=tuple(range(count)), text="x" * (number + 1))
        for number, count in enumerate([5, 1, 3, 0, 4])
    ]


def drawn(
    wanted: list[Request], slots: int, steps: int = 1, depth: int = 1, seats: int = 9
) -> tuple[dict[tuple[str, int], Completion], ArithmeticRunner]:
    prompts = prepare(wanted, [list(request.prompt.text.encode()) for request in wanted], 64, SAMPLING.max_tokens, END)
    runner = ArithmeticRunner(slots, seats, steps, depth)
    completions = [
        completion for _, completion in decode(runner, prompts, SAMPLING, slots=slots, seats=seats, signs=SIGNS)
    ]
    assert not runner.prompts
    found = {(completion.task_id, completion.completion_id): completion for completion in completions}
    assert len(found) == len(completions)
    return found, runner


@pytest.mark.parametrize("slots", [1, 2, 7, 200])
@pytest.mark.parametrize(("steps", "depth"), [(1, 1), (4, 1), (1, 2), (3, 2), (16, 3)])
def test_samples_are_the_same_for_any_number_of_slots_and_steps_at_once(slots: int, steps: int, depth: int) -> None:
    expected, _ = drawn(requests(), slots=3)
    found, runner = drawn(requests(), slots, steps, depth)
    assert found == expected
    assert runner.prefills == 4


@pytest.mark.parametrize("seats", [1, 2])
def test_samples_are_the_same_when_prompts_must_wait_for_a_seat(seats: int) -> None:
    assert drawn(requests(), slots=9, seats=seats, depth=2)[0] == drawn(requests(), slots=3)[0]


def test_no_more_steps_are_launched_than_the_longest_sample_may_take() -> None:
    wanted = [make_request("Python/0", ids=(0, 1, 2), text="xxxx")]
    found, runner = drawn(wanted, slots=3, steps=5, depth=2)
    assert max(completion.tokens for completion in found.values()) <= 12
    assert runner.launches[:2] == [5, 5]
    assert sum(runner.launches) <= 12


def test_samples_are_the_same_for_any_order_of_the_prompts() -> None:
    assert drawn(requests()[::-1], slots=3)[0] == drawn(requests(), slots=3)[0]


def test_a_resumed_run_draws_what_the_whole_one_would_have_drawn() -> None:
    whole, _ = drawn(requests(), slots=3)
    part, _ = drawn(
        [make_request("Python/0", ids=(1, 4), text="x"), make_request("Python/4", ids=(2,), text="xxxxx")], slots=3
    )
    assert part == {key: whole[key] for key in [("Python/0", 1), ("Python/0", 4), ("Python/4", 2)]}


def test_a_sample_whose_first_token_ends_it_takes_one_step() -> None:
    runner = ArithmeticRunner(1, 1)
    wanted = [make_request("Python/0", ids=(0, 1), text="x")]
    prompts = prepare(wanted, [[1]], 64, 1, END)
    found = decode(runner, prompts, SAMPLING, slots=1, seats=1, signs=SIGNS)
    assert [completion.tokens for _, completion in found] == [1, 1]
    assert runner.launches == [1, 1]


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
