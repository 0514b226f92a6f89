"""What stands around a function in an answer and is needed by it, put where the `strict` rule keeps it. Pure.

A completion goes on inside its function, so what an answer defines before the function can only come after it. There
`strict` keeps a definition that the text before mentions. Go and Java let definitions stand in any order: each comes
after the first that mentions it. Python, JavaScript and C++ keep the answer's order, and the function's first line
mentions what is only needed by what follows: in Python and JavaScript a statement that never runs, in C++ the
helpers' prototypes, which it needs in any case. What C++ must have declared before use (types, constants, macros)
moves into the function.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Set
from dataclasses import dataclass, replace

from humaneval_x.engines.openai.units import Unit, leading_units, names_in
from humaneval_x.languages import Language
from humaneval_x.truncation.masks import mask

__all__ = ["Parts", "join"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A function's body, from after its signature to its end, what stood before the function, and what after it.

    `indent` is what the body's lines start with, `start` what they go on from.
    """

    body: str
    before: tuple[Unit, ...]
    after: str
    indent: str
    start: str


def join(parts: Parts, language: Language) -> str:
    """The completion: the body, then what it needs of the units before it, then what stood after it."""
    return _JOINS.get(language.truncation, _join_in_any_order)(parts, language)


def _needed(units: tuple[Unit, ...], mentioned: Set[str], taken: Set[str]) -> list[Unit]:
    """The units that are mentioned, or mentioned by one that is, in the order in which they are met."""
    found: list[Unit] = []
    names, defined = set(mentioned), set(taken)
    left = list(units)
    while True:
        unit = next((unit for unit in left if (unit.names & names) - defined or unit.part_of in names), None)
        if unit is None:
            return found
        left.remove(unit)
        found.append(unit)
        names |= unit.mentions
        defined |= unit.names


def _after_the_body(parts: Parts, texts: list[str]) -> str:
    if not texts:
        return parts.body + parts.after
    rest = parts.after if parts.after[:1] in ("", "\n") else f"\n{parts.after}"
    return parts.body.rstrip() + "".join(f"\n\n{text}" for text in texts) + (rest or "\n")


def _join_in_any_order(parts: Parts, language: Language) -> str:
    if not parts.before:
        return parts.body + parts.after
    following, rest = leading_units(parts.after, language)
    units = _needed((*following, *parts.before), names_in(parts.body, language), names_in(parts.start, language))
    if all(unit in following for unit in units):
        return parts.body + parts.after
    return _after_the_body(
        replace(parts, after=rest),
        [parts.indent + unit.text for unit in units],
    )


def _needed_before(parts: Parts, language: Language) -> list[Unit]:
    following, _ = leading_units(parts.after, language)
    mentioned = names_in(parts.body, language).union(*(unit.mentions for unit in following))
    bound = mask(parts.body, language.truncation)
    free = tuple(unit for unit in parts.before if not (unit.value and any(_binds(bound, name) for name in unit.names)))
    needed = _needed(free, mentioned, names_in(parts.start, language))
    return [unit for unit in parts.before if unit in needed]


def _binds(masked: str, name: str) -> bool:
    # As the strict rule tells it: a function's own variable hides one outside.
    own = re.escape(name)
    pattern = rf"\b{own}\s*(?::[^=\n]*)?[-+*/%|&^]?=(?!=)|\b(?:for|const|let|var)\s+{own}\b"
    return re.search(pattern, masked) is not None


def _unmentioned(units: list[Unit], mentioned: Set[str], taken: Set[str]) -> list[str]:
    """A name of each unit that neither the function nor a unit before it mentions."""
    seen, found = set(mentioned), []
    for unit in units:
        own = unit.names - taken
        if not own & seen:
            found.append(min(own))
        seen |= unit.mentions
    return found


def _join_in_order(parts: Parts, language: Language, mention: Callable[[str], str]) -> str:
    needed = _needed_before(parts, language)
    after = [unit for unit in needed if not unit.movable]
    inside = [f"{parts.indent}{unit.text}\n" for unit in needed if unit.movable]
    names = _unmentioned(after, names_in(parts.body, language), names_in(parts.start, language))
    if names:
        inside.append(f"{parts.indent}{mention(', '.join(names))}\n")
    body = _inserted(parts.body, "".join(inside))
    return _after_the_body(replace(parts, body=body), [unit.text for unit in after])


def _inserted(body: str, lines: str) -> str:
    return f"{lines}{body}" if not lines or not body.startswith("\n") else f"\n{lines}{body[1:]}"


def _join_python(parts: Parts, language: Language) -> str:
    return _join_in_order(parts, language, "if False: {}".format)


def _join_js(parts: Parts, language: Language) -> str:
    return _join_in_order(parts, language, "if (false) [{}];".format)


_CPP_LINKAGE = re.compile(r"^(?:(?:static|inline|constexpr|extern)\s+)+")


def _join_cpp(parts: Parts, language: Language) -> str:
    there = {"".join(line.split()) for line in parts.start.split("\n")}
    directives = [unit.text for unit in parts.before if not unit.names and "".join(unit.text.split()) not in there]
    inside, after = [f"{text}\n" for text in directives], []
    for unit in _needed_before(parts, language):
        head = mask(unit.text, language.truncation)
        function = re.match(r"[^(){};=]*\([^;{}]*?\)[^(){};]*(?P<body>\{)", head)
        if function is None or unit.movable or head.startswith("template"):
            inside.append(f"{parts.indent}{unit.text}\n")
        else:
            # Declared in the function a helper has outside linkage, so it must not be static where it is defined.
            prototype = " ".join(_CPP_LINKAGE.sub("", unit.text[: function.start("body")]).split())
            inside.append(f"{parts.indent}{prototype};\n")
            after.append(_CPP_LINKAGE.sub("", unit.text))
    body = _inserted(parts.body, "".join(inside))
    return _after_the_body(replace(parts, body=body), after)


_JOINS: dict[str, Callable[[Parts, Language], str]] = {
    "python": _join_python,
    "js": _join_js,
    "cpp": _join_cpp,
}
"""Language's `truncation` -> how its parts are joined; in any order where none is named."""
