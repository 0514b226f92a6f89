"""Samples files of other harnesses, from the file to verdicts and back, through the command line."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from test_cli import assert_fails, cli

from humaneval_x.datasets import read_problems
from humaneval_x.languages import language_names, language_of_task
from humaneval_x.records import Problem

SMOKE = {problem.task_id: problem for problem in read_problems("smoke", language_names())}
NUMBER = 0

# What ends a program before its tests with exit code 0; whether the published evaluator takes that for a pass: it looks
# at the exit code (C++, Java, Go), at silence (JavaScript), at whether Python came to the program's end.
LEAVES = {
    "cpp": ("    exit(0);\n}\n", True),
    "java": ("        System.exit(0);\n        return 0;\n    }\n}\n", True),
    "go": ("    os.Exit(0)\n    return 0\n}\n", False),  # the assembly imports no os: it does not compile
    "js": ("    process.exit(0);\n}\n", True),
    "python": ("    raise SystemExit(0)\n", False),
}
# A right answer that prints: JavaScript's published rule wants silence.
PRINTS = {
    "cpp": 'puts("x");',
    "java": 'System.out.println("x");',
    "go": 'fmt.Println("x")',
    "js": 'console.log("x");',
    "python": 'print("x")',
}
# What a model goes on with after a right answer. The published clean-up cuts Python at the first unindented line and
# the others at the last brace, so what has no brace goes.
TALK = {
    "python": "\nprint(undefined)\n# the end\n",
    "cpp": "\nThat is all, folks: a < b.\n",
    "java": "\nThat is all, folks.\n",
    "js": "\nThat is all, folks.\n",
    "go": "\nThat is all, folks.\n",
}
SECOND = "\n} and } more braces {}"


def samples_of(problem: Problem) -> dict[str, tuple[str, bool]]:
    """Name -> generation, and whether it passes by the published rules."""
    right, name = problem.canonical_solution, problem.language
    first, _, rest = right.partition("\n")
    indent = first[: len(first) - len(first.lstrip())]
    leaves, leaves_passes = LEAVES[name]
    return {
        "right": (right, True),
        "empty": ("", False),
        "wrong": (right.replace("low", "high").replace("min", "max"), False),
        "prints": (f"{indent}{PRINTS[name]}\n{first}\n{rest}", name != "js"),
        "talks": (right.rstrip() + "\n" + TALK[name], True),
        "braces": (right.rstrip() + SECOND, name == "python"),
        "leaves": (leaves, leaves_passes),
    }


@pytest.mark.docker
def test_a_file_of_codegeex_gets_the_verdicts_of_the_published_rules_under_reference(tmp_path: Path) -> None:
    problems = [problem for problem in SMOKE.values() if problem.number == NUMBER]
    assert [problem.language for problem in problems] == list(language_names())
    expected: dict[tuple[str, int], tuple[str, bool]] = {}
    with gzip.open(tmp_path / "codegeex.jsonl.gz", "wt") as file:
        for problem in problems:
            for number, (name, (text, passes)) in enumerate(samples_of(problem).items()):
                expected[problem.task_id, number] = name, passes
                row = {"task_id": problem.task_id, "prompt": problem.prompt, "generation": text, "scores": 0.1}
                file.write(json.dumps(row) + "\n")
    done = cli(
        "evaluate", "codegeex.jsonl.gz", "--format", "auto", "--data-version", "smoke", "--truncation", "reference",
        "--sandbox", "docker", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f"imported {len(expected)} samples of CodeGeeX" in done.stderr
    found = {}
    for path in (tmp_path / "runs/codegeex/verdicts-reference").iterdir():
        for line in path.read_text().splitlines():
            row = json.loads(line)
            name = expected[row["task_id"], row["completion_id"]][0]
            found[row["task_id"], row["completion_id"]] = name, row["reference_passed"]
    assert found == expected


def test_a_file_is_made_a_run_once_and_its_run_is_gone_on_with(tmp_path: Path) -> None:
    rows = [{"task_id": "HumanEval/0", "completion": text} for text in ("    pass\n", "    return 1\n")]
    (tmp_path / "mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    arguments = ("import", "mine.jsonl", "--data-version", "smoke", "--model", "my model", "--temperature", "0.2")
    arguments += ("--top-k", "0", "--repetition-penalty", "1")
    assert "imported 2 samples of human-eval" in cli(*arguments, cwd=tmp_path).stderr
    assert "imported 0 samples of human-eval, 2 were there" in cli(*arguments, cwd=tmp_path).stderr
    manifest = json.loads((tmp_path / "runs/mine/run.json").read_text())
    assert manifest["engine"] == {"name": "given", "model": "my model", "format": "human-eval"}
    assert (manifest["sampling"]["temperature"], manifest["sampling"]["top_p"]) == (0.2, None)
    assert (manifest["sampling"]["top_k"], manifest["sampling"]["repetition_penalty"]) == (0, 1.0)
    assert manifest["given"]["absent"] == len(read_problems("smoke", ["python"])) - 1
    assert_fails(cli(*arguments, "--top-p", "0.9", cwd=tmp_path), 7, "sampling.top_p")


def test_a_translation_is_recognised_by_its_name_and_judged_from_the_target_s_declaration(tmp_path: Path) -> None:
    row = {"task_id": "Python/0", "generation": SMOKE["CPP/0"].canonical_solution}
    (tmp_path / "codegeex_python-to-cpp-x.jsonl").write_text(json.dumps(row) + "\n")
    done = cli("import", "codegeex_python-to-cpp-x.jsonl", "--data-version", "smoke", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    manifest = json.loads((tmp_path / "runs/codegeex_python-to-cpp-x/run.json").read_text())
    assert manifest["tasks"] == {"translation-python-to-cpp": ["CPP/0"]}
    assert manifest["task"] == "translation"


def test_samples_that_name_another_prompt_are_warned_of(tmp_path: Path) -> None:
    row = {"task_id": "Go/0", "prompt": "func other() {\n", "generation": "}"}
    (tmp_path / "s.jsonl").write_text(json.dumps(row) + "\n")
    done = cli("import", "s.jsonl", "--data-version", "smoke", cwd=tmp_path)
    assert done.returncode == 0
    assert "warning: 1 of 1 samples name another prompt" in done.stderr


@pytest.mark.parametrize(
    ("name", "content", "code", "said"),
    [
        ("s.jsonl", '{"task_id": "Go/0", "generation": "g"}\n{', 3, "s.jsonl:2"),
        ("s.jsonl", '{"task_id": "Go/999", "generation": "g"}\n', 3, "no problem of these data"),
        ("s.json", "[[1]]", 2, "--languages"),
        ("s.txt", "hello", 3, "not JSON"),
    ],
)
def test_a_file_that_cannot_be_read_leaves_no_run(
    tmp_path: Path, name: str, content: str, code: int, said: str
) -> None:
    (tmp_path / name).write_text(content)
    assert_fails(cli("evaluate", name, "--data-version", "smoke", cwd=tmp_path), code, said)
    assert not (tmp_path / "runs").exists()


def test_a_run_is_written_as_codegeex_would_and_read_again(tmp_path: Path) -> None:
    generated = ("generate", "--engine", "canonical", "--data-version", "smoke", "-n", "2", "--out", "runs/right")
    assert cli(*generated, cwd=tmp_path).returncode == 0
    done = cli("export", "runs/right", "--format", "codegeex", "--out", "theirs", "--gzip", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    paths = [Path(line) for line in done.stdout.splitlines()]
    assert [path.name for path in paths] == [f"generation-{name}-samples.jsonl.gz" for name in language_names()]
    for path in paths:
        assert cli("import", path, "--data-version", "smoke", cwd=tmp_path).returncode == 0
        with gzip.open(tmp_path / path, "rt") as file:
            task_id = json.loads(file.readline())["task_id"]
        task = f"generation-{language_of_task(task_id).name}"
        again = tmp_path / "runs" / f"{task}-samples" / "samples" / f"{task}.jsonl"
        assert again.read_bytes() == (tmp_path / "runs/right/samples" / f"{task}.jsonl").read_bytes()


def test_what_a_format_cannot_hold_is_said(tmp_path: Path) -> None:
    generated = ("generate", "--engine", "canonical", "--data-version", "smoke", "-n", "1", "--out", "runs/right")
    assert cli(*generated, cwd=tmp_path).returncode == 0
    done = cli("export", "runs/right", "--format", "bigcode", "--out", "theirs", cwd=tmp_path)
    assert "bigcode evaluation harness cannot hold: completion ids but for their order, finish" in done.stderr
    refused = cli("export", "runs/right", "--format", "codegeex", "--what", "results", "--out", "x", cwd=tmp_path)
    assert_fails(refused, 6, "was not judged so yet", "export samples alone")
