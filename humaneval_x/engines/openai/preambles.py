"""What of an answer must stand before its problem's start: includes and imports that the start lacks. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from humaneval_x.engines.openai.units import names_in
from humaneval_x.languages import Language, read_language
from humaneval_x.programs import assembled_go_packages
from humaneval_x.records import Problem
from humaneval_x.truncation.masks import mask

__all__ = ["preamble_of", "without_preamble"]

_CPP = re.compile(r"^[ \t]*(?:#[ \t]*include\b[^\n]*|using[ \t]+namespace[ \t]+[\w:]+[ \t]*;)", re.MULTILINE)
_JAVA = re.compile(r"^[ \t]*import[ \t]+(?:static[ \t]+)?(?P<path>[\w.]+(?:\.\*)?)[ \t]*;", re.MULTILINE)
_GO = re.compile(r"^[ \t]*import[ \t]*(?:\((?P<block>[^()]*)\)|[^\n]*)", re.MULTILINE)
_GO_ENTRY = re.compile(r'(?:(?P<alias>[\w.]+)[ \t]+)?"(?P<path>[^"\n]+)"')
_PYTHON_STAR = re.compile(r"^from[ \t]+[\w.]+[ \t]+import[ \t]*\*[^\n]*", re.MULTILINE)
_PATTERNS = {"cpp": _CPP, "java": _JAVA, "go": _GO, "python": _PYTHON_STAR}


def preamble_of(before: str, kept: str, start: str, problem: Problem, language: Language) -> str:
    """Lines for what `before`, an answer's text before its function, includes and imports and `start` does not.

    `kept` is what is judged of the completion: what it does not use is left out where that would be an error.
    """
    lines = _LINES.get(language.truncation)
    if lines is None:
        return ""
    found = dict.fromkeys(lines(before, kept, start, problem))
    return "".join(f"{line}\n" for line in found)


def without_preamble(before: str, language: Language) -> str:
    """`before` without the lines that `preamble_of` looks at."""
    pieces, end = [], 0
    for match in _matches(before, language):
        pieces.append(before[end : match.start()])
        end = match.end()
    return "".join(pieces) + before[end:]


def _matches(text: str, language: Language) -> Iterator[re.Match[str]]:
    """Matches in the text that are neither in a comment nor in a literal."""
    pattern = _PATTERNS.get(language.truncation)
    if pattern is None:
        return
    masked = mask(text, language.truncation)
    for match in pattern.finditer(text):
        first = match.start() + len(match.group()) - len(match.group().lstrip())
        if masked[first] == text[first]:
            yield match


def _cpp(before: str, _kept: str, start: str, _problem: Problem) -> Iterator[str]:
    there = {"".join(line.split()) for line in start.split("\n")}
    for match in _matches(before, read_language("cpp")):
        if "".join(match.group().split()) not in there:
            yield match.group().strip()


def _java(before: str, kept: str, start: str, _problem: Problem) -> Iterator[str]:
    language = read_language("java")
    used = names_in(kept, language)
    there = {match["path"] for match in _matches(start, language)}
    for match in _matches(before, language):
        path = match["path"]
        package, _, name = path.rpartition(".")
        needed = package.startswith(("java.", "javax.")) if name == "*" else name in used
        if needed and path not in there and f"{package}.*" not in there:
            yield match.group().strip()


def _go(before: str, kept: str, _start: str, problem: Problem) -> Iterator[str]:
    used = names_in(kept, read_language("go"))
    added = assembled_go_packages(problem, kept)
    for match in _matches(before, read_language("go")):
        for entry in _GO_ENTRY.finditer(match["block"] or match.group()):
            path, alias = entry["path"], entry["alias"]
            alias = None if alias == "import" else alias
            name = alias or path.rpartition("/")[2]
            there = not alias and (path in added or f'"{path}"' in problem.test_setup)
            if not there and (alias == "_" or name in used):
                yield f'import {alias} "{path}"' if alias else f'import "{path}"'


def _python(before: str, _kept: str, _start: str, _problem: Problem) -> Iterator[str]:
    for match in _matches(before, read_language("python")):
        yield match.group().strip()


_LINES: dict[str, Callable[[str, str, str, Problem], Iterator[str]]] = {
    "cpp": _cpp,
    "java": _java,
    "go": _go,
    "python": _python,
}
