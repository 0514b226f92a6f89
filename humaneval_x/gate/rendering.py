"""A gate's answer as plain text, for a terminal or a log, and the words that every form of it shares."""

from __future__ import annotations

from humaneval_x.estimates import ALL
from humaneval_x.gate.results import Answer, Decision, GateResult, Refusal, exceeds
from humaneval_x.power import POWER
from humaneval_x.text import padded, plain

__all__ = ["HEADS", "cells", "headline", "message_of", "name_of", "render_gate", "sensitivity", "told"]

HEADS = ("group", "k", "baseline", "candidate", "drop", "p", "counts from", f"{100 * POWER:.0f} % power", "")
"""Heads of the table of decisions; the figures but p are per cent or points."""


def render_gate(result: GateResult) -> str:
    """The result as plain text: verdict, a line for each decision, and what the figures do not say."""
    lines = padded([HEADS, *map(cells, result.decisions)], left=(0, len(HEADS) - 1))
    table = ["  ".join(line).rstrip() for line in lines]
    return "\n".join([headline(result), "", *table, "", *told(result)])


def headline(answer: Answer) -> str:
    """The verdict in one line."""
    if isinstance(answer, Refusal):
        return f"NOT COMPARED ({answer.outcome}): {plain(answer.candidate)} against {plain(answer.baseline)}"
    verdict = "pass" if answer.passed else "REGRESSION"
    return (
        f"{verdict}: {plain(answer.candidate)} against {plain(answer.baseline)}, {answer.semantics} verdicts, "
        f"allowed drop {100 * answer.max_drop:.1f} points, alpha {answer.alpha:g}"
    )


def cells(decision: Decision) -> tuple[str, ...]:
    """The decision's row under `HEADS`."""
    return (
        name_of(decision.group),
        f"{decision.k}",
        f"{100 * decision.baseline:.1f}",
        f"{100 * decision.candidate:.1f}",
        f"{100 * decision.drop:+.1f}",
        f"{decision.p:.4f}",
        _points(decision.detectable),
        _points(decision.power_drop),
        "regression" if decision.regressed else "",
    )


def _points(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}"


def told(result: GateResult) -> list[str]:
    """What is to be said beside the table, a sentence each."""
    return [sensitivity(result), *(f"Note: {plain(note, 400)}" for note in result.notes)]


def sensitivity(result: GateResult) -> str:
    """How large a drop the comparison could have detected, in words: of the smallest k of all groups together."""
    last = result.decisions[-1].group
    decision = min((each for each in result.decisions if each.group == last), key=lambda each: each.k)
    where = f"pass@{decision.k} of {name_of(last)} ({decision.problems} problems)"
    if decision.power_drop is None:
        return (
            f"There is no drop of {where} of which this comparison is known to detect it with {100 * POWER:.0f} % "
            "power: no sample differed from the others, or there are too few problems or samples."
        )
    return (
        f"This comparison could have detected a drop of {100 * decision.power_drop:.1f} points in {where} with "
        f"{100 * POWER:.0f} % power."
    )


def message_of(decision: Decision, result: GateResult) -> str:
    """What happened to this figure, in one sentence."""
    fell = (
        f"pass@{decision.k} of {name_of(decision.group)} went from {100 * decision.baseline:.1f} to "
        f"{100 * decision.candidate:.1f} per cent"
    )
    if decision.regressed:
        return (
            f"{fell}: a drop of {100 * decision.drop:.1f} points where {100 * result.max_drop:.1f} are allowed, "
            f"p = {decision.p:.4f}"
        )
    if exceeds(decision.drop, result.max_drop):
        return f"{fell}: more than allowed, but chance explains it (p = {decision.p:.4f}, alpha {result.alpha:g})"
    return f"{fell}, within what is allowed"


def name_of(group: str) -> str:
    """The group as it is shown: `python`, `cpp-to-go`, `overall`."""
    return "overall" if group == ALL else plain(group)
