"""What a gate tells CI: JUnit, JSON, Markdown, annotations, exit codes. On runs that the package's own writer wrote."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from simulated import simulated_run

from humaneval_x.errors import HarnessError, IncomparableError, IncompleteError, UsageError
from humaneval_x.estimates import ALL
from humaneval_x.gate import (
    Decision,
    GateResult,
    Refusal,
    gate,
    junit,
    machine,
    require_as_many_samples,
    step_summary,
    workflow_commands,
    write_baseline,
)
from humaneval_x.records import Completion, Verdict
from humaneval_x.rundir import RunFolder, row_of

HOSTILE = "evil\x00\x1b[2J]]>&<script>\n::error::x|`**\u202e\ufffe##[add-mask]y"
NUMBERS = range(12)
FULL = np.full((2, 30), 16)


def write_run(folder: Path, passing: int, *, task: str = "generation-python", judged: int = 4) -> Path:
    """Twelve problems of four samples, of which so many pass; `judged` of them have a verdict."""
    run = RunFolder(folder)
    ids = [f"Python/{number}" for number in NUMBERS]
    run.begin(
        {
            "engine": {"name": "replay", "model": "m"},
            "data": {"version": "codegeex", "sha256": {"python": "0"}},
            "task": "generation",
            "sampling": {"temperature": 0.8, "top_p": 0.95, "top_k": 0, "max_tokens": 512, "samples": 4, "seed": 1},
            "tasks": {task: ids},
        }
    )
    run.begin_evaluation({"sandbox": {"name": "docker"}, "limits": {}, "truncation": "strict"})
    with run.open_samples(task) as samples, run.open_verdicts(task) as verdicts:
        for task_id in ids:
            for number in range(4):
                sample = Completion(
                    task_id=task_id, completion_id=number, text="x", finish="stop", tokens=1, seed=number
                )
                samples.append(row_of(sample))
                if number < judged:
                    verdicts.append(row_of(verdict(task_id, number, passed=number < passing)))
    return folder


def verdict(task_id: str, number: int, *, passed: bool) -> Verdict:
    return Verdict(
        task_id=task_id,
        completion_id=number,
        sha256="0",
        status="passed" if passed else "wrong_answer",
        reference_passed=passed,
        flags=(),
        cpu_s=0.1,
        wall_s=0.1,
        peak_mb=1.0,
        detail="",
    )


@pytest.fixture
def baseline(tmp_path: Path) -> Path:
    from humaneval_x.reporting import read_summary

    write_baseline(read_summary(write_run(tmp_path / "base", 3)), tmp_path / "base.json")
    return tmp_path / "base.json"


def run_gate(baseline: Path, candidate: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
    command = [sys.executable, "-m", "humaneval_x", "gate", "--baseline", str(baseline), "--candidate", str(candidate)]
    return subprocess.run(
        [*command, *options],
        cwd=baseline.parent,
        env={**plain, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def result(*, worse: bool, name: str = "new") -> GateResult:
    before, after = simulated_run(FULL, run_id="base"), simulated_run(FULL // 2 if worse else FULL, run_id=name)
    return gate(before, after, ks=(1,), permutations=499)


REFUSAL = Refusal(message=f"differs: {HOSTILE}", kind="IncomparableError", exit_code=7, baseline="b", candidate="c")


def test_junit_has_a_test_for_each_question_and_a_failure_for_each_regression() -> None:
    for worse in (False, True):
        answer = result(worse=worse)
        suite = ElementTree.fromstring(junit(answer))[0]
        cases = suite.findall("testcase")
        assert [(case.get("classname"), case.get("name")) for case in cases] == [
            (f"humaneval_x.gate.{group}", "pass@1") for group in ("python", "cpp", "overall")
        ]
        failed = [case.find("failure") is not None for case in cases]
        assert failed == [each.regressed for each in answer.decisions] == [worse] * 3
        assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", str(3 * worse), "0")


def test_junit_shows_a_refusal_as_an_error_and_not_as_a_pass() -> None:
    root = ElementTree.fromstring(junit(REFUSAL))
    assert (root.get("tests"), root.get("errors"), root.get("failures")) == ("1", "1", "0")
    error = root.find("testsuite/testcase/error")
    assert error is not None
    assert error.get("type") == "IncomparableError"


@pytest.mark.parametrize("answer", [REFUSAL, result(worse=True, name=HOSTILE), result(worse=False, name=HOSTILE)])
def test_hostile_text_is_text_in_every_output(answer: GateResult | Refusal) -> None:
    ElementTree.fromstring(junit(answer))
    assert "<script>" not in junit(answer)
    assert json.loads(machine(answer))["outcome"] == answer.outcome
    markdown = step_summary(answer)
    assert "\\<script\\>" in markdown
    assert not re.search(r"(?<!\\)[|`*]{1,2}\\u202e", markdown)
    for line in workflow_commands(answer):
        assert re.fullmatch(r"::(error|warning|notice) title=[^:,\n]*::[^\n\r]*", line)
        assert line.isprintable()


def test_annotations_are_escaped_as_github_reads_them() -> None:
    refusal = replace(REFUSAL, message="100 % of a, b: c")
    assert list(workflow_commands(refusal)) == [
        "::error title=HumanEval-X gate%3A incomparable::100 %25 of a, b: c",
    ]
    (notice,) = workflow_commands(result(worse=False))
    assert notice.startswith("::notice title=HumanEval-X gate::pass: new against base")
    assert "%0AThis comparison could have detected a drop of" in notice


def test_a_regression_is_an_error_and_a_drop_that_chance_explains_a_warning() -> None:
    assert [line.split(" ")[0] for line in workflow_commands(result(worse=True))] == ["::error"] * 3
    before, after = FULL[:1, :6], FULL[:1, :6] - np.array([[8, 8, 8, 0, 0, 0]])
    found = gate(simulated_run(before, run_id="base"), simulated_run(after), ks=(1,))
    assert found.passed
    assert [line.split(" ")[0] for line in workflow_commands(found)] == ["::warning", "::notice"]


def decision(group: str, k: int, *, drop: float = 0.1, regressed: bool = True) -> Decision:
    return Decision(
        group=group,
        k=k,
        baseline=0.5,
        candidate=0.5 - drop,
        drop=drop,
        p=0.01,
        detectable=None,
        power_drop=None,
        problems=9,
        regressed=regressed,
    )


def test_overall_is_annotated_first_and_a_group_once_with_its_other_k() -> None:
    decisions = (decision("go", 10), decision("go", 1, regressed=False), decision(ALL, 1), decision(ALL, 10, drop=0.2))
    overall, go = workflow_commands(replace(result(worse=True), decisions=decisions))
    assert overall.startswith("::error title=HumanEval-X%3A overall%2C pass@1::")
    assert overall.endswith("%0ASo did pass@10 (20.0 points).")
    # The group's drop that chance explains is no second annotation.
    assert go.startswith("::error title=HumanEval-X%3A go%2C pass@10::")


@pytest.mark.parametrize(("regressed", "kind"), [(True, "error"), (False, "warning")])
def test_at_most_ten_of_a_kind_are_annotated_and_the_first_names_the_others(regressed: bool, kind: str) -> None:
    groups = [*(f"go-to-x{number}" for number in range(12)), ALL]
    decisions = tuple(decision(group, k, regressed=regressed) for group in groups for k in (1, 10))
    lines = list(workflow_commands(replace(result(worse=True), decisions=decisions)))
    assert [line.split(" ")[0] for line in lines] == [f"::{kind}"] * 10
    assert "overall" in lines[0]
    assert lines[0].endswith("3 more are not annotated: go-to-x9, go-to-x10, go-to-x11.")


def test_the_markdown_is_one_table_with_every_decision() -> None:
    lines = step_summary(result(worse=True)).splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert len(rows) == 2 + 3
    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1
    assert sum("**regression**" in row for row in rows) == 3


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(IncomparableError("x"), "incomparable"), (IncompleteError("x"), "incomplete"), (HarnessError("x"), "error")],
)
def test_the_outcome_of_a_refusal_says_who_must_act(error: HarnessError, outcome: str) -> None:
    assert json.loads(machine(Refusal.of(error, "b", "c")))["outcome"] == outcome


@pytest.mark.parametrize(
    ("how", "answer"),
    [
        ({"passing": 3}, (0, "pass", "system-out")),
        ({"passing": 1}, (1, "regression", "failure")),
        ({"passing": 3, "judged": 3}, (6, "incomplete", "error")),
        ({"passing": 3, "task": "generation-python3"}, (7, "incomparable", "error")),
    ],
)
def test_every_output_is_written_whatever_the_answer_is(
    baseline: Path, tmp_path: Path, how: dict[str, int], answer: tuple[int, str, str]
) -> None:
    code, outcome, element = answer
    candidate = write_run(tmp_path / "new", **how)  # type: ignore[arg-type]
    (tmp_path / "step.md").write_text("before\n")
    done = run_gate(
        baseline, candidate, "--junit", "out/gate.xml", "--json", "gate.json", "--summary", "gate.md",
        GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(tmp_path / "step.md"),
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert ElementTree.parse(tmp_path / "out" / "gate.xml").find(f"testsuite/testcase/{element}") is not None
    told = json.loads((tmp_path / "gate.json").read_text())
    assert (told["outcome"], told["exit_code"]) == (outcome, code)
    assert (tmp_path / "step.md").read_text() == "before\n" + (tmp_path / "gate.md").read_text()
    assert re.search("^::(error|notice) title=", done.stdout, re.MULTILINE)
    assert not list(tmp_path.glob(".*gate*"))


def test_what_the_text_says_is_no_command_to_github(baseline: Path, tmp_path: Path) -> None:
    done = run_gate(baseline, write_run(tmp_path / "##[add-mask]x", 3), "--annotations")
    lines = done.stdout.splitlines()
    token = re.fullmatch(r"::stop-commands::([0-9a-f]{32})", lines[0])
    assert token is not None
    assert "##[add-mask]x" in "".join(lines[1 : lines.index(f"::{token[1]}::")])


def test_without_github_nothing_is_said_to_it(baseline: Path, tmp_path: Path) -> None:
    candidate = write_run(tmp_path / "new", 3)
    assert "::" not in run_gate(baseline, candidate).stdout
    summary = tmp_path / "step.md"
    silent = run_gate(baseline, candidate, "--no-github", GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(summary))
    assert (silent.returncode, "::" in silent.stdout, summary.exists()) == (0, False, False)


@pytest.mark.parametrize("option", ["--github-summary", "--github"])
def test_githubs_summary_without_its_file_is_a_usage_error(baseline: Path, tmp_path: Path, option: str) -> None:
    done = run_gate(baseline, write_run(tmp_path / "new", 3), option)
    assert (done.returncode, "GITHUB_STEP_SUMMARY" in done.stderr) == (2, True)


def test_options_that_do_not_fit_are_told_to_the_files_that_were_asked_for(baseline: Path, tmp_path: Path) -> None:
    files = ("--junit", "gate.xml", "--json", "gate.json")
    done = run_gate(baseline, write_run(tmp_path / "new", 3), "--github", *files)
    assert done.returncode == 2
    assert json.loads((tmp_path / "gate.json").read_text())["outcome"] == "error"
    error = ElementTree.parse(tmp_path / "gate.xml").find("testsuite/testcase/error")
    assert error is not None
    assert "GITHUB_STEP_SUMMARY" in error.get("message", "")


def test_a_defect_of_the_harness_is_told_to_ci_too(baseline: Path, tmp_path: Path) -> None:
    # No file system has so long a name, which no part of the harness expects.
    done = run_gate(baseline, Path("x" * 300), "--junit", "gate.xml", "--json", "gate.json", "--annotations")
    assert (done.returncode, "internal error" in done.stderr) == (70, True)
    told = json.loads((tmp_path / "gate.json").read_text())
    assert (told["outcome"], told["exit_code"], told["kind"]) == ("error", 70, "OSError")
    assert ElementTree.parse(tmp_path / "gate.xml").find("testsuite/testcase/error") is not None
    assert "::error title=HumanEval-X gate%3A error::internal error, a defect of the harness" in done.stdout


def test_an_allowed_drop_of_everything_is_a_usage_error(baseline: Path, tmp_path: Path) -> None:
    done = run_gate(baseline, write_run(tmp_path / "new", 3), "--max-drop", "1")
    assert (done.returncode, "--max-drop" in done.stderr) == (2, True)


def test_contradicting_options_are_a_usage_error(baseline: Path, tmp_path: Path) -> None:
    done = run_gate(baseline, write_run(tmp_path / "new", 3), "--no-github", "--annotations")
    assert (done.returncode, "contradicts" in done.stderr) == (2, True)


@pytest.mark.parametrize("option", ["--junit", "--json", "--summary"])
def test_a_file_that_cannot_be_written_is_a_storage_error_and_the_others_are_written(
    baseline: Path, tmp_path: Path, option: str
) -> None:
    others = {"--junit": "gate.xml", "--json": "gate.json", "--summary": "gate.md"}
    del others[option]
    written = [word for pair in others.items() for word in pair]
    done = run_gate(baseline, write_run(tmp_path / "new", 1), option, "base.json/x", *written)
    assert done.returncode == 8, done.stderr
    assert "base.json/x" in done.stderr
    assert "REGRESSION" in done.stdout
    assert all((tmp_path / name).is_file() for name in others.values())


def test_a_refusals_own_code_stands_before_that_of_a_file_that_cannot_be_written(
    baseline: Path, tmp_path: Path
) -> None:
    done = run_gate(baseline, write_run(tmp_path / "new", 3, judged=3), "--junit", "base.json/x")
    assert done.returncode == 6
    assert "base.json/x" in done.stderr
    assert "no score yet" in done.stderr


def test_a_missing_baseline_is_told_to_ci_too(baseline: Path, tmp_path: Path) -> None:
    done = run_gate(tmp_path / "none.json", write_run(tmp_path / "new", 3), "--junit", "gate.xml", "--annotations")
    assert done.returncode == 2
    assert "::error title=HumanEval-X gate%3A error::" in done.stdout
    assert ElementTree.parse(tmp_path / "gate.xml").find("testsuite/testcase/error") is not None


def test_a_baseline_is_updated_by_a_run_that_passes_and_kept_by_one_that_does_not(
    baseline: Path, tmp_path: Path
) -> None:
    before = baseline.read_bytes()
    assert run_gate(baseline, write_run(tmp_path / "worse", 1), "--update-baseline").returncode == 1
    assert baseline.read_bytes() == before
    done = run_gate(baseline, write_run(tmp_path / "better", 4), "--update-baseline")
    assert (done.returncode, "now holds better" in done.stdout) == (0, True)
    assert run_gate(baseline, tmp_path / "base").returncode == 1


def test_a_report_of_several_runs_is_not_replaced_by_one(baseline: Path, tmp_path: Path) -> None:
    table = json.loads(baseline.read_text())
    table["runs"].append({**table["runs"][0], "run_id": "second"})
    baseline.write_text(json.dumps(table))
    before = baseline.read_bytes()
    done = run_gate(baseline, write_run(tmp_path / "new", 4), "--update-baseline", "--baseline-run", "base")
    assert (done.returncode, "a file of its own" in done.stderr) == (2, True)
    assert baseline.read_bytes() == before


def test_a_baseline_keeps_every_k_that_it_has(tmp_path: Path) -> None:
    before = simulated_run(FULL // 2, 20, run_id="base")
    for n, lost in ((5, "k = 10,"), (1, "k = 10,"), (10, None), (100, None)):
        candidate = simulated_run(np.minimum(FULL, n), n)
        if lost is None:
            require_as_many_samples(before, candidate)
        else:
            with pytest.raises(UsageError, match=lost):
                require_as_many_samples(before, candidate)


def test_the_same_answer_gives_the_same_bytes() -> None:
    assert [form(result(worse=True)) for form in (junit, machine, step_summary)] == [
        form(result(worse=True)) for form in (junit, machine, step_summary)
    ]


def test_json_holds_every_figure_of_every_decision() -> None:
    answer = result(worse=True)
    told = json.loads(machine(answer))
    assert (told["format"], told["version"], told["power"]) == ("humaneval-x gate", 1, 0.8)
    assert [each["drop"] for each in told["decisions"]] == [each.drop for each in answer.decisions]
    assert set(told["decisions"][0]) == set(type(answer.decisions[0]).__dataclass_fields__)
