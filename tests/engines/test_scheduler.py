from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from humaneval_x.engines.codegen.scheduler import Scheduler, seats_for


def test_slots_are_filled_prompt_by_prompt_and_a_prompt_may_wait_for_more() -> None:
    scheduler = Scheduler([2, 3], slots=4, seats=2)
    first, second = scheduler.admit()
    assert (first.prompt, first.samples, first.first) == (0, (0, 1), True)
    assert (second.prompt, second.samples, second.first) == (1, (0, 1), True)
    scheduler.retire(first.slots[0])
    [third] = scheduler.admit()
    assert (third.prompt, third.samples, third.slots, third.first) == (1, (2,), (first.slots[0],), False)


def test_no_free_slot_admits_nothing() -> None:
    scheduler = Scheduler([5], slots=2, seats=1)
    scheduler.admit()
    assert scheduler.admit() == []


def test_a_prompt_is_given_up_only_with_its_last_sample_even_while_others_wait() -> None:
    scheduler = Scheduler([2], slots=1, seats=1)
    [admission] = scheduler.admit()
    assert scheduler.retire(admission.slots[0]) is None
    [admission] = scheduler.admit()
    assert scheduler.retire(admission.slots[0]) == 0
    assert scheduler.finished


def test_a_prompt_without_wanted_samples_is_skipped() -> None:
    assert [admission.prompt for admission in Scheduler([0, 1, 0], slots=2, seats=3).admit()] == [1]


def test_nothing_wanted_is_finished_at_once() -> None:
    assert Scheduler([0, 0], slots=1, seats=1).finished


@pytest.mark.parametrize(("slots", "seats"), [(0, 1), (1, 0)])
def test_less_than_one_slot_or_seat_is_refused(slots: int, seats: int) -> None:
    with pytest.raises(ValueError, match="at least one slot and one seat"):
        Scheduler([1], slots=slots, seats=seats)


def test_a_prompt_that_finds_no_seat_waits_for_one() -> None:
    scheduler = Scheduler([1, 1], slots=5, seats=1)
    [admission] = scheduler.admit()
    assert scheduler.admit() == []
    assert scheduler.retire(admission.slots[0]) == admission.seat
    [admission] = scheduler.admit()
    assert (admission.prompt, admission.seat) == (1, 0)


@pytest.mark.parametrize(
    ("samples", "slots", "seats"),
    [([200] * 16, 1072, 9), ([200] * 16, 1, 3), ([1] * 50, 8, 10), ([3, 0, 1, 1, 3], 4, 4), ([5], 100, 1), ([], 4, 1)],
)
def test_there_are_seats_for_every_prompt_that_can_run_at_once_and_two_to_spare(
    samples: list[int], slots: int, seats: int
) -> None:
    assert seats_for(samples, slots) == seats


@given(st.lists(st.integers(0, 6), max_size=8), st.integers(1, 9), st.data(), st.randoms(use_true_random=False))
def test_every_sample_runs_once_in_a_slot_of_its_own_and_each_prompt_is_prefilled_once(
    samples: list[int], slots: int, data: st.DataObject, rng: random.Random
) -> None:
    seats = data.draw(st.integers(1, 9))
    scheduler = Scheduler(samples, slots, seats)
    running: dict[int, tuple[int, int]] = {}
    ran: list[tuple[int, int]] = []
    prefilled: list[int] = []
    alive: dict[int, int] = {}
    while not scheduler.finished:
        for admission in scheduler.admit():
            if admission.first:
                prefilled.append(admission.prompt)
                assert admission.seat not in alive.values()
                assert 0 <= admission.seat < seats
                alive[admission.prompt] = admission.seat
            assert alive[admission.prompt] == admission.seat
            for slot, sample in zip(admission.slots, admission.samples, strict=True):
                assert slot not in running
                assert 0 <= slot < slots
                running[slot] = admission.prompt, sample
        assert scheduler.tenants() == running
        for slot in rng.sample(sorted(running), rng.randint(1, len(running))):
            ran.append(running.pop(slot))
            given_up = scheduler.retire(slot)
            if given_up is not None:
                assert given_up in alive.values()
                alive = {prompt: seat for prompt, seat in alive.items() if seat != given_up}
    assert sorted(ran) == [(prompt, sample) for prompt, count in enumerate(samples) for sample in range(count)]
    assert sorted(prefilled) == [prompt for prompt, count in enumerate(samples) if count]
    assert not alive
