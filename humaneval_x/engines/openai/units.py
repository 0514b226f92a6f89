"""Definitions and directives in a program's text, told apart as the `strict` rule tells them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from humaneval_x.engines.openai.functions import logical_lines
from humaneval_x.languages import Language
from humaneval_x.truncation.definitions import FOLLOWERS, Follower, python_follower, skip_blank
from humaneval_x.truncation.masks import mask

__all__ = ["Unit", "leading_units", "names_in", "units_in"]

_NAME = re.compile(r"[A-Za-z_$][\w$]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One definition or directive: `names` are what it defines, `mentions` all names in it.

    `part_of` names the type whose method it is; `value` marks a variable; `movable` one that the strict rule would
    not keep, but that may stand in a function as well as outside.
    """

    text: str
    names: frozenset[str]
    mentions: frozenset[str]
    part_of: str = ""
    value: bool = False
    movable: bool = False


def names_in(text: str, language: Language) -> frozenset[str]:
    """All names in the code of `text`."""
    return frozenset(_NAME.findall(mask(text, language.truncation)))


def units_in(text: str, language: Language) -> tuple[Unit, ...]:
    """The definitions in `text`; whatever else stands there is left out."""
    return tuple(unit for unit, _ in _walk(text, language) if unit is not None)


def leading_units(text: str, language: Language) -> tuple[tuple[Unit, ...], str]:
    """The definitions with which `text` starts, and the rest of it."""
    found: list[Unit] = []
    rest = 0
    for unit, end in _walk(text, language):
        if unit is None:
            break
        found.append(unit)
        rest = end
    return tuple(found), text[rest:]


def _walk(text: str, language: Language) -> Iterator[tuple[Unit | None, int]]:
    """Each definition with the place where it ends; None for a line that is none."""
    masked = mask(text, language.truncation) + "\n"
    walk = _walk_lines if not language.open_braces else _walk_braced
    for start, line_end, follower in walk(masked, language):
        piece = text[start:line_end].rstrip()
        if follower.names or follower.part_of or follower.always:
            yield _unit(piece, masked[start:line_end], follower), line_end
            continue
        movable = _MOVABLE.get(language.truncation)
        statement = movable.match(masked, start, start + _LONGEST) if movable else None
        if statement is None:
            yield None, line_end
            continue
        end = max(line_end, statement.end())
        names = frozenset(_NAME.findall(statement[statement.lastgroup or 0]))
        variable = Follower(names=names, value=True)
        yield _unit(text[start:end].rstrip(), masked[start:end], variable, movable=True), end


def _unit(text: str, masked: str, follower: Follower, *, movable: bool = False) -> Unit:
    return Unit(
        text=text,
        names=follower.names,
        mentions=frozenset(_NAME.findall(masked)),
        part_of=follower.part_of,
        value=follower.value,
        movable=movable,
    )


# Statements that are longer are left out: what they are matched with takes its time.
_LONGEST = 1000

# A variable made by a call, and in C++ names for types and constants, as far as their line tells.
_MOVABLE = {
    "python": re.compile(r"(?P<names>[A-Za-z_]\w*)[ \t]*(?::[^=\n]*)?=(?!=)"),
    "js": re.compile(r"(?:const|let|var)\s+(?P<names>[\w$]+|\{[^{}=]*\})\s*=[^;\n]*(?:;|(?=\n))"),
    "cpp": re.compile(
        r"(?:typedef\b[^;{}()]*?(?P<type>\w+)\s*;)"
        r"|using\s+(?P<alias>\w+)\s*=[^;]*;"
        r"|(?:(?:static|const|constexpr)\s+)+[\w:<>, \t]*?[\w>&*]\s*\b(?P<constant>\w+)\s*"
        r"(?:\[[^\]]*\]\s*)*(?:=[^;]*)?;"
    ),
}


def _walk_lines(masked: str, _language: Language) -> Iterator[tuple[int, int, Follower]]:
    starts = logical_lines(f"{masked}pass\n")
    index = 0
    while index < len(starts) - 1:
        follower = python_follower(f"{masked}pass\n", starts, index)
        end = follower.end if follower.end is not None and follower.names else starts[index + 1]
        yield starts[index], end, follower
        index = starts.index(end, index)


def _walk_braced(masked: str, language: Language) -> Iterator[tuple[int, int, Follower]]:
    reader = FOLLOWERS.get(language.truncation, _nothing)
    position = skip_blank(masked, 0)
    while position < len(masked):
        follower = reader(masked, position)
        if follower.end is None:
            follower = _NOTHING
        line_end = masked.find("\n", position) + 1
        end = follower.end or line_end
        yield position, end, follower
        position = skip_blank(masked, end)


_NOTHING = Follower()


def _nothing(_masked: str, _start: int) -> Follower:
    return _NOTHING
