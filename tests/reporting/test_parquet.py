from __future__ import annotations

import csv
import math
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from humaneval_x.estimates import ALL
from humaneval_x.reporting import report
from humaneval_x.summaries import COUNTS

RunWriter = Callable[..., Path]


def test_parquet_holds_the_figures_of_the_csv(make_run: RunWriter, tmp_path: Path) -> None:
    paths = report([make_run(model="m"), make_run("two", model="=1+1")], tmp_path / "x", ["csv", "parquet"])
    table = pd.read_parquet(paths["parquet"])
    with paths["csv"].open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(table.columns) == list(rows[0])
    assert len(table) == len(rows)
    for ours, theirs in zip(table["value"], rows, strict=True):
        assert (math.isnan(ours) and theirs["value"] == "") or float(theirs["value"]) == ours
    assert set(table.loc[table["run"] == "two", "model"]) == {"=1+1"}


def test_problems_hold_the_counts_of_each_run(make_run: RunWriter, tmp_path: Path) -> None:
    report([make_run(), make_run("two")], tmp_path / "x", ["parquet"])
    table = pd.read_parquet(tmp_path / "x" / "problems.parquet")
    assert list(table.columns) == ["run", *COUNTS]
    assert len(table) == 2 * 30
    assert table[table["run"] == "two"].iloc[3].tolist() == ["two", "generation-python", "Python/3", "python", 10, 5, 6]


def test_curves_hold_each_run_s_points_in_both_kinds_of_file(make_run: RunWriter, tmp_path: Path) -> None:
    report([make_run(model="m"), make_run("two", model="=1+1")], tmp_path / "x", ["csv", "parquet"])
    table = pd.read_parquet(tmp_path / "x" / "curves.parquet")
    assert list(table.columns) == ["run", "model", "task", "group", "k", "value"]
    assert len(table) == 2 * 6 * 10
    (first,) = table.query("run == 'two' and group == 'go' and k == 1").to_dict("records")
    assert first["value"] == pytest.approx(0.35)
    figures = pd.read_csv(tmp_path / "x" / "report.csv").query("run == 'two' and verdicts == 'strict' and k == 10")
    (overall,) = figures[figures["group"] == ALL]["value"]
    assert overall == pytest.approx(table.query("run == 'two' and k == 10")["value"].iloc[0], abs=1e-12)
    same = pd.read_csv(tmp_path / "x" / "curves.csv", float_precision="round_trip")
    assert same["value"].tolist() == table["value"].tolist()
    assert set(same["model"]) == {"m", "'=1+1"}


def test_runs_of_long_names_are_told_apart_in_every_table(make_run: RunWriter, tmp_path: Path) -> None:
    ids = {"x" * 200 + end for end in ("1", "2")}
    report([make_run(run_id) for run_id in sorted(ids)], tmp_path / "x", ["parquet"])
    for name in ("report", "curves", "problems"):
        found = set(pd.read_parquet(tmp_path / "x" / f"{name}.parquet")["run"])
        assert found >= ids, name


def test_a_name_that_no_file_can_hold_is_spelled_out(make_run: RunWriter, tmp_path: Path) -> None:
    paths = report([make_run(model="\ud800lone")], tmp_path / "x", ["parquet"])
    assert r"\ud800lone" in set(pd.read_parquet(paths["parquet"])["model"])
