"""Prompt styles: what a model is shown of a problem's prompt. A new style is a function and a line in `STYLES`.

The program that is judged starts with the published prompt (or, of a translation, the target's declaration) whatever
the style: styles add comments and drop blanks at the ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from humaneval_x.errors import UsageError
from humaneval_x.languages import read_language
from humaneval_x.records import Problem, Prompt

__all__ = ["PLAIN", "STYLES", "PromptStyle", "prompt_style", "prompt_style_from"]

PLAIN = "plain"
"""The published form, and the default."""

_TRIALS: tuple[Mapping[str, str], ...] = tuple(
    {
        "prompt": "def f():\n",
        "declaration": "def f():\n",
        "language": "Python",
        "tag_line": "# language: Python",
        "task": task,
        "task_id": "Python/0",
    }
    for task in ("generation-python", "translation-cpp-to-python")
)
_NEEDED = frozenset({"prompt", "declaration"})


def _plain(prompt: Prompt) -> str:
    return prompt.text


def _codegeex(prompt: Prompt) -> str:
    """CodeGeeX's: the language's tag line before it, but for a translation, which names its languages itself."""
    if not prompt.task.startswith("generation"):
        return prompt.text
    return f"{read_language(prompt.language).tag_line}\n{prompt.text}"


def _codegeex2(prompt: Prompt) -> str:
    """CodeGeeX2's: without blanks at the ends, and without a tag line."""
    return prompt.text.strip()


STYLES: MappingProxyType[str, Callable[[Prompt], str]] = MappingProxyType(
    {PLAIN: _plain, "codegeex": _codegeex, "codegeex2": _codegeex2}
)
"""Style -> the text that it makes of a prompt in the published form."""


class PromptStyle:
    """How prompts are shown to a model; `manifest` is what a run records of it."""

    def __init__(self, manifest: Mapping[str, Any], shown: Callable[[Prompt, Problem], str]) -> None:
        self.manifest = dict(manifest)
        self._shown = shown

    def applied(self, prompts: Sequence[Prompt], problems: Mapping[str, Problem]) -> list[Prompt]:
        """The prompts in this style; `problems` maps task ids to problems. Raises UsageError if a template fails."""
        return [replace(prompt, text=self._shown(prompt, problems[prompt.task_id])) for prompt in prompts]


def prompt_style(name: str = PLAIN, template: Path | None = None) -> PromptStyle:
    """The style of that name, or the one that the template in that file makes.

    A template (Jinja) has the variables prompt (in the published form), declaration, language, tag_line, task and
    task_id. Raises UsageError for an unknown style, for both at once and for a bad template, DataError for a file that
    cannot be read.
    """
    if template is None:
        return _named(name)
    if name != PLAIN:
        raise UsageError(f"--prompt-template makes the whole prompt, so leave out --prompt-style {name}")
    from humaneval_x.templating import read_template  # noqa: PLC0415  (slow to load, and seldom needed)

    return _templated(read_template(template, _TRIALS, _NEEDED))


def prompt_style_from(manifest: object) -> PromptStyle:
    """The style that a run recorded; `manifest` is its entry `prompt`, None in runs from before there were styles.

    Raises UsageError for one that this harness does not have.
    """
    if not isinstance(manifest, dict):
        return _named(PLAIN)
    if isinstance(manifest.get("template"), str):
        from humaneval_x.templating import UserTemplate  # noqa: PLC0415

        return _templated(UserTemplate(manifest["template"], "the run's prompt template", _TRIALS, _NEEDED))
    return _named(str(manifest.get("style") or PLAIN))


def _named(name: str) -> PromptStyle:
    if name not in STYLES:
        raise UsageError(
            f"no prompt style {name!r}: the styles are {', '.join(STYLES)}; --prompt-template takes a file"
        )
    return PromptStyle({"style": name}, lambda prompt, _: STYLES[name](prompt))


def _templated(template: Any) -> PromptStyle:
    def shown(prompt: Prompt, problem: Problem) -> str:
        language = read_language(prompt.language)
        text: str = template.render(
            {
                "prompt": prompt.text,
                "declaration": problem.declaration,
                "language": language.title,
                "tag_line": language.tag_line,
                "task": prompt.task,
                "task_id": prompt.task_id,
            }
        )
        return text

    return PromptStyle({"style": "template", "template": template.text}, shown)
