"""The best temperature for each figure: picked from known counts, never across runs that differ in more."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from humaneval_x.errors import UsageError
from humaneval_x.gate import gate
from humaneval_x.reporting import report
from humaneval_x.reporting.best import OPTIMISTIC, Best, BestOf, best_of
from humaneval_x.reporting.contents import build_contents
from humaneval_x.reporting.measured import measure
from humaneval_x.summaries import COUNTS, RunSummary

SAMPLING = {"temperature": 0.2, "top_p": 0.95, "top_k": 0, "max_tokens": 512, "samples": 10, "seed": 1}
# Passes of 10 samples, strict and reference, of two problems a language. pass@1 is the mean of c / 10, pass@10 the
# share of problems with any pass.
COOL = {"python": [(10, 2), (0, 0)], "go": [(0, 9), (0, 9)]}
WARM = {"python": [(1, 3), (2, 3)], "go": [(5, 5), (5, 5)]}


def summary(run_id: str, temperature: float, counts: dict[str, list[tuple[int, int]]], **changes: Any) -> RunSummary:
    prefixes = {"python": "Python", "go": "Go"}
    rows = [
        (f"generation-{language}", f"{prefixes[language]}/{number}", language, 10, strict, reference)
        for language, passes in counts.items()
        for number, (strict, reference) in enumerate(passes)
    ]
    values: dict[str, Any] = {
        "run_id": run_id,
        "model": "m",
        "engine": "torch",
        "purpose": "",
        "data_version": "codegeex",
        "data_hashes": dict.fromkeys(counts, "aa"),
        "task": "generation",
        "sampling": SAMPLING,
        "truncation": "strict",
        "example_tests": False,
        "sandbox": "docker",
        "limits": {"go": {"run_cpu_s": 5}},
        "counts": pd.DataFrame(rows, columns=list(COUNTS)),
        "statuses": {},
        "undrawn": 0,
        "unjudged": 0,
        "missing": (),
        "tokens": 5,
        "cpu_s": 1.5,
        "run": {"engine": {"weights_sha256": "aa"}, "stop": {"rule": "strict", "patterns": []}},
        "evaluation": {},
        **changes,
    }
    return RunSummary(**{**values, "sampling": {**values["sampling"], "temperature": temperature}})


def best_among(*summaries: RunSummary) -> tuple[BestOf, ...]:
    return best_of([measure(each) for each in summaries])


def chosen(best: BestOf, semantics: str, group: str, k: int) -> tuple[float, float]:
    found = best.find(semantics, group, k)
    assert isinstance(found, Best)
    return found.estimate.value, found.temperature


def test_each_language_and_k_takes_the_temperature_that_does_best_at_it() -> None:
    (best,) = best_among(summary("warm", 0.8, WARM), summary("cool", 0.2, COOL))
    assert best.temperatures == (0.2, 0.8)
    assert chosen(best, "strict", "python", 1) == (0.5, 0.2)
    assert chosen(best, "strict", "python", 10) == (1.0, 0.8)
    assert chosen(best, "strict", "go", 1) == (0.5, 0.8)
    assert chosen(best, "strict", "all", 1) == (pytest.approx(0.325), 0.8)
    assert best.find("strict", "python", 100) is None


def test_reference_verdicts_have_a_best_of_their_own() -> None:
    (best,) = best_among(summary("cool", 0.2, COOL), summary("warm", 0.8, WARM))
    assert chosen(best, "reference", "python", 1) == (pytest.approx(0.3), 0.8)
    assert chosen(best, "reference", "go", 1) == (pytest.approx(0.9), 0.2)
    assert chosen(best, "reference", "all", 1) == (pytest.approx(0.5), 0.2)


def test_the_chosen_estimate_is_the_runs_own_with_its_interval() -> None:
    cool, warm = measure(summary("cool", 0.2, COOL)), measure(summary("warm", 0.8, WARM))
    (best,) = best_of([cool, warm])
    found = best.find("strict", "python", 10)
    assert found is not None
    assert found.estimate == warm.estimates["strict"].find("python", 10)
    assert found.run_id == "warm"


def test_of_equal_figures_the_lowest_temperature_is_named() -> None:
    (best,) = best_among(*(summary(f"r{t}", t, COOL) for t in (0.8, 0.6, 0.2)))
    assert {found.temperature for found in best.best["strict"]} == {0.2}


def test_a_figure_that_one_temperature_lacks_is_not_chosen_from_the_others() -> None:
    few = summary("few", 0.8, WARM)
    few.counts.loc[0, "n"] = 9
    (best,) = best_among(summary("cool", 0.2, COOL), few)
    assert best.find("strict", "python", 10) is None
    assert chosen(best, "strict", "go", 10) == (1.0, 0.8)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model": "other"}, "model (m, other)"),
        ({"engine": "paddle"}, "engine (torch, paddle)"),
        ({"run": {"engine": {"weights_sha256": "bb"}, "stop": "strict"}}, "engine (weights_sha256)"),
        ({"run": {"engine": {"weights_sha256": "aa"}, "stop": "none"}}, "stop rule (strict, none)"),
        ({"data_version": "fixed"}, "data version"),
        ({"data_hashes": {"go": "bb"}}, "data hash (go)"),
        ({"task": "translation"}, "task"),
        ({"truncation": "codegen"}, "truncation"),
        ({"example_tests": True}, "example tests"),
        ({"sampling": {**SAMPLING, "top_p": 0.9}}, "top_p (0.95, 0.9)"),
        ({"sampling": {**SAMPLING, "samples": 20}}, "samples (10, 20)"),
        ({"sampling": {**SAMPLING, "seed": 2}}, "seed (1, 2)"),
        ({"sandbox": "local"}, "sandbox"),
        ({"limits": {"go": {"run_cpu_s": 9}}}, "limits (go: run_cpu_s 5, 9)"),
    ],
)
def test_runs_that_differ_in_more_than_temperature_are_never_one_group(changes: dict[str, Any], said: str) -> None:
    one, alike, other = summary("one", 0.2, COOL), summary("alike", 0.6, COOL), summary("other", 0.8, WARM, **changes)
    with pytest.raises(UsageError) as raised:
        best_among(one, other)
    assert said in str(raised.value)
    assert "one and other" in str(raised.value)
    (best,) = best_among(one, alike, other)
    assert best.temperatures == (0.2, 0.6)


@pytest.mark.parametrize("counts", [{"go": WARM["go"]}, {"python": WARM["python"][:1], "go": WARM["go"]}])
def test_runs_on_other_problems_are_never_one_group(counts: dict[str, list[tuple[int, int]]]) -> None:
    with pytest.raises(UsageError, match=r"languages|problems that have a verdict"):
        best_among(summary("one", 0.2, COOL), summary("other", 0.8, counts))


def test_each_model_has_a_best_of_its_own() -> None:
    first, second = best_among(
        summary("a2", 0.2, COOL),
        summary("b2", 0.2, COOL, model="b"),
        summary("b8", 0.8, WARM, model="b"),
        summary("a6", 0.6, WARM),
    )
    assert [run.summary.run_id for run in first.runs] == ["a2", "a6"]
    assert [run.summary.run_id for run in second.runs] == ["b2", "b8"]


def test_one_run_or_one_temperature_is_no_choice() -> None:
    with pytest.raises(UsageError, match="here is one run"):
        best_among(summary("one", 0.2, COOL))
    with pytest.raises(UsageError, match=r"all of these have temperature 0\.2"):
        best_among(summary("one", 0.2, COOL), summary("two", 0.2, COOL))


def test_runs_that_do_not_say_their_temperature_are_no_choice() -> None:
    silent = [summary(name, 0.2, COOL) for name in ("one", "two")]
    for each in silent:
        del each.sampling["temperature"]
    with pytest.raises(UsageError, match="none of these says its"):
        best_among(*silent)
    with pytest.raises(UsageError, match="a temperature that is not known"):
        best_among(silent[0], summary("warm", 0.8, COOL))


def test_two_runs_of_one_temperature_are_refused_rather_than_chosen_from() -> None:
    with pytest.raises(UsageError, match=r"one and again both have temperature 0\.2"):
        best_among(summary("one", 0.2, COOL), summary("again", 0.2, WARM), summary("warm", 0.8, WARM))


def test_the_row_says_what_it_is_and_its_cells_name_the_temperature() -> None:
    contents = build_contents([summary("cool", 0.2, COOL), summary("warm", 0.8, WARM)], best_temperature=True)
    board = next(section for section in contents.sections if section.name == "generation")
    assert OPTIMISTIC in board.text
    rows = [row for row in board.tables[1].rows if "best temperature" in row.cells[0].text]
    assert [row.cells[1].text for row in rows] == ["strict", "reference"]
    assert rows[0].cells[0].text == "m, best temperature"
    assert rows[0].cells[0].small == "best of T = 0.2, 0.8 for each k and language"
    assert (rows[0].cells[2].text, rows[0].cells[2].small.endswith(", T 0.8")) == ("100.0", True)
    assert [row.published for row in board.tables[1].rows[:6]] == [False] * 6


def test_translation_has_best_rows_for_each_source_and_overall() -> None:
    runs = []
    for run_id, temperature, counts in (("cool", 0.2, COOL), ("warm", 0.8, WARM)):
        run = summary(run_id, temperature, counts, task="translation")
        run.counts["task"] = run.counts["language"].map(
            {"python": "translation-go-to-python", "go": "translation-python-to-go"}
        )
        runs.append(run)
    contents = build_contents(runs, best_temperature=True)
    overall, first, *_ = next(section.tables for section in contents.sections if section.name == "translation")
    best = [row for row in overall.rows if "best temperature" in row.cells[0].text]
    assert [(row.cells[1].text, row.cells[2].text, row.cells[2].small[-5:]) for row in best] == [
        ("strict", "32.5", "T 0.8"),
        ("reference", "50.0", "T 0.2"),
    ]
    assert best[0].cells[0].small == "best of T = 0.2, 0.8 for each k and pair of languages"
    sources = [row.cells[1].text for row in first.rows if "best temperature" in row.cells[0].text]
    assert sources == ["Python", "Python", "Go", "Go"]


def test_without_the_option_there_is_no_best_and_the_warning_stands_with_and_without_it() -> None:
    summaries = [summary("cool", 0.2, COOL), summary("warm", 0.8, WARM)]
    plain, with_best = build_contents(summaries), build_contents(summaries, best_temperature=True)
    assert plain.best == ()
    assert not any("best" in row.cells[0].text for table in plain.sections[0].tables for row in table.rows)
    assert plain.warnings == with_best.warnings
    assert any("temperature (0.2, 0.8)" in warning for warning in plain.warnings)


def test_every_format_has_the_best_figures_and_says_that_they_are_optimistic(tmp_path: Path) -> None:
    summaries = [summary("cool", 0.2, COOL), summary("warm", 0.8, WARM)]
    paths = report(summaries, tmp_path, best_temperature=True)
    for name in ("md", "html"):
        text = paths[name].read_text(encoding="utf-8")
        assert "m, best temperature" in text
        assert OPTIMISTIC in text
        assert "T 0.8" in text
    rows = [row for row in csv.DictReader(io.StringIO(paths["csv"].read_text())) if row["kind"] == "best"]
    assert len(rows) == 2 * 3 * 3
    row = next(row for row in rows if (row["verdicts"], row["group"], row["k"]) == ("strict", "python", "10"))
    assert (row["value"], row["temperature"], row["run"]) == ("1.0", "0.8", "warm")
    assert "optimistic" in row["note"]
    assert all("undefined" in row["note"] and not row["value"] for row in rows if row["k"] == "100")
    (best,) = json.loads(paths["json"].read_text())["best"]
    assert (best["runs"], best["temperatures"], best["note"]) == (["cool", "warm"], [0.2, 0.8], OPTIMISTIC)
    figure = next(each for each in best["estimates"]["strict"] if (each["language"], each["k"]) == ("python", 10))
    assert (figure["value"], figure["temperature"], figure["run_id"]) == (1.0, 0.8, "warm")


def test_a_gate_takes_the_runs_of_such_a_report_and_never_their_best(tmp_path: Path) -> None:
    cool, warm = summary("cool", 0.2, COOL), summary("warm", 0.8, WARM)
    plain = json.loads(report([cool, warm], tmp_path / "plain", ["json"])["json"].read_text())
    path = report([cool, warm], tmp_path / "best", ["json"], best_temperature=True)["json"]
    table = json.loads(path.read_text())
    assert {name: value for name, value in table.items() if name != "best"} == plain
    # At 5 % so few problems could show no drop.
    assert gate(path, cool, run="cool", alpha=0.6).passed
    with pytest.raises(UsageError, match="cool, warm"):
        gate(path, cool)
