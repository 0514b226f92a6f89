from __future__ import annotations

import csv
import math
from collections.abc import Callable
from pathlib import Path

import pandas as pd

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


def test_a_name_that_no_file_can_hold_is_spelled_out(make_run: RunWriter, tmp_path: Path) -> None:
    paths = report([make_run(model="\ud800lone")], tmp_path / "x", ["parquet"])
    assert r"\ud800lone" in set(pd.read_parquet(paths["parquet"])["model"])
