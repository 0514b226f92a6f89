from __future__ import annotations

import numpy as np
import pytest

from humaneval_x.engines.codegen.randomness import row_keys, sample_seed, token_uniforms


def keys(seeds: list[int], steps: list[int]) -> np.ndarray:
    return row_keys(np.array(seeds, dtype=np.uint64), np.array(steps, dtype=np.uint64))


def uniforms(count: int, seeds: list[int], steps: list[int]) -> np.ndarray:
    return token_uniforms(keys(seeds, steps)[:, None], np.arange(count, dtype=np.uint32)[None, :])


def test_a_seed_is_that_of_its_identity_on_every_machine() -> None:
    # A change here changes every sample of every published run: it needs a new major version.
    assert sample_seed(42, "generation-python", "Python/0", 0) == 4858106516753377680


@pytest.mark.parametrize(
    "other",
    [
        (43, "generation-cpp", "CPP/1", 5),
        (42, "generation-go", "CPP/1", 5),
        (42, "generation-cpp", "CPP/2", 5),
        (42, "generation-cpp", "CPP/1", 6),
    ],
)
def test_every_part_of_the_identity_changes_the_seed(other: tuple[int, str, str, int]) -> None:
    assert sample_seed(*other) != sample_seed(42, "generation-cpp", "CPP/1", 5)


def test_seeds_fit_signed_64_bits() -> None:
    assert all(0 <= sample_seed(1, "t", "Python/0", number) < 2**63 for number in range(200))


def test_a_token_s_number_does_not_depend_on_what_is_asked_beside_it() -> None:
    whole = uniforms(1000, [5, 6], [0, 3])
    alone = token_uniforms(keys([6], [3]), np.array([777], dtype=np.uint32))
    assert alone[0] == whole[1, 777]


def test_numbers_are_uniform_in_the_open_interval() -> None:
    drawn = uniforms(100_000, [1, 2, 3, 4], [0, 0, 1, 2])
    assert drawn.min() > 0
    assert drawn.max() < 1
    counts = np.histogram(drawn, bins=100, range=(0, 1))[0]
    expected = drawn.size / 100
    # 99 degrees of freedom: beyond 160 once in 10,000 seeds.
    assert ((counts - expected) ** 2 / expected).sum() < 160


@pytest.mark.parametrize(("seeds", "steps"), [(list(range(400)), [0] * 400), ([9] * 400, list(range(400)))])
def test_neighbouring_seeds_and_steps_are_uncorrelated(seeds: list[int], steps: list[int]) -> None:
    drawn = uniforms(500, seeds, steps).astype(np.float64) - 0.5
    neighbours = (drawn[1:] * drawn[:-1]).mean() * 12
    assert abs(neighbours) < 5 / np.sqrt(drawn[1:].size)
    across_tokens = (drawn[:, 1:] * drawn[:, :-1]).mean() * 12
    assert abs(across_tokens) < 5 / np.sqrt(drawn.size)


def test_small_numbers_are_finely_resolved() -> None:
    # The smallest of many numbers decides a race; coarse ones would tie.
    smallest = np.sort(uniforms(200_000, list(range(20)), [0] * 20).ravel())[:100]
    assert len(np.unique(smallest)) >= 99
