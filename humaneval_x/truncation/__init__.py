"""Where a completion ends: rules that cut what a model wrote past the function it was asked for. Pure.

`strict`     reads the language's literals and comments; keeps the function, the directives directly after it, and
             the definitions that follow and that the kept text mentions. The default.
`reference`  the published evaluator's clean-up, which counts braces wherever they stand.
`codegen`    the rule published with the CodeGen models.
`none`       the text as it is.
"""

from __future__ import annotations

from collections.abc import Callable

from humaneval_x.errors import UsageError
from humaneval_x.languages import Language
from humaneval_x.truncation.published import (
    CLEAN_UPS,
    finished_by_braces,
    finished_by_codegen,
    finished_by_indentation,
    truncate_codegen,
)
from humaneval_x.truncation.strict import Cut, cut_strictly, defined_names

__all__ = ["TRUNCATIONS", "stop_rule", "truncate"]

TRUNCATIONS = ("strict", "reference", "codegen", "none")

# A text is read in growing pieces: most functions end in the first, and what a finished piece keeps, the whole keeps.
_PIECES = (1 << 14, 1 << 18, 1 << 22)
# A function longer than this makes a program that no sandbox is given, so its end need not be found.
_LONGEST = 1 << 24


def truncate(text: str, language: Language, rule: str, start: str = "") -> str:
    """The part of the completion `text` that is judged, under one of `TRUNCATIONS`.

    `start` is the text it completes: `strict` keeps no definition of a name that stands there. Never raises for the
    text, whatever it is. Raises UsageError for an unknown rule.
    """
    if rule == "strict":
        cut = _cut(text, language, defined_names(start, language), mid_line=_mid_line(start))
        return text[: cut.end] + cut.closing
    if rule == "reference":
        return CLEAN_UPS.get(language.truncation, CLEAN_UPS["cpp"])(text)
    if rule == "codegen":
        return truncate_codegen(text)
    _known(rule)
    return text


def stop_rule(language: Language, rule: str, start: str = "") -> Callable[[str], bool]:
    """Whether a text drawn so far is finished: more of it would be cut off again.

    Under `strict` and `codegen`, whatever is added to a finished text, `truncate` gives the same. `reference` is the
    published test, which is looser. Give the same `start` as to `truncate`. Raises UsageError for an unknown rule.
    """
    if rule == "strict":
        taken, mid_line = defined_names(start, language), _mid_line(start)
        if language.open_braces:
            return lambda text: "}" in text and cut_strictly(text, language, taken, mid_line=mid_line).finished
        return lambda text: cut_strictly(text, language, taken, mid_line=mid_line).finished
    if rule == "reference":
        return finished_by_braces if language.open_braces else finished_by_indentation
    if rule == "codegen":
        return finished_by_codegen
    _known(rule)
    return lambda _text: False


def _known(rule: str) -> None:
    if rule not in TRUNCATIONS:
        raise UsageError(f"no truncation rule {rule!r}: the rules are {', '.join(TRUNCATIONS)}")


def _mid_line(start: str) -> bool:
    return bool(start) and not start.endswith("\n")


def _cut(text: str, language: Language, taken: frozenset[str], *, mid_line: bool) -> Cut:
    for size in _PIECES:
        if size >= len(text):
            break
        cut = cut_strictly(text[:size], language, taken, mid_line=mid_line)
        if cut.finished:
            return cut
    if len(text) > _LONGEST:
        return Cut(end=len(text))
    return cut_strictly(text, language, taken, mid_line=mid_line)
