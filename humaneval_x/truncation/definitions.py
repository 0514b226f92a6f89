"""What follows a function: directives and definitions, told from everything else by their first line.

Each reader is given a mask and a place in it where something other than blanks starts, and says what that is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

__all__ = ["FOLLOWERS", "UNDECIDED", "Follower", "python_follower", "skip_blank"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """One thing that follows a function.

    `names` are what it defines (empty: not a definition); `end` is where it ends, None if the text ends first.
    `value` marks a variable, which counts only if the function has no variable of that name itself. `always` marks
    what belongs to the function whatever it defines, `part_of` names the type that a method is declared for.
    `decided` is false if more text could still change all this; the rest then holds for the text as it is.
    """

    names: frozenset[str] = frozenset()
    end: int | None = None
    value: bool = False
    always: bool = False
    part_of: str = ""
    decided: bool = True


UNDECIDED = Follower(decided=False)
_OTHER = Follower()
_NOT_BLANK = re.compile(r"\S")
_FIRST_WORD = re.compile(r"(?P<word>[\w$]*)(?=[^\w$/])")
_BRACKETS = re.compile(r"[()\[\]{};\n]")


def skip_blank(masked: str, start: int) -> int:
    """The first place from `start` on that is not blank."""
    found = _NOT_BLANK.search(masked, start)
    return found.start() if found else len(masked)


def _not_a_definition(masked: str, start: int, words: frozenset[str] = frozenset()) -> Follower:
    """Other text, once its first line is whole or its first word is none of `words`; until then undecided."""
    if masked.find("\n", start) >= 0:
        return _OTHER
    word = _FIRST_WORD.match(masked, start)
    return _OTHER if words and word and word["word"] not in words else UNDECIDED


def _end(masked: str, start: int, stops: str) -> int | None:
    """The end of what starts at `start`: just after the first of `stops` outside all brackets.

    `;` and a newline stop there as themselves, `}` where it closes the outermost bracket.
    """
    depth = 0
    for found in _BRACKETS.finditer(masked, start):
        token = found.group()
        if token in "([{":
            depth += 1
        elif token in ")]}":
            depth -= 1
            if depth <= 0 and token == "}" and "}" in stops:
                return found.end()
        elif depth <= 0 and token in stops:
            return found.end()
    return None


_CPP_DIRECTIVE = re.compile(r"#[ \t]*(?:undef|define|include|pragma)\b[^\n]*(?P<done>\n?)")
_CPP_HEAD = re.compile(
    r"(?:template[ \t]*<[^;{}()]*>\s*)?"
    r"(?:(?:struct|class|union|enum)\s+(?P<type>\w+)\s*[:{]"
    r"|(?!(?:return|using|namespace|typedef|else|if|for|while|do|switch|case)\b)"
    r"[A-Za-z_][\w:<>,&* \t]*?[ \t&*>](?P<function>[A-Za-z_]\w*)[ \t]*\()"
)


def _cpp(masked: str, start: int) -> Follower:
    if masked[start] == "#":
        directive = _CPP_DIRECTIVE.match(masked, start)
        if directive is None:
            return _not_a_definition(masked, start)
        return Follower(always=True, end=directive.end("done") if directive["done"] else None)
    head = _CPP_HEAD.match(masked, start)
    if head is None:
        return _not_a_definition(masked, start)
    if head["type"]:
        return Follower(names=frozenset({head["type"]}), end=_end(masked, start, ";"))
    return Follower(names=frozenset({head["function"]} - {"main"}), end=_end(masked, start, ";}"))


_JAVA_MEMBER = re.compile(
    r"(?:@\w+(?:\([^()]*\))?\s+)*"
    r"(?:(?:public|private|protected|static|final|abstract|synchronized|native|default|strictfp)\s+)*"
    r"(?:(?:class|interface|enum|record)\s+(?P<type>\w+)\s*[\w{<(]"
    r"|(?:<[^;{}()]*?>\s*)?(?!(?:return|new|throw|import|package|else|if|for|while)\b)"
    r"[A-Za-z_][\w.<>\[\],?& \t]*?[ \t\]>](?P<name>[A-Za-z_]\w*)[ \t]*(?P<mark>[(=;]))"
)
_JAVA_PREFIX = re.compile(r"(?:@\w+(?:\([^()]*\))?\s+)+")


def _java(masked: str, start: int) -> Follower:
    head = _JAVA_MEMBER.match(masked, start)
    if head is None:
        prefix = _JAVA_PREFIX.match(masked, start)
        return _not_a_definition(masked, prefix.end() if prefix else start)
    if head["type"]:
        return Follower(names=frozenset({head["type"]} - {"Main"}), end=_end(masked, start, "}"))
    names = frozenset({head["name"]} - {"main"})
    return Follower(names=names, end=_end(masked, start, ";}" if head["mark"] == "(" else ";"))


_GO_HEAD = re.compile(
    r"func\s*(?:\(\s*(?:\w+\s+)?\*?\s*(?P<receiver>\w+)[^()]*\)\s*\w+|(?P<function>\w+))\s*[(\[]"
    r"|(?:type|var|const)[ \t]+(?P<name>\w+)(?=[^\w])"
)
_GO_GROUP = re.compile(r"(?:var|const|type)[ \t]*\(")
_GO_GROUP_NAME = re.compile(r"^\s*(\w+)", re.MULTILINE)
_GO_WORDS = frozenset({"func", "type", "var", "const"})
_GO_NOT_KEPT = re.compile(r"(?:main|init|(?:Test|Benchmark|Example|Fuzz)\w*)\Z")


def _go(masked: str, start: int) -> Follower:
    if group := _GO_GROUP.match(masked, start):
        end = _end(masked, start, "\n")
        names = frozenset(_GO_GROUP_NAME.findall(masked, group.end(), len(masked) if end is None else end))
        return Follower(names=names, end=end, decided=end is not None)
    head = _GO_HEAD.match(masked, start)
    if head is None:
        return _not_a_definition(masked, start, _GO_WORDS)
    if head["receiver"]:
        return Follower(part_of=head["receiver"], end=_end(masked, start, "\n"))
    name = head["function"] or head["name"]
    names = frozenset() if _GO_NOT_KEPT.match(name) else frozenset({name})
    return Follower(names=names, end=_end(masked, start, "\n"))


_JS_HEAD = re.compile(
    r"(?:async[ \t]+)?function[ \t]*\*?[ \t]*(?P<function>[\w$]+)\s*\(|class\s+(?P<type>[\w$]+)(?=[^\w$])"
    r"|(?:const|let|var)\s+(?P<name>[\w$]+)\s*=(?=[^=>])"
)
_JS_WORDS = frozenset({"async", "function", "class", "const", "let", "var"})
_JS_FUNCTION_VALUE = re.compile(r"\s*(?:async\b\s*)?(?:function\b|\([^()]*\)\s*=>|[\w$]+\s*=>)")
_CALL = re.compile(r"(?<!new )\b[\w$]+\s*\(")
_JS_GOES_ON_BEFORE = tuple("=+-*/%&|<>,?:(.")
_JS_GOES_ON_AFTER = tuple("=+-*/%&|<>,?:.)]}")


def _js(masked: str, start: int) -> Follower:
    head = _JS_HEAD.match(masked, start)
    if head is None:
        return _not_a_definition(masked, start, _JS_WORDS)
    if name := head["function"] or head["type"]:
        return Follower(names=frozenset({name}), end=_end(masked, start, "}"))
    end = _js_statement_end(masked, start)
    value_end = len(masked) if end is None else end
    calls = not _JS_FUNCTION_VALUE.match(masked, head.end()) and _CALL.search(masked, head.end(), value_end)
    names = frozenset() if calls else frozenset({head["name"]})
    return Follower(names=names, end=end, value=True, decided=end is not None)


def _js_statement_end(masked: str, start: int) -> int | None:
    """After the semicolon that ends the statement, or at the newline at which JavaScript would put one."""
    end = start
    while (found := _end(masked, end, ";\n")) is not None:
        if masked[found - 1] == ";":
            return found
        after = skip_blank(masked, found)
        if after == len(masked):
            return None
        goes_on = masked[:found].rstrip().endswith(_JS_GOES_ON_BEFORE) or masked[after] in _JS_GOES_ON_AFTER
        if not goes_on:
            return found
        end = found
    return None


_PY_DEFINITION = re.compile(r"(?:async\s+)?def\s+(?P<function>\w+)\s*[(\[]|class\s+(?P<type>\w+)\s*[:(\[]")
_PY_ASSIGNMENT = re.compile(r"(?P<name>\w+)[ \t]*(?::[^=\n]*)?=(?!=)(?P<value>[^\n]*)")
_PY_IMPORT = re.compile(r"(?:import|from)[ \t][^\n(]*(?:\([^()]*\))?")
_PY_IMPORTED = re.compile(r"(\w+)[\s)]*(?:,|\Z)")
_PY_OTHER = re.compile(
    r"(?:if|for|while|assert|print|return|try|with|raise|else|elif|except|del|pass)\b(?=\W)|[\"']"
    r"|(?!(?:def|class|async|import|from)\b)\w+\s*[(.\[]"
)
_PY_LAMBDA = re.compile(r"[ \t]*lambda\b")


def python_follower(masked: str, starts: list[int], index: int) -> Follower:
    """What starts at `starts[index]`; `starts` are the places of all unindented logical lines but comments.

    Decorators belong to what they decorate.
    """
    start = starts[index]
    first = index
    while masked[starts[index]] == "@":
        index += 1
        if index == len(starts):
            return UNDECIDED
    end = starts[index + 1] if index + 1 < len(starts) else None
    if head := _PY_DEFINITION.match(masked, starts[index]):
        return Follower(names=frozenset({head["function"] or head["type"]}), end=end)
    if end is None and _PY_OTHER.match(masked, starts[index]):
        return _OTHER
    found = _OTHER if index > first else _py_statement(masked[start:end].strip(), end)
    return found if end is not None else replace(found, decided=False)


def _py_statement(statement: str, end: int | None) -> Follower:
    if imported := _PY_IMPORT.match(statement):
        return Follower(names=frozenset(_PY_IMPORTED.findall(imported.group().strip())), end=end)
    assignment = _PY_ASSIGNMENT.match(statement.replace("\n", " "))
    if assignment is None or (_CALL.search(assignment["value"]) and not _PY_LAMBDA.match(assignment["value"])):
        return _OTHER
    return Follower(names=frozenset({assignment["name"]}), end=end, value=True)


FOLLOWERS: dict[str, Callable[[str, int], Follower]] = {"cpp": _cpp, "java": _java, "go": _go, "js": _js}
"""Language's `truncation` -> its reader; a language without one keeps nothing after the function."""
