"""The tables of pass@k: by language for generation, by source and target for translation."""

from __future__ import annotations

from collections.abc import Sequence

from humaneval_x.estimates import ALL, KS
from humaneval_x.languages import language_names
from humaneval_x.records import Estimate
from humaneval_x.reporting.best import OPTIMISTIC, BestOf
from humaneval_x.reporting.measured import Measured
from humaneval_x.reporting.published import PublishedRow
from humaneval_x.reporting.tables import Cell, Row, Section, Table
from humaneval_x.reporting.wording import DASH, group_title, interval, percent, published_percent
from humaneval_x.summaries import SEMANTICS, RunSummary, groups_of, labels_of
from humaneval_x.text import brief, plain

__all__ = ["NOTED", "generation_section", "model_cell", "refusals_of", "translation_section"]

NOTED = "see the notes"
"""The mark of a row about which there is something to read first."""

_BEST_TEXT = (
    " A row named best temperature is of no single run: each of its figures is the highest among the temperatures, T "
    f"being the chosen one. {OPTIMISTIC}"
)


def generation_section(
    runs: Sequence[Measured], published: Sequence[PublishedRow], best: Sequence[BestOf] = ()
) -> Section:
    """One table for each k that some run has: a column a language and one overall."""
    groups = [name for name in language_names() if any(name in groups_of(run.summary) for run in runs)]
    groups += [name for name in dict.fromkeys(sum((groups_of(run.summary) for run in runs), ())) if name not in groups]
    columns = ("Model", "Verdicts", *map(group_title, groups), group_title(ALL))
    tables = []
    for k in KS:
        if not any(found.k == k for run in runs for found in run.estimates["strict"].estimates):
            continue
        rows = [row for run in _ranked(runs) for row in _run_rows(run, [*groups, ALL], k)]
        rows += [row for each in best for row in _best_rows(each, [*groups, ALL], k)]
        rows += [
            Row(
                cells=(*_published_head(row), *(_published_cell(row, group, k) for group in [*groups, ALL])),
                published=True,
            )
            for row in published
            if any((group, k) in row.scores for group in groups)
        ]
        tables.append(Table(title=f"pass@{k}, generation", columns=columns, rows=tuple(rows), heads=2, blocks=True))
    text = (
        "Per cent, with the 95 % interval by bootstrap over problems (overall: over problem numbers, since a "
        "problem is the same in every language). Strict verdicts are this harness's; reference verdicts follow "
        "the published evaluator's rule on the same execution. Runs stand in the order of their overall strict "
        "pass@1."
    )
    text += _BEST_TEXT if best else ""
    return Section(name="generation", title="Leaderboard: generation", text=text, tables=tuple(tables))


def translation_section(
    runs: Sequence[Measured], published: Sequence[PublishedRow], best: Sequence[BestOf] = ()
) -> Section:
    """All pairs together, then for each k sources against targets."""
    names = [
        name
        for name in language_names()
        if any(name in group.split("-to-") for run in runs for group in groups_of(run.summary))
    ]
    tables = [_overall_table(runs, best)]
    for k in KS:
        if not any(found.k == k for run in runs for found in run.estimates["strict"].estimates):
            continue
        rows = []
        for run in _ranked(runs):
            for source in names:
                pairs = [f"{source}-to-{target}" for target in names]
                if set(pairs) & set(groups_of(run.summary)):
                    rows += _run_rows(run, pairs, k, Cell(text=group_title(source)))
        for each in best:
            for source in names:
                pairs = [f"{source}-to-{target}" for target in names]
                if set(pairs) & set(groups_of(each.summary)):
                    rows += _best_rows(each, pairs, k, Cell(text=group_title(source)))
        rows += [
            Row(
                cells=(
                    *_published_head(row, Cell(text=group_title(source))),
                    *(_published_cell(row, f"{source}-to-{target}", k) for target in names),
                ),
                published=True,
            )
            for row in published
            for source in names
            if any((f"{source}-to-{target}", k) in row.scores for target in names)
        ]
        columns = ("Model", "From", "Verdicts", *(f"to {group_title(name)}" for name in names))
        tables.append(Table(title=f"pass@{k}, translation", columns=columns, rows=tuple(rows), heads=3, blocks=True))
    text = (
        "Per cent, with the 95 % interval by bootstrap over problems. A row gives the language that is translated "
        "from, a column the one translated to."
    )
    text += _BEST_TEXT if best else ""
    return Section(
        name="translation",
        title="Leaderboard: translation",
        text=text,
        tables=tuple(tables),
        charts=("translation",),
    )


def model_cell(summary: RunSummary) -> Cell:
    """A run in the first column: its model, its id, and a mark if there is something to read first."""
    mark = NOTED if labels_of(summary) else ""
    return Cell(text=plain(summary.model), small=plain(summary.run_id), mark=mark)


def refusals_of(run: Measured) -> tuple[str, ...]:
    """The figures that are undefined for this run, one sentence for each k and reason."""
    found: dict[tuple[int, str], list[str]] = {}
    for refusal in run.estimates["strict"].refusals:
        found.setdefault((refusal.k, refusal.reason), []).append(group_title(refusal.language))
    every = len(groups_of(run.summary)) + 1
    return tuple(
        f"pass@{k} is undefined{'' if len(groups) == every else ' for ' + ', '.join(groups)}: {reason}."
        for (k, reason), groups in found.items()
    )


def _overall_table(runs: Sequence[Measured], best: Sequence[BestOf]) -> Table:
    rows = []
    for run in _ranked(runs):
        for first, semantics in enumerate(SEMANTICS):
            cells = [_figure(run.estimates[semantics].find(ALL, k)) for k in KS]
            rows.append(Row(cells=(model_cell(run.summary), _verdicts(semantics), *cells), first=not first))
    for each in best:
        for first, semantics in enumerate(SEMANTICS):
            cells = [_best_figure(each, semantics, ALL, k) for k in KS]
            rows.append(Row(cells=(_best_cell(each), _verdicts(semantics), *cells), first=not first))
    return Table(
        title="All pairs of the run together",
        columns=("Model", "Verdicts", *(f"pass@{k}" for k in KS)),
        rows=tuple(rows),
        heads=2,
        blocks=True,
    )


def _ranked(runs: Sequence[Measured]) -> list[Measured]:
    def key(run: Measured) -> tuple[float, str]:
        found = run.estimates["strict"].find(ALL, 1)
        return (-found.value if found else 1.0, run.summary.run_id)

    return sorted(runs, key=key)


def _run_rows(run: Measured, groups: Sequence[str], k: int, *after: Cell) -> list[Row]:
    return [
        Row(
            cells=(
                model_cell(run.summary),
                *after,
                _verdicts(semantics),
                *(_figure(run.estimates[semantics].find(group, k)) for group in groups),
            ),
            first=semantics == SEMANTICS[0],
        )
        for semantics in SEMANTICS
    ]


def _best_rows(best: BestOf, groups: Sequence[str], k: int, *after: Cell) -> list[Row]:
    return [
        Row(
            cells=(
                _best_cell(best),
                *after,
                _verdicts(semantics),
                *(_best_figure(best, semantics, group, k) for group in groups),
            ),
            first=semantics == SEMANTICS[0],
        )
        for semantics in SEMANTICS
    ]


def _best_cell(best: BestOf) -> Cell:
    mark = NOTED if any(labels_of(run.summary) for run in best.runs) else ""
    return Cell(
        text=f"{plain(best.summary.model)}, best temperature", small=best.label, mark=mark, ours=("text", "small")
    )


def _best_figure(best: BestOf, semantics: str, group: str, k: int) -> Cell:
    found = best.find(semantics, group, k)
    return _figure(found.estimate, f", T {brief(found.temperature)}") if found else _figure(None)


def _figure(found: Estimate | None, note: str = "") -> Cell:
    if found is None:
        return Cell(text=DASH, number=True)
    small = interval(found) + note
    return Cell(text=percent(found.value), small=small, value=found.value, low=found.low, high=found.high, number=True)


def _verdicts(semantics: str) -> Cell:
    return Cell(text=semantics, ours=("text",))


def _published_head(row: PublishedRow, *after: Cell) -> tuple[Cell, ...]:
    return (Cell(text=plain(row.model)), *after, _verdicts("published"))


def _published_cell(row: PublishedRow, group: str, k: int) -> Cell:
    share = row.scores.get((group, k))
    return Cell(text=DASH if share is None else published_percent(share), value=share, number=True)
