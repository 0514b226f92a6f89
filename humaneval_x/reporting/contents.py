"""What a report says, before any format: sections of tables, and what a reader must know beside them."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from humaneval_x.comparability import departures, incomparable_pairs, remarks
from humaneval_x.errors import UsageError
from humaneval_x.reporting.best import BestOf, best_of
from humaneval_x.reporting.cost import cost_section
from humaneval_x.reporting.disagreements import disagreement_sections
from humaneval_x.reporting.drawn import drawn_sections
from humaneval_x.reporting.leaderboard import generation_section, model_cell, refusals_of, translation_section
from humaneval_x.reporting.links import samples_link
from humaneval_x.reporting.measured import Measured, measure
from humaneval_x.reporting.published import PublishedRow, read_published
from humaneval_x.reporting.tables import Cell, Row, Section, Table
from humaneval_x.reporting.wording import group_title, percent, status_title
from humaneval_x.summaries import RunSummary, groups_of, labels_of
from humaneval_x.text import plain

__all__ = ["Contents", "build_contents"]

_PUBLISHED_DATA = "codegeex"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contents:
    """A whole report. `labels` and `refusals` are by run, `warnings` about rows beside each other.

    `best` has the groups of runs of which the best temperature is shown; empty if that was not asked for. `beside` has
    the formats that are written together, and `samples` if the sample browser lies beside them.
    """

    runs: tuple[Measured, ...]
    best: tuple[BestOf, ...]
    names: tuple[str, ...]
    published: tuple[PublishedRow, ...]
    labels: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    refusals: tuple[tuple[str, str], ...]
    sources: tuple[str, ...]
    sections: tuple[Section, ...]
    beside: frozenset[str] = frozenset()


def build_contents(runs: Sequence[RunSummary | Measured], *, best_temperature: bool = False) -> Contents:
    """The report on these runs, with the best of each group that differs in temperature alone if that is asked for.

    Raises UsageError for no run, for two of one name, or if there is no such group.
    """
    summaries = [run.summary if isinstance(run, Measured) else run for run in runs]
    if not summaries:
        raise UsageError("a report needs at least one run: name its folder")
    twice = [name for name, times in Counter(summary.run_id for summary in summaries).items() if times > 1]
    if twice:
        raise UsageError(f"two runs are named {twice[0]!r}: give each run once, or rename one of the folders")
    measured = tuple(run if isinstance(run, Measured) else measure(run) for run in runs)
    best = best_of(measured) if best_temperature else ()
    tasks = tuple(dict.fromkeys(summary.task for summary in summaries))
    published = tuple(row for row in read_published() if row.task in tasks)
    sections = []
    for task, section in (("generation", generation_section), ("translation", translation_section)):
        chosen = [run for run in measured if run.summary.task == task]
        if chosen:
            theirs = [group for group in best if group.summary.task == task]
            sections.append(section(chosen, [row for row in published if row.task == task], theirs))
    sections += [
        *drawn_sections(measured),
        _statuses(measured),
        *disagreement_sections(measured),
        cost_section(measured),
    ]
    sections.append(_provenance(measured))
    return Contents(
        runs=measured,
        best=best,
        names=tuple(map(_name, summaries)),
        published=published,
        labels=tuple((_name(run.summary), plain(label, 400)) for run in measured for label in labels_of(run.summary)),
        warnings=(*_warnings(summaries), *_departures(summaries, published)),
        refusals=tuple((_name(run.summary), refusal) for run in measured for refusal in refusals_of(run)),
        sources=tuple(dict.fromkeys(row.source.title for row in published)),
        sections=tuple(sections),
    )


def _name(summary: RunSummary, limit: int = 160) -> str:
    """The model and the run, each cut after `limit` characters."""
    return f"{plain(summary.model, limit)} ({plain(summary.run_id, limit)})"


def _warnings(summaries: Sequence[RunSummary]) -> Iterator[str]:
    for task in dict.fromkeys(summary.task for summary in summaries):
        runs = [summary for summary in summaries if summary.task == task]
        for one, other, found in incomparable_pairs(runs):
            yield _warning("Not comparable", one, other, found)
        for one, other, found in incomparable_pairs(runs, remarks):
            yield _warning("Compare with care", one, other, found)
    versions = sorted({summary.data_version for summary in summaries} - {_PUBLISHED_DATA})
    if versions:
        yield plain(
            f"The published rows were measured on the data as first published; rows measured on "
            f"{', '.join(versions)} are not comparable with them.",
            600,
        )


def _departures(summaries: Sequence[RunSummary], published: Sequence[PublishedRow]) -> Iterator[str]:
    """Runs on the data that the published rows were measured on, and how they were made otherwise."""
    for source in {row.source.name: row.source for row in published}.values():
        figures = {(row.task, group) for row in published if row.source is source for group, _ in row.scores}
        alike: dict[tuple[str, ...], list[RunSummary]] = defaultdict(list)
        for run in summaries:
            beside = any((run.task, group) in figures for group in groups_of(run))
            if run.data_version == _PUBLISHED_DATA and beside:
                alike[departures(run, source.conditions)].append(run)
        for found, runs in alike.items():
            if found:
                names = ", ".join(_name(run, 80) for run in runs)
                yield (
                    f"Compare with care: {plain(names, 600)} and the published rows of {source.name} differ in "
                    f"{plain('; '.join(found), 600)}."
                )


def _warning(kind: str, one: RunSummary, other: RunSummary, found: Sequence[str]) -> str:
    """Names are cut before what is said of them."""
    return f"{kind}: {_name(one, 80)} and {_name(other, 80)} differ in {plain('; '.join(found), 1000)}."


def _statuses(runs: Sequence[Measured]) -> Section:
    total: Counter[str] = Counter()
    for run in runs:
        for statuses in run.summary.statuses.values():
            total.update(statuses)
    names = sorted(total, key=lambda name: (name != "passed", -total[name], name))
    rows = []
    for run in runs:
        for position, (group, statuses) in enumerate(run.summary.statuses.items()):
            samples = sum(statuses.values())
            task = f"{run.summary.task}-{group}"
            cells = [
                _share_cell(statuses.get(name, 0), samples, samples_link(run.summary.run_id, task=task, status=name))
                for name in names
            ]
            rows.append(
                Row(
                    cells=(
                        model_cell(run.summary),
                        Cell(text=group_title(group)),
                        Cell(text=f"{samples}", value=samples, number=True),
                        *cells,
                    ),
                    first=position == 0,
                )
            )
    table = Table(
        title="Strict statuses",
        columns=("Model", "Language", "Samples", *map(status_title, names)),
        rows=tuple(rows),
        heads=2,
    )
    return Section(
        name="statuses",
        title="What became of the samples",
        tables=(table,),
        text="Per cent of the judged samples, with their number.",
        charts=("statuses",) if total else (),
    )


def _share_cell(count: int, samples: int, link: str) -> Cell:
    if not count:
        return Cell(text="0", value=0.0, number=True)
    return Cell(text=percent(count / samples), small=f"{count}", value=count / samples, number=True, link=link)


def _provenance(runs: Sequence[Measured]) -> Section:
    tables = []
    for run in runs:
        summary = run.summary
        counted = (
            ("samples judged", f"{int(summary.counts['n'].sum())}"),
            (
                "samples with the verdict on the same program",
                f"{summary.shared}, {summary.stored} of them in earlier runs",
            ),
            ("tokens drawn", f"{summary.tokens}"),
            ("CPU seconds of judging", f"{summary.cpu_s:.0f}"),
        )
        recorded = (*_flat(summary.run, "run"), *_flat(summary.evaluation, "evaluation"))
        rows = (
            *(Row(cells=(Cell(text=key, ours=("text",)), Cell(text=value, ours=("text",)))) for key, value in counted),
            *(Row(cells=(Cell(text=plain(key)), Cell(text=plain(value, 400)))) for key, value in recorded),
        )
        tables.append(Table(title=_name(summary), columns=("Entry", "Value"), rows=rows, named=True, folded=True))
    return Section(
        name="provenance",
        title="Provenance",
        tables=tuple(tables),
        text="What each run was made from and how it was judged, as its manifests say.",
    )


def _flat(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}")
    else:
        yield name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
