"""Masks: a program's text with its literals and comments painted over, so that plain searching finds only code.

A mask has the text's length. Comments become spaces (their newlines stay), strings, characters, regular expressions
and templates become quote characters, newlines included; a spliced line end (C++, Python) becomes two spaces. What is
never closed is painted to the end of its line, or of the text where the language lets it span lines; so the mask of a
longer text agrees with the mask of its beginning wherever the beginning has no open literal.
"""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["MASKS", "mask"]

_LINE_STRING = r'"[^"\\\n]*(?:\\.[^"\\\n]*)*"?'
_LINE_CHARACTER = r"'[^'\\\n]*(?:\\.[^'\\\n]*)*'?"
_C_COMMENTS = r"//[^\n]*|/\*.*?(?:\*/|\Z)"


def _triple(quote: str) -> str:
    return rf"{quote * 3}[^{quote}\\]*(?:(?:\\.|{quote}(?!{quote * 2}))[^{quote}\\]*)*(?:{quote * 3}|\Z)"


def _painter(*tokens: str) -> Callable[[str], str]:
    pattern = re.compile("|".join(tokens), re.DOTALL)

    def paint(text: str) -> str:
        return pattern.sub(_paint, text)

    return paint


def _paint(match: re.Match[str]) -> str:
    token = match.group()
    if token == "\\\n":
        return "  "
    if token.startswith(("//", "#")):
        return " " * len(token)
    if token.startswith("/*"):
        return _blank(token)
    return '"' * len(token)


def _blank(comment: str) -> str:
    return "\n".join(" " * len(line) for line in comment.split("\n"))


# JavaScript needs a stack (templates hold code that holds templates) and the token before a slash.
_JS_TOKEN = re.compile(r"""//|/\*|[/"'`{}]""")
_JS_QUOTED = {'"': re.compile(_LINE_STRING, re.DOTALL), "'": re.compile(_LINE_CHARACTER, re.DOTALL)}
_JS_TEMPLATE = re.compile(r"[`}][^`\\$]*(?:(?:\\.|\$(?!\{))[^`\\$]*)*(?:`|\$\{|\Z|\\\Z)", re.DOTALL)
_JS_REGEX = re.compile(r"/(?:[^/\\\[\n]|\\[^\n]|\[(?:[^\]\\\n]|\\[^\n])*\])+(?:/[a-z]*|\Z)")
_JS_OPERAND_BEFORE = re.compile(r"[\w$)\]}\"'`]\s*\Z")
_JS_KEYWORD_BEFORE = re.compile(
    r"(?:^|[^\w$.])(?:return|typeof|case|in|of|delete|void|throw|new|else|do|instanceof|yield|await)\s*\Z"
)
_JS_LOOK_BACK = 64


def _paint_js(text: str) -> str:
    painted: list[str] = []
    depths: list[int] = []
    position = 0
    while match := _JS_TOKEN.search(text, position):
        start, token = match.start(), match.group()
        painted.append(text[position:start])
        if token in "{}" and not (token == "}" and depths and depths[-1] == 0):
            if depths:
                depths[-1] += 1 if token == "{" else -1
            painted.append(token)
            position = start + 1
            continue
        position, piece = _js_literal(text, start, token)
        painted.append(piece)
        if token in "`}":
            if token == "}":
                depths.pop()
            if text.endswith("${", start, position) and position - start > 1:
                depths.append(0)
    painted.append(text[position:])
    return "".join(painted)


def _js_literal(text: str, start: int, token: str) -> tuple[int, str]:
    """Where the literal, comment or operator at `start` ends, and its paint."""
    if token == "//":
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        return end, " " * (end - start)
    if token == "/*":
        end = text.find("*/", start + 2)
        end = len(text) if end < 0 else end + 2
        return end, _blank(text[start:end])
    if token == "/":
        found = None if _divides(text, start) else _JS_REGEX.match(text, start)
        return (found.end(), '"' * (found.end() - start)) if found else (start + 1, "/")
    found = (_JS_TEMPLATE if token in "`}" else _JS_QUOTED[token]).match(text, start)
    end = found.end() if found else len(text)
    return end, '"' * (end - start)


def _divides(text: str, slash: int) -> bool:
    before = text[max(0, slash - _JS_LOOK_BACK) : slash]
    return bool(_JS_OPERAND_BEFORE.search(before)) and not _JS_KEYWORD_BEFORE.search(before)


MASKS: dict[str, Callable[[str], str]] = {
    "python": _painter(r"\\\n", r"\#[^\n]*", _triple('"'), _triple("'"), _LINE_STRING, _LINE_CHARACTER),
    "cpp": _painter(
        r"//(?:\\\n|[^\n])*",
        r"/\*.*?(?:\*/|\Z)",
        r"\\\n",
        r'(?<!\w)(?:u8|u|U|L)?R"([^()\\\s]{0,16})\(.*?(?:\)\1"|\Z)',
        _LINE_STRING,
        _LINE_CHARACTER,
    ),
    "java": _painter(_C_COMMENTS, _triple('"'), _LINE_STRING, _LINE_CHARACTER),
    "js": _paint_js,
    "go": _painter(_C_COMMENTS, r"`[^`]*`?", _LINE_STRING, _LINE_CHARACTER),
}
"""Language's `truncation` -> its mask."""


def mask(text: str, kind: str) -> str:
    """The mask of `text`; a `kind` without its own literals is read as C-like (`//`, `/* */`, quotes)."""
    return MASKS.get(kind, MASKS["java"])(text)
