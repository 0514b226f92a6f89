"""Tasks: how problems become prompts. A new task is one function here and one line in `TASKS`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from humaneval_x.errors import DataError, UsageError
from humaneval_x.languages import read_language
from humaneval_x.records import Problem, Prompt

__all__ = ["TASKS", "generation", "prompts", "translation"]


def prompts(
    task: str,
    problems: Sequence[Problem],
    languages: Sequence[str],
    source_languages: Sequence[str] = (),
) -> list[Prompt]:
    """The prompts of that task in the published form, target language by target language, problems in their order.

    Raises UsageError for an unknown task or if nothing is left to ask, DataError if a translation lacks its source
    problem.
    """
    if task not in TASKS:
        raise UsageError(f"no task {task!r}: the tasks are {', '.join(TASKS)}")
    found = TASKS[task](problems, languages, source_languages)
    if not found:
        raise UsageError(
            f"task {task} has no prompt for {','.join(languages)}: name languages that the data have, and "
            "for a translation a source language that differs from the target"
        )
    return found


def generation(problems: Sequence[Problem], languages: Sequence[str], _source_languages: Sequence[str]) -> list[Prompt]:
    """Write the function's body after its declaration and docstring."""
    return [
        Prompt(task=f"generation-{name}", task_id=problem.task_id, language=name, text=problem.prompt)
        for name in languages
        for problem in problems
        if problem.language == name
    ]


def translation(problems: Sequence[Problem], languages: Sequence[str], source_languages: Sequence[str]) -> list[Prompt]:
    """Write the function again in another language, given its code but no docstring: each ordered pair of languages."""
    by_key = {(problem.language, problem.number): problem for problem in problems}
    return [
        Prompt(
            task=f"translation-{source}-to-{target}",
            task_id=problem.task_id,
            language=target,
            text=_translation_text(_source(by_key, source, problem), problem),
        )
        for target in languages
        for source in source_languages
        if source != target
        for problem in problems
        if problem.language == target
    ]


def _source(by_key: dict[tuple[str, int], Problem], source: str, target: Problem) -> Problem:
    try:
        return by_key[source, target.number]
    except KeyError as error:
        raise DataError(
            f"{target.task_id} has no counterpart in {source} to translate from: read both languages of "
            "one data version"
        ) from error


def _translation_text(source: Problem, target: Problem) -> str:
    # Source: the HumanEval-X repository's translation prompts.
    return (
        "code translation\n"
        f"{read_language(source.language).title}:\n{source.declaration}\n{source.canonical_solution.rstrip()}\n"
        f"{read_language(target.language).title}:\n{target.declaration}"
    )


TASKS: dict[str, Callable[[Sequence[Problem], Sequence[str], Sequence[str]], list[Prompt]]] = {
    "generation": generation,
    "translation": translation,
}
"""Task -> the function that makes its prompts from problems, target languages and source languages."""
