from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from humaneval_x.errors import DataError, UsageError
from humaneval_x.languages import language_names, read_language
from humaneval_x.prompting import STYLES, prompt_style, prompt_style_from
from humaneval_x.records import Problem, Prompt
from humaneval_x.tasks import prompts

CPP = Problem(
    task_id="CPP/1",
    language="cpp",
    prompt="\n/*\nAdds.\n*/\nint add(int a, int b){\n",
    declaration="int add(int a, int b){\n",
    canonical_solution="    return a + b;\n}\n",
    test="",
)
GO = replace(CPP, task_id="Go/1", language="go", declaration="func add(a, b int) int {\n")
PROBLEMS = {problem.task_id: problem for problem in (CPP, GO)}
(GENERATION,) = prompts("generation", [CPP], ["cpp"])
(TRANSLATION,) = prompts("translation", [CPP, GO], ["go"], ["cpp"])


def text(style: str, prompt: Prompt, template: Path | None = None) -> str:
    (shown,) = prompt_style(style, template).applied([prompt], PROBLEMS)
    assert replace(shown, text="") == replace(prompt, text="")
    return shown.text


def test_the_plain_style_is_the_published_form() -> None:
    assert text("plain", GENERATION) == CPP.prompt
    assert text("plain", TRANSLATION) == TRANSLATION.text


def test_the_style_of_codegeex_has_a_tag_line_before_a_generation_only() -> None:
    assert text("codegeex", GENERATION) == f"// language: C++\n{CPP.prompt}"
    assert text("codegeex", TRANSLATION) == TRANSLATION.text


def test_the_style_of_codegeex2_has_no_blanks_at_its_ends_and_no_tag() -> None:
    assert text("codegeex2", GENERATION) == "/*\nAdds.\n*/\nint add(int a, int b){"
    assert text("codegeex2", TRANSLATION) == TRANSLATION.text.strip()


def test_a_template_makes_the_whole_prompt(tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    file.write_text("{{ tag_line }} {{ task }} {{ task_id }} {{ language }}\n{{ prompt }}--{{ declaration }}")
    assert text("plain", GENERATION, file) == (
        f"// language: C++ generation-cpp CPP/1 C++\n{CPP.prompt}--{CPP.declaration}"
    )


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ prompt", "mine.txt:1: not a Jinja template"),
        ("a\n{{ promt }}", "mine.txt:2: no variable 'promt'.*prompt, declaration"),
        ("hello", "every problem would get the same text"),
        ("{{ prompt }}\n{{ prompt.__class__.__mro__ }}", "mine.txt:2: cannot be rendered"),
        ("{{ prompt / 2 }}", "mine.txt:1: cannot be rendered"),
    ],
)
def test_a_bad_template_is_refused_with_its_line(tmp_path: Path, template: str, said: str) -> None:
    file = tmp_path / "mine.txt"
    file.write_text(template)
    with pytest.raises(UsageError, match=said):
        prompt_style("plain", file)


def test_a_style_and_a_template_at_once_are_refused_and_so_is_an_unknown_style(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="leave out --prompt-style codegeex"):
        prompt_style("codegeex", tmp_path / "mine.txt")
    with pytest.raises(UsageError, match="plain, codegeex, codegeex2"):
        prompt_style("codegeex3")
    with pytest.raises(DataError, match="absent"):
        prompt_style("plain", tmp_path / "absent")


def test_what_a_run_records_makes_the_same_prompts_again(tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    file.write_text("{{ language }}: {{ prompt }}")
    for style in (*map(prompt_style, STYLES), prompt_style("plain", file)):
        again = prompt_style_from(style.manifest)
        assert again.applied([GENERATION, TRANSLATION], PROBLEMS) == style.applied([GENERATION, TRANSLATION], PROBLEMS)
    assert prompt_style_from(None).applied([GENERATION], PROBLEMS) == [GENERATION]


def test_every_language_has_a_tag_line_that_is_a_comment() -> None:
    for name in language_names():
        assert read_language(name).tag_line.startswith(("# ", "// "))
