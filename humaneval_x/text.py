"""Foreign text made harmless to show, and tables of it in plain text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence

__all__ = ["brief", "markdown", "padded", "plain", "spelled"]

# Control, format (bidi overrides, zero-width), surrogate, private, unassigned; line and paragraph separators.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|&~!$@])")


def brief(number: float) -> str:
    """The number in as few characters as tell it exactly: `0.2`, `1`."""
    return repr(float(number)).removesuffix(".0")


def plain(text: str, limit: int = 160) -> str:
    r"""Foreign text on one line, invisible characters spelled as `\u202e`, cut after `limit` characters.

    A name can thus neither move a terminal's cursor, nor turn a line around, nor break a table. What a format itself
    takes for markup is that format's to escape.
    """
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(
        f"\\u{ord(character):04x}" if unicodedata.category(character) in _INVISIBLE else character for character in cut
    )


def markdown(text: str) -> str:
    """The text without effect as Markdown of GitHub's kind: no markup, no links, nobody mentioned."""
    escaped = _MARKUP.sub(r"\\\1", text)
    # GitHub makes links of bare addresses; a backslash before the colon or dot keeps them text.
    return re.sub(r"(?i)\b(www)\.", r"\1\\.", escaped.replace("://", "\\://"))


def spelled(text: str) -> dict[str, str]:
    r"""How the characters of `text` are spelled that cannot be shown: `\x1b`, `\u202e`, `\U000e0001`.

    These are all that `plain` spells out, but for newlines and tabs, which a text of many lines is made of.
    """
    odd = (character for character in sorted(set(text)) if unicodedata.category(character) in _INVISIBLE)
    return {character: _spelling(ord(character)) for character in odd if character not in "\n\t"}


def _spelling(code: int) -> str:
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def padded(lines: Sequence[Sequence[str]], left: Collection[int] = (0,)) -> list[list[str]]:
    """The cells of a table, filled up so that its columns stand under each other; those `left` begin at one place.

    Wide characters count as two columns of a terminal.
    """
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    return [
        [
            cell + " " * (width - _width(cell)) if position in left else " " * (width - _width(cell)) + cell
            for position, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        for line in lines
    ]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
