"""The engine that samples CodeGen checkpoints with PaddlePaddle.

`--model` is a checkpoint's folder (PaddleNLP's or Hugging Face's files), one of the twelve published names, which
PaddleNLP finds, downloads and caches, or `smoke`, the project's own small model. Float32, on the CPU or, with
paddlepaddle-gpu, on a GPU.
"""

from __future__ import annotations

import importlib.metadata
import os
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from humaneval_x.engines import EngineOptions, Request
from humaneval_x.engines.codegen.checkpoint import Checkpoint, open_checkpoint
from humaneval_x.engines.codegen.decoding import LONG_PROMPTS, decode, prepare
from humaneval_x.engines.codegen.tokenizer import CodeTokenizer, read_tokenizer
from humaneval_x.engines.codegen.zoo import local_folder, purpose_of
from humaneval_x.errors import EngineError, UsageError
from humaneval_x.records import Completion, Prompt, Sampling

__all__ = ["PaddleEngine", "open_engine", "slots_for"]

_MOST_SLOTS = 128
_INSTALL = "pip install 'humaneval-x[paddle]'"


class PaddleEngine:
    """Draws completions from one checkpoint; weights go to the device at the first `sample`."""

    def __init__(self, checkpoint: Checkpoint, tokenizer: CodeTokenizer, options: EngineOptions, device: str) -> None:
        self._checkpoint = checkpoint
        self._tokenizer = tokenizer
        self._options = options
        self._device = device
        self._model: Any = None
        ends = set(checkpoint.config.end_tokens)
        if tokenizer.end_of_text is not None:
            ends.add(tokenizer.end_of_text)
        self._end_tokens = frozenset(ends)

    def describe(self) -> dict[str, Any]:
        """Model, hashes of weights and tokenizer, shape, arithmetic and versions."""
        config = self._checkpoint.config
        return {
            "model": self._options.model,
            "purpose": purpose_of(self._checkpoint.folder),
            "weights_sha256": self._checkpoint.sha256,
            "tokenizer_sha256": self._tokenizer.sha256,
            "config": {
                name: getattr(config, name)
                for name in ("vocab_size", "n_positions", "n_embd", "n_layer", "n_head", "n_inner", "rotary_dim")
            },
            "parameters": config.parameters,
            "end_tokens": sorted(self._end_tokens),
            "dtype": "float32",
            "device": self._device,
            "long_prompts": LONG_PROMPTS,
            "versions": {name: _version(name) for name in ("paddlepaddle", "paddlenlp", "tokenizers", "numpy")},
        }

    def sample(self, requests: Sequence[Request], sampling: Sampling) -> Iterator[tuple[Prompt, Completion]]:
        """Each wanted completion once, as soon as it has ended. Raises EngineError if memory runs out."""
        from humaneval_x.engines.codegen.paddle_runner import PaddleModel, PaddleRunner  # noqa: PLC0415 (slow)

        wanted = sum(len(request.completion_ids) for request in requests)
        if not wanted:
            return
        config = self._checkpoint.config
        encoded = [self._tokenizer.encode(request.prompt.text) for request in requests]
        start = min(self._end_tokens, default=0)
        prompts = prepare(requests, encoded, config.n_positions, sampling.max_tokens, start)
        suffix = max(prompt.limit for prompt in prompts)
        longest = max(len(prompt.tokens) for prompt in prompts)
        slots = self._options.slots or slots_for(
            4 * config.cache_elements_per_token * (suffix + longest) + 16 * config.vocab_size, _free_memory()
        )
        slots = min(slots, wanted)
        try:
            if self._model is None:
                self._model = PaddleModel(self._checkpoint, self._device)
            runner = PaddleRunner(self._model, sampling, slots=slots, suffix=suffix)
            yield from decode(
                runner,
                prompts,
                sampling,
                slots=slots,
                token_bytes=self._tokenizer.token_bytes,
                end_tokens=self._end_tokens,
            )
        except MemoryError as error:
            raise EngineError(
                f"out of memory with {slots} slots of up to {suffix} tokens: give fewer with --slots, "
                "or lower --max-tokens; what was drawn is kept"
            ) from error

    def close(self) -> None:
        """Drop the weights."""
        self._model = None


def open_engine(options: EngineOptions) -> PaddleEngine:
    """Open the checkpoint `options.model`; nothing is loaded onto the device yet.

    Raises UsageError for options that do not fit, DataError for a checkpoint that is none, EngineError if PaddlePaddle
    is missing or a published checkpoint cannot be fetched.
    """
    if options.dtype not in ("auto", "float32", "fp32"):
        raise UsageError(f"the paddle engine computes in float32, not {options.dtype}: leave --dtype out")
    if options.slots < 0:
        raise UsageError(f"--slots is {options.slots}: give a positive number, or 0 for automatic")
    folder = local_folder(options.model)
    _require_paddle()
    device = _device(options.device)
    if folder is None:
        folder = _fetched(options.model)
    checkpoint = open_checkpoint(folder)
    tokenizer = read_tokenizer(folder, checkpoint.config.vocab_size)
    return PaddleEngine(checkpoint, tokenizer, options, device)


def slots_for(bytes_per_slot: int, free_bytes: int) -> int:
    """How many samples to run at once: half of the free memory's worth, at least 1, at most 128."""
    return max(1, min(_MOST_SLOTS, free_bytes // 2 // bytes_per_slot))


def _free_memory() -> int:
    """Bytes of main memory that can be had without swapping, within the control group's limit."""
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        pass
    group = Path("/sys/fs/cgroup")
    for limit, usage in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        try:
            free = min(free, int((group / limit).read_text()) - int((group / usage).read_text()))
        except (OSError, ValueError):
            continue
    return max(free, 0)


def _require_paddle() -> None:
    import zlib  # noqa: F401, PLC0415  (before paddle: its library exports its own)

    # It warns everyone of a compiler cache that only those miss who compile kernels of their own.
    warnings.filterwarnings("ignore", message="No ccache found")
    try:
        import paddle  # noqa: F401, PLC0415
    except ImportError as error:
        raise EngineError(f"PaddlePaddle cannot be imported ({error}): {_INSTALL}") from error


def _device(asked: str) -> str:
    import paddle  # noqa: PLC0415

    has_gpu = paddle.is_compiled_with_cuda() and paddle.device.cuda.device_count() > 0
    if asked == "auto":
        return "gpu" if has_gpu else "cpu"
    if asked.partition(":")[0] not in ("cpu", "gpu"):
        raise UsageError(f"no device {asked!r}: the paddle engine takes auto, cpu, gpu or gpu:N")
    if asked.startswith("gpu") and not has_gpu:
        raise EngineError(
            f"this PaddlePaddle ({_version('paddlepaddle') or 'gpu build'}) sees no GPU: install "
            "paddlepaddle-gpu for your CUDA from Paddle's own index, or use --device cpu"
        )
    return asked


def _fetched(name: str) -> Path:
    """The folder of a published checkpoint in PaddleNLP's cache, downloaded by PaddleNLP if it is not there."""
    try:
        from paddlenlp.transformers import CodeGenForCausalLM  # noqa: PLC0415
        from paddlenlp.utils.download import bos_try_to_load_from_cache, resolve_file_path  # noqa: PLC0415
    except Exception as error:  # unpinned companions make its import fail in many ways
        raise EngineError(f"PaddleNLP, which finds {name}, cannot be imported ({error!r}): {_INSTALL}") from error
    try:
        # The weights come last: where they are, all that the tokenizer may have was found or is known not to exist.
        if any(bos_try_to_load_from_cache(name, weights) is None for weights in ("model_state.pdparams", "vocab.json")):
            for optional in ("tokenizer.json", "added_tokens.json"):
                resolve_file_path(name, [optional])
        for required in ("vocab.json", "merges.txt"):
            resolve_file_path(name, [required])
        config = resolve_file_path(name, ["config.json", "model_config.json"])
        weights, *_ = CodeGenForCausalLM._resolve_model_file_path(name)
        if config is None or weights is None:
            raise OSError("its files were not found")
    except Exception as error:  # its download raises whatever its HTTP library raises
        raise EngineError(
            f"{name} is not in PaddleNLP's cache and could not be downloaded ({_short(error)}): connect this machine, "
            f"or fetch the checkpoint elsewhere and give its folder as --model"
        ) from error
    return Path(config).parent


def _short(error: Exception) -> str:
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return text if len(text) <= 120 else text[:117] + "..."


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
