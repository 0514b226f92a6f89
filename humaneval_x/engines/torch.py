"""The engine that samples CodeGen checkpoints with PyTorch: on CUDA devices by kernels of its own, or on the CPU.

`--model` is a checkpoint's folder (PaddleNLP's or Hugging Face's files), one of the twelve published names, which is
looked for in Hugging Face's and PaddleNLP's caches, or `smoke`, the project's own small model. On a GPU in bfloat16
(or float16, float32), on the CPU in float32.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from humaneval_x.engines import Engine, EngineOptions
from humaneval_x.engines.codegen.checkpoint import Checkpoint, open_checkpoint
from humaneval_x.engines.codegen.decoding import Runner
from humaneval_x.engines.codegen.eager_backend import EagerBackend
from humaneval_x.engines.codegen.engine import Backend, CodeGenEngine, package_version
from humaneval_x.engines.codegen.hub import hub_folder
from humaneval_x.engines.codegen.memory import DeviceMemoryError, Shape
from humaneval_x.engines.codegen.openmp import wait_patiently
from humaneval_x.engines.codegen.operations import Operations
from humaneval_x.engines.codegen.parallel import ParallelEngine
from humaneval_x.engines.codegen.tokenizer import read_tokenizer
from humaneval_x.engines.codegen.zoo import local_folder
from humaneval_x.errors import EngineError, UsageError
from humaneval_x.records import Sampling

__all__ = ["CudaBackend", "open_backend", "open_engine"]

_INSTALL = "pip install 'humaneval-x[torch]'"

# Products gain nothing from more rows than this, and the last samples of a run keep fewer slots idle.
_MOST_SLOTS = 2048
# What cuBLAS, captured graphs and the kernels themselves need beside what is counted.
_RESERVE = 1280 << 20
_ITEM_SIZES = {"float32": 4, "float16": 2, "bfloat16": 2}


def open_engine(options: EngineOptions) -> Engine:
    """Open the checkpoint `options.model`; nothing is loaded onto the device yet.

    Raises UsageError for options that do not fit, DataError for a checkpoint that is none, EngineError if PyTorch or
    the device is missing, or a published checkpoint cannot be fetched.
    """
    if options.slots < 0:
        raise UsageError(f"--slots is {options.slots}: give a positive number, or 0 for automatic")
    folder = local_folder(options.model)
    _require_torch()
    device = _device(options)
    dtype = _dtype(options.dtype, device)
    if folder is None:
        folder = hub_folder(options.model, install=_INSTALL)
    engine = _engine(folder, options, device, dtype)
    if len(options.devices) < 2:
        return engine
    openers = [partial(_engine, folder, options, f"gpu:{number}", dtype) for number in options.devices]
    return ParallelEngine(engine, openers)


def _engine(folder: Path, options: EngineOptions, device: str, dtype: str) -> CodeGenEngine:
    checkpoint = open_checkpoint(folder)
    tokenizer = read_tokenizer(folder, checkpoint.config.vocab_size)
    return CodeGenEngine(checkpoint, tokenizer, options, open_backend(device, dtype))


def open_backend(device: str, dtype: str) -> Backend:
    """The backend for `cpu` or `gpu:N`; nothing is put on the device yet."""
    packages = ("torch", "tokenizers", "numpy") if device == "cpu" else ("torch", "triton", "tokenizers", "numpy")
    versions = {name: package_version(name) for name in packages}
    if device == "cpu":
        return EagerBackend(_operations, device=device, versions=versions)
    return CudaBackend(int(device.partition(":")[2] or 0), dtype, versions)


class CudaBackend:
    """One CUDA device; see `engine.Backend`. A runner stays, with its graphs, for the next call that it fits."""

    grows = False
    most_slots = _MOST_SLOTS

    def __init__(self, number: int, dtype: str, versions: dict[str, str]) -> None:
        self.device = "gpu"
        self.dtype = dtype
        self.versions = versions
        self._torch_device = f"cuda:{number}"
        self._model: Any = None
        self._runner: Any = None
        self._end_tokens: frozenset[int] = frozenset()

    def load(self, checkpoint: Checkpoint) -> None:
        """Put the weights on the device."""
        import torch  # noqa: PLC0415 (slow)

        from humaneval_x.engines.codegen.torch_model import (  # noqa: PLC0415 (slow)
            TorchModel,
            out_of_memory,
            torch_dtype,
        )

        if self._model is None:
            # Some of PyTorch's functions know no other device than the process's own.
            torch.cuda.set_device(self._torch_device)
            try:
                self._model = TorchModel(checkpoint, self._torch_device, torch_dtype(self.dtype))
            except RuntimeError as error:
                reason = out_of_memory(error)
                if reason is None:
                    raise
                raise DeviceMemoryError(reason) from error

    def free_bytes(self) -> int:
        """The device's free memory, less a reserve, with what the present runner holds."""
        import torch  # noqa: PLC0415 (slow)

        # What PyTorch keeps of freed memory lies in pieces between the weights: large caches find no room there.
        torch.cuda.empty_cache()
        free, _ = torch.cuda.mem_get_info(self._torch_device)
        held = self.bytes_for(self._runner.shape, self._runner.sampling) if self._runner is not None else 0
        return max(0, int(free) + held - _RESERVE)

    def bytes_for(self, shape: Shape, sampling: Sampling) -> int:
        """Caches and buffers."""
        from humaneval_x.engines.codegen.torch_step import bytes_for  # noqa: PLC0415 (slow)

        return bytes_for(self._model.config, shape, _ITEM_SIZES[self.dtype], sampling.repetition_penalty != 1)

    def open_runner(self, shape: Shape, sampling: Sampling, end_tokens: frozenset[int]) -> Runner:
        """The present runner if it has that many slots and room, else a new one in its place."""
        from humaneval_x.engines.codegen.torch_runner import TorchRunner  # noqa: PLC0415 (slow)

        runner = self._runner
        if runner is not None and runner.fits(shape, sampling) and end_tokens == self._end_tokens:
            runner.reset()
            return runner  # type: ignore[no-any-return]
        self.release()
        self._runner = TorchRunner(self._model, sampling, shape, end_tokens, capture=True)
        self._end_tokens = end_tokens
        return self._runner  # type: ignore[no-any-return]

    def release(self) -> None:
        """Give back the caches."""
        import torch  # noqa: PLC0415 (slow)

        if self._runner is not None:
            self._runner.close()
            self._runner = None
        torch.cuda.empty_cache()

    def close(self) -> None:
        """Give back weights and caches."""
        self._model = None
        self.release()


def _operations() -> Operations:
    from humaneval_x.engines.codegen.torch_operations import TorchOperations  # noqa: PLC0415 (slow)

    return TorchOperations()


def _require_torch() -> None:
    wait_patiently()
    try:
        import torch  # noqa: F401, PLC0415
    except ImportError as error:
        raise EngineError(f"PyTorch cannot be imported ({error}): {_INSTALL}") from error


def _device(options: EngineOptions) -> str:
    import torch  # noqa: PLC0415

    asked = options.device
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if asked not in ("auto", "cpu", "gpu"):
        raise UsageError(f"no device {asked!r}: the torch engine takes auto, cpu or gpu")
    if asked == "cpu" or (asked == "auto" and not count):
        if options.devices:
            raise UsageError("--devices names GPUs, but the device is the CPU: leave it out, or take --device gpu")
        return "cpu"
    if not count:
        raise EngineError(
            f"this PyTorch ({package_version('torch')}) sees no CUDA device: install a CUDA build and driver, or take "
            "--device cpu"
        )
    numbers = options.devices or (0,)
    missing = [number for number in numbers if number >= count]
    if missing:
        raise EngineError(f"there is no GPU {missing[0]}: this host has {count} (0 to {count - 1})")
    try:
        import triton  # noqa: F401, PLC0415
    except ImportError as error:
        raise EngineError(f"Triton, which comes with PyTorch for CUDA, cannot be imported ({error})") from error
    return f"gpu:{numbers[0]}"


def _dtype(asked: str, device: str) -> str:
    if asked == "auto":
        return "float32" if device == "cpu" else "bfloat16"
    if device == "cpu" and asked != "float32":
        raise UsageError(f"on the CPU the torch engine computes in float32, not {asked}: leave --dtype out")
    return asked
