"""Weights out of pickled checkpoints, without executing them: only the few names that tensors need are known.

A pickle can name any function to be called; a checkpoint from elsewhere is not to be trusted with that.
"""

from __future__ import annotations

import pickle
import sys
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from humaneval_x.errors import DataError

__all__ = ["TorchTensor", "read_paddle_pickle", "read_torch_zip"]

Array = npt.NDArray[Any]

# numpy moved this function between versions; both spellings stand in files.
_RECONSTRUCT: Callable[..., Any] = np.zeros(1).__reduce__()[0]  # type: ignore[assignment]

_NUMPY_NAMES: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("_codecs", "encode"): lambda text, encoding: text.encode(encoding),
    ("collections", "OrderedDict"): OrderedDict,
    ("builtins", "tuple"): tuple,
}

# Storage class in the file -> numpy dtype of its elements; bfloat16 is read as the upper halves of float32.
_STORAGE_DTYPES = {
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "BFloat16Storage": "<u2",
    "DoubleStorage": "<f8",
    "BoolStorage": "?",
    "ByteStorage": "u1",
    "CharStorage": "i1",
    "ShortStorage": "<i2",
    "IntStorage": "<i4",
    "LongStorage": "<i8",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchTensor:
    """A tensor that lies in a PyTorch zip: which part of which storage it is. `offset` and strides in elements."""

    archive: Path
    record: str
    storage: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def read(self) -> Array:
        """Its elements; bfloat16 as uint16. Raises DataError if the file is shorter than it says."""
        dtype = np.dtype(_STORAGE_DTYPES[self.storage])
        with zipfile.ZipFile(self.archive) as archive:
            flat = np.frombuffer(archive.read(self.record), dtype=dtype)
        reach = self.offset + sum((size - 1) * stride for size, stride in zip(self.shape, self.strides, strict=True))
        if min(self.shape, default=1) > 0 and reach >= flat.size:
            raise DataError(f"{self.archive}: {self.record} ends before its tensor: fetch the file again")
        strides = tuple(stride * dtype.itemsize for stride in self.strides)
        return np.lib.stride_tricks.as_strided(flat[self.offset :], self.shape, strides)


def read_paddle_pickle(path: Path) -> dict[str, Array]:
    """The tensors of a `.pdparams` file by name. Raises DataError if it is none or damaged."""
    try:
        with path.open("rb") as file:
            table = _RestrictedUnpickler(file, path, _NUMPY_NAMES).load()
    except DataError:
        raise
    except Exception as error:  # a damaged pickle can raise nearly anything
        raise DataError(f"{path}: not a readable .pdparams file ({error!r}): fetch it again") from error
    if not isinstance(table, dict):
        raise DataError(f"{path}: holds a {type(table).__name__}, not named tensors")
    tensors: dict[str, Array] = {}
    for name, value in table.items():
        # Paddle writes a tensor as its array, or as (its inner name, its array).
        array = value[1] if isinstance(value, tuple) and len(value) == 2 else value
        if isinstance(name, str) and isinstance(array, np.ndarray):
            tensors[name] = array
    return tensors


def read_torch_zip(path: Path) -> dict[str, TorchTensor]:
    """The tensors of a `pytorch_model.bin` file by name, not yet read. Raises DataError if it is none or damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            pickled = next(name for name in names if name.endswith("/data.pkl") or name == "data.pkl")
            prefix = pickled.removesuffix("data.pkl")
            if f"{prefix}byteorder" in names and archive.read(f"{prefix}byteorder") != b"little":
                raise DataError(f"{path}: was written on a big-endian machine: save it as safetensors")
            with archive.open(pickled) as file:
                unpickler = _RestrictedUnpickler(file, path, _torch_names(path))
                unpickler.prefix = prefix
                table = unpickler.load()
    except DataError:
        raise
    except (zipfile.BadZipFile, StopIteration) as error:
        raise DataError(
            f"{path}: not a zip that torch.save wrote (damaged, or from before PyTorch 1.6): "
            "fetch it again, or save it as safetensors"
        ) from error
    except Exception as error:  # a damaged pickle can raise nearly anything
        raise DataError(f"{path}: not a readable PyTorch file ({error!r}): fetch it again") from error
    if not isinstance(table, Mapping):
        raise DataError(f"{path}: holds a {type(table).__name__}, not named tensors")
    return {name: value for name, value in table.items() if isinstance(value, TorchTensor)}


def _torch_names(path: Path) -> dict[tuple[str, str], Any]:
    def rebuild(
        storage: tuple[str, str], offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: object
    ) -> TorchTensor:
        kind, record = storage
        return TorchTensor(
            archive=path, record=record, storage=kind, offset=offset, shape=tuple(size), strides=tuple(stride)
        )

    names: dict[tuple[str, str], Any] = {("torch", kind): kind for kind in _STORAGE_DTYPES}
    names["collections", "OrderedDict"] = OrderedDict
    names["torch._utils", "_rebuild_tensor_v2"] = rebuild
    names["torch._utils", "_rebuild_parameter"] = lambda tensor, *_: tensor
    return names


class _RestrictedUnpickler(pickle.Unpickler):
    """Knows the given names and nothing else."""

    prefix = ""

    def __init__(self, file: Any, path: Path, names: Mapping[tuple[str, str], Any]) -> None:
        super().__init__(file, encoding="latin1")
        self._path = path
        self._names = names

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self._names[module, name]
        except KeyError:
            self._refuse(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> Any:
        tag, kind, key, *_ = pid
        if tag != "storage" or kind not in _STORAGE_DTYPES:
            self._refuse(str(kind))
        return kind, f"{self.prefix}data/{key}"

    def _refuse(self, what: str) -> NoReturn:
        raise DataError(
            f"{self._path}: asks for {what!r}, which weights do not need; it is not loaded. If you trust "
            "it, save its weights as safetensors"
        )


if sys.byteorder != "little":  # pragma: no cover
    raise ImportError("checkpoints are read on little-endian machines only")
