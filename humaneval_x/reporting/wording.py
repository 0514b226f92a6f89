"""How languages and figures are written in every report: titles, per cent, intervals."""

from __future__ import annotations

from humaneval_x.errors import UsageError
from humaneval_x.estimates import ALL
from humaneval_x.languages import read_language
from humaneval_x.records import Estimate
from humaneval_x.text import plain

__all__ = ["DASH", "count", "group_title", "interval", "percent", "published_percent", "status_title"]

DASH = "\N{EN DASH}"


def group_title(group: str) -> str:
    """A group as people write it: `C++`, `C++ → Go`, `Overall`."""
    if group == ALL:
        return "Overall"
    return " → ".join(_language_title(name) for name in group.split("-to-"))


def status_title(status: str) -> str:
    """A status as people write it: `wrong answer`."""
    return plain(status).replace("_", " ")


def count(number: float) -> str:
    """A whole number with its thousands apart, by a space that does not break and that every language reads alike."""
    return f"{number:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def percent(share: float) -> str:
    """A share (0 to 1) in per cent with one decimal; the sign is left to the heading."""
    return f"{100 * share:.1f}"


def published_percent(share: float) -> str:
    """A published share in per cent, with two decimals, or one where the second is zero."""
    return f"{100 * share:.2f}".removesuffix("0")


def interval(estimate: Estimate) -> str:
    """The ends of the 95 % interval in per cent."""
    return f"{percent(estimate.low)}{DASH}{percent(estimate.high)}"


def _language_title(name: str) -> str:
    try:
        return read_language(name).title
    except UsageError:
        return plain(name)  # a report of a language that this installation does not have
