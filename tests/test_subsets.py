from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from humaneval_x.cli import group
from humaneval_x.datasets import read_problems
from humaneval_x.errors import UsageError
from humaneval_x.records import Problem
from humaneval_x.subsets import METHOD, affordable, representative_order

SMOKE = ("generate", "--engine", "canonical", "--data-version", "smoke")


def of_lengths(*lengths: int) -> list[Problem]:
    return [
        Problem(
            task_id=f"Python/{number}",
            language="python",
            prompt="",
            declaration="",
            canonical_solution="x" * length + " " * (999 - length),
            test="",
        )
        for number, length in enumerate(lengths)
    ]


def generated(folder: Path, *options: str) -> dict[str, Any]:
    done = invoke(folder, *options)
    assert done.exit_code == 0, done.output
    manifest: dict[str, Any] = json.loads((folder / "run.json").read_text())
    return manifest


def invoke(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(group, [*SMOKE, "--out", str(folder), *options])


def numbers(manifest: dict[str, Any]) -> dict[str, list[str]]:
    return {task: [task_id.split("/")[1] for task_id in ids] for task, ids in manifest["tasks"].items()}


def samples(manifest: dict[str, Any]) -> int:
    each: int = manifest["sampling"]["samples"]
    return each * sum(map(len, manifest["tasks"].values()))


def test_every_problem_has_one_place_and_the_middle_one_is_the_first() -> None:
    for count in (1, 2, 3, 16, 164):
        order = representative_order(of_lengths(*range(count)))
        assert sorted(order) == list(range(count))
        assert order[0] == count // 2


def test_the_order_depends_on_lengths_without_blanks_and_on_nothing_else() -> None:
    # frac(1/2 + t / golden ratio) = .500, .118, .736, .354, .972: quarters 2, 0, 2 again, 1, 3.
    assert representative_order(of_lengths(1, 2, 3, 4)) == [2, 0, 1, 3]
    assert representative_order(of_lengths(4, 3, 2, 1)) == [1, 3, 2, 0]
    shuffled = [of_lengths(7, 7, 7, 7)[place] for place in (3, 1, 0, 2)]
    assert representative_order(shuffled) == [2, 0, 1, 3]


@pytest.mark.parametrize("quarter", range(4))
def test_each_quarter_of_the_lengths_has_its_share_in_every_subset(quarter: int) -> None:
    order = representative_order(of_lengths(*range(164)))
    for size in range(1, 165):
        share = sum(number * 4 // 164 == quarter for number in order[:size])
        assert abs(share - size / 4) < 3


@pytest.mark.published
def test_a_subset_of_the_published_problems_is_as_long_as_the_whole(published_data: Path) -> None:
    problems = read_problems("codegeex", ["python"], published_data)
    order = representative_order(problems)
    for lengths in ({p.number: len(p.canonical_solution) for p in problems}, {p.number: len(p.test) for p in problems}):
        whole = sum(lengths.values()) / len(lengths)
        for size in (20, 41, 82):
            assert sum(lengths[number] for number in order[:size]) / size == pytest.approx(whole, rel=0.15)
    # Not so the first problems of the file.
    assert sum(lengths[number] for number in range(41)) / 41 < 0.7 * whole


def test_the_budget_is_what_the_problems_of_all_tasks_make() -> None:
    assert affordable(4100, samples=10, tasks=5) == 82
    assert affordable(4149, samples=10, tasks=5) == 82
    assert affordable(50, samples=10, tasks=5) == 1


def test_a_budget_too_small_for_one_problem_is_a_usage_error_that_says_what_it_takes(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"49 is not enough .* make 50"):
        affordable(49, samples=10, tasks=5)
    done = invoke(tmp_path / "run", "-n", "10", "--sample-budget", "49")
    assert isinstance(done.exception, UsageError)
    assert not (tmp_path / "run").exists()


def test_a_run_keeps_its_budget_and_has_the_same_problems_in_every_language(tmp_path: Path) -> None:
    manifest = generated(tmp_path / "run", "-n", "2", "--sample-budget", "79")
    assert samples(manifest) == 70
    assert len({tuple(found) for found in numbers(manifest).values()}) == 1
    assert manifest["subset"] == {"method": "python-solution-length/golden-ratio", "problems": 7, "of": 16}


def test_seed_and_languages_do_not_change_the_subset_and_a_smaller_one_is_part_of_it(tmp_path: Path) -> None:
    large = numbers(generated(tmp_path / "large", "-n", "1", "--sample-budget", "40"))
    other = generated(tmp_path / "other", "-n", "1", "--sample-budget", "8", "--languages", "go", "--seed", "7")
    assert numbers(other)["generation-go"] == large["generation-go"]
    small = numbers(generated(tmp_path / "small", "-n", "1", "--sample-budget", "15"))
    assert set(small["generation-go"]) < set(large["generation-go"])


def test_a_translation_counts_ordered_pairs_and_all_pairs_are_complete(tmp_path: Path) -> None:
    manifest = generated(tmp_path / "run", "--task", "translation", "-n", "1", "--sample-budget", "65")
    assert len(manifest["tasks"]) == 20
    assert {len(ids) for ids in manifest["tasks"].values()} == {3}


def test_a_budget_for_everything_takes_everything(tmp_path: Path) -> None:
    manifest = generated(tmp_path / "run", "-n", "1", "--sample-budget", "1000")
    assert samples(manifest) == 80
    assert manifest["subset"]["problems"] == 16


def test_a_run_without_a_limit_or_a_budget_says_nothing_of_a_subset(tmp_path: Path) -> None:
    assert "subset" not in generated(tmp_path / "run", "-n", "1")


def test_a_limit_has_the_problems_of_the_budget_that_is_enough_for_as_many(tmp_path: Path) -> None:
    limited = generated(tmp_path / "limited", "-n", "2", "--limit", "7")
    budgeted = generated(tmp_path / "budgeted", "-n", "2", "--sample-budget", "79")
    assert limited["tasks"] == budgeted["tasks"]
    assert limited["subset"] == budgeted["subset"] == {"method": METHOD, "problems": 7, "of": 16}
    assert limited["limit"] == 7


def test_a_limit_above_all_problems_takes_them_all(tmp_path: Path) -> None:
    manifest = generated(tmp_path / "run", "-n", "1", "--limit", "1000")
    assert {len(ids) for ids in manifest["tasks"].values()} == {16}
    assert manifest["subset"]["problems"] == manifest["subset"]["of"] == 16


def test_a_limit_beside_a_budget_is_a_usage_error(tmp_path: Path) -> None:
    done = invoke(tmp_path / "run", "-n", "1", "--sample-budget", "10", "--limit", "2")
    assert isinstance(done.exception, UsageError)
    assert "--limit and --sample-budget" in str(done.exception)
