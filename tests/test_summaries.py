from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from humaneval_x.errors import DataError
from humaneval_x.summaries import (
    COUNTS,
    RunSummary,
    differences,
    group_of,
    labels_of,
    remarks,
    summary_from_json,
    summary_to_json,
)


def summary(**changes: Any) -> RunSummary:
    rows = [("generation-go", f"Go/{number}", "go", 10, number, number + 1) for number in range(4)]
    values: dict[str, Any] = {
        "run_id": "r",
        "model": "m",
        "engine": "replay",
        "purpose": "",
        "data_version": "codegeex",
        "data_hashes": {"go": "aa"},
        "task": "generation",
        "sampling": {"temperature": 0.8, "top_p": 0.95, "top_k": 0, "max_tokens": 512, "samples": 10, "seed": 1},
        "truncation": "strict",
        "example_tests": False,
        "sandbox": "docker",
        "limits": {"go": {"run_cpu_s": 5}},
        "counts": pd.DataFrame(rows, columns=list(COUNTS)),
        "statuses": {"go": {"passed": 6, "wrong_answer": 34}},
        "undrawn": 0,
        "unjudged": 0,
        "missing": (),
        "tokens": 5,
        "cpu_s": 1.5,
        "run": {"a": 1},
        "evaluation": {"b": 2},
    }
    return RunSummary(**{**values, **changes})


def test_a_summary_survives_json() -> None:
    before = summary(missing=("go Go/9",), unjudged=3)
    text = json.dumps(summary_to_json(before), allow_nan=False)
    after = summary_from_json(json.loads(text), "x")
    assert json.dumps(summary_to_json(after)) == text
    pd.testing.assert_frame_equal(after.counts, before.counts)
    assert after.missing == ("go Go/9",)


@pytest.mark.parametrize(
    "changes",
    [
        {"counts": [["generation-go", "Go/0", "go", 10, 11, 0]]},
        {"counts": [["generation-go", "Go/0", "go", 10, -1, 0]]},
        {"counts": [["generation-go", "Go/0", "go", 0, 0, 0]]},
        {"counts": [["generation-go", "Go/0", "go", 10, 1.5, 0]]},
        {"counts": [["generation-go", "Go/0", "go", 10, 1]]},
        {"counts": [["generation-go", "Go/0", "go", 10, 1, 1], ["generation-go", "Go/0", "go", 10, 1, 1]]},
        {"counts": 7},
        {"sampling": []},
        {"unjudged": "none"},
        {"run_id": 5},
        {"missing": None},
    ],
)
def test_a_damaged_json_form_is_a_data_error_that_names_the_file(changes: dict[str, Any]) -> None:
    with pytest.raises(DataError, match=r"reports/x\.json"):
        summary_from_json({**summary_to_json(summary()), **changes}, "reports/x.json")


def test_a_json_form_without_a_field_is_a_data_error() -> None:
    table = summary_to_json(summary())
    del table["tokens"]
    with pytest.raises(DataError, match="tokens"):
        summary_from_json(table, "x")


def test_a_json_form_from_before_verdicts_were_shared_is_read() -> None:
    table = summary_to_json(summary(shared=3, stored=1))
    before = {name: value for name, value in table.items() if name not in ("shared", "stored")}
    assert (summary_from_json(table, "x").stored, summary_from_json(before, "x").stored) == (1, 0)


@pytest.mark.parametrize(("task", "group"), [("generation-go", "go"), ("translation-js-to-cpp", "js-to-cpp")])
def test_a_group_is_the_language_or_the_pair(task: str, group: str) -> None:
    assert group_of(task) == group


def test_runs_that_differ_in_samples_and_seed_alone_are_comparable() -> None:
    one = summary()
    assert differences(one, summary(sampling={**one.sampling, "samples": 200, "seed": 7})) == ()


def test_a_run_from_before_a_setting_existed_is_comparable_with_one_that_leaves_it_off() -> None:
    one = summary(run={"stop": "strict"})
    now = {"sampling": {**one.sampling, "repetition_penalty": 1.0}, "run": {"stop": {"rule": "none", "patterns": []}}}
    assert differences(one, summary(**now)) == ()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"task": "translation"}, "task"),
        ({"data_version": "fixed"}, "data version"),
        ({"data_hashes": {"go": "bb"}}, "data hash (go)"),
        ({"sampling": {"temperature": 0.2, "top_p": 0.95, "top_k": 0, "max_tokens": 512}}, "temperature (0.8, 0.2)"),
        (
            {"sampling": {"temperature": 0.8, "top_p": 0.95, "top_k": 0, "max_tokens": 512, "repetition_penalty": 1.2}},
            "repetition_penalty (1.0, 1.2)",
        ),
        ({"run": {"stop": {"rule": "strict", "patterns": ["^#", "x"]}}}, "stop patterns (none; ^#, x)"),
        ({"truncation": "reference"}, "truncation"),
        ({"example_tests": True}, "tests"),
    ],
)
def test_what_makes_scores_incomparable_is_said(changes: dict[str, Any], said: str) -> None:
    (found,) = differences(summary(), summary(**changes))
    assert found.startswith(said)


def test_a_different_sandbox_or_limit_is_a_remark_not_a_difference() -> None:
    other = summary(sandbox="local", limits={"go": {"run_cpu_s": 9}})
    assert differences(summary(), other) == ()
    assert [remark.split()[0] for remark in remarks(summary(), other)] == ["sandbox", "limits"]


def test_smoke_data_a_small_model_and_gaps_are_labelled() -> None:
    assert labels_of(summary()) == ()
    labels = labels_of(replace(summary(), data_version="smoke", purpose="A toy.", unjudged=2))
    assert any("says nothing of models" in label for label in labels)
    assert "A toy." in labels
    assert "Partial: 2 sample(s) not judged." in labels
