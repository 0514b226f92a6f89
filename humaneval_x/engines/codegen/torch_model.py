"""A checkpoint's weights as PyTorch tensors, [out, in], put on the device one at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from humaneval_x.engines.codegen.checkpoint import Checkpoint
from humaneval_x.engines.codegen.config import CodeGenConfig
from humaneval_x.engines.codegen.operations import Tensor
from humaneval_x.engines.codegen.rotary import rotary_tables

__all__ = ["TorchLayer", "TorchModel", "out_of_memory", "torch_dtype"]

_DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


def torch_dtype(name: str) -> Any:
    """The dtype of that name."""
    return _DTYPES[name]


def out_of_memory(error: RuntimeError) -> str | None:
    """Why the device had no memory left, if the error says that: libraries have words of their own."""
    text = str(error)
    own = isinstance(error, torch.OutOfMemoryError)
    if own or "out of memory" in text or "CUBLAS_STATUS_ALLOC_FAILED" in text:
        return " ".join(text.partition(". ")[0].split())[:200]
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchLayer:
    """One block: products in the model's dtype, norms (weight, bias) and biases in float32; `bias_in` is the MLP's."""

    norm: tuple[Tensor, Tensor]
    w_in: Tensor
    bias_in: Tensor
    w_out: Tensor
    bias_out: Tensor


class TorchModel:
    """All weights on one device, with the rotary tables (float32)."""

    def __init__(self, checkpoint: Checkpoint, device: str, dtype: Any) -> None:
        """Raises torch.OutOfMemoryError if the device cannot hold them."""
        self.config: CodeGenConfig = checkpoint.config
        self.device = torch.device(device)
        self.dtype = dtype
        config = self.config
        self.layers = []
        for layer in checkpoint.layers(transposed=True):
            self.layers.append(
                TorchLayer(
                    norm=(self._float(layer.norm_weight), self._float(layer.norm_bias)),
                    w_in=self._weight(layer.w_in),
                    bias_in=self._float(layer.b_in[3 * config.n_embd :]),
                    w_out=self._weight(layer.w_out),
                    bias_out=self._float(layer.b_out),
                )
            )
            # The next layer is read while this name lives: without it only one is in main memory.
            del layer
        shape = (config.vocab_size, config.n_embd)
        self.embedding = torch.empty(shape, dtype=dtype, device=self.device)
        for start, rows in checkpoint.embedding_rows():
            self.embedding[start : start + len(rows)] = self._weight(rows)
        self.head = torch.empty(shape, dtype=dtype, device=self.device)
        for start, rows in checkpoint.head_rows():
            self.head[start : start + len(rows)] = self._weight(rows)
        self.norm = self._float(checkpoint.norm_weight()), self._float(checkpoint.norm_bias())
        self.head_bias = self._float(checkpoint.head_bias())
        cosines, sines = rotary_tables(config)
        self.cosines, self.sines = self._float(cosines), self._float(sines)

    def _float(self, array: Any) -> Tensor:
        # What comes from the checkpoint may be a view of its file's bytes: never keep it.
        return torch.as_tensor(array).to(self.device, torch.float32, copy=True).contiguous()

    def _weight(self, array: Any) -> Tensor:
        tensor = torch.as_tensor(np.ascontiguousarray(array) if isinstance(array, np.ndarray) else array)
        # Widths change on the device: the host then holds no second copy.
        return tensor.to(self.device).to(self.dtype)
