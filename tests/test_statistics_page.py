"""docs/statistics.md: its examples run, and its figures are the ones that come out."""

from __future__ import annotations

import doctest
import re

from checkout import ROOT

PAGE = ROOT / "docs" / "statistics.md"


def test_every_example_of_the_page_gives_what_the_page_says() -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner(verbose=False)
    example = parser.get_doctest("\n".join(blocks), {}, "statistics.md", str(PAGE), 0)
    assert len(example.examples) > 10
    said: list[str] = []
    runner.run(example, out=said.append)
    assert not said, "".join(said)


def test_the_figures_worked_out_by_hand_are_those_of_the_examples() -> None:
    text = re.sub(r"\s+", " ", PAGE.read_text(encoding="utf-8"))
    for sentence, figure in (
        ("so 5/6", "0.8333333333333334"),
        ("2/70", repr(2 / 70)),
        ("34 of the 70", repr(34 / 70)),
        ("for certain: 3/4", "uniform (1, 1) 0.750"),
    ):
        assert sentence in text
        assert figure in text
