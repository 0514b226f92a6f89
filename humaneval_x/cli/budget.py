"""`humaneval-x budget`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from humaneval_x.cli.config import config_option
from humaneval_x.cli.measured import ks_option, measured_run, write_json
from humaneval_x.cli.options import judgement_options, semantics_option

if TYPE_CHECKING:
    from humaneval_x.budgets import BudgetTable
    from humaneval_x.summaries import RunSummary

__all__ = ["command"]

_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?|\.[0-9]+")


def _weights(context: click.Context, parameter: click.Parameter, value: Any) -> str | dict[str, Fraction]:
    """`uniform`, `pass1`, or weights by name; from a configuration file also a table's worth of text."""
    words = [word.strip() for word in str(value).split(",")]
    if words in (["uniform"], ["pass1"]):
        return words[0]
    weights: dict[str, Fraction] = {}
    for word in words:
        name, _, number = (part.strip() for part in word.partition("="))
        if not name or name in weights or not _NUMBER.fullmatch(number):
            reason = (
                f"{word!r} is no weight: give uniform, pass1, or numbers by language once each, such as python=2,go=1"
            )
            raise click.BadParameter(reason, context, parameter)
        weights[name] = Fraction(number)
    if not any(weights.values()):
        raise click.BadParameter("one weight at least must be above 0", context, parameter)
    return weights


@click.command(name="budget")
@config_option
@click.argument("run", metavar="runs/ID")
@ks_option
@click.option(
    "--weights",
    type=click.UNPROCESSED,
    default="pass1",
    show_default=True,
    callback=_weights,
    metavar="WEIGHTS",
    help="Of the weighted split: pass1 (by each language's pass@1), uniform, or numbers such as python=2,cpp=1; a "
    "language that is not named gets nothing.",
)
@semantics_option
@judgement_options
@click.option("--allow-partial", is_flag=True, help="Show figures of what is there where a run is not complete.")
@click.option(
    "--json", "json_path", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write all figures."
)
def command(  # noqa: PLR0917  (click passes them by name)
    run: str,
    ks: tuple[int, ...],
    weights: str | dict[str, Fraction],
    semantics: str,
    truncation: str,
    example_tests: bool,
    allow_partial: bool,
    json_path: Path | None,
) -> None:
    """Show what k samples solve that are split over the languages.

    A problem counts as solved if any of its k samples passes, whatever language it is written in. The run is a judged
    run's folder or a report.json, with :RUN_ID behind the name where a report holds several runs. docs/statistics.md
    has the formulas.

    \b
    humaneval-x budget runs/350M-multi --weights python=32,cpp=33,java=20,js=9,go=6
    """
    from humaneval_x.budgets import board_of, budgets  # noqa: PLC0415
    from humaneval_x.rundir import Judgement  # noqa: PLC0415
    from humaneval_x.summaries import PARTIAL_HINT, counts_of, require_complete  # noqa: PLC0415

    summary = measured_run(run, Judgement(truncation=truncation, example_tests=example_tests))
    if not allow_partial:
        require_complete(summary, PARTIAL_HINT)
    board = board_of(counts_of(summary, semantics))
    if weights == "uniform":
        chosen: dict[str, Fraction] | None = dict.fromkeys(board.languages, Fraction(1))
    else:
        chosen = None if isinstance(weights, str) else weights
    table = budgets(board, ks, chosen)
    said = weights if isinstance(weights, str) else "as given"
    click.echo("\n".join(_lines(table, summary, said, ks)))
    if json_path:
        write_json(json_path, _to_json(table, summary, semantics))


def _lines(table: BudgetTable, summary: RunSummary, weights: str, ks: Sequence[int]) -> Iterator[str]:
    from humaneval_x.reporting.wording import DASH, group_title, percent  # noqa: PLC0415
    from humaneval_x.summaries import labels_of  # noqa: PLC0415
    from humaneval_x.text import padded, plain  # noqa: PLC0415

    titles = {
        **{name: group_title(name) for name in table.languages},
        "uniform": "uniform",
        "weighted": f"weighted ({weights})",
        "best": "best split, chosen on these problems",
        "held-out": "best split, chosen on other problems",
        "bound": "best language of each problem",
    }
    yield plain(
        f"{summary.model}, {summary.run_id}: problems of {table.problems} that any of k samples in "
        f"{len(table.languages)} languages solves. Per cent; [95 % interval]",
        400,
    )
    rows = [["", *(f"k = {k}" for k in ks)]]
    for name, title in titles.items():
        found = [table.find(name, k) for k in ks]
        cells = [
            f"{percent(each.value)} [{percent(each.low)}{DASH}{percent(each.high)}]" if each else DASH for each in found
        ]
        rows.append([title, *cells])
    yield from ["", *("  ".join(row).rstrip() for row in padded(rows))]
    splits = [["samples a language", "k", *(titles[name] for name in table.languages)]]
    for name in ("uniform", "weighted", "best"):
        found = [table.find(name, k) for k in ks]
        splits += [[titles[name], f"{each.k}", *map(str, each.split)] for each in found if each]
    yield from ["", *("  ".join(row).rstrip() for row in padded(splits)), ""]
    yield "Note: chosen on these problems is optimistic; chosen on other problems is what such a choice is worth."
    yield from (plain(f"Note: {label}", 400) for label in labels_of(summary))
    if table.left_out:
        yield f"Note: {len(table.left_out)} problem(s) lack samples in a language and are left out."
    for refusal in table.refusals:
        yield plain(f"Undefined: {titles[refusal.language]}, k = {refusal.k}: {refusal.reason}", 400)


def _to_json(table: BudgetTable, summary: RunSummary, semantics: str) -> dict[str, Any]:
    return {
        "format": "humaneval-x budget",
        "version": 1,
        "run_id": summary.run_id,
        "model": summary.model,
        "semantics": semantics,
        "languages": list(table.languages),
        "problems": table.problems,
        "left_out": list(table.left_out),
        "weights": [float(weight) for weight in table.weights],
        "budgets": [asdict(each) for each in table.budgets],
        "refusals": [{"name": each.language, "k": each.k, "reason": each.reason} for each in table.refusals],
    }
