"""A gate's answer for GitHub Actions: Markdown for the step's summary, and workflow commands that annotate.

Formats: docs.github.com, "Workflow commands for GitHub Actions"; its escapes are those of `@actions/core`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from humaneval_x.gate.rendering import HEADS, cells, headline, message_of, name_of, told
from humaneval_x.gate.results import Answer, GateResult, Refusal
from humaneval_x.text import plain

__all__ = ["step_summary", "workflow_commands"]

_MARKS = {"pass": "\N{WHITE HEAVY CHECK MARK}", "regression": "\N{CROSS MARK}"}
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|&~!$@])")


def step_summary(answer: Answer) -> str:
    """Markdown: the verdict, the table of decisions, and what it does not say. Markup in names takes no effect."""
    mark = _MARKS.get(answer.outcome, "\N{WARNING SIGN}\N{VARIATION SELECTOR-16}")
    lines = ["## HumanEval-X gate", "", f"{mark} **{_escaped(headline(answer))}**", ""]
    if isinstance(answer, Refusal):
        return "\n".join([*lines, _escaped(plain(answer.message, 4000)), ""])
    lines += [_line(HEADS), _line(["---", *["---:"] * (len(HEADS) - 2), "---"])]
    for decision in answer.decisions:
        row = [_escaped(cell) for cell in cells(decision)]
        lines.append(_line([f"**{cell}**" if decision.regressed and cell else cell for cell in row]))
    return "\n".join([*lines, "", *(f"- {_escaped(sentence)}" for sentence in told(answer)), ""])


def workflow_commands(answer: Answer) -> Iterator[str]:
    """Workflow commands, one a line: errors for regressions and refusals, else warnings, and a notice on a pass."""
    if isinstance(answer, Refusal):
        yield _command("error", f"HumanEval-X gate: {answer.outcome}", plain(answer.message, 4000))
        return
    for decision in answer.decisions:
        title = f"HumanEval-X: {name_of(decision.group)}, pass@{decision.k}"
        if decision.regressed:
            yield _command("error", title, message_of(decision, answer))
        elif decision.drop > answer.max_drop and _unsettled(answer, decision.group):
            yield _command("warning", title, message_of(decision, answer))
    if answer.passed:
        yield _command("notice", "HumanEval-X gate", "\n".join([headline(answer), *told(answer)]))


def _unsettled(result: GateResult, group: str) -> bool:
    """Whether nothing in that group is a regression: a second annotation beside an error would say less."""
    return not any(decision.regressed for decision in result.decisions if decision.group == group)


def _command(kind: str, title: str, message: str) -> str:
    data = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    name = title.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A").replace(":", "%3A").replace(",", "%2C")
    return f"::{kind} title={name}::{data}"


def _line(words: list[str] | tuple[str, ...]) -> str:
    return "| " + " | ".join(words) + " |"


def _escaped(text: str) -> str:
    escaped = _SPECIAL.sub(r"\\\1", text)
    # GitHub makes links of bare addresses; a backslash keeps them text.
    return re.sub(r"(?i)\bwww\.", r"www\\.", escaped.replace("://", "\\://"))
