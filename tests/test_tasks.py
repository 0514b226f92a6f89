from __future__ import annotations

import pytest

from humaneval_x.errors import DataError, UsageError
from humaneval_x.languages import language_names, read_language
from humaneval_x.records import Problem
from humaneval_x.tasks import TASKS, prompts


def problems(*languages: str, numbers: tuple[int, ...] = (0, 7)) -> list[Problem]:
    return [
        Problem(
            task_id=f"{read_language(name).task_prefix}/{number}",
            language=name,
            prompt=f"{name} prompt {number}\n",
            declaration=f"\n{name} declaration {number}\n",
            canonical_solution=f"    {name} body {number}\n\n",
            test="",
        )
        for name in languages
        for number in numbers
    ]


def test_generation_gives_each_problem_its_own_prompt() -> None:
    found = prompts("generation", problems("python", "go"), ["go", "python"], [])
    assert [(prompt.task, prompt.task_id, prompt.text) for prompt in found] == [
        ("generation-go", "Go/0", "go prompt 0\n"),
        ("generation-go", "Go/7", "go prompt 7\n"),
        ("generation-python", "Python/0", "python prompt 0\n"),
        ("generation-python", "Python/7", "python prompt 7\n"),
    ]


def test_a_translation_prompt_has_the_published_form_and_no_docstring() -> None:
    (prompt,) = prompts("translation", problems("cpp", "js", numbers=(3,)), ["js"], ["cpp"])
    assert prompt.text == (
        "code translation\nC++:\n\ncpp declaration 3\n\n    cpp body 3\nJavaScript:\n\njs declaration 3\n"
    )
    assert (prompt.task, prompt.task_id, prompt.language) == ("translation-cpp-to-js", "JavaScript/3", "js")


def test_translation_goes_through_all_ordered_pairs_of_languages() -> None:
    names = language_names()
    found = prompts("translation", problems(*names), names, names)
    tasks = {prompt.task for prompt in found}
    assert len(tasks) == len(names) * (len(names) - 1)
    assert len(found) == 2 * len(tasks)
    assert all(prompt.task.endswith(f"-to-{prompt.language}") for prompt in found)


def test_a_translation_without_its_source_problem_is_a_data_error() -> None:
    data = problems("python", numbers=(0,)) + problems("go", numbers=(0, 1))
    with pytest.raises(DataError, match="Go/1 has no counterpart in python"):
        prompts("translation", data, ["go"], ["python"])


@pytest.mark.parametrize(
    ("task", "languages", "sources", "said"),
    [
        ("summary", ["go"], [], "no task 'summary'"),
        ("generation", ["java"], [], "no prompt for java"),
        ("translation", ["go"], ["go"], "no prompt for go"),
    ],
)
def test_a_task_that_asks_nothing_is_a_usage_error(
    task: str, languages: list[str], sources: list[str], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        prompts(task, problems("go"), languages, sources)


def test_every_task_in_the_table_makes_prompts_named_after_it() -> None:
    for name in TASKS:
        found = prompts(name, problems("python", "go"), ["python", "go"], ["python", "go"])
        assert found
        assert all(prompt.task.startswith(f"{name}-") for prompt in found)
