"""A gate's answer for GitHub Actions: Markdown for the step's summary, and workflow commands that annotate.

Formats: docs.github.com, "Workflow commands for GitHub Actions"; its escapes are those of `@actions/core`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from humaneval_x.estimates import ALL
from humaneval_x.gate.rendering import HEADS, cells, headline, message_of, name_of, told
from humaneval_x.gate.results import Answer, Decision, GateResult, Refusal, exceeds
from humaneval_x.text import markdown, plain

__all__ = ["step_summary", "workflow_commands"]

_MARKS = {"pass": "\N{WHITE HEAVY CHECK MARK}", "regression": "\N{CROSS MARK}"}
_SHOWN = 10


def step_summary(answer: Answer) -> str:
    """Markdown: the verdict, the table of decisions, and what it does not say. Markup in names takes no effect."""
    mark = _MARKS.get(answer.outcome, "\N{WARNING SIGN}\N{VARIATION SELECTOR-16}")
    lines = ["## HumanEval-X gate", "", f"{mark} **{markdown(headline(answer))}**", ""]
    if isinstance(answer, Refusal):
        return "\n".join([*lines, markdown(plain(answer.message, 4000)), ""])
    lines += [_line(HEADS), _line(["---", *["---:"] * (len(HEADS) - 2), "---"])]
    for decision in answer.decisions:
        row = [markdown(cell) for cell in cells(decision)]
        lines.append(_line([f"**{cell}**" if decision.regressed and cell else cell for cell in row]))
    return "\n".join([*lines, "", *(f"- {markdown(sentence)}" for sentence in told(answer)), ""])


def workflow_commands(answer: Answer) -> Iterator[str]:
    """Workflow commands, one a line: errors for regressions and refusals, else warnings, and a notice on a pass.

    GitHub shows ten of a kind for a step, so a group has one, of its smallest k, and overall comes first.
    """
    if isinstance(answer, Refusal):
        yield _command("error", f"HumanEval-X gate: {answer.outcome}", plain(answer.message, 4000))
        return
    errors = _by_group(each for each in answer.decisions if each.regressed)
    yield from _annotations("error", errors, answer)
    unsettled = (each for each in answer.decisions if exceeds(each.drop, answer.max_drop) and each.group not in errors)
    yield from _annotations("warning", _by_group(unsettled), answer)
    if answer.passed:
        yield _command("notice", "HumanEval-X gate", "\n".join([headline(answer), *told(answer)]))


def _by_group(decisions: Iterable[Decision]) -> dict[str, list[Decision]]:
    """The decisions of each group, overall first, from the smallest k on."""
    groups: dict[str, list[Decision]] = {}
    for decision in sorted(decisions, key=lambda each: (each.group != ALL, each.k)):
        groups.setdefault(decision.group, []).append(decision)
    return groups


def _annotations(kind: str, groups: Mapping[str, Sequence[Decision]], result: GateResult) -> Iterator[str]:
    hidden = list(groups)[_SHOWN:]
    for place, (first, *others) in enumerate(list(groups.values())[:_SHOWN]):
        lines = [message_of(first, result)]
        if others:
            lines.append(f"So did {', '.join(f'pass@{each.k} ({100 * each.drop:.1f} points)' for each in others)}.")
        if hidden and place == 0:
            lines.append(f"{len(hidden)} more are not annotated: {', '.join(map(name_of, hidden))}.")
        yield _command(kind, f"HumanEval-X: {name_of(first.group)}, pass@{first.k}", "\n".join(lines))


def _command(kind: str, title: str, message: str) -> str:
    data = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    name = title.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A").replace(":", "%3A").replace(",", "%2C")
    return f"::{kind} title={name}::{data}"


def _line(words: list[str] | tuple[str, ...]) -> str:
    return "| " + " | ".join(words) + " |"
