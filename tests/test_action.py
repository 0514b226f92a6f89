"""`action.yml`, and the YAML that docs/gate.md shows, against the real command line."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
import yaml
from checkout import ROOT
from simulated import simulated_run

from humaneval_x.cli import group
from humaneval_x.gate import write_baseline

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: dict[str, dict[str, Any]] = {step.get("id", step.get("name")): step for step in ACTION["runs"]["steps"]}
PAGE = (ROOT / "docs" / "gate.md").read_text(encoding="utf-8")
EXAMPLES = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
FULL = np.full((1, 30), 16)

RECORDER = """#!/bin/sh
for word in "$@"; do printf '%s\\n' "$word"; done > "$RUNNER_TEMP/asked"
exit "$CODE"
"""


def command_named(name: str) -> click.Command:
    command = group.get_command(click.Context(group), name)
    assert command is not None
    return command


def options_of(name: str) -> set[str]:
    return {word for parameter in command_named(name).params for word in (*parameter.opts, *parameter.secondary_opts)}


def inputs_in(value: Any) -> set[str]:
    return set(re.findall(r"\$\{\{\s*inputs\.([\w-]+)\s*\}\}", json.dumps(value)))


def install(runner: Path, script: str) -> None:
    """Put that program where the action's installation would have put `humaneval-x`."""
    program = runner / "humaneval-x" / "bin" / "humaneval-x"
    program.parent.mkdir(parents=True)
    program.write_text(script)
    program.chmod(0o755)


def run_step(folder: Path, inputs: dict[str, str], **environment: str) -> tuple[int, dict[str, str], str]:
    """Run the action's gate as GitHub's runner does: exit code, outputs, log."""
    given = {name: str(entry.get("default", "")) for name, entry in ACTION["inputs"].items()} | inputs
    step = STEPS["gate"]
    variables = {
        name: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: given[found[1]], value)
        for name, value in step["env"].items()
    }
    (folder / "step.sh").write_text(step["run"])
    (folder / "outputs").write_text("")
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "step.sh"],
        cwd=folder,
        env={
            "PATH": "/usr/bin:/bin",
            "GITHUB_ACTIONS": "true",
            "GITHUB_OUTPUT": str(folder / "outputs"),
            "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
            "RUNNER_TEMP": str(folder / "runner"),
            **variables,
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    outputs = dict(line.split("=", 1) for line in (folder / "outputs").read_text().splitlines())
    return done.returncode, outputs, done.stdout + done.stderr


def test_every_input_is_described_and_used_and_none_is_used_that_is_not_there() -> None:
    assert inputs_in(ACTION["runs"]) == set(ACTION["inputs"])
    assert all(entry["description"] for entry in [*ACTION["inputs"].values(), *ACTION["outputs"].values()])


def test_inputs_are_options_of_the_gate_but_for_the_python_version() -> None:
    assert {f"--{name}" for name in ACTION["inputs"]} - {"--python-version"} <= options_of("gate")
    used = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", STEPS["gate"]["run"]))
    assert used <= options_of("gate")


def test_defaults_of_inputs_are_the_commands_own() -> None:
    defaults = {parameter.opts[0]: parameter.default for parameter in command_named("gate").params}
    for name, entry in ACTION["inputs"].items():
        if entry.get("default") and name != "python-version":
            own = defaults[f"--{name}"]
            assert type(own)(entry["default"]) == own


def test_no_expression_stands_in_a_script() -> None:
    scripts = [step["run"] for step in ACTION["runs"]["steps"] if "run" in step]
    assert scripts
    assert not any("${{" in script for script in scripts)


def test_outputs_are_set_by_the_gates_step() -> None:
    for name, entry in ACTION["outputs"].items():
        assert entry["value"] == f"${{{{ steps.gate.outputs.{name} }}}}"
        assert f'echo "{name}=' in STEPS["gate"]["run"]


@pytest.mark.parametrize(
    "hostile", ["$(touch hacked)", '"; touch hacked; "', "a b\tc", "--help", "`touch hacked`", "*"]
)
def test_hostile_inputs_arrive_as_one_word_each_and_run_nothing(tmp_path: Path, hostile: str) -> None:
    install(tmp_path / "runner", RECORDER)
    names = sorted(set(ACTION["inputs"]) - {"python-version"})
    code, _, _ = run_step(tmp_path, dict.fromkeys(names, hostile), CODE="0")
    assert code == 0
    asked = (tmp_path / "runner" / "asked").read_text().splitlines()
    assert {f"--{name}={hostile}" for name in names} <= set(asked)
    assert len(asked) == 1 + len(names) + 2
    assert not (tmp_path / "hacked").exists()


def test_inputs_that_are_left_out_are_not_asked_for(tmp_path: Path) -> None:
    install(tmp_path / "runner", RECORDER)
    run_step(tmp_path, {"baseline": "b.json", "candidate": "runs/c"}, CODE="0")
    asked = (tmp_path / "runner" / "asked").read_text()
    assert "--baseline=b.json\n--candidate=runs/c\n" in asked
    assert "--junit" not in asked
    assert "--baseline-run" not in asked
    assert "--example-tests" not in asked


@pytest.mark.parametrize(("value", "asked"), [("true", True), ("false", False), ("", False)])
def test_example_tests_are_asked_for_by_true(tmp_path: Path, value: str, asked: bool) -> None:
    install(tmp_path / "runner", RECORDER)
    run_step(tmp_path, {"baseline": "b.json", "candidate": "runs/c", "example-tests": value}, CODE="0")
    assert ("--example-tests" in (tmp_path / "runner" / "asked").read_text().splitlines()) == asked


@pytest.mark.parametrize(
    ("code", "result"),
    [(0, "pass"), (1, "regression"), (6, "incomplete"), (7, "incomparable"), (2, "error"), (3, "error"), (70, "error")],
)
def test_the_step_ends_with_the_gates_code_and_says_its_result(tmp_path: Path, code: int, result: str) -> None:
    install(tmp_path / "runner", RECORDER)
    ended, outputs, _ = run_step(tmp_path, {"baseline": "b", "candidate": "c"}, CODE=str(code))
    assert (ended, outputs["result"]) == (code, result)
    # This program wrote no JSON, so there is no path of one.
    assert "json" not in outputs


def test_the_real_gate_in_the_step_reports_a_refusal_to_github(tmp_path: Path) -> None:
    install(tmp_path / "runner", f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m humaneval_x "$@"\n')
    write_baseline(simulated_run(FULL, run_id="base"), tmp_path / "base.json")
    inputs = {"baseline": "base.json", "candidate": "nowhere", "junit": "out/gate.xml"}
    code, outputs, log = run_step(tmp_path, inputs)
    assert (code, outputs["result"]) == (2, "error")
    assert json.loads(Path(outputs["json"]).read_text())["outcome"] == "error"
    assert "::error title=HumanEval-X gate%3A error::nowhere is not a run" in log
    assert "nowhere is not a run" in (tmp_path / "summary.md").read_text()
    assert (tmp_path / "out" / "gate.xml").is_file()


def scripts_in(value: Any) -> Iterator[str]:
    """What a workflow runs: `run` of GitHub's steps, `script` of GitLab's jobs."""
    if isinstance(value, list):
        for entry in value:
            yield from scripts_in(entry)
    elif isinstance(value, dict):
        for key, entry in value.items():
            if key == "run":
                yield from entry.replace("\\\n", " ").splitlines()
            elif key == "script":
                yield from entry
            else:
                yield from scripts_in(entry)


def steps_in(value: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in value.get("jobs", {}).values() for step in job["steps"]]


def test_the_page_has_a_workflow_for_github_and_a_job_for_gitlab() -> None:
    workflow, gitlab = EXAMPLES
    assert any("humaneval-x/humaneval-x@" in step.get("uses", "") for step in steps_in(workflow))
    job = gitlab["gate"]
    assert job["artifacts"]["reports"]["junit"] == "gate.xml"
    assert any("--junit gate.xml" in line for line in job["script"])


@pytest.mark.parametrize("example", EXAMPLES, ids=["github", "gitlab"])
def test_commands_in_the_pages_yaml_parse(example: dict[str, Any]) -> None:
    lines = [line for line in scripts_in(example) if line.startswith("humaneval-x ")]
    assert len(lines) >= 3
    for line in lines:
        name, *rest = shlex.split(line)[1:]
        command = command_named(name)
        if isinstance(command, click.Group):
            command, rest = command.commands[rest[0]], rest[1:]
        command.make_context(name, rest)


def test_the_pages_workflow_gives_the_action_inputs_that_it_has_and_all_that_it_needs() -> None:
    (step,) = [step for step in steps_in(EXAMPLES[0]) if "humaneval-x/humaneval-x@" in step.get("uses", "")]
    needed = {name for name, entry in ACTION["inputs"].items() if entry.get("required")}
    assert needed <= set(step["with"]) <= set(ACTION["inputs"])
    outputs = re.findall(rf"steps\.{step['id']}\.outputs\.(\w+)", json.dumps(EXAMPLES[0]))
    assert set(outputs) <= set(ACTION["outputs"])


def test_the_pages_exit_codes_and_options_are_the_commands() -> None:
    rows = re.findall(r"^\| `(--[a-z-]+)", PAGE, re.MULTILINE)
    assert {"--junit", "--json", "--summary", "--github-summary", "--annotations", "--github"} <= set(rows)
    assert set(rows) <= options_of("gate")
