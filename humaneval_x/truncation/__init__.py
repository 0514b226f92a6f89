"""Where a completion ends: rules that cut what a model wrote past the function it was asked for. Pure.

`strict`     reads the language's literals and comments; keeps the function, the directives directly after it, and
             the definitions that follow and that the kept text mentions. The default.
`reference`  the published evaluator's clean-up, which counts braces wherever they stand.
`codegen`    the rule published with the CodeGen models.
`none`       the text as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from humaneval_x.errors import UsageError
from humaneval_x.languages import Language
from humaneval_x.truncation.published import CLEAN_UPS, truncate_codegen
from humaneval_x.truncation.stopping import StopRule, stop_pattern
from humaneval_x.truncation.strict import Cut, cut_strictly, defined_names

__all__ = ["TRUNCATIONS", "StopRule", "stop_rule", "stops_from", "truncate"]

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


def stop_rule(language: Language, rule: str, start: str = "", patterns: Sequence[str] = ()) -> StopRule:
    """Whether a text drawn so far is finished: more of it would be cut off again, or one of `patterns` is found in it.

    Under `strict` and `codegen`, whatever is added to a finished text, `truncate` gives the same. `reference` is the
    published test, which is looser. Give the same `start` as to `truncate`. `patterns` are regular expressions, `^` and
    `$` meaning a line's ends (`$` also the end of the text so far); `StopRule.cut` cuts before their first match.
    Raises UsageError for an unknown rule, and for a pattern that is none or matches the empty text.
    """
    _known(rule)
    compiled = tuple(map(stop_pattern, patterns))
    if rule != "strict":
        return StopRule(language=language, rule=rule, patterns=compiled)
    taken = defined_names(start, language)
    return StopRule(language=language, rule=rule, taken=taken, mid_line=_mid_line(start), patterns=compiled)


def stops_from(values: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The rule and the patterns among what `--stop` was given; a value that is no rule's name is a pattern.

    The rule is `strict` if none is named. Raises UsageError for more rules than one, or as `stop_rule`.
    """
    distinct = tuple(dict.fromkeys(values))
    rules = [value for value in distinct if value in TRUNCATIONS]
    if len(rules) > 1:
        raise UsageError(f"more than one stop rule ({', '.join(rules)}): give one, and as many patterns as you like")
    patterns = tuple(value for value in distinct if value not in TRUNCATIONS)
    for pattern in patterns:
        stop_pattern(pattern)
    return rules[0] if rules else TRUNCATIONS[0], patterns


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
