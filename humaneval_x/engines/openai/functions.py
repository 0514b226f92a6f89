"""Where functions are defined in a program's text, and which one a problem's start ends in. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from humaneval_x.languages import Language
from humaneval_x.truncation.definitions import FOLLOWERS
from humaneval_x.truncation.masks import mask

__all__ = ["Function", "Target", "closing", "find_function", "logical_lines", "target_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A definition in a text: where its line starts, where its body starts (after the brace or colon).

    `end` is where the body ends if it is an expression (JavaScript's `x => x + 1`), else None.
    """

    name: str
    start: int
    body: int
    end: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The function that a start asks for: its name, its signature without blanks, what of the start is its body."""

    name: str
    signature: str
    begun: str


_HEADS = {
    "python": re.compile(r"^[ \t]*(?:async[ \t]+)?def[ \t]+(?P<name>\w+)[ \t]*(?:\[[^\n]*?\])?(?=\()", re.MULTILINE),
    "go": re.compile(r"^[ \t]*func[ \t]+(?:\([^()]*\)[ \t]*)?(?P<name>\w+)[ \t]*(?:\[[^\n]*?\])?(?=\()", re.MULTILINE),
    "js": re.compile(
        r"\bfunction\s*\*?\s*(?P<name>[\w$]+)\s*(?=\()"
        r"|(?<![\w$.])(?P<variable>[\w$]+)\s*=\s*(?:async\b\s*)?(?:(?P<keyword>function\b\s*\*?\s*[\w$]*\s*)?(?=\()"
        r"|(?P<lone>[\w$]+)(?=\s*=>))"
    ),
}
_HEAD = re.compile(r"\b(?P<name>[A-Za-z_]\w*)\s*(?=\()")
_NO_NAMES = frozenset({"if", "for", "while", "switch", "catch", "return", "synchronized", "sizeof", "decltype"})
# What may stand between the parameters and the body.
_TAILS = {"go": re.compile(r"(?:(?:interface|struct)\s*\{\s*\}|[^{};\n])*\{")}
_TAIL = re.compile(r"[^(){};=]*\{")
# No signature is longer, but a model that repeats itself opens brackets for ever.
_LONGEST = 1000
_ARROW = re.compile(r"\s*=>\s*")
_BRACE = re.compile(r"\s*\{")
_BRACES = re.compile(r"[{}]")
_BRACKETS = re.compile(r"[()\[\]{}]")
_COLON_OR_BRACKET = re.compile(r"[()\[\]{}:]")
_BRACKET_OR_LINE = re.compile(r"[()\[\]{}]|\n")


def target_of(start: str, language: Language) -> Target | None:
    """The function in whose body `start` ends, or None if none can be told."""
    masked = mask(start, language.truncation)
    found = list(_functions(masked, language.truncation))
    if language.open_braces:
        opened = _open_braces(masked)
        found = [function for function in found if function.body - 1 in opened][:1]
    if not found:
        return None
    last = found[-1]
    return Target(name=last.name, signature=_signature(start, last), begun=start[last.body :])


def find_function(code: str, target: Target, language: Language) -> Function | None:
    """The definition of the target in `code`: the last with its very signature, else the last of its name."""
    named = list(_functions(mask(code, language.truncation), language.truncation, target.name))
    same = [function for function in named if _signature(code, function) == target.signature]
    return [*named, *same][-1] if named else None


def closing(masked: str, start: int) -> int | None:
    """Just after the brace that closes the one which is open at `start`, None if the text ends first."""
    depth = 1
    for brace in _BRACES.finditer(masked, start):
        depth += 1 if brace.group() == "{" else -1
        if not depth:
            return brace.end()
    return None


def logical_lines(masked: str) -> list[int]:
    """Where Python's unindented logical lines start, blank lines and comments left out."""
    starts = [0] if masked[:1].strip() else []
    depth = 0
    for found in _BRACKET_OR_LINE.finditer(masked):
        token = found.group()
        if token != "\n":
            depth = max(0, depth + (1 if token in "([{" else -1))
        elif not depth and masked[found.end() : found.end() + 1].strip():
            starts.append(found.end())
    return starts


def _functions(masked: str, kind: str, wanted: str = "") -> Iterator[Function]:
    for head in _HEADS.get(kind, _HEAD).finditer(masked):
        name = head.groupdict().get("variable") or head["name"]
        if name in _NO_NAMES or (wanted and name != wanted):
            continue
        after = head.end() if head.groupdict().get("lone") else _after_brackets(masked, head.end())
        if after is None:
            continue
        start = masked.rfind("\n", 0, head.start()) + 1
        if kind == "python":
            body = _after_colon(masked, after)
            if body is not None:
                yield Function(name=name, start=start, body=body)
        elif kind == "js" and not head["name"] and not head["keyword"]:
            arrow = _ARROW.match(masked, after)
            if arrow is not None:
                yield _arrow_function(masked, name, start, arrow.end())
        else:
            tail = (_BRACE if kind == "js" else _TAILS.get(kind, _TAIL)).match(masked, after)
            if tail is not None:
                yield Function(name=name, start=start, body=tail.end())


def _arrow_function(masked: str, name: str, start: int, body: int) -> Function:
    if masked[body : body + 1] == "{":
        return Function(name=name, start=start, body=body + 1)
    lead = "const _ = "
    end = FOLLOWERS["js"](f"{lead}{masked[body:]}\n;", 0).end
    return Function(name=name, start=start, body=body, end=min(len(masked), body + (end or len(masked)) - len(lead)))


def _after_brackets(masked: str, start: int) -> int | None:
    depth = 0
    for found in _BRACKETS.finditer(masked, start, start + _LONGEST):
        depth += 1 if found.group() in "([{" else -1
        if depth <= 0:
            return found.end()
    return None


def _after_colon(masked: str, start: int) -> int | None:
    depth = 0
    for found in _COLON_OR_BRACKET.finditer(masked, start, start + _LONGEST):
        if found.group() == ":":
            if not depth:
                return found.end()
        else:
            depth += 1 if found.group() in "([{" else -1
    return None


def _open_braces(masked: str) -> set[int]:
    opened: list[int] = []
    for brace in _BRACES.finditer(masked):
        if brace.group() == "{":
            opened.append(brace.start())
        elif opened:
            opened.pop()
    return set(opened)


def _signature(text: str, function: Function) -> str:
    return "".join(text[function.start : function.body].split())
