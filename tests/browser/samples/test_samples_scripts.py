"""What the sample browser's page computes: differences of lines, and which parts of a program are what."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from humaneval_x.datasets import read_problems
from humaneval_x.languages import language_names
from humaneval_x.resources import resource_folder

pytestmark = pytest.mark.browser

SOURCES = resource_folder("reports") / "templates" / "samples"
NAMES = ("diff.js", "text.js", "colours.js")


@pytest.fixture
def run(new_page: Any) -> Iterator[Any]:
    """Evaluates a function of one argument among the page's own."""
    page = new_page()
    source = "".join((SOURCES / name).read_text("utf-8") for name in NAMES)

    def evaluate(function: str, argument: object) -> Any:
        return page.evaluate(f"(argument) => {{ {source}; return ({function})(argument); }}", argument)

    yield evaluate


def edits(run: Any, pairs: list[tuple[str, str]]) -> list[list[tuple[str, str]] | None]:
    found: list[list[tuple[str, str]] | None] = run("(pairs) => pairs.map(([a, b]) => difference(a, b))", pairs)
    return found


def distance(one: list[str], other: list[str]) -> int:
    """The fewest lines taken out and put in, by the plain table."""
    row = list(range(len(other) + 1))
    for place, line in enumerate(one, 1):
        before, row = row, [place]
        for position, counterpart in enumerate(other, 1):
            same = before[position - 1] if line == counterpart else len(one) + len(other)
            row.append(min(same, before[position] + 1, row[-1] + 1))
    return row[-1]


def test_a_difference_makes_one_text_of_the_other_in_the_fewest_steps(run: Any) -> None:
    chance = random.Random(7)
    pairs = [
        (
            "\n".join(chance.choices("abcd", k=chance.randrange(9))),
            "\n".join(chance.choices("abcd", k=chance.randrange(9))),
        )
        for _ in range(400)
    ]
    for (one, other), found in zip(pairs, edits(run, pairs), strict=True):
        assert found is not None
        lines, others = (text.split("\n") if text else [] for text in (one, other))
        assert [line for sign, line in found if sign != "+"] == lines
        assert [line for sign, line in found if sign != "-"] == others
        assert sum(sign != " " for sign, _ in found) == distance(lines, others)


def test_a_difference_of_long_texts_is_found(run: Any) -> None:
    one = [f"line {number % 37}" for number in range(3000)]
    other = [*one[:900], "new", *one[950:2000], "newer", "newest", *one[2000:]]
    (found,) = edits(run, [("\n".join(one), "\n".join(other))])
    assert found is not None
    assert [line for sign, line in found if sign != "-"] == other
    assert sum(sign != " " for sign, _ in found) == 50 + 1 + 2


def test_texts_that_are_too_different_are_not_compared(run: Any) -> None:
    different = ("\n".join(f"a{number}" for number in range(2000)), "\n".join(f"b{number}" for number in range(2000)))
    assert edits(run, [different, ("\n".join("a" * 30_000), "a")]) == [None, None]


def test_newlines_at_the_end_are_no_difference(run: Any) -> None:
    assert edits(run, [("a\nb\n", "a\nb\n\n")]) == [[[" ", "a"], [" ", "b"]]]


CODE = {
    "python": ('x = \'a\' + """b\nc"""  # d\n@wraps\nreturn f(1_0.5e3)', ["'a'", '"""b\nc"""', "# d", "@wraps"]),
    "cpp": (
        '#include <map>\nauto s = R"x(a")x"; // d\nreturn f(0x1F);',
        ["#include <map>", 'R"x(a")x"', "// d", "0x1F"],
    ),
    "java": ('String s = "a\\"b"; /* d\ne */ return f(\'c\');', ["String", '"a\\"b"', "/* d\ne */", "return", "'c'"]),
    "js": ("const s = `a\n${b}`; // d\nreturn f(1);", ["const", "`a\n${b}`", "// d", "return", "1"]),
    "go": ('var s = `a\\`; return f("b") // d', ["var", "`a\\`", "return", '"b"', "// d"]),
}


@pytest.mark.parametrize("language", CODE)
def test_comments_strings_and_keywords_are_told_apart(run: Any, language: str) -> None:
    text, parts = CODE[language]
    tokens = run("([text, language]) => tokensOf(text, language)", [text, language])
    starts = [0, *(end for end, _ in tokens)]
    found = [text[start:end] for start, (end, kind) in zip(starts, tokens, strict=False) if kind]
    assert [part for part in found if part in parts] == parts
    assert "f" in found


@pytest.mark.parametrize("language", language_names())
def test_tokens_follow_each_other_over_every_solution(run: Any, language: str) -> None:
    assert language in CODE, "a new language needs a pattern in colours.js, or it is shown without colours"
    texts = [
        problem.prompt + problem.canonical_solution + problem.test for problem in read_problems("smoke", [language])
    ]
    for text, tokens in zip(
        texts, run(f"(all) => all.map((text) => tokensOf(text, '{language}'))", texts), strict=True
    ):
        ends = [end for end, _ in tokens]
        assert ends == sorted(set(ends)) and 0 < ends[-1] <= len(text)
        assert sum(kind == "is-keyword" for _, kind in tokens) > 2


PIECES = ['"', "'", "\\", '"\\', "/*", "`", '"""', "'''", 'R"(', "@", "#", "0x", "a(", "\u05d0"]


@pytest.mark.parametrize("language", CODE)
def test_no_text_keeps_the_colours_from_coming_to_an_end(run: Any, language: str) -> None:
    function = "([pieces, language]) => pieces.map((each) => tokensOf(each.repeat(60_000), language).length >= 0)"
    assert run(function, [PIECES, language]) == [True] * len(PIECES)


def test_a_text_that_is_too_long_goes_without_colours(run: Any) -> None:
    assert run("(text) => tokensOf(text, 'python')", "return 1\n" * 30_000) == []
