"""pass@k against closed forms and enumeration, intervals against simulation."""

from __future__ import annotations

import math
import time
from fractions import Fraction
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from humaneval_x.errors import DataError, IncompleteError, UsageError
from humaneval_x.estimates import ALL, coverage, estimate, pass_at_k, pass_rates, problem_numbers

LANGUAGES = {"python": "Python", "cpp": "CPP", "java": "Java", "js": "JavaScript", "go": "Go"}


def table(rows: list[tuple[str, str, int, int]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["task_id", "language", "n", "c"])


def simulated(random: np.random.Generator, rates: np.ndarray, n: int) -> pd.DataFrame:
    """One language: a row a problem, passes drawn from its own rate."""
    return table([(f"Python/{i}", "python", n, int(c)) for i, c in enumerate(random.binomial(n, rates))])


@st.composite
def n_c_k(draw: st.DrawFn) -> tuple[int, int, int]:
    n = draw(st.integers(1, 200))
    return n, draw(st.integers(0, n)), draw(st.integers(1, n))


def test_pass_at_1_is_the_share_of_passes() -> None:
    assert [pass_at_k(200, c, 1) for c in (0, 1, 67, 200)] == [0.0, 1 / 200, 67 / 200, 1.0]


def test_pass_at_n_is_one_as_soon_as_one_sample_passes() -> None:
    assert pass_at_k(100, 1, 100) == 1.0
    assert pass_at_k(100, 0, 100) == 0.0


def test_pass_at_k_of_one_pass_is_k_over_n() -> None:
    assert pass_at_k(200, 1, 10) == 10 / 200
    assert pass_at_k(200, 1, 100) == 0.5


@pytest.mark.parametrize("n", range(1, 8))
def test_pass_at_k_counts_every_subset(n: int) -> None:
    for c in range(n + 1):
        for k in range(1, n + 1):
            subsets = list(combinations(range(n), k))
            hits = sum(any(sample < c for sample in subset) for subset in subsets)
            assert pass_at_k(n, c, k) == float(Fraction(hits, len(subsets)))


@given(n_c_k())
def test_pass_at_k_is_the_double_nearest_to_the_exact_fraction(case: tuple[int, int, int]) -> None:
    n, c, k = case
    exact = 1 - Fraction(
        math.prod(range(n - c - k + 1, n - c + 1)) if n - c >= k else 0, math.prod(range(n - k + 1, n + 1))
    )
    assert pass_at_k(n, c, k) == float(exact)


@given(n_c_k())
def test_pass_at_k_never_falls_with_more_passes_or_more_draws(case: tuple[int, int, int]) -> None:
    n, c, k = case
    value = pass_at_k(n, c, k)
    assert 0.0 <= value <= 1.0
    assert (value == 0.0) == (c == 0)
    if c < n:
        assert pass_at_k(n, c + 1, k) >= value
    if k < n:
        assert pass_at_k(n, c, k + 1) >= value


def test_pass_at_k_is_refused_for_fewer_samples_than_k() -> None:
    with pytest.raises(IncompleteError, match="undefined for 5 samples"):
        pass_at_k(5, 5, 10)


@pytest.mark.parametrize(("n", "c", "k", "error"), [(5, 6, 1, DataError), (5, -1, 1, DataError), (5, 1, 0, UsageError)])
def test_counts_that_cannot_be_are_refused(n: int, c: int, k: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        pass_at_k(n, c, k)


def test_pass_rates_are_those_of_each_problem_in_order() -> None:
    n, c = [10, 20, 10, 20], [1, 0, 1, 20]
    assert pass_rates(n, c, 5).tolist() == [pass_at_k(a, b, 5) for a, b in zip(n, c, strict=True)]


def test_a_language_is_the_mean_over_its_problems_each_with_its_own_n() -> None:
    counts = table([("Python/0", "python", 10, 5), ("Python/1", "python", 20, 1), ("Go/0", "go", 10, 0)])
    found = estimate(counts, (1, 10))
    assert found.find("python", 10).value == (1.0 + 10 / 20) / 2
    assert found.find("python", 1).value == pytest.approx((0.5 + 0.05) / 2, abs=1e-15)
    assert found.find(ALL, 1).value == pytest.approx((0.5 + 0.05 + 0.0) / 3, abs=1e-15)
    assert (found.find(ALL, 1).problems, found.find(ALL, 1).samples) == (3, 40)


def test_a_k_above_the_smallest_n_is_refused_for_that_language_and_overall_only() -> None:
    counts = table([("Python/0", "python", 100, 9), ("Python/1", "python", 5, 5), ("Go/0", "go", 100, 100)])
    found = estimate(counts)
    assert {(refusal.language, refusal.k) for refusal in found.refusals} == {
        ("python", 10),
        ("python", 100),
        (ALL, 10),
        (ALL, 100),
    }
    assert "only 5" in found.refusals[0].reason
    assert found.find("python", 10) is None
    assert found.find("go", 100).value == 1.0


def test_the_same_counts_and_seed_give_the_same_intervals_whatever_the_row_order_or_company() -> None:
    python = simulated(np.random.default_rng(1), np.linspace(0, 1, 30), 20)
    company = pd.concat([table([("Go/0", "go", 20, 3)]), python])
    alone = estimate(python, (1, 10))
    assert estimate(python.sample(frac=1, random_state=3), (1, 10)).find("python", 10) == alone.find("python", 10)
    assert estimate(company, (1, 10)).find("python", 1) == alone.find("python", 1)
    assert estimate(python, (1, 10), seed=1).find("python", 1) != alone.find("python", 1)


def test_an_interval_holds_its_value() -> None:
    found = estimate(simulated(np.random.default_rng(2), np.linspace(0, 1, 40), 20), (1, 5, 20))
    assert all(0 <= each.low < each.value < each.high <= 1 for each in found.estimates)


@pytest.mark.parametrize("passes", [0, 7, 20])
def test_problems_that_all_agree_do_not_claim_certainty(passes: int) -> None:
    each = estimate(table([(f"Go/{i}", "go", 20, passes) for i in range(12)]), (1,)).find("go", 1)
    assert each.value == pytest.approx(passes / 20)
    assert each.low <= each.value <= each.high
    assert each.high - each.low > 0.2  # twelve problems cannot say more


def test_one_problem_says_next_to_nothing() -> None:
    each = estimate(table([("Go/0", "go", 20, 20)]), (1,)).find("go", 1)
    assert (each.value, each.high) == (1.0, 1.0)
    assert each.low == pytest.approx(0.025)


def test_copies_of_a_language_do_not_narrow_the_overall_interval() -> None:
    python = simulated(np.random.default_rng(4), np.random.default_rng(5).beta(0.5, 0.5, 164), 20)
    copies = pd.concat(
        [
            python.assign(language=name, task_id=python["task_id"].str.replace("Python", prefix))
            for name, prefix in LANGUAGES.items()
        ]
    )
    one, five = estimate(python, (1,)).find("python", 1), estimate(copies, (1,)).find(ALL, 1)
    assert five.value == pytest.approx(one.value)
    assert (five.high - five.low) == pytest.approx(one.high - one.low, rel=0.1)


@pytest.mark.parametrize(("problems", "k"), [(12, 1), (40, 1)])
def test_intervals_cover_the_truth_at_their_nominal_rate(problems: int, k: int) -> None:
    random, runs, n = np.random.default_rng(problems + k), 250, 20
    # Problem rates from Beta(0.5, 1.0): many hard problems. The mean of pass@k over that population, exactly:
    # 1 - E[(1-p)^k], with 1-p from Beta(1.0, 0.5).
    truth = 1 - math.prod((1.0 + i) / (1.5 + i) for i in range(k))
    hits = 0
    for run in range(runs):
        each = estimate(simulated(random, random.beta(0.5, 1.0, problems), n), (k,), seed=run, resamples=500)
        found = each.find("python", k)
        hits += found.low <= truth <= found.high
    # Three standard deviations of a binomial with 250 draws around 95 %, the bootstrap's own error included.
    assert 0.9 <= hits / runs <= 0.99


def test_the_overall_interval_covers_at_its_nominal_rate_though_languages_are_correlated() -> None:
    random, runs, hits = np.random.default_rng(9), 200, 0
    for run in range(runs):
        hardness = random.beta(0.5, 1.0, 60)
        parts = [
            table([(f"{prefix}/{i}", name, 10, int(c)) for i, c in enumerate(random.binomial(10, hardness))])
            for name, prefix in LANGUAGES.items()
        ]
        found = estimate(pd.concat(parts), (1,), seed=run, resamples=500).find(ALL, 1)
        hits += found.low <= 1 / 3 <= found.high
    assert hits / runs >= 0.89


def test_820_problems_and_2000_resamples_take_less_than_two_seconds() -> None:
    random = np.random.default_rng(0)
    counts = table(
        [
            (f"{prefix}/{i}", name, 200, int(random.integers(0, 201)))
            for name, prefix in LANGUAGES.items()
            for i in range(164)
        ]
    )
    start = time.process_time()
    assert len(estimate(counts, resamples=2000).estimates) == 18
    assert time.process_time() - start < 2


def test_missing_problems_are_listed_in_the_order_expected() -> None:
    counts = table([("Python/1", "python", 3, 1), ("Python/2", "python", 0, 0)])
    assert coverage(counts, ["Python/3", "Python/1", "Python/2"]) == ("Python/3", "Python/2")


@pytest.mark.parametrize(
    "counts",
    [
        table([("Go/0", "go", 3, 4)]),
        table([("Go/0", "go", 3, -1)]),
        table([("Go/0", "go", 3, 1), ("Go/0", "go", 3, 1)]),
        table([("Go/0", "all", 3, 1)]),
        pd.DataFrame({"task_id": ["Go/0"], "n": [1], "c": [1]}),
    ],
)
def test_wrong_counts_are_an_error_not_a_figure(counts: pd.DataFrame) -> None:
    with pytest.raises(DataError):
        estimate(counts)


def test_no_counts_give_no_estimates() -> None:
    assert estimate(table([])).estimates == ()


@pytest.mark.parametrize("ks", [(), (0,), (1, -1)])
def test_a_k_below_one_is_refused(ks: tuple[int, ...]) -> None:
    with pytest.raises(UsageError):
        estimate(table([("Go/0", "go", 3, 1)]), ks)


@pytest.mark.parametrize(("freedom", "quantile"), [(5, 2.570582), (11, 2.200985), (163, 1.974625)])
def test_students_quantile_matches_the_tables(freedom: int, quantile: float) -> None:
    from humaneval_x.estimates import _student_quantile

    assert _student_quantile(0.975, freedom) == pytest.approx(quantile, rel=1e-3)


def test_the_number_of_a_problem_follows_the_last_slash_also_where_there_is_no_problem() -> None:
    assert list(problem_numbers(pd.Series(["Python/0", "a/b/12", "7"]))) == ["0", "12", "7"]
    for kind in (object, str):
        assert list(problem_numbers(pd.Series([], dtype=kind))) == []
