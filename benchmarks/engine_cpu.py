"""The Paddle engine against PaddleNLP's own `generate`: same weights, prompt and sampling, alternately in one process.

    python benchmarks/engine.py [--rounds 3]

Random weights (4 layers of 256, vocabulary 50,400) on the CPU; every sample is forced to full length. Prints tokens per
second of both and their ratio, median over rounds. Only the ratio means something on another machine.
"""

from __future__ import annotations

import zlib  # noqa: F401  (before paddle: its library exports a zlib of its own)
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
import paddle
from paddlenlp.transformers import CodeGenConfig, CodeGenForCausalLM

from humaneval_x.engines.codegen.checkpoint import open_checkpoint
from humaneval_x.engines.codegen.paddle_runner import PaddleModel, PaddleRunner
from humaneval_x.records import Sampling

# Prompt tokens, new tokens, samples, temperature (0: greedy).
CASES = [(200, 16, 200, 0.8), (200, 16, 200, 0.0), (32, 96, 50, 0.8)]
CONFIG = CodeGenConfig(
    vocab_size=50400, n_positions=2048, n_ctx=2048, n_embd=256, n_layer=4, n_head=4, rotary_dim=32,
    bos_token_id=1, eos_token_id=50256, pad_token_id=50256,
)  # fmt: skip


def ours(model: PaddleModel, prompt: int, new: int, samples: int, temperature: float) -> None:
    """Draw the samples with the project's decode loop."""
    sampling = Sampling(
        temperature=temperature, top_p=0.95 if temperature else 1.0, top_k=0, max_tokens=new, samples=samples, seed=1
    )
    runner = PaddleRunner(model, sampling, slots=samples, suffix=new)
    runner.prefill(0, np.arange(5, 5 + prompt))
    runner.place(0, range(samples), range(samples))
    for _ in range(new - 1):
        runner.advance()


def theirs(model: CodeGenForCausalLM, prompt: int, new: int, samples: int, temperature: float) -> None:
    """Draw the samples with `generate`."""
    tokens = paddle.to_tensor(np.tile(np.arange(5, 5 + prompt), (samples, 1)))
    drawn = {"decode_strategy": "sampling", "top_p": 0.95, "top_k": 0, "temperature": temperature}
    with paddle.no_grad():
        out, _ = model.generate(
            tokens,
            max_length=new,
            eos_token_id=-1,
            **(drawn if temperature else {"decode_strategy": "greedy_search"}),
        )
    assert out.shape == [samples, new], out.shape


def seconds(call: Callable[[], None]) -> float:
    """How long the call takes."""
    began = perf_counter()
    call()
    return perf_counter() - began


def main() -> None:
    """Measure every case."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    with TemporaryDirectory() as folder:
        paddle.seed(0)
        reference = CodeGenForCausalLM(CONFIG)
        reference.eval()
        reference.save_pretrained(folder)
        model = PaddleModel(open_checkpoint(Path(folder)), "cpu")
        print(f"paddle {paddle.__version__}, {paddle.get_device()}, median of {rounds} alternating rounds")
        print(f"{'prompt':>6} {'new':>4} {'n':>4} {'temp':>5} {'ours/s':>9} {'theirs/s':>9} {'ratio':>6}")
        for prompt, new, samples, temperature in CASES:
            case = (prompt, new, samples, temperature)
            ours(model, prompt, 4, samples, temperature)
            pairs = [(seconds(lambda: ours(model, *case)), seconds(lambda: theirs(reference, *case)))  # noqa: B023
                     for _ in range(rounds)]  # fmt: skip
            a, b = (samples * new / median(column) for column in zip(*pairs, strict=True))
            ratio = median(b / a for a, b in pairs)
            print(f"{prompt:6} {new:4} {samples:4} {temperature:5} {a:9.0f} {b:9.1f} {ratio:5.1f}x", flush=True)


if __name__ == "__main__":
    main()
