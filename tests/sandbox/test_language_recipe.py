"""CONTRIBUTING.md's recipe for a language, followed: one folder under `sandboxes/` is all that a new one needs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

DESCRIPTION = """
order = 6
title = "Shell"
task_prefix = "Shell"
tag_line = "# language: Shell"
open_braces = 1
assembly = "js"
truncation = "js"
reference_rule = "exit_code"
source_name = "main.sh"

[run]
argv = ["sh", "{wrappers}/start.sh", "main.sh"]
environment = { PATH = "/usr/bin:/bin" }

[limits]
compile_cpu_s = 5
run_cpu_s = 5
wall_s = 60
memory_mb = 128
processes = 16
output_bytes = 65536
disk_mb = 16

[executables]
sh = "dash"

[[failures]]
status = "wrong_answer"
pattern = "^assertion failed"
"""

WRAPPER = """
read -r secret <&3
. "./$1"
echo "$secret 0 0" >&3
"""

# Judges programs in a checkout to which the language was added; prints their statuses.
JUDGE = """
import hashlib, json, sys
from humaneval_x.languages import language_of_task, parse_languages
from humaneval_x.records import Program
from humaneval_x.sandbox.local import LocalBackend
from humaneval_x.verdicts import decide

language = language_of_task("Shell/0")
assert parse_languages("all")[-1] == "sh"
with LocalBackend().open_slot(language) as slot:
    for source in json.load(sys.stdin):
        digest = hashlib.sha256(source.encode()).hexdigest()
        program = Program(task_id="Shell/0", completion_id=0, language="sh", source=source, sha256=digest)
        print(decide(program, slot.execute(program, language.limits), language).status)
"""

TEST = '[ "$(add 1 2)" = 3 ] || { echo "assertion failed" >&2; exit 1; }\n'
PROGRAMS = {
    "add() { echo $(($1 + $2)); }\n" + TEST: "passed",
    "add() { echo $(($1 - $2)); }\n" + TEST: "wrong_answer",
    "add() { nothing_of_this_name; }\nset -e\nadd\n" + TEST: "runtime_error",
    "exit 0\n" + TEST: "exited_early",
    "while :; do :; done\n" + TEST: "cpu_limit",
}


@pytest.mark.local
def test_a_folder_with_a_description_and_a_wrapper_makes_a_language(tmp_path: Path) -> None:
    for name in ("humaneval_x", "sandboxes"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    folder = tmp_path / "sandboxes" / "sh"
    folder.mkdir()
    (folder / "language.toml").write_text(DESCRIPTION, encoding="utf-8")
    (folder / "start.sh").write_text(WRAPPER, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", JUDGE],
        input=json.dumps(list(PROGRAMS)),
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin:/usr/sbin"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.stdout.split() == list(PROGRAMS.values()), done.stderr
