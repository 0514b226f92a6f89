from __future__ import annotations

from humaneval_x.reporting.published import read_published


def row(model: str, task: str) -> dict[tuple[str, int], float]:
    return next(row.scores for row in read_published() if (row.model, row.task) == (model, task))


def test_published_figures_are_shares_as_printed_at_their_source() -> None:
    assert row("CodeGeeX-13B", "generation")["python", 1] == 0.229
    assert row("CodeGen-Multi-16B", "generation")["go", 100] == 0.4877
    assert row("CodeGen-Mono-16B", "generation") == {
        ("python", 1): 0.2928,
        ("python", 10): 0.4986,
        ("python", 100): 0.75,
    }
    assert row("CodeGeeX-13B-FT", "translation")["cpp-to-java", 10] == 0.8162


def test_a_figure_that_was_not_verified_is_absent() -> None:
    assert ("java", 10) not in row("CodeGeeX-13B", "generation")
    assert ("java", 1) in row("CodeGeeX-13B", "generation")


def test_translation_rows_hold_all_twenty_pairs() -> None:
    rows = [row for row in read_published() if row.task == "translation"]
    assert len(rows) == 3
    assert all(len({group for group, _ in row.scores}) == 20 for row in rows)


def test_every_row_names_its_source_and_grows_with_k() -> None:
    for row in read_published():
        assert row.source
        for (group, k), share in row.scores.items():
            assert all(other >= share for (name, larger), other in row.scores.items() if name == group and larger > k)
