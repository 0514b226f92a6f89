from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from engine_requests import make_request

from humaneval_x.engines import Engine, EngineOptions, Request, open_engine
from humaneval_x.errors import DataError, UsageError
from humaneval_x.records import Sampling

SAMPLING = Sampling(temperature=0.8, top_p=0.95, top_k=0, max_tokens=8, samples=2, seed=42)


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def engine_on(path: Path) -> Engine:
    return open_engine("replay", EngineOptions(model=str(path)))


def texts(engine: Engine, *requests: Request) -> list[str]:
    return [completion.text for _, completion in engine.sample(requests, SAMPLING)]


def row(task_id: str, number: int, text: str) -> dict[str, Any]:
    return {"task_id": task_id, "completion_id": number, "text": text, "finish": "stop", "tokens": 5, "seed": 9}


@pytest.mark.parametrize("name", ["samples.jsonl", "samples.jsonl.gz"])
def test_wanted_samples_are_replayed_in_the_order_asked_for(tmp_path: Path, name: str) -> None:
    file = write(tmp_path / name, [row("Go/1", 1, "b"), row("Go/0", 0, "c"), row("Go/1", 0, "a"), row("Go/1", 2, "x")])
    assert texts(engine_on(file), make_request("Go/1", ids=(0, 1)), make_request("Go/0", ids=(0,))) == ["a", "b", "c"]


def test_replayed_samples_keep_their_count_of_tokens_and_say_that_they_were_given(tmp_path: Path) -> None:
    engine = engine_on(write(tmp_path / "s.jsonl", [row("Go/1", 0, "a")]))
    [(_, completion)] = engine.sample([make_request("Go/1", ids=(0,))], SAMPLING)
    assert (completion.finish, completion.tokens, completion.seed) == ("given", 5, 9)


@pytest.mark.parametrize("field", ["completion", "generation"])
def test_files_of_other_harnesses_are_numbered_in_their_order(tmp_path: Path, field: str) -> None:
    file = write(
        tmp_path / "s.jsonl",
        [{"task_id": "CPP/3", field: "x"}, {"task_id": "CPP/4", field: "z"}, {"task_id": "CPP/3", field: "y"}],
    )
    assert texts(engine_on(file), make_request("CPP/3", ids=(0, 1))) == ["x", "y"]


def test_task_ids_of_the_original_benchmark_mean_python(tmp_path: Path) -> None:
    file = write(tmp_path / "s.jsonl", [{"task_id": "HumanEval/7", "completion": "x"}])
    assert texts(engine_on(file), make_request("Python/7", ids=(0,))) == ["x"]


@pytest.mark.parametrize("given", ["run", "run/samples"])
def test_a_run_folder_answers_each_task_from_its_own_file(tmp_path: Path, given: str) -> None:
    samples = tmp_path / "run" / "samples"
    write(samples / "generation-go.jsonl", [row("Go/1", 0, "made")])
    write(samples / "translation-python-to-go.jsonl.gz", [row("Go/1", 0, "translated")])
    assert texts(
        engine_on(tmp_path / given),
        make_request("Go/1", ids=(0,), task="translation-python-to-go"),
        make_request("Go/1", ids=(0,), task="generation-go"),
    ) == ["translated", "made"]


def test_a_task_without_a_file_is_an_error_that_names_those_there_are(tmp_path: Path) -> None:
    write(tmp_path / "run" / "samples" / "generation-go.jsonl", [row("Go/1", 0, "made")])
    with pytest.raises(DataError, match=r"no samples of generation-cpp; it has generation-go"):
        texts(engine_on(tmp_path / "run"), make_request("CPP/1", ids=(0,)))


def test_missing_samples_are_counted_and_named_before_any_is_given(tmp_path: Path) -> None:
    engine = engine_on(write(tmp_path / "s.jsonl", [row("Go/1", 0, "a")]))
    drawn = engine.sample([make_request("Go/1", ids=tuple(range(8)))], SAMPLING)
    with pytest.raises(DataError, match=r"lacks 7 of 8 wanted samples: Go/1 sample 1, .*Go/1 sample 5 and 2 more"):
        next(iter(drawn))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([row("Go/1", 0, "a"), row("Go/1", 0, "b")], r"s\.jsonl:2: sample 0 of Go/1 stands already in line 1"),
        ([row("Go/1", 0, "a"), {"task_id": "Go/1", "text": "b"}], r"s\.jsonl:2: some rows have a completion_id"),
        ([{"text": "b"}], r"s\.jsonl:1: no task_id"),
        ([{"task_id": 7, "text": "b"}], r"s\.jsonl:1: no task_id"),
        ([{"task_id": "Go/1"}], r"s\.jsonl:1: holds no completion"),
        ([{"task_id": "Go/1", "text": None}], r"s\.jsonl:1: text is NoneType, not a string"),
        ([{"task_id": "Go/1", "completion_id": -1, "text": ""}], r"s\.jsonl:1: completion_id is -1"),
        ([{"task_id": "Go/1", "completion_id": True, "text": ""}], r"s\.jsonl:1: completion_id is True"),
    ],
)
def test_a_row_that_is_no_sample_is_an_error_with_its_line(
    tmp_path: Path, rows: list[dict[str, Any]], message: str
) -> None:
    engine = engine_on(write(tmp_path / "s.jsonl", rows))
    with pytest.raises(DataError, match=message):
        texts(engine, make_request("Go/1", ids=(0,)))


def test_a_malformed_line_is_an_error_with_its_number(tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_text(json.dumps(row("Go/1", 0, "a")) + "\n{oops\n")
    with pytest.raises(DataError, match=r"s\.jsonl:2"):
        texts(engine_on(tmp_path / "s.jsonl"), make_request("Go/1", ids=(0,)))


def test_an_absent_file_or_an_empty_folder_is_an_error_of_the_data(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        engine_on(tmp_path / "nothing.jsonl")
    with pytest.raises(DataError, match="no samples file"):
        engine_on(tmp_path)


def test_replay_without_a_file_is_an_error_of_the_command() -> None:
    with pytest.raises(UsageError, match="--model FILE"):
        open_engine("replay", EngineOptions())


def test_the_description_changes_with_the_samples(tmp_path: Path) -> None:
    file = write(tmp_path / "s.jsonl", [row("Go/1", 0, "a")])
    before = engine_on(file).describe()
    assert engine_on(file).describe() == before
    write(file, [row("Go/1", 0, "b")])
    assert engine_on(file).describe() != before
