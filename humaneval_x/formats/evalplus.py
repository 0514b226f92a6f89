"""EvalPlus' files: `task_id` and `solution` (a whole program) or `completion`; or a folder HumanEval_0/0.py."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from humaneval_x.errors import DataError, UsageError
from humaneval_x.formats.content import Content, extras_of, write_json, write_rows
from humaneval_x.formats.given import GivenSample, Source, fields_of, text_field
from humaneval_x.formats.humaneval import their_id
from humaneval_x.jsonl import read_rows
from humaneval_x.records import Completion

__all__ = ["read", "recognises", "recognises_folder", "write_results", "write_samples"]

_FOLDER = re.compile(r"HumanEval_(\d+)")
_FILE = re.compile(r"(\d+)\.py")


def recognises(row: Mapping[str, object]) -> bool:
    """Rows with a `solution`."""
    return "solution" in row and "task_id" in row


def recognises_folder(path: Path) -> bool:
    """A folder of folders HumanEval_N."""
    return any(entry.is_dir() and _FOLDER.fullmatch(entry.name) for entry in path.iterdir())


def read(source: Source) -> Iterator[GivenSample]:
    """The samples. A solution that begins with the prompt is taken as its completion, any other as a whole program."""
    if source.path.is_dir():
        yield from _read_folder(source)
        return
    for line, row in read_rows(source.path):
        where = f"{source.path}:{line}"
        task, task_id = source.task_of(text_field(row, "task_id", where), where)
        if "solution" in row:
            text = text_field(row, "solution", where).removeprefix(str(row.get("preamble", "")))
            given = _solution(source, task, task_id, text)
        else:
            given = {"text": text_field(row, "completion", where)}
        yield GivenSample(task=task, task_id=task_id, where=where, **{**fields_of(row, where), **given})


def write_samples(out: Path, content: Content) -> Iterator[Path]:
    """`<task>.jsonl` with solutions. Raises UsageError for another task than Python's generation."""
    _require_python(content)
    yield write_rows(out / f"{content.task}.jsonl{content.suffix}", _rows(content))


def write_results(out: Path, content: Content) -> Iterator[Path]:
    """`<task>_eval_results.json`. The plus tests are EvalPlus' own and were not run: their status is null."""
    _require_python(content)
    starts = {problem.task_id: content.start(problem) for problem in content.problems}
    results: dict[str, list[dict[str, Any]]] = {}
    for each in sorted(content.judged(), key=lambda each: each.completion.completion_id):
        task_id = their_id(each.completion.task_id)
        results.setdefault(task_id, []).append(
            {
                "task_id": task_id,
                "solution": _whole_text(each.completion, starts),
                "base_status": _status(each.passed, each.verdict.status),
                "plus_status": None,
                "base_fail_tests": [],
                "plus_fail_tests": [],
            }
        )
    table = {
        "date": "",
        "hash": "",
        "eval": results,
        "pass_at_k": {"base": {f"pass@{k}": value for k, value in content.pass_at().items()}},
    }
    yield write_json(out / f"{content.task}_eval_results.json{content.suffix}", table)


def _rows(content: Content) -> Iterator[dict[str, Any]]:
    starts = {problem.task_id: content.start(problem) for problem in content.problems}
    for sample in content.samples():
        yield {
            "task_id": their_id(sample.task_id),
            "solution": _whole_text(sample, starts),
            "completion_id": sample.completion_id,
            **extras_of(sample),
        }


def _whole_text(sample: Completion, starts: Mapping[str, str]) -> str:
    return sample.text if sample.whole else sample.preamble + starts[sample.task_id] + sample.text


def _status(passed: bool, status: str) -> str:
    if passed:
        return "pass"
    return "timeout" if status in {"cpu_limit", "wall_limit"} else "fail"


def _solution(source: Source, task: str, task_id: str, text: str) -> dict[str, Any]:
    prompt = source.problem_of(task_id).prompt
    if task.startswith("generation") and text.startswith(prompt):
        return {"text": text.removeprefix(prompt), "whole": False}
    return {"text": text, "whole": True}


def _read_folder(source: Source) -> Iterator[GivenSample]:
    folders = [(int(match[1]), entry) for entry in source.path.iterdir() if (match := _FOLDER.fullmatch(entry.name))]
    for number, folder in sorted(folders):
        files = [(int(match[1]), entry) for entry in folder.iterdir() if (match := _FILE.fullmatch(entry.name))]
        for completion_id, file in sorted(files):
            task, task_id = source.task_of(f"HumanEval/{number}", str(file))
            try:
                text = file.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise DataError(f"{file}: cannot be read as UTF-8: {error}") from error
            yield GivenSample(
                task=task,
                task_id=task_id,
                number=completion_id,
                where=str(file),
                **_solution(source, task, task_id, text),
            )


def _require_python(content: Content) -> None:
    if content.task != "generation-python":
        raise UsageError(f"EvalPlus' files hold Python alone, not {content.task}: give --languages python")
