"""Budgets over languages: closed forms, enumeration of draws and of splits, refusals, and the command."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import combinations, permutations, product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from simulated import LANGUAGES, simulated_run, write_report

from humaneval_x.budgets import (
    BEST,
    BOUND,
    HELD_OUT,
    UNIFORM,
    WEIGHTED,
    board_of,
    budgets,
    pass_under_split,
    split_budget,
    weights_by_pass_at_1,
)
from humaneval_x.cli import group
from humaneval_x.errors import DataError, HarnessError, IncompleteError, UsageError
from humaneval_x.estimates import estimate, pass_at_k
from humaneval_x.splits import best_splits, splits_of


def counted(passes: np.ndarray, n: int = 20) -> pd.DataFrame:
    """Counts from passes of shape (languages, problems)."""
    return pd.DataFrame(
        [
            (f"{prefix}/{number}", name, n, int(c))
            for (name, prefix), line in zip(LANGUAGES.items(), passes, strict=False)
            for number, c in enumerate(line)
        ],
        columns=["task_id", "language", "n", "c"],
    )


def drawn(seed: int = 0, languages: int = 3, problems: int = 12, n: int = 20) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.binomial(n, random.beta(0.5, 1.0, (languages, problems)))


@st.composite
def one_problem(draw: st.DrawFn, most: int = 30) -> tuple[list[int], list[int], list[int]]:
    n = draw(st.lists(st.integers(1, most), min_size=1, max_size=4))
    c = [draw(st.integers(0, each)) for each in n]
    split = [draw(st.integers(0, each)) for each in n]
    return n, c, split if any(split) else [1, *split[1:]]


@pytest.mark.parametrize("split", [(1, 0), (0, 3), (1, 1), (2, 1), (2, 3), (3, 4)])
def test_a_split_counts_every_way_to_draw(split: tuple[int, int]) -> None:
    n = (3, 4)
    for c in product(range(4), range(5)):
        draws = list(product(*(list(combinations(range(n[i]), split[i])) for i in range(2))))
        hits = sum(any(sample < c[i] for i in range(2) for sample in draw[i]) for draw in draws)
        assert pass_under_split(n, c, split) == float(Fraction(hits, len(draws)))


@given(st.integers(1, 200), st.data())
def test_a_budget_in_one_language_is_pass_at_k(n: int, data: st.DataObject) -> None:
    c, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    assert pass_under_split([n, 7], [c, 7], [k, 0]) == pass_at_k(n, c, k)


@given(one_problem())
def test_the_order_of_languages_does_not_matter(case: tuple[list[int], list[int], list[int]]) -> None:
    rows = list(zip(*case, strict=True))
    values = {pass_under_split(*map(list, zip(*order, strict=True))) for order in permutations(rows)}
    assert len(values) == 1


@given(one_problem(), st.data())
def test_more_samples_or_passes_never_solve_less(
    case: tuple[list[int], list[int], list[int]], data: st.DataObject
) -> None:
    n, c, split = case
    value = pass_under_split(n, c, split)
    assert 0 <= value <= 1
    place = data.draw(st.integers(0, len(n) - 1))
    more = [each + (i == place) for i, each in enumerate(split)]
    if more[place] <= n[place]:
        assert pass_under_split(n, c, more) >= value
    passing = [each + (i == place) for i, each in enumerate(c)]
    if passing[place] <= n[place]:
        assert pass_under_split(n, passing, split) >= value


@given(one_problem())
def test_for_one_problem_no_split_beats_its_best_language(case: tuple[list[int], list[int], list[int]]) -> None:
    n, c, split = case
    k = sum(split)
    if k <= min(n):
        alone = max(pass_at_k(samples, passes, k) for samples, passes in zip(n, c, strict=True))
        assert pass_under_split(n, c, split) <= alone + 1e-12


def test_a_budget_above_the_samples_is_refused() -> None:
    with pytest.raises(IncompleteError, match="undefined for 3 samples"):
        pass_under_split([3, 9], [1, 1], [4, 0])


@pytest.mark.parametrize(
    ("c", "split", "error"),
    [
        ((4, 0), (1, 1), DataError),
        ((-1, 0), (1, 1), DataError),
        ((1, 1), (0, 0), UsageError),
        ((1, 1), (2, -1), UsageError),
    ],
)
def test_what_cannot_be_is_refused(c: tuple[int, int], split: tuple[int, int], error: type[Exception]) -> None:
    with pytest.raises(error):
        pass_under_split([3, 3], c, split)


@given(st.integers(1, 300), st.lists(st.fractions(0, 50, max_denominator=20), min_size=1, max_size=6))
def test_the_parts_of_a_budget_sum_to_it_and_lie_within_one_of_their_quotas(k: int, weights: list[Fraction]) -> None:
    if not any(weights):
        weights = [Fraction(1), *weights]
    split = split_budget(k, weights)
    assert sum(split) == k
    for part, weight in zip(split, weights, strict=True):
        assert abs(part - k * weight / sum(weights)) < 1
        assert weight > 0 or part == 0


def test_equal_remainders_go_to_the_language_named_first() -> None:
    assert split_budget(7, [Fraction(1)] * 5) == (2, 2, 1, 1, 1)
    assert split_budget(100, [Fraction(33), Fraction(6), Fraction(20), Fraction(32), Fraction(9)]) == (33, 6, 20, 32, 9)


@pytest.mark.parametrize(("k", "weights"), [(0, [1]), (3, []), (3, [0, 0]), (3, [2, -1])])
def test_budgets_and_weights_that_make_no_sense_are_refused(k: int, weights: list[int]) -> None:
    with pytest.raises(UsageError):
        split_budget(k, [Fraction(each) for each in weights])


@pytest.mark.parametrize(("languages", "k"), [(1, 4), (2, 5), (3, 6), (4, 5), (5, 4)])
def test_the_best_split_is_the_best_of_all_splits(languages: int, k: int) -> None:
    passes, n = drawn(languages, languages, 7, 8), 8
    shape = np.full(passes.T.shape, n)
    splits = [split for split in product(range(k + 1), repeat=languages) if sum(split) == k]
    assert len(splits) == splits_of(k, languages)

    def failures(rows: np.ndarray, split: tuple[int, ...]) -> float:
        return sum(1 - pass_under_split([n] * languages, row.tolist(), split) for row in rows)

    best, others = best_splits(shape, passes.T, k)
    rows = passes.T
    assert failures(rows, best) == pytest.approx(min(failures(rows, split) for split in splits))
    for fold, split in enumerate(others):
        rest = rows[np.arange(7) % 5 != fold]
        assert failures(rest, split) == pytest.approx(min(failures(rest, each) for each in splits))


def test_the_best_split_asks_no_language_for_more_than_it_has() -> None:
    n = np.array([[3, 9], [2, 9]])
    best, _ = best_splits(n, np.array([[3, 0], [2, 0]]), 8)
    assert sum(best) == 8
    assert best[0] <= 2


def test_single_languages_have_the_value_and_interval_of_the_report() -> None:
    counts = counted(drawn())
    table, figures = budgets(board_of(counts), (1, 10)), estimate(counts, (1, 10))
    for name in ("python", "cpp", "java"):
        for k in (1, 10):
            mine, theirs = table.find(name, k), figures.find(name, k)
            assert mine.value == pytest.approx(theirs.value, abs=1e-15)
            assert (mine.low, mine.high) == pytest.approx((theirs.low, theirs.high))


def test_no_way_beats_the_best_split_but_the_bound_and_held_out_is_no_better() -> None:
    table = budgets(board_of(counted(drawn())), (3, 6))
    for k in (3, 6):
        best = table.find(BEST, k).value
        others = [table.find(name, k).value for name in (*table.languages, UNIFORM, WEIGHTED, HELD_OUT)]
        assert max(others) <= best <= table.find(BOUND, k).value
        assert all(each.low <= each.value <= each.high for each in table.budgets if each.k == k)


def test_the_order_of_rows_does_not_matter_but_that_of_languages_is_the_tables() -> None:
    counts = counted(drawn())
    mixed = pd.concat([part.sample(frac=1, random_state=1) for _, part in counts.groupby("language", sort=False)])
    assert budgets(board_of(mixed), (4,)) == budgets(board_of(counts), (4,))


def test_a_uniform_budget_may_exceed_what_one_language_has() -> None:
    table = budgets(board_of(counted(drawn())), (60,))
    assert table.find(UNIFORM, 60).split == (20, 20, 20)
    assert {each.language for each in table.refusals} >= {"python", "cpp", "java", BOUND}
    assert table.find("python", 60) is None


def test_too_many_splits_are_refused_and_not_guessed() -> None:
    table = budgets(board_of(counted(drawn())), (10,), searched=20)
    assert table.find(BEST, 10) is None
    assert any("66 splits" in each.reason for each in table.refusals)


def test_one_problem_has_no_others_to_choose_on() -> None:
    table = budgets(board_of(counted(np.array([[3], [4]]))), (2,))
    assert table.find(BEST, 2).value == pytest.approx(pass_at_k(20, 4, 2))
    assert table.find(HELD_OUT, 2) is None


def test_problems_that_a_language_lacks_are_left_out_and_named() -> None:
    counts = counted(drawn(languages=2))
    board = board_of(counts[counts["task_id"] != "CPP/3"])
    assert board.left_out == ("3",)
    assert budgets(board, (1,)).problems == 11


def test_counts_without_a_problem_in_every_language_are_refused() -> None:
    counts = counted(drawn(languages=2, problems=2))
    with pytest.raises(IncompleteError, match="no problem has samples in all of python, cpp"):
        board_of(counts[counts["task_id"].isin(["Python/0", "CPP/1"])])
    with pytest.raises(IncompleteError, match="no judged samples"):
        board_of(counts.iloc[:0])


def test_weights_by_pass_at_1_are_exact_and_equal_where_nothing_passes() -> None:
    assert weights_by_pass_at_1(board_of(counted(np.array([[5, 10], [0, 1]])))) == (Fraction(3, 8), Fraction(1, 40))
    assert weights_by_pass_at_1(board_of(counted(np.zeros((2, 3), dtype=int)))) == (1, 1)


def test_a_language_without_a_weight_gets_nothing_and_an_unknown_one_is_refused() -> None:
    board = board_of(counted(drawn()))
    assert budgets(board, (9,), {"cpp": Fraction(2), "java": Fraction(1)}).find(WEIGHTED, 9).split == (0, 6, 3)
    with pytest.raises(UsageError, match="no 'rust'"):
        budgets(board, (9,), {"rust": Fraction(1)})


def invoked(*arguments: object) -> Result:
    return CliRunner().invoke(group, [str(argument) for argument in arguments], standalone_mode=False)


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return write_report(tmp_path / "report.json", [simulated_run(drawn(languages=5))])


def test_the_command_prints_every_way_and_writes_it(report: Path) -> None:
    done = invoked(
        "budget", report, "--k", "5,10,100", "--weights", "python=2,cpp=.5", "--json", report.parent / "b.json"
    )
    assert done.exception is None
    table = json.loads((report.parent / "b.json").read_text())
    assert table["weights"] == [2.0, 0.5, 0.0, 0.0, 0.0]
    uniform = next(each for each in table["budgets"] if each["name"] == UNIFORM and each["k"] == 10)
    assert f"{100 * uniform['value']:.1f} [" in next(line for line in done.output.splitlines() if "uniform" in line)
    assert uniform["split"] == [2, 2, 2, 2, 2]
    assert "Undefined: Python, k = 100: a problem has only 20 judged sample(s)" in done.output


@pytest.mark.parametrize(
    "weights", ["python", "python=x", "python=-1", "python=1,python=2", "python=0", "python=1e9", ""]
)
def test_weights_that_are_none_are_a_wrong_command(report: Path, weights: str) -> None:
    done = invoked("budget", report, "--weights", weights)
    assert getattr(done.exception, "exit_code", None) == 2


def test_an_incomplete_run_has_no_budget_unless_that_is_allowed(tmp_path: Path) -> None:
    path = write_report(tmp_path / "report.json", [simulated_run(drawn(languages=2), unjudged=1)])
    refused = invoked("budget", path)
    assert isinstance(refused.exception, HarnessError)
    assert refused.exception.exit_code == 6
    assert "Partial: 1 sample(s) not judged" in invoked("budget", path, "--allow-partial").output


@pytest.mark.parametrize("name", ["x" * 300, "x" * 5000])
def test_a_name_that_no_file_can_have_is_a_wrong_command(report: Path, name: str) -> None:
    refused = invoked("budget", report.parent / name)
    assert isinstance(refused.exception, UsageError)
    assert "cannot be looked for" in str(refused.exception)


def test_a_long_id_behind_a_reports_name_is_looked_for_in_the_report(report: Path) -> None:
    assert invoked("budget", f"{report}:one").exception is None
    refused = invoked("budget", f"{report}:{'x' * 300}")
    assert isinstance(refused.exception, UsageError)
    assert "holds no run 'xxx" in str(refused.exception)


def test_a_report_of_several_runs_says_how_one_is_named(tmp_path: Path) -> None:
    runs = [simulated_run(drawn(languages=2), run_id=name) for name in ("a", "b")]
    path = write_report(tmp_path / "report.json", runs)
    refused = invoked("budget", path)
    assert isinstance(refused.exception, UsageError)
    assert str(refused.exception) == f"{path} holds several runs: choose one with {path}:RUN_ID from a, b"


def test_a_run_whose_name_is_no_text_of_utf_8_is_written_all_the_same(tmp_path: Path) -> None:
    path = write_report(tmp_path / "report.json", [simulated_run(drawn(languages=2), run_id="\ud800")])
    done = invoked("budget", path, "--json", tmp_path / "out" / "b.json")
    assert done.exception is None
    assert json.loads((tmp_path / "out" / "b.json").read_text())["run_id"] == "\ud800"


def test_a_run_without_any_verdict_has_no_budget_but_an_answer(tmp_path: Path) -> None:
    empty = simulated_run(np.zeros((1, 0), dtype=int), missing=("python Python/0",))
    refused = invoked("budget", write_report(tmp_path / "report.json", [empty]), "--allow-partial")
    assert isinstance(refused.exception, HarnessError)
