"""MultiPL-E's files: a folder with one `HumanEval_<number>_<name>.json.gz` for each problem, all completions in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from humaneval_x.errors import DataError, UsageError
from humaneval_x.formats.content import Content, write_json
from humaneval_x.formats.given import GivenSample, Source, Stated
from humaneval_x.jsonl import open_bytes, parse_value
from humaneval_x.languages import language_names, read_language
from humaneval_x.records import Problem

__all__ = ["files_of", "read", "recognises", "recognises_folder", "stated", "write_results", "write_samples"]

_NAME = re.compile(r"HumanEval_(?P<number>\d+)(?:_.*)?")
_RESULTS = (".results.json", ".results.json.gz")
# Its names for languages; those that are the same as here are left out.
_LANGUAGES = {"py": "python", "go_test.go": "go", "javascript": "js"}


def recognises(row: Mapping[str, object]) -> bool:
    """An object with a name and a list of completions."""
    return "completions" in row and "name" in row


def recognises_folder(path: Path) -> bool:
    """A folder with such files."""
    return bool(files_of(path))


def files_of(path: Path) -> list[Path]:
    """The files of completions, by problem number; those of results are left out."""
    if path.is_file():
        return [path]
    found = [
        (int(match["number"]), entry)
        for entry in path.iterdir()
        if entry.name.endswith((".json", ".json.gz")) and not entry.name.endswith(_RESULTS)
        if (match := _NAME.match(entry.name))
    ]
    return [entry for _, entry in sorted(found)]


def read(source: Source) -> Iterator[GivenSample]:
    """The samples. Raises DataError for files that answer other prompts than this benchmark's.

    MultiPL-E has prompts and tests of its own in every language but those that it was given by others: a completion of
    one does not fit the other's signature.
    """
    for file in files_of(source.path):
        table = _table(file)
        match = _NAME.fullmatch(str(table.get("name")))
        if match is None:
            raise DataError(f"{file}: name {table.get('name')!r} does not begin with HumanEval_ and a number")
        language = read_language(_language(table, file))
        task_id = f"{language.task_prefix}/{match['number']}"
        _check_prompt(table, source.problem_of(task_id), file)
        for position, text in enumerate(_completions(table, file)):
            yield GivenSample(
                task=f"generation-{language.name}",
                task_id=task_id,
                number=position,
                text=text,
                where=f"{file}: completion {position}",
            )


def stated(path: Path) -> Stated:
    """What the first file says of temperature, top-p and tokens."""
    files = files_of(path)
    table = _table(files[0]) if files else {}
    numbers = {
        name: table[name] for name in ("temperature", "top_p", "max_tokens") if type(table.get(name)) in {int, float}
    }
    return Stated(**numbers)


def write_samples(out: Path, content: Content) -> Iterator[Path]:
    """A folder `<task>/` with a file for each problem. Raises UsageError for a translation."""
    samples: dict[str, list[tuple[int, str]]] = {problem.task_id: [] for problem in content.problems}
    for sample in content.samples():
        if sample.whole:
            raise UsageError(
                f"MultiPL-E's files put the prompt before every completion, and sample {sample.completion_id} of "
                f"{sample.task_id} is a whole program: give another --format"
            )
        samples[sample.task_id].append((sample.completion_id, sample.text))
    for problem in content.problems:
        table = {**_head(content, problem), "completions": [text for _, text in sorted(samples[problem.task_id])]}
        yield write_json(out / content.task / f"{table['name']}.json{content.suffix}", table)


def write_results(out: Path, content: Content) -> Iterator[Path]:
    """The same folder's `<name>.results.json`, with the programs that this harness ran."""
    found: dict[str, list[tuple[int, dict[str, Any]]]] = {problem.task_id: [] for problem in content.problems}
    for each in content.judged():
        row = {
            "program": each.program.source,
            "stdout": "",
            "stderr": each.verdict.detail,
            "exit_code": 0 if each.passed else 1,
            "status": _status(each.passed, each.verdict.status),
            "timestamp": 0,
        }
        found[each.completion.task_id].append((each.completion.completion_id, row))
    for problem in content.problems:
        rows = [row for _, row in sorted(found[problem.task_id], key=lambda pair: pair[0])]
        table = {**_head(content, problem), "results": rows}
        yield write_json(out / content.task / f"{table['name']}.results.json{content.suffix}", table)


def _head(content: Content, problem: Problem) -> dict[str, Any]:
    if not content.task.startswith("generation"):
        raise UsageError(f"MultiPL-E's files hold no translations, so {content.task} cannot be written")
    names = {ours: theirs for theirs, ours in _LANGUAGES.items()}
    return {
        "name": f"HumanEval_{problem.number}",
        "language": names.get(problem.language, problem.language) if problem.language != "js" else "js",
        "temperature": content.sampling.get("temperature"),
        "top_p": content.sampling.get("top_p"),
        "max_tokens": content.sampling.get("max_tokens"),
        "prompt": content.start(problem),
        "tests": problem.test,
        "stop_tokens": [],
    }


def _status(passed: bool, status: str) -> str:
    if passed:
        return "OK"
    return {"cpu_limit": "Timeout", "wall_limit": "Timeout", "compile_error": "SyntaxError"}.get(status, "Exception")


def _table(file: Path) -> dict[str, Any]:
    try:
        with open_bytes(file) as stream:
            table = parse_value(stream.read(), str(file))
    except (OSError, EOFError) as error:
        raise DataError(f"{file}: cannot be read: {error}") from error
    if not isinstance(table, dict):
        raise DataError(f"{file}: no JSON object: not a file of MultiPL-E")
    return table


def _language(table: Mapping[str, Any], file: Path) -> str:
    said = table.get("language")
    name = _LANGUAGES.get(str(said), str(said))
    if name not in language_names():
        raise DataError(f"{file}: language {said!r} is none of this harness's: {', '.join(language_names())}")
    return name


def _completions(table: Mapping[str, Any], file: Path) -> list[str]:
    texts = table.get("completions")
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise DataError(f"{file}: completions is no list of strings")
    return texts


def _check_prompt(table: Mapping[str, Any], problem: Problem, file: Path) -> None:
    if str(table.get("prompt")).strip() != problem.prompt.strip():
        raise DataError(
            f"{file}: answers MultiPL-E's own prompt, not that of {problem.task_id}: its completions fit MultiPL-E's "
            "signatures and tests, so this benchmark's tests cannot judge them; draw samples for this benchmark's "
            "prompts (humaneval-x export --format multipl-e on a run of them shows the form)"
        )
