"""The engines on a CPU against PaddleNLP's own `generate`: same weights, prompt and sampling, in turn.

    python benchmarks/engine_cpu.py [--rounds 3]

Random weights (4 layers of 256, vocabulary 50,400); every sample is forced to full length. Prints tokens per second of
the paddle and the torch engine and of the reference, and the ratios paddle / reference and torch / paddle, medians over
rounds. Each library has a process of its own: their OpenMP runtimes do not get on in one. Only the ratios mean
something on another machine.
"""

from __future__ import annotations

import multiprocessing
import zlib  # noqa: F401  (before paddle: its library exports a zlib of its own)
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np

from humaneval_x.engines.codegen.checkpoint import open_checkpoint
from humaneval_x.engines.codegen.drawing import Drawer
from humaneval_x.engines.codegen.eager import EagerModel, EagerRunner
from humaneval_x.engines.codegen.openmp import wait_patiently
from humaneval_x.records import Sampling

# Prompt tokens, new tokens, samples, temperature (0: greedy).
Case = tuple[int, int, int, float]
CASES: list[Case] = [(200, 16, 200, 0.8), (200, 16, 200, 0.0), (32, 96, 50, 0.8)]
SHAPE = {"vocab_size": 50400, "n_positions": 2048, "n_ctx": 2048, "n_embd": 256, "n_layer": 4, "n_head": 4,
         "rotary_dim": 32, "bos_token_id": 1, "eos_token_id": 50256, "pad_token_id": 50256}  # fmt: skip


def make(folder: str, _: Any) -> None:
    """Write the checkpoint."""
    import paddle  # noqa: PLC0415
    from paddlenlp.transformers import CodeGenConfig, CodeGenForCausalLM  # noqa: PLC0415

    paddle.seed(0)
    CodeGenForCausalLM(CodeGenConfig(**SHAPE)).save_pretrained(folder)


def paddle_engine(folder: str, cases: Any) -> None:
    """The paddle engine."""
    from humaneval_x.engines.codegen.paddle_operations import PaddleOperations  # noqa: PLC0415

    answer(cases, ours(folder, PaddleOperations("cpu")))


def torch_engine(folder: str, cases: Any) -> None:
    """The torch engine."""
    wait_patiently()
    from humaneval_x.engines.codegen.torch_operations import TorchOperations  # noqa: PLC0415

    answer(cases, ours(folder, TorchOperations()))


def reference(folder: str, cases: Any) -> None:
    """PaddleNLP's `generate`."""
    import paddle  # noqa: PLC0415
    from paddlenlp.transformers import CodeGenForCausalLM  # noqa: PLC0415

    model = CodeGenForCausalLM.from_pretrained(folder)
    model.eval()

    def draw(case: Case) -> None:
        prompt, new, samples, temperature = case
        tokens = paddle.to_tensor(np.tile(np.arange(5, 5 + prompt), (samples, 1)))
        rule: dict[str, Any] = {"decode_strategy": "greedy_search"}
        if temperature:
            rule = {"decode_strategy": "sampling", "top_p": 0.95, "top_k": 0, "temperature": temperature}
        with paddle.no_grad():
            out, _ = model.generate(tokens, max_length=new, eos_token_id=-1, **rule)
        assert out.shape == [samples, new], out.shape

    answer(cases, draw)


def ours(folder: str, operations: Any) -> Callable[[Case], None]:
    """Draws the samples of a case with the project's decode loop."""
    model, drawer = EagerModel(open_checkpoint(Path(folder)), operations), Drawer()

    def draw(case: Case) -> None:
        prompt, new, samples, temperature = case
        sampling = Sampling(
            temperature=temperature, top_p=0.95 if temperature else 1, top_k=0, max_tokens=new, samples=samples, seed=1
        )
        runner = EagerRunner(model, sampling, drawer, slots=samples, suffix=new)
        runner.prefill(0, range(5, 5 + prompt))
        runner.place(0, range(samples), range(samples), new)
        for _ in range(new):
            runner.launch(1)
            runner.collect()

    return draw


def answer(cases: Any, draw: Callable[[Case], None]) -> None:
    """The process: a case comes, seconds go."""
    for case in iter(cases.recv, None):
        began = perf_counter()
        draw(case)
        cases.send(perf_counter() - began)


def main() -> None:
    """Measure every case."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    context = multiprocessing.get_context("spawn")
    with TemporaryDirectory() as folder:
        writer = context.Process(target=make, args=(folder, None))
        writer.start()
        writer.join()
        pipes = []
        for target in (paddle_engine, torch_engine, reference):
            here, there = context.Pipe()
            context.Process(target=target, args=(folder, there), daemon=True).start()
            pipes.append(here)

        def seconds(pipe: Any, case: Case) -> float:
            pipe.send(case)
            took: float = pipe.recv()
            return took

        print(
            f"{'prompt':>6} {'new':>4} {'n':>4} {'temp':>5} {'paddle/s':>9} {'torch/s':>9} {'theirs/s':>9}"
            f" {'paddle/theirs':>13} {'torch/paddle':>12}   (median of {rounds} rounds in turn)"
        )
        for case in CASES:
            for pipe in pipes[:2]:
                seconds(pipe, case)
            times = [[seconds(pipe, case) for pipe in pipes] for _ in range(rounds)]
            rates = [case[1] * case[2] / median(column) for column in zip(*times, strict=True)]
            over, other = median(row[2] / row[0] for row in times), median(row[0] / row[1] for row in times)
            told = "".join(f" {rate:9.1f}" for rate in rates)
            print("{:6} {:4} {:4} {:5}".format(*case) + f"{told} {over:12.1f}x {other:11.2f}x", flush=True)


if __name__ == "__main__":
    main()
