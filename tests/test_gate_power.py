"""What the gate promises of chance: against closed forms, by counting out, and on simulated models."""

from __future__ import annotations

import itertools
import math
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest

from humaneval_x.estimates import pass_at_k
from humaneval_x.exchange import exchange_samples, exchanges_of
from humaneval_x.gate.comparison import decisions_on
from humaneval_x.power import difference_with_power, scatter, unevenness
from humaneval_x.significance import flip_signs

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
            "group": np.repeat([f"language-{number}" for number in range(languages)], len(rates)),
            "task_id": [f"X/{number}" for number in range(len(rates))] * languages,
            "n_one": n,
            "n_other": m or n,
            "c_one": random.binomial(n, rates, size).ravel(),
            "c_other": random.binomial(m or n, rates * (1 - lost), size).ravel(),
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
    found = flip_signs(differences, np.random.default_rng(0), sides=1, permutations=999)
    scaled = differences / np.sqrt((differences**2).sum(axis=0))
    patterns = np.array(list(itertools.product([1, -1], repeat=9)))
    largest = (patterns @ scaled).max(axis=1)
    for question in range(3):
        assert found.adjusted_p[question] == np.mean(largest >= scaled[:, question].sum() - 1e-9)


def test_drawn_sign_patterns_agree_with_all_of_them() -> None:
    differences = np.random.default_rng(4).normal(0.3, 1.0, (12, 2))
    exact = flip_signs(differences, np.random.default_rng(0), sides=1, permutations=4095).adjusted_p
    drawn = flip_signs(differences, np.random.default_rng(0), sides=1, permutations=4094).adjusted_p
    for one, other in zip(exact, drawn, strict=True):
        assert other == pytest.approx(one, abs=four_sigma(one, 4094))


def test_p_of_one_question_is_the_sign_tests_where_all_differences_are_alike() -> None:
    differences = np.array([[1.0]] * 8 + [[-1.0]] * 2) / 10
    tail = sum(math.comb(10, fell) for fell in (8, 9, 10)) / 2**10
    assert flip_signs(differences, np.random.default_rng(0), sides=1, permutations=9999).p[0] == tail


def test_the_critical_value_is_where_p_passes_alpha() -> None:
    noise = np.random.default_rng(5).normal(size=(40, 4)) / 40
    found = flip_signs(noise, np.random.default_rng(0), sides=1, permutations=999)
    assert found.critical is not None
    # Of one question the critical value is the normal's; of four independent ones Bonferroni's, nearly.
    assert found.critical == pytest.approx(NormalDist().inv_cdf(1 - ALPHA / 4), abs=0.2)
    alone = flip_signs(noise[:, :1], np.random.default_rng(0), sides=1, permutations=9999).critical
    assert alone == pytest.approx(NormalDist().inv_cdf(1 - ALPHA), abs=0.1)


def test_no_drop_can_be_credible_where_all_patterns_are_more_than_alpha_each() -> None:
    found = flip_signs(np.ones((4, 1)), np.random.default_rng(0), sides=1, permutations=9999)
    assert (found.p[0], found.critical) == (1 / 16, None)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (10, 10), (20, 5), (200, 20)])
def test_the_variance_of_a_difference_in_pass_at_1_is_the_closed_form(n: int, m: int) -> None:
    passes = np.arange(n + m + 1)
    found = exchanges_of(np.full(len(passes), n), np.full(len(passes), m), passes, [1]).variances(1)
    assert found == pytest.approx(passes * (n + m - passes) / (n * m * (n + m - 1)), abs=1e-12)


@pytest.mark.parametrize(("n", "m", "k"), [(6, 6, 1), (6, 6, 4), (8, 5, 3), (4, 4, 4)])
@pytest.mark.parametrize("rate", [0.05, 0.5, 0.9])
def test_the_variance_of_a_difference_is_estimated_without_bias(n: int, m: int, k: int, rate: float) -> None:
    passes = np.arange(n + m + 1)
    estimates = exchanges_of(np.full(len(passes), n), np.full(len(passes), m), passes, [k]).variances(k)
    mean = sum(binomial(n + m, int(c), rate) * value for c, value in zip(passes, estimates, strict=True))
    truth = 0.0
    for size in (n, m):
        chances = [binomial(size, c, rate) for c in range(size + 1)]
        values = [pass_at_k(size, c, k) for c in range(size + 1)]
        first = sum(chance * value for chance, value in zip(chances, values, strict=True))
        truth += sum(chance * (value - first) ** 2 for chance, value in zip(chances, values, strict=True))
    assert mean == pytest.approx(truth, rel=1e-9)


def test_the_drop_with_power_is_the_textbooks_where_it_leaves_the_spread_alone() -> None:
    found = difference_with_power(0.02, 1.7, 0.0, floor=0.0, ceiling=0.5)
    assert found == pytest.approx((Z + 1.7) * 0.02)


def test_the_drop_with_power_solves_its_equation() -> None:
    sigma, critical, uneven = 0.03, 2.1, 0.012
    found = difference_with_power(sigma, critical, uneven, floor=0.0, ceiling=1.0)
    assert found is not None
    assert found - Z * sigma == pytest.approx(critical * math.sqrt(sigma**2 + uneven * found**2))


def test_an_allowance_larger_than_what_is_credible_sets_the_difference_with_power() -> None:
    assert difference_with_power(0.01, 1.7, 0.01, floor=0.1, ceiling=0.5) == pytest.approx(0.1 + Z * 0.01)


@pytest.mark.parametrize(
    ("sigma", "critical", "uneven", "baseline"),
    [(0.02, None, 0.01, 0.5), (0.0, 1.7, 0.01, 0.5), (0.02, 2.0, 0.3, 0.5), (0.2, 1.7, 0.01, 0.3), (0.02, 2.0, 1.0, 0)],
)
def test_there_is_no_drop_with_power_where_none_could_be_told(
    sigma: float, critical: float | None, uneven: float, baseline: float
) -> None:
    assert difference_with_power(sigma, critical, uneven, floor=0.0, ceiling=baseline) is None


def test_unevenness_is_one_over_the_number_of_problems_that_carry_the_score() -> None:
    assert unevenness(np.array([0.2] * 5)) == pytest.approx(1 / 5)
    assert unevenness(np.array([0.5, 0.5, 0.0, 0.0])) == pytest.approx(1 / 2)


def test_a_drop_of_the_expected_shape_does_not_scatter() -> None:
    parts = np.array([0.1, 0.2, 0.3])
    assert scatter(parts / 10, parts) == pytest.approx(0)
    assert scatter(np.array([0.1, -0.1, 0.0]), parts) == pytest.approx(0.02)


def rejections_by_the_sign_test(problems: int, differing: float) -> float:
    """How probable p <= alpha is if each problem differs with that probability, by one in either direction."""
    return sum(
        binomial(problems, several, differing) * math.comb(several, fell) / 2**several
        for several in range(problems + 1)
        for fell in range(several + 1)
        if sum(math.comb(several, more) for more in range(fell, several + 1)) / 2**several <= ALPHA
    )


def counts(n: int, m: int, outcomes: list[tuple[int, int]]) -> pd.DataFrame:
    """Paired counts of one language whose problems have these passes."""
    task_ids = [f"X/{number}" for number in range(len(outcomes))]
    passes = pd.DataFrame(outcomes, columns=["c_one", "c_other"])
    return passes.assign(group="language", task_id=task_ids, n_one=n, n_other=m)


def test_a_gate_of_one_sample_a_problem_alarms_exactly_as_often_as_the_sign_test() -> None:
    problems, rate, alarmed = 10, 0.3, 0.0
    differing = 2 * rate * (1 - rate)
    for several in range(problems + 1):
        for fell in range(several + 1):
            outcomes = [(1, 0)] * fell + [(0, 1)] * (several - fell) + [(0, 0)] * (problems - several)
            (found,) = decisions_on(counts(1, 1, outcomes), ks=(1,), alpha=ALPHA)
            chance = binomial(problems, several, differing) * math.comb(several, fell) / 2**several
            alarmed += chance * found.regressed
    assert alarmed == pytest.approx(rejections_by_the_sign_test(problems, differing), abs=1e-12)
    assert 0.005 < alarmed <= ALPHA


def test_with_other_numbers_of_samples_a_gate_keeps_alpha_where_flipped_signs_alone_do_not() -> None:
    """Over all outcomes of four problems: flips say p = 1/16 where the baseline's rate is higher in all four."""
    n, m, rate, alpha = 8, 1, 0.2, 0.07
    higher = [(passed, 0) for passed in range(1, n + 1)]
    by_flips = alarmed = 0.0
    for outcomes in itertools.combinations_with_replacement(higher, 4):
        orders = math.factorial(4) / math.prod(math.factorial(outcomes.count(each)) for each in set(outcomes))
        chance = orders * math.prod(binomial(n, one, rate) * binomial(m, other, rate) for one, other in outcomes)
        (found,) = decisions_on(counts(n, m, list(outcomes)), ks=(1,), alpha=alpha, permutations=1999)
        by_flips += chance
        alarmed += chance * found.regressed
    assert by_flips > 2.5 * alpha
    assert 0 < alarmed <= alpha


def test_p_of_exchanged_samples_is_the_hypergeometric_tail() -> None:
    """One problem, 5 of 6 samples against 1 of 4: of the C(10, 6) choices those with at least 5 of the 6 passes."""
    exchanges = exchanges_of(np.array([6]), np.array([4]), np.array([6]), [1])
    found = exchange_samples(
        exchanges,
        [(np.array([0]), 1)],
        np.array([5 / 6 - 1 / 4]),
        np.random.default_rng(1),
        sides=1,
        alpha=ALPHA,
        permutations=99_999,
    )
    tail = (math.comb(6, 5) * math.comb(4, 1) + math.comb(6, 6)) / math.comb(10, 6)
    assert found.p[0] == pytest.approx(tail, abs=four_sigma(tail, 99_999))


def alarms(seed: int, runs: int, rates: np.ndarray, n: int, *, ks: tuple[int, ...] = (1,), **how: float) -> np.ndarray:
    """Of many simulated gates whether any question, and whether the last one was a regression; shape (runs, 2).

    `rates` are the problems', of shape (problems,), or of each run of its own, of shape (runs, problems).
    """
    fired = []
    for run, each in enumerate(np.broadcast_to(rates, (runs, rates.shape[-1]))):
        pairs = paired((seed, run), each, n, **how)  # type: ignore[arg-type]
        found = decisions_on(pairs, ks=ks, alpha=ALPHA, seed=run, permutations=399)
        fired.append((any(decision.regressed for decision in found), found[-1].regressed))
    return np.array(fired)


SHAPES: dict[str, tuple[tuple[float, float], int, dict[str, object]]] = {
    "ten": ((0.6, 0.9), 164, {"n": 10}),
    "two languages, two k": ((0.6, 0.9), 60, {"n": 20, "languages": 2, "ks": (1, 10)}),
    "200 and 10, weak": ((1.0, 30.0), 41, {"n": 200, "m": 10, "ks": (1, 10)}),
    "200 and 10, few solved": ((0.05, 5.0), 82, {"n": 200, "m": 10, "ks": (1, 10)}),
    "200 and 10": ((0.6, 0.9), 164, {"n": 200, "m": 10, "ks": (1, 10)}),
    "10 and 200, strong": ((30.0, 1.0), 41, {"n": 10, "m": 200, "ks": (1, 10)}),
}


def false_alarms(name: str, runs: int) -> float:
    (a, b), problems, how = SHAPES[name]
    rates = np.random.default_rng(len(name)).beta(a, b, (runs, problems))
    return float(alarms(3, runs, rates, **how)[:, 0].mean())  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["ten", "200 and 10, weak"])
def test_a_gate_of_runs_of_one_model_alarms_in_at_most_alpha_of_all_cases(name: str) -> None:
    # Above 0 too: a gate that never alarms keeps alpha and is worth nothing.
    assert 0.02 < false_alarms(name, 300) < 0.067


@pytest.mark.slow
@pytest.mark.parametrize("name", SHAPES)
def test_of_many_gates_of_runs_of_one_model_alpha_alarm_at_most(name: str) -> None:
    assert 0.01 < false_alarms(name, 700) < 0.068


@pytest.mark.parametrize(
    ("shape", "problems", "how", "least", "most"),
    [
        ((0.6, 0.9), 164, {"n": 10}, 0.75, 0.85),
        ((0.6, 0.9), 41, {"n": 20}, 0.76, 0.87),
        ((0.3, 3.0), 41, {"n": 20}, 0.85, 0.97),
        ((0.3, 3.0), 41, {"n": 200, "m": 10}, 0.83, 0.97),
    ],
    ids=["164", "41", "weak", "weak, 200 and 10"],
)
def test_a_gate_finds_the_drop_that_it_says_it_finds_in_eighty_of_hundred_cases_or_more(
    shape: tuple[float, float], problems: int, how: dict[str, int], least: float, most: float
) -> None:
    rates = np.random.default_rng(7).beta(*shape, problems)
    said = [
        decisions_on(paired((10, seed), rates, **how), ks=(1,), seed=seed)[-1].power_drop  # type: ignore[arg-type]
        for seed in range(20)
    ]
    drop = float(np.median([each for each in said if each is not None]))
    fired = alarms(20, 200, rates, lost=drop / rates.mean(), **how)[:, 1].mean()  # type: ignore[arg-type]
    assert least < fired < most


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
    (found,) = decisions_on(counts.assign(c_other=counts["c_one"]), ks=(1,), permutations=999)
    assert found.detectable is None
    assert found.power_drop is not None
    assert 0.02 < found.power_drop < 0.04


def test_greedy_runs_say_what_they_could_have_found_by_the_problems_that_differ() -> None:
    random = np.random.default_rng(32)
    before, after = (random.random((2, 164)) < 0.5).astype(int)
    (found,) = decisions_on(paired((33,), model(), 1).assign(c_one=before, c_other=after), ks=(1,), permutations=999)
    # About half of the problems differ: sigma is sqrt(82) / 164, so (1.645 + 0.84) sigma is 14 points at least.
    assert found.power_drop == pytest.approx(0.145, abs=0.02)
