"""When a sample ends before its model ends it: a truncation rule's test, and patterns of the user's."""

from __future__ import annotations

import re
from dataclasses import dataclass

from humaneval_x.errors import UsageError
from humaneval_x.languages import Language
from humaneval_x.truncation.published import finished_by_braces, finished_by_codegen, finished_by_indentation
from humaneval_x.truncation.strict import cut_strictly

__all__ = ["StopRule", "stop_pattern"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRule:
    """Whether a text drawn so far is finished, by `rule` or because one of `patterns` is found in it.

    `taken` and `mid_line` say what `strict` needs to know of the text that is completed (`cut_strictly`). Can be
    pickled, for engines that ask in other processes.
    """

    language: Language
    rule: str
    taken: frozenset[str] = frozenset()
    mid_line: bool = False
    patterns: tuple[re.Pattern[str], ...] = ()

    def __call__(self, text: str) -> bool:
        """Whether more of this text would be cut off again."""
        return self._finished_by_rule(text) or any(pattern.search(text) for pattern in self.patterns)

    @property
    def watch(self) -> str:
        """When asking is worth while, for engines that can tell without making text of all tokens.

        `never`: it is never met. `lines`: first where a line starts without indentation. `braces`: first where more
        braces are closed than opened. `always`: anywhere. A hint: braces in literals, or `codegen`'s empty lines, may
        let the rule be met elsewhere, so ask now and then, and at a sample's end.
        """
        if self.patterns:
            return "always"
        if self.rule == "none":
            return "never"
        return "lines" if self.rule == "codegen" or not self.language.open_braces else "braces"

    def cut(self, text: str) -> str:
        """The text before the first match of a pattern; all of it if none matches."""
        starts = [found.start() for pattern in self.patterns if (found := pattern.search(text))]
        return text[: min(starts)] if starts else text

    def _finished_by_rule(self, text: str) -> bool:
        braced = self.language.open_braces > 0
        if self.rule == "strict":
            if braced and "}" not in text:
                return False
            return cut_strictly(text, self.language, self.taken, mid_line=self.mid_line).finished
        if self.rule == "reference":
            return finished_by_braces(text) if braced else finished_by_indentation(text)
        return self.rule == "codegen" and finished_by_codegen(text)


def stop_pattern(text: str) -> re.Pattern[str]:
    """The regular expression, `^` and `$` meaning a line's ends.

    Raises UsageError if it is none, or if it matches the empty text: every sample would end before it began.
    """
    try:
        pattern = re.compile(text, re.MULTILINE)
    except (re.error, OverflowError, RecursionError) as error:
        raise UsageError(f"stop pattern {text!r} is no regular expression: {error}") from error
    if pattern.search(""):
        raise UsageError(
            f"stop pattern {text!r} matches an empty text, so every sample would end at once: make it longer"
        )
    return pattern
