from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from humaneval_x import comparability, summaries
from humaneval_x.reporting import leaderboard
from humaneval_x.reporting.contents import build_contents
from humaneval_x.reporting.summary import read_summary
from humaneval_x.reporting.webpage import webpage
from humaneval_x.reporting.wording import status_title
from humaneval_x.reporting.words import Words
from humaneval_x.verdicts import DISAGREEMENTS, STATUSES

RunWriter = Callable[..., Path]

PAIRS = {f"translation-{one}-to-go": [f"Go/{number}" for number in range(4)] for one in ("python", "cpp")}


def said_by(*functions: Callable[..., object]) -> list[str]:
    """The sentences in those functions: strings of several words, with figures in their places."""
    found = []
    for function in functions:
        tree = ast.parse(inspect.getsource(function))
        inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                parts = [part.value if isinstance(part, ast.Constant) else "7" for part in node.values]
                found.append("".join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner:
                found.append(node.value)
        docstrings = [
            ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
        ]
        # What holds no word of its own is a name with two values, whose name is looked up by itself.
        found = [text for text in found if re.search("[a-z]{2}", text) and " " in text.strip(" ,.")]
        found = [text for text in found if text not in docstrings]
    return found


def test_every_word_of_a_page_has_a_translation(make_run: RunWriter) -> None:
    runs = [
        read_summary(make_run("one", model="m")),
        read_summary(make_run("warm", model="m", sampling={"temperature": 0.2})),
        read_summary(make_run("partial", model="n", version="smoke", unjudged=3)),
        read_summary(make_run("pairs", model="m", tasks=PAIRS)),
    ]
    runs[2] = replace(runs[2], engine="canonical", example_tests=True)
    words = Words()
    webpage(build_contents(runs, best_temperature=True), words)
    webpage(replace(build_contents(runs, best_temperature=True), beside=frozenset({"csv", "samples", "charts"})), words)
    assert list(words.missing) == []
    assert words.used["Overall"] == "总体"
    assert words.used["samples judged"] == "已判定样本"
    assert words.used["pass@1, generation"] == "pass@1，代码生成"


def test_every_status_and_every_reason_has_a_translation() -> None:
    words = Words()
    for text in [*map(status_title, STATUSES), *DISAGREEMENTS.values()]:
        assert words.translate(text), text


def test_every_note_and_every_difference_between_runs_has_a_translation() -> None:
    words = Words()
    notes = said_by(summaries.labels_of, summaries._labels_of_given, summaries.gaps_of)
    said = said_by(
        comparability.differences,
        comparability._hash_differences,
        comparability._sampling_differences,
        comparability._shifts,
        comparability._unknown,
    )
    assert len(notes) >= 9 and len(said) >= 16
    for text in notes:
        assert words.translate(text) or text.startswith("Partial: "), text
    said += [f"{name} (1, 2)" for name in comparability._SAMPLING]
    for text in said:
        assert words.translate(text) or text == "7 (7, 7)", text


def test_sentences_are_translated_around_the_names_in_them() -> None:
    words = Words()
    assert words.translate(
        "Not comparable: a (x) and b (y) differ in temperature (0.2, 0.8); truncation (strict, none)."
    ) == ("不可比较：a (x) 与 b (y) 的以下方面不同：温度（0.2，0.8）；截断规则（strict，none）。")
    assert words.translate(
        "Compare with care: a and b differ in languages (go; go cpp): do not compare the overall figures."
    ) == ("比较时须谨慎：a 与 b 的以下方面不同：语言（go; go cpp）：请勿比较总体数值。")
    assert words.translate(
        "pass@100 is undefined for C++, Overall: a problem has only 5 judged sample(s), fewer than 100."
    ) == ("pass@100 对 C++、总体 无定义：有题目仅 5 个已判定样本，少于 100 个。")


def test_what_has_no_translation_is_said_as_it_is_and_noted() -> None:
    words = Words()
    assert words.say("Such a word is nowhere") == "Such a word is nowhere"
    assert list(words.missing) == ["Such a word is nowhere"]
    assert words.say("12.5") == "12.5"
    assert words.say("C++ → Go") == "C++ → Go"
    assert len(words.missing) == 1


@pytest.mark.parametrize("mark", [leaderboard.NOTED])
def test_marks_are_words(mark: str) -> None:
    assert Words().translate(mark)
