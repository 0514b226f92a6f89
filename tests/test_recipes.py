"""The recipes of CONTRIBUTING.md, followed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from humaneval_x.engines import EngineOptions, engine_names, open_engine
from humaneval_x.errors import UsageError

ENGINE = """
class Parrot:
    def describe(self):
        return {"model": "parrot"}

    def sample(self, requests, sampling):
        return iter(())

    def close(self):
        pass


def open_parrot(options):
    assert options.model == "polly"
    return Parrot()
"""


def test_an_engine_that_another_package_registers_is_found_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "parrot.py").write_text(ENGINE)
    info = tmp_path / "parrot-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: parrot\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[humaneval_x.engines]\nparrot = parrot:open_parrot\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert "parrot" in engine_names()
    assert open_engine("parrot", EngineOptions(model="polly")).describe() == {"model": "parrot"}
    monkeypatch.delitem(sys.modules, "parrot")


def test_an_unknown_engine_is_refused_with_the_names_of_those_there_are() -> None:
    with pytest.raises(UsageError, match="canonical"):
        open_engine("gpt", EngineOptions())
