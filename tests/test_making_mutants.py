"""The mutants themselves; `tests/sandbox/test_mutants.py` judges them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

import mutants
import pytest
from mutants import PER_PROBLEM, all_mutants, mutants_of, tokens_of

from humaneval_x.datasets import read_problems
from humaneval_x.languages import language_names
from humaneval_x.records import Problem

SOLUTIONS = {
    "python": "    # keep if a < b\n    if a < b:\n        return max('a < 1', b)\n    return \"1 + 1\"\n",
    "cpp": '    // keep if a < b\n    if (a < b) return max("a < 1", b);\n    return "1 + 1";\n}\n',
    "java": '    /* keep if (a < b) */\n    if (a < b) return max("a < 1", b);\n    return "1 + 1";\n  }\n}\n',
    "js": "  // keep if a < b\n  if (a < b) return max('a < 1', b)\n  return `1 + 1`.replace(/1 + 1/g, b)\n}\n",
    "go": '    // keep if a < b\n    if a < b {\n        return max("a < 1", b)\n    }\n    return `1 + 1`\n}\n',
}


def problem(language: str, **changes: object) -> Problem:
    fields = {"task_id": "X/0", "language": language, "prompt": "", "declaration": "func F(a int) int {\n", "test": "",
              "canonical_solution": SOLUTIONS[language]}  # fmt: skip
    return Problem(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def problems(published_data: Path) -> list[Problem]:
    return read_problems("fixed", language_names(), published_data)


@pytest.mark.parametrize("language", language_names())
def test_tokens_tell_code_from_strings_and_comments(language: str) -> None:
    tokens = tokens_of(SOLUTIONS[language], language)
    assert "".join(token.text for token in tokens) == SOLUTIONS[language]
    assert [token.text for token in tokens if token.kind == "operator" and token.text in "<+"] == ["<"]
    assert not [token.text for token in tokens if token.kind == "number"]


@pytest.mark.parametrize("language", language_names())
def test_a_mutant_leaves_strings_and_comments_alone_unless_it_drops_their_line(language: str) -> None:
    found = all_mutants(problem(language))
    assert len({mutant.text for mutant in found}) == len(found) > 5
    for mutant in found:
        assert "keep if" in mutant.text
        if mutant.kind != "dropped line":
            assert "a < 1" in mutant.text
            assert "1 + 1" in mutant.text


def test_each_kind_of_change_does_what_its_name_says() -> None:
    found = defaultdict(list)
    code = "    if len(a) < 2:\n        return True\n    return min(a, b) + 1\n"
    for mutant in all_mutants(problem("python", canonical_solution=code)):
        found[mutant.kind].append(mutant.text)
    assert code.replace("<", "<=") in found["bound"]
    assert code.replace("+", "-") in found["operator"]
    assert {code.replace("2", "3"), code.replace("True", "False")} <= set(found["constant"])
    assert code.replace("len(a)", "len(a) - 1") in found["size"]
    assert code.replace("return True", "pass") in found["dropped line"]
    assert code.replace("min", "max") in found["renamed call"]
    assert code.replace("a, b", "b, a") in found["swapped arguments"]
    assert code.replace("len(a) < 2:", "not (len(a) < 2) :") in found["negated condition"]
    assert "    return None\n" + code in found["early end"]


def test_a_problem_with_random_tests_has_no_mutants() -> None:
    assert mutants_of(problem("cpp"))
    assert mutants_of(problem("cpp", random_test=True)) == []


@pytest.mark.published
def test_the_published_problems_give_three_thousand_mutants_of_every_kind(problems: list[Problem]) -> None:
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for one in problems:
        found = mutants_of(one)
        assert one.random_test == (not found), one.task_id
        texts = {mutant.text for mutant in found}
        assert len(texts) == len(found) <= PER_PROBLEM
        assert one.canonical_solution not in texts
        kinds[one.language].update(mutant.kind for mutant in found)
    assert sum(counts.total() for counts in kinds.values()) >= 3000
    wanted = {"operator", "bound", "constant", "size", "dropped line", "renamed call", "unknown name",
              "swapped arguments", "negated condition", "early end"}  # fmt: skip
    assert {language: set(counts) for language, counts in kinds.items()} == dict.fromkeys(language_names(), wanted)


@pytest.mark.published
def test_the_samples_file_is_the_same_in_every_process_and_fit_to_be_replayed(
    problems: list[Problem], published_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUMANEVAL_X_DATA", str(published_data))
    written = []
    for seed in ("1", "2"):
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        file = tmp_path / f"{seed}.jsonl"
        subprocess.run([sys.executable, mutants.__file__, file, "--languages", "python,go"], check=True, timeout=120)
        written.append(file.read_text("utf-8"))
    assert written[0] == written[1]
    rows = [json.loads(line) for line in written[0].splitlines()]
    wanted = [one.task_id for one in problems if one.language in ("python", "go")]
    assert Counter(row["task_id"] for row in rows) == dict.fromkeys(wanted, PER_PROBLEM)
