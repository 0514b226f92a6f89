"""Whether tokens were drawn from a distribution, for the tests of what draws them."""

from __future__ import annotations

import numpy as np

__all__ = ["assert_drawn_from"]


def assert_drawn_from(weights: np.ndarray, tokens: np.ndarray) -> None:
    """Chi-square of the tokens' frequencies; `weights` [vocabulary] need not sum to 1, what weighs 0 is never drawn."""
    weights, count = weights.astype(np.float64), len(tokens)
    expected = weights / weights.sum() * count
    seen = np.bincount(tokens, minlength=len(expected))
    assert seen[expected == 0].sum() == 0
    likely = expected >= 8
    rest = expected[(expected > 0) & ~likely].sum()
    statistic = ((seen[likely] - expected[likely]) ** 2 / expected[likely]).sum()
    statistic += (seen[~likely].sum() - rest) ** 2 / rest if rest > 1 else 0
    freedom = likely.sum()
    assert statistic < freedom + 4.5 * np.sqrt(2 * freedom) + 5
