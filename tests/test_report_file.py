from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from simulated import small_run, write_report

from humaneval_x.errors import DataError, UsageError
from humaneval_x.report_file import REPORT_FORMAT, read_report, run_of_report, summary_from_json, summary_to_json
from humaneval_x.summaries import Disagreement, estimates_of


def row(**changes: Any) -> list[Any]:
    values = {"task": "generation-go", "task_id": "Go/0", "language": "go", "n": 10, "strict": 1, "reference": 1}
    return list({**values, **changes}.values())


def test_a_summary_survives_json() -> None:
    differing = (Disagreement("generation-go", "Go/1", "passed", "why", (0, 2)),)
    before = small_run(missing=("go Go/9",), unjudged=3, disagreements=differing)
    text = json.dumps(summary_to_json(before), allow_nan=False)
    after = summary_from_json(json.loads(text), "x")
    assert json.dumps(summary_to_json(after)) == text
    pd.testing.assert_frame_equal(after.counts, before.counts)
    assert (after.missing, after.disagreements) == (("go Go/9",), differing)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"counts": [row(strict=11)]}, "more passes than samples"),
        ({"counts": [row(strict=-1)]}, "more passes than samples"),
        ({"counts": [row(n=0, strict=0, reference=0)]}, "more passes than samples"),
        ({"counts": [row(n=10**6 + 1)]}, "more than 1000000 samples"),
        ({"counts": [row(n=10**30)]}, "more than 1000000 samples"),
        ({"counts": [row(strict=1.5)]}, "1.5 as c_strict"),
        ({"counts": [row(strict=True)]}, "True as c_strict"),
        ({"counts": [row()[:5]]}, "6 columns"),
        ({"counts": [row(), row()]}, "a problem twice"),
        ({"counts": 7}, "int"),
        ({"counts": []}, "it is of no problem"),
        ({"sampling": []}, "sampling is []"),
        ({"sampling": {"temperature": [0.8]}}, r"sampling.temperature is [0.8]"),
        ({"sampling": {"temperature": True}}, "sampling.temperature is True"),
        ({"sampling": {"top_p": "0.95"}}, "sampling.top_p is '0.95'"),
        ({"sampling": {"top_k": 0.5}}, "sampling.top_k is 0.5"),
        ({"undrawn": -1}, "undrawn is -1"),
        ({"unjudged": "none"}, "unjudged is 'none'"),
        ({"unjudged": False}, "unjudged is False"),
        ({"unjudged": 10**30}, "unjudged is 1000"),
        ({"cpu_s": float("nan")}, "cpu_s is nan"),
        ({"cpu_s": float("inf")}, "cpu_s is inf"),
        ({"cpu_s": 10**400}, "cpu_s is 1000"),
        ({"cpu_s": -1.0}, "cpu_s is -1.0"),
        ({"example_tests": 0}, "example_tests is 0"),
        ({"run_id": 5}, "run_id is 5"),
        ({"missing": None}, "missing is None"),
        ({"missing": [1, 2]}, "missing is [1, 2]"),
        ({"missing": "Go/1"}, "missing is 'Go/1'"),
        ({"data_hashes": {"go": None}}, "data_hashes is"),
        ({"limits": {"go": 5}}, "limits is"),
        ({"statuses": {"go": {"passed": -1}}}, "statuses is"),
        ({"run": {"stop": 5}}, "run.stop is 5"),
        ({"run": {"stop": {"rule": "none", "patterns": 5}}}, "run.stop.patterns is 5"),
        ({"run": {"engine": "x"}}, "run.engine is 'x'"),
        ({"run": {"harness": 1}}, "run.harness is 1"),
        ({"run": {"subset": {"problems": "few", "of": 164}}}, "run.subset.problems is 'few'"),
        ({"run": {"given": {"absent": [1]}}}, "run.given.absent is [1]"),
        ({"evaluation": {"sandbox": {"images": ["x"]}}}, "evaluation.sandbox.images is ['x']"),
        ({"disagreements": 5}, "int"),
        ({"disagreements": [["generation-go", "Go/0", "passed", "why"]]}, "unpack"),
        ({"disagreements": [["generation-go", "Go/0", "passed", "why", ["1"]]]}, "a disagreement is"),
        ({"disagreements": [["generation-go", "Go/0", "passed", 5, [1]]]}, "a disagreement is"),
    ],
)
def test_a_damaged_json_form_is_a_data_error_that_names_file_and_value(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError) as raised:
        summary_from_json({**summary_to_json(small_run()), **changes}, "reports/x.json")
    assert str(raised.value).startswith("reports/x.json: not a run of a report (")
    assert said in str(raised.value)
    assert str(raised.value).endswith("write it with `humaneval-x report`")


def test_a_json_form_without_a_field_is_a_data_error() -> None:
    table = summary_to_json(small_run())
    del table["tokens"]
    with pytest.raises(DataError, match="lacks tokens"):
        summary_from_json(table, "x")


def test_a_json_form_from_before_verdicts_were_shared_is_read() -> None:
    table = summary_to_json(small_run(shared=3, stored=1))
    before = {name: value for name, value in table.items() if name not in ("shared", "stored")}
    assert (summary_from_json(table, "x").stored, summary_from_json(before, "x").stored) == (1, 0)


def test_a_run_without_any_verdict_is_read_and_has_no_figure() -> None:
    nothing = summary_from_json({**summary_to_json(small_run()), "counts": [], "missing": ["go Go/0"]}, "x")
    assert estimates_of(nothing).estimates == ()


def test_settings_that_nobody_knows_are_read_as_such() -> None:
    sampling = {"temperature": None, "top_k": None, "seed": None, "samples": 3}
    assert summary_from_json(summary_to_json(small_run(sampling=sampling)), "x").sampling == sampling


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        (json.dumps({**REPORT_FORMAT, "runs": [{"cpu_s": float("nan")}]}), "NaN is no number"),
        ("[]", "not a report of this version"),
        ("{}", "not a report of this version"),
        (json.dumps({**REPORT_FORMAT, "version": True, "runs": [{}]}), "not a report of this version"),
        (json.dumps({**REPORT_FORMAT, "version": 99, "runs": [{}]}), "not a report of this version"),
        (json.dumps({**REPORT_FORMAT, "runs": []}), "holds no run"),
        (json.dumps({**REPORT_FORMAT, "runs": [3]}), "not a run of a report"),
        (json.dumps({**REPORT_FORMAT, "runs": ["x"]}), "not a run of a report"),
    ],
)
def test_a_file_that_is_no_report_is_a_data_error(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(DataError, match=r"x\.json") as raised:
        read_report(tmp_path / "x.json")
    assert said in str(raised.value)


def test_two_runs_of_one_name_are_a_data_error_and_neither_wins(tmp_path: Path) -> None:
    path = write_report(tmp_path / "x.json", [small_run(tokens=1), small_run(tokens=2)])
    with pytest.raises(DataError, match="two runs named 'r'"):
        read_report(path)


@pytest.mark.parametrize("name", ["none.json", "x" * 300, "with\0zero"])
def test_a_report_that_cannot_be_read_is_a_usage_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_report(tmp_path / name)


def test_a_report_of_several_runs_needs_the_runs_name(tmp_path: Path) -> None:
    path = write_report(tmp_path / "x.json", [small_run(run_id="one"), small_run(run_id="two\x1b[2J")])
    assert run_of_report(path, "one", "--run").run_id == "one"
    with pytest.raises(UsageError, match=r"choose one with --run from one, two\\u001b\[2J$"):
        run_of_report(path, None, "--run")
    with pytest.raises(UsageError, match="no run 'three': it holds one, two"):
        run_of_report(path, "three", "--run")


def test_the_only_run_of_a_report_needs_no_name(tmp_path: Path) -> None:
    assert run_of_report(write_report(tmp_path / "x.json", [small_run()]), None, "--run").run_id == "r"
