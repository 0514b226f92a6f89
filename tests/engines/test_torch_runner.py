"""The runner for CUDA devices: natively where there is one, else its kernels in Triton's interpreter, some ms each."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoint_files import HF_TINY, random_tensors, write_config, write_pdparams
from engine_requests import make_request

from humaneval_x.engines.codegen.checkpoint import open_checkpoint
from humaneval_x.engines.codegen.decoding import Runner, decode, prepare
from humaneval_x.engines.codegen.drawing import Drawer, draw_tokens
from humaneval_x.engines.codegen.memory import DeviceMemoryError, Shape
from humaneval_x.engines.codegen.randomness import seed_keys
from humaneval_x.engines.codegen.transcripts import TokenSigns
from humaneval_x.errors import EngineError
from humaneval_x.records import Completion, Sampling

torch = pytest.importorskip("torch", reason="the [torch] extra is not installed")
pytest.importorskip("triton", reason="Triton is not installed")
pytestmark = [
    pytest.mark.torch,
    # Rows that nobody reads compute with whatever lies there.
    pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::DeprecationWarning:triton"),
]

ON_GPU = torch.cuda.is_available()
DEVICE = "cuda" if ON_GPU else "cpu"
STEPS = 20 if ON_GPU else 3
LONG = 600 if ON_GPU else 70
TOLERANCE = 1e-4


def rule(**fields: Any) -> Sampling:
    usual = {"temperature": 0.8, "top_p": 1.0, "top_k": 0, "max_tokens": 24, "samples": 1, "seed": 1}
    return Sampling(**usual | fields)


GREEDY = rule(temperature=0)
RULES: list[dict[str, Any]] = [
    {}, {"top_p": 0.9}, {"top_p": 0.3}, {"top_k": 5}, {"top_k": 20, "top_p": 0.7}, {"temperature": 0},
    {"repetition_penalty": 1.7, "top_p": 0.9},
]  # fmt: skip


def open_runner(folder: Path, sampling: Sampling, shape: Shape, ends: frozenset[int] = frozenset()) -> Any:
    from humaneval_x.engines.codegen.torch_model import TorchModel
    from humaneval_x.engines.codegen.torch_runner import TorchRunner

    model = TorchModel(open_checkpoint(folder), DEVICE, torch.float32)
    return TorchRunner(model, sampling, shape, ends, capture=ON_GPU)


def open_eager(folder: Path, sampling: Sampling, shape: Shape) -> Any:
    from humaneval_x.engines.codegen.eager import EagerModel, EagerRunner
    from humaneval_x.engines.codegen.torch_operations import TorchOperations

    model = EagerModel(open_checkpoint(folder), TorchOperations())
    return EagerRunner(model, sampling, Drawer(1), slots=shape.slots, suffix=shape.suffix)


def prompt_logits(runner: Any, seat: int) -> np.ndarray:
    """As the draw sees them: with the head's bias."""
    return (runner._step.prompt_logits[seat] + runner._model.head_bias).cpu().numpy()


def steps(runner: Runner, count: int) -> np.ndarray:
    """The next tokens of all slots, [steps, slots], whatever blocks they come in."""
    drawn = []
    for _ in range(count):
        runner.launch(1)
        drawn.append(runner.collect())
    return np.concatenate(drawn)


@pytest.fixture(scope="module")
def expected() -> dict[str, np.ndarray]:
    with np.load(HF_TINY / "expected.npz") as archive:
        return dict(archive)


@pytest.mark.parametrize("lengths", [(1, 3, 17, 40), (17,)], ids=["together", "alone"])
def test_prompt_logits_and_greedy_tokens_equal_transformers(
    lengths: tuple[int, ...], expected: dict[str, np.ndarray]
) -> None:
    count = len(lengths)
    runner = open_runner(HF_TINY, GREEDY, Shape(slots=count, suffix=24, seats=count, prompt=40))
    for seat, length in enumerate(lengths):
        runner.prefill(seat, expected[f"tokens_{length}"].tolist())
        assert np.abs(prompt_logits(runner, seat) - expected[f"logits_{length}"][-1]).max() < TOLERANCE
        runner.place(seat, [seat], [seat], 24)
    drawn = steps(runner, STEPS)
    for slot, length in enumerate(lengths):
        assert drawn[:, slot].tolist() == expected[f"greedy_{length}"][:STEPS].tolist()


@pytest.mark.slow
def test_decoded_logits_of_many_samples_of_long_prompts_equal_those_of_the_whole_texts(tmp_path: Path) -> None:
    changes = {"n_embd": 64, "n_head": 4, "rotary_dim": 8, "n_layer": 1, "n_positions": 700, "n_ctx": 700}
    write_pdparams(write_config(tmp_path, **changes) / "model_state.pdparams", random_tensors(**changes))
    rng = np.random.default_rng(5)
    # More samples than a tile of one prompt has rows, more keys than are looked at in one go; the longer prompt first.
    prompts = [rng.integers(1, 61, length).tolist() for length in (LONG, 33)]
    seats = [0] * 66 + [1]
    runner = open_runner(tmp_path, rule(), Shape(slots=70, suffix=40, seats=2, prompt=LONG))
    for seat, prompt in enumerate(prompts):
        runner.prefill(seat, prompt)
        slots = [slot for slot, own in enumerate(seats) if own == seat]
        runner.place(seat, slots, slots, 40)
    drawn = steps(runner, 37 if ON_GPU else 2)
    model = open_eager(tmp_path, rule(), runner.shape)._model
    for row in (0, 1, 63, 64, 65, 66):
        text = prompts[seats[row]] + drawn[:-1, row].tolist()
        wanted = model.prefill(np.asarray(text, dtype=np.int64)).logits[0]
        found = (runner._step._logits[row] + runner._model.head_bias).cpu().numpy()
        assert np.abs(found - wanted).max() < TOLERANCE
    assert len(set(drawn[0].tolist())) > 10


@pytest.mark.parametrize(
    ("head", "rotary", "slots"),
    # A batch of one with wide heads takes minutes in the interpreter.
    [(64, 32, 2), (80, 64, 2), (256, 64, 2), (64, 32, 1), *([(80, 64, 1), (256, 64, 1)] if ON_GPU else [])],
)
def test_greedy_tokens_at_the_published_head_sizes_equal_the_eager_way_s(
    tmp_path: Path, head: int, rotary: int, slots: int
) -> None:
    changes = {"n_embd": 4 * head, "n_head": 4, "rotary_dim": rotary, "n_layer": 1, "n_positions": 64, "n_ctx": 64}
    write_pdparams(write_config(tmp_path, **changes) / "model_state.pdparams", random_tensors(**changes))
    shape = Shape(slots=slots, suffix=8, seats=2, prompt=20)
    found = []
    for runner in (open_runner(tmp_path, GREEDY, shape), open_eager(tmp_path, GREEDY, shape)):
        for seat in range(slots):
            runner.prefill(seat, list(range(1 + seat, 18)))
            runner.place(seat, [seat], [seat], 8)
        found.append(steps(runner, 3 if ON_GPU or slots > 1 else 2).tolist())
    assert found[0] == found[1]


@pytest.mark.parametrize("fields", RULES, ids=str)
def test_the_draw_equals_its_definition(fields: dict[str, Any], expected: dict[str, np.ndarray]) -> None:
    count = 64 if ON_GPU else 8
    sampling = rule(**fields)
    runner = open_runner(HF_TINY, sampling, Shape(slots=count, suffix=4, seats=1, prompt=17))
    tokens = expected["tokens_17"].tolist()
    runner.prefill(0, tokens)
    seeds = np.arange(100, 100 + count, dtype=np.uint64)
    runner.place(0, range(count), seeds.tolist(), 4)
    logits = np.repeat(prompt_logits(runner, 0)[None], count, axis=0)
    seen = np.zeros(logits.shape, dtype=bool)
    seen[:, tokens] = True
    wanted = draw_tokens(logits, sampling, seeds, np.zeros(count, dtype=np.uint64), seen=seen)
    assert steps(runner, 1)[0].tolist() == wanted.tolist()


@pytest.mark.parametrize("fields", [*RULES, {"top_k": 2}, {"temperature": 0, "repetition_penalty": 1.7}], ids=str)
def test_the_draw_among_many_tokens_and_equals_at_later_steps_equals_its_definition(
    tmp_path: Path, fields: dict[str, Any]
) -> None:
    from humaneval_x.engines.codegen.torch_runner import _bitmap

    # More tokens than a program looks at in one go.
    sampling, rows, vocabulary = rule(**fields), 12, 5000
    write_pdparams(
        write_config(tmp_path, vocab_size=vocabulary) / "model_state.pdparams", random_tensors(vocab_size=vocabulary)
    )
    runner = open_runner(tmp_path, sampling, Shape(slots=rows, suffix=4, seats=1, prompt=8))
    rng = np.random.default_rng(5)
    logits = rng.normal(scale=3, size=(rows, vocabulary)).astype(np.float32)
    # Some rows have no likely tokens, some none whose logit is positive, some many equals.
    logits[:4] *= 0.3
    logits[4:6] -= 30
    logits[6:] = logits[6:].round()
    seen = rng.random(logits.shape) < 0.5
    seeds, drawn_before = np.arange(7, 7 + rows, dtype=np.uint64), rng.integers(1, 300, rows)
    step = runner._step
    with runner._working():
        runner._model.head_bias.zero_()
        step.rows.copy_(torch.arange(rows))
        step.books[:] = torch.tensor([0, 0, 1000, 0, 0, 1], dtype=torch.int32)[:, None].to(DEVICE)
        step.count.copy_(torch.from_numpy(drawn_before))
        step.key.copy_(torch.from_numpy(seed_keys(seeds).view(np.int64)))
        step._logits.copy_(torch.from_numpy(logits))
        if step.penalized:
            marks = [_bitmap(np.flatnonzero(row).tolist(), vocabulary) for row in seen]
            step.seen.copy_(torch.from_numpy(np.stack(marks)))
        step._draw(rows)
        drawn = step.drawn.cpu().numpy()
    assert drawn.tolist() == draw_tokens(logits, sampling, seeds, drawn_before.astype(np.uint64), seen=seen).tolist()


def test_a_penalty_counts_what_the_sample_itself_has_drawn(expected: dict[str, np.ndarray]) -> None:
    sampling = rule(temperature=0, repetition_penalty=50.0)
    shape = Shape(slots=1, suffix=6, seats=1, prompt=3)
    found = []
    for runner in (open_runner(HF_TINY, sampling, shape), open_eager(HF_TINY, sampling, shape)):
        runner.prefill(0, expected["tokens_3"].tolist())
        runner.place(0, [0], [0], 6)
        found.append(steps(runner, 4)[:, 0].tolist())
    assert found[0] == found[1]
    assert len(set(found[0])) == 4


def test_a_sample_ends_on_the_device_at_its_limit_and_at_an_end_token(expected: dict[str, np.ndarray]) -> None:
    greedy = expected["greedy_17"].tolist()
    end = greedy[1]
    assert end != greedy[0]
    runner = open_runner(HF_TINY, GREEDY, Shape(slots=3, suffix=8, seats=1, prompt=17), frozenset({end}))
    runner.prefill(0, expected["tokens_17"].tolist())
    runner.place(0, [0], [0], 1)
    runner.place(0, [1], [1], 8)
    runner.launch(3)
    assert runner.collect().T.tolist() == [[greedy[0], -1, -1], [greedy[0], end, -1], [-1, -1, -1]]


def test_a_slot_that_is_vacated_draws_nothing_and_is_filled_again_by_another_prompt_s_sample(
    expected: dict[str, np.ndarray],
) -> None:
    runner = open_runner(HF_TINY, GREEDY, Shape(slots=2, suffix=8, seats=2, prompt=17))
    runner.prefill(0, expected["tokens_17"].tolist())
    runner.place(0, [0, 1], [0, 1], 8)
    # Two blocks under way, as the loop has them, when the slot's sample turns out to have ended.
    runner.launch(1)
    runner.launch(1)
    assert (runner.collect()[0] == expected["greedy_17"][0]).all()
    runner.vacate([0])
    runner.prefill(1, expected["tokens_3"].tolist())
    runner.launch(1)
    assert (runner.collect()[0] == expected["greedy_17"][1]).all()
    runner.place(1, [0], [5], 8)
    assert runner.collect()[0].tolist() == [-1, expected["greedy_17"][2]]
    assert steps(runner, 1)[0].tolist() == [expected["greedy_3"][0], expected["greedy_17"][3]]


@pytest.mark.parametrize(
    ("fields", "value"),
    [
        ({"top_p": 0.9}, "nan"),
        ({"top_p": 1.0}, "nan"),
        ({"top_p": 1.0, "top_k": 5}, "nan"),
        ({"temperature": 0}, "nan"),
        ({"top_p": 0.9}, "inf"),
    ],
    ids=str,
)
@pytest.mark.parametrize("which", [slice(None), 7], ids=["all", "one"])
def test_logits_that_are_no_numbers_are_an_error_and_no_token(
    fields: dict[str, Any], value: str, which: slice | int
) -> None:
    runner = open_runner(HF_TINY, rule(**fields), Shape(slots=1, suffix=4, seats=1, prompt=8))
    with torch.inference_mode():
        runner._model.head_bias[which] = float(value)
    runner.prefill(0, [5, 6])
    runner.place(0, [0], [0], 4)
    runner.launch(1)
    with pytest.raises(EngineError, match="no numbers"):
        runner.collect()


def test_a_prompt_that_is_rounded_up_beyond_the_last_position_reads_no_angles_from_beyond(tmp_path: Path) -> None:
    write_pdparams(write_config(tmp_path) / "model_state.pdparams", random_tensors())
    runner = open_runner(tmp_path, GREEDY, Shape(slots=1, suffix=8, seats=1, prompt=33))
    model = runner._model
    assert len(model.cosines) == 48
    for name in ("cosines", "sines"):
        table = getattr(model, name)
        # What lies behind the tables in memory may be anything.
        setattr(model, name, torch.cat([table, torch.full_like(table, float("nan"))])[: len(table)])
    tokens = list(range(1, 34))
    runner.prefill(0, tokens)
    wanted = open_eager(tmp_path, GREEDY, runner.shape)._model.prefill(np.asarray(tokens)).logits[0]
    assert np.abs(prompt_logits(runner, 0) - wanted).max() < TOLERANCE


def test_a_runner_that_finds_no_room_holds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from humaneval_x.engines.codegen import torch_runner

    taken = []

    def without_room(*_: Any) -> None:
        cache = torch.empty(8)
        taken.append(weakref.ref(cache))
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 8 GiB.")

    monkeypatch.setattr(torch_runner, "Step", without_room)
    told = ""
    # A cycle would hold it until the collector happens to run.
    gc.disable()
    try:
        open_runner(HF_TINY, GREEDY, Shape(slots=1, suffix=4, seats=1, prompt=8))
    except DeviceMemoryError as error:
        told = str(error)
    finally:
        gc.enable()
    assert told == "CUDA out of memory"
    assert [cache() for cache in taken] == [None]


def test_a_sample_that_does_not_fit_is_refused() -> None:
    runner = open_runner(HF_TINY, GREEDY, Shape(slots=1, suffix=4, seats=1, prompt=8))
    with pytest.raises(ValueError, match="5 tokens"):
        runner.place(0, [0], [0], 5)


def drawn(runner: Runner, slots: int, count: int) -> dict[tuple[str, int], Completion]:
    signs = TokenSigns([bytes([token]) for token in range(97)], frozenset({0}))
    requests = [make_request(f"Python/{number}", ids=tuple(range(count))) for number in range(3)]
    prompts = prepare(requests, [[5, 9, 30], list(range(1, 20)), [44]], 64, 4, 0)
    found = decode(runner, prompts, rule(top_p=0.9, samples=count), slots=slots, seats=3, signs=signs)
    return {(completion.task_id, completion.completion_id): completion for _, completion in found}


def test_the_loop_draws_the_eager_way_s_samples_with_slots_refilled_and_to_spare() -> None:
    sampling = rule(top_p=0.9)
    count = 40 if ON_GPU else 1
    shape = Shape(slots=3, suffix=4, seats=3, prompt=19)
    runner = open_runner(HF_TINY, sampling, shape, frozenset({0}))
    wanted = drawn(open_eager(HF_TINY, sampling, shape), 3, count)
    assert len(wanted) == 3 * count
    assert drawn(runner, 2, count) == wanted
    runner.reset()
    assert drawn(runner, 3, count) == wanted
