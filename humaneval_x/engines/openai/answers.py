"""The code in a chat's answer, as the completion that goes on after its problem's start. Pure.

Of an answer with fenced blocks the last that defines the function is taken, else the longest that is said to be in
the language or in none. Such a block mostly holds the whole function again: the completion is what comes after its
signature, and what stands before it comes after it (`surroundings`), but for includes and imports, which must stand
before all else (`preambles`). A block without the function is its body.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from humaneval_x.engines.openai.fences import fenced_blocks, names_language
from humaneval_x.engines.openai.functions import (
    Function,
    Target,
    closing,
    find_function,
    logical_lines,
    target_of,
)
from humaneval_x.engines.openai.indentation import indent_of, indented_body, indented_like
from humaneval_x.engines.openai.preambles import preamble_of, without_preamble
from humaneval_x.engines.openai.surroundings import Parts, join
from humaneval_x.engines.openai.units import units_in
from humaneval_x.languages import Language
from humaneval_x.programs import start_of
from humaneval_x.records import Problem
from humaneval_x.truncation import truncate
from humaneval_x.truncation.masks import mask

__all__ = ["Taken", "completion_in"]

_THOUGHT_END = "</think>"
_THOUGHT_START = "<think>"
_LINE_END = re.compile(r"[ \t]*\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What was taken of an answer: `text` goes after `programs.start_of`, `preamble` before it."""

    text: str
    preamble: str = ""


def completion_in(answer: str, problem: Problem, task: str, language: Language) -> Taken:
    """The completion in `answer`. Never raises for the answer, whatever it is.

    An answer without a fence and without the function is kept as it is.
    """
    start = start_of(problem, task)
    target = target_of(start, language)
    said = _after_thought(answer.replace("\r\n", "\n") if "```" in answer or "~~~" in answer else answer)
    code, fenced = _code_in(said, target, language)
    if target is not None and (function := find_function(code, target, language)):
        before = code[: function.start]
        text = _rest_of(code, function, target, start, language)
        kept = truncate(text, language, "strict", start)
        return Taken(text=text, preamble=preamble_of(before, kept, start, problem, language))
    return Taken(text=_body_alone(code, language, fenced=fenced))


def _after_thought(answer: str) -> str:
    """What a model says after thinking aloud; nothing if it never came to an end."""
    head, found, rest = answer.rpartition(_THOUGHT_END)
    if found:
        return rest.lstrip("\n")
    return "" if head == "" and answer.lstrip().startswith(_THOUGHT_START) else answer


def _code_in(answer: str, target: Target | None, language: Language) -> tuple[str, bool]:
    blocks = fenced_blocks(answer)
    if not blocks:
        return answer, False
    fitting = [block.code for block in blocks if not block.info or names_language(block.info, language)]
    codes = [code for code in fitting or [block.code for block in blocks] if code.strip()]
    if not codes:
        # A fence that only ends the code: the instruction had opened it.
        return re.split(r"^[ \t]*(?:```|~~~)", answer, maxsplit=1, flags=re.MULTILINE)[0], True
    whole = [code for code in codes if target is not None and find_function(code, target, language)]
    return (whole[-1] if whole else max(reversed(codes), key=len)), True


def _rest_of(code: str, function: Function, target: Target, start: str, language: Language) -> str:
    position = _skip_same(code, function.body, target.begun)
    goes_on = start.endswith("\n")
    if goes_on and (line_end := _LINE_END.match(code, position)):
        position = line_end.end()
    rest = code[position:]
    if function.end is not None:
        value = code[position : function.end].strip().rstrip(";")
        rest = f"  return {value};\n}}\n{code[function.end :]}"
    if not language.open_braces:
        rest = indented_like(target.begun, rest)
    before = without_preamble(code[: function.start], language)
    end = _end(mask(rest, language.truncation), language)
    parts = Parts(
        body=rest[:end],
        before=units_in(before, language),
        after=rest[end:],
        indent=indent_of(rest, mask(rest, language.truncation)),
        start=start,
    )
    return join(parts, language)


def _end(masked: str, language: Language) -> int:
    """Where the function ends whose body `masked` starts with."""
    if language.open_braces:
        return closing(masked, 0) or len(masked)
    outside = [line for line in logical_lines(masked) if line]
    return len(masked[: outside[0] if outside else len(masked)].rstrip())


def _body_alone(code: str, language: Language, *, fenced: bool) -> str:
    if not language.open_braces:
        return indented_body(code)
    if fenced and mask(code, language.truncation).count("{") == mask(code, language.truncation).count("}"):
        return f"{code}}}\n"  # the body's own lines, without the brace that ends them
    return code


def _skip_same(code: str, position: int, begun: str) -> int:
    """Where `code` goes on after what the start has of the body already, blanks aside; `position` if it has not."""
    place = position
    for character in begun:
        if character.isspace():
            continue
        while place < len(code) and code[place].isspace():
            place += 1
        if not code.startswith(character, place):
            return position
        place += 1
    return place if begun.strip() else position
