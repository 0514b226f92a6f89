"""The torch engine on CUDA devices against Hugging Face's `generate`: same device, weights, prompts and sampling.

    python benchmarks/engine.py throughput [--models 350M,2B,6B,16B] [--reference 350M,2B] [--devices 0,1]
    python benchmarks/engine.py latency [--models 350M,2B,6B] [--reference 350M,2B,6B]

Random weights in bfloat16; every sample has full length. `throughput`: prompts of 160 tokens, n = 200, 256 new tokens,
top-p 0.95, temperature 0.8, 16 prompts (the reference draws one prompt's 200 samples). `latency`: one sample of 20
tokens after a prompt of 60, median of several. Beside the figures stands the physical limit of a step: the matrix
products as measured alone, and reading the suffix caches (throughput) or the weights (latency) at a copy's bandwidth.

`benchmarks/engine_cpu.py` measures on a CPU.
"""

from __future__ import annotations

import logging
import multiprocessing
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import torch
from models import NumberTokenizer, RandomCheckpoint, hub_model

from humaneval_x.engines import Engine, EngineOptions, Request
from humaneval_x.engines.codegen.engine import CodeGenEngine
from humaneval_x.engines.codegen.parallel import ParallelEngine
from humaneval_x.engines.torch import CudaBackend
from humaneval_x.records import Problem, Prompt, Sampling

PROMPTS, PROMPT, NEW, SAMPLES = 16, 160, 256, 200
SHORT_PROMPT, SHORT_NEW = 60, 20
SAMPLING = Sampling(temperature=0.8, top_p=0.95, top_k=0, max_tokens=NEW, samples=SAMPLES, seed=1)


def started(text: str) -> bool:
    """A stop rule for warming up: met by the first tokens."""
    return len(text) > 3


def never(text: str) -> bool:
    """A stop rule that nothing meets."""
    return text is None


def requests(count: int, length: int, samples: int, *, warming: bool = False) -> list[Request]:
    """Prompts of random tokens."""
    numbers = np.random.default_rng(0)
    made = []
    for number in range(count):
        text = " ".join(map(str, numbers.integers(5, 50_000, length)))
        task_id = f"Python/{number}"
        problem = Problem(
            task_id=task_id, language="python", prompt=text, declaration="", canonical_solution="", test=""
        )
        prompt = Prompt(task="generation-python", task_id=task_id, language="python", text=text)
        rule, watch = (started, "always") if warming else (never, "never")
        ids = tuple(range(samples))
        made.append(Request(prompt=prompt, problem=problem, completion_ids=ids, is_finished=rule, watch=watch))
    return made


def open_random(size: str, slots: int, device: int) -> CodeGenEngine:
    """An engine with random weights on that device."""
    checkpoint: Any = RandomCheckpoint(size, f"cuda:{device}", torch.bfloat16)
    tokenizer: Any = NumberTokenizer(checkpoint.config.vocab_size)
    return CodeGenEngine(
        checkpoint, tokenizer, EngineOptions(model=size, slots=slots), CudaBackend(device, "bfloat16", {})
    )


def draw(engine: Engine, wanted: Sequence[Request], sampling: Sampling) -> tuple[float, int]:
    """Seconds and tokens of drawing all that is wanted."""
    began, tokens = perf_counter(), 0
    for _, completion in engine.sample(wanted, sampling):
        tokens += completion.tokens
    return perf_counter() - began, tokens


def generate(model: Any, length: int, samples: int, new: int) -> float:
    """Seconds of the reference."""
    text = requests(1, length, 1)[0].prompt.text
    tokens = torch.tensor([[int(number) for number in text.split()]], device="cuda")
    torch.cuda.synchronize()
    began = perf_counter()
    with torch.no_grad():
        drawn = model.generate(
            tokens, attention_mask=torch.ones_like(tokens), do_sample=True, top_p=SAMPLING.top_p, top_k=0,
            temperature=SAMPLING.temperature, max_new_tokens=new, min_new_tokens=new, num_return_sequences=samples,
            pad_token_id=0,
        )  # fmt: skip
    torch.cuda.synchronize()
    assert drawn.shape == (samples, length + new), drawn.shape
    return perf_counter() - began


def seconds(call: Callable[[], object], repeat: int = 20) -> float:
    """Median seconds of a piece of device work."""
    times = []
    for _ in range(repeat + 3):
        began, ended = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        began.record()
        call()
        ended.record()
        torch.cuda.synchronize()
        times.append(began.elapsed_time(ended) / 1000)
    return median(times[3:])


def bandwidth() -> float:
    """Bytes a second of a copy on the device, read and written."""
    source = torch.empty(1 << 30, dtype=torch.uint8, device="cuda")
    target = torch.empty_like(source)
    return 2 * source.numel() / seconds(lambda: target.copy_(source))


def products(model: Any, rows: int) -> float:
    """Seconds of all matrix products of one step."""
    config = model.config
    normed = torch.randn(rows, config.n_embd, dtype=model.dtype, device=model.device)
    joined = torch.randn(rows, config.n_embd + config.n_inner, dtype=model.dtype, device=model.device)
    wide = torch.empty(rows, 3 * config.n_embd + config.n_inner, dtype=model.dtype, device=model.device)
    narrow = torch.empty_like(normed)

    def layers() -> None:
        for layer in model.layers:
            torch.mm(normed, layer.w_in.t(), out=wide)
            torch.mm(joined, layer.w_out.t(), out=narrow)

    return seconds(layers) + seconds(lambda: torch.mm(normed, model.head.t(), out_dtype=torch.float32))


def throughput(options: Namespace) -> None:
    """The first table."""
    speed = bandwidth()
    print(f"copy: {speed / 1e12:.2f} TB/s")
    print(
        f"{'model':>5} {'GPUs':>4} {'slots':>5} {'tokens/s':>9} {'limit':>9} {'share':>6} {'reference':>9} {'ratio':>6}"
    )
    for size in options.models:
        engine = open_random(size, options.slots, 0)
        wanted = requests(options.prompts, PROMPT, SAMPLES)
        draw(engine, requests(options.prompts, PROMPT, SAMPLES, warming=True), SAMPLING)
        took, tokens = draw(engine, wanted, SAMPLING)
        backend: Any = engine._backend
        slots = backend._runner.shape.slots
        config = backend._model.config
        suffix = 2 * config.cache_elements_per_token * (NEW + 1) / 2
        limit = slots / (products(backend._model, slots) + slots * suffix / speed)
        if options.profile:
            profile(backend, slots)
        engine.close()
        del engine, backend
        torch.cuda.empty_cache()
        single = tokens / took
        reference = reference_rate(size) if size in options.reference else None
        told = "" if reference is None else f" {reference:9.0f} {single / reference:6.1f}"
        print(f"{size:>5} {1:4} {slots:5} {single:9.0f} {limit:9.0f} {single / limit:6.2f}{told}", flush=True)
        if len(options.devices) > 1:
            several(size, options, single)


def several(size: str, options: Namespace, single: float) -> None:
    """The same on several devices, with as many times the prompts; begun together once all are warm."""
    count = len(options.devices)
    context = multiprocessing.get_context("spawn")
    together, began = context.Barrier(count), context.Value("d", 0.0)
    openers = [
        Warmed((size, options.slots, device), options.prompts * count, together, began) for device in options.devices
    ]
    engine = ParallelEngine(NoEngine(), openers)
    wanted = requests(options.prompts * count, PROMPT, SAMPLES)
    tokens, ended = 0, 0.0
    for _, completion in engine.sample(wanted, SAMPLING):
        tokens += completion.tokens
        # Not when the processes have ended: taking the engine down is not counted for one device either.
        ended = perf_counter()
    rate = tokens / (ended - began.value)
    print(f"{size:>5} {count:4} {'':5} {rate:9.0f}  {rate / single:.2f} times one", flush=True)


class NoEngine:
    """Describes nothing and draws nothing."""

    def describe(self) -> dict[str, Any]:
        """Nothing."""
        return {}

    def sample(self, wanted: Sequence[Request], sampling: Sampling) -> Any:
        """Nothing."""
        raise NotImplementedError

    def close(self) -> None:
        """Nothing."""


class Warmed(NoEngine):
    """Opens, in a process of its own, an engine that is warm and begins when the others are."""

    def __init__(self, opened: tuple[str, int, int], prompts: int, together: Any, began: Any) -> None:
        self._arguments = opened
        self._prompts = prompts
        self._together = together
        self._began = began

    def __call__(self) -> Warmed:
        """The engine itself."""
        return self

    def sample(self, wanted: Sequence[Request], sampling: Sampling) -> Any:
        """Warm up, wait for the others, draw."""
        engine = open_random(*self._arguments)
        ids = {request.prompt.task_id: request.completion_ids for request in wanted}
        warming = [each for each in requests(self._prompts, PROMPT, 1, warming=True) if each.prompt.task_id in ids]
        draw(engine, [replace(each, completion_ids=ids[each.prompt.task_id]) for each in warming], sampling)
        self._together.wait()
        self._began.value = perf_counter()
        yield from engine.sample(wanted, sampling)


def reference_rate(size: str) -> float:
    """Tokens a second of Hugging Face's `generate` with one prompt's samples as its batch."""
    model = hub_model(RandomCheckpoint(size, "cuda", torch.bfloat16), "cuda", torch.bfloat16)
    generate(model, PROMPT, SAMPLES, 8)
    took = generate(model, PROMPT, SAMPLES, NEW)
    del model
    torch.cuda.empty_cache()
    return SAMPLES * NEW / took


def profile(backend: Any, slots: int) -> None:
    """Where a step's time goes, half way through the suffixes."""
    from torch.profiler import ProfilerActivity  # noqa: PLC0415
    from torch.profiler import profile as recording  # noqa: PLC0415

    runner, steps = backend._runner, 4
    runner.reset()
    length, new = min(PROMPT, runner.shape.prompt), runner.shape.suffix
    for seat, first in enumerate(range(0, slots, SAMPLES)):
        runner.prefill(seat, list(range(length)))
        own = range(first, min(slots, first + SAMPLES))
        runner.place(seat, own, own, new)
    for _ in range(new // 2):
        runner.launch(1)
        runner.collect()
    with recording(activities=[ProfilerActivity.CUDA]) as recorded:
        runner.launch(steps)
        runner.collect()
    for event in sorted(recorded.key_averages(), key=lambda event: -event.device_time_total)[:9]:
        print(
            f"      {event.device_time_total / steps / 1e3:8.3f} ms a step {event.count // steps:4} x {event.key[:48]}"
        )
    runner.reset()


def latency(options: Namespace) -> None:
    """The second table."""
    speed = bandwidth()
    print(f"copy: {speed / 1e12:.2f} TB/s")
    print(f"{'model':>5} {'ms':>8} {'a step':>7} {'limit':>7} {'share':>6} {'reference':>9} {'ratio':>6}")
    sampling = Sampling(**{**SAMPLING_FIELDS, "max_tokens": SHORT_NEW, "samples": 1})
    for size in options.models:
        engine = open_random(size, 1, 0)
        wanted = requests(1, SHORT_PROMPT, 1)
        times = [draw(engine, wanted, sampling)[0] for _ in range(15)]
        took = median(times[3:])
        backend: Any = engine._backend
        step = backend._runner._seconds[1]
        config = backend._model.config
        limit = 2 * (config.parameters - config.vocab_size * config.n_embd) / speed
        if options.profile:
            profile(backend, 1)
        engine.close()
        del engine, backend
        torch.cuda.empty_cache()
        told = ""
        if size in options.reference:
            model = hub_model(RandomCheckpoint(size, "cuda", torch.bfloat16), "cuda", torch.bfloat16)
            other = median([generate(model, SHORT_PROMPT, 1, SHORT_NEW) for _ in range(7)][2:])
            told = f" {other * 1e3:9.1f} {other / took:6.1f}"
            del model
            torch.cuda.empty_cache()
        print(f"{size:>5} {took * 1e3:8.2f} {step * 1e3:7.3f} {limit * 1e3:7.3f} {limit / step:6.2f}{told}", flush=True)


SAMPLING_FIELDS = {"temperature": 0.8, "top_p": 0.95, "top_k": 0, "seed": 1}


def main() -> None:
    """Measure what is asked."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["throughput", "latency"])

    def names(text: str) -> list[str]:
        return [name for name in text.split(",") if name]

    parser.add_argument("--models", type=names, default=["350M", "2B", "6B"])
    parser.add_argument("--reference", type=names, default=[], help="models to run Hugging Face's generate on, too")
    parser.add_argument("--devices", type=lambda text: [int(number) for number in text.split(",")], default=[0])
    parser.add_argument("--prompts", type=int, default=PROMPTS)
    parser.add_argument("--slots", type=int, default=0)
    parser.add_argument("--profile", action="store_true", help="print the kernels that take most of a step")
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    versions = []
    for package in ("torch", "triton", "transformers"):
        try:
            versions.append(f"{package} {__import__(package).__version__}")
        except ImportError:
            versions.append(f"no {package}")
    print(f"{torch.cuda.get_device_name()}, {', '.join(versions)}")
    (throughput if options.what == "throughput" else latency)(options)


if __name__ == "__main__":
    main()
