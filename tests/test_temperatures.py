"""Several temperatures from one command: a run each, one engine for all."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from runs import CountingEngine, ScriptedBackend, outcome

from humaneval_x.cli import group
from humaneval_x.cli.evaluate import command as evaluate_command
from humaneval_x.cli.generate import command as generate_command
from humaneval_x.cli.stages import EvaluationOptions, GenerationOptions, generate_stage, run_stages
from humaneval_x.engines import EngineOptions, Request
from humaneval_x.errors import IncomparableError, SandboxError, UsageError
from humaneval_x.records import Completion, Outcome, Program, Prompt, Sampling
from humaneval_x.rundir import RunFolder

SMOKE = ("--engine", "canonical", "--data-version", "smoke", "--languages", "python", "--limit", "2", "-n", "2")


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(group, [str(argument) for argument in arguments])


def parsed(*arguments: str) -> GenerationOptions:
    context = generate_command.make_context("generate", [*SMOKE, *arguments, "--out", "unused"])
    return GenerationOptions(**{field.name: context.params[field.name] for field in fields(GenerationOptions)})


def sampling_of(run: Path) -> dict[str, Any]:
    sampling: dict[str, Any] = json.loads((run / "run.json").read_text())["sampling"]
    return sampling


class Opened:
    """An opener of one counting engine; knows how often it was asked and what was drawn at which temperature."""

    def __init__(self, breaks_after: int | None = None) -> None:
        self.times = self.closed = 0
        self.drawn: list[tuple[float, int]] = []
        self._breaks_after = breaks_after

    def __call__(self, name: str, options: EngineOptions) -> TemperatureEngine:
        self.times += 1
        return TemperatureEngine(self, self._breaks_after)


class TemperatureEngine(CountingEngine):
    def __init__(self, opened: Opened, breaks_after: int | None) -> None:
        super().__init__(breaks_after)
        self._opened = opened

    def sample(self, requests: Sequence[Request], sampling: Sampling) -> Iterator[tuple[Prompt, Completion]]:
        for prompt, completion in super().sample(requests, sampling):
            self._opened.drawn.append((sampling.temperature, completion.completion_id))
            yield prompt, completion

    def close(self) -> None:
        self._opened.closed += 1


def test_each_temperature_is_a_run_in_a_folder_named_after_it(tmp_path: Path) -> None:
    done = invoke("generate", *SMOKE, "--temperature", "0.2,0.6,1.0", "--out", tmp_path / "runs" / "id")
    assert done.exit_code == 0, done.output
    folders = [tmp_path / "runs" / f"id-t{name}" for name in ("0.2", "0.6", "1")]
    assert sorted((tmp_path / "runs").iterdir()) == sorted(folders)
    assert [sampling_of(folder)["temperature"] for folder in folders] == [0.2, 0.6, 1.0]
    for folder in folders:
        assert len((folder / "samples" / "generation-python.jsonl").read_text().splitlines()) == 4
        assert f"humaneval-x evaluate {folder}" in done.stderr


def test_one_temperature_is_one_run_in_the_folder_itself(tmp_path: Path) -> None:
    assert invoke("generate", *SMOKE, "--temperature", "0.2", "--out", tmp_path / "id").exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["id"]
    assert sampling_of(tmp_path / "id")["temperature"] == 0.2


def test_the_runs_differ_in_temperature_alone(tmp_path: Path) -> None:
    generate_stage(parsed("--temperature", "0.2,0.8"), tmp_path / "id", Opened())
    first, second = (json.loads((tmp_path / f"id-t{name}" / "run.json").read_text()) for name in ("0.2", "0.8"))
    for manifest in (first, second):
        del manifest["sampling"]["temperature"], manifest["created"]
    assert first == second


def test_the_engine_is_opened_once_for_all_temperatures(tmp_path: Path) -> None:
    opened = Opened()
    folders = generate_stage(parsed("--temperature", "0.2,0.8"), tmp_path / "id", opened)
    assert folders == [tmp_path / "id-t0.2", tmp_path / "id-t0.8"]
    assert (opened.times, opened.closed) == (1, 1)
    assert opened.drawn == [(0.2, 0), (0.2, 1)] * 2 + [(0.8, 0), (0.8, 1)] * 2


def test_the_same_command_goes_on_in_each_folder_and_draws_nothing_twice(tmp_path: Path) -> None:
    options = parsed("--temperature", "0.2,0.8")
    generate_stage(options, tmp_path / "id", Opened())
    journal = tmp_path / "id-t0.8" / "samples" / "generation-python.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(b"".join(whole.splitlines(keepends=True)[:3]))
    again = Opened()
    generate_stage(options, tmp_path / "id", again)
    assert again.drawn == [(0.8, 1)]
    assert journal.read_bytes() == whole


def test_another_temperature_joins_the_runs_that_are_there(tmp_path: Path) -> None:
    generate_stage(parsed("--temperature", "0.2,0.8"), tmp_path / "id", Opened())
    more = Opened()
    generate_stage(parsed("--temperature", "0.2,0.6,0.8"), tmp_path / "id", more)
    assert {temperature for temperature, _ in more.drawn} == {0.6}


def test_another_run_in_the_last_folder_is_refused_before_anything_is_drawn(tmp_path: Path) -> None:
    generate_stage(parsed("--temperature", "0.8", "--seed", "7"), tmp_path / "id-t0.8", Opened())
    opened = Opened()
    with pytest.raises(IncomparableError, match=r"seed"):
        generate_stage(parsed("--temperature", "0.2,0.8"), tmp_path / "id", opened)
    assert opened.drawn == []
    assert opened.closed == 1


@pytest.mark.parametrize("out", [".", "..", "/"])
def test_a_folder_without_a_name_of_its_own_cannot_name_several_runs(out: str) -> None:
    with pytest.raises(UsageError, match="runs/ID"):
        parsed("--temperature", "0.2,0.8").folders(Path(out))
    assert parsed("--temperature", "0.2").folders(Path(out)) == {0.2: Path(out)}


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("-0.1", "'-0.1'"),
        ("0.2,101", "'101'"),
        ("0.2,warm", "'warm'"),
        ("nan", "'nan'"),
        ("0.2,inf", "'inf'"),
        ("0.2,", "''"),
        ("", "''"),
        ("0.2,0.8,0.20", "temperature 0.20 is given twice"),
        ("0,-0", "temperature -0 is given twice"),
    ],
)
def test_a_wrong_temperature_is_refused_by_name(value: str, word: str) -> None:
    with pytest.raises(click.BadParameter) as raised:
        parsed("--temperature", value)
    assert word in raised.value.message
    assert "--temperature" in raised.value.format_message()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("temperature: 0.4\n", (0.4,)),
        ("temperature: 1\n", (1.0,)),
        ("temperature: [0.2, 1]\n", (0.2, 1.0)),
        ('temperature: "0.2,0.8"\n', (0.2, 0.8)),
        ("temperature: ['0.2', 0]\n", (0.2, 0.0)),
        ("seed: 3\n", (0.8,)),
    ],
)
def test_a_configuration_gives_one_temperature_or_a_list(tmp_path: Path, text: str, wanted: tuple[float, ...]) -> None:
    (tmp_path / "options.yaml").write_text(text)
    assert parsed("--config", str(tmp_path / "options.yaml")).temperatures == wanted
    assert parsed("--config", str(tmp_path / "options.yaml"), "--temperature", "0.7").temperatures == (0.7,)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("temperature: [0.2, 0.2]\n", "twice"),
        ("temperature: []\n", "no temperature"),
        ("temperature: yes\n", "'True'"),
        ("temperature: .nan\n", "'nan'"),
    ],
)
def test_a_wrong_temperature_in_a_configuration_is_refused(tmp_path: Path, text: str, word: str) -> None:
    (tmp_path / "options.yaml").write_text(text)
    with pytest.raises(click.BadParameter, match=word):
        parsed("--config", str(tmp_path / "options.yaml"))


def judging() -> EvaluationOptions:
    context = evaluate_command.make_context("evaluate", ["unused", "--workers", "1"])
    return EvaluationOptions(**{field.name: context.params[field.name] for field in fields(EvaluationOptions)})


def test_run_draws_and_judges_all_temperatures_with_one_engine_and_one_backend(tmp_path: Path) -> None:
    opened, backend = Opened(), ScriptedBackend(lambda _: outcome())
    folders = run_stages(parsed("--temperature", "0.2,0.8"), judging(), tmp_path / "id", opened, lambda *_: backend)
    assert folders == [tmp_path / "id-t0.2", tmp_path / "id-t0.8"]
    assert (opened.times, opened.closed, backend.open_now) == (1, 1, 0)
    for folder in folders:
        assert len(list(RunFolder(folder).verdicts("generation-python"))) == 4


def test_sandboxes_that_fail_keep_no_temperature_from_being_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(program: Program) -> Outcome:
        raise SandboxError("the host is gone")

    options, backend = parsed("--temperature", "0.2,0.8"), ScriptedBackend(fail)
    with pytest.raises(SandboxError, match="in a row: the host is gone"):
        run_stages(options, judging(), tmp_path / "id", Opened(), lambda *_: backend)
    for folder in options.folders(tmp_path / "id").values():
        assert len(list(RunFolder(folder).samples("generation-python"))) == 4
    assert "id-t0.8: drew 4 samples" in capsys.readouterr().err


def test_a_run_that_is_judged_otherwise_is_refused_before_anything_is_drawn(tmp_path: Path) -> None:
    backend, two = ScriptedBackend(lambda _: outcome()), parsed("--temperature", "0.2,0.8")
    run_stages(parsed("--temperature", "0.8"), judging(), tmp_path / "id-t0.8", Opened(), lambda *_: backend)
    opened = Opened()
    with pytest.raises(IncomparableError, match="limits"):
        run_stages(two, replace(judging(), timeout=1.5), tmp_path / "id", opened, lambda *_: backend)
    assert opened.drawn == []


def test_run_refuses_to_write_its_report_into_another_run(tmp_path: Path) -> None:
    generate_stage(parsed("--temperature", "0.5"), tmp_path / "id", Opened())
    done = invoke("run", *SMOKE, "--temperature", "0.2,0.8", "--out", tmp_path / "id")
    assert isinstance(done.exception, UsageError)
    assert "--report" in str(done.exception)
    assert [path.name for path in tmp_path.iterdir()] == ["id"]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "sandbox", [pytest.param("docker", marks=pytest.mark.docker), pytest.param("local", marks=pytest.mark.local)]
)
def test_run_judges_each_temperature_and_writes_one_report_on_all(tmp_path: Path, sandbox: str) -> None:
    command = ("run", *SMOKE, "--sandbox", sandbox, "--temperature", "0.2,0.8", "--out", tmp_path / "id")
    done = invoke(*command)
    assert done.exit_code == 0, done.output
    assert "temperature 0.2" in done.stdout
    assert "temperature 0.8" in done.stdout
    assert done.stdout.count("100.0") >= 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["id", "id-t0.2", "id-t0.8"]
    table = json.loads((tmp_path / "id" / "report" / "report.json").read_text())
    assert [run["run_id"] for run in table["runs"]] == ["id-t0.2", "id-t0.8"]
    assert "best" not in table
    again = invoke(*command)
    assert again.exit_code == 0, again.output
    assert again.stderr.count("drew 0 samples") == 2

    runs = sorted(tmp_path.glob("id-t*"))
    best = invoke("report", *runs, "--best-temperature", "--format", "json", "--out", tmp_path / "best")
    assert best.exit_code == 0, best.output
    assert json.loads((tmp_path / "best" / "report.json").read_text())["best"][0]["temperatures"] == [0.2, 0.8]
    alone = invoke("report", runs[0], "--best-temperature", "--out", tmp_path / "none")
    assert isinstance(alone.exception, UsageError)
    assert "here is one run" in str(alone.exception)
    assert not (tmp_path / "none").exists()
