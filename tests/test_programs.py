from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from humaneval_x.languages import language_names, read_language
from humaneval_x.programs import ASSEMBLIES, TRUNCATIONS, assemble, invalid_reason
from humaneval_x.records import MAX_SOURCE_BYTES, Completion, Problem, Program


def problem(language: str, **fields: str) -> Problem:
    parts = {
        "prompt": "PROMPT\n",
        "declaration": "DECLARATION\n",
        "canonical_solution": "",
        "test": "TEST\n",
        "example_test": "EXAMPLE\n",
    }
    return Problem(task_id=f"{read_language(language).task_prefix}/0", language=language, **{**parts, **fields})


def program(a_problem: Problem, text: str, *, task: str = "generation", example_test: bool = False) -> Program:
    completion = Completion(task_id=a_problem.task_id, completion_id=3, text=text, finish="given", tokens=0, seed=0)
    return assemble(a_problem, completion, task=task, truncation="none", example_test=example_test)


def test_every_language_names_an_assembly_that_exists() -> None:
    assert {read_language(name).assembly for name in language_names()} <= set(ASSEMBLIES)


@pytest.mark.parametrize("name", ["python", "cpp", "java", "js", "go"])
def test_prompt_completion_and_test_stand_in_this_order_with_a_line_end_between(name: str) -> None:
    source = program(problem(name), "COMPLETION").source
    assert source.index("PROMPT\nCOMPLETION\n") < source.index("TEST\n")
    assert source.endswith("TEST\n") or (name == "python" and source.endswith("TEST\n\n"))
    assert "DECLARATION" not in source


@pytest.mark.parametrize("task", ["translation", "translation-python-to-go"])
def test_a_translation_is_judged_from_the_declaration(task: str) -> None:
    source = program(problem("js"), "COMPLETION", task=task).source
    assert source == "DECLARATION\nCOMPLETION\nTEST\n"


@pytest.mark.parametrize("name", ["python", "cpp", "java", "js", "go"])
def test_example_mode_uses_the_example_test_where_there_is_one_and_else_the_test(name: str) -> None:
    with_one = program(problem(name), "x", example_test=True).source
    assert "EXAMPLE" in with_one and "TEST" not in with_one
    for none in ("", "\n"):
        without = program(problem(name, example_test=none), "x", example_test=True).source
        assert "TEST" in without


def test_python_gets_the_published_imports_first() -> None:
    lines = program(problem("python"), "x").source.splitlines()
    assert lines[:3] == ["import math", "import re", "import sys"]
    assert lines[14:17] == ["from typing import *", "from collections import *", "PROMPT"]


def test_cpp_gets_the_headers_that_its_prompt_lacks_and_no_other() -> None:
    source = program(problem("cpp", prompt="#include<vector>\n#include<math.h>\n"), "x").source
    assert source.count("#include<vector>") == source.count("#include<math.h>") == 1
    head = source[: source.index("#include<vector>")]
    assert head.split() == [
        "#include<stdlib.h>", "#include<algorithm>", "#include<stdio.h>", "#include<string>", "#include<climits>",
        "#include<cstring>", "#include<iostream>",
    ]  # fmt: skip


GO_SETUP = 'package main\n\nimport (\n    "testing"\n    "math/rand"\n)\n'


def go(prompt: str, completion: str, imports: str = "") -> str:
    return program(problem("go", prompt=prompt, imports=imports, test_setup=GO_SETUP), completion).source


def test_go_gets_the_packages_that_the_completion_uses_and_the_setup_lacks() -> None:
    source = go("func F() {\n", "strings.ToUpper(strconv.Itoa(md5.Size))")
    assert source.startswith(GO_SETUP + '\nimport (\n    "strings"\n    "strconv"\n    "crypto/md5"\n)\nfunc F() {\n')


def test_go_takes_the_imports_out_of_the_prompt() -> None:
    imports = 'import (\n    "fmt"\n)\n'
    assert go(imports + "\nfunc F() {\n", "return", imports) == GO_SETUP + "\n\nfunc F() {\nreturn\nTEST\n"


def test_go_counts_math_as_imported_where_math_rand_is_as_the_published_evaluator_does() -> None:
    assert 'import (\n    "math"' not in go("func F() {\n", "math.Abs(1)")


def test_the_hash_is_that_of_the_source() -> None:
    made = program(problem("js"), "é")
    assert made.sha256 == hashlib.sha256(made.source.encode()).hexdigest()
    assert (made.task_id, made.completion_id, made.language) == ("JavaScript/0", 3, "js")


@settings(max_examples=200, deadline=None)
@given(
    st.text(st.characters(exclude_categories=()), max_size=60),
    st.sampled_from(["python", "cpp", "java", "js", "go"]),
    st.sampled_from(TRUNCATIONS),
    st.sampled_from(["generation", "translation"]),
)
def test_any_text_becomes_a_program_and_a_reason_exactly_if_it_cannot_be_written(
    text: str, name: str, truncation: str, task: str
) -> None:
    completion = Completion(task_id="x", completion_id=0, text=text, finish="given", tokens=0, seed=0)
    made = assemble(problem(name), completion, task=task, truncation=truncation)
    assert len(made.sha256) == 64
    writable = "\0" not in made.source and not any("\ud800" <= letter <= "\udfff" for letter in made.source)
    assert (invalid_reason(made) == "") == writable


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("return 1", ""),
        ("\0", "the program holds a NUL character"),
        ("\udc80", "the program holds a lone surrogate (U+DC80)"),
        ("é" * (MAX_SOURCE_BYTES // 2), f"more than {MAX_SOURCE_BYTES}"),
    ],
)
def test_a_source_that_no_compiler_can_be_given_has_a_reason(text: str, reason: str) -> None:
    said = invalid_reason(program(problem("js"), text))
    assert said.endswith(reason) and bool(said) == bool(reason)


CPP = problem(
    "cpp",
    prompt="#include<vector>\nusing namespace std;\nint f(){\n",
    test="#undef NDEBUG\n#include<assert.h>\nint main(){\n    assert (f() == 1);\n}\n",
)


def run_cpp(completion: str, folder: Path) -> bool:
    (folder / "main.cpp").write_text(program(CPP, completion).source)
    built = subprocess.run(
        ["g++", "-std=c++11", "-w", "-o", "main", "main.cpp"], cwd=folder, capture_output=True, check=False
    )
    if built.returncode != 0:
        return False
    return subprocess.run([folder / "main"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed: apt-get install g++")
def test_a_macro_of_the_completion_does_not_reach_the_cpp_test(tmp_path: Path) -> None:
    assert run_cpp("    return 1;\n}\n", tmp_path)
    assert not run_cpp("    return 2;\n}\n", tmp_path)
    cheats = [
        "#define assert(x)",
        "#define __assert_fail(...) f()",
        "#define int int main(){} int",
        "#define main main(){} int g",
        "#define static_cast<bool>(x) true\n#define static_cast",
        "#define main main(){} int g \\",
    ]
    for cheat in cheats:
        assert not run_cpp(f"    return 2;\n}}\n{cheat}\n", tmp_path), cheat


def test_no_decorator_of_a_python_completion_takes_the_place_of_its_test() -> None:
    source = program(
        problem("python", test="\n\ndef check(f):\n    assert f() == 3\n\ncheck(F)\n"), "x\n\n@skip\n"
    ).source
    with pytest.raises(SyntaxError):
        compile(source, "main.py", "exec")


def test_cpp_undoes_the_completions_macros_that_its_test_uses_and_no_other() -> None:
    completion = "return 3;}\n#define abs(x) 0\n  #  define \\\nround 0\n%:define pow 0\n#define MINE 1\n"
    test = "int main(){ assert(abs(F()-3) < pow(round(1), 2)); }"
    tail = program(problem("cpp", test=test), completion).source.partition(completion)[2]
    assert {"#undef abs", "#undef pow", "#undef round"} <= set(tail.splitlines())
    assert "MINE" not in tail
    assert tail.endswith(test)
