"""Samples files as the other tools write them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from humaneval_x.errors import DataError, UsageError
from humaneval_x.formats import FORMATS, GivenSample, Source, format_named, recognised
from humaneval_x.records import Problem


def source(path: Path, smoke: dict[str, Problem], task: str = "", languages: tuple[str, ...] = ()) -> Source:
    return Source(path=path, problem_of=smoke.__getitem__, task=task, languages=languages)


def read(path: Path, smoke: dict[str, Problem], name: str, task: str = "", *languages: str) -> list[GivenSample]:
    found = recognised(path)
    assert found.name == name
    return list(found.read(source(path, smoke, task, languages)))


def lines(path: Path, *rows: dict[str, Any]) -> Path:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def keys(samples: list[GivenSample]) -> list[tuple[str, str, int | None, str]]:
    return [(sample.task, sample.task_id, sample.number, sample.text) for sample in samples]


@pytest.mark.parametrize("name", ["codegeex.jsonl", "codegeex.jsonl.gz"])
def test_a_generation_of_codegeex_is_read(tmp_path: Path, smoke: dict[str, Problem], name: str) -> None:
    row = {"prompt": "p", "generation": " a", "scores": 0.5, "finish": 1, "output": [1, 2]}
    path = lines(tmp_path / name, {"task_id": "CPP/0", **row}, {"task_id": "JavaScript/3", **row, "generation": " b"})
    assert keys(read(path, smoke, "codegeex")) == [
        ("generation-cpp", "CPP/0", None, " a"),
        ("generation-js", "JavaScript/3", None, " b"),
    ]


def test_a_row_of_codegeex2_with_all_the_data_s_fields_is_read(tmp_path: Path, smoke: dict[str, Problem]) -> None:
    row = {"task_id": "Go/1", "prompt": "p", "declaration": "d", "canonical_solution": "c", "test": "t", "import": ""}
    path = lines(
        tmp_path / "completion-t0.2-topp0.95-ns20-rank0.jsonl", {**row, "generation_raw": "pg", "generation": "g"}
    )
    assert keys(read(path, smoke, "codegeex")) == [("generation-go", "Go/1", None, "g")]


@pytest.mark.parametrize(
    "name", ["codegeex_python-to-cpp-t0.8.jsonl", "x-to-cpp-y.jsonl.gz", "python-to-cpp.jsonl", "a_to-C++_b.jsonl"]
)
def test_a_translation_of_codegeex_is_told_by_its_name_and_its_task_ids_are_the_source_s(
    tmp_path: Path, smoke: dict[str, Problem], name: str
) -> None:
    path = lines(tmp_path / name, {"task_id": "Python/3", "generation": "g"})
    assert keys(read(path, smoke, "codegeex")) == [("translation-python-to-cpp", "CPP/3", None, "g")]


def test_a_translation_is_told_by_the_user_where_the_name_says_nothing(
    tmp_path: Path, smoke: dict[str, Problem]
) -> None:
    path = lines(tmp_path / "samples.jsonl", {"task_id": "Java/3", "generation": "g"})
    found = read(path, smoke, "codegeex", "translation", "go")
    assert keys(found) == [("translation-java-to-go", "Go/3", None, "g")]
    with pytest.raises(UsageError, match="--languages with that one language"):
        read(path, smoke, "codegeex", "translation")


def test_a_results_file_of_codegeex_names_the_target_and_the_source_stands_in_its_name(
    tmp_path: Path, smoke: dict[str, Problem]
) -> None:
    row = {"task_id": "CPP/3", "completion_id": 5, "test_code": "", "prompt": "", "generation": "g", "passed": True}
    path = lines(tmp_path / "python-to-cpp-x_results.jsonl", row)
    assert keys(read(path, smoke, "codegeex")) == [("translation-python-to-cpp", "CPP/3", 5, "g")]
    path = lines(tmp_path / "x-to-cpp-x_results.jsonl", row)
    with pytest.raises(DataError, match="says from which"):
        read(path, smoke, "codegeex")


def test_a_name_with_to_is_no_translation_if_the_user_says_so(tmp_path: Path, smoke: dict[str, Problem]) -> None:
    path = lines(tmp_path / "ready-to-go.jsonl", {"task_id": "Python/3", "generation": "g"})
    assert keys(read(path, smoke, "codegeex", "generation")) == [("generation-python", "Python/3", None, "g")]


def test_a_file_of_human_eval_and_its_results_file_are_read(tmp_path: Path, smoke: dict[str, Problem]) -> None:
    rows = [
        {"task_id": "HumanEval/3", "completion": "    pass\n"},
        {"task_id": "HumanEval/3", "completion": "", "result": "timed out", "passed": False},
    ]
    assert keys(read(lines(tmp_path / "s.jsonl", *rows), smoke, "human-eval")) == [
        ("generation-python", "Python/3", None, "    pass\n"),
        ("generation-python", "Python/3", None, ""),
    ]


def test_solutions_of_evalplus_lose_their_prompt_and_others_are_whole_programs(
    tmp_path: Path, smoke: dict[str, Problem]
) -> None:
    prompt = smoke["Python/2"].prompt
    path = lines(
        tmp_path / "s.jsonl",
        {"task_id": "HumanEval/2", "solution": f"{prompt}    pass\n"},
        {"task_id": "HumanEval/2", "solution": "import math\n\ndef f():\n    pass\n"},
        {"task_id": "HumanEval/2", "completion": "    x\n"},
    )
    found = read(path, smoke, "evalplus")
    assert [(sample.text, sample.whole) for sample in found] == [
        ("    pass\n", False),
        ("import math\n\ndef f():\n    pass\n", True),
        ("    x\n", False),
    ]


def test_a_folder_of_evalplus_is_read_in_the_order_of_its_numbers(tmp_path: Path, smoke: dict[str, Problem]) -> None:
    for number, files in {10: [0], 2: [0, 1, 10]}.items():
        folder = tmp_path / "model" / f"HumanEval_{number}"
        folder.mkdir(parents=True)
        for each in files:
            (folder / f"{each}.py").write_text(f"def f():\n    return {number, each}\n")
    found = read(tmp_path / "model", smoke, "evalplus")
    assert [(sample.task_id, sample.number) for sample in found] == [
        ("Python/2", 0), ("Python/2", 1), ("Python/2", 10), ("Python/10", 0),
    ]  # fmt: skip


@pytest.mark.parametrize("ends", [lambda text: text, str.rstrip, str.strip], ids=["whole", "rstrip", "strip"])
def test_a_list_of_the_bigcode_harness_loses_its_prompts(tmp_path: Path, smoke: dict[str, Problem], ends: Any) -> None:
    path = tmp_path / "generations_humanevalsynthesize-cpp.json"
    path.write_text(json.dumps([[ends(smoke[f"CPP/{n}"].prompt) + f" {n}{m}" for m in "ab"] for n in range(3)]))
    found = read(path, smoke, "bigcode")
    assert [(sample.task_id, sample.number, sample.text.strip()) for sample in found] == [
        (f"CPP/{n}", m, f"{n}{'ab'[m]}") for n in range(3) for m in range(2)
    ]


def test_a_list_of_the_bigcode_harness_for_other_prompts_or_of_no_known_language_is_refused(
    tmp_path: Path, smoke: dict[str, Problem]
) -> None:
    path = tmp_path / "generations_humanevalsynthesize-cpp.json"
    path.write_text('[["int main() {}"]]')
    with pytest.raises(DataError, match="does not begin with the problem's prompt"):
        read(path, smoke, "bigcode")
    path = path.rename(tmp_path / "generations.json")
    with pytest.raises(UsageError, match="give --languages"):
        read(path, smoke, "bigcode")
    path.write_text(json.dumps([[smoke["Go/0"].prompt], {"b": 1}]))
    with pytest.raises(DataError, match="item 1 is no list"):
        read(path, smoke, "bigcode", "", "go")


def multipl_e(folder: Path, number: int, prompt: str, completions: list[str], language: str = "js") -> None:
    folder.mkdir(exist_ok=True)
    table = {
        "name": f"HumanEval_{number}_some_name", "language": language, "temperature": 0.2, "top_p": 0.95,
        "max_tokens": 512, "prompt": prompt, "tests": "t", "completions": completions, "stop_tokens": ["\n}"],
    }  # fmt: skip
    (folder / f"HumanEval_{number}_some_name.json.gz").write_bytes(gzip.compress(json.dumps(table).encode()))
    (folder / f"HumanEval_{number}_some_name.results.json.gz").write_bytes(gzip.compress(b'{"results": []}'))


def test_a_folder_of_multipl_e_is_read_with_what_it_says_of_the_sampling(
    tmp_path: Path, smoke: dict[str, Problem]
) -> None:
    for number in (10, 2):
        multipl_e(tmp_path / "js", number, smoke[f"JavaScript/{number}"].prompt, ["a", "b"])
    assert keys(read(tmp_path / "js", smoke, "multipl-e")) == [
        ("generation-js", f"JavaScript/{number}", position, text)
        for number in (2, 10)
        for position, text in enumerate("ab")
    ]
    stated = FORMATS["multipl-e"].stated(tmp_path / "js")
    assert (stated.temperature, stated.top_p, stated.max_tokens) == (0.2, 0.95, 512)


def test_completions_of_multipl_e_s_own_prompts_are_refused(tmp_path: Path, smoke: dict[str, Problem]) -> None:
    multipl_e(tmp_path / "js", 2, "//Write a function\nfunction f(){\n", ["a"])
    with pytest.raises(DataError, match="answers MultiPL-E's own prompt"):
        read(tmp_path / "js", smoke, "multipl-e")


def test_a_file_of_ours_is_read_with_all_its_fields(tmp_path: Path, smoke: dict[str, Problem]) -> None:
    row = {
        "task_id": "Go/0",
        "completion_id": 4,
        "text": "t",
        "finish": "length",
        "tokens": 9,
        "seed": 8,
        "response": "r",
    }
    (sample,) = read(lines(tmp_path / "translation-js-to-go.jsonl", {**row, "task_id": "Go/0"}), smoke, "humaneval-x")
    assert (sample.task, sample.number, sample.finish, sample.tokens, sample.seed, sample.response) == (
        "translation-js-to-go", 4, "length", 9, 8, "r",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"task_id": "Ada/0", "generation": "g"}, "s.jsonl:1: task id 'Ada/0' names no language"),
        ({"task_id": 3, "generation": "g"}, "s.jsonl:1: task_id is int, not a string"),
        ({"task_id": "Go/0", "generation": None}, "s.jsonl:1: generation is NoneType, not a string"),
        ({"task_id": "Go/0", "generation": "g", "completion_id": -1}, "completion_id is -1"),
        ({"task_id": "Go/0", "generation": "g", "completion_id": True}, "completion_id is True"),
    ],
)
def test_a_row_that_is_no_sample_is_refused_with_its_place(
    tmp_path: Path, smoke: dict[str, Problem], row: dict[str, Any], said: str
) -> None:
    with pytest.raises(DataError, match=said):
        read(lines(tmp_path / "s.jsonl", row), smoke, "codegeex")


def test_what_is_no_samples_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds a, b, which is no sample of a known format: .*multipl-e"):
        recognised(lines(tmp_path / "s.jsonl", {"a": 1, "b": 2}))
    with pytest.raises(DataError, match="holds no sample"):
        recognised(lines(tmp_path / "empty.jsonl"))
    with pytest.raises(UsageError, match="neither a run nor a folder of samples"):
        recognised(tmp_path)
    with pytest.raises(UsageError, match="does not exist"):
        recognised(tmp_path / "absent.jsonl")
    with pytest.raises(UsageError, match="the formats are auto, humaneval-x"):
        format_named("parquet")
