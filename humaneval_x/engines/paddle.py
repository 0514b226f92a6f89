"""The engine that samples CodeGen checkpoints with PaddlePaddle.

`--model` is a checkpoint's folder (PaddleNLP's or Hugging Face's files), one of the twelve published names, which
PaddleNLP finds, downloads and caches, or `smoke`, the project's own small model. Float32, on the CPU or, with
paddlepaddle-gpu, on a GPU.
"""

from __future__ import annotations

import warnings
from pathlib import Path

from humaneval_x.engines import EngineOptions
from humaneval_x.engines.codegen.checkpoint import open_checkpoint
from humaneval_x.engines.codegen.eager_backend import EagerBackend
from humaneval_x.engines.codegen.engine import CodeGenEngine, package_version
from humaneval_x.engines.codegen.operations import Operations
from humaneval_x.engines.codegen.tokenizer import read_tokenizer
from humaneval_x.engines.codegen.zoo import local_folder
from humaneval_x.errors import EngineError, UsageError

__all__ = ["open_engine"]

_INSTALL = "pip install 'humaneval-x[paddle]'"


def open_engine(options: EngineOptions) -> CodeGenEngine:
    """Open the checkpoint `options.model`; nothing is loaded onto the device yet.

    Raises UsageError for options that do not fit, DataError for a checkpoint that is none, EngineError if PaddlePaddle
    is missing or a published checkpoint cannot be fetched.
    """
    if options.dtype not in ("auto", "float32"):
        raise UsageError(f"the paddle engine computes in float32, not {options.dtype}: leave --dtype out")
    if options.devices:
        raise UsageError("the paddle engine uses one device: leave --devices out, or take --engine torch")
    if options.slots < 0:
        raise UsageError(f"--slots is {options.slots}: give a positive number, or 0 for automatic")
    folder = local_folder(options.model)
    _require_paddle()
    device = _device(options.device)
    if folder is None:
        folder = _fetched(options.model)
    checkpoint = open_checkpoint(folder)
    tokenizer = read_tokenizer(folder, checkpoint.config.vocab_size)
    versions = {name: package_version(name) for name in ("paddlepaddle", "paddlenlp", "tokenizers", "numpy")}
    backend = EagerBackend(lambda: _operations(device), device=device, versions=versions)
    return CodeGenEngine(checkpoint, tokenizer, options, backend)


def _operations(device: str) -> Operations:
    from humaneval_x.engines.codegen.paddle_operations import PaddleOperations  # noqa: PLC0415 (slow)

    return PaddleOperations(device)


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
            f"this PaddlePaddle ({package_version('paddlepaddle') or 'gpu build'}) sees no GPU: install "
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
