from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click
import pytest

from humaneval_x.cli import group
from humaneval_x.errors import IncompleteError, StorageError, UsageError
from humaneval_x.gate import gate
from humaneval_x.reporting import REPORTS, read_summary, report

RunWriter = Callable[..., Path]


def test_a_report_is_written_in_every_format(make_run: RunWriter, tmp_path: Path) -> None:
    paths = report([make_run()], tmp_path / "out" / "x")
    assert sorted(path.name for path in (tmp_path / "out" / "x").iterdir()) == [
        "charts",
        "curves.csv",
        "curves.parquet",
        "problems.parquet",
        "report.csv",
        "report.html",
        "report.json",
        "report.md",
        "report.parquet",
    ]
    assert set(paths) == set(REPORTS)
    assert all(path.stat().st_size > 500 for path in paths.values())


def test_only_the_formats_asked_for_are_written(make_run: RunWriter, tmp_path: Path) -> None:
    report([make_run()], tmp_path / "x", ["csv"])
    assert sorted(path.name for path in (tmp_path / "x").iterdir()) == ["curves.csv", "report.csv"]


def test_the_command_offers_every_format() -> None:
    command = group.get_command(click.Context(group), "report")
    assert command is not None
    (choice,) = (option.type for option in command.params if option.name == "formats")
    assert isinstance(choice, click.Choice)
    assert list(choice.choices) == list(REPORTS)


def test_a_run_without_any_verdict_stands_beside_another_in_every_format(make_run: RunWriter, tmp_path: Path) -> None:
    full = read_summary(make_run("full", model="a"))
    empty = replace(full, run_id="empty", model="b", counts=full.counts.iloc[:0], statuses={}, unjudged=300)
    for position, runs in enumerate(([full, empty], [empty, full], [empty])):
        paths = report(runs, tmp_path / str(position), allow_partial=True)
        assert set(REPORTS) - set(paths) == ({"charts"} if runs == [empty] else set())


def test_pictures_that_an_earlier_report_had_and_this_one_has_not_go(make_run: RunWriter, tmp_path: Path) -> None:
    pairs = {"translation-python-to-go": ["Go/0"]}
    one = make_run("one")
    report([one, make_run("two", tasks=pairs)], tmp_path / "x", ["charts"])
    assert (tmp_path / "x" / "charts" / "translation.svg").is_file()
    (tmp_path / "x" / "charts" / "mine.svg").write_text("mine")
    report([one], tmp_path / "x", ["charts"])
    names = {path.name for path in (tmp_path / "x" / "charts").iterdir()}
    assert {"mine.svg", "curves-generation.png"} <= names
    assert not any("translation" in name for name in names)


def test_the_same_runs_give_the_same_bytes(make_run: RunWriter, tmp_path: Path) -> None:
    run = make_run()
    first, second = report([run], tmp_path / "x"), report([run], tmp_path / "y")
    assert all(first[name].read_bytes() == second[name].read_bytes() for name in REPORTS)
    for path in sorted((tmp_path / "x").rglob("*.*")):
        assert path.read_bytes() == (tmp_path / "y" / path.relative_to(tmp_path / "x")).read_bytes(), path


def test_page_and_pictures_made_by_two_processes_are_those_of_one(
    make_run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run()
    monkeypatch.setattr("humaneval_x.reporting._MANY_MARKS", 0)
    report([run], tmp_path / "x", ["html", "charts"], processes=2)
    report([run], tmp_path / "y", ["html", "charts"], processes=1)
    files = sorted(path.relative_to(tmp_path / "x") for path in (tmp_path / "x").rglob("*.*"))
    assert len(files) > 5
    assert all((tmp_path / "x" / path).read_bytes() == (tmp_path / "y" / path).read_bytes() for path in files)


def test_the_json_report_serves_as_a_gate_baseline(make_run: RunWriter, tmp_path: Path) -> None:
    run = make_run()
    assert gate(report([run], tmp_path / "x")["json"], read_summary(run)).passed


@pytest.mark.parametrize("gap", [{"unjudged": 1}, {"undrawn": 1}])
def test_an_incomplete_run_has_no_score_unless_allowed_and_then_it_is_said(
    make_run: RunWriter, tmp_path: Path, gap: dict[str, int]
) -> None:
    run = make_run(**gap)
    with pytest.raises(IncompleteError):
        report([run], tmp_path / "x")
    assert not (tmp_path / "x").exists()
    paths = report([run], tmp_path / "x", allow_partial=True)
    for name in ("md", "html"):
        assert "Partial: 1 sample(s) not" in paths[name].read_text().replace("\\", "")
    assert json.loads(paths["json"].read_text())["runs"][0]["labels"] != []


def test_wrong_requests_are_usage_errors(make_run: RunWriter, tmp_path: Path) -> None:
    run = make_run()
    with pytest.raises(UsageError, match="pdf"):
        report([run], tmp_path / "x", ["pdf"])
    with pytest.raises(UsageError, match="at least one run"):
        report([], tmp_path / "x")
    with pytest.raises(UsageError, match="two runs are named"):
        report([run, run], tmp_path / "x")


def test_a_place_that_cannot_be_written_is_a_storage_error(make_run: RunWriter, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        report([make_run()], tmp_path / "file" / "x")
