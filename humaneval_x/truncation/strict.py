"""The `strict` rule: the function, what directly follows it and is needed by it, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from humaneval_x.languages import Language
from humaneval_x.truncation.definitions import FOLLOWERS, Follower, python_follower, skip_blank
from humaneval_x.truncation.masks import mask

__all__ = ["Cut", "cut_strictly", "defined_names"]

# So much comment between a function and a helper is read; more is talk, and waiting for its end costs tokens.
_MAX_COMMENT = 200
_BRACES = re.compile(r"[{}]")
_BRACKETS_AND_LINES = re.compile(r"[()\[\]{}]|\n")
_NAME = re.compile(r"[A-Za-z_$][\w$]*")
# No expression goes on with these words, so a bracket open at such a line was never closed.
_PY_STATEMENT = re.compile(r"(?:def|class|import|return|while)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What of a text is kept: `text[:end] + closing`; `finished` if no more text can change that."""

    end: int
    closing: str = ""
    finished: bool = False


def cut_strictly(text: str, language: Language, taken: frozenset[str], *, mid_line: bool) -> Cut:
    """Where the function that `text` completes ends, with what follows it and is needed.

    `taken` are names that the prompt defines, which nothing kept may define again. `mid_line`: the prompt does not
    end with a newline, so that an indented language's first line goes on with the prompt's.
    """
    masked = mask(text, language.truncation)
    if language.open_braces == 0:
        return _cut_indented(masked, taken, mid_line)
    return _cut_braced(masked, language, taken)


def defined_names(start: str, language: Language) -> frozenset[str]:
    """All names in the code of a prompt: what it defines is among them."""
    return frozenset(_NAME.findall(mask(start, language.truncation)))


class _Kept:
    """What has been kept so far, and the names its code mentions."""

    def __init__(self, masked: str, end: int, taken: frozenset[str]) -> None:
        self.masked = masked
        self.end = end
        self._taken = taken
        self._defined: set[str] = set()
        self._mentioned = set(_NAME.findall(masked, 0, end))

    def wants(self, follower: Follower) -> bool:
        names: set[str] = self._mentioned.intersection(follower.names) - self._taken - self._defined
        if follower.value:
            names = {name for name in names if not self._binds(name)}
        return follower.always or bool(names) or follower.part_of in self._mentioned

    def add(self, follower: Follower, end: int) -> None:
        self._mentioned.update(_NAME.findall(self.masked, self.end, end))
        self._defined |= follower.names
        self.end = end

    def _binds(self, name: str) -> bool:
        own = re.escape(name)
        pattern = rf"\b{own}\s*(?::[^=\n]*)?[-+*/%|&^]?=(?!=)|\b(?:for|const|let|var)\s+{own}\b"
        return re.search(pattern, self.masked[: self.end]) is not None


def _cut_braced(masked: str, language: Language, taken: frozenset[str]) -> Cut:
    depth = language.open_braces
    end = _closing_brace(masked, depth)
    if end is None:
        return Cut(end=len(masked))
    kept = _Kept(masked, end, taken)
    depth -= 1
    reader = FOLLOWERS.get(language.truncation, _keep_nothing)
    while True:
        start = skip_blank(masked, kept.end)
        if start - kept.end > _MAX_COMMENT:
            return Cut(end=kept.end, closing="\n}" * depth, finished=True)
        if start == len(masked) or masked[start:] == "/":
            return Cut(end=kept.end, closing="\n}" * depth)
        if masked[start] == "}" and depth:
            depth -= 1
            kept.end = start + 1
            continue
        if masked[start] == ";":
            kept.end = start + 1
            continue
        follower = reader(masked, start)
        if not kept.wants(follower):
            return Cut(end=kept.end, closing="\n}" * depth, finished=follower.decided)
        if follower.end is None:
            return Cut(end=len(masked))
        kept.add(follower, follower.end)


def _keep_nothing(_masked: str, _start: int) -> Follower:
    return Follower()


def _closing_brace(masked: str, depth: int) -> int | None:
    """Just after the brace that closes the innermost of `depth` open ones."""
    outside = depth - 1
    for brace in _BRACES.finditer(masked):
        depth += 1 if brace.group() == "{" else -1
        if depth == outside:
            return brace.end()
    return None


def _cut_indented(masked: str, taken: frozenset[str], mid_line: bool) -> Cut:
    starts = list(_unindented(masked, mid_line))
    if not starts:
        return Cut(end=len(masked))
    kept = _Kept(masked, _last_code(masked, starts[0]), taken)
    index = 0
    while index < len(starts):
        follower = python_follower(masked, starts, index)
        if not kept.wants(follower):
            return Cut(end=kept.end, finished=follower.decided)
        if follower.end is None:
            return Cut(end=_last_code(masked, len(masked)))
        index = starts.index(follower.end, index)
        kept.add(follower, _last_code(masked, follower.end))
    return Cut(end=kept.end)


def _last_code(masked: str, end: int) -> int:
    return len(masked[:end].rstrip())


def _unindented(masked: str, mid_line: bool) -> Iterator[int]:
    """Where the logical lines start that are neither blank nor comments nor indented."""
    if not mid_line and masked and not masked[0].isspace():
        yield 0
    depth = 0
    for found in _BRACKETS_AND_LINES.finditer(masked):
        token = found.group()
        if token != "\n":
            depth = max(0, depth + (1 if token in "([{" else -1))
            continue
        start = found.end()
        if start == len(masked) or masked[start].isspace():
            continue
        if depth and _PY_STATEMENT.match(masked, start):
            depth = 0
        if not depth:
            yield start
