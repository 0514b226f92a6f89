from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from simulated import LANGUAGES, SAMPLING, simulated_run

from humaneval_x.errors import DataError, IncomparableError, IncompleteError, StorageError, UsageError
from humaneval_x.estimates import ALL
from humaneval_x.gate import gate, read_baseline, render_gate, workflow_commands, write_baseline
from humaneval_x.gate.comparison import decisions_on
from humaneval_x.gate.rendering import message_of
from humaneval_x.gate.results import exceeds
from humaneval_x.report_file import REPORT_FORMAT, summary_to_json
from humaneval_x.summaries import RunSummary, labels_of


def summary(passes: np.ndarray, n: int = 20, **changes: Any) -> RunSummary:
    """A run from passes of shape (languages, problems)."""
    return simulated_run(passes, n, **{"run_id": "candidate", **changes})


def drawn(seed: int, better: float = 0.0, problems: int = 60, languages: int = 5, n: int = 20) -> np.ndarray:
    """Passes of a model whose problem rates are the same for every seed, shifted by `better`."""
    rates = np.random.default_rng(0).beta(0.6, 0.9, (1, problems)).repeat(languages, axis=0)
    return np.random.default_rng([1, seed]).binomial(n, np.clip(rates + better, 0, 1))


@pytest.fixture
def baseline(tmp_path: Path) -> Path:
    path = tmp_path / "reports" / "base.json"
    write_baseline(summary(drawn(0), run_id="base"), path)
    return path


def test_the_run_itself_passes_its_own_baseline(baseline: Path) -> None:
    result = gate(baseline, summary(drawn(0)))
    assert result.passed
    assert [decision.group for decision in result.decisions if decision.k == 1] == [*LANGUAGES, ALL]
    assert all(decision.drop == 0 and decision.p == 1.0 for decision in result.decisions)


def test_another_draw_of_the_same_model_passes(baseline: Path) -> None:
    assert gate(baseline, summary(drawn(1))).passed


def test_a_clearly_worse_model_fails_in_every_language_and_overall(baseline: Path) -> None:
    result = gate(baseline, summary(drawn(1, better=-0.15)), max_drop=0.02)
    assert not result.passed
    assert {each.group for each in result.decisions if each.regressed and each.k == 1} == {*LANGUAGES, ALL}
    assert all(each.p <= 0.05 and each.drop > 0.02 for each in result.decisions if each.regressed)


def test_a_drop_in_one_language_alone_fails_there(baseline: Path) -> None:
    passes = drawn(0)
    passes[4] = drawn(1, better=-0.25)[4]
    regressed = {each.group for each in gate(baseline, summary(passes)).decisions if each.regressed and each.k == 1}
    assert "go" in regressed
    assert not regressed & {"python", "cpp", "java", "js"}


def test_a_credible_drop_within_the_allowance_passes(baseline: Path) -> None:
    assert gate(baseline, summary(drawn(1, better=-0.1)), max_drop=0.3).passed


def test_a_large_drop_that_chance_explains_passes() -> None:
    before = np.full((1, 6), 20)
    result = gate(summary(before, run_id="base"), summary(np.array([[0, 0, 0, 20, 20, 20]])))
    # Three problems can fall by the same chance as rise: one time in eight all three fall.
    assert result.decisions[0].drop == 0.5
    assert result.decisions[0].p == 1 / 8
    assert result.passed


@pytest.mark.parametrize(
    ("before", "settings"),
    [
        (np.full((1, 3), 20), {}),
        (np.full((1, 4), 20), {}),
        (np.full((5, 4), 20), {}),
        (np.zeros((1, 20), dtype=int), {}),
        (np.array([[20, 20, 20, 20, *[0] * 16]]), {}),
        (np.full((1, 20), 2), {"max_drop": 0.1, "ks": (1,)}),
        (np.full((1, 9), 20), {"alpha": 0.001}),
    ],
    ids=["three", "four", "four in five languages", "unsolved", "four solved", "all of it allowed", "alpha"],
)
@pytest.mark.parametrize("worse", [False, True])
def test_a_gate_that_no_candidate_could_fail_is_refused_not_passed(
    before: np.ndarray, settings: dict[str, Any], worse: bool
) -> None:
    with pytest.raises(IncomparableError, match="can never show a drop at alpha"):
        gate(summary(before, run_id="base"), summary(before * 0 if worse else before), **settings)


@pytest.mark.parametrize(("problems", "alpha"), [(5, 0.05), (10, 0.001), (30, 0.0001)])
def test_the_loss_of_everything_fails_where_the_problems_are_just_enough(problems: int, alpha: float) -> None:
    before = np.full((1, problems), 20)
    result = gate(summary(before, run_id="base"), summary(before * 0), alpha=alpha)
    assert all(each.regressed and each.p <= alpha for each in result.decisions)


@pytest.mark.parametrize("alpha", [0.00005, 1e-9])
def test_an_alpha_below_what_permutations_can_tell_is_refused(baseline: Path, alpha: float) -> None:
    with pytest.raises(UsageError, match=r"give at least 0\.0001"):
        gate(baseline, summary(drawn(0)), alpha=alpha)


def test_a_drop_of_exactly_what_is_allowed_is_no_regression() -> None:
    result = gate(summary(np.full((1, 60), 4), run_id="base"), summary(np.full((1, 60), 3)), max_drop=0.05, ks=(1,))
    # 0.2 - 0.15 is not 0.05 in binary.
    assert result.passed
    assert [line.split(" ")[0] for line in workflow_commands(result)] == ["::notice"]
    assert message_of(result.decisions[0], result).endswith("within what is allowed")


def test_every_drop_of_whole_samples_exceeds_all_that_is_less_and_nothing_else() -> None:
    passes = [(had, has) for had in range(21) for has in range(had)]
    table = pd.DataFrame(
        [(f"{had} to {has}", f"X/{number}", 20, 20, had, has) for had, has in passes for number in range(3)],
        columns=["group", "task_id", "n_one", "n_other", "c_one", "c_other"],
    )
    found = decisions_on(table, ks=(1,), alpha=0.2)
    for (had, has), each in zip(passes, found, strict=False):
        assert not exceeds(each.drop, round((had - has) / 20, 2)), (had, has)
        assert exceeds(each.drop, round((had - has) / 20, 2) - 1e-9), (had, has)


def test_a_better_model_passes(baseline: Path) -> None:
    result = gate(baseline, summary(drawn(1, better=0.2)))
    assert result.passed
    assert result.decisions[0].drop < 0


def test_a_drop_above_the_detectable_one_is_what_counts(baseline: Path) -> None:
    for better in (-0.01, -0.02, -0.03, -0.05):
        for each in gate(baseline, summary(drawn(3, better=better))).decisions:
            assert each.regressed == (each.drop > each.detectable + 1e-12)


def test_overall_is_tested_by_problem_and_not_by_row() -> None:
    one = drawn(0, languages=1)
    other = drawn(1, better=-0.02, languages=1)
    single = gate(summary(one), summary(other), ks=(1,))
    copied = gate(summary(one.repeat(5, axis=0)), summary(other.repeat(5, axis=0)), ks=(1,))
    # Five copies of one language are no more evidence than one.
    assert copied.decisions[-1].group == ALL
    assert copied.decisions[-1].p == pytest.approx(single.decisions[0].p)


@pytest.mark.parametrize(
    "changes",
    [
        {"data_version": "fixed"},
        {"data_hashes": {"go": "other"}},
        {"task": "translation"},
        {"sampling": {**SAMPLING, "temperature": 0.2}},
        {"truncation": "reference"},
        {"example_tests": True},
    ],
)
def test_what_is_not_comparable_is_refused_not_passed(baseline: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(IncomparableError, match="not comparable"):
        gate(baseline, summary(drawn(0), **changes))


def subset_of(problems: int, of: int = 60) -> dict[str, Any]:
    return {"subset": {"method": "m", "problems": problems, "of": of}}


def test_runs_on_one_subset_compare() -> None:
    before, after = (summary(drawn(seed, problems=20), run=subset_of(20)) for seed in (0, 1))
    assert gate(before, after).passed


@pytest.mark.parametrize("other", [subset_of(20), {}])
def test_a_subset_is_not_compared_with_another_or_with_the_whole(other: dict[str, Any]) -> None:
    before, after = summary(drawn(0, problems=30), run=subset_of(30)), summary(drawn(1, problems=20), run=other)
    with pytest.raises(IncomparableError, match=r"subset of the problems \(30 of 60; "):
        gate(before, after)


def test_a_subset_that_is_everything_compares_with_everything() -> None:
    assert gate(summary(drawn(0), run=subset_of(60)), summary(drawn(1))).passed


def test_a_report_on_a_subset_says_so() -> None:
    assert labels_of(summary(drawn(0), run=subset_of(60))) == ()
    assert "20 of the 60 problems" in labels_of(summary(drawn(0, problems=20), run=subset_of(20)))[0]


@pytest.mark.parametrize("changes", [{"unjudged": 1}, {"undrawn": 1}, {"missing": ("go Go/3",)}])
def test_an_incomplete_candidate_is_refused(baseline: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(IncompleteError):
        gate(baseline, summary(drawn(0), **changes))


def test_an_incomplete_run_cannot_become_a_baseline(tmp_path: Path) -> None:
    with pytest.raises(IncompleteError):
        write_baseline(summary(drawn(0), unjudged=1), tmp_path / "x.json")
    assert not (tmp_path / "x.json").exists()


@pytest.mark.parametrize("shape", [{"problems": 59}, {"languages": 4}])
def test_runs_on_different_problems_are_refused(baseline: Path, shape: dict[str, int]) -> None:
    with pytest.raises(IncomparableError, match="in one run only"):
        gate(baseline, summary(drawn(0, **shape)))


def test_a_language_that_the_baseline_lacks_is_said_and_left_out(tmp_path: Path) -> None:
    write_baseline(summary(drawn(0, languages=2)), tmp_path / "x.json")
    result = gate(tmp_path / "x.json", summary(drawn(0)))
    assert [each.group for each in result.decisions if each.k == 1] == ["python", "cpp", ALL]
    assert any("java, js, go" in note for note in result.notes)
    assert not any("do not compare the overall" in note for note in result.notes)


def test_a_k_without_enough_samples_is_said_and_left_out(baseline: Path) -> None:
    result = gate(baseline, summary(drawn(0, n=10), n=10))
    assert {each.k for each in result.decisions} == {1, 10}
    assert any("100" in note for note in result.notes)


def test_a_baseline_with_other_n_is_compared(baseline: Path) -> None:
    assert gate(baseline, summary(drawn(5, n=200), n=200)).passed


@pytest.mark.parametrize(
    "settings",
    [
        {"max_drop": -0.1},
        {"max_drop": 1.0},
        {"max_drop": float("nan")},
        {"alpha": 0.0},
        {"alpha": 1.0},
        {"semantics": "lenient"},
    ],
)
def test_settings_that_make_no_sense_are_refused(baseline: Path, settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        gate(baseline, summary(drawn(0)), **settings)


def test_a_report_of_several_runs_needs_the_runs_name(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    runs = [summary_to_json(summary(drawn(seed), run_id=name)) for seed, name in enumerate(["one", "two"])]
    path.write_text(json.dumps({**REPORT_FORMAT, "runs": runs}))
    assert read_baseline(path, "two").run_id == "two"
    with pytest.raises(UsageError, match="one, two"):
        read_baseline(path)
    with pytest.raises(UsageError, match="no run 'three'"):
        read_baseline(path, "three")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": "humaneval-x report", "version": 1, "runs": []}',
        '{"format": "humaneval-x report", "version": 1, "runs": [3]}',
        '{"format": "humaneval-x report", "version": 99, "runs": [{}]}',
        "[" * 100_000,
    ],
)
def test_a_file_that_is_no_report_is_a_data_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(DataError, match=r"x\.json"):
        read_baseline(tmp_path / "x.json")


@pytest.mark.parametrize("task", ["generation-::error::x", "generation-py\n::error::", "##[error]-x", "python"])
def test_a_baseline_whose_groups_could_be_commands_of_a_log_is_a_data_error(tmp_path: Path, task: str) -> None:
    run = summary(drawn(0, languages=1))
    write_baseline(replace(run, counts=run.counts.assign(task=task)), tmp_path / "x.json")
    with pytest.raises(DataError, match="no task's name"):
        read_baseline(tmp_path / "x.json")


def test_a_missing_baseline_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        gate(tmp_path / "none.json", summary(drawn(0)))


def test_a_baseline_that_cannot_be_written_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        write_baseline(summary(drawn(0)), tmp_path / "file" / "x.json")


def test_the_text_names_the_verdict_and_every_regression(baseline: Path) -> None:
    assert render_gate(gate(baseline, summary(drawn(0)))).startswith("pass: candidate against base")
    text = render_gate(gate(baseline, summary(drawn(1, better=-0.2), run_id="evil\x1b[2J")))
    assert text.startswith("REGRESSION: evil\\u001b[2J against base")
    assert text.count("  regression\n") >= 5


def test_the_text_says_how_large_a_drop_could_have_been_detected(baseline: Path) -> None:
    result = gate(baseline, summary(drawn(0)), ks=(1, 10))
    overall = next(each for each in result.decisions if (each.group, each.k) == (ALL, 1))
    assert overall.power_drop is not None
    said = f"could have detected a drop of {100 * overall.power_drop:.1f} points in pass@1 of overall (60 problems)"
    assert said.replace("(60", "(300") in render_gate(result)


def test_where_no_drop_could_have_been_detected_the_text_says_so() -> None:
    # Six of 120 samples pass: a candidate that loses all of them is seen, but seldom four times in five.
    few = np.array([[1, 1, 1, 1, 1, 1]])
    assert "There is no drop of pass@1 of python (6 problems)" in render_gate(
        gate(summary(few, run_id="base"), summary(few))
    )
