"""The supervisor by itself: its parts as functions, and the whole of it in a bare sandbox, spoken to in frames."""

from __future__ import annotations

import importlib
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from humaneval_x.records import Limits
from humaneval_x.resources import resource_folder
from humaneval_x.sandbox.bubble import Bubble

SOURCE = resource_folder("sandboxes") / "supervisor.py"


@pytest.fixture(scope="module")
def supervisor() -> Iterator[ModuleType]:
    """The supervisor's module; what it loads are modules beside it."""
    sys.dont_write_bytecode, before, path = True, sys.dont_write_bytecode, list(sys.path)
    try:
        sys.path.insert(0, str(SOURCE.parent))
        yield importlib.import_module("supervisor")
    finally:
        sys.dont_write_bytecode, sys.path[:] = before, path


@pytest.fixture(scope="module")
def processes(supervisor: ModuleType) -> ModuleType:
    return sys.modules["processes"]


@pytest.fixture
def bubble(limits: Limits) -> Iterator[Bubble]:
    opened = Bubble("/usr/bin/python3", None, limits, uid=70000, cgroups=True)
    try:
        yield opened
    finally:
        opened.close()


@pytest.fixture
def ask(bubble: Bubble) -> Callable[..., dict[str, Any]]:
    """Sends a job of one program of shell steps, each with the fields that differ from the usual: its reply."""

    def asked(*steps: dict[str, Any], files: dict[str, str] | None = None) -> dict[str, Any]:
        bubble.connection.send(job({"files": files or {}, "steps": [step(**each) for each in steps]}), 10)
        reply = bubble.connection.receive(60)
        if "fault" not in reply:
            end = bubble.connection.receive(60)
            assert end.pop("cpu_s") > 0 and end.pop("peak_mb") >= 0
            assert end == {"id": 7, "end": True}
        return reply

    return asked


def job(*programs: dict[str, Any]) -> dict[str, Any]:
    return {"id": 7, "programs": programs, "fast": ""}


def step(shell: str = "true", **others: Any) -> dict[str, Any]:
    usual = {
        "stage": "run",
        "argv": ["sh", "-c", shell],
        "environment": {},
        "cpu_s": 5,
        "wall_s": 20,
        "memory_mb": 256,
        "processes": 32,
        "output_bytes": 1 << 20,
        "disk_mb": 32,
        "marker": True,
    }
    return {**usual, **others}


HONEST = "read secret <&3; echo $secret 12 3 >&3"


@pytest.mark.local
def test_the_secret_sent_back_completes_with_its_counts(ask: Callable[..., dict[str, Any]]) -> None:
    reply = ask({"shell": HONEST})
    assert (reply["id"], reply["index"], reply["clean"]) == (7, 0, True)
    outcome = reply["outcome"]
    assert (outcome["completed"], outcome["assertions"], outcome["failed_assertions"]) == (True, 12, 3)


@pytest.mark.local
@pytest.mark.parametrize(
    "shell",
    [
        "true",
        "echo 12 3 >&3",
        "read secret <&3; echo $secret >&3",
        "read secret <&3; echo $secret 1 >&3",
        "read secret <&3; echo $secret 1 x >&3",
        "read secret <&3; echo $secret -1 0 >&3",
        "read secret <&3; printf '%s 1 0' $secret >&3",
        "read secret <&3; echo ${secret%?} 1 0 >&3",
        "read secret <&3; echo $secret 1 0",
        "echo 0000000000000000000000000000000000000000000000000000000000000000 1 0 >&3",
    ],
)
def test_anything_but_the_exact_line_is_no_completion(shell: str, ask: Callable[..., dict[str, Any]]) -> None:
    assert ask({"shell": shell})["outcome"]["completed"] is False


@pytest.mark.local
def test_junk_around_the_line_does_not_hide_it(ask: Callable[..., dict[str, Any]]) -> None:
    outcome = ask({"shell": "read secret <&3; printf junk >&3; echo $secret 1 0 >&3; echo junk >&3"})["outcome"]
    assert outcome["completed"]


@pytest.mark.local
def test_every_job_has_another_secret(ask: Callable[..., dict[str, Any]]) -> None:
    told = {ask({"shell": "read secret <&3; echo $secret"})["outcome"]["stdout"] for _ in range(3)}
    assert len(told) == 3 and all(len(secret) == 65 for secret in told)


@pytest.mark.local
def test_a_flood_on_the_marker_descriptor_counts_as_output(ask: Callable[..., dict[str, Any]]) -> None:
    outcome = ask({"shell": "cat /dev/zero >&3"})["outcome"]
    assert outcome["limit_hit"] == "output" and not outcome["completed"]


@pytest.mark.local
def test_a_step_without_marker_has_no_descriptor_three(ask: Callable[..., dict[str, Any]]) -> None:
    assert ask({"shell": "test ! -e /proc/self/fd/3", "marker": False})["outcome"]["exit_code"] == 0


@pytest.mark.local
def test_exit_codes_and_signals_are_told_apart(ask: Callable[..., dict[str, Any]]) -> None:
    facts = [ask({"shell": shell})["outcome"] for shell in ("exit 7", "exit 137", "kill -9 $$", "kill -SEGV $$")]
    assert [(each["exit_code"], each["signal"]) for each in facts] == [(7, 0), (137, 0), (None, 9), (None, 11)]


@pytest.mark.local
def test_the_first_step_that_fails_is_the_last_that_runs(ask: Callable[..., dict[str, Any]]) -> None:
    compile_step = {"stage": "compile", "shell": "echo made >made; echo note >&2; exit 3"}
    outcome = ask(compile_step, {"shell": HONEST})["outcome"]
    assert (outcome["stage"], outcome["exit_code"], outcome["stderr"]) == ("compile", 3, "note\n")
    outcome = ask({**compile_step, "shell": "echo made >made"}, {"shell": "cat made; " + HONEST})["outcome"]
    assert (outcome["stage"], outcome["stdout"], outcome["completed"]) == ("run", "made\n", True)


@pytest.mark.local
def test_nothing_of_a_compile_step_runs_on_during_the_run_step(ask: Callable[..., dict[str, Any]]) -> None:
    compile_step = {"stage": "compile", "shell": "setsid sleep 1000 & exit 0"}
    outcome = ask(compile_step, {"shell": "ls /proc | grep -c '^[0-9]'; " + HONEST})["outcome"]
    assert outcome["completed"] and int(outcome["stdout"]) <= 4, "itself, ls, grep, and process 1"


@pytest.mark.local
def test_a_missing_command_is_a_fault_of_the_sandbox_and_a_missing_program_is_the_samples(
    ask: Callable[..., dict[str, Any]],
) -> None:
    reply = ask({"argv": ["no-such-compiler"]})
    assert "no-such-compiler" in reply["fault"] and "outcome" not in reply


@pytest.mark.local
def test_a_program_that_the_compiler_did_not_make_is_the_samples_failure(ask: Callable[..., dict[str, Any]]) -> None:
    outcome = ask({"stage": "compile"}, {"argv": ["./main"]})["outcome"]
    assert (outcome["stage"], outcome["exit_code"]) == ("run", 127) and "main" in outcome["stderr"]


@pytest.mark.local
def test_any_text_arrives_in_the_file_as_it_is(ask: Callable[..., dict[str, Any]]) -> None:
    text = "ä\u2028\ufeff\U0001f600\x00\r\n"
    outcome = ask({"shell": "od -An -tx1 main.txt | tr -d ' \\n'"}, files={"main.txt": text})["outcome"]
    assert bytes.fromhex(outcome["stdout"]) == text.encode()
    outcome = ask({"shell": "od -An -tx1 main.txt"}, files={"main.txt": "\ud800"})["outcome"]
    assert outcome["stdout"].split() == ["ed", "a0", "80"]


@pytest.mark.local
def test_output_that_is_not_utf_8_comes_back_as_text(ask: Callable[..., dict[str, Any]]) -> None:
    outcome = ask({"shell": "printf 'a\\377b'; printf '\\000' >&2"})["outcome"]
    assert (outcome["stdout"], outcome["stderr"]) == ("a\ufffdb", "\x00")


@pytest.mark.local
def test_a_program_larger_than_the_disk_is_not_run(ask: Callable[..., dict[str, Any]]) -> None:
    outcome = ask({"shell": HONEST}, files={"main.txt": "x" * (40 << 20)})["outcome"]
    assert (outcome["stage"], outcome["limit_hit"], outcome["completed"]) == ("input", "disk", False)
    assert ask({"shell": HONEST})["outcome"]["completed"]


@pytest.mark.local
def test_cpu_time_of_killed_grandchildren_is_charged(ask: Callable[..., dict[str, Any]]) -> None:
    outcome = ask({"shell": "(setsid sh -c 'while :; do :; done' &); sleep 1000", "cpu_s": 0.5})["outcome"]
    assert outcome["limit_hit"] == "cpu" and 0.4 < outcome["cpu_s"] < 2


@pytest.mark.local
def test_a_job_of_several_programs_is_answered_for_each_in_turn(bubble: Bubble) -> None:
    shells = [HONEST, "exit 3", "test ! -e left; touch left; " + HONEST, "test ! -e left && " + HONEST]
    bubble.connection.send(job(*({"files": {}, "steps": [step(shell)]} for shell in shells)), 10)
    replies = [bubble.connection.receive(60) for _ in shells]
    assert [reply["index"] for reply in replies] == [0, 1, 2, 3]
    assert [reply["outcome"]["completed"] for reply in replies] == [True, False, True, True]
    assert bubble.connection.receive(60)["end"] is True


@pytest.mark.local
def test_the_supervisor_ends_with_its_stdin_even_in_the_middle_of_a_job(bubble: Bubble) -> None:
    bubble.connection.send(job({"files": {}, "steps": [step("sleep 1000", wall_s=1000)]}), 10)
    bubble.connection.close()
    assert bubble._process is not None
    bubble._process.wait(timeout=20)


def test_outside_a_sandbox_the_supervisor_refuses_to_start() -> None:
    ended = subprocess.run([sys.executable, "-I", "-S", str(SOURCE), "--nested"], capture_output=True, check=False)
    assert ended.returncode != 0 and b"process 1" in ended.stderr


@pytest.mark.local
def test_where_the_folders_to_be_wiped_hold_files_the_supervisor_refuses_to_start(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("x")
    tmp_path.chmod(0o777)
    argv = ["bwrap", "--unshare-all", "--as-pid-1", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"]
    argv += ["--bind", str(tmp_path), "/tmp", "--ro-bind", str(SOURCE.parent), "/mnt"]
    ended = subprocess.run(
        [*argv, "/usr/bin/python3", "-B", "/mnt/supervisor.py", "--nested"],
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert ended.returncode != 0 and b"not empty" in ended.stderr
    assert (tmp_path / "precious").read_text() == "x"


@pytest.fixture
def memory_folder() -> Iterator[Path]:
    """A folder on a tmpfs, as a sandbox's is."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


def test_wiping_removes_any_depth_and_mode_and_follows_no_link(supervisor: ModuleType, memory_folder: Path) -> None:
    outside, inside = memory_folder / "outside", memory_folder / "inside"
    outside.mkdir(mode=0o755)
    (outside / "kept").write_text("x")
    inside.mkdir()
    here = os.open(inside, os.O_RDONLY)
    for _ in range(1200):  # beyond Python's recursion limit
        os.mkdir("deep", dir_fd=here)
        os.symlink(outside, "link", dir_fd=here)
        os.mkfifo("pipe", dir_fd=here)
        deeper = os.open("deep", os.O_RDONLY, dir_fd=here)
        os.fchmod(here, 0)
        os.close(here)
        here = deeper
    os.close(here)
    supervisor.wipe(str(inside))
    assert list(inside.iterdir()) == [] and stat.S_IMODE(inside.stat().st_mode) == 0o1777
    assert (outside / "kept").read_text() == "x" and stat.S_IMODE(outside.stat().st_mode) == 0o755


def test_a_stream_keeps_its_ends_and_counts_the_rest(processes: ModuleType) -> None:
    reading, writing = os.pipe()
    stream = processes.Stream(reading)
    with os.fdopen(writing, "wb", buffering=0) as file:
        for part in (b"first", *(b"x" * 60_000 for _ in range(5)), b"last"):
            file.write(part)
            stream.drain()
    assert stream.drain() is False
    os.close(reading)
    text = stream.text()
    assert stream.total == 300_009 and len(text) < 70_000
    assert text.startswith("firstx") and text.endswith("xlast") and f"[{300_009 - 65_536} bytes left out]" in text


def test_the_meter_reads_the_counters_of_both_cgroup_versions(supervisor: ModuleType, tmp_path: Path) -> None:
    first, second = tmp_path / "v1", tmp_path / "v2"
    files = {
        first / "cpuacct/cpuacct.usage": "2500000000\n",
        first / "memory/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n",
        first / "memory/memory.limit_in_bytes": "268435456\n",
        first / "memory/memory.usage_in_bytes": "9000\n",
        first / "memory/memory.stat": "active_file 1\ntotal_inactive_file 500\ntotal_active_file 1500\n",
        first / "pids/pids.events": "max 4\n",
        first / "pids/pids.max": "33\n",
        first / "pids/pids.current": "5\n",
        second / "cgroup.controllers": "cpu memory pids\n",
        second / "cpu.stat": "usage_usec 2500000\nuser_usec 1\nsystem_usec 1\n",
        second / "memory.events": "low 0\nhigh 0\nmax 9\noom 5\noom_kill 3\noom_group_kill 0\n",
        second / "memory.max": "268435456\n",
        second / "memory.current": "9000\n",
        second / "memory.stat": "anon 7000\nfile 2000\ninactive_file 500\nactive_file 1500\n",
        second / "pids.events": "max 4\n",
        second / "pids.max": "33\n",
        second / "pids.current": "5\n",
    }
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for root, version in ((first, "v1"), (second, "v2")):
        meter = supervisor.Meter(str(root))
        assert (meter.version, meter.missing, meter.ooms(), meter.refused_forks()) == (version, [], 3, 4)
        assert meter.memory_bytes() == 7000 and meter.tasks() == 5 and meter.sandbox_cpu_s() == 2.5
        used = meter.cpu_s()
        assert used < 2.5, "this process's own time is taken off"
        grown = {"v1": "3500000000\n", "v2": "usage_usec 3500000\n"}[version]
        next(path for path in files if root in path.parents and path.name.startswith("cpu")).write_text(grown)
        assert 0.5 < meter.cpu_s() - used <= 1


@pytest.mark.parametrize(("name", "text"), [("memory.max", "max\n"), ("pids.max", "max\n")])
def test_a_cgroup_without_a_limit_is_said_to_miss_it(
    name: str, text: str, supervisor: ModuleType, tmp_path: Path
) -> None:
    usual = {
        "cgroup.controllers": "cpu memory pids\n",
        "cpu.stat": "usage_usec 1\n",
        "memory.events": "oom_kill 0\n",
        "memory.max": "1000000\n",
        "pids.events": "max 0\n",
        "pids.max": "10\n",
    }
    for file, content in {**usual, name: text}.items():
        (tmp_path / file).write_text(content)
    assert supervisor.Meter(str(tmp_path)).missing == [{"memory.max": "memory", "pids.max": "processes"}[name]]


def test_without_a_cgroup_everything_is_said_to_be_missing(supervisor: ModuleType, tmp_path: Path) -> None:
    meter = supervisor.Meter(str(tmp_path))
    assert (meter.version, meter.missing) == ("none", ["memory", "processes", "cpu"])
    assert meter.polled_limit({"memory_mb": 1 << 30, "processes": 1 << 30}) == ""
    assert meter.polled_limit({"memory_mb": 0, "processes": 1 << 30}) == "memory"
    assert meter.polled_limit({"memory_mb": 1 << 30, "processes": -2}) == "process"
