"""The eager way's operations in PyTorch."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F

from humaneval_x.engines.codegen.memory import DeviceMemoryError
from humaneval_x.engines.codegen.operations import Tensor

__all__ = ["TorchOperations"]


class TorchOperations:
    """See `operations.Operations`; float32 on the CPU."""

    @contextlib.contextmanager
    def computing(self) -> Iterator[None]:
        """No gradients within."""
        try:
            with torch.inference_mode():
                yield
        except RuntimeError as error:
            # PyTorch has no class of its own for the CPU's memory.
            if "can't allocate memory" not in str(error):
                raise
            raise DeviceMemoryError(f"PyTorch: {str(error).splitlines()[0][:200]}") from error

    def tensor(self, array: npt.NDArray[Any]) -> Tensor:
        """A copy: what comes from the host may be written over, or be a view of a file."""
        return torch.from_numpy(np.array(array, order="C"))

    def array(self, tensor: Tensor) -> npt.NDArray[Any]:
        """Back on the host."""
        found: npt.NDArray[Any] = tensor.numpy()
        return found

    def zeros(self, shape: Sequence[int]) -> Tensor:
        """Zeros of that shape."""
        return torch.zeros(*shape)

    def rows(self, tensor: Tensor, index: Tensor) -> Tensor:
        """The rows of those numbers."""
        return torch.index_select(tensor, 0, index)

    def norm(self, hidden: Tensor, weight: Tensor, bias: Tensor, epsilon: float) -> Tensor:
        """Layer norm over the last dimension."""
        return F.layer_norm(hidden, hidden.shape[-1:], weight, bias, epsilon)

    def gelu(self, tensor: Tensor) -> Tensor:
        """GELU in its tanh form."""
        return F.gelu(tensor, approximate="tanh")

    def linear(self, tensor: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """tensor [rows, in] @ weight [in, out] + bias."""
        return torch.addmm(bias, tensor, weight)

    def matmul(self, left: Tensor, right: Tensor) -> Tensor:
        """Batched matrix product."""
        return torch.matmul(left, right)

    def matmul_transposed(self, left: Tensor, right: Tensor) -> Tensor:
        """The product with the right matrices' last two dimensions exchanged."""
        return torch.matmul(left, right.transpose(-1, -2))

    def permuted(self, tensor: Tensor, order: Sequence[int]) -> Tensor:
        """Dimensions in another order, laid out anew: products want their rows together."""
        return tensor.permute(*order).contiguous()

    def split(self, tensor: Tensor, sizes: Sequence[int], axis: int) -> Sequence[Tensor]:
        """Parts of those sizes along an axis."""
        found: Sequence[Tensor] = torch.split(tensor, list(sizes), dim=axis)
        return found

    def concat(self, tensors: Sequence[Tensor], axis: int) -> Tensor:
        """Joined along an axis."""
        return torch.cat(list(tensors), dim=axis)

    def maximum(self, left: Tensor, right: Tensor) -> Tensor:
        """The larger of each two elements."""
        return torch.maximum(left, right)

    def exp(self, tensor: Tensor) -> Tensor:
        """e to the power of each element."""
        return torch.exp(tensor)

    def last_max(self, tensor: Tensor) -> Tensor:
        """The largest along the last dimension, which stays as 1."""
        return torch.amax(tensor, dim=-1, keepdim=True)

    def last_sum(self, tensor: Tensor) -> Tensor:
        """The sum along the last dimension, which stays as 1."""
        return torch.sum(tensor, dim=-1, keepdim=True)
