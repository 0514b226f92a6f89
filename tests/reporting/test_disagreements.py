from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from humaneval_x.reporting.disagreements import LISTED, disagreement_sections, ranges
from humaneval_x.reporting.measured import measure
from humaneval_x.reporting.summary import read_summary
from humaneval_x.summaries import Disagreement

RunWriter = Callable[..., Path]


@pytest.mark.parametrize(
    ("numbers", "written"), [((), ""), ((4,), "4"), ((0, 1, 2, 3, 7), "0-3, 7"), ((1, 3, 5, 6), "1, 3, 5-6")]
)
def test_neighbouring_samples_are_written_as_a_range(numbers: tuple[int, ...], written: str) -> None:
    assert ranges(numbers) == written


def test_every_way_of_differing_is_counted_and_its_samples_are_listed(make_run: RunWriter) -> None:
    summary = replace(
        read_summary(make_run()),
        disagreements=(
            Disagreement("generation-js", "JavaScript/0", "passed", "prints", (0, 1, 2)),
            Disagreement("generation-js", "JavaScript/1", "passed", "prints", (5,)),
            Disagreement("generation-go", "Go/1", "exited_early", "exits_early", (6,)),
        ),
    )
    (section,) = disagreement_sections([measure(summary)])
    counts, samples = section.tables
    assert [[cell.text for cell in row.cells[1:5]] for row in counts.rows] == [
        ["JavaScript", "passed", "failed", "4"],
        ["Go", "exited early", "passed", "1"],
    ]
    assert "wants silence" in counts.rows[0].cells[5].text
    assert [[cell.text for cell in row.cells[:2]] for row in samples.rows] == [
        ["JavaScript/0", "0-2"],
        ["JavaScript/1", "5"],
        ["Go/1", "6"],
    ]


def test_a_long_list_is_cut_and_the_counts_are_not(make_run: RunWriter) -> None:
    many = tuple(
        Disagreement("generation-js", f"JavaScript/{number}", "passed", "prints", (0,)) for number in range(LISTED + 50)
    )
    (section,) = disagreement_sections([measure(replace(read_summary(make_run()), disagreements=many))])
    counts, samples = section.tables
    assert counts.rows[0].cells[4].text == f"{LISTED + 50}"
    assert len(samples.rows) == LISTED


def test_a_run_whose_verdicts_agree_has_no_such_section(make_run: RunWriter) -> None:
    assert disagreement_sections([measure(replace(read_summary(make_run()), disagreements=()))]) == []
