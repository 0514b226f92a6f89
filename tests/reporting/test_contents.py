from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from humaneval_x.reporting.contents import Contents, build_contents
from humaneval_x.reporting.summary import read_summary
from humaneval_x.reporting.tables import Row, Table
from humaneval_x.reporting.wording import DASH, published_percent
from humaneval_x.reporting.words import Words

RunWriter = Callable[..., Path]


@pytest.fixture
def contents_of(make_run: RunWriter) -> Callable[..., Contents]:
    def contents(*settings: dict[str, Any]) -> Contents:
        return build_contents([read_summary(make_run(f"run{place}", **each)) for place, each in enumerate(settings)])

    return contents


def table(contents: Contents, title: str) -> Table:
    return next(table for section in contents.sections for table in section.tables if table.title == title)


def texts(row: Row) -> list[str]:
    return [cell.text for cell in row.cells]


def test_strict_and_reference_stand_beside_each_other_for_every_language_and_overall(
    contents_of: Callable[..., Contents],
) -> None:
    board = table(contents_of({}), "pass@1, generation")
    assert board.columns == ("Model", "Verdicts", "Python", "C++", "Java", "JavaScript", "Go", "Overall")
    assert texts(board.rows[0]) == ["some-model", "strict", "45.0", "45.0", "25.0", "35.0", "35.0", "37.0"]
    assert texts(board.rows[1]) == ["some-model", "reference", "55.0", "55.0", "35.0", "45.0", "45.0", "47.0"]
    assert all(cell.low <= cell.value <= cell.high for cell in board.rows[0].cells[2:])


def test_published_rows_are_marked_and_show_a_dash_where_nothing_is_verified(
    contents_of: Callable[..., Contents],
) -> None:
    board = table(contents_of({}), "pass@10, generation")
    row = next(row for row in board.rows if row.cells[0].text == "CodeGeeX-13B")
    assert row.published
    assert texts(row) == ["CodeGeeX-13B", "published", "39.6", "32.21", DASH, "32.28", "25.68", DASH]
    assert not any(row.published for row in board.rows[:2])
    assert [published_percent(share) for share in (0.75, 0.184, 0.1805)] == ["75.0", "18.4", "18.05"]


def test_a_k_that_no_run_has_gets_no_table_and_its_refusal_is_said(contents_of: Callable[..., Contents]) -> None:
    contents = contents_of({})
    assert not any("pass@100" in table.title for section in contents.sections for table in section.tables)
    assert contents.refusals == (
        ("some-model (run0)", "pass@100 is undefined: a problem has only 10 judged sample(s), fewer than 100."),
    )


def test_better_runs_stand_first(contents_of: Callable[..., Contents]) -> None:
    board = table(
        contents_of({"samples": 20, "model": "worse"}, {"samples": 10, "model": "better"}), "pass@1, generation"
    )
    assert [row.cells[0].text for row in board.rows[::2]][:2] == ["better", "worse"]


def test_translation_is_a_table_of_sources_and_targets(contents_of: Callable[..., Contents]) -> None:
    tasks = {
        f"translation-{source}-to-{target}": [f"{prefix}/{number}" for number in range(3)]
        for source in ("python", "go")
        for target, prefix in (("cpp", "CPP"), ("java", "Java"))
    }
    contents = contents_of({"tasks": tasks})
    board = table(contents, "pass@1, translation")
    assert board.columns == ("Model", "From", "Verdicts", "to Python", "to C++", "to Java", "to Go")
    assert [texts(row)[1:3] for row in board.rows[:4]] == [
        ["Python", "strict"],
        ["Python", "reference"],
        ["Go", "strict"],
        ["Go", "reference"],
    ]
    assert texts(board.rows[0])[3] == texts(board.rows[0])[6] == DASH
    assert texts(next(row for row in board.rows if row.cells[0].text == "CodeGeeX-13B-FT"))[1:] == [
        "Python",
        "published",
        DASH,
        "34.16",
        "41.98",
        "16.41",
    ]
    assert "generation" not in {section.name for section in contents.sections}


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"sampling": {"temperature": 0.2}}, "temperature (0.8, 0.2)"),
        ({"version": "fixed"}, "data version (codegeex, fixed)"),
        ({"truncation": "none"}, "truncation (strict, none)"),
    ],
)
def test_rows_that_are_not_comparable_carry_a_warning(
    contents_of: Callable[..., Contents], other: dict[str, Any], said: str
) -> None:
    assert any("Not comparable" in warning and said in warning for warning in contents_of({}, other).warnings)


AS_PUBLISHED = {"truncation": "reference", "prompt_style": "codegeex", "tasks": {"generation-java": ["Java/0"]}}


def test_comparable_rows_as_published_carry_no_warning(contents_of: Callable[..., Contents]) -> None:
    contents = contents_of(AS_PUBLISHED, {**AS_PUBLISHED, "model": "other"})
    assert contents.warnings == ()
    assert contents.labels == ()


@pytest.mark.parametrize(
    ("run", "said"),
    [
        ({"sampling": {"temperature": 0.2}}, "temperature (0.2, 0.8)"),
        ({"sampling": {"top_k": 40, "top_p": 1.0}}, "top_p (1.0, 0.95); top_k (40, 0)"),
        ({"prompt_style": "plain"}, "prompt style (plain, codegeex)"),
        ({"truncation": "strict"}, "truncation (strict, reference)"),
        ({"sampling": {"temperature": None}}, "settings that the run does not state (temperature)"),
    ],
)
def test_a_row_made_unlike_the_published_ones_beside_it_carries_a_warning(
    contents_of: Callable[..., Contents], run: dict[str, Any], said: str
) -> None:
    contents = contents_of({**AS_PUBLISHED, **run}, {**AS_PUBLISHED, **run, "model": "other"})
    (warning,) = [each for each in contents.warnings if "published" in each]
    assert warning == (
        f"Compare with care: some-model (run0), other (run1) and the published rows of CodeGeeX differ in {said}."
    )
    words = Words()
    words.say(warning)
    assert list(words.used) == [warning]


def test_published_rows_are_compared_with_runs_on_their_languages_and_data_alone(
    contents_of: Callable[..., Contents], make_run: RunWriter
) -> None:
    python = contents_of({"tasks": {"generation-python": ["Python/0"]}})
    assert [warning.partition("rows of ")[2].split()[0] for warning in python.warnings] == ["CodeGeeX", "CodeGen"]
    smoke = make_run("smoke", version="smoke")
    assert not any("rows of " in warning for warning in build_contents([read_summary(smoke)]).warnings)


def test_smoke_data_and_model_are_labelled_in_every_row(contents_of: Callable[..., Contents]) -> None:
    contents = contents_of({"version": "smoke", "model": "smoke", "purpose": "This model is a toy."})
    assert any("smoke set, not the benchmark" in label for _, label in contents.labels)
    assert any(label == "This model is a toy." for _, label in contents.labels)
    assert table(contents, "pass@1, generation").rows[0].cells[0].mark == "see the notes"
    assert any("published rows" in warning for warning in contents.warnings)


def test_statuses_are_shares_of_the_judged_samples(contents_of: Callable[..., Contents]) -> None:
    statuses = table(contents_of({}), "Strict statuses")
    assert statuses.columns == ("Model", "Language", "Samples", "passed", "wrong answer")
    assert texts(statuses.rows[0]) == ["some-model", "Python", "60", "45.0", "55.0"]


def test_provenance_holds_every_entry_of_the_manifests(contents_of: Callable[..., Contents]) -> None:
    entries = {row.cells[0].text: row.cells[1].text for row in table(contents_of({}), "some-model (run0)").rows}
    assert entries["run.data.sha256.go"] == "codegeex-go"
    assert entries["run.sampling.temperature"] == "0.8"
    assert entries["evaluation.sandbox.images.python"] == "sha256:0"
    assert not any(name.startswith("run.tasks") for name in entries)
