"""The sample browser's files: what they hold is what the run holds, and the page that reads them is whole."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from test_inspection import AFTER, FAILED, RIGHT, WRONG, completion, judge, smoke_problem, written_run

from humaneval_x.cli import group
from humaneval_x.datasets import read_problems
from humaneval_x.errors import DataError, IncomparableError, StorageError, UsageError
from humaneval_x.languages import language_names
from humaneval_x.programs import assemble
from humaneval_x.records import Completion
from humaneval_x.reporting import Browsed, report
from humaneval_x.reporting.browser import BROWSER_FORMAT, write_browser
from humaneval_x.reporting.browser.page import LANGUAGES, SCRIPTS, page, words
from humaneval_x.reporting.browser.texts import PART_CHARACTERS
from humaneval_x.resources import resource_folder
from humaneval_x.rundir import Judgement, RunFolder, row_of
from humaneval_x.verdicts import DISAGREEMENTS, STATUSES

TASK = "generation-python"
SOURCES = resource_folder("reports") / "templates" / "samples"
ODD = "    x = '\ud800\x00\u202e'  # </script>\u2028\n"


def packed(path: Path) -> Any:
    return json.loads(gzip.decompress(path.read_bytes()))


def index(out: Path) -> Any:
    return json.loads((out / "samples" / "index.json").read_bytes())


def rows(out: Path, table: int = 0) -> Any:
    return packed(out / "samples" / str(table) / "rows.json.gz")


def texts(out: Path, table: int = 0, problem: int = 0) -> dict[int, dict[str, Any]]:
    """Number -> the sample as the page sees it, its texts filled in."""
    found = {}
    for path in (out / "samples" / str(table)).glob(f"{problem}-*.json.gz"):
        content = packed(path)
        for sample in content["samples"]:
            named = ("kept", "rest", "added", "before", "after", "preamble", "response")
            filled = {name: content["texts"][sample[name]] for name in named}
            detail = "" if sample["verdict"] is None else content["texts"][sample["verdict"]["detail"]]
            found[sample["number"]] = {**sample, **filled, "detail": detail, "prompt": content["prompt"]}
    return found


def program(sample: Mapping[str, Any]) -> str:
    return "".join(sample[name] for name in ("before", "kept", "added", "after"))


def rewrite(folder: RunFolder, samples: list[Completion]) -> None:
    """Put these in the place of the run's samples."""
    path = folder.samples_path(TASK)
    path.unlink()
    with folder.open_samples(TASK) as journal:
        for sample in samples:
            journal.append(row_of(sample))


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """Of Python/0 five samples: two with one program, a failure, one on which the rules differ, one not judged."""
    made = written_run(tmp_path / "run", {TASK: {"Python/0": [RIGHT + AFTER, WRONG, RIGHT, "    return 1", ODD]}})
    differs = {"status": "exited_early", "reference_passed": True, "flags": ("some_flag",), "detail": "bye"}
    judge(made, {(TASK, "Python/0"): {3: differs, 0: {}, 1: FAILED, 2: {"flags": ("shared",)}}})
    return made


@pytest.fixture
def out(run: RunFolder, tmp_path: Path) -> Path:
    write_browser([run.path], tmp_path / "out")
    return tmp_path / "out"


def test_the_index_names_runs_tasks_and_how_often_each_status_occurs(out: Path, run: RunFolder) -> None:
    found = index(out)
    assert {name: found[name] for name in BROWSER_FORMAT} == BROWSER_FORMAT
    assert found["runs"] == [{"id": "run", "path": str(run.path), "model": "some-model"}]
    assert found["tasks"] == [{"name": TASK, "title": "Python", "language": "python", "source": ""}]
    counts = {"passed": 2, "wrong_answer": 1, "exited_early": 1, "not_judged": 1}
    assert found["tables"] == [{"run": 0, "task": 0, "statuses": counts}]


def test_the_table_has_a_row_for_each_sample_in_the_order_of_the_numbers(out: Path) -> None:
    table = rows(out)
    assert table["problems"] == [{"task_id": "Python/0", "rows": 5, "numbers": None, "parts": [0]}]
    kinds = [table["kinds"][kind] for kind in table["kind"]]
    assert [kind["status"] for kind in kinds] == ["passed", "wrong_answer", "passed", "exited_early", "not_judged"]
    assert [kind["reference"] for kind in kinds] == [True, False, True, True, None]
    assert [kind["reason"] for kind in kinds] == ["", "", "", "exits_early", ""]
    assert [kind["flags"] for kind in kinds] == [[], [], ["shared"], ["some_flag"], []]
    assert [kind["repeat"] for kind in kinds] == [False, False, True, False, False]
    assert table["tokens"] == [7] * 5
    assert table["cpu_ms"] == [250, 250, 250, 250, 0]


def test_a_sample_s_texts_are_the_run_s(out: Path, run: RunFolder) -> None:
    found = texts(out)
    for sample in run.samples(TASK):
        shown = found[sample.completion_id]
        assert shown["kept"] + shown["rest"] == sample.text
        assert program(shown) == assemble(smoke_problem("Python/0"), sample, task=TASK, truncation="strict").source
        assert shown["seed"] == str(sample.seed)
        assert shown["prompt"] == smoke_problem("Python/0").prompt
    assert found[1]["detail"] == "AssertionError"
    assert found[4]["verdict"] is None
    assert [found[number]["same_as"] for number in range(4)] == [0, 1, 0, 3]


@pytest.mark.parametrize("task", [*(f"generation-{name}" for name in language_names()), "translation-go-to-cpp"])
@pytest.mark.parametrize("truncation", ["strict", "reference", "codegen", "none"])
def test_the_parts_of_every_language_s_programs_make_the_program(tmp_path: Path, task: str, truncation: str) -> None:
    problem = read_problems("smoke", [task.rpartition("-")[2]])[0]
    own = problem.canonical_solution
    several = [own, own + "\nint main() { }\nprint(1)\n", own.rstrip().rstrip("}"), "", "#define assert(x)\n" + own]
    several += ["\tstrings.ToUpper(x)\n" + own]
    made = written_run(tmp_path / "run", {task: {problem.task_id: several}})
    write_browser([made.path], tmp_path / "out", Judgement(truncation=truncation))
    found = texts(tmp_path / "out")
    for sample in made.samples(task):
        source = assemble(problem, sample, task=task, truncation=truncation).source
        assert program(found[sample.completion_id]) == source
        assert found[sample.completion_id]["kept"] + found[sample.completion_id]["rest"] == sample.text


def test_a_chat_model_s_answer_and_preamble_and_a_whole_program_are_there(run: RunFolder, tmp_path: Path) -> None:
    first = replace(completion("Python/0", 0, RIGHT), response="Sure:\n" + RIGHT, preamble="import os\n")
    whole = replace(completion("Python/0", 1, "def clamp():\n    pass\nx = 1\n"), whole=True)
    made = written_run(tmp_path / "other", {TASK: {"Python/0": [RIGHT, RIGHT]}})
    rewrite(made, [first, whole])
    write_browser([made.path], tmp_path / "out")
    found = texts(tmp_path / "out")
    assert (found[0]["response"], found[0]["preamble"]) == ("Sure:\n" + RIGHT, "import os\n")
    assert (found[1]["kept"], found[1]["rest"], found[1]["whole"]) == (whole.text, "", True)
    for sample in (first, whole):
        source = assemble(smoke_problem("Python/0"), sample, task=TASK, truncation="strict").source
        assert program(found[sample.completion_id]) == source


def test_identical_texts_stand_in_a_file_once(out: Path) -> None:
    found = packed(out / "samples" / "0" / "0-0.json.gz")
    assert len(found["texts"]) == len(set(found["texts"]))
    one, other = (sample for sample in found["samples"] if sample["number"] in {0, 2})
    assert [one[name] for name in ("kept", "before", "after")] == [other[name] for name in ("kept", "before", "after")]


def test_numbers_with_gaps_and_out_of_order_are_kept(tmp_path: Path) -> None:
    made = written_run(tmp_path / "run", {TASK: {"Python/0": [RIGHT] * 3, "Python/1": [RIGHT]}})
    rewrite(made, [completion("Python/0", number, f"    return {number}\n") for number in (7, 2)])
    write_browser([made.path], tmp_path / "out")
    assert rows(tmp_path / "out")["problems"] == [
        {"task_id": "Python/0", "rows": 2, "numbers": [2, 7], "parts": [0]},
        {"task_id": "Python/1", "rows": 0, "numbers": None, "parts": [0]},
    ]
    assert {number: sample["kept"].strip() for number, sample in texts(tmp_path / "out").items()} == {
        2: "return 2",
        7: "return 7",
    }
    assert packed(tmp_path / "out" / "samples" / "0" / "1-0.json.gz")["samples"] == []


def test_huge_texts_are_spread_over_several_files(tmp_path: Path) -> None:
    made = written_run(tmp_path / "run", {TASK: {"Python/0": [RIGHT] * 4}})
    sizes = [PART_CHARACTERS + 1, 5, PART_CHARACTERS, 6]
    huge = [replace(completion("Python/0", place, f"{place}" * size), whole=True) for place, size in enumerate(sizes)]
    rewrite(made, huge)
    write_browser([made.path], tmp_path / "out")
    (problem,) = rows(tmp_path / "out")["problems"]
    assert problem["parts"] == [0, 1, 3]
    for part, numbers in enumerate([[0], [1, 2], [3]]):
        content = packed(tmp_path / "out" / "samples" / "0" / f"0-{part}.json.gz")
        assert [sample["number"] for sample in content["samples"]] == numbers
    assert {number: len(sample["kept"]) for number, sample in texts(tmp_path / "out").items()} == dict(enumerate(sizes))


def test_no_name_of_a_file_comes_from_a_run(tmp_path: Path) -> None:
    made = written_run(
        tmp_path / "<script>..&\u202e", {TASK: {"Python/0": [RIGHT]}}, engine={"name": "x", "model": "../../../etc"}
    )
    write_browser([made.path], tmp_path / "out")
    names = [path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*") if path.is_file()]
    known = re.compile(r"samples\.html|samples/index\.json|samples/\d+/(?:rows|\d+-\d+)\.json\.gz")
    assert [name for name in names if not known.fullmatch(name)] == []


def test_an_earlier_browser_and_what_a_killed_writer_left_are_replaced(run: RunFolder, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    (folder / "samples" / "99").mkdir(parents=True)
    (folder / "samples" / "index.json").write_text(json.dumps(BROWSER_FORMAT))
    (folder / ".samples.4194305" / "0").mkdir(parents=True)
    (folder / "report.md").write_text("kept")
    write_browser([run.path], folder)
    assert sorted(path.name for path in folder.iterdir()) == ["report.md", "samples", "samples.html"]
    assert sorted(path.name for path in (folder / "samples").iterdir()) == ["0", "index.json"]


def test_what_another_process_is_writing_stays(run: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "out" / f".samples.{os.getppid()}").mkdir(parents=True)
    write_browser([run.path], tmp_path / "out")
    assert (tmp_path / "out" / f".samples.{os.getppid()}").is_dir()


@pytest.mark.parametrize("command", [True, False])
def test_a_run_s_own_folder_is_no_place_for_its_browser(run: RunFolder, *, command: bool) -> None:
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    with pytest.raises(UsageError, match="folder of its own"):
        if command:
            report([run.path], run.path, samples=Browsed())
        else:
            write_browser([run.path], run.path)
    assert {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()} == before


def test_a_failure_leaves_what_was_there(run: RunFolder, out: Path) -> None:
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    rewrite(run, [completion("Python/0", 0, RIGHT)])
    with pytest.raises(DataError, match="verdict on sample"):
        write_browser([run.path], out)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert sorted(path.name for path in out.iterdir()) == ["samples", "samples.html"]


def test_the_same_run_makes_the_same_bytes(run: RunFolder, out: Path, tmp_path: Path) -> None:
    write_browser([run.path], tmp_path / "again")
    for path in out.rglob("*.*"):
        assert (tmp_path / "again" / path.relative_to(out)).read_bytes() == path.read_bytes()


def test_samples_of_a_problem_that_the_run_does_not_name_are_refused(run: RunFolder, tmp_path: Path) -> None:
    rewrite(run, [*run.samples(TASK), completion("Python/5", 0, RIGHT)])
    with pytest.raises(DataError, match="Python/5 does not belong"):
        write_browser([run.path], tmp_path / "out")


def test_other_data_than_the_run_s_are_refused(tmp_path: Path) -> None:
    hashes = {"humaneval_python.jsonl": "0" * 64}
    made = written_run(tmp_path / "run", {TASK: {"Python/0": [RIGHT]}}, data={"version": "smoke", "sha256": hashes})
    with pytest.raises(IncomparableError):
        write_browser([made.path], tmp_path / "out")


def test_a_program_that_is_not_the_one_that_was_judged_is_said_to_be_so(tmp_path: Path) -> None:
    made = written_run(tmp_path / "run", {TASK: {"Python/0": [RIGHT, WRONG]}})
    judge(made, {(TASK, "Python/0"): {0: {"sha256": "0" * 64}, 1: {}}})
    write_browser([made.path], tmp_path / "out")
    found = texts(tmp_path / "out")
    assert (found[0]["changed"], found[1]["changed"]) == (True, False)


def test_the_evaluation_is_the_one_that_is_asked_for(run: RunFolder, tmp_path: Path) -> None:
    judge(run, {(TASK, "Python/0"): {0: FAILED}}, truncation="none")
    write_browser([run.path], tmp_path / "out", Judgement(truncation="none"))
    assert index(tmp_path / "out")["tables"][0]["statuses"] == {"not_judged": 4, "wrong_answer": 1}
    assert index(tmp_path / "out")["options"] == " --truncation none"
    assert texts(tmp_path / "out")[0]["rest"] == ""


def test_several_runs_have_a_table_for_each_task(run: RunFolder, tmp_path: Path) -> None:
    other = written_run(tmp_path / "other", {TASK: {"Python/1": [RIGHT]}, "generation-go": {"Go/0": ["}"]}})
    write_browser([run.path, other.path], tmp_path / "out")
    tables = [(table["run"], table["task"]) for table in index(tmp_path / "out")["tables"]]
    assert tables == [(0, 0), (1, 0), (1, 1)]
    assert rows(tmp_path / "out", 1)["problems"][0]["task_id"] == "Python/1"


def test_two_runs_of_one_name_are_refused(run: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="two runs are called run"):
        write_browser([run.path, run.path], tmp_path / "out")


def reported(folder: Path, *options: str) -> tuple[Path, str]:
    """A run's report by the command, in one folder however often: that folder, and what was said."""
    if not folder.exists():
        made = written_run(
            folder,
            {TASK: {"Python/0": [RIGHT]}},
            sampling={"temperature": 0.8, "top_p": 0.95, "top_k": 0, "max_tokens": 64, "samples": 1, "seed": 1},
        )
        judge(made, {(TASK, "Python/0"): {0: {}}})
        manifest = made.evaluation_path()
        manifest.write_text(json.dumps({**json.loads(manifest.read_bytes()), "limits": {}}))
    out = folder.parent / "out"
    done = CliRunner().invoke(group, ["report", str(folder), "--out", str(out), *options], catch_exceptions=False)
    assert done.exit_code == 0
    return out, done.stdout


def test_the_command_writes_the_browser_beside_the_report(tmp_path: Path) -> None:
    out, said = reported(tmp_path / "run", "--format", "json", "--samples")
    assert index(out)["report"] is False
    assert f"humaneval-x browse {out}" in said
    assert texts(out)[0]["kept"] == RIGHT


def test_a_report_without_samples_leaves_no_earlier_report_s(tmp_path: Path) -> None:
    out, _ = reported(tmp_path / "run", "--samples", "--format", "html")
    assert 'href="samples.html#' in (out / "report.html").read_text("utf-8")
    assert index(out)["report"] is True
    reported(tmp_path / "run", "--format", "json")
    assert (out / "samples.html").is_file()
    reported(tmp_path / "run", "--format", "html")
    assert sorted(path.name for path in out.iterdir()) == ["report.html", "report.json"]
    assert "samples.html" not in (out / "report.html").read_text("utf-8")


def test_a_page_that_leads_to_samples_is_not_written_without_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, _ = reported(tmp_path / "run", "--format", "html")
    before = {path: path.read_bytes() for path in out.rglob("*")}

    def full(*_: Any, **__: Any) -> None:
        raise StorageError("no room")

    monkeypatch.setattr("humaneval_x.reporting.write_browser", full)
    with pytest.raises(StorageError, match="no room"):
        report([tmp_path / "run"], out, samples=Browsed())
    assert {path: path.read_bytes() for path in out.rglob("*")} == before


@pytest.mark.parametrize("index", [None, "{}", "[1]", "{", '{"format": "other"}'])
def test_a_folder_that_is_no_browser_stays(tmp_path: Path, index: str | None) -> None:
    (tmp_path / "out" / "samples").mkdir(parents=True)
    if index is not None:
        (tmp_path / "out" / "samples" / "index.json").write_text(index)
    (tmp_path / "out" / "samples.html").write_text("mine")
    out, _ = reported(tmp_path / "run", "--format", "html")
    assert (out / "samples").is_dir()
    assert (out / "samples.html").read_text() == "mine"


def test_the_page_s_policy_allows_its_own_script_and_style_and_the_folder_beside_it() -> None:
    text = page()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy is not None
    script = text.partition('<script type="module">')[2].partition("</script>")[0]
    style = text.partition("<style>")[2].partition("</style>")[0]
    hashes = [base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() for part in (script, style)]
    assert policy[1].split("; ") == [
        "default-src 'none'",
        f"script-src 'sha256-{hashes[0]}'",
        f"style-src 'sha256-{hashes[1]}'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]
    assert not re.search(r'\son\w+="|style="|https?://', text)


def test_scripts_make_no_markup_of_text() -> None:
    source = "".join((SOURCES / name).read_text("utf-8") for name in SCRIPTS)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|new Function|srcdoc", source)
    assert {path.name for path in SOURCES.glob("*.js")} == set(SCRIPTS)


def test_every_word_of_the_page_is_there_in_both_languages_and_none_is_left_over() -> None:
    table = words()
    for name, said in table.items():
        assert len(said) == len(LANGUAGES) and all(said), name
        assert len({frozenset(re.findall(r"\{\w+\}", text)) for text in said}) == 1, name
        assert re.search(r"[\u4e00-\u9fff]", said[1]) or said[1] in {said[0], "English"}, name
    source = "".join(path.read_text("utf-8") for path in SOURCES.glob("*.*") if path.suffix in {".js", ".html"})
    used = set(re.findall(r'"(\w+)"', source))
    asked = set(re.findall(r'(?:say\(|[ {]word: |data-(?:word|label|hint)=)"(\w+)"', source))
    views = set(re.findall(r'"(\w+)"', re.search(r"const VIEWS = \[(.*?)\]", source)[1]))  # type: ignore[index]
    from_elsewhere = {*STATUSES, *DISAGREEMENTS, "not_judged", *(f"view_{name}" for name in views)}
    assert asked - table.keys() == set()
    assert from_elsewhere - table.keys() == set()
    assert table.keys() - used - from_elsewhere == set()
