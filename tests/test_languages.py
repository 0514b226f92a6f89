"""Languages: what their folders say, and how they are named on the command line and in task ids."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from humaneval_x.errors import DataError, UsageError
from humaneval_x.languages import Language, Step, language_names, language_of_task, parse_languages, read_language
from humaneval_x.programs import ASSEMBLIES
from humaneval_x.sandbox.images import SHARED_FILES
from humaneval_x.truncation.masks import MASKS
from humaneval_x.truncation.published import CLEAN_UPS

languages = pytest.mark.parametrize(
    "language", [read_language(name) for name in language_names()], ids=language_names()
)
TOKENS = {"{wrappers}", "{memory_mb}"}


def steps_of(language: Language) -> list[Step]:
    return [step for step in (language.compile, language.run) if step is not None]


def test_the_languages_come_in_the_benchmarks_order() -> None:
    assert language_names() == ("python", "cpp", "java", "js", "go")
    assert [read_language(name).title for name in language_names()] == ["Python", "C++", "Java", "JavaScript", "Go"]


def test_an_unknown_language_is_a_usage_error_that_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"'rust'.*python, cpp, java, js, go"):
        read_language("rust")


@pytest.mark.parametrize(
    ("text", "names"),
    [("all", language_names()), ("go,python", ("python", "go")), (" js , js ", ("js",)), ("cpp", ("cpp",))],
)
def test_a_list_of_languages_is_sorted_and_without_repeats(text: str, names: tuple[str, ...]) -> None:
    assert parse_languages(text) == names


@pytest.mark.parametrize("text", ["", " , ", "rust", "python,rust", "all,python"])
def test_a_list_that_names_no_or_unknown_languages_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_languages(text)


@pytest.mark.parametrize(("task_id", "name"), [("Python/0", "python"), ("CPP/161", "cpp"), ("JavaScript/7", "js")])
def test_a_task_id_tells_its_language(task_id: str, name: str) -> None:
    assert language_of_task(task_id).name == name


@pytest.mark.parametrize(
    "task_id", ["", "Python", "Python/", "python/0", "Rust/0", "Python/-1", "Python/٣", "/0", "CPP/1/2"]
)
def test_a_malformed_task_id_is_a_data_error(task_id: str) -> None:
    with pytest.raises(DataError, match="unknown task id"):
        language_of_task(task_id)


@languages
def test_a_language_names_rules_that_exist(language: Language) -> None:
    assert language.assembly in ASSEMBLIES
    assert language.truncation in CLEAN_UPS
    assert language.name in MASKS


@languages
def test_commands_use_known_tokens_only_and_wrapper_files_that_exist(language: Language) -> None:
    words = [word for step in steps_of(language) for word in step.argv]
    assert {token for word in words for token in re.findall(r"{[^}]*}", word)} <= TOKENS
    wrappers = [word.removeprefix("{wrappers}/") for word in words if word.startswith("{wrappers}/")]
    assert [name for name in wrappers if not (language.folder / name).is_file()] == []


@languages
def test_every_environment_fixes_what_changes_results(language: Language) -> None:
    for step in steps_of(language):
        assert step.environment["LANG"] == "C.UTF-8"
        assert step.environment["TZ"] == "UTC"
        assert all(isinstance(value, str) for value in step.environment.values())
    if language.name == "python":
        assert language.run.environment["PYTHONHASHSEED"] == "0"


@languages
def test_limits_leave_room_for_the_toolchain(language: Language) -> None:
    limits = language.limits
    assert limits.processes >= 16, "java, javac and go break below"
    assert limits.wall_s > 2 * max(limits.run_cpu_s, limits.compile_cpu_s), "CPU decides, not the clock"
    assert limits.disk_mb <= limits.memory_mb / 4, "what is on the tmpfs counts as memory"


@languages
def test_the_image_copies_every_wrapper_file_that_a_command_names(language: Language) -> None:
    dockerfile = (language.folder / "Dockerfile").read_text("utf-8")
    assert dockerfile.splitlines()[1] == "ARG BASE_IMAGE=debian:bookworm-slim"
    assert re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)[-1] == "${BASE_IMAGE}"
    copied = " ".join(re.findall(r"^COPY (.*)", dockerfile, re.MULTILINE)).split()
    named = re.findall(r"{wrappers}/([\w.]+)", " ".join(word for step in steps_of(language) for word in step.argv))
    assert {*SHARED_FILES, "fast.py", *named} - {"forkserver.h"} <= set(copied)


def test_task_162_is_linked_with_openssl_and_no_other_task_is() -> None:
    compile_step = read_language("cpp").compile
    assert compile_step is not None
    assert compile_step.task_arguments == {"CPP/162": ("-lcrypto", "-lssl")}


def test_javascript_packages_are_pinned_by_hash_and_name_no_host() -> None:
    folder = read_language("js").folder
    assert json.loads((folder / "package.json").read_text("utf-8"))["dependencies"] == {"js-md5": "0.7.3"}
    lock = json.loads((folder / "package-lock.json").read_text("utf-8"))
    entry = lock["packages"]["node_modules/js-md5"]
    assert entry["version"] == "0.7.3"
    assert entry["integrity"].startswith("sha512-")
    assert "resolved" not in entry


def test_shell_scripts_are_valid_for_a_plain_shell() -> None:
    scripts = [path for name in language_names() for path in read_language(name).folder.glob("*.sh")]
    assert scripts
    for path in scripts:
        done = subprocess.run(["sh", "-n", str(path)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert Path(path).read_text("utf-8").startswith("#!/bin/sh\n")
