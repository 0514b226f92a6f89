"""Fenced blocks of code in an answer written in Markdown. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from humaneval_x.languages import Language

__all__ = ["Block", "fenced_blocks", "names_language"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One block: the words after its opening fence, and its lines, each with its newline."""

    info: str
    code: str


_MARKER = r"[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+|>[ \t]?)*"
_OPENING = re.compile(rf"(?P<indent>{_MARKER})(?P<fence>`{{3,}}|~{{3,}})(?P<info>.*)\Z")
_CLOSING = re.compile(r"(?P<indent>[ \t>]*)(?P<fence>`{3,}|~{3,})[ \t]*\Z")
# A fence further in than this belongs to the code: a docstring may hold some. Source: CommonMark.
_CLOSING_INDENT = 3

_ALIASES = {"c": "cpp", "cc": "cpp", "cxx": "cpp", "golang": "go", "mjs": "js", "node": "js", "nodejs": "js"}


def fenced_blocks(text: str) -> list[Block]:
    """The blocks in their order; one that is never closed goes on to the end of the text."""
    found: list[Block] = []
    opening: re.Match[str] | None = None
    lines: list[str] = []
    for line in text.split("\n"):
        if opening is None:
            opening = _opening(line)
            lines = []
        elif _closes(line, opening):
            found.append(_block(opening, lines))
            opening = None
        else:
            lines.append(_without_indent(line, len(opening["indent"])))
    if opening is not None:
        found.append(_block(opening, lines[:-1] if lines and not lines[-1] else lines))
    return found


def names_language(info: str, language: Language) -> bool:
    """Whether a block with those words after its fence is said to be in that language."""
    word = re.split(r"[\s{}:,;]", info.strip().lstrip("{.").lower(), maxsplit=1)[0].rstrip("0123456789.")
    suffix = language.source_name.rpartition(".")[2]
    own = {language.name, language.title.lower(), language.task_prefix.lower(), suffix}
    return word in own or _ALIASES.get(word) == language.name


def _opening(line: str) -> re.Match[str] | None:
    found = _OPENING.match(line)
    # Backticks after a fence of backticks make it a span of code in a line of prose.
    return found if found and not (found["fence"][0] == "`" and "`" in found["info"]) else None


def _closes(line: str, opening: re.Match[str]) -> bool:
    found = _CLOSING.match(line)
    return (
        found is not None
        and found["fence"].startswith(opening["fence"])
        and len(found["indent"]) <= len(opening["indent"]) + _CLOSING_INDENT
    )


def _block(opening: re.Match[str], lines: list[str]) -> Block:
    return Block(info=opening["info"].strip(), code="".join(f"{line}\n" for line in lines))


def _without_indent(line: str, width: int) -> str:
    blank = len(line) - len(line.lstrip(" \t>"))
    return line[min(blank, width) :]
