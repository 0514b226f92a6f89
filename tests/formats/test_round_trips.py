"""A run written in each format and read again is the same run, but for what the format says that it cannot hold."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from written_runs import TEXTS

from humaneval_x.errors import DataError, IncomparableError, IncompleteError, UsageError
from humaneval_x.exporting import PARTS, export_run
from humaneval_x.formats import FORMATS, Source, format_named, recognised
from humaneval_x.importing import Found, import_samples, look_through
from humaneval_x.languages import language_names
from humaneval_x.programs import start_of
from humaneval_x.progress import SilentProgress
from humaneval_x.records import Completion, Problem
from humaneval_x.rundir import Judgement, RunFolder

RunMaker = Callable[..., RunFolder]

GENERATION = {"generation-python": ["Python/0", "Python/1"], "generation-cpp": ["CPP/0", "CPP/1", "CPP/2"]}
TRANSLATION = {"translation-python-to-cpp": ["CPP/0", "CPP/3"], "translation-go-to-js": ["JavaScript/1"]}


def exported(run: RunFolder, out: Path, name: str, smoke: dict[str, Problem], **options: Any) -> list[Path]:
    settings: dict[str, Any] = {
        "parts": ["samples"],
        "judgement": Judgement(),
        "semantics": "strict",
        "languages": language_names(),
        "packed": False,
    }
    return export_run(run, out, format_named(name), smoke, **{**settings, **options})


def looked_through(path: Path, smoke: dict[str, Problem]) -> Found:
    return look_through(recognised(path), Source(path=path, problem_of=smoke.__getitem__), smoke)


def imported(path: Path, out: Path, smoke: dict[str, Problem]) -> RunFolder:
    found = looked_through(path, smoke)
    folder = RunFolder(out)
    import_samples(folder, found, manifest_of(found), SilentProgress())
    return folder


def manifest_of(found: Found) -> dict[str, Any]:
    return {
        "sha256": found.sha256,
        "sampling": {"samples": found.most},
        "tasks": {task: list(counts) for task, counts in found.counts.items()},
        "fewer": found.fewer,
    }


def content(folder: RunFolder) -> dict[str, list[Completion]]:
    return {task: list(folder.samples(task)) for task in folder.tasks()}


@pytest.mark.parametrize(("packed", "tasks"), [(False, GENERATION), (True, TRANSLATION)])
@pytest.mark.parametrize("name", ["humaneval-x", "codegeex", "human-eval"])
def test_a_format_of_rows_holds_everything(  # noqa: PLR0917
    tmp_path: Path, make_run: RunMaker, smoke: dict[str, Problem], name: str, packed: bool, tasks: dict[str, list[str]]
) -> None:
    run = make_run(tasks, response="the whole answer", preamble="#include <map>\n")
    paths = exported(run, tmp_path / "out", name, smoke, packed=packed)
    assert len(paths) == len(tasks)
    found = {}
    for path in paths:
        assert path.name.endswith(".gz") == packed
        assert recognised(path).name == name
        found.update(content(imported(path, tmp_path / path.name.replace(".", "_"), smoke)))
    assert found == content(run)
    assert FORMATS[name].lost == ()


def test_evalplus_holds_everything_of_python_and_nothing_else(
    tmp_path: Path, make_run: RunMaker, smoke: dict[str, Problem]
) -> None:
    run = make_run(GENERATION, preamble="from math import *\n")
    (path,) = exported(run, tmp_path / "out", "evalplus", smoke, languages=["python"])
    again = imported(path, tmp_path / "again", smoke)
    assert content(again)["generation-python"] == content(run)["generation-python"]
    with pytest.raises(UsageError, match="give --languages python"):
        exported(run, tmp_path / "out", "evalplus", smoke)


def test_whole_programs_stay_whole(tmp_path: Path, make_run: RunMaker, smoke: dict[str, Problem]) -> None:
    run = make_run({"generation-python": ["Python/0"]}, ["def f():\n    pass\n"], whole=True)
    for name in ("humaneval-x", "codegeex", "human-eval", "evalplus"):
        (path,) = exported(run, tmp_path / name, name, smoke)
        assert content(imported(path, tmp_path / f"{name}-again", smoke)) == content(run)
    with pytest.raises(UsageError, match="is a whole program"):
        exported(run, tmp_path / "multipl-e", "multipl-e", smoke)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", ["bigcode", "multipl-e"])
def test_a_format_of_lists_holds_texts_in_their_order_and_says_what_it_cannot_hold(
    tmp_path: Path, make_run: RunMaker, smoke: dict[str, Problem], name: str, packed: bool
) -> None:
    run = make_run(GENERATION)
    paths = exported(run, tmp_path / "out", name, smoke, packed=packed)
    sources = paths if name == "bigcode" else [tmp_path / "out" / task for task in GENERATION]
    found = {}
    for path in sources:
        found.update(content(imported(path, tmp_path / f"again-{path.name}".replace(".", "_"), smoke)))
    bare = {
        task: [replace(sample, finish="given", tokens=0, seed=0) for sample in samples]
        for task, samples in content(run).items()
    }
    assert found == bare
    assert {"finish", "tokens", "seed"} <= set(FORMATS[name].lost)


@pytest.mark.parametrize("name", ["bigcode", "multipl-e"])
def test_a_format_of_lists_holds_no_translation(
    tmp_path: Path, make_run: RunMaker, smoke: dict[str, Problem], name: str
) -> None:
    with pytest.raises(UsageError, match="no translations"):
        exported(make_run(TRANSLATION), tmp_path / "out", name, smoke)


def test_a_list_without_task_ids_is_not_written_for_a_run_that_lacks_problems(
    tmp_path: Path, make_run: RunMaker, smoke: dict[str, Problem]
) -> None:
    run = make_run({"generation-go": ["Go/0", "Go/2"]})
    with pytest.raises(UsageError, match="lacks problems"):
        exported(run, tmp_path / "out", "bigcode", smoke)


def rows_of(path: Path) -> list[dict[str, Any]]:
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in raw.splitlines()]


@pytest.mark.parametrize("semantics", ["strict", "reference"])
def test_results_say_what_became_of_each_sample_in_the_tool_s_own_words(
    tmp_path: Path, make_run: RunMaker, smoke: dict[str, Problem], semantics: str
) -> None:
    run = make_run({"generation-python": ["Python/0"]}, TEXTS[:2], judged=True)
    second = semantics == "reference"
    options = {"parts": ["results"], "semantics": semantics}
    (path,) = exported(run, tmp_path, "codegeex", smoke, **options)
    assert path.name == "generation-python-samples_results.jsonl"
    rows = rows_of(path)
    assert [(row["task_id"], row["completion_id"], row["passed"], row["result"]) for row in rows] == [
        ("Python/0", 0, True, "passed"),
        ("Python/0", 1, second, "passed" if second else "timed out"),
    ]
    assert rows[0]["test_code"].count(TEXTS[0].strip()) >= 1
    (path,) = exported(run, tmp_path, "human-eval", smoke, **options)
    assert [(row["task_id"], row["passed"]) for row in rows_of(path)] == [
        ("HumanEval/0", True),
        ("HumanEval/0", second),
    ]
    (path,) = exported(run, tmp_path, "evalplus", smoke, **options)
    table = json.loads(path.read_text())
    assert [each["base_status"] for each in table["eval"]["HumanEval/0"]] == ["pass", "pass" if second else "timeout"]
    assert table["pass_at_k"] == {"base": {"pass@1": 1.0 if second else 0.5}}
    (path,) = exported(run, tmp_path, "bigcode", smoke, **options)
    assert json.loads(path.read_text())["humanevalsynthesize-python"] == {"pass@1": 1.0 if second else 0.5}
    (path,) = exported(run, tmp_path, "multipl-e", smoke, **options)
    results = json.loads(path.read_text())["results"]
    assert [(each["status"], each["exit_code"]) for each in results] == [
        ("OK", 0),
        ("OK", 0) if second else ("Timeout", 1),
    ]
    (path,) = exported(run, tmp_path, "humaneval-x", smoke, **options)
    assert [(row["status"], row["passed"]) for row in rows_of(path)] == [("passed", True), ("cpu_limit", second)]


def test_both_parts_are_written_at_once_and_only_for_the_languages_asked_for(
    tmp_path: Path, make_run: RunMaker, smoke: dict[str, Problem]
) -> None:
    run = make_run(GENERATION, judged=True)
    paths = exported(run, tmp_path / "out", "codegeex", smoke, parts=PARTS, languages=["cpp"])
    assert [path.name for path in paths] == ["generation-cpp-samples.jsonl", "generation-cpp-samples_results.jsonl"]
    with pytest.raises(UsageError, match="holds no samples in go"):
        exported(run, tmp_path / "out", "codegeex", smoke, languages=["go"])


def test_results_of_a_run_that_is_not_wholly_judged_are_refused(
    tmp_path: Path, make_run: RunMaker, smoke: dict[str, Problem]
) -> None:
    run = make_run(GENERATION, judged=True)
    with pytest.raises(IncompleteError, match=r"evaluate .* --truncation reference"):
        exported(run, tmp_path, "codegeex", smoke, parts=["results"], judgement=Judgement(truncation="reference"))
    journal = run.verdicts_path("generation-cpp")
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(IncompleteError, match="sample 6 of CPP/2 is not judged"):
        exported(run, tmp_path, "codegeex", smoke, parts=["results"])
    assert not list(tmp_path.rglob("*cpp*results*"))


@pytest.mark.parametrize("tasks", [GENERATION, TRANSLATION], ids=["generation", "translation"])
def test_the_prompt_that_codegeex_s_evaluator_starts_the_program_with_is_ours(
    tmp_path: Path, make_run: RunMaker, smoke: dict[str, Problem], tasks: dict[str, list[str]]
) -> None:
    run = make_run(tasks, preamble="// first\n")
    for path, task in zip(exported(run, tmp_path / "out", "codegeex", smoke), tasks, strict=True):
        starts = {f"// first\n{start_of(smoke[task_id], task)}" for task_id in tasks[task]}
        assert {row["prompt"] for row in rows_of(path)} == starts


def test_an_interrupted_import_goes_on_and_a_changed_file_is_refused(
    tmp_path: Path, make_run: RunMaker, smoke: dict[str, Problem]
) -> None:
    run = make_run(GENERATION)
    path = exported(run, tmp_path / "out", "codegeex", smoke, languages=["cpp"])[0]
    again = imported(path, tmp_path / "again", smoke)
    journal = again.samples_path("generation-cpp")
    whole = journal.read_bytes()
    journal.write_bytes(whole[: len(whole) // 2])
    found = looked_through(path, smoke)
    done = import_samples(again, found, manifest_of(found), SilentProgress())
    assert done.written + done.kept == found.samples
    assert 0 < done.kept < found.samples
    assert {*content(again)["generation-cpp"]} == {*content(run)["generation-cpp"]}
    path.write_bytes(path.read_bytes().replace(b"return 1", b"return 2"))
    changed = looked_through(path, smoke)
    with pytest.raises(IncomparableError, match="sha256"):
        import_samples(again, changed, manifest_of(changed), SilentProgress())


def test_problems_may_have_different_numbers_of_samples(tmp_path: Path, smoke: dict[str, Problem]) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text("".join(json.dumps({"task_id": f"Go/{n}", "generation": "g"}) + "\n" for n in (1, 0, 1, 1)))
    again = imported(path, tmp_path / "again", smoke)
    assert again.tasks() == {"generation-go": ["Go/0", "Go/1"]}
    assert again.wanted() == {"generation-go": 4}
    ids = [(sample.task_id, sample.completion_id) for sample in again.samples("generation-go")]
    assert ids == [("Go/1", 0), ("Go/0", 0), ("Go/1", 1), ("Go/1", 2)]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("Go/0", 0), ("Go/0", 0)], ":2: sample 0 of Go/0 stands in the file twice"),
        ([("Go/0", 0), ("Go/0", None)], ":2: some samples have a completion_id and some have none"),
        ([("Go/9999", 0)], ":1: Go/9999 is no problem of these data"),
        ([("Go/0", 10**9)], ":1: completion_id 1000000000 is too large"),
    ],
)
def test_samples_that_cannot_be_told_apart_or_judged_are_refused_before_anything_is_written(
    tmp_path: Path, smoke: dict[str, Problem], rows: list[tuple[str, int | None]], said: str
) -> None:
    path = tmp_path / "s.jsonl"
    table = [{"task_id": task_id, "generation": "g", "completion_id": number} for task_id, number in rows]
    path.write_text("".join(json.dumps(row) + "\n" for row in table))
    with pytest.raises(DataError, match=said):
        imported(path, tmp_path / "again", smoke)
    assert not (tmp_path / "again").exists()


def test_samples_that_name_another_prompt_are_counted(tmp_path: Path, smoke: dict[str, Problem]) -> None:
    prompt = smoke["Go/0"].prompt
    prompts = [prompt, prompt.strip(), f"// language: Go\n{prompt}", "func other() {\n", ""]
    path = tmp_path / "s.jsonl"
    path.write_text(
        "".join(json.dumps({"task_id": "Go/0", "generation": "g", "prompt": each}) + "\n" for each in prompts)
    )
    found = looked_through(path, smoke)
    assert (found.foreign, found.named) == (1, 4)
