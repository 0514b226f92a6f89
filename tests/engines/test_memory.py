from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from humaneval_x.engines.codegen.memory import fewer_slots, most_slots


@pytest.mark.parametrize(
    ("wanted", "free", "slots"),
    [
        (3200, 10**9, 1600),
        (3200, 1_100, 1072),
        (100, 10**9, 100),
        (5, 10**9, 5),
        (1, 10**9, 1),
        (3200, 50, 50),
        (7, 0, 1),
    ],
)
def test_slots_fit_into_memory_in_waves_of_equal_size(wanted: int, free: int, slots: int) -> None:
    assert most_slots(wanted, free, lambda count: count, 2048) == slots


@given(st.integers(1, 100_000), st.integers(0, 10_000), st.integers(1, 5_000))
def test_slots_never_exceed_what_is_wanted_allowed_or_fits(wanted: int, free: int, at_most: int) -> None:
    slots = most_slots(wanted, free, lambda count: count * 3, at_most)
    assert 1 <= slots <= min(wanted, at_most)
    assert slots == 1 or slots * 3 <= free
    # No more waves than with as many slots as fit.
    assert -(-wanted // slots) == -(-wanted // max(1, min(wanted, at_most, free // 3)))


def test_fewer_slots_come_to_one_and_then_to_nothing() -> None:
    slots, tried = 1000, 0
    while (fewer := fewer_slots(slots)) is not None:
        assert fewer < slots
        slots, tried = fewer, tried + 1
    assert slots == 1
    assert tried < 30
