"""What the gate promises of chance: against closed forms, by counting out, and on simulated models."""

from __future__ import annotations

import itertools
import math
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest

from humaneval_x.estimates import pass_at_k
from humaneval_x.gate.comparison import decisions_on
from humaneval_x.gate.permutation import credibility
from humaneval_x.gate.power import drop_with_power, sampling_variances, scatter, unevenness
from humaneval_x.gate.results import Decision

ALPHA = 0.05
Z = NormalDist().inv_cdf(0.8)


def paired(
    seed: tuple[int, ...], rates: np.ndarray, n: int, *, m: int = 0, lost: float = 0.0, languages: int = 1
) -> pd.DataFrame:
    """Counts of two runs of one model, which in the second has lost that share of every rate."""
    random = np.random.default_rng(seed)
    size = (languages, len(rates))
    return pd.DataFrame(
        {
            "task": np.repeat([f"generation-{number}" for number in range(languages)], len(rates)),
            "task_id": [f"X/{number}" for number in range(len(rates))] * languages,
            "n_before": n,
            "n_after": m or n,
            "c_before": random.binomial(n, rates, size).ravel(),
            "c_after": random.binomial(m or n, rates * (1 - lost), size).ravel(),
        }
    )


def model(problems: int = 164) -> np.ndarray:
    """Pass rates of problems as different as those of real models: many near 0, some near 1."""
    return np.random.default_rng(7).beta(0.6, 0.9, problems)


def four_sigma(share: float, runs: int) -> float:
    return 4 * math.sqrt(share * (1 - share) / runs)


def binomial(n: int, c: int, p: float) -> float:
    return math.comb(n, c) * p**c * (1 - p) ** (n - c)


def test_p_of_few_problems_is_the_share_of_all_sign_patterns() -> None:
    differences = np.random.default_rng(3).normal(0.2, 1.0, (9, 3))
    found = credibility(differences, ALPHA, np.random.default_rng(0), 999)
    scaled = differences / np.sqrt((differences**2).sum(axis=0))
    patterns = np.array(list(itertools.product([1, -1], repeat=9)))
    largest = (patterns @ scaled).max(axis=1)
    for question in range(3):
        assert found.p[question] == np.mean(largest >= scaled[:, question].sum() - 1e-9)


def test_drawn_sign_patterns_agree_with_all_of_them() -> None:
    differences = np.random.default_rng(4).normal(0.3, 1.0, (12, 2))
    exact = credibility(differences, ALPHA, np.random.default_rng(0), 4095).p
    drawn = credibility(differences, ALPHA, np.random.default_rng(0), 4094).p
    for one, other in zip(exact, drawn, strict=True):
        assert other == pytest.approx(one, abs=four_sigma(one, 4094))


def test_p_of_one_question_is_the_sign_tests_where_all_differences_are_alike() -> None:
    differences = np.array([[1.0]] * 8 + [[-1.0]] * 2) / 10
    tail = sum(math.comb(10, fell) for fell in (8, 9, 10)) / 2**10
    assert credibility(differences, ALPHA, np.random.default_rng(0), 9999).p[0] == tail


def test_the_critical_value_is_where_p_passes_alpha() -> None:
    noise = np.random.default_rng(5).normal(size=(40, 4)) / 40
    found = credibility(noise, ALPHA, np.random.default_rng(0), 999)
    assert found.critical is not None
    # Of one question the critical value is the normal's; of four independent ones Bonferroni's, nearly.
    assert found.critical == pytest.approx(NormalDist().inv_cdf(1 - ALPHA / 4), abs=0.2)
    alone = credibility(noise[:, :1], ALPHA, np.random.default_rng(0), 9999).critical
    assert alone == pytest.approx(NormalDist().inv_cdf(1 - ALPHA), abs=0.1)


def test_no_drop_can_be_credible_where_all_patterns_are_more_than_alpha_each() -> None:
    found = credibility(np.ones((4, 1)), ALPHA, np.random.default_rng(0), 9999)
    assert (found.p[0], found.critical) == (1 / 16, None)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (10, 10), (20, 5), (200, 20)])
def test_the_variance_of_a_difference_in_pass_at_1_is_the_closed_form(n: int, m: int) -> None:
    passes = np.arange(n + m + 1)
    found = sampling_variances(np.full(len(passes), n), np.full(len(passes), m), passes, 1)
    assert found == pytest.approx(passes * (n + m - passes) / (n * m * (n + m - 1)), abs=1e-12)


@pytest.mark.parametrize(("n", "m", "k"), [(6, 6, 1), (6, 6, 4), (8, 5, 3), (4, 4, 4)])
@pytest.mark.parametrize("rate", [0.05, 0.5, 0.9])
def test_the_variance_of_a_difference_is_estimated_without_bias(n: int, m: int, k: int, rate: float) -> None:
    passes = np.arange(n + m + 1)
    estimates = sampling_variances(np.full(len(passes), n), np.full(len(passes), m), passes, k)
    mean = sum(binomial(n + m, int(c), rate) * value for c, value in zip(passes, estimates, strict=True))
    truth = 0.0
    for size in (n, m):
        chances = [binomial(size, c, rate) for c in range(size + 1)]
        values = [pass_at_k(size, c, k) for c in range(size + 1)]
        first = sum(chance * value for chance, value in zip(chances, values, strict=True))
        truth += sum(chance * (value - first) ** 2 for chance, value in zip(chances, values, strict=True))
    assert mean == pytest.approx(truth, rel=1e-9)


def test_the_drop_with_power_is_the_textbooks_where_it_leaves_the_spread_alone() -> None:
    found = drop_with_power(0.02, 1.7, 0.0, max_drop=0.0, baseline=0.5)
    assert found == pytest.approx((Z + 1.7) * 0.02)


def test_the_drop_with_power_solves_its_equation() -> None:
    sigma, critical, uneven = 0.03, 2.1, 0.012
    found = drop_with_power(sigma, critical, uneven, max_drop=0.0, baseline=1.0)
    assert found is not None
    assert found - Z * sigma == pytest.approx(critical * math.sqrt(sigma**2 + uneven * found**2))


def test_an_allowance_larger_than_what_is_credible_sets_the_drop_with_power() -> None:
    assert drop_with_power(0.01, 1.7, 0.01, max_drop=0.1, baseline=0.5) == pytest.approx(0.1 + Z * 0.01)


@pytest.mark.parametrize(
    ("sigma", "critical", "uneven", "baseline"),
    [(0.02, None, 0.01, 0.5), (0.0, 1.7, 0.01, 0.5), (0.02, 2.0, 0.3, 0.5), (0.2, 1.7, 0.01, 0.3), (0.02, 2.0, 1.0, 0)],
)
def test_there_is_no_drop_with_power_where_none_could_be_told(
    sigma: float, critical: float | None, uneven: float, baseline: float
) -> None:
    assert drop_with_power(sigma, critical, uneven, max_drop=0.0, baseline=baseline) is None


def test_unevenness_is_one_over_the_number_of_problems_that_carry_the_score() -> None:
    assert unevenness(np.array([0.2] * 5)) == pytest.approx(1 / 5)
    assert unevenness(np.array([0.5, 0.5, 0.0, 0.0])) == pytest.approx(1 / 2)


def test_a_drop_of_the_expected_shape_does_not_scatter() -> None:
    parts = np.array([0.1, 0.2, 0.3])
    assert scatter(parts / 10, parts) == pytest.approx(0)
    assert scatter(np.array([0.1, -0.1, 0.0]), parts) == pytest.approx(0.02)


def alarms(name: int, runs: int, n: int, *, ks: tuple[int, ...] = (1,), **how: float) -> list[tuple[Decision, ...]]:
    """The decisions of many simulated gates."""
    rates = model()
    return [
        decisions_on(
            paired((name, seed), rates, n, **how),  # type: ignore[arg-type]
            ks=ks,
            alpha=ALPHA,
            seed=seed,
            permutations=399,
        )
        for seed in range(runs)
    ]


@pytest.mark.parametrize(
    ("name", "n", "how"),
    [(1, 10, {}), (2, 20, {}), (3, 20, {"m": 10}), (4, 20, {"languages": 2, "ks": (1, 10)})],
    ids=["10", "20", "20 and 10", "two languages, two k"],
)
def test_a_gate_of_runs_of_one_model_alarms_in_at_most_alpha_of_all_cases(
    name: int, n: int, how: dict[str, int]
) -> None:
    runs = 200
    fired = sum(any(each.regressed for each in found) for found in alarms(name, runs, n, **how)) / runs  # type: ignore[arg-type]
    # Above 0 too: a gate that never alarms keeps alpha and is worth nothing.
    assert 0 < fired <= ALPHA + four_sigma(ALPHA, runs)


@pytest.mark.parametrize("n", [10, 20])
def test_a_gate_finds_the_drop_that_it_says_it_finds_in_eighty_of_hundred_cases(n: int) -> None:
    runs, rates = 200, model()
    said = [found[-1].power_drop for found in alarms(10 + n, 10, n)]
    drop = float(np.median([each for each in said if each is not None]))
    fired = sum(found[-1].regressed for found in alarms(20 + n, runs, n, lost=drop / rates.mean())) / runs
    assert fired == pytest.approx(0.8, abs=four_sigma(0.8, runs))


def test_more_samples_and_more_problems_find_smaller_drops() -> None:
    drops = {
        (n, problems): decisions_on(paired((30,), model(problems), n), ks=(1,), permutations=999)[0].power_drop
        for n in (5, 50)
        for problems in (40, 160)
    }
    assert None not in drops.values()
    assert drops[50, 160] < min(drops[5, 160], drops[50, 40])  # type: ignore[operator,type-var]
    assert max(drops[5, 160], drops[50, 40]) < drops[5, 40]  # type: ignore[operator,type-var]


def test_a_run_against_itself_still_says_what_it_could_have_found() -> None:
    counts = paired((31,), model(), 20)
    (found,) = decisions_on(counts.assign(c_after=counts["c_before"]), ks=(1,), permutations=999)
    assert found.detectable is None
    assert found.power_drop is not None
    assert 0.02 < found.power_drop < 0.04


def test_greedy_runs_say_what_they_could_have_found_by_the_problems_that_differ() -> None:
    random = np.random.default_rng(32)
    before, after = (random.random((2, 164)) < 0.5).astype(int)
    (found,) = decisions_on(paired((33,), model(), 1).assign(c_before=before, c_after=after), ks=(1,), permutations=999)
    # About half of the problems differ: sigma is sqrt(82) / 164, so (1.645 + 0.84) sigma is 14 points at least.
    assert found.power_drop == pytest.approx(0.145, abs=0.02)
