"""The project's own small problem set: its form, and that its files say the same as their source."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SMOKE = Path(__file__).resolve().parents[1] / "benchmark_data" / "smoke"
PREFIXES = {"python": "Python", "cpp": "CPP", "java": "Java", "js": "JavaScript", "go": "Go"}
COMMON = {"task_id", "prompt", "declaration", "canonical_solution", "test", "example_test"}
EXTRA = {"python": {"text"}, "java": {"text"}, "go": {"import", "docstring", "test_setup"}}
STATUSES = {"wrong_answer", "compile_error", "runtime_error", "exited_early", "cpu_limit", "output_limit"}

languages = pytest.mark.parametrize("language", PREFIXES)


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SMOKE / name).read_text(encoding="utf-8").splitlines()]


def load_module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"smoke_{name}", SMOKE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # a dataclass looks its module up there
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def build() -> ModuleType:
    return load_module("build")


def test_committed_files_are_what_the_script_writes(build: ModuleType) -> None:
    files = build.built_files(build.read_specifications())
    assert sorted(files) == sorted(path.name for path in SMOKE.glob("*.jsonl"))
    for name, content in files.items():
        assert (SMOKE / name).read_text(encoding="utf-8") == content, f"{name}: run build.py"


def test_check_fails_on_a_file_that_was_edited(
    build: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(build, "FOLDER", tmp_path)
    assert build.main([]) == 0
    assert build.main(["--check"]) == 0
    (tmp_path / "humaneval_go.jsonl").write_text("{}\n", encoding="utf-8")
    assert build.main(["--check"]) == 1
    assert "humaneval_go.jsonl" in capsys.readouterr().out


@languages
def test_problems_have_exactly_the_published_fields_filled(language: str) -> None:
    for number, row in enumerate(rows(f"humaneval_{language}.jsonl")):
        assert set(row) == COMMON | EXTRA.get(language, set())
        assert row["task_id"] == f"{PREFIXES[language]}/{number}"
        assert all(row[field].strip() for field in set(row) - {"import"})
        assert row["prompt"].endswith("\n")


def test_every_problem_stands_in_all_five_languages() -> None:
    counts = {language: len(rows(f"humaneval_{language}.jsonl")) for language in PREFIXES}
    assert set(counts.values()) == {16}


@languages
def test_no_prompt_solution_or_test_occurs_twice(language: str) -> None:
    problems = rows(f"humaneval_{language}.jsonl")
    for field in ("prompt", "canonical_solution", "test", "declaration"):
        assert max(Counter(row[field] for row in problems).values()) == 1


@languages
def test_every_problem_has_a_wrong_solution_and_every_status_occurs(language: str) -> None:
    tasks = {row["task_id"] for row in rows(f"humaneval_{language}.jsonl")}
    wrong = rows(f"wrong_{language}.jsonl")
    assert {row["task_id"] for row in wrong} == tasks
    assert {row["task_id"] for row in wrong if row["status"] == "wrong_answer"} == tasks
    # Go's own test runner refuses what a completion can do there to leave with success.
    assert {row["status"] for row in wrong} == STATUSES - ({"exited_early"} if language == "go" else set())
    assert Counter(row["status"] for row in wrong)["cpu_limit"] == 1
    assert len({(row["task_id"], row["name"]) for row in wrong}) == len(wrong)


@languages
def test_no_wrong_completion_is_the_canonical_solution(language: str) -> None:
    canonical = {row["task_id"]: row["canonical_solution"] for row in rows(f"humaneval_{language}.jsonl")}
    wrong = rows(f"wrong_{language}.jsonl")
    assert all(row["completion"] != canonical[row["task_id"]] for row in wrong)
    assert len({(row["task_id"], row["completion"]) for row in wrong}) == len(wrong)


@languages
def test_solutions_are_short_and_tests_have_more_cases_than_examples(language: str, build: ModuleType) -> None:
    for spec, row in zip(build.read_specifications(), rows(f"humaneval_{language}.jsonl"), strict=True):
        assert len(spec["solution"][language].strip().splitlines()) <= 9
        assert len(spec["examples"]) >= 2
        assert len(spec["tests"]) >= 5
        assert len(row["test"]) > len(row["example_test"])
        assert all(example not in spec["tests"] for example in spec["examples"])


@languages
def test_prompt_is_the_declaration_with_the_documentation(language: str) -> None:
    for row in rows(f"humaneval_{language}.jsonl"):
        signature = row["declaration"].rstrip("\n").rsplit("\n", 1)[-1]
        assert signature in row["prompt"]
        assert ">>> " in row["prompt"]
        assert ">>> " not in row["declaration"]
        if language == "go":
            assert row["prompt"] == row["import"] + "\n" + row["docstring"] + row["declaration"].lstrip("\n")
        if language in ("python", "java"):
            assert row["text"].strip() in row["prompt"]


@languages
def test_completions_close_what_the_prompt_opened(language: str) -> None:
    for row in rows(f"humaneval_{language}.jsonl"):
        solution, prompt = row["canonical_solution"], row["prompt"]
        if language == "python":
            assert all(line.startswith("    ") for line in solution.splitlines())
        else:
            start = re.sub(r"/\*.*?\*/|//[^\n]*", "", prompt, flags=re.DOTALL)
            opened = start.count("{") - start.count("}")
            assert opened == (2 if language == "java" else 1)
            assert solution.count("}") - solution.count("{") == opened


def test_set_is_plain_ascii_without_random_numbers() -> None:
    for path in SMOKE.glob("*.jsonl"):
        content = path.read_text(encoding="utf-8")
        assert content.isascii()
        assert "random" not in content.lower()


def test_python_solutions_pass_and_wrong_answers_fail_their_tests() -> None:
    problems = {row["task_id"]: row for row in rows("humaneval_python.jsonl")}
    for row in problems.values():
        for start in ("prompt", "declaration"):
            for test in ("test", "example_test"):
                exec(row[start] + row["canonical_solution"] + row[test], {})
    for wrong in rows("wrong_python.jsonl"):
        if wrong["status"] == "wrong_answer":
            row = problems[wrong["task_id"]]
            with pytest.raises(AssertionError):
                exec(row["prompt"] + wrong["completion"] + row["test"], {})
