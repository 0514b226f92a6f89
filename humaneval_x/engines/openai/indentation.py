"""Python's indentation: bodies moved to where their start wants them, with the insides of literals left alone. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from humaneval_x.engines.openai.functions import logical_lines
from humaneval_x.truncation.masks import mask

__all__ = ["indent_of", "indented_body", "indented_like"]

_INDENT = "    "
_BLANKS = re.compile(r"[ \t]*")
_STATEMENT = re.compile(r"(?:return|yield)\b")
_DEFINITION = re.compile(r"(?:(?:async[ \t]+)?def|class)\b|@")


def indent_of(text: str, masked: str) -> str:
    """What the first line that holds code starts with; four spaces if none does."""
    for start, line in _lines(text, masked):
        if masked[start : start + len(line)].strip():
            return _blanks(line)
    return _INDENT


def indented_like(begun: str, body: str) -> str:
    """`body` with the indentation of `begun`, what the start has of it already, since a block has but one."""
    masked = mask(body, "python")
    wanted, own = indent_of(begun, mask(begun, "python")), indent_of(body, masked)
    if not begun.strip() or own == wanted or not own:
        return body
    return _each_line(body, masked, lambda line: wanted + line[len(own) :] if line.startswith(own) else line)


def indented_body(code: str) -> str:
    """A body without its function, indented if it is not; text whose definitions stand at the margin is none."""
    masked = mask(code, "python")
    margin = logical_lines(masked)
    first = len(masked) - len(masked.lstrip())
    if not margin or margin[0] != first:
        return code
    if len(margin) == 1 and _lost_its_indent(code, masked):
        return code[:first] + _INDENT + code[first:]
    if any(_DEFINITION.match(masked, start) for start in margin) and not any(
        _STATEMENT.match(masked, start) for start in margin
    ):
        return code
    return _each_line(code, masked, lambda line: _INDENT + line if line.strip() else line)


def _lost_its_indent(code: str, masked: str) -> bool:
    """Whether only the first line stands at the margin because what came before it was stripped."""
    lines = [(line, masked[start : start + len(line)]) for start, line in _lines(code, masked)]
    first, *others = [(line, code_only) for line, code_only in lines if code_only.strip()]
    if not others or _DEFINITION.match(first[1]):
        return False
    widths = [len(_blanks(line)) for line, _ in others]
    return not first[1].rstrip().endswith(":") or widths[0] > min(widths)


def _each_line(text: str, masked: str, change: Callable[[str], str]) -> str:
    return "\n".join(change(line) for _, line in _lines(text, masked))


def _lines(text: str, masked: str) -> Iterator[tuple[int, str]]:
    """Where each line starts and its text; a literal's newlines, which its mask paints over, end no line."""
    start = 0
    for line in masked.split("\n"):
        yield start, text[start : start + len(line)]
        start += len(line) + 1


def _blanks(line: str) -> str:
    found = _BLANKS.match(line)
    return found.group() if found else ""
