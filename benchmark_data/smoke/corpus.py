"""The text that the project's own tiny model is trained on: all of it our own, the same for the same seed.

Three kinds of document, each ended by `END_OF_TEXT`:

- the smoke set's prompts with a completion. Some are wrong on purpose: `SHARES` says how many of a problem's documents
  hold the solution, and `HELD_OUT` which problems are left out, so that a model that has learned this text well
  solves a known part of the set, neither nothing nor all. What it scores says nothing of models;
- the same as translations from one language to another;
- small functions made from templates, in all five languages, so that the text is more than the set.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from build import LANGUAGES
from small_functions import small_functions

__all__ = ["END_OF_TEXT", "HELD_OUT", "Answer", "documents", "prompts_and_answers"]

FOLDER = Path(__file__).resolve().parent
END_OF_TEXT = "<|endoftext|>"

# Problems that no document shows, in any language.
HELD_OUT = (6, 12)
# The part of a problem's documents that hold its solution; which one depends on the problem and the language.
SHARES = (0.9, 0.7, 0.5, 0.35, 0.2)
COPIES = 20  # documents of each problem in each language
TAGGED = 4  # of these, how many open with the language tag line
SMALL_FUNCTIONS = 400  # templated functions, each in five languages

# Endless loops and endless output are left out: each sample of them would cost its whole limit.
WRONG_STATUSES = ("wrong_answer", "compile_error", "runtime_error", "exited_early")

TITLES = {"python": "Python", "cpp": "C++", "java": "Java", "js": "JavaScript", "go": "Go"}
TAG_LINES = {
    language: f"{'#' if language == 'python' else '//'} language: {title}" for language, title in TITLES.items()
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A prompt of the smoke set and one completion of it; `copies` documents of the corpus hold it as a generation.

    `status` is `passed` for the solution, else the strict status of the wrong completion.
    """

    task_id: str
    language: str
    prompt: str
    completion: str
    status: str
    copies: int


def prompts_and_answers() -> list[Answer]:
    """What the corpus teaches of the smoke set; problems in `HELD_OUT` are absent."""
    answers = []
    for column, language in enumerate(LANGUAGES):
        wrong = _rows(f"wrong_{language}.jsonl")
        for number, problem in enumerate(_rows(f"humaneval_{language}.jsonl")):
            if number in HELD_OUT:
                continue
            mistakes = [
                (row["completion"], row["status"])
                for row in wrong
                if row["task_id"] == problem["task_id"] and row["status"] in WRONG_STATUSES
            ]
            right = round(COPIES * SHARES[(number + 2 * column) % len(SHARES)])
            copies = [right, *_split(COPIES - right, len(mistakes))]
            texts = [(problem["canonical_solution"], "passed"), *mistakes]
            answers += [
                Answer(
                    task_id=problem["task_id"],
                    language=language,
                    prompt=problem["prompt"],
                    completion=completion,
                    status=status,
                    copies=count,
                )
                for (completion, status), count in zip(texts, copies, strict=True)
                if count
            ]
    return answers


def documents(seed: int) -> list[str]:
    """All documents in a shuffled order, each ended by `END_OF_TEXT`; the same list for the same seed."""
    rng = random.Random(seed)
    texts = []
    for specification in small_functions(rng, SMALL_FUNCTIONS):
        for language, spelling in LANGUAGES.items():
            prompt = spelling.fields(specification)["prompt"]
            texts.append(prompt + spelling.completion(specification["solution"][language]))
    texts += _problem_documents(rng)
    texts += _translation_documents(rng)
    rng.shuffle(texts)
    return [text + END_OF_TEXT for text in texts]


def _problem_documents(rng: random.Random) -> list[str]:
    texts: dict[str, list[str]] = {}
    tags = {}
    for answer in prompts_and_answers():
        texts.setdefault(answer.task_id, []).extend([answer.prompt + answer.completion] * answer.copies)
        tags[answer.task_id] = TAG_LINES[answer.language]
    tagged = []
    for task_id, copies in texts.items():
        rng.shuffle(copies)
        tagged += [f"{tags[task_id]}\n{text}" if i < TAGGED else text for i, text in enumerate(copies)]
    return tagged


def _translation_documents(rng: random.Random) -> list[str]:
    """Each taught problem in each of the twenty directions, the target's completion drawn by its share."""
    problems = {language: _rows(f"humaneval_{language}.jsonl") for language in LANGUAGES}
    answers: dict[str, list[Answer]] = {}
    for answer in prompts_and_answers():
        answers.setdefault(answer.task_id, []).append(answer)
    texts = []
    for source, target in ((source, target) for source in LANGUAGES for target in LANGUAGES if source != target):
        for given, wanted in zip(problems[source], problems[target], strict=True):
            choices = answers.get(wanted["task_id"])
            if choices is None:
                continue
            drawn = rng.choices(choices, weights=[answer.copies for answer in choices])[0]
            known = given["declaration"] + given["canonical_solution"].rstrip()
            opening = f"code translation\n{TITLES[source]}:\n{known}\n{TITLES[target]}:\n"
            texts.append(opening + wanted["declaration"] + drawn.completion)
    return texts


def _split(total: int, parts: int) -> list[int]:
    """That total in nearly equal whole parts, the larger ones first."""
    return [total // parts + (1 if i < total % parts else 0) for i in range(parts)]


def _rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()]
