from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from humaneval_x.engines.codegen.batch import Batch, batch_sizes


@given(st.integers(1, 40), st.integers(1, 5), st.sampled_from([2, 4, 64]), st.data())
def test_every_live_slot_has_one_row_and_lies_in_one_tile_of_its_own_prompt(
    slots: int, seats: int, tile_rows: int, data: st.DataObject
) -> None:
    batch = Batch(slots, seats, tile_rows)
    seat_of: dict[int, int] = {}
    for _ in range(data.draw(st.integers(0, 6))):
        free = [slot for slot in range(slots) if slot not in seat_of]
        if free and data.draw(st.booleans()):
            seat, own = data.draw(st.integers(0, seats - 1)), data.draw(st.sets(st.sampled_from(free), min_size=1))
            batch.place(seat, list(own))
            seat_of |= dict.fromkeys(own, seat)
        elif seat_of:
            gone = data.draw(st.sets(st.sampled_from(sorted(seat_of)), min_size=1))
            batch.vacate(list(gone))
            seat_of = {slot: seat for slot, seat in seat_of.items() if slot not in gone}
    rows, tiles = batch.layout()
    assert len(rows) == min(size for size in batch.sizes if size >= len(seat_of))
    assert sorted(rows[rows >= 0].tolist()) == sorted(seat_of)
    assert len(tiles) == batch.tiles(len(rows))
    covered = []
    for first, count, seat in tiles.tolist():
        assert 0 <= count <= tile_rows
        covered += range(first, first + count)
        assert all(seat_of[slot] == seat for slot in rows[first : first + count].tolist())
    assert sorted(covered) == np.flatnonzero(rows >= 0).tolist()
    batch.clear()
    rows, tiles = batch.layout()
    assert rows.tolist() == [-1]
    assert not tiles.any()


@pytest.mark.parametrize("slots", [1, 2, 8, 100, 1072, 2048])
def test_sizes_rise_to_all_slots(slots: int) -> None:
    sizes = batch_sizes(slots)
    assert list(sizes) == sorted(set(sizes))
    assert (sizes[0], sizes[-1]) == (1, slots)
    assert Batch(slots, 1, 64).sizes == sizes
