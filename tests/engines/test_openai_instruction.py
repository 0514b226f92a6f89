"""The message that a chat is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from humaneval_x.engines.openai.instruction import DEFAULT, Instruction, read_instruction
from humaneval_x.errors import UsageError
from humaneval_x.records import Problem, Prompt

PROBLEM = Problem(
    task_id="CPP/0", language="cpp", prompt="int f(){\n", declaration="int f(){\n", canonical_solution="}", test=""
)


def prompt(task: str, text: str) -> Prompt:
    return Prompt(task=task, task_id="CPP/0", language="cpp", text=text)


@pytest.mark.parametrize(("task", "verb"), [("generation-cpp", "Complete"), ("translation-python-to-cpp", "Translate")])
def test_the_engines_own_instruction_names_task_and_language_and_holds_the_prompt(task: str, verb: str) -> None:
    message = read_instruction(None).message(prompt(task, "// <b>&amp;\nint f(){\n"), PROBLEM)
    assert message.startswith(f"{verb} a function")
    assert "C++" in message
    assert "```\n// <b>&amp;\nint f(){\n" in message
    assert "{%" not in message
    assert "\n\n\n" not in message


@pytest.mark.parametrize(
    ("template", "line", "words"),
    [
        ("{{ prompt }}\n{% if %}", 2, "not a Jinja template"),
        ("{{ prompt }}\n\n{{ nothing }}", 3, "'nothing'"),
        ("{{ prompt }}\n{% if task == 'x' %}\n{{ nothing }}{% endif %}", 3, "'nothing'"),
        ("{{ prompt }}\n{{ prompt.nothing }}", 2, "nothing"),
        ("{{ prompt }}\n{{ 1 / 0 }}", 2, "division"),
        ("{{ prompt }}\n\n{{ prompt.__class__.__mro__ }}", 3, "unsafe"),
        ("{{ prompt }}\n{% include 'x' %}", 2, "cannot be rendered"),
        ("Hello\n", 1, "same"),
    ],
)
def test_a_bad_template_is_a_usage_error_that_names_file_and_line(
    tmp_path: Path, template: str, line: int, words: str
) -> None:
    path = tmp_path / "chat.jinja"
    path.write_text(template)
    with pytest.raises(UsageError, match=words) as raised:
        read_instruction(path)
    assert str(raised.value).startswith(f"{path}:{line}:")


def test_what_only_some_prompts_break_is_a_usage_error_when_they_come() -> None:
    instruction = Instruction.of("{{ prompt }}\n{{ 1 // (language | length - 3) }}", "chat.jinja")
    with pytest.raises(UsageError, match=r"chat.jinja:2: .*zero"):
        instruction.message(prompt("generation-cpp", "x"), PROBLEM)


def test_the_hash_is_that_of_the_template() -> None:
    assert Instruction.of(DEFAULT).sha256 == read_instruction(None).sha256
    assert Instruction.of(f"{DEFAULT} ").sha256 != read_instruction(None).sha256
