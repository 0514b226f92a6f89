from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from humaneval_x.errors import DataError
from humaneval_x.report_file import summary_to_json
from humaneval_x.reporting import reading
from humaneval_x.reporting.reading import read_runs

RunWriter = Callable[..., Path]


def test_several_processes_read_what_one_does(make_run: RunWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [make_run("one"), make_run("two", model="n")]
    alone = read_runs(runs)
    monkeypatch.setattr(reading, "_WORTH_WHILE", 0)
    together = read_runs(runs, processes=2)
    for one, other in zip(alone, together, strict=True):
        assert summary_to_json(one.summary) == summary_to_json(other.summary)
        assert one.estimates == other.estimates


def test_what_is_wrong_with_a_run_is_told_from_another_process(
    make_run: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [make_run("one"), make_run("two")]
    journal = runs[1] / "verdicts" / "generation-go.jsonl"
    journal.write_text("{}\n" + journal.read_text())
    monkeypatch.setattr(reading, "_WORTH_WHILE", 0)
    with pytest.raises(DataError, match=r"generation-go\.jsonl"):
        read_runs(runs, processes=2)
