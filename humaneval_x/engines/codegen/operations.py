"""What the eager way needs of a tensor library, which knows nothing of models."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy.typing as npt

__all__ = ["Operations", "Tensor"]

Tensor = Any


class Operations(Protocol):
    """What of a tensor library is needed; float32. Tensors also have `reshape`, arithmetic and slices in common."""

    def computing(self) -> AbstractContextManager[object]:
        """No gradients within. Raises DeviceMemoryError when memory runs out."""

    def tensor(self, array: npt.NDArray[Any]) -> Tensor:
        """On the device."""

    def array(self, tensor: Tensor) -> npt.NDArray[Any]:
        """Back on the host."""

    def zeros(self, shape: Sequence[int]) -> Tensor:
        """Zeros of that shape."""

    def rows(self, tensor: Tensor, index: Tensor) -> Tensor:
        """The rows of those numbers."""

    def norm(self, hidden: Tensor, weight: Tensor, bias: Tensor, epsilon: float) -> Tensor:
        """Layer norm over the last dimension."""

    def gelu(self, tensor: Tensor) -> Tensor:
        """GELU in its tanh form."""

    def linear(self, tensor: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """tensor [rows, in] @ weight [in, out] + bias."""

    def matmul(self, left: Tensor, right: Tensor) -> Tensor:
        """Batched matrix product."""

    def matmul_transposed(self, left: Tensor, right: Tensor) -> Tensor:
        """The product with the right matrices' last two dimensions exchanged."""

    def permuted(self, tensor: Tensor, order: Sequence[int]) -> Tensor:
        """Dimensions in another order."""

    def split(self, tensor: Tensor, sizes: Sequence[int], axis: int) -> Sequence[Tensor]:
        """Parts of those sizes along an axis."""

    def concat(self, tensors: Sequence[Tensor], axis: int) -> Tensor:
        """Joined along an axis."""

    def maximum(self, left: Tensor, right: Tensor) -> Tensor:
        """The larger of each two elements."""

    def exp(self, tensor: Tensor) -> Tensor:
        """e to the power of each element."""

    def last_max(self, tensor: Tensor) -> Tensor:
        """The largest along the last dimension, which stays as 1."""

    def last_sum(self, tensor: Tensor) -> Tensor:
        """The sum along the last dimension, which stays as 1."""
