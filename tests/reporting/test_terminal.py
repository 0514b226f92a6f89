from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from humaneval_x.errors import IncompleteError
from humaneval_x.reporting.summary import read_summary
from humaneval_x.reporting.terminal import render_table

RunWriter = Callable[..., Path]


def test_the_table_has_a_row_a_language_and_one_overall(make_run: RunWriter) -> None:
    lines = render_table(read_summary(make_run())).splitlines()
    assert lines[2].split() == ["problems", "samples", "pass@1", "pass@10", "ref.", "@1", "ref.", "@10"]
    assert [line.split()[0] for line in lines[3:9]] == ["Python", "C++", "Java", "JavaScript", "Go", "Overall"]
    assert lines[8].split()[:4] == ["Overall", "30", "300", "37.0"]
    assert lines[8].split()[-2:] == ["47.0", "100.0"]
    assert lines[10].startswith("pass@100 is undefined: a problem has only 10")


def test_columns_stand_under_each_other(make_run: RunWriter) -> None:
    lines = render_table(read_summary(make_run())).splitlines()[2:9]
    assert len({len(line) for line in lines}) == 1


def test_an_incomplete_run_has_no_table_unless_allowed_and_then_it_is_said(make_run: RunWriter) -> None:
    summary = read_summary(make_run(unjudged=2))
    with pytest.raises(IncompleteError, match=r"2 sample\(s\) not judged"):
        render_table(summary)
    assert "Note: Partial: 2 sample(s) not judged." in render_table(summary, allow_partial=True)


def test_the_small_model_is_labelled(make_run: RunWriter) -> None:
    assert "This model is a toy." in render_table(read_summary(make_run(purpose="This model is a toy.")))
