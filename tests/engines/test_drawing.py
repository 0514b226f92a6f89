from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from humaneval_x.engines.codegen.drawing import Drawer, draw_tokens, kept_probabilities, penalized
from humaneval_x.engines.codegen.randomness import row_keys, token_uniforms
from humaneval_x.errors import EngineError
from humaneval_x.records import Sampling

RULES = [
    {"top_p": 1.0},
    {"top_p": 0.9},
    {"top_k": 5},
    {"top_k": 20, "top_p": 0.8},
    {"temperature": 2.0, "top_p": 0.5},
    {"temperature": 0.3},
]


def sampling(**fields: Any) -> Sampling:
    usual = {"temperature": 0.8, "top_p": 0.95, "top_k": 0, "max_tokens": 9, "samples": 1, "seed": 0}
    return Sampling(**usual | fields)


def logits(rows: int, vocabulary: int, spread: float = 2.0) -> np.ndarray:
    return (np.random.default_rng(3).standard_normal((rows, vocabulary)) * spread).astype(np.float32)


def exact(row: np.ndarray, rule: Sampling) -> np.ndarray:
    """The distribution as transformers' three warpers define it, written the slow way in float64."""
    scores = row.astype(np.float64) / rule.temperature
    if 0 < rule.top_k < len(scores):
        scores[scores < np.sort(scores)[-rule.top_k]] = -np.inf
    if rule.top_p < 1:
        order = np.argsort(scores)
        weights = np.exp(scores[order] - scores.max())
        cumulative = np.cumsum(weights / weights.sum())
        removed = cumulative <= 1 - rule.top_p
        removed[-1] = False
        scores[order[removed]] = -np.inf
    weights = np.exp(scores - scores.max())
    return weights / weights.sum()


def draw(rows: np.ndarray, rule: Sampling, seeds: list[int], steps: list[int]) -> np.ndarray:
    return draw_tokens(rows, rule, np.array(seeds, dtype=np.uint64), np.array(steps, dtype=np.uint64))


def raced(rows: np.ndarray, rule: Sampling) -> np.ndarray:
    """The winners of the races as the module defines them, over the whole vocabulary; row i has seed i, step 0."""
    seeds = np.arange(len(rows), dtype=np.uint64)
    keys = row_keys(seeds, np.zeros_like(seeds))
    uniforms = token_uniforms(keys[:, None], np.arange(rows.shape[1], dtype=np.uint32)[None])
    return (kept_probabilities(rows, rule) / -np.log1p(-uniforms.astype(np.float64))).argmax(axis=-1)


@pytest.mark.parametrize("fields", RULES)
@pytest.mark.parametrize("spread", [0.2, 2.0, 10.0])
def test_the_kept_distribution_is_that_of_top_k_then_top_p(fields: dict[str, Any], spread: float) -> None:
    rule = sampling(**fields)
    rows = logits(20, 300, spread)
    kept = kept_probabilities(rows, rule).astype(np.float64)
    kept /= kept.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(kept, [exact(row, rule) for row in rows], rtol=2e-5, atol=1e-7)


def test_the_token_that_crosses_top_p_is_kept_and_the_next_one_is_not() -> None:
    row = np.log(np.array([[0.5, 0.3, 0.15, 0.05]], dtype=np.float32))
    assert np.flatnonzero(kept_probabilities(row, sampling(temperature=1, top_p=0.79))).tolist() == [0, 1]
    assert np.flatnonzero(kept_probabilities(row, sampling(temperature=1, top_p=0.81))).tolist() == [0, 1, 2]


def test_equals_of_the_crossing_token_are_kept_with_it() -> None:
    row = np.zeros((1, 6), dtype=np.float32)
    assert np.count_nonzero(kept_probabilities(row, sampling(top_p=0.4))) == 6


def test_a_tiny_top_p_keeps_the_likeliest_token() -> None:
    assert np.count_nonzero(kept_probabilities(logits(5, 50), sampling(top_p=1e-6)), axis=-1).tolist() == [1] * 5


@pytest.mark.parametrize("fields", RULES)
@pytest.mark.parametrize("spread", [0.2, 3.0])
def test_drawn_frequencies_fit_the_exact_distribution(fields: dict[str, Any], spread: float) -> None:
    rule = sampling(**fields)
    row = logits(1, 60, spread)
    count = 40_000
    drawn = draw(np.repeat(row, count, axis=0), rule, list(range(count)), [3] * count)
    expected = exact(row[0], rule) * count
    seen = np.bincount(drawn, minlength=60)
    assert seen[expected == 0].sum() == 0
    # Cells with few expected draws are joined into one, as the test's approximation needs.
    few = (expected > 0) & (expected < 10)
    cells = [(seen[place], expected[place]) for place in np.flatnonzero(expected >= 10)]
    if expected[few].sum() > 1:
        cells.append((seen[few].sum(), expected[few].sum()))
    statistic = sum((s - e) ** 2 / e for s, e in cells)
    freedom = len(cells) - 1
    assert statistic < freedom + 4.5 * np.sqrt(2 * freedom) + 10


def test_temperature_zero_takes_the_largest_logit() -> None:
    rows = logits(30, 100)
    assert draw(rows, sampling(temperature=0), [0] * 30, [0] * 30).tolist() == rows.argmax(axis=-1).tolist()


@pytest.mark.parametrize("fields", RULES)
def test_a_row_s_draw_does_not_depend_on_the_rows_beside_it(fields: dict[str, Any]) -> None:
    rule = sampling(**fields)
    rows, seeds, steps = logits(40, 3000), list(range(100, 140)), [step % 7 for step in range(40)]
    together = draw(rows, rule, seeds, steps)
    for row in range(0, 40, 3):
        assert draw(rows[row : row + 1], rule, seeds[row : row + 1], steps[row : row + 1])[0] == together[row]


def test_draws_survive_rounding_in_the_last_bits_of_the_logits() -> None:
    rows = logits(3000, 200)
    shaken = rows * (1 + np.random.default_rng(1).standard_normal(rows.shape).astype(np.float32) * 1e-6)
    seeds = list(range(3000))
    changed = draw(rows, sampling(), seeds, seeds) != draw(shaken, sampling(), seeds, seeds)
    assert changed.mean() < 1e-3


def test_seed_and_step_each_change_the_draws() -> None:
    rows = np.zeros((50, 1000), dtype=np.float32)
    first = draw(rows, sampling(), list(range(50)), [0] * 50)
    assert (draw(rows, sampling(), list(range(50)), [1] * 50) == first).mean() < 0.1
    assert (draw(rows, sampling(), list(range(50, 100)), [0] * 50) == first).mean() < 0.1


def test_minus_infinity_is_never_drawn() -> None:
    rows = np.full((500, 10), -np.inf, dtype=np.float32)
    rows[:, 4] = rows[:, 7] = 0
    assert set(draw(rows, sampling(top_p=1.0), list(range(500)), [0] * 500).tolist()) == {4, 7}


@pytest.mark.parametrize("fields", [*RULES, {"top_k": 40, "top_p": 1.0}, {"top_p": 1e-3}])
@pytest.mark.parametrize("spread", [0.2, 3.0, 9.0])
@pytest.mark.parametrize(("rows", "vocabulary"), [(20, 20_011), (300, 70)])
def test_the_token_drawn_has_won_the_race_of_what_is_kept(
    fields: dict[str, Any], spread: float, rows: int, vocabulary: int
) -> None:
    rule, found = sampling(**fields), logits(rows, vocabulary, spread)
    assert draw(found, rule, list(range(rows)), [0] * rows).tolist() == raced(found, rule).tolist()


def test_a_race_that_none_of_the_hopeful_wins_is_run_in_full() -> None:
    # Of so many rows some have no racer as good as is expected of all but one in 160,000.
    rows = np.repeat(logits(1, 4), 1_000_000, axis=0)
    rule = sampling(temperature=1.0, top_p=1.0)
    assert (draw(rows, rule, list(range(len(rows))), [0] * len(rows)) == raced(rows, rule)).all()


def test_equal_logits_are_drawn_alike() -> None:
    rows = np.zeros((20_000, 5), dtype=np.float32)
    counts = np.bincount(draw(rows, sampling(top_p=0.5), list(range(20_000)), [0] * 20_000), minlength=5)
    assert (abs(counts - 4_000) < 5 * np.sqrt(4_000)).all()


@pytest.mark.parametrize("fields", [*RULES, {"temperature": 0, "repetition_penalty": 1.3}, {"repetition_penalty": 0.7}])
def test_several_threads_draw_what_one_draws(fields: dict[str, Any]) -> None:
    rule, rows = sampling(**fields), logits(61, 20_000)
    seeds, steps = np.arange(61, dtype=np.uint64), np.arange(61, dtype=np.uint64) % np.uint64(5)
    seen = np.random.default_rng(5).random(rows.shape) < 0.1
    alone = draw_tokens(rows, rule, seeds, steps, seen=seen)
    for threads in (1, 2, 5):
        with Drawer(threads) as drawer:
            assert drawer.draw(rows, rule, seeds, steps, seen=seen).tolist() == alone.tolist()
            assert drawer.draw(rows[:1], rule, seeds[:1], steps[:1], seen=seen[:1])[0] == alone[0]


def test_a_repetition_penalty_divides_positive_logits_of_what_was_seen_and_multiplies_negative_ones() -> None:
    row = np.array([[2.0, 2.0, -2.0, -2.0, 0.0, -np.inf]], dtype=np.float32)
    seen = np.array([[True, False, True, False, True, True]])
    assert penalized(row, seen, sampling(repetition_penalty=4.0)).tolist() == [[0.5, 2.0, -8.0, -2.0, 0.0, -np.inf]]
    assert penalized(row, seen, sampling(repetition_penalty=0.5)).tolist() == [[4.0, 2.0, -1.0, -2.0, 0.0, -np.inf]]


@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_tokens_are_drawn_from_penalized_logits(temperature: float) -> None:
    rule = sampling(temperature=temperature, repetition_penalty=1.8)
    rows, seeds = np.broadcast_to(logits(1, 500), (90, 500)), np.arange(90, dtype=np.uint64)
    seen = np.random.default_rng(6).random(rows.shape) < 0.3
    before = rows.copy()
    drawn = draw_tokens(rows, rule, seeds, seeds, seen=seen)
    wanted = penalized(rows, seen, rule)
    plain = sampling(temperature=temperature)
    assert drawn.tolist() == draw_tokens(wanted, plain, seeds, seeds).tolist()
    assert drawn.tolist() != draw_tokens(rows, plain, seeds, seeds).tolist()
    assert (rows == before).all()


def test_a_penalty_of_one_changes_nothing_and_needs_not_know_what_was_seen() -> None:
    rows = logits(3, 40)
    assert penalized(rows, None, sampling()) is rows
    with pytest.raises(ValueError, match="seen"):
        penalized(rows, None, sampling(repetition_penalty=1.1))


@pytest.mark.parametrize("fields", [*RULES, {"temperature": 0}])
def test_logits_that_are_no_numbers_are_an_error_not_a_token(fields: dict[str, Any]) -> None:
    rows = logits(3, 5_000)
    rows[1, 17] = np.nan
    with pytest.raises(EngineError, match="NaN"):
        draw(rows, sampling(**fields), [0] * 3, [0] * 3)
