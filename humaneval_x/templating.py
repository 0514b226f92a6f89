"""Templates that users write: Jinja in a sandbox, tried when they are read, so that a mistake is not found mid-run."""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Mapping
from pathlib import Path

import jinja2
import jinja2.meta
import jinja2.nodes
import jinja2.sandbox

from humaneval_x.errors import DataError, UsageError

__all__ = ["UserTemplate", "read_template"]


class UserTemplate:
    """A template that has been tried.

    `text` is its source, `sha256` that of its UTF-8, `name` its file's name, for messages. `trials` are values of all
    variables that it may use, at least one set; of `needed` it must use one, or all problems would look the same.
    """

    def __init__(self, text: str, name: str, trials: tuple[Mapping[str, str], ...], needed: frozenset[str]) -> None:
        self.text = text
        self.sha256 = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        self._name = name
        self._variables = tuple(trials[0])
        environment = jinja2.sandbox.SandboxedEnvironment(
            undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
        )
        try:
            self._check_names(environment.parse(text), needed)
            self._template = environment.from_string(text)
        except jinja2.TemplateSyntaxError as error:
            raise UsageError(f"{name}:{error.lineno}: not a Jinja template: {error.message}") from error
        for values in trials:
            self.render(values)

    def render(self, values: Mapping[str, str]) -> str:
        """The text for these values. Raises UsageError, with the template's line, if it cannot be rendered."""
        try:
            return self._template.render(**values)
        except Exception as error:  # a template is a program: whatever it raises is its own
            lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if _is_template(frame)]
            line = lines[-1] if lines else 1
            raise UsageError(f"{self._name}:{line}: cannot be rendered: {error}; {self._shown}") from error

    @property
    def _shown(self) -> str:
        return f"its variables are {', '.join(self._variables)}"

    def _check_names(self, tree: jinja2.nodes.Template, needed: frozenset[str]) -> None:
        free = jinja2.meta.find_undeclared_variables(tree)
        for node in tree.find_all(jinja2.nodes.Name):
            if node.ctx == "load" and node.name in free and node.name not in self._variables:
                raise UsageError(f"{self._name}:{node.lineno}: no variable {node.name!r}: {self._shown}")
        if not free & needed:
            use = " or ".join(f"{{{{ {name} }}}}" for name in sorted(needed))
            raise UsageError(f"{self._name}:1: every problem would get the same text: use {use}")


def read_template(path: Path, trials: tuple[Mapping[str, str], ...], needed: frozenset[str]) -> UserTemplate:
    """The template in that file; arguments as for `UserTemplate`.

    Raises UsageError for a bad one, DataError for a file that is not there or no text.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read as a template: {error}") from error
    return UserTemplate(text, str(path), trials, needed)


def _is_template(frame: traceback.FrameSummary) -> bool:
    return frame.filename == "<template>"
