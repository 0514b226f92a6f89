from __future__ import annotations

import json
from typing import Any

from click.testing import CliRunner

from humaneval_x.cli.models import command
from humaneval_x.engines.codegen.zoo import ZOO, shape_of
from humaneval_x.reporting.published import read_published
from humaneval_x.reporting.wording import DASH


def shown(*arguments: str) -> str:
    done = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def models() -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in json.loads(shown("--json"))}


def test_each_of_the_twelve_checkpoints_has_one_row() -> None:
    names = [line.split()[0] for line in shown().split("\n\n")[0].splitlines()[1:]]
    assert names == list(ZOO) == list(models())
    assert len(set(names)) == 12


def test_the_table_fits_a_terminal_of_110_columns() -> None:
    assert max(map(len, shown().splitlines())) <= 110


def test_a_model_has_the_parameters_that_its_name_says() -> None:
    said = {"350M": 0.35e9, "2B": 2.7e9, "6B": 7e9, "16B": 16e9}
    for name, row in models().items():
        assert abs(row["parameters"] / said[name.split("-")[1]] - 1) < 0.05, name


def test_bytes_are_those_of_the_model_s_shape() -> None:
    for name, row in models().items():
        shape = shape_of(name)
        assert shape == shape_of(name.split("-")[1])
        assert (row["layers"], row["hidden"], row["heads"]) == (shape.n_layer, shape.n_embd, shape.n_head)
        assert row["parameters"] == shape.parameters
        assert row["download_bytes"] == row["weights_bytes"]["gpu"] == 2 * shape.parameters
        assert row["weights_bytes"]["cpu"] == 4 * shape.parameters
        assert row["cache_bytes_per_token"]["cpu"] == 2 * row["cache_bytes_per_token"]["gpu"]
        assert row["cache_bytes_per_token"]["gpu"] == 2 * shape.cache_elements_per_token


def test_published_scores_are_those_of_the_published_table_and_no_others() -> None:
    table = {(row.model, row.task): row for row in read_published() if row.model.startswith("CodeGen-")}
    found = {}
    for name, model in models().items():
        size, data = name.split("-")[1:]
        for one in model["published"]:
            scores = {(group, int(k)): share for group, row in one["scores"].items() for k, share in row.items()}
            found[f"CodeGen-{data.title()}-{size}", one["task"]] = (one["source"], scores)
    assert found == {key: (row.source.title, row.scores) for key, row in table.items()}


def test_a_score_is_shown_with_its_source_and_an_unknown_one_as_a_dash() -> None:
    lines = {line.split()[0]: line for line in shown().split("\n\n")[0].splitlines()}
    assert lines["Salesforce/codegen-350M-mono"].endswith("12.76/23.11/35.19 [1]")
    assert lines["Salesforce/codegen-16B-multi"].endswith("19.2/34.6/55.2 [2]")
    assert lines["Salesforce/codegen-2B-nl"].endswith(f" {DASH}")
    assert f"Java        14.95/{DASH}/60.62 [2]" in shown()
    assert "[1]        CodeGen paper" in shown()
    assert "[2]        CodeGeeX paper" in shown()
