"""What a language needs made once on a host: made once, whole or not at all."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from humaneval_x.errors import SandboxError
from humaneval_x.languages import Language, read_language
from humaneval_x.sandbox.prepared import SCRIPT, prepare


def language_with(script: str | None, folder: Path) -> Language:
    folder.mkdir(exist_ok=True)
    if script is not None:
        (folder / SCRIPT).write_text(f"set -eu\n{script}\n", encoding="utf-8")
    return dataclasses.replace(read_language("go"), folder=folder)


def test_the_script_runs_once_for_a_toolchain_and_again_for_another(tmp_path: Path) -> None:
    language = language_with(f'echo made >"$1/thing"; echo run >>{tmp_path}/runs', tmp_path / "go")
    first = prepare(language, "go 1", tmp_path / "cache")
    assert first is not None
    assert (first / "thing").read_text() == "made\n"
    assert prepare(language, "go 1", tmp_path / "cache") == first
    assert (tmp_path / "runs").read_text() == "run\n"
    assert prepare(language, "go 2", tmp_path / "cache") != first


def test_a_changed_script_makes_a_folder_of_its_own(tmp_path: Path) -> None:
    first = prepare(language_with("true", tmp_path / "go"), "go 1", tmp_path / "cache")
    assert prepare(language_with("true # changed", tmp_path / "go"), "go 1", tmp_path / "cache") != first


def test_a_failed_script_says_why_and_is_tried_again(tmp_path: Path) -> None:
    language = language_with('touch "$1/half"; echo "no gopher: feed one" >&2; exit 3', tmp_path / "go")
    for _ in range(2):
        with pytest.raises(SandboxError, match="no gopher: feed one"):
            prepare(language, "go 1", tmp_path / "cache")
    assert not [path for path in (tmp_path / "cache").glob("go-*") if path.suffix != ".unfinished"]


def test_the_script_sees_the_environment_that_programs_are_compiled_in(tmp_path: Path) -> None:
    language = language_with('echo "$GO111MODULE $GOPATH" >"$1/seen"', tmp_path / "go")
    folder = prepare(language, "go 1", tmp_path / "cache")
    assert folder is not None
    assert (folder / "seen").read_text() == "off /usr/share/gocode\n"


def test_a_language_without_a_script_needs_nothing_prepared(tmp_path: Path) -> None:
    assert prepare(language_with(None, tmp_path / "go"), "go 1", tmp_path / "cache") is None


def test_a_cache_folder_that_cannot_be_made_is_a_sandbox_error(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file", encoding="utf-8")
    with pytest.raises(SandboxError, match="cannot prepare"):
        prepare(language_with("true", tmp_path / "go"), "go 1", tmp_path / "cache" / "deeper")
