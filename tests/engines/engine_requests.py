"""Requests made by hand for the tests of the engines."""

from __future__ import annotations

from collections.abc import Callable

from humaneval_x.engines import Request
from humaneval_x.records import Problem, Prompt


def never(text: str) -> bool:
    return text is None


def make_request(
    task_id: str,
    *,
    ids: tuple[int, ...],
    text: str = "def f():\n",
    solution: str = "    return 1\n",
    task: str = "",
    is_finished: Callable[[str], bool] = never,
) -> Request:
    prefix = task_id.partition("/")[0]
    language = {"Python": "python", "CPP": "cpp", "Java": "java", "JavaScript": "js", "Go": "go"}[prefix]
    problem = Problem(
        task_id=task_id, language=language, prompt=text, declaration=text, canonical_solution=solution, test=""
    )
    prompt = Prompt(task=task or f"generation-{language}", task_id=task_id, language=language, text=text)
    return Request(prompt=prompt, problem=problem, completion_ids=ids, is_finished=is_finished)
