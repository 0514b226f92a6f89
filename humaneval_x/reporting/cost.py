"""What the runs cost: tokens drawn, CPU time of judging, and what sharing saved."""

from __future__ import annotations

from collections.abc import Sequence

from humaneval_x.reporting.leaderboard import model_cell
from humaneval_x.reporting.measured import Measured
from humaneval_x.reporting.tables import Cell, Row, Section, Table
from humaneval_x.reporting.wording import DASH, count, percent

__all__ = ["cost_section"]

_TEXT = (
    "Tokens are those drawn, prompts not counted. CPU seconds are those that the programs used in the sandbox. Shared "
    "programs are samples whose program is the same as another's, in this run or an earlier one: they were not run "
    "again and add no CPU seconds."
)
_COLUMNS = (
    "Model",
    "Samples",
    "Tokens",
    "Tokens a sample",
    "CPU seconds",
    "CPU ms a sample",
    "Shared programs",
    "Of these, earlier runs",
)


def cost_section(runs: Sequence[Measured]) -> Section:
    """A row for each run."""
    table = Table(title="Cost of each run", columns=_COLUMNS, rows=tuple(map(_row, runs)))
    return Section(name="cost", title="Cost", text=_TEXT, tables=(table,))


def _row(run: Measured) -> Row:
    summary = run.summary
    judged = int(summary.counts["n"].sum())
    tokens_each = summary.tokens / judged if judged else None
    cpu_each = 1000 * summary.cpu_s / judged if judged else None
    shared = percent(summary.shared / judged) + " %" if judged and summary.shared else ""
    return Row(
        cells=(
            model_cell(summary),
            _number(judged),
            # An engine that draws nothing says 0 tokens.
            _number(summary.tokens or None),
            _number(tokens_each or None, digits=1),
            _number(summary.cpu_s, digits=0 if summary.cpu_s >= 100 else 1),
            _number(cpu_each, digits=1),
            _number(summary.shared, small=shared),
            _number(summary.stored),
        )
    )


def _number(value: float | None, digits: int = 0, small: str = "") -> Cell:
    if value is None:
        return Cell(text=DASH, number=True)
    text = f"{value:.{digits}f}" if digits else count(value)
    return Cell(text=text, value=float(value), small=small, number=True)
