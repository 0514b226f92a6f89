"""The text that the tiny model is trained on: the same each time, and partly wrong by intent in every language."""

from __future__ import annotations

import importlib
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

SMOKE = Path(__file__).resolve().parents[1] / "benchmark_data" / "smoke"
LANGUAGES = ("python", "cpp", "java", "js", "go")


@pytest.fixture(scope="module")
def corpus() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(SMOKE))
        yield importlib.import_module("corpus")


@pytest.fixture(scope="module")
def documents(corpus: ModuleType) -> list[str]:
    return list(corpus.documents(seed=0))


def test_same_seed_gives_the_same_documents_and_another_seed_others(corpus: ModuleType, documents: list[str]) -> None:
    assert corpus.documents(0) == documents
    assert corpus.documents(1) != documents


def test_every_document_ends_with_the_only_end_of_text_in_it(corpus: ModuleType, documents: list[str]) -> None:
    assert all(text.endswith(corpus.END_OF_TEXT) and text.count(corpus.END_OF_TEXT) == 1 for text in documents)


def test_every_language_is_taught_right_and_wrong_answers(corpus: ModuleType) -> None:
    share: dict[str, Counter[bool]] = defaultdict(Counter)
    for answer in corpus.prompts_and_answers():
        share[answer.language][answer.status == "passed"] += answer.copies
    assert set(share) == set(LANGUAGES)
    for language, counts in share.items():
        assert 0.35 < counts[True] / counts.total() < 0.7, language


def test_answers_are_the_problem_sets_own_and_never_run_without_end(corpus: ModuleType) -> None:
    known = set()
    for language in LANGUAGES:
        for line in (SMOKE / f"humaneval_{language}.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            known.add((row["task_id"], row["canonical_solution"], "passed"))
        for line in (SMOKE / f"wrong_{language}.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            known.add((row["task_id"], row["completion"], row["status"]))
    answers = corpus.prompts_and_answers()
    assert {(answer.task_id, answer.completion, answer.status) for answer in answers} <= known
    assert not {answer.status for answer in answers} & {"cpu_limit", "output_limit"}
    assert min(answer.copies for answer in answers) > 0


def test_answers_stand_in_the_documents_as_often_as_they_say(corpus: ModuleType, documents: list[str]) -> None:
    counts = Counter(text.removesuffix(corpus.END_OF_TEXT) for text in documents)
    tagged: Counter[str] = Counter()
    for text, count in counts.items():
        first, _, rest = text.partition("\n")
        if first in corpus.TAG_LINES.values():
            tagged[rest] += count
    for answer in corpus.prompts_and_answers():
        text = answer.prompt + answer.completion
        assert counts[text] + tagged[text] == answer.copies, answer.task_id


def test_held_out_problems_stand_in_no_document(corpus: ModuleType, documents: list[str]) -> None:
    for language in LANGUAGES:
        lines = (SMOKE / f"humaneval_{language}.jsonl").read_text(encoding="utf-8").splitlines()
        for number in corpus.HELD_OUT:
            row = json.loads(lines[number])
            signature = row["declaration"].strip().rsplit("\n", 1)[-1]
            assert not any(signature in text for text in documents)


def test_small_functions_have_names_of_their_own_and_examples_that_hold(corpus: ModuleType) -> None:
    problems = importlib.import_module("build").read_specifications()
    functions = corpus.small_functions(random.Random(7), 60)
    names = [function["name"] for function in functions]
    assert len(set(names) | {problem["name"] for problem in problems}) == len(names) + len(problems)
    python = corpus.LANGUAGES["python"]
    for function in functions:
        fields = python.fields(function)
        exec(fields["prompt"] + python.completion(function["solution"]["python"]) + fields["example_test"], {})


def test_no_test_of_the_set_is_in_the_corpus(documents: list[str]) -> None:
    joined = "\n".join(documents)
    for word in ("def check(", "console.assert", "assert.Equal", "AssertionError", "#include<assert.h>"):
        assert word not in joined
