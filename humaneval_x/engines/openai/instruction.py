"""The message that a chat model is sent: a Jinja template of the problem's prompt."""

from __future__ import annotations

from pathlib import Path

from humaneval_x.languages import read_language
from humaneval_x.records import Problem, Prompt
from humaneval_x.templating import UserTemplate, read_template

__all__ = ["DEFAULT", "Instruction", "read_instruction"]

DEFAULT = """\
{% if task.startswith("translation") %}
Translate a function to {{ language }}. Below are the function and, after it, the beginning of the {{ language }} code.
{% else %}
Complete a function in {{ language }}. Below is the beginning of the code.
{% endif %}
Answer with one fenced code block that holds the whole {{ language }} function, with its name and parameters exactly \
as given. Use the imports and headers that are given, and define whatever else you need inside the function or after \
it. Write no tests, no example and no explanation.

```
{{ prompt }}
```
"""
"""The message for both tasks."""

_NEEDED = frozenset({"prompt", "declaration"})


def _values(prompt: str, language: str, declaration: str, task: str) -> dict[str, str]:
    return {"prompt": prompt, "language": language, "declaration": declaration, "task": task}


_TRIALS = (
    _values("def f():\n", "Python", "def f():\n", "generation-python"),
    _values("code translation\nC++:\n", "Python", "def f():\n", "translation-cpp-to-python"),
)


class Instruction:
    """A template that has been tried; `sha256` is that of its text."""

    def __init__(self, template: UserTemplate) -> None:
        self._template = template
        self.sha256 = template.sha256

    @classmethod
    def of(cls, text: str, name: str = "the engine's instruction") -> Instruction:
        """The instruction of that text; `name` is for messages. Raises UsageError for a bad template."""
        return cls(UserTemplate(text, name, _TRIALS, _NEEDED))

    def message(self, prompt: Prompt, problem: Problem) -> str:
        """The message for one prompt. Raises UsageError, with the template's line, if it cannot be rendered."""
        language = read_language(prompt.language).title
        return self._template.render(_values(prompt.text, language, problem.declaration, prompt.task))


def read_instruction(path: Path | None) -> Instruction:
    """The template in that file, or the engine's own. Raises UsageError for a bad one, DataError for no text file."""
    return Instruction.of(DEFAULT) if path is None else Instruction(read_template(path, _TRIALS, _NEEDED))
