"""Named tensors in a checkpoint's folder: PaddleNLP's `.pdparams`, safetensors, and PyTorch's `.bin`, sharded or not.

Files are read without the framework that wrote them. Opening them reads names and shapes only, and all bytes once for
their hash; a tensor is read when it is asked for (`stored`).
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from humaneval_x.engines.codegen.paddle_pickles import read_paddle_pickle
from humaneval_x.engines.codegen.stored import StoredTensor, contiguous_tensor
from humaneval_x.engines.codegen.torch_zips import read_torch_zip
from humaneval_x.errors import DataError
from humaneval_x.hashing import sha256_of_file, sha256_of_files

__all__ = ["TensorFiles", "open_tensors", "weight_files"]

_SAFETENSORS_DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "i1",
    "U8": "u1",
    "BOOL": "?",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorFiles:
    """All tensors of a checkpoint by name, and the SHA-256 of the files they lie in.

    For one file it is that file's; for several, that of the lines `<sha256>  <file name>` in the names' order.
    """

    tensors: dict[str, StoredTensor]
    sha256: str
    files: tuple[Path, ...]


def open_tensors(folder: Path) -> TensorFiles:
    """The weights in a checkpoint's folder. Raises DataError if there are none, or a file is missing or damaged."""
    name, files = weight_files(folder)
    tensors: dict[str, StoredTensor] = {}
    for file in files:
        tensors.update(_FORMATS[name](file))
    return TensorFiles(tensors=tensors, sha256=_hash_of(files), files=files)


def weight_files(folder: Path) -> tuple[str, tuple[Path, ...]]:
    """The format of the weights in a checkpoint's folder, by its usual file name, and the files, which are all there.

    Raises DataError if there are none, or a part is missing.
    """
    for name in _FORMATS:
        index = folder / f"{name}.index.json"
        if index.is_file():
            return name, _files_in_index(index)
        if (folder / name).is_file():
            return name, (folder / name,)
    raise DataError(f"{folder} holds no weights: none of {', '.join(_FORMATS)} nor an index of their parts")


def _files_in_index(index: Path) -> tuple[Path, ...]:
    try:
        names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
        files = tuple(index.parent / name for name in names)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{index}: not an index of weight files: {error!r}") from error
    for name, file in zip(names, files, strict=True):
        if Path(name).name != name or not file.is_file():
            raise DataError(f"{index}: the part {name} is not in the same folder: fetch it")
    return files


def _hash_of(files: tuple[Path, ...]) -> str:
    return sha256_of_file(files[0]) if len(files) == 1 else sha256_of_files((file.name, file) for file in files)


def _open_safetensors(path: Path) -> dict[str, StoredTensor]:
    try:
        with path.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            if length > path.stat().st_size:
                raise ValueError("the header is longer than the file")
            header = json.loads(stream.read(length))
        header.pop("__metadata__", None)
        return {name: _safetensor(path, 8 + length, name, entry) for name, entry in header.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
        raise DataError(f"{path}: not a whole safetensors file ({error}): fetch it again") from error


def _safetensor(path: Path, base: int, name: str, entry: dict[str, Any]) -> StoredTensor:
    dtype, shape = np.dtype(_SAFETENSORS_DTYPES[entry["dtype"]]), tuple(entry["shape"])
    start, end = entry["data_offsets"]
    if end - start != math.prod(shape) * dtype.itemsize or start < 0 or base + end > path.stat().st_size:
        raise ValueError(f"{name} does not lie within the file")
    return contiguous_tensor(path, base + start, dtype, shape)


# In the order in which they are looked for.
_FORMATS: dict[str, Callable[[Path], dict[str, StoredTensor]]] = {
    "model.safetensors": _open_safetensors,
    "model_state.pdparams": read_paddle_pickle,
    "pytorch_model.bin": read_torch_zip,
}
