"""A run's samples of one problem, read back from run folders that the package's own writer made."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from humaneval_x.datasets import data_hashes, read_problems
from humaneval_x.errors import DataError, IncomparableError, UsageError
from humaneval_x.inspection import cut_of, find_sample, find_task, inspect_problem, problems_of, program_of
from humaneval_x.languages import language_of_task
from humaneval_x.programs import assemble
from humaneval_x.records import Completion, Problem, Verdict
from humaneval_x.rundir import Judgement, RunFolder, row_of

RIGHT = "    return max(low, min(value, high))"
WRONG = "    return max(low, value)"
AFTER = "\n\nprint('and so on')\n"


def smoke_problem(task_id: str) -> Problem:
    (found,) = (each for each in read_problems("smoke", [language_of_task(task_id).name]) if each.task_id == task_id)
    return found


def written_run(path: Path, texts: Mapping[str, Mapping[str, Iterable[str]]], **manifest: Any) -> RunFolder:
    """A run on the smoke set whose samples are `texts`: task -> task id -> the completions in their order."""
    folder = RunFolder(path)
    drawn = {task: {task_id: list(each) for task_id, each in of_task.items()} for task, of_task in texts.items()}
    names = ["python", "cpp", "java", "js", "go"]
    folder.begin(
        {
            "engine": {"name": "replay", "model": "some-model"},
            "data": {"version": "smoke", "sha256": data_hashes("smoke", names)},
            "sampling": {"samples": max(len(each) for of_task in drawn.values() for each in of_task.values())},
            "tasks": {task: list(of_task) for task, of_task in drawn.items()},
            **manifest,
        }
    )
    for task, of_task in drawn.items():
        with folder.open_samples(task) as journal:
            for task_id, each in of_task.items():
                for number, text in enumerate(each):
                    journal.append(row_of(completion(task_id, number, text)))
    return folder


def completion(task_id: str, number: int, text: str) -> Completion:
    return Completion(task_id=task_id, completion_id=number, text=text, finish="eos", tokens=7, seed=number)


def judge(
    folder: RunFolder, verdicts: Mapping[tuple[str, str], Mapping[int, Mapping[str, Any]]], **judgement: Any
) -> None:
    """Write verdicts: (task, task id) -> sample's number -> what differs from a pass on the assembled program."""
    which = Judgement(**judgement)
    folder.begin_evaluation({"sandbox": {"name": "docker"}, "truncation": which.truncation}, which)
    for (task, task_id), of_problem in verdicts.items():
        drawn = {each.completion_id: each for each in folder.samples(task) if each.task_id == task_id}
        with folder.open_verdicts(task, which) as journal:
            for number, changes in of_problem.items():
                program = assemble(
                    smoke_problem(task_id),
                    drawn[number],
                    task=task,
                    truncation=which.truncation,
                    example_test=which.example_tests,
                )
                passed = Verdict(
                    task_id=task_id,
                    completion_id=number,
                    sha256=program.sha256,
                    status="passed",
                    reference_passed=True,
                    flags=(),
                    cpu_s=0.25,
                    wall_s=0.5,
                    peak_mb=10.0,
                    detail="",
                )
                journal.append(row_of(replace(passed, **changes)))


FAILED: dict[str, Any] = {"status": "wrong_answer", "reference_passed": False, "detail": "AssertionError"}


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """Four samples of Python/0: right, wrong, right again (the first is cut to that), not judged; one of Python/1."""
    texts = [RIGHT + AFTER, WRONG, RIGHT, "    return 0\n"]
    made = written_run(tmp_path / "run", {"generation-python": {"Python/0": texts, "Python/1": ["    return 1\n"]}})
    judge(made, {("generation-python", "Python/0"): {2: {}, 1: FAILED, 0: {}}})
    return made


def test_samples_stand_in_their_order_with_their_verdicts(folder: RunFolder) -> None:
    found = inspect_problem(folder, "Python/0")
    assert [sample.completion.completion_id for sample in found.samples] == [0, 1, 2, 3]
    assert [sample.status for sample in found.samples] == ["passed", "wrong_answer", "passed", "not_judged"]
    assert found.samples[1].verdict is not None
    assert found.samples[1].verdict.detail == "AssertionError"


def test_samples_of_another_problem_are_not_among_them(folder: RunFolder) -> None:
    assert [sample.completion.text for sample in inspect_problem(folder, "Python/1").samples] == ["    return 1\n"]


def test_the_prompt_is_the_one_of_the_task(folder: RunFolder) -> None:
    assert inspect_problem(folder, "Python/0").prompt == smoke_problem("Python/0").prompt


def test_a_translation_s_prompt_holds_the_source_s_code(tmp_path: Path) -> None:
    folder = written_run(tmp_path / "run", {"translation-go-to-python": {"Python/0": [RIGHT]}})
    prompt = inspect_problem(folder, "Python/0").prompt
    assert prompt.startswith("code translation\nGo:\n")
    assert smoke_problem("Go/0").canonical_solution.rstrip() in prompt


def test_the_prompt_is_in_the_run_s_style(tmp_path: Path) -> None:
    tasks = {"generation-python": {"Python/0": [RIGHT]}}
    published = smoke_problem("Python/0").prompt
    tagged = written_run(tmp_path / "tagged", tasks, prompt={"style": "codegeex"})
    assert inspect_problem(tagged, "Python/0").prompt == f"# language: Python\n{published}"
    template = {"style": "template", "template": "Go on: {{ prompt }}"}
    templated = written_run(tmp_path / "templated", tasks, prompt=template)
    assert inspect_problem(templated, "Python/0").prompt == f"Go on: {published}"


def test_of_some_problems_fewer_samples_may_be_wanted(tmp_path: Path) -> None:
    tasks = {"generation-python": {"Python/0": [RIGHT, WRONG], "Python/1": [RIGHT]}}
    folder = written_run(tmp_path / "run", tasks, fewer={"generation-python": {"Python/1": 1}})
    assert [inspect_problem(folder, task_id).wanted for task_id in ("Python/0", "Python/1")] == [2, 1]


@pytest.mark.parametrize("sampling", [None, {}, {"samples": None}, {"samples": "some"}])
def test_a_manifest_that_does_not_say_how_many_samples_is_a_data_error(tmp_path: Path, sampling: Any) -> None:
    folder = written_run(tmp_path / "run", {"generation-python": {"Python/0": [RIGHT]}}, sampling=sampling)
    with pytest.raises(DataError, match="does not say how many samples"):
        inspect_problem(folder, "Python/0")


def test_samples_judged_as_the_same_program_name_the_first_of_them(folder: RunFolder) -> None:
    assert [sample.same_as for sample in inspect_problem(folder, "Python/0").samples] == [0, None, 0, None]


def test_where_the_rules_differ_the_reason_is_named(tmp_path: Path) -> None:
    folder = written_run(tmp_path / "run", {"generation-python": {"Python/0": [RIGHT, RIGHT]}})
    early = {"status": "exited_early", "reference_passed": True}
    judge(folder, {("generation-python", "Python/0"): {0: early, 1: {}}})
    assert [sample.reason for sample in inspect_problem(folder, "Python/0").samples] == ["exits_early", ""]


def test_packed_journals_are_read_like_plain_ones(folder: RunFolder) -> None:
    before = inspect_problem(folder, "Python/0").samples
    for path in (folder.samples_path("generation-python"), folder.verdicts_path("generation-python")):
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    assert inspect_problem(folder, "Python/0").samples == before


def test_what_is_cut_and_what_is_kept_make_the_completion(folder: RunFolder) -> None:
    found = inspect_problem(folder, "Python/0")
    cut = cut_of(found, found.samples[0].completion)
    assert (cut.kept, cut.rest, cut.added) == (RIGHT, AFTER, "")


def test_what_a_truncation_adds_is_told_from_what_it_keeps(tmp_path: Path) -> None:
    text = "        return Math.max(low, Math.min(value, high));\n    }\n"
    folder = written_run(tmp_path / "run", {"generation-java": {"Java/0": [text]}})
    found = inspect_problem(folder, "Java/0", judgement=Judgement(truncation="reference"))
    cut = cut_of(found, found.samples[0].completion)
    assert (cut.kept + cut.rest, cut.added) == (text, "}")


def test_a_whole_program_is_not_cut(folder: RunFolder) -> None:
    found = inspect_problem(folder, "Python/0")
    whole = replace(found.samples[0].completion, whole=True)
    assert cut_of(found, whole).kept == RIGHT + AFTER


@pytest.mark.parametrize("truncation", ["strict", "none"])
def test_the_program_is_cut_as_the_evaluation_does(folder: RunFolder, truncation: str) -> None:
    found = inspect_problem(folder, "Python/0", judgement=Judgement(truncation=truncation))
    source = program_of(found, found.samples[0].completion).source
    assert (AFTER in source) == (truncation == "none")
    assert RIGHT in source


def test_the_program_of_an_evaluation_by_example_tests_holds_these(folder: RunFolder) -> None:
    found = inspect_problem(folder, "Python/0", judgement=Judgement(example_tests=True))
    source = program_of(found, found.samples[0].completion).source
    assert smoke_problem("Python/0").example_test in source
    assert smoke_problem("Python/0").test not in source


def test_the_run_s_evaluations_are_told_apart(folder: RunFolder) -> None:
    other = Judgement(truncation="reference", example_tests=True)
    judge(folder, {("generation-python", "Python/0"): {1: {}}}, truncation="reference", example_tests=True)
    found = inspect_problem(folder, "Python/0", judgement=other)
    assert [sample.status for sample in found.samples] == ["not_judged", "passed", "not_judged", "not_judged"]
    assert found.judgements == (Judgement(), other)


@pytest.mark.parametrize("wanted", ["Python/1", "python/1", "PYTHON/1", "python/001", "1"])
def test_a_problem_is_found_however_its_id_is_written(folder: RunFolder, wanted: str) -> None:
    assert find_task(folder, wanted) == ("generation-python", "Python/1")


@pytest.mark.parametrize("wanted", ["CPP/0", "cpp/0", "c++/0", "Cpp/0"])
def test_a_language_is_known_by_its_name_prefix_and_title(tmp_path: Path, wanted: str) -> None:
    folder = written_run(tmp_path / "run", {"generation-python": {"Python/0": [""]}, "generation-cpp": {"CPP/0": [""]}})
    assert find_task(folder, wanted) == ("generation-cpp", "CPP/0")


@pytest.mark.parametrize(
    "wanted", ["Python/9", "9", "cpp/0", "cobol/1", "Python/", "Python/x", "Python/-1", "", "\u0661"]
)
def test_a_problem_that_is_not_there_is_a_usage_error_that_says_what_is(folder: RunFolder, wanted: str) -> None:
    with pytest.raises(UsageError, match=r"has no problem .*Python/0 to Python/1 "):
        find_task(folder, wanted)


def test_a_number_alone_is_not_enough_among_several_languages(tmp_path: Path) -> None:
    folder = written_run(tmp_path / "run", {"generation-python": {"Python/0": [""]}, "generation-cpp": {"CPP/0": [""]}})
    with pytest.raises(UsageError, match="Python/0, CPP/0"):
        find_task(folder, "0")


@pytest.fixture
def translations(tmp_path: Path) -> RunFolder:
    tasks = {
        "translation-go-to-python": {"Python/0": [RIGHT], "Python/1": [RIGHT]},
        "translation-cpp-to-python": {"Python/0": [WRONG]},
    }
    return written_run(tmp_path / "run", tasks)


def test_a_translation_from_several_languages_needs_its_source(translations: RunFolder) -> None:
    with pytest.raises(UsageError, match="--from with one of go, cpp"):
        find_task(translations, "Python/0")
    with pytest.raises(UsageError, match="from 'java': it has it from go, cpp"):
        find_task(translations, "Python/0", "java")
    with pytest.raises(UsageError, match="from 'cobol'"):
        find_task(translations, "Python/0", "cobol")


@pytest.mark.parametrize("source", ["cpp", "C++", "CPP"])
def test_the_source_chooses_among_translations(translations: RunFolder, source: str) -> None:
    (sample,) = inspect_problem(translations, "0", source=source).samples
    assert sample.completion.text == WRONG


def test_a_translation_from_one_language_needs_no_source(translations: RunFolder) -> None:
    assert find_task(translations, "Python/1") == ("translation-go-to-python", "Python/1")


def test_a_source_is_refused_where_nothing_is_translated(folder: RunFolder) -> None:
    with pytest.raises(UsageError, match="drop --from"):
        find_task(folder, "Python/0", "go")


def test_a_sample_that_is_not_there_is_a_usage_error_that_says_which_are(folder: RunFolder) -> None:
    with pytest.raises(UsageError, match="no sample 4 of Python/0: 4 of 4 are drawn, numbers 0 to 3"):
        find_sample(inspect_problem(folder, "Python/0"), 4)


def test_of_a_problem_without_samples_is_said_that_none_is_drawn(tmp_path: Path) -> None:
    folder = written_run(tmp_path / "run", {"generation-python": {"Python/0": [RIGHT], "Python/1": []}})
    found = inspect_problem(folder, "Python/1")
    assert (found.samples, found.wanted) == ((), 1)
    with pytest.raises(UsageError, match="none is drawn yet, 1 are wanted"):
        find_sample(found, 0)


def test_a_verdict_without_its_sample_is_a_data_error(folder: RunFolder) -> None:
    path = folder.samples_path("generation-python")
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))
    with pytest.raises(DataError, match="verdict on sample 0 of Python/0"):
        inspect_problem(folder, "Python/0")


def test_other_data_than_the_run_s_are_not_comparable(tmp_path: Path) -> None:
    hashes = data_hashes("smoke", ["python", "cpp"])
    data = {"version": "smoke", "sha256": {**hashes, "smoke/humaneval_cpp.jsonl": "0" * 64}}
    tasks = {"generation-python": {"Python/0": [RIGHT]}, "translation-cpp-to-python": {"Python/1": [RIGHT]}}
    folder = written_run(tmp_path / "run", tasks, data=data)
    with pytest.raises(IncomparableError, match=r"humaneval_cpp\.jsonl"):
        problems_of(folder, ["cpp"])
    with pytest.raises(IncomparableError, match=r"humaneval_cpp\.jsonl"):
        inspect_problem(folder, "Python/1")
    assert inspect_problem(folder, "Python/0").samples


@pytest.mark.parametrize("data", [None, "smoke", {"version": "smoke"}, {"sha256": {}}])
def test_a_manifest_that_does_not_say_which_data_is_a_data_error(tmp_path: Path, data: Any) -> None:
    folder = written_run(tmp_path / "run", {"generation-python": {"Python/0": [RIGHT]}}, data=data)
    with pytest.raises(DataError, match="does not say which data"):
        inspect_problem(folder, "Python/0")


def test_a_task_id_that_the_data_lack_is_a_data_error(tmp_path: Path) -> None:
    folder = written_run(tmp_path / "run", {"generation-python": {"Python/999": [RIGHT]}})
    with pytest.raises(DataError, match="Python/999"):
        inspect_problem(folder, "Python/999")
