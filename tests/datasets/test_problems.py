from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from humaneval_x.datasets import data_hashes, data_versions, read_problems, verify
from humaneval_x.datasets.patches import read_patches
from humaneval_x.datasets.problems import problems_from
from humaneval_x.errors import DataError, UsageError
from humaneval_x.languages import language_names
from humaneval_x.resources import resource_folder

ROW = {
    "task_id": "Go/3",
    "prompt": "p",
    "declaration": "d",
    "canonical_solution": "c",
    "test": "t",
    "example_test": "",
    "import": "i",
    "docstring": "s",
    "test_setup": "u",
}
ALL = language_names()


def lines(*rows: dict[str, object]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def read(content: bytes, language: str = "go") -> object:
    return problems_from(content, language, Path("data/humaneval_go.jsonl"), random_tests=(3,))


def test_a_row_becomes_a_problem_with_all_its_fields() -> None:
    (problem,) = problems_from(lines(ROW), "go", Path("f"), random_tests=(3,))
    assert (problem.task_id, problem.language, problem.number) == ("Go/3", "go", 3)
    assert (problem.prompt, problem.declaration, problem.canonical_solution, problem.test) == ("p", "d", "c", "t")
    assert (problem.example_test, problem.imports, problem.docstring, problem.test_setup) == ("", "i", "s", "u")
    assert problem.text == "" and problem.random_test
    assert not problems_from(lines(ROW), "go", Path("f"))[0].random_test


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lines(ROW) + b"{\n", ":2: not JSON"),
        (b"\xef\xbb\xbf" + lines(ROW), ":1: starts with a byte order mark"),
        (lines(ROW)[:-5] + b"\xff\n", ":1: byte"),
        (lines(ROW, ROW), ":2: task id Go/3 stands already in line 1"),
        (lines({k: v for k, v in ROW.items() if k != "test"}), ":1: field 'test' is missing"),
        (lines({**ROW, "tests": "x"}), ":1: unknown field 'tests'"),
        (lines({**ROW, "prompt": 5}), ":1: field 'prompt' is not a string but int"),
        (lines({**ROW, "prompt": None}), ":1: field 'prompt' is not a string but NoneType"),
        (lines({**ROW, "task_id": "Cobol/3"}), ":1: unknown task id 'Cobol/3'"),
        (lines({**ROW, "task_id": "Go/three"}), ":1: unknown task id 'Go/three'"),
        (lines({**ROW, "task_id": "../Go/3"}), ":1: unknown task id '../Go/3'"),
        (lines({**ROW, "task_id": "Java/3"}), ":1: Java/3 is not a go problem"),
        (b"[" * 200_000 + b"\n", ":1: nested too deeply"),
        (b'{"task_id": ' + b"1" * 5000 + b"}\n", ":1: an integer of 5000 digits"),
        (b'{"a": NaN}\n', ":1: NaN is not JSON"),
        (b'{"a": "", "a": ""}\n', ":1: key 'a' stands twice"),
        (b"[]\n", ":1: a JSON list, not an object"),
        (b"\n", "holds no problem"),
        (b"", "holds no problem"),
    ],
    ids=lambda value: str(value)[:24] if isinstance(value, str) else "",
)
def test_a_row_that_is_no_problem_is_a_data_error_with_file_and_line(content: bytes, said: str) -> None:
    with pytest.raises(DataError) as caught:
        read(content)
    assert str(caught.value).startswith("data/humaneval_go.jsonl")
    assert said in str(caught.value)


def test_a_missing_file_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"data pull --data-version codegeex2.*data import PATH"):
        read_problems("codegeex2", ["js"], tmp_path)


def test_a_file_with_other_contents_is_refused_and_its_hash_said(tmp_path: Path) -> None:
    (tmp_path / "humaneval_go.jsonl").write_bytes(lines(ROW))
    for ask in (read_problems, data_hashes):
        with pytest.raises(DataError, match=r"its JSONL has SHA-256 [0-9a-f]{64}, pinned is 87aba5e8"):
            ask("codegeex", ["go"], tmp_path)
    (finding,) = verify("codegeex", ["go"], tmp_path)
    assert not finding.ok and "pinned is 87aba5e8" in finding.detail


def test_unknown_versions_and_languages_are_usage_errors(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no data version 'main'"):
        read_problems("main", ["go"], tmp_path)
    with pytest.raises(UsageError, match="has no rust"):
        read_problems("codegeex", ["rust"], tmp_path)


@pytest.mark.published
@pytest.mark.parametrize("version", ["codegeex", "codegeex2", "fixed"])
def test_each_version_has_164_problems_a_language_and_their_random_tests(version: str, published_data: Path) -> None:
    problems = read_problems(version, ALL, published_data)
    for name in ALL:
        mine = [problem for problem in problems if problem.language == name]
        assert [problem.number for problem in mine] == list(range(164))
        assert [problem.number for problem in mine if problem.random_test] == [32, 38, 50, 53]
        assert [problem.number for problem in mine if not problem.example_test.strip()] == [38, 41, 50, 83, 84, 160]
    assert all(finding.ok for finding in verify(version, ALL, published_data))


@pytest.mark.published
def test_the_versions_differ_where_they_say_they_do(published_data: Path) -> None:
    first, second, third = (
        {problem.task_id: problem for problem in read_problems(version, ALL, published_data)}
        for version in ("codegeex", "codegeex2", "fixed")
    )
    assert {task_id for task_id in first if first[task_id] != second[task_id]} <= {
        task_id for task_id in first if task_id.startswith("JavaScript/")
    }
    assert first["JavaScript/112"] != second["JavaScript/112"]
    patched = set(read_patches(resource_folder("benchmark_data") / "patches" / "fixed.toml"))
    assert {task_id for task_id in first if first[task_id] != third[task_id]} == patched


@pytest.mark.published
def test_the_hashes_name_every_file_that_decides_the_problems(published_data: Path) -> None:
    published = data_hashes("codegeex", ALL, published_data)
    assert set(published) == {f"humaneval_{name}.jsonl" for name in ALL}
    assert published["humaneval_js.jsonl"].startswith("da5295")
    assert data_hashes("codegeex2", ["js"], published_data)["codegeex2/humaneval_js.jsonl"].startswith("ba077f")
    fixed = data_hashes("fixed", ALL, published_data)
    assert set(fixed) - set(published) == {"patches/fixed.toml"}


@pytest.mark.published
def test_reading_all_problems_takes_well_under_a_second(published_data: Path) -> None:
    began = time.process_time()
    read_problems("fixed", ALL, published_data)
    assert time.process_time() - began < 1.0


@pytest.mark.published
def test_one_changed_byte_is_noticed(published_data: Path, tmp_path: Path) -> None:
    content = bytearray((published_data / "humaneval_java.jsonl").read_bytes())
    content[1000] ^= 1
    (tmp_path / "humaneval_java.jsonl").write_bytes(content)
    with pytest.raises(DataError, match="is not the file of data version codegeex"):
        read_problems("codegeex", ["java"], tmp_path)


def test_only_the_packages_own_version_is_read_from_the_package(tmp_path: Path) -> None:
    for version in data_versions():
        findings = verify(version.name, ["python"], tmp_path)
        inside = findings[0].path.is_relative_to(resource_folder("benchmark_data"))
        assert inside == (version.name == "smoke")


def test_no_published_text_lies_in_the_package() -> None:
    for path in resource_folder("benchmark_data").rglob("*"):
        assert not path.name.endswith(".jsonl.gz")
        if path.suffix == ".toml":
            assert len(max(path.read_text().split("\n"), key=len)) < 300
