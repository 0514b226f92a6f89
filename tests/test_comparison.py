"""Comparisons of two runs: closed forms, enumeration, refusals, and what is printed."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from simulated import LANGUAGES, SAMPLING, simulated_run, write_report

from humaneval_x.cli import group
from humaneval_x.comparison import Comparison, compare
from humaneval_x.errors import DataError, HarnessError, IncomparableError, IncompleteError, UsageError
from humaneval_x.estimates import ALL
from humaneval_x.significance import fisher, flip_signs, holm


def drawn(seed: int, better: float = 0.0, problems: int = 40, languages: int = 5, n: int = 20) -> np.ndarray:
    rates = np.random.default_rng(0).beta(0.6, 0.9, (1, problems)).repeat(languages, axis=0)
    return np.random.default_rng([1, seed]).binomial(n, np.clip(rates + better, 0, 1))


def compared(one: np.ndarray, other: np.ndarray, **settings: Any) -> Comparison:
    return compare(simulated_run(one), simulated_run(other, run_id="other"), permutations=999, **settings)


def counts_of_two(limit: int) -> st.SearchStrategy[tuple[int, int, int, int]]:
    one = st.integers(1, limit).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))
    return st.tuples(one, one).map(lambda pair: (*pair[0], *pair[1]))


@given(counts_of_two(12))
def test_fishers_p_sums_the_tables_that_are_no_more_probable(counts: tuple[int, int, int, int]) -> None:
    n, c, m, d = counts
    total = math.comb(n + m, c + d)
    chances = {
        x: Fraction(math.comb(n, x) * math.comb(m, c + d - x), total)
        for x in range(c + d + 1)
        if x <= n and c + d - x <= m
    }
    assert sum(chances.values()) == 1
    assert fisher(n, c, m, d) == float(sum(each for each in chances.values() if each <= chances[c]))


@given(counts_of_two(60))
def test_fishers_p_is_the_same_with_runs_or_outcomes_exchanged(counts: tuple[int, int, int, int]) -> None:
    n, c, m, d = counts
    assert fisher(n, c, m, d) == fisher(m, d, n, c) == fisher(n, n - c, m, m - d)
    assert 0 < fisher(n, c, m, d) <= 1


def test_fishers_p_is_that_of_known_tables() -> None:
    assert fisher(10, 1, 14, 11) == pytest.approx(0.0027594561, rel=1e-7)  # Wikipedia's example of students who study
    assert fisher(20, 0, 20, 12) == 2 * math.comb(20, 12) / math.comb(40, 12)


def test_holm_multiplies_by_what_is_left_and_never_falls() -> None:
    assert holm([0.04, 0.01, 0.03]) == [0.06, 0.03, 0.06]
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=8))
def test_holm_lies_between_p_and_bonferronis(p: list[float]) -> None:
    for before, after in zip(p, holm(p), strict=True):
        assert before <= after <= min(1.0, len(p) * before) + 1e-12


def test_sign_flips_agree_with_all_sign_choices() -> None:
    values = np.random.default_rng(3).normal(0.2, 0.5, (9, 3))
    signs = np.array(list(product([-1, 1], repeat=9)))
    scaled = values / np.sqrt((values**2).sum(axis=0))
    flipped, seen = np.abs(signs @ scaled), np.abs(scaled.sum(axis=0)) - 1e-9
    flips = flip_signs(values, np.random.default_rng(0), permutations=19_999)
    assert flips.p == pytest.approx((flipped >= seen).mean(axis=0), abs=0.015)
    assert flips.adjusted_p == pytest.approx((flipped.max(axis=1)[:, None] >= seen).mean(axis=0), abs=0.015)
    assert (flips.adjusted_p >= flips.p).all()


def test_a_run_does_not_differ_from_itself_and_certainty_is_not_claimed() -> None:
    result = compared(drawn(0), drawn(0))
    assert all((each.value, each.p, each.adjusted_p) == (0, 1, 1) for each in result.differences)
    # What sampling alone does to a difference is known from one run.
    assert all(0.01 < each.detectable < 0.1 for each in result.differences if each.detectable and each.k == 1)
    assert all(each.detectable for each in result.differences)
    assert all(each.low < 0 < each.high for each in result.differences)
    assert all((each.won, each.lost, each.tied) == (0, 0, 40) for each in result.tallies[:-1])


def test_a_difference_is_the_mean_over_problems_of_the_other_minus_the_one() -> None:
    result = compared(np.array([[0, 10, 20]]), np.array([[5, 10, 20]]), ks=(1, 20))
    first, last = result.differences
    assert (first.one, first.other, first.value) == pytest.approx((0.5, 35 / 60, 5 / 60))
    assert (last.one, last.other, last.value) == pytest.approx((2 / 3, 1.0, 1 / 3))
    assert first.low <= first.value <= first.high


def test_exchanging_the_runs_turns_every_figure_round() -> None:
    there, back = compared(drawn(0), drawn(1, better=0.05)), compared(drawn(1, better=0.05), drawn(0))
    for one, other in zip(there.differences, back.differences, strict=True):
        assert (one.value, one.p, one.adjusted_p) == pytest.approx((-other.value, other.p, other.adjusted_p))
        assert (one.low, one.high) == pytest.approx((-other.high, -other.low))
    for mine, theirs in zip(there.tallies, back.tallies, strict=True):
        assert (mine.won, mine.lost_credibly) == (theirs.lost, theirs.won_credibly)
    assert {each.task_id: each.value for each in there.contrasts} == {
        each.task_id: -each.value for each in back.contrasts
    }


def test_problems_that_are_too_few_for_any_credible_difference_are_said() -> None:
    said = "can never show a credible difference at alpha 0.05"
    for problems, never in ((5, True), (6, False)):
        result = compared(np.zeros((2, problems), dtype=int), np.full((2, problems), 20))
        assert any(note.startswith(f"{problems} problems {said}") for note in result.notes) == never
        assert all((each.adjusted_p <= 0.05) != never for each in result.differences)


def test_an_alpha_below_what_permutations_can_tell_is_refused() -> None:
    with pytest.raises(UsageError, match=r"give at least 0\.0001"):
        compared(drawn(0), drawn(1), alpha=0.00005)


def test_a_better_model_is_credibly_better_in_every_language_and_overall() -> None:
    result = compared(drawn(0), drawn(1, better=0.15), ks=(1,))
    assert [each.group for each in result.differences] == [*LANGUAGES, ALL]
    assert all(each.adjusted_p <= 0.05 and each.low > 0 for each in result.differences)


def test_copies_of_a_language_are_no_more_evidence_than_one() -> None:
    one, other = drawn(0, languages=1), drawn(1, better=-0.02, languages=1)
    single = compared(one, other, ks=(1,)).differences[0]
    copied = compared(one.repeat(5, axis=0), other.repeat(5, axis=0), ks=(1,)).differences[-1]
    assert copied.p == pytest.approx(single.p)
    assert copied.high - copied.low == pytest.approx(single.high - single.low, rel=0.15)
    assert copied.detectable == pytest.approx(single.detectable, rel=1e-6)


def test_pairing_makes_the_interval_narrower_than_the_runs_own() -> None:
    each = compared(drawn(0), drawn(1), ks=(1,)).differences[0]
    assert each.high - each.low < 0.5 * np.std(drawn(0)[0] / 20) / math.sqrt(40) * 2 * 1.96


def test_problems_are_sorted_from_won_to_lost_and_counted() -> None:
    result = compared(np.array([[0, 20, 7, 5, 0]]), np.array([[20, 0, 7, 6, 1]]))
    assert [each.task_id.rpartition("/")[2] for each in result.contrasts] == ["0", "3", "4", "2", "1"]
    tally = result.tallies[0]
    assert (tally.won, tally.lost, tally.tied) == (3, 1, 1)
    assert (tally.won_credibly, tally.lost_credibly) == (1, 1)
    assert (tally.solved_by_one_only, tally.solved_by_other_only) == (1, 2)


def test_rates_of_different_numbers_of_samples_can_tie() -> None:
    result = compare(simulated_run(np.array([[1, 10]]), 10), simulated_run(np.array([[2, 20]]), 20), permutations=99)
    assert result.tallies[0].tied == 2
    assert result.differences[0].value == 0


def test_no_problem_of_one_sample_is_credible_by_itself() -> None:
    one, other = (np.random.default_rng(seed).integers(0, 2, (5, 164)) for seed in (0, 1))
    result = compare(simulated_run(one, 1), simulated_run(other, 1), permutations=99)
    assert all(each.p == 1.0 for each in result.contrasts)


def test_reference_verdicts_are_compared_when_asked_for() -> None:
    result = compared(np.array([[2, 4]]), np.array([[6, 8]]), semantics="reference", ks=(1,))
    assert result.differences[0].one == pytest.approx(3 / 40)


def test_pairs_of_languages_are_groups_like_any() -> None:
    runs = []
    for seed in (0, 1):
        counts = simulated_run(drawn(seed, languages=2)).counts
        runs.append(
            simulated_run(
                drawn(seed, languages=2),
                task="translation",
                counts=counts.assign(task=counts["task"].str.replace("generation-", "translation-go-to-")),
            )
        )
    assert {each.group for each in compare(*runs, permutations=99).differences} == {"go-to-python", "go-to-cpp", ALL}


@pytest.mark.parametrize(
    "changes",
    [{"data_version": "fixed"}, {"sampling": {**SAMPLING, "temperature": 0.2}}, {"truncation": "reference"}],
)
def test_what_is_not_comparable_is_refused_and_shown_only_with_the_reason(changes: dict[str, Any]) -> None:
    one, other = simulated_run(drawn(0)), simulated_run(drawn(1), **changes)
    with pytest.raises(IncomparableError, match="not comparable"):
        compare(one, other)
    assert compare(one, other, anyway=True, permutations=99).incomparable


def test_another_model_is_comparable() -> None:
    assert not compare(simulated_run(drawn(0)), simulated_run(drawn(1), model="x"), permutations=99).incomparable


@pytest.mark.parametrize("changes", [{"unjudged": 1}, {"undrawn": 1}, {"missing": ("go Go/3",)}])
def test_an_incomplete_run_is_refused_unless_that_is_allowed(changes: dict[str, Any]) -> None:
    runs = simulated_run(drawn(0)), simulated_run(drawn(1), **changes)
    for pair in (runs, runs[::-1]):
        with pytest.raises(IncompleteError):
            compare(*pair)
    assert any("Partial" in note for note in compare(*runs, allow_partial=True, permutations=99).notes)


def test_problems_that_one_run_lacks_are_refused_or_left_out_and_named() -> None:
    one, other = simulated_run(drawn(0, languages=2)), simulated_run(drawn(1, problems=30, languages=2))
    with pytest.raises(IncomparableError, match="in one run only"):
        compare(one, other)
    result = compare(one, other, anyway=True, permutations=99)
    assert {each.problems for each in result.differences} == {30, 60}
    assert any(note.startswith("20 problem(s) stand in one run only") for note in result.notes)


def test_only_common_languages_are_compared_and_the_others_named() -> None:
    result = compare(simulated_run(drawn(0, languages=2)), simulated_run(drawn(1)), permutations=99)
    assert {each.group for each in result.differences} == {"python", "cpp", ALL}
    assert any("java, js, go" in note for note in result.notes)
    assert not any("do not compare the overall" in note for note in result.notes)


def test_runs_without_a_common_problem_or_k_are_refused_even_so() -> None:
    one = simulated_run(drawn(0, languages=1))
    foreign = one.counts.assign(task="generation-go")
    with pytest.raises(IncomparableError, match="no problem in common"):
        compare(one, simulated_run(drawn(0), counts=foreign), anyway=True)
    with pytest.raises(IncomparableError, match="enough samples"):
        compare(one, one, ks=(21,), anyway=True)


@pytest.mark.parametrize("settings", [{"alpha": 0.0}, {"alpha": 1.0}, {"semantics": "x"}, {"ks": (0,)}, {"ks": ()}])
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        compare(simulated_run(drawn(0)), simulated_run(drawn(0)), **settings)


def invoked(*arguments: object) -> Result:
    return CliRunner().invoke(group, [str(argument) for argument in arguments], standalone_mode=False)


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    write_report(tmp_path / "one.json", [simulated_run(drawn(0), run_id="base", model="small")])
    runs = [
        simulated_run(drawn(1, better=0.15), run_id="new"),
        simulated_run(drawn(1), run_id="a:b", truncation="none"),
    ]
    write_report(tmp_path / "two.json", runs)
    return tmp_path


def test_the_command_says_what_the_result_means_and_writes_it(reports: Path) -> None:
    written = reports / "out" / "c.json", reports / "out" / "c.md"
    done = invoked(
        *("compare", reports / "one.json", f"{reports}/two.json:new", "--problems", 2, "--k", "1,10"),
        *("--json", written[0], "--markdown", written[1]),
    )
    assert done.exception is None
    assert "Overall, pass@1: B is better, +1" in done.output
    assert done.output.count("/20") == 8
    table = json.loads(written[0].read_text())
    assert table["incomparable"] == []
    assert table["meaning"][0] in done.output
    assert [each["k"] for each in table["differences"]] == [1, 10] * 6
    assert len(table["problems"]) == 200
    assert "| Overall | 1 | 200 |" in written[1].read_text()


def test_the_command_shows_runs_that_do_not_compare_only_under_a_warning(reports: Path) -> None:
    arguments = "compare", reports / "one.json", f"{reports}/two.json:a:b"
    refused = invoked(*arguments)
    assert isinstance(refused.exception, HarnessError)
    assert refused.exception.exit_code == 7
    shown = invoked(*arguments, "--anyway", "--json", reports / "c.json")
    assert shown.output.startswith("NOT COMPARABLE, shown anyway: the runs differ in truncation (strict, none)")
    assert json.loads((reports / "c.json").read_text())["incomparable"] == ["truncation (strict, none)"]


def test_no_difference_is_said_with_what_could_have_been_told(reports: Path) -> None:
    write_report(reports / "again.json", [simulated_run(drawn(4))])
    done = invoked("compare", reports / "one.json", reports / "again.json", "--k", "1")
    assert "Overall, pass@1: no credible difference" in done.output
    assert "this comparison could tell differences of about" in done.output


@pytest.mark.parametrize(
    ("name", "error"),
    [("two.json", UsageError), ("two.json:x", UsageError), ("none.json", UsageError), ("bad.json", DataError)],
)
def test_what_is_no_run_is_refused(reports: Path, name: str, error: type[Exception]) -> None:
    (reports / "bad.json").write_text("{}")
    assert isinstance(invoked("compare", reports / "one.json", reports / name).exception, error)


def test_names_cannot_act_on_the_terminal_or_in_markdown(reports: Path) -> None:
    write_report(reports / "evil.json", [simulated_run(drawn(1), model="x\x1b[2J @org/team", run_id="![a](http://b)|")])
    done = invoked("compare", reports / "one.json", reports / "evil.json", "--markdown", reports / "c.md")
    assert "\x1b" not in done.output
    markdown = (reports / "c.md").read_text()
    assert "\\!\\[a\\](http\\://b)\\|" in markdown
    # A mention would tell people of a run they never heard of.
    assert "\\@org/team" in markdown
