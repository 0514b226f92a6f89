"""Parity of the torch engine on a CUDA device. CI has none: run by hand, docs/engine.md says where it was."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from engine_requests import make_request
from frequencies import assert_drawn_from
from small_model import write_model

from humaneval_x.engines import EngineOptions, Request, open_engine
from humaneval_x.records import Completion, Sampling

torch = pytest.importorskip("torch", reason="the [torch] extra is not installed")
pytestmark = pytest.mark.gpu

Found = dict[tuple[str, int], Completion]

TEXTS = ["def add(a, b):\n", "x", "int f(int x) {\n  return x * 2;\n" * 2, "naïve café\n", "y = 1\nreturn"]
IDS = tuple(range(100))


def rule(**fields: Any) -> Sampling:
    usual = {"temperature": 0.9, "top_p": 0.95, "top_k": 0, "max_tokens": 24, "samples": 100, "seed": 42}
    return Sampling(**usual | fields)


def requests(order: tuple[int, ...] = (0, 1, 2, 3, 4), ids: tuple[int, ...] = IDS) -> list[Request]:
    return [make_request(f"Python/{number}", ids=ids, text=TEXTS[number]) for number in order]


def drawn(folder: Path, wanted: list[Request], sampling: Sampling, **options: Any) -> Found:
    usual: dict[str, Any] = {"model": str(folder), "device": "gpu", "dtype": "float32"}
    engine = open_engine("torch", EngineOptions(**usual | options))
    found = {(c.task_id, c.completion_id): c for _, c in engine.sample(wanted, sampling)}
    engine.close()
    assert len(found) == sum(len(request.completion_ids) for request in wanted)
    return found


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model"), n_embd=256, n_head=4, rotary_dim=32, n_layer=3)


@pytest.fixture(scope="module")
def reference(model: Path) -> Found:
    return drawn(model, requests(), rule(), slots=40)


@pytest.mark.parametrize("slots", [1, 7, 200, 0])
def test_samples_are_identical_for_any_number_of_slots(model: Path, reference: Found, slots: int) -> None:
    ids = IDS[:8] if slots == 1 else IDS
    found = drawn(model, requests(ids=ids), rule(), slots=slots)
    assert found == {key: reference[key] for key in found}


def test_samples_are_identical_for_any_order_of_the_prompts(model: Path, reference: Found) -> None:
    assert drawn(model, requests((3, 0, 4, 2, 1)), rule(), slots=64) == reference


def test_samples_equal_those_of_the_cpu_but_for_ties_within_rounding(model: Path, reference: Found) -> None:
    cpu = drawn(model, requests(), rule(), device="cpu")
    assert sum(cpu[key] == reference[key] for key in cpu) >= 0.98 * len(cpu)
    greedy = rule(temperature=0.0)
    assert drawn(model, requests(ids=(0,)), greedy) == drawn(model, requests(ids=(0,)), greedy, device="cpu")


@pytest.mark.parametrize("fields", [{"top_p": 0.9}, {"top_k": 50, "repetition_penalty": 1.2}])
def test_samples_of_long_prompts_from_many_tokens_equal_those_of_the_cpu(
    tmp_path: Path, fields: dict[str, Any]
) -> None:
    # More keys, and more tokens, than any kernel looks at in one go.
    shape = {"vocab_size": 5000, "n_positions": 1024, "n_ctx": 1024, "n_embd": 256, "n_head": 4, "rotary_dim": 32}
    folder = write_model(tmp_path, n_layer=2, **shape)
    texts = ["import numpy\n" * 60, "x", "int f(int x) {\n  return x * 2;\n}\n" * 12]
    wanted = [make_request(f"Python/{n}", ids=tuple(range(10)), text=text) for n, text in enumerate(texts)]
    sampling = rule(max_tokens=100, **fields)
    found, cpu = drawn(folder, wanted, sampling), drawn(folder, wanted, sampling, device="cpu")
    # Few tokens stand for text here, but a token that differs changes all that follow.
    assert len({completion.text for completion in cpu.values()}) > 20
    assert sum(found[key] == cpu[key] for key in cpu) >= 0.9 * len(cpu)


@pytest.mark.parametrize("fields", [{"top_k": 7, "top_p": 1.0}, {"top_p": 0.9}, {"top_k": 12, "top_p": 0.7}])
def test_second_tokens_are_drawn_with_the_exact_frequencies(model: Path, fields: dict[str, Any]) -> None:
    from humaneval_x.engines.codegen.checkpoint import open_checkpoint
    from humaneval_x.engines.codegen.drawing import kept_probabilities
    from humaneval_x.engines.codegen.memory import Shape
    from humaneval_x.engines.codegen.torch_model import TorchModel
    from humaneval_x.engines.codegen.torch_runner import TorchRunner

    sampling, count = rule(**fields), 8000
    weights = TorchModel(open_checkpoint(model), "cuda", torch.float32)
    shape = Shape(slots=count, suffix=4, seats=2, prompt=8)
    with TorchRunner(weights, sampling, shape, frozenset(), capture=True) as runner:
        runner.prefill(0, [5, 9, 30])
        runner.place(0, range(count), range(count), 4)
        runner.launch(1)
        runner.collect()
        torch.cuda.synchronize()
        with torch.inference_mode():
            runner._step.token.fill_(77)
        torch.cuda.synchronize()
        runner.launch(1)
        tokens = runner.collect()[0].copy()
        runner.prefill(1, [5, 9, 30, 77])
        torch.cuda.synchronize()
        logits = (runner._step.prompt_logits[1] + weights.head_bias).cpu().numpy()[None]
    assert_drawn_from(kept_probabilities(logits, sampling)[0], tokens)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_draws_every_sample(model: Path, dtype: str) -> None:
    found = drawn(model, requests(), rule(), dtype=dtype)
    assert len({completion.text for completion in found.values()}) > 400


def test_prompts_near_the_position_limit_are_drawn_to_the_last_position(model: Path) -> None:
    long = [make_request("Python/0", ids=(0, 1, 2), text="import numpy\n" * 40)]
    found = drawn(model, long, rule(max_tokens=4000, temperature=5.0))
    assert {completion.finish for completion in found.values()} <= {"eos", "length"}
    assert max(completion.tokens for completion in found.values()) <= 63


def test_a_full_device_is_told_and_work_goes_on_with_fewer_slots(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = write_model(tmp_path, n_embd=1024, n_head=4, rotary_dim=32, n_layer=2, n_positions=2048, n_ctx=2048)
    free, _ = torch.cuda.mem_get_info()
    held = [torch.empty(free - (6 << 30), dtype=torch.uint8, device="cuda")]
    try:
        with caplog.at_level(logging.WARNING):
            sampling = rule(max_tokens=1000, top_k=3, samples=200)
            found = drawn(folder, requests(ids=tuple(range(200))), sampling, slots=1000)
    finally:
        held.clear()
        torch.cuda.empty_cache()
    assert len(found) == 1000
    assert "out of memory with 1000 slots" in caplog.text
    assert "going on with 750" in caplog.text


@pytest.mark.skipif(not torch.cuda.is_available() or torch.cuda.device_count() < 2, reason="needs two GPUs")
def test_two_devices_draw_what_one_draws(model: Path, reference: Found) -> None:
    assert drawn(model, requests(), rule(), devices=(0, 1), slots=40) == reference
