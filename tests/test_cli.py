"""The command line as a user meets it: whole processes, messages and exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from checkout import published_folder

SMOKE = ("--engine", "canonical", "--data-version", "smoke", "-n", "1")


def cli(*arguments: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "humaneval_x", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "HUMANEVAL_X_DATA": str(cwd / "data"), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def assert_fails(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


@pytest.fixture
def run(tmp_path: Path) -> Path:
    done = cli("generate", *SMOKE, "--languages", "python", "--limit", "3", "--out", "run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return tmp_path / "run"


def test_generate_writes_the_run_and_says_what_comes_next(run: Path) -> None:
    manifest = json.loads((run / "run.json").read_text())
    assert manifest["tasks"] == {"generation-python": ["Python/1", "Python/5", "Python/12"]}
    assert manifest["data"]["version"] == "smoke"
    assert manifest["sampling"]["samples"] == 1


def test_generating_again_draws_nothing(run: Path) -> None:
    before = (run / "samples" / "generation-python.jsonl").read_bytes()
    done = cli("generate", *SMOKE, "--languages", "python", "--limit", "3", "--out", "run", cwd=run.parent)
    assert done.returncode == 0
    assert "drew 0 samples" in done.stderr
    assert (run / "samples" / "generation-python.jsonl").read_bytes() == before


def test_generating_with_other_settings_is_not_comparable(run: Path) -> None:
    done = cli("generate", *SMOKE, "--languages", "python", "--limit", "2", "--out", "run", cwd=run.parent)
    assert_fails(done, 7, "limit", "another folder")


def test_an_unknown_command_option_or_choice_is_a_usage_error(tmp_path: Path) -> None:
    assert_fails(cli("judge", cwd=tmp_path), 2, "judge")
    assert_fails(cli("generate", "--temprature", "1", "--out", "run", cwd=tmp_path), 2, "--temperature")
    assert_fails(cli("generate", *SMOKE, "--top-p", "1.5", "--out", "run", cwd=tmp_path), 2, "top-p")


def test_stops_repetition_penalty_and_devices_are_read_and_recorded(tmp_path: Path) -> None:
    chosen = ("--stop", "none", "--stop", "^#", "--stop", "\n\n", "--repetition-penalty", "1.2", "--devices", "0,1")
    done = cli("generate", *SMOKE, *chosen, "--limit", "1", "--out", "run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    manifest = json.loads((tmp_path / "run" / "run.json").read_text())
    assert manifest["stop"] == {"rule": "none", "patterns": ["^#", "\n\n"]}
    assert manifest["sampling"]["repetition_penalty"] == 1.2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--stop", "a(b"), ("'a(b'", "no regular expression", "position 1")),
        (("--stop", "x*"), ("'x*'", "empty")),
        (("--stop", "none", "--stop", "strict"), ("none, strict", "one")),
        (("--devices", "0,x"), ("--devices", "'x'", "0,1")),
        (("--devices", "1,-2"), ("--devices", "'-2'")),
        (("--devices", "0,1,01"), ("--devices", "GPU 1", "twice")),
        (("--devices", "0", "--device", "cpu"), ("--devices", "--device cpu")),
        (("--repetition-penalty", "0"), ("--repetition-penalty", "x>0")),
    ],
)
def test_a_wrong_stop_device_or_penalty_is_a_usage_error(
    tmp_path: Path, options: tuple[str, ...], words: tuple[str, ...]
) -> None:
    assert_fails(cli("generate", *SMOKE, *options, "--out", "run", cwd=tmp_path), 2, *words)
    assert not (tmp_path / "run").exists()


def test_an_unknown_language_is_a_usage_error_that_names_the_languages(tmp_path: Path) -> None:
    done = cli("generate", *SMOKE, "--languages", "python,cobol", "--out", "run", cwd=tmp_path)
    assert_fails(done, 2, "cobol", "python, cpp, java, js, go")
    assert not (tmp_path / "run").exists()


def test_an_unknown_engine_is_a_usage_error(tmp_path: Path) -> None:
    assert_fails(cli("generate", "--engine", "gpt", "--data-version", "smoke", "--out", "run", cwd=tmp_path), 2, "gpt")


def test_data_that_are_not_here_say_how_to_get_them(tmp_path: Path) -> None:
    done = cli("generate", "--engine", "canonical", "-n", "1", "--out", "run", cwd=tmp_path)
    assert_fails(done, 3, "humaneval_python.jsonl", "data pull", "data import")
    assert not (tmp_path / "run").exists()


def test_importing_from_a_wrong_path_is_a_usage_error(tmp_path: Path) -> None:
    assert_fails(cli("data", "import", "nowhere", cwd=tmp_path), 2, "nowhere")


def test_importing_another_file_of_the_same_name_is_a_data_error(tmp_path: Path) -> None:
    (tmp_path / "humaneval_js.jsonl").write_text('{"task_id":"JavaScript/0"}\n')
    assert_fails(cli("data", "import", ".", cwd=tmp_path), 3, "humaneval_js.jsonl", "SHA-256")


@pytest.mark.published
def test_the_published_data_import_verify_and_list(tmp_path: Path) -> None:
    assert cli("data", "import", published_folder(), cwd=tmp_path).returncode == 0
    for version in ("codegeex", "codegeex2", "fixed"):
        done = cli("data", "verify", "--data-version", version, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "820 problems in 5 languages" in done.stdout
    assert cli("data", "list", cwd=tmp_path).stdout.count("5 of 5") == 4


def test_pulling_without_a_network_is_a_data_error_that_names_the_way_out(tmp_path: Path) -> None:
    # A proxy that refuses every connection stands for a network that is not there.
    done = cli("data", "pull", cwd=tmp_path, HTTPS_PROXY="http://127.0.0.1:9", https_proxy="http://127.0.0.1:9")
    assert_fails(done, 3, "cannot be downloaded", "data import")


def test_judging_what_is_no_run_is_a_usage_error(tmp_path: Path) -> None:
    assert_fails(cli("evaluate", "nowhere", cwd=tmp_path), 2, "nowhere does not exist", "samples file")


def test_a_run_that_was_not_judged_has_no_report(run: Path) -> None:
    assert_fails(cli("report", "run", "--out", "out", cwd=run.parent), 6, "evaluate")
    assert not (run.parent / "out").exists()


def test_a_stopped_docker_daemon_is_one_message(run: Path) -> None:
    done = cli("evaluate", "run", "--sandbox", "docker", cwd=run.parent, DOCKER_HOST="unix:///nonexistent/docker.sock")
    assert_fails(done, 4, "no Docker engine answers", "/nonexistent/docker.sock", "--sandbox local")
    assert not (run / "verdicts").exists()


def test_a_sandbox_that_is_missing_is_said_before_anything_is_drawn(tmp_path: Path) -> None:
    done = cli("run", *SMOKE, "--sandbox", "docker", "--out", "run", cwd=tmp_path,
               DOCKER_HOST="unix:///nonexistent/docker.sock")  # fmt: skip
    assert_fails(done, 4, "no Docker engine answers")
    assert not (tmp_path / "run").exists()


def test_a_malformed_samples_line_is_named(run: Path) -> None:
    journal = run / "samples" / "generation-python.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(lines[0] + b'{"task_id":\n' + lines[2])
    done = cli("generate", *SMOKE, "--languages", "python", "--limit", "3", "--out", "run", cwd=run.parent)
    assert_fails(done, 3, "generation-python.jsonl:2")


def test_an_unknown_task_id_among_the_samples_is_refused(run: Path) -> None:
    journal = run / "samples" / "generation-python.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b"Python/1", b"Python/9"))
    done = cli("generate", *SMOKE, "--languages", "python", "--limit", "3", "--out", "run", cwd=run.parent)
    assert_fails(done, 7, "Python/9")


def test_replaying_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    done = cli(
        "generate", "--engine", "replay", "--model", "none.jsonl", "--data-version", "smoke", "-n", "1", "--out", "run",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode in (2, 3)
    assert "none.jsonl" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.paddle
def test_an_absent_model_is_one_message(tmp_path: Path) -> None:
    done = cli("generate", "--model", "./no/such/model", "--data-version", "smoke", "-n", "1", "--out", "run",
               cwd=tmp_path)  # fmt: skip
    assert done.returncode in (2, 3, 5)
    assert "no/such/model" in done.stderr
    assert "Traceback" not in done.stderr


def test_options_come_from_a_file_and_the_command_line_wins(tmp_path: Path) -> None:
    (tmp_path / "options.yaml").write_text(
        "engine: canonical\ndata-version: smoke\nsamples: 2\ngenerate:\n  limit: 1\n  languages: go\n"
    )
    done = cli("generate", "--config", "options.yaml", "-n", "3", "--out", "run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    manifest = json.loads((tmp_path / "run" / "run.json").read_text())
    assert manifest["sampling"]["samples"] == 3
    assert manifest["tasks"] == {"generation-go": ["Go/5"]}


@pytest.mark.parametrize(
    ("text", "rule", "patterns"),
    [
        ("stop: codegen\n", "codegen", []),
        ('stop: "^#"\n', "strict", ["^#"]),
        ('stop: [none, "^#", "class "]\ndevices: [0, 1]\n', "none", ["^#", "class "]),
        ("devices: 3\n", "strict", []),
        ('devices: "0,1"\n', "strict", []),
    ],
)
def test_a_configuration_gives_one_stop_or_a_list_of_them(
    tmp_path: Path, text: str, rule: str, patterns: list[str]
) -> None:
    (tmp_path / "options.yaml").write_text(text)
    done = cli("generate", "--config", "options.yaml", *SMOKE, "--limit", "1", "--out", "run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    manifest = json.loads((tmp_path / "run" / "run.json").read_text())
    assert manifest["stop"] == {"rule": rule, "patterns": patterns}


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [
        ("a.yaml", "temprature: 1\n", "temprature"),
        ("a.yaml", "- 1\n", "table"),
        ("a.toml", "engine = \n", "TOML"),
        ("a.yaml", "jugde:\n  workers: 1\n", "jugde"),
        ("a.yaml", "generate:\n  workers: 1\n", "workers"),
        ("a.yaml", "stop: [none, strict]\n", "none, strict"),
        ("a.yaml", "devices: [0, 0]\n", "twice"),
    ],
)
def test_a_wrong_configuration_is_a_usage_error(tmp_path: Path, name: str, text: str, word: str) -> None:
    (tmp_path / name).write_text(text)
    assert_fails(cli("generate", "--config", name, "--out", "run", cwd=tmp_path), 2, word)


def test_the_demo_configuration_is_known_by_name(tmp_path: Path) -> None:
    done = cli("run", "--config", "demo", "--engine", "gpt", cwd=tmp_path)
    assert_fails(done, 2, "gpt")


def test_the_cache_is_shown_and_cleared(tmp_path: Path, cache: Path) -> None:
    assert "verdicts.sqlite3: 0 verdicts" in cli("sandbox", "cache", cwd=tmp_path).stdout
    (cache / "verdicts.sqlite3").write_text("this is no store")
    assert_fails(cli("sandbox", "cache", cwd=tmp_path), 8, "verdicts.sqlite3", "--clear")
    done = cli("sandbox", "cache", "--clear", cwd=tmp_path)
    assert (done.returncode, done.stdout.count("0 verdicts")) == (0, 1)
    assert "0 verdicts, 0.0 MB" in done.stdout


def test_a_reader_that_goes_away_is_no_error_message(tmp_path: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m humaneval_x --help | head -1", shell=True, cwd=tmp_path, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.stderr == ""


WAITING_ENGINE = """
class Waiting:
    def describe(self):
        return {}

    def sample(self, requests, sampling):
        open("reached").read()
        return iter(())

    def close(self):
        pass


def open_waiting(options):
    return Waiting()
"""


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
@pytest.mark.parametrize(
    "command",
    [
        ("generate",),
        pytest.param(("run", "--sandbox", "docker", "--languages", "python"), marks=pytest.mark.docker),
        pytest.param(("run", "--sandbox", "local", "--languages", "python"), marks=pytest.mark.local),
    ],
)
def test_a_signal_ends_tidily_and_says_that_work_is_kept(
    tmp_path: Path, command: tuple[str, ...], number: int, code: int, word: str
) -> None:
    (tmp_path / "waiting.py").write_text(WAITING_ENGINE)
    info = tmp_path / "waiting-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: waiting\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[humaneval_x.engines]\nwaiting = waiting:open_waiting\n")
    os.mkfifo(tmp_path / "reached")
    process = subprocess.Popen(
        [sys.executable, "-m", "humaneval_x", *command, "--engine", "waiting", *SMOKE[2:], "--out", "run"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
    )

    def release() -> None:
        """A process that ends before it gets there must not keep the test waiting."""
        process.wait()
        os.open(tmp_path / "reached", os.O_RDONLY | os.O_NONBLOCK)

    threading.Thread(target=release, daemon=True).start()
    with (tmp_path / "reached").open("w"):  # opens once the engine is at work, and keeps it waiting
        process.send_signal(number)
        _, complaint = process.communicate()
    assert process.returncode == code
    assert word in complaint
    assert "Traceback" not in complaint
