"""The tensors of `pytorch_model.bin` files, which are zips of a pickle and of storages, read without PyTorch.

A tensor is part of a storage, which is a record of the zip. torch.save stores records as they are, so that a tensor's
bytes are read where they lie; a zip that was compressed is read through to them. A record's checksum is not computed:
reading a part could not, and the files' SHA-256 is recorded.
"""

from __future__ import annotations

import math
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from humaneval_x.engines.codegen.pickles import RestrictedUnpickler
from humaneval_x.engines.codegen.stored import StoredTensor, contiguous_tensor, read_elements
from humaneval_x.errors import DataError

__all__ = ["read_torch_zip"]

Array = npt.NDArray[Any]

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
class _PickledTensor:
    """Which part of which storage a tensor is. `offset` and strides in elements."""

    storage: str
    key: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_torch_zip(path: Path) -> dict[str, StoredTensor]:
    """The tensors of a `pytorch_model.bin` file by name, not yet read. Raises DataError if it is none or damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            pickled = next(name for name in names if name.endswith("/data.pkl") or name == "data.pkl")
            prefix = pickled.removesuffix("data.pkl")
            if f"{prefix}byteorder" in names and archive.read(f"{prefix}byteorder") != b"little":
                raise DataError(f"{path}: was written on a big-endian machine: save it as safetensors")
            with archive.open(pickled) as file:
                table = _TorchUnpickler(file, path, _NAMES).load()
            if not isinstance(table, Mapping):
                raise DataError(f"{path}: holds a {type(table).__name__}, not named tensors")
            return {
                name: _stored(path, archive, f"{prefix}data/{value.key}", value)
                for name, value in table.items()
                if isinstance(value, _PickledTensor)
            }
    except DataError:
        raise
    except (zipfile.BadZipFile, StopIteration) as error:
        raise DataError(
            f"{path}: not a zip that torch.save wrote (damaged, or from before PyTorch 1.6): "
            "fetch it again, or save it as safetensors"
        ) from error
    except Exception as error:  # a damaged pickle can raise nearly anything
        raise DataError(f"{path}: not a readable PyTorch file ({error!r}): fetch it again") from error


def _stored(path: Path, archive: zipfile.ZipFile, record: str, tensor: _PickledTensor) -> StoredTensor:
    info = archive.getinfo(record)
    dtype = np.dtype(_STORAGE_DTYPES[tensor.storage])
    shape, strides = tensor.shape, tensor.strides
    if min(*shape, *strides, tensor.offset, 0) < 0:
        raise ValueError(f"{record} has a tensor that begins before it")
    # How many elements from the tensor's first to its last.
    reach = 1 + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True)) if all(shape) else 0
    if (tensor.offset + reach) * dtype.itemsize > info.file_size:
        raise DataError(f"{path}: {record} ends before its tensor: fetch the file again")
    skipped = tensor.offset * dtype.itemsize
    begin = _begin_of(archive, info) + skipped if info.compress_type == zipfile.ZIP_STORED else None
    if begin is not None and (reach == 0 or strides == _strides_by_row(shape)):
        return contiguous_tensor(path, begin, dtype, shape)

    def whole() -> Array:
        if begin is not None:
            flat = read_elements(path, begin, dtype, reach)
        else:
            flat = np.frombuffer(_uncompressed(path, record, skipped, reach * dtype.itemsize), dtype=dtype)
        return np.lib.stride_tricks.as_strided(flat, shape, [stride * dtype.itemsize for stride in strides])

    return StoredTensor(file=path, shape=shape, whole=whole)


def _begin_of(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> int:
    """Where a record's bytes begin in the file: after its own header, whose padding the directory does not know."""
    stream = archive.fp
    if stream is None:
        raise ValueError("the zip is closed")
    stream.seek(info.header_offset)
    header = stream.read(30)
    name, extra = struct.unpack("<2H", header[26:])
    if not header.startswith(b"PK\3\4"):
        raise zipfile.BadZipFile(f"{info.filename} is not where the directory says")
    return info.header_offset + 30 + int(name) + int(extra)


def _uncompressed(path: Path, record: str, skipped: int, size: int) -> bytearray:
    data = bytearray()
    try:
        with zipfile.ZipFile(path) as archive, archive.open(record) as stream:
            stream.seek(skipped)
            while len(data) < size and (block := stream.read(min(size - len(data), 1 << 20))):
                data += block
    except Exception as error:  # a damaged stream raises its compression's own errors
        raise DataError(f"{path}: {record} cannot be read ({error!r}): fetch the file again") from error
    if len(data) < size:
        raise DataError(f"{path}: {record} ends before its tensor: fetch the file again")
    return data


def _strides_by_row(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def _rebuilt(
    storage: tuple[str, str], offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: object
) -> _PickledTensor:
    kind, key = storage
    return _PickledTensor(storage=kind, key=key, offset=int(offset), shape=_whole(size), strides=_whole(stride))


def _whole(numbers: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(number) for number in numbers)


_NAMES: dict[tuple[str, str], Any] = {
    **{("torch", kind): kind for kind in _STORAGE_DTYPES},
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuilt,
    ("torch._utils", "_rebuild_parameter"): lambda tensor, *_: tensor,
}


class _TorchUnpickler(RestrictedUnpickler):
    """Storages are persistent ids: ("storage", class, key of the record, device, number of elements)."""

    def persistent_load(self, pid: Any) -> tuple[str, str]:
        tag, kind, key, *_ = pid
        if tag != "storage" or kind not in _STORAGE_DTYPES:
            self.refuse(str(kind))
        return kind, key
