"""Tests of significance by counting out; docs/statistics.md has more of them."""

from __future__ import annotations

import numpy as np
import pytest

from humaneval_x.errors import UsageError
from humaneval_x.significance import PERMUTATIONS, flip_signs, permutations_for


@pytest.mark.parametrize(("sides", "p"), [(1, 1 / 8), (2, 2 / 8)])
def test_p_of_three_equal_differences_is_the_share_of_sign_choices_as_extreme(sides: int, p: float) -> None:
    found = flip_signs(np.full((3, 2), 0.1), np.random.default_rng(0), sides=sides)  # type: ignore[arg-type]
    assert found.p.tolist() == found.adjusted_p.tolist() == [p, p]
    assert found.critical is None
    assert found.threshold(0) is None


def test_one_cluster_says_nothing() -> None:
    assert flip_signs(np.array([[0.5]]), np.random.default_rng(0)).p[0] == 1.0


def test_losses_are_nothing_to_one_side_and_as_much_as_gains_to_two() -> None:
    losses = np.full((8, 1), -0.1)
    assert flip_signs(losses, np.random.default_rng(0), sides=1).p[0] == 1.0
    assert flip_signs(losses, np.random.default_rng(0), sides=2).p[0] == 2 / 2**8


@pytest.mark.parametrize("sides", [1, 2])
def test_a_sum_is_credible_exactly_where_it_exceeds_the_threshold(sides: int) -> None:
    random, credible = np.random.default_rng(6), 0
    for _ in range(200):
        values = random.normal(0.3, 1.0, (8, 2))
        found = flip_signs(values, random, sides=sides)  # type: ignore[arg-type]
        for place, total in enumerate(values.sum(axis=0)):
            threshold = found.threshold(place)
            assert threshold is not None
            seen = total if sides == 1 else abs(total)
            assert (found.adjusted_p[place] <= 0.05) == (seen > threshold + 1e-9)
            credible += found.adjusted_p[place] <= 0.05
    assert 20 < credible < 380


def test_chance_is_drawn_more_often_for_a_small_alpha_and_never_less_than_asked_for() -> None:
    assert permutations_for(0.05) == PERMUTATIONS
    assert permutations_for(0.05, 10) == 399
    assert permutations_for(0.001) == 19_999
    assert permutations_for(0.0001) == 199_999
    with pytest.raises(UsageError, match=r"give at least 0\.0001"):
        permutations_for(0.00009)
