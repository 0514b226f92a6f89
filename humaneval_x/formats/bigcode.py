"""Files of the bigcode evaluation harness: one JSON list for each problem, in the data's order, of whole texts.

They hold neither task ids nor the language; that stands in the file's name, as in
`generations_humanevalsynthesize-cpp.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from humaneval_x.errors import DataError, UsageError
from humaneval_x.formats.content import Content, opened, write_json
from humaneval_x.formats.given import GivenSample, Source
from humaneval_x.jsonl import read_items
from humaneval_x.languages import read_language

__all__ = ["read", "recognises", "write_results", "write_samples"]


def recognises(_row: object) -> bool:
    """No object: its files are lists."""
    return False


def read(source: Source) -> Iterator[GivenSample]:
    """The samples, without the prompt that each begins with; the blanks at the prompt's end may be missing.

    Raises DataError for a text that does not begin with its problem's prompt: it answers another data set.
    """
    if source.pair is not None:
        raise UsageError(f"{source.path}: files of the bigcode harness hold no translations of this benchmark")
    language = read_language(source.language)
    for number, texts in enumerate(read_items(source.path)):
        task_id = f"{language.task_prefix}/{number}"
        if not isinstance(texts, list):
            raise DataError(f"{source.path}: item {number} is no list of texts: not a file of the bigcode harness")
        for position, text in enumerate(texts):
            where = f"{source.path}: item {number}, text {position}"
            if not isinstance(text, str):
                raise DataError(f"{where} is {type(text).__name__}, not a string")
            yield GivenSample(
                task=f"generation-{language.name}",
                task_id=task_id,
                number=position,
                text=_completion(text, source.problem_of(task_id).prompt, where),
                where=where,
            )


def write_samples(out: Path, content: Content) -> Iterator[Path]:
    """`generations_humanevalsynthesize-<language>.json`, prompt included.

    Raises UsageError for a translation, and for a run that lacks a problem of the data, since position says which is
    meant.
    """
    language = _require_all(content)
    texts: dict[str, list[tuple[int, str]]] = {problem.task_id: [] for problem in content.problems}
    starts = {problem.task_id: content.start(problem) for problem in content.problems}
    for sample in content.samples():
        whole = sample.text if sample.whole else starts[sample.task_id] + sample.text
        texts[sample.task_id].append((sample.completion_id, whole))
    path = out / f"generations_humanevalsynthesize-{language}.json{content.suffix}"
    with opened(path) as file:
        file.write(b"[")
        for position, found in enumerate(texts.values()):
            file.write(b",\n" if position else b"")
            file.write(json.dumps([text for _, text in sorted(found)]).encode("ascii"))
        file.write(b"]\n")
    yield path


def write_results(out: Path, content: Content) -> Iterator[Path]:
    """`evaluation_results_humanevalsynthesize-<language>.json`: pass@k, and how the samples were drawn."""
    name = f"humanevalsynthesize-{_require_all(content)}"
    table = {
        name: {f"pass@{k}": value for k, value in content.pass_at().items()},
        "config": {"model": content.model, **content.sampling},
    }
    yield write_json(out / f"evaluation_results_{name}.json{content.suffix}", table)


def _completion(text: str, prompt: str, where: str) -> str:
    if text.startswith(prompt):
        return text.removeprefix(prompt)
    for begins in (prompt.rstrip(), prompt.strip()):
        if text.startswith(begins):
            return text.removeprefix(begins)
    raise DataError(
        f"{where} does not begin with the problem's prompt: it answers another data set or data version "
        "(--data-version), or an instruction, whose texts this format cannot tell from the code"
    )


def _require_all(content: Content) -> str:
    kind, _, language = content.task.partition("-")
    if kind != "generation":
        raise UsageError(f"files of the bigcode harness hold no translations, so {content.task} cannot be written")
    numbers = [problem.number for problem in content.problems]
    if numbers != list(range(len(numbers))):
        raise UsageError(
            f"files of the bigcode harness name no task ids, only positions, so a run that lacks problems cannot be "
            f"written: {content.task} has {len(numbers)} problems up to number {max(numbers)}"
        )
    return language
