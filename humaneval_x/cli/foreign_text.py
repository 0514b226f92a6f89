"""What models and programs wrote, on a terminal: highlighted, behind a gutter, with nothing that a terminal obeys."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import click

from humaneval_x.text import spelled

__all__ = ["DIM", "NO_STYLE", "Style", "block"]

# What a model writes can make a lexer slow: some thousand empty lines take it half a minute. The longest published
# program has some 10,000 characters and takes a few hundredths of a second.
_HIGHLIGHTED_CHARACTERS = 20_000
_HIGHLIGHTING_S = 1.0
# The longest published line has some 300 characters. `--only` prints all of a longer one.
_LINE_CHARACTERS = 1000

Style = Mapping[str, Any]
"""Arguments of `click.style`."""

NO_STYLE: Style = {}
DIM: Style = {"dim": True}

# Token types as pygments names them; the first that a token belongs to counts.
_TOKEN_STYLES: dict[str, Style] = {
    "Comment.Preproc": {"fg": "magenta"},
    "Comment": {"fg": "bright_black"},
    "Keyword": {"fg": "blue"},
    "Operator.Word": {"fg": "blue"},
    "Literal.String": {"fg": "green"},
    "Literal.Number": {"fg": "cyan"},
    "Name.Function": {"fg": "yellow"},
    "Name.Class": {"fg": "yellow"},
    "Name.Builtin": {"fg": "cyan"},
    "Name.Decorator": {"fg": "magenta"},
}


def block(
    text: str, lexer: str | None = None, *, numbered: bool = False, gutter: str = "", style: Style = NO_STYLE
) -> Iterator[str]:
    """Foreign text behind a gutter, so that no line of it looks like one of ours."""
    if not text:
        yield click.style("(empty)", **DIM)
        return
    for number, line in enumerate(_lines(text, lexer, style), 1):
        edge = f"{number if numbered else gutter:>4} | "
        yield f"{click.style(edge, **DIM)}{line}"


def _lines(text: str, lexer: str | None, style: Style) -> Iterator[str]:
    """Lines end at newlines alone, as compilers count them; nothing that a terminal obeys is left in them."""
    spelling = spelled(text)
    odd = re.compile(f"([{re.escape(''.join(spelling))}]+)") if spelling else None
    line: list[str] = []
    length = 0
    for kind, piece in _pieces(text, lexer, style):
        for position, part in enumerate(piece.split("\n")):
            if position:
                yield _ended(line, length)
                line, length = [], 0
            shown = part[: max(_LINE_CHARACTERS - length, 0)]
            length += len(part)
            if shown:
                line.append(_styled(shown, kind, odd, spelling))
    if not text.endswith("\n"):
        yield _ended(line, length)


def _ended(line: list[str], length: int) -> str:
    more = length - _LINE_CHARACTERS
    return "".join([*line, click.style(f" [{more} more characters]", **DIM)] if more > 0 else line)


def _styled(text: str, style: Style, odd: re.Pattern[str] | None, spelling: Mapping[str, str]) -> str:
    # A pattern that captures splits into what is between its matches and, at odd places, the matches.
    parts = odd.split(text) if odd is not None else [text]
    return "".join(
        click.style("".join(spelling[character] for character in part), **DIM) if position % 2 else
        click.style(part, **style) if part and style else part
        for position, part in enumerate(parts)
    )  # fmt: skip


def _pieces(text: str, lexer: str | None, style: Style) -> Iterator[tuple[Style, str]]:
    """The text in pieces of one style each; without a lexer, or where it takes too long, the rest in one piece."""
    done = 0
    for token, piece in _tokens(text, lexer) if lexer is not None else ():
        # What does not stand there next is nothing to print, whatever the lexer makes of it.
        if not text.startswith(piece, done):
            break
        done += len(piece)
        yield token, piece
    if done < len(text):
        yield style, text[done:]


def _tokens(text: str, lexer: str) -> Iterator[tuple[Style, str]]:
    if len(text) > _HIGHLIGHTED_CHARACTERS:
        return
    string_to_token = import_module("pygments.token").string_to_tokentype
    styles = [(string_to_token(name), style) for name, style in _TOKEN_STYLES.items()]
    highlighter = import_module("pygments.lexers").get_lexer_by_name(lexer)
    begun = time.monotonic()
    # get_tokens would mend line ends and drop blank lines first, and line numbers would be others.
    for _, kind, piece in highlighter.get_tokens_unprocessed(text):
        yield next((style for parent, style in styles if kind in parent), NO_STYLE), piece
        if time.monotonic() - begun > _HIGHLIGHTING_S:
            return
