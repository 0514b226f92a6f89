"""The eager way's operations in PaddlePaddle."""

from __future__ import annotations

import contextlib
import zlib  # noqa: F401  (before paddle: its library exports its own zlib, which crashes Python's if that comes later)
from collections.abc import Iterator, Sequence
from typing import Any

import numpy.typing as npt
import paddle
import paddle.nn.functional as F

from humaneval_x.engines.codegen.memory import DeviceMemoryError
from humaneval_x.engines.codegen.operations import Tensor

__all__ = ["PaddleOperations"]


class PaddleOperations:
    """See `operations.Operations`; float32 on `device` (`cpu`, `gpu`, `gpu:N`)."""

    def __init__(self, device: str) -> None:
        paddle.set_device(device)

    @contextlib.contextmanager
    def computing(self) -> Iterator[None]:
        """No gradients within; Paddle's own errors of memory become ours."""
        try:
            with paddle.no_grad():
                yield
        except MemoryError as error:
            raise DeviceMemoryError(f"Paddle: {_first_line(error)}") from error

    def tensor(self, array: npt.NDArray[Any]) -> Tensor:
        """On the device."""
        return paddle.to_tensor(array)

    def array(self, tensor: Tensor) -> npt.NDArray[Any]:
        """Back on the host."""
        found: npt.NDArray[Any] = tensor.numpy()
        return found

    def zeros(self, shape: Sequence[int]) -> Tensor:
        """Zeros of that shape."""
        return paddle.zeros(shape)

    def rows(self, tensor: Tensor, index: Tensor) -> Tensor:
        """The rows of those numbers."""
        return paddle.gather(tensor, index)

    def norm(self, hidden: Tensor, weight: Tensor, bias: Tensor, epsilon: float) -> Tensor:
        """Layer norm over the last dimension."""
        return F.layer_norm(hidden, hidden.shape[-1], weight, bias, epsilon)

    def gelu(self, tensor: Tensor) -> Tensor:
        """GELU in its tanh form."""
        return F.gelu(tensor, approximate=True)

    def linear(self, tensor: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """tensor [rows, in] @ weight [in, out] + bias."""
        return paddle.matmul(tensor, weight) + bias

    def matmul(self, left: Tensor, right: Tensor) -> Tensor:
        """Batched matrix product."""
        return paddle.matmul(left, right)

    def matmul_transposed(self, left: Tensor, right: Tensor) -> Tensor:
        """The product with the right matrices' last two dimensions exchanged."""
        return paddle.matmul(left, right, transpose_y=True)

    def permuted(self, tensor: Tensor, order: Sequence[int]) -> Tensor:
        """Dimensions in another order."""
        return tensor.transpose(order)

    def split(self, tensor: Tensor, sizes: Sequence[int], axis: int) -> Sequence[Tensor]:
        """Parts of those sizes along an axis."""
        found: list[Tensor] = paddle.split(tensor, list(sizes), axis=axis)
        return found

    def concat(self, tensors: Sequence[Tensor], axis: int) -> Tensor:
        """Joined along an axis."""
        return paddle.concat(list(tensors), axis=axis)

    def maximum(self, left: Tensor, right: Tensor) -> Tensor:
        """The larger of each two elements."""
        return paddle.maximum(left, right)

    def exp(self, tensor: Tensor) -> Tensor:
        """e to the power of each element."""
        return paddle.exp(tensor)

    def last_max(self, tensor: Tensor) -> Tensor:
        """The largest along the last dimension, which stays as 1."""
        return tensor.max(axis=-1, keepdim=True)

    def last_sum(self, tensor: Tensor) -> Tensor:
        """The sum along the last dimension, which stays as 1."""
        return tensor.sum(axis=-1, keepdim=True)


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:200] if lines else type(error).__name__
