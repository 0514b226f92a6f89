"""Each CUDA kernel against its definition: natively where there is a device, else in Triton's interpreter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the [torch] extra is not installed")
pytest.importorskip("triton", reason="Triton is not installed")
pytestmark = [
    pytest.mark.torch,
    # Rows that nobody reads compute with whatever lies there.
    pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::DeprecationWarning:triton"),
]

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
TOLERANCE = 1e-4
# Heads of 20 are read in two parts, as those of 80 are; blocks are so small that there are several of everything.
HEADS, HEAD, HALF = 3, 20, 4


def on_device(array: Any, dtype: Any = np.float32) -> Any:
    return torch.from_numpy(np.ascontiguousarray(array, dtype=dtype)).to(DEVICE)


def attended(query: np.ndarray, keys: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Of one row and head: `query` [head], `keys` and `values` [tokens, head]."""
    scores = keys @ query * HEAD**-0.5
    weights = np.exp(scores - scores.max())
    return np.asarray(weights @ values / weights.sum())


def turned(vectors: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """Vectors [..., head] turned by the angles [HALF]: the rotary elements come first, even ones before odd ones."""
    even, odd, rest = np.split(vectors, [HALF, 2 * HALF], axis=-1)
    cosines, sines = np.cos(angles), np.sin(angles)
    return np.concatenate([even * cosines - odd * sines, odd * cosines + even * sines, rest], axis=-1)


def gelu(values: np.ndarray) -> np.ndarray:
    return np.asarray(values * (1 + np.tanh((2 / np.pi) ** 0.5 * (values + 0.044715 * values**3))) / 2)


def test_attention_over_prompts_and_suffixes_in_several_tiles_and_blocks_equals_its_definition() -> None:
    from humaneval_x.engines.codegen import kernels

    rng = np.random.default_rng(5)
    lengths, seats = [33, 5], [0] * 18 + [1] * 3
    rows, width = len(seats), HEADS * HEAD
    slots, columns = rng.permutation(rows), rng.permutation(rows) * 2
    slots[7] = -1
    query = rng.normal(size=(rows, HEADS, HEAD)) * 3
    shared, own = rng.normal(size=(2, 2, HEADS, 48, HEAD)), rng.normal(size=(2, rows, HEADS, 45, HEAD))
    # Keys that grow from block to block: the largest so far changes.
    shared[0] *= np.linspace(0.2, 2, 48)[:, None]
    own[0] *= np.linspace(0.2, 2, 45)[:, None]
    partial, weight = on_device(np.zeros((rows, width))), on_device(np.zeros((rows, HEADS)))
    joined = on_device(np.full((rows, width + 7), 99.0))
    queries, places = on_device(query), [on_device(slots, np.int32), on_device(columns, np.int32)]
    tiles = on_device([[0, 16, 0], [16, 2, 0], [18, 3, 1], [0, 0, 0]], np.int32)
    kernels.attend_prompts[(4, HEADS)](
        queries, on_device(shared[0]), on_device(shared[1]), tiles, on_device(lengths, np.int32), partial, weight,
        width, HEADS, 48, HEAD**-0.5, HEAD=HEAD, FIRST=16, SECOND=16, ROWS=16, BLOCK=16,
    )  # fmt: skip
    kernels.attend_suffixes[(HEADS, rows)](
        queries, on_device(own[0]), on_device(own[1]), *places, partial, weight, joined, width, 7, HEADS, 45,
        HEAD**-0.5, HEAD=HEAD, FIRST=16, SECOND=16, BLOCK=16, STAGES=2, num_warps=1,
    )  # fmt: skip
    found = joined.cpu().numpy()
    for row, (slot, seat, column) in enumerate(zip(slots.tolist(), seats, columns.tolist(), strict=True)):
        for head in range(HEADS):
            texts = [
                np.concatenate([shared[part, seat, head, : lengths[seat]], own[part, slot, head, : column + 1]])
                for part in (0, 1)
            ]
            wanted = np.full(HEAD, 99.0) if slot < 0 else attended(query[row, head], *texts)
            assert np.abs(found[row, head * HEAD : (head + 1) * HEAD] - wanted).max() < TOLERANCE
    assert (found[:, width:] == 99).all()


@pytest.mark.parametrize("now", [0, 16, 33])
def test_attention_of_a_batch_of_one_in_several_blocks_equals_its_definition(now: int) -> None:
    from humaneval_x.engines.codegen import kernels

    rng = np.random.default_rng(5)
    length, width = 33, HEADS * HEAD
    first = rng.normal(size=(3, HEADS, HEAD)) * 3
    shared, own = rng.normal(size=(2, 2, HEADS, 48, HEAD)), rng.normal(size=(2, 2, HEADS, 45, HEAD))
    angles = rng.normal(size=(100, HALF)) * 3
    fused = on_device(np.concatenate([first.reshape(-1), np.full(7, 99.0)]))
    keys, values = on_device(own[0]), on_device(own[1])
    place = [on_device([number], np.int32) for number in (1, now, length + now)]
    kernels.attend_one[(HEADS,)](
        fused, on_device(shared[0]), on_device(shared[1]), keys, values, *place,
        on_device([1, 1], np.int32), on_device([3, length], np.int32), on_device(np.cos(angles)),
        on_device(np.sin(angles)), fused[2 * width :], width, HEADS, 48, 45, HALF, HEAD**-0.5,
        HEAD=HEAD, PADDED=32, BLOCK=16,
    )  # fmt: skip
    query, key = turned(first[:2], angles[length + now])
    own[0, 1, :, now], own[1, 1, :, now] = key, first[2]
    for found, wanted in ((keys, own[0]), (values, own[1])):
        assert np.abs(found.cpu().numpy() - wanted).max() < TOLERANCE
    found = fused.cpu().numpy()[2 * width :]
    for head in range(HEADS):
        texts = [np.concatenate([shared[part, 1, head, :length], own[part, 1, head, : now + 1]]) for part in (0, 1)]
        wanted = attended(query[head], *texts)
        assert np.abs(found[head * HEAD : (head + 1) * HEAD] - wanted).max() < TOLERANCE
    assert (found[width:] == 99).all()


def test_a_product_taken_apart_in_several_parts_equals_its_definition() -> None:
    from humaneval_x.engines.codegen import kernels

    rng = np.random.default_rng(5)
    rows, width, inner = 4, HEADS * HEAD, 40
    fused, angles, bias = rng.normal(size=(rows, 3 * width + inner)), rng.normal(size=(9, HALF)), rng.normal(size=inner)
    slots, columns, positions = [2, -1, 0, 3], [1, 0, 4, 0], [8, 0, 3, 5]
    query, joined = on_device(np.full((rows, width), 99.0)), on_device(np.full((rows, width + inner), 99.0))
    keys, values = (on_device(np.full((4, HEADS, 5, HEAD), 99.0)) for _ in range(2))
    # Two heads a program, of which the last has one left; blocks of 16 of the 40 inner elements.
    kernels.split[(rows, 2 + 3)](
        on_device(fused), query, keys, values, *(on_device(each, np.int32) for each in (slots, columns, positions)),
        on_device(np.cos(angles)), on_device(np.sin(angles)), on_device(bias), joined,
        width, inner, HEADS, 5, HALF, HEAD=HEAD, HEADS=2, PADDED=32, BLOCK=16,
    )  # fmt: skip
    wanted_query, wanted_inner = np.full((rows, HEADS, HEAD), 99.0), np.full((rows, inner), 99.0)
    wanted_keys, wanted_values = (np.full((4, HEADS, 5, HEAD), 99.0) for _ in range(2))
    for row, (slot, column, position) in enumerate(zip(slots, columns, positions, strict=True)):
        if slot >= 0:
            parts = fused[row, : 3 * width].reshape(3, HEADS, HEAD)
            wanted_query[row], wanted_keys[slot, :, column] = turned(parts[:2], angles[position])
            wanted_values[slot, :, column] = parts[2]
            wanted_inner[row] = gelu(fused[row, 3 * width :] + bias)
    for found, wanted in (
        (query, wanted_query.reshape(rows, width)), (keys, wanted_keys), (values, wanted_values),
        (joined[:, width:], wanted_inner),
    ):  # fmt: skip
        assert np.abs(found.cpu().numpy() - wanted).max() < TOLERANCE
    assert (joined[:, :width] == 99).all()


def test_products_of_a_batch_of_one_in_several_blocks_equal_their_definition() -> None:
    from humaneval_x.engines.codegen import kernels

    rng = np.random.default_rng(5)
    width, outputs = 40, 22
    hidden, norm = rng.normal(size=width) * 2 + 1, rng.normal(size=(2, width))
    weights, bias = rng.normal(size=(outputs, width)), rng.normal(size=outputs)
    out = on_device(np.full(24, 99.0))
    kernels.project_in_one[(6,)](
        on_device(hidden), on_device(norm[0]), on_device(norm[1]), on_device(weights), on_device(bias[10:]), out,
        width, outputs, 10, 1e-5, PADDED=64, OUTPUTS=4, BLOCK=16,
    )  # fmt: skip
    normed = (hidden - hidden.mean()) / np.sqrt(hidden.var() + 1e-5) * norm[0] + norm[1]
    wanted = weights @ normed
    wanted[10:] = gelu(wanted[10:] + bias[10:])
    assert np.abs(out.cpu().numpy() - [*wanted, 99, 99]).max() < TOLERANCE
    state = on_device([*bias, 99, 99])
    kernels.project_out_one[(6,)](
        on_device(hidden), on_device(weights), on_device(bias), state, width, outputs, OUTPUTS=4, BLOCK=16
    )
    assert np.abs(state.cpu().numpy() - [*(weights @ hidden + 2 * bias), 99, 99]).max() < TOLERANCE
