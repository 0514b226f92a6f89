from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from runs import MANIFEST, PROBLEMS, PROMPTS, SAMPLING, CountingEngine

from humaneval_x.engines import Request
from humaneval_x.errors import DataError, EngineError, IncomparableError, UsageError
from humaneval_x.generation import Generated, generate
from humaneval_x.progress import SilentProgress
from humaneval_x.records import Completion, Prompt, Sampling
from humaneval_x.rundir import RunFolder

TASK = "generation-python"
ALL = [(task_id, number) for task_id in PROBLEMS for number in range(3)]


def draw(
    path: Path, engine: CountingEngine, manifest: dict[str, object] | None = None, patterns: tuple[str, ...] = ()
) -> Generated:
    return generate(
        RunFolder(path),
        engine,
        PROMPTS,
        PROBLEMS,
        SAMPLING,
        manifest=manifest or MANIFEST,
        stop="strict",
        patterns=patterns,
        progress=SilentProgress(),
    )


def test_every_wanted_sample_is_drawn_once(tmp_path: Path) -> None:
    generated = draw(tmp_path / "run", CountingEngine())
    assert generated == Generated(drawn=12, tokens=60, kept=0)
    samples = [(sample.task_id, sample.completion_id) for sample in RunFolder(tmp_path / "run").samples(TASK)]
    assert samples == ALL


def test_an_engine_that_ends_early_is_an_error_and_its_samples_are_kept(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="5 of 12"):
        draw(tmp_path / "run", CountingEngine(breaks_after=5))
    again = CountingEngine()
    assert draw(tmp_path / "run", again) == Generated(drawn=7, tokens=35, kept=5)
    assert again.drawn == ALL[5:]


@pytest.mark.parametrize("cut", [1, 40, 200, 500])
def test_a_run_cut_anywhere_resumes_to_the_same_samples(tmp_path: Path, cut: int) -> None:
    draw(tmp_path / "whole", CountingEngine())
    draw(tmp_path / "cut", CountingEngine())
    journal = RunFolder(tmp_path / "cut").samples_path(TASK)
    journal.write_bytes(journal.read_bytes()[:-cut])
    draw(tmp_path / "cut", CountingEngine())
    assert journal.read_bytes() == RunFolder(tmp_path / "whole").samples_path(TASK).read_bytes()


def test_resuming_with_other_settings_is_refused_and_names_them(tmp_path: Path) -> None:
    draw(tmp_path / "run", CountingEngine(breaks_after=None))
    with pytest.raises(IncomparableError, match=r"sampling\.samples"):
        draw(tmp_path / "run", CountingEngine(), {**MANIFEST, "sampling": {"samples": 99}})


def test_when_it_was_created_does_not_keep_a_run_from_resuming(tmp_path: Path) -> None:
    draw(tmp_path / "run", CountingEngine(), {**MANIFEST, "created": "today"})
    assert draw(tmp_path / "run", CountingEngine(), {**MANIFEST, "created": "tomorrow"}).kept == 12


def test_a_folder_with_something_else_in_it_is_not_taken_for_a_run(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(UsageError, match=r"thesis\.tex"):
        draw(tmp_path, CountingEngine())
    assert not (tmp_path / "run.json").exists()


def test_a_sample_that_stands_twice_is_an_error(tmp_path: Path) -> None:
    draw(tmp_path / "run", CountingEngine())
    journal = RunFolder(tmp_path / "run").samples_path(TASK)
    journal.write_bytes(journal.read_bytes() + journal.read_bytes().split(b"\n")[0] + b"\n")
    with pytest.raises(DataError, match="twice"):
        draw(tmp_path / "run", CountingEngine())


def test_a_row_with_a_field_of_the_wrong_type_is_an_error(tmp_path: Path) -> None:
    draw(tmp_path / "run", CountingEngine())
    journal = RunFolder(tmp_path / "run").samples_path(TASK)
    journal.write_bytes(journal.read_bytes().replace(b'"text":"    return 0\\n"', b'"text":7', 1))
    with pytest.raises(DataError, match="text"):
        draw(tmp_path / "run", CountingEngine())


def test_a_damaged_manifest_is_an_error_not_a_new_run(tmp_path: Path) -> None:
    draw(tmp_path / "run", CountingEngine())
    (tmp_path / "run" / "run.json").write_text('{"format": 1, "ta')
    with pytest.raises(DataError, match=r"run\.json"):
        draw(tmp_path / "run", CountingEngine())


class TellingEngine(CountingEngine):
    """Says why each sample ended: sample 0 by its stop rule, 1 by end-of-text, 2 was given."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Request] = []

    def sample(self, requests: Sequence[Request], sampling: Sampling) -> Iterator[tuple[Prompt, Completion]]:
        self.requests += requests
        for prompt, completion in super().sample(requests, sampling):
            finish = ("stop", "eos", "given")[completion.completion_id]
            yield prompt, replace(completion, finish=finish, text="    return 1\n# so\n# much\n")


def test_a_sample_that_ended_by_a_pattern_is_kept_up_to_its_first_match(tmp_path: Path) -> None:
    engine = TellingEngine()
    draw(tmp_path / "run", engine, patterns=("much", "^#"))
    whole = "    return 1\n# so\n# much\n"
    samples = {sample.completion_id: sample for sample in RunFolder(tmp_path / "run").samples(TASK)}
    assert [samples[number].text for number in range(3)] == ["    return 1\n", whole, whole]
    assert samples[0].tokens == 5


def test_a_request_carries_the_stop_rule_and_when_to_ask_it(tmp_path: Path) -> None:
    engine = TellingEngine()
    draw(tmp_path / "rule", engine)
    assert {request.watch for request in engine.requests} == {"lines"}
    assert engine.requests[0].is_finished("    return 1\nprint(1)\n")
    assert not engine.requests[0].is_finished("    return 1\n# so")
    engine = TellingEngine()
    draw(tmp_path / "pattern", engine, patterns=("^#",))
    assert {request.watch for request in engine.requests} == {"always"}
    assert engine.requests[0].is_finished("    return 1\n# so")


def test_a_wrong_pattern_is_refused_before_the_run_is_begun(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unterminated"):
        draw(tmp_path / "run", CountingEngine(), patterns=("(",))
    assert not (tmp_path / "run").exists()
