from __future__ import annotations

import logging
import multiprocessing
import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from engine_requests import make_request, never
from hypothesis import given
from hypothesis import strategies as st
from small_model import write_model

from humaneval_x.engines import Engine, EngineOptions, Request, open_engine
from humaneval_x.engines.codegen.parallel import ParallelEngine, _gathered, _Worker, deal
from humaneval_x.errors import DataError, EngineError
from humaneval_x.languages import read_language
from humaneval_x.records import Completion, Prompt, Sampling
from humaneval_x.truncation import stop_rule

SAMPLING = Sampling(temperature=0.9, top_p=0.95, top_k=0, max_tokens=16, samples=6, seed=42)


def requests(prompts: int = 3, samples: int = 6) -> list[Request]:
    rule = stop_rule(read_language("python"), "strict", "def f():\n")
    return [
        make_request(f"Python/{number}", ids=tuple(range(samples)), text="x = 1\n" * (number + 1), is_finished=rule)
        for number in range(prompts)
    ]


@dataclass
class Opener:
    """Opens an engine in another process, so it must be picklable."""

    folder: str

    def __call__(self) -> Engine:
        return open_engine("torch", EngineOptions(model=self.folder, device="cpu", slots=4))


@dataclass
class Odd:
    """An engine that answers each request once and does what it was made for, once it may go on if it has to wait."""

    way: str
    go: Any = None

    def __call__(self) -> Odd:
        return self

    def describe(self) -> dict[str, Any]:
        return {}

    def sample(self, wanted: Sequence[Request], sampling: Sampling) -> Iterator[tuple[Prompt, Completion]]:
        if self.way == "data":
            raise DataError("the weights are torn")
        if self.way == "engine":
            raise EngineError("no device is there")
        if self.way == "value":
            raise ValueError("not foreseen")
        if self.way == "warn":
            logging.getLogger("humaneval_x.engines").warning("less memory than thought")
        for request in wanted:
            for number in request.completion_ids:
                yield (
                    request.prompt,
                    Completion(
                        task_id=request.prompt.task_id, completion_id=number, text="", finish="eos", tokens=1, seed=0
                    ),
                )
            if self.go is not None:
                self.go.wait()
            if self.way == "die":
                os._exit(9)

    def close(self) -> None:
        return None


def keyed(found: Iterator[tuple[Prompt, Completion]]) -> dict[tuple[str, int], Completion]:
    return {(completion.task_id, completion.completion_id): completion for _, completion in found}


@given(st.lists(st.integers(0, 7), max_size=30), st.integers(1, 4))
def test_every_sample_is_dealt_once_and_evenly(counts: list[int], hands: int) -> None:
    wanted = [make_request(f"Python/{n}", ids=tuple(range(count))) for n, count in enumerate(counts)]
    dealt = deal(wanted, hands)
    keys = [(request.prompt.task_id, number) for hand in dealt for request in hand for number in request.completion_ids]
    assert sorted(keys) == sorted((f"Python/{n}", number) for n, count in enumerate(counts) for number in range(count))
    held = [sum(len(request.completion_ids) for request in hand) for hand in dealt]
    whole = len(wanted) >= 8 * hands
    assert max(held) - min(held) <= (max(counts) if whole else 1)
    if whole:
        assert sum(map(len, dealt)) == len(wanted)


@pytest.mark.torch
def test_two_processes_draw_what_one_engine_draws(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="the [torch] extra is not installed")
    opener = Opener(str(write_model(tmp_path)))
    engine = ParallelEngine(opener(), [opener, opener])
    assert engine.describe()["device"] == "cpu"
    found = keyed(engine.sample(requests(), SAMPLING))
    assert found == keyed(opener().sample(requests(), SAMPLING))
    assert len(found) == 18
    # Some met the stop rule, so it has travelled.
    assert "stop" in {completion.finish for completion in found.values()}
    assert not multiprocessing.active_children()


@pytest.mark.parametrize(
    ("way", "kind", "said"),
    [
        ("data", DataError, "GPU 1: the weights are torn"),
        ("engine", EngineError, "GPU 1: no device is there"),
        ("value", EngineError, "GPU 1: ValueError: not foreseen"),
    ],
)
def test_what_a_process_raises_is_raised_with_the_gpu_s_number(way: str, kind: type[Exception], said: str) -> None:
    engine = ParallelEngine(Odd(""), [Odd(""), Odd(way)])
    with pytest.raises(kind, match=said):
        keyed(engine.sample(requests(), SAMPLING))
    assert not multiprocessing.active_children()


def test_a_process_that_dies_is_an_error_of_the_engine() -> None:
    engine = ParallelEngine(Odd(""), [Odd(""), Odd("die")])
    with pytest.raises(EngineError, match=r"GPU 1 of 2 ended with code 9"):
        keyed(engine.sample(requests(), SAMPLING))


def test_what_was_drawn_before_a_process_died_is_given() -> None:
    go = multiprocessing.get_context("spawn").Event()
    found = ParallelEngine(Odd(""), [Odd("die", go)]).sample(requests(2, 40), SAMPLING)
    given = [next(found)]
    # What has come was handed over before: the process may die now, with the next samples in its hands.
    go.set()
    with pytest.raises(EngineError, match=r"GPU 0 of 1 ended with code 9"):
        given += found
    assert sorted(completion.completion_id for _, completion in given) == list(range(32))
    assert {prompt.task_id for prompt, _ in given} == {"Python/0"}


def say_half(pipe: Any) -> None:
    os.write(pipe.fileno(), struct.pack("!i", 1000) + b"half of it")
    os._exit(9)


def test_a_process_that_dies_in_the_middle_of_a_word_is_an_error_and_no_wait_for_ever() -> None:
    context = multiprocessing.get_context("spawn")
    results, sender = context.Pipe(duplex=False)
    process = context.Process(target=say_half, args=(sender,))
    process.start()
    sender.close()
    with pytest.raises(EngineError, match=r"GPU 0 of 1 ended with code 9"):
        list(_gathered([_Worker(process=process, number=0, requests=requests(), results=results)]))


def test_what_a_process_warns_of_is_logged_here(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert len(keyed(ParallelEngine(Odd(""), [Odd("warn")]).sample(requests(), SAMPLING))) == 18
    assert "GPU 0: less memory than thought" in caplog.text


def test_who_stops_early_leaves_no_process_behind() -> None:
    # Nobody lets them go on: they are at work for as long as they are left alone.
    never_set = multiprocessing.get_context("spawn").Event()
    found = ParallelEngine(Odd(""), [Odd("", never_set), Odd("", never_set)]).sample(requests(2, 80), SAMPLING)
    next(found)
    assert len(multiprocessing.active_children()) == 2
    found.close()
    assert not multiprocessing.active_children()


def test_a_stop_rule_that_is_never_met_can_travel() -> None:
    wanted = [make_request("Python/0", ids=(0,), is_finished=never)]
    assert len(keyed(ParallelEngine(Odd(""), [Odd("")]).sample(wanted, SAMPLING))) == 1
